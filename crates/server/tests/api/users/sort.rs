//! listUsers by `search` in an order of its own (behaviour.md D.5).

use serde_json::{Value, json};

use super::search::custom_attributes;
use crate::context::TestOrg;

/// Five users, made in the order of their logins, a minute apart, after the administrator.
async fn people(org: &TestOrg) {
    org.post("/api/v1/meta/schemas/user/default", custom_attributes()).await.ok();
    for (name, query, profile) in [
        ("a", "", json!({ "lastName": "banana", "title": "x", "floor": 2, "remote": true, "zipCode": "2" })),
        ("b", "?activate=false", json!({ "lastName": "Apple", "title": "", "rating": 2, "zipCode": "10" })),
        ("c", "", json!({ "lastName": "apple", "floor": 10, "rating": -0.5 })),
        ("d", "", json!({ "lastName": "Éclair", "title": "X", "floor": -1, "remote": false, "rating": 1.5 })),
        ("e", "", json!({ "lastName": "eclair", "title": "y", "floor": 2, "zipCode": "2" })),
    ] {
        org.wait_seconds(60);
        let mut body = json!({ "profile": profile });
        body["profile"]["firstName"] = json!("X");
        for attribute in ["login", "email"] {
            body["profile"][attribute] = json!(format!("{name}@example.com"));
        }
        org.post(&format!("/api/v1/users{query}"), body).await.ok();
    }
    org.wait_seconds(60);
    org.post("/api/v1/users/a@example.com", json!({ "profile": { "city": "Oslo" } })).await.ok();
    org.post("/api/v1/users/e@example.com/lifecycle/deactivate", None).await.ok();
}

/// The users of every page of a sorted search, whose pages have one or all of them.
async fn sorted(org: &TestOrg, search: &str, sort_by: &str, sort_order: &str, limit: &str) -> String {
    let parameters = [("search", search), ("sortBy", sort_by), ("sortOrder", sort_order), ("limit", limit)];
    super::pages::names(&Value::Array(org.caller.all_users(&parameters).await)).join(" ")
}

on_both_engines! {
    async fn absent_values_come_last_ascending_and_equal_ones_as_they_were_made(org: TestOrg) {
        people(&org).await;
        let table = [
            ("profile.lastName", "admin b c a e d", "d e a b c admin"),
            ("profile.title", "b a d e admin c", "admin c e a d b"),
            ("profile.zipCode", "b a e admin c d", "admin c d a e b"),
            ("profile.floor", "d a e c admin b", "admin b c a e d"),
            ("profile.rating", "c d b admin a e", "admin a e b d c"),
            ("profile.remote", "d a admin b c e", "admin b c e a d"),
            ("profile.login", "a admin b c d e", "e d c b admin a"),
            ("profile.code", "admin a b c d e", "admin a b c d e"),
            ("status", "admin e a c d b", "b a c d e admin"),
            ("id", "admin a b c d e", "e d c b a admin"),
            ("type.id", "admin a b c d e", "admin a b c d e"),
            ("created", "admin a b c d e", "e d c b a admin"),
            ("lastUpdated", "admin b c d a e", "a e d c b admin"),
            ("activated", "admin a c d e b", "b e d c a admin"),
            ("statusChanged", "admin a c d e b", "b e d c a admin"),
        ];
        // The first is answered from an index of the order, the second from the few users that can match.
        for search in ["status pr", "profile.email pr"] {
            for (sort_by, ascending, descending) in table {
                for (order, expected) in [("asc", ascending), ("desc", descending)] {
                    for limit in ["1", "200"] {
                        let found = sorted(&org, search, sort_by, order, limit).await;
                        assert_eq!(found, expected, "{search} by {sort_by} {order}, {limit} a page");
                    }
                }
            }
        }
    }
}

on_both_engines! {
    async fn a_sorted_search_has_its_matches_alone(org: TestOrg) {
        people(&org).await;
        for (search, expected) in [("profile.floor eq 2", "e a"), ("not (profile.floor eq 2)", "admin c d b")] {
            assert_eq!(sorted(&org, search, "profile.title", "desc", "2").await, expected);
        }
    }
}

on_both_engines! {
    async fn nonsense_is_ascending_and_desc_is_read_in_any_letter_case(org: TestOrg) {
        people(&org).await;
        for (order, expected) in [("0", "a b"), ("", "a b"), ("DESC", "b a"), ("Desc", "b a"), ("descending", "a b")] {
            let search = r#"profile.login eq "a@example.com" or profile.login eq "b@example.com""#;
            assert_eq!(sorted(&org, search, "created", order, "200").await, expected, "{order}");
        }
    }
}

on_both_engines! {
    async fn an_order_without_a_search_changes_nothing(org: TestOrg) {
        people(&org).await;
        let order = [("sortBy", "profile.unheard"), ("sortOrder", "desc")];
        assert_eq!(org.caller.names(&order).await, "admin a b c d");
        let filtered = [("filter", r#"profile.firstName eq "X""#), order[0], order[1]];
        assert_eq!(org.caller.names(&filtered).await, "a b c d e");
    }
}

on_both_engines! {
    async fn arrays_and_what_is_not_searchable_cannot_be_sorted_by(org: TestOrg) {
        org.post("/api/v1/meta/schemas/user/default", custom_attributes()).await.ok();
        for (sort_by, why) in [
            ("profile.tags", "is an array and cannot be sorted by"),
            ("profile.levels", "is an array and cannot be sorted by"),
            ("profile.unheard", "cannot be sorted by"),
            ("profile.LastName", "cannot be sorted by"),
            ("lastName", "cannot be sorted by"),
            ("lastLogin", "cannot be sorted by"),
            ("passwordChanged", "cannot be sorted by"),
            ("credentials.provider.type", "cannot be sorted by"),
        ] {
            let answer = org.caller.list_users(&[("search", "id pr"), ("sortBy", sort_by)]).await;
            let cause = format!("The attribute {sort_by} {why}");
            answer.refused(400, "E0000031", "Invalid search criteria.", &[&cause]);
        }
    }
}

on_both_engines! {
    async fn users_without_an_attribute_that_became_required_are_in_every_order(org: TestOrg) {
        org.create("a@example.com").await;
        let badge = json!({ "badge": { "title": "Badge", "type": "string", "required": true } });
        let change = json!({ "definitions": { "custom": { "properties": badge } } });
        org.post("/api/v1/meta/schemas/user/default", change).await.ok();
        for order in ["asc", "desc"] {
            assert_eq!(sorted(&org, "status pr", "profile.badge", order, "1").await, "admin a", "{order}");
        }
    }
}

on_both_engines! {
    async fn users_whose_name_was_optional_once_are_in_every_order(org: TestOrg) {
        let require = |required: bool| json!({ "definitions": { "base": { "properties": {
            "lastName": { "required": required } } } } });
        org.post("/api/v1/meta/schemas/user/default", require(false)).await.ok();
        let profile = json!({ "firstName": "A", "login": "a@example.com", "email": "a@example.com" });
        org.post("/api/v1/users", json!({ "profile": profile })).await.ok();
        for required in [false, true] {
            org.post("/api/v1/meta/schemas/user/default", require(required)).await.ok();
            assert_eq!(sorted(&org, "status pr", "profile.lastName", "asc", "1").await, "admin a");
            assert_eq!(sorted(&org, "status pr", "profile.lastName", "desc", "1").await, "a admin");
        }
    }
}
