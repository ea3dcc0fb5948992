//! listUsers: its modes, limits, links and pages (behaviour.md A.5, D.1, D.2, D.6).

use serde_json::{Value, json};

use super::pages::{name, names, users_path};
use crate::context::{Answer, TestOrg, profile, text};

/// Creates users with these logins before the `@` and these names.
async fn people(org: &TestOrg, people: &[(&str, &str, &str)]) {
    for (login, first, last) in people {
        let mut profile = profile(&format!("{login}@example.com"));
        profile["firstName"] = json!(first);
        profile["lastName"] = json!(last);
        org.post("/api/v1/users", json!({ "profile": profile })).await.ok();
    }
}

/// Erases a user.
async fn erase(org: &TestOrg, id: &str) {
    for _ in 0..2 {
        org.delete(&format!("/api/v1/users/{id}")).await.no_content();
    }
}

/// The query of a link relation, and where it leads to.
fn link(org: &TestOrg, answer: &Answer, relation: &str) -> Option<String> {
    let base = format!("http://{}/api/v1/users?", org.address());
    answer.link(relation).map(|url| url.strip_prefix(&base).unwrap().to_owned())
}

/// The cursor of the next page of a list.
fn next_cursor(answer: &Answer) -> String {
    let next = answer.link("next").unwrap();
    let query = next.split_once('?').unwrap().1;
    let (_, after) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after").unwrap();
    after.into_owned()
}

on_both_engines! {
    async fn a_plain_list_has_all_but_the_deactivated_in_the_order_they_were_made(org: TestOrg) {
        people(&org, &[("c", "C", "C"), ("a", "A", "A"), ("b", "B", "B")]).await;
        org.post("/api/v1/users/a@example.com/lifecycle/deactivate", None).await.ok();
        let listed = org.get("/api/v1/users").await.ok();
        assert_eq!(names(&listed), ["admin", "c", "b"]);
        let ids: Vec<String> = listed.as_array().unwrap().iter().map(|user| text(user, "id")).collect();
        assert!(ids.is_sorted());
        assert_eq!(org.caller.names(&[("filter", r#"lastUpdated gt "2026-01-01T00:00:00.000Z""#)]).await, "admin c a b");
        assert_eq!(org.caller.names(&[("search", "status pr")]).await, "admin c a b");
    }
}

on_both_engines! {
    async fn a_listed_user_is_the_single_one_with_its_self_link_alone(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let mut single = org.get(&format!("/api/v1/users/{}", text(&user, "id"))).await.ok();
        single["_links"] = json!({ "self": user["_links"]["self"] });
        for parameters in [&[][..], &[("q", "isaac")], &[("search", "id pr")]] {
            let listed = org.caller.list_users(parameters).await.ok();
            assert_eq!(listed.as_array().unwrap().last(), Some(&single));
        }
    }
}

on_both_engines! {
    async fn q_finds_what_a_first_name_last_name_or_email_begins_with(org: TestOrg) {
        people(
            &org,
            &[
                ("anna", "Anna", "Lind"),
                ("annika", "annika", "Ånna"),
                ("lin", "Zoë", "De La Rue"),
                ("gone", "Anna", "Gone"),
            ],
        )
        .await;
        org.post("/api/v1/users/gone@example.com/lifecycle/deactivate", None).await.ok();
        for (q, expected) in [
            ("ann", "anna annika"),
            ("ANNA", "anna"),
            ("ånn", "annika"),
            ("zoë", "lin"),
            ("zoe", ""),
            ("lin", "anna lin"),
            ("lin@", "lin"),
            ("example", ""),
            ("ann lin", "anna"),
            ("Lind  An", "anna"),
            ("de la", "lin"),
            ("anna lindx", ""),
            ("%", ""),
            ("_nna", ""),
            ("\0", ""),
            ("roster admin", "admin"),
        ] {
            assert_eq!(org.caller.names(&[("q", q)]).await, expected, "{q:?}");
        }
    }
}

on_both_engines! {
    async fn q_answers_ten_users_unless_asked_otherwise_and_never_a_next_page(org: TestOrg) {
        let logins: Vec<String> = (0..12).map(|number| format!("user{number:02}")).collect();
        let users: Vec<_> = logins.iter().map(|login| (login.as_str(), "Ann", "Lee")).collect();
        people(&org, &users).await;
        for (parameters, count, own) in [
            (&[("q", "ann")][..], 10, "limit=10&q=ann"),
            (&[("q", "ann"), ("limit", "11")], 11, "limit=11&q=ann"),
            (&[("q", "ann"), ("limit", "1000")], 12, "limit=200&q=ann"),
            (&[("q", "ann"), ("after", "nonsense")], 10, "limit=10&q=ann"),
        ] {
            let answer = org.caller.list_users(parameters).await;
            assert_eq!((link(&org, &answer, "self").as_deref(), answer.link("next")), (Some(own), None));
            assert_eq!(answer.ok().as_array().unwrap().len(), count, "{parameters:?}");
        }
    }
}

on_both_engines! {
    async fn only_one_of_q_filter_and_search_may_be_given(org: TestOrg) {
        let (q, filter, search) = (("q", "a"), ("filter", r#"status eq "ACTIVE""#), ("search", "id pr"));
        for parameters in [&[q, filter][..], &[q, search], &[filter, search], &[q, filter, search]] {
            let summary = "Bad request. Can't specify a search query and filter in the same request.";
            org.caller.list_users(parameters).await.refused(400, "E0000033", summary, &[]);
        }
        let empty = [("q", ""), ("filter", " "), ("search", ""), ("limit", ""), ("after", "")];
        assert_eq!(org.caller.names(&empty).await, "admin");
        assert_eq!(org.caller.names(&[("q", ""), search]).await, "admin");
    }
}

on_both_engines! {
    async fn a_limit_is_a_number_above_zero_and_at_most_two_hundred(org: TestOrg) {
        for (asked, shown) in [("1", "1"), ("200", "200"), ("201", "200"), ("9223372036854775807", "200")] {
            let answer = org.caller.list_users(&[("limit", asked)]).await;
            assert_eq!(link(&org, &answer, "self"), Some(format!("limit={shown}")));
            assert_eq!(names(&answer.ok()), ["admin"]);
        }
        for limit in ["0", "-1"] {
            let cause = "limit: The limit must be greater than 0";
            let answer = org.caller.list_users(&[("limit", limit)]).await;
            answer.refused(400, "E0000001", "Api validation failed: limit", &[cause]);
        }
        for limit in ["x", "1.5", "2x", "99999999999999999999"] {
            let summary = format!(
                "Type mismatch exception.  The value \"{limit}\" of the parameter limit is not of type integer."
            );
            org.caller.list_users(&[("limit", limit)]).await.refused(400, "E0000037", &summary, &[]);
        }
    }
}

on_both_engines! {
    async fn links_repeat_what_had_an_effect_in_a_real_orgs_order(org: TestOrg) {
        people(&org, &[("a", "A", "A"), ("b", "B", "B")]).await;
        let filter = r#"profile.firstName eq "A" or profile.lastName eq "B""#;
        let filtered = "limit=1&filter=profile.firstName+eq+%22A%22+or+profile.lastName+eq+%22B%22";
        let search = r#"(profile.email co "@" and created gt "2025-01-01T00:00:00.000Z")"#;
        let searched = "limit=1&search=%28profile.email+co+%22%40%22+and+created+gt+%222025-01-01T00%3A00%3A00.000Z%22%29";
        let sorted = format!("{searched}&sortBy=profile.lastName&sortOrder=desc");
        for (parameters, expected) in [
            (vec![("sortOrder", "0"), ("limit", "1")], "limit=1"),
            (vec![("sortBy", "status"), ("limit", "1"), ("unknown", "x")], "limit=1"),
            (vec![("filter", filter), ("limit", "1"), ("sortBy", "status")], filtered),
            (vec![("search", search), ("sortOrder", "desc"), ("limit", "1")], searched),
            (
                vec![("sortOrder", "desc"), ("sortBy", "profile.lastName"), ("search", search), ("limit", "1")],
                &sorted,
            ),
        ] {
            let first = org.caller.list_users(&parameters).await;
            assert_eq!(first.headers.get_all("link").iter().count(), 2);
            assert_eq!(link(&org, &first, "self").as_deref(), Some(expected));
            let next = link(&org, &first, "next").unwrap();
            let (after, rest) = next.split_once('&').unwrap();
            assert!(after.starts_with("after=") && rest == expected, "{next}");
            let second = org.get(&first.link_path("next").unwrap()).await;
            assert_eq!(link(&org, &second, "self"), Some(next));
            assert_eq!(second.ok().as_array().unwrap().len(), 1);
        }
        let all = org.caller.list_users(&[]).await;
        assert_eq!((link(&org, &all, "self").as_deref(), all.link("next")), (Some("limit=200"), None));
    }
}

on_both_engines! {
    async fn a_full_last_page_has_no_next_one(org: TestOrg) {
        people(&org, &[("a", "A", "A"), ("b", "B", "B"), ("c", "C", "C")]).await;
        for order in [&[][..], &[("search", "id pr")], &[("search", "id pr"), ("sortBy", "profile.lastName")]] {
            let parameters: Vec<_> = order.iter().copied().chain([("limit", "2")]).collect();
            let first = org.caller.list_users(&parameters).await;
            let second = org.get(&first.link_path("next").unwrap()).await;
            assert_eq!((second.link("next"), second.ok().as_array().unwrap().len()), (None, 2));
        }
    }
}

on_both_engines! {
    async fn a_next_link_may_be_called_with_doubled_slashes_and_in_another_order(org: TestOrg) {
        people(&org, &[("a", "A", "A"), ("b", "B", "B")]).await;
        let search = "profile.lastName pr";
        let first = org.caller.list_users(&[("search", search), ("limit", "1")]).await;
        let (limit, after) = (("limit", "1"), ("after", &*next_cursor(&first)));
        let reordered = users_path(&[("search", search), limit, after]);
        assert_eq!(names(&org.get(&format!("/{reordered}")).await.ok()), ["a"]);
        assert_eq!(names(&org.get(&reordered.replace("users?", "users/?")).await.ok()), ["a"]);
    }
}

on_both_engines! {
    async fn a_cursor_is_good_for_its_list_and_org_alone(org: TestOrg) {
        people(&org, &[("a", "A", "A")]).await;
        org.post("/api/v1/groups", json!({ "profile": { "name": "West" } })).await.ok();
        let sorted = [("search", "id pr"), ("sortBy", "profile.lastName"), ("limit", "1")];
        let of_order = next_cursor(&org.caller.list_users(&sorted).await);
        let plain = next_cursor(&org.caller.list_users(&[("limit", "1")]).await);
        let of_groups = next_cursor(&org.get("/api/v1/groups?limit=1").await);
        let other = org.other_org("other").await;
        let of_log = next_cursor(&other.send(reqwest::Method::GET, "/api/v1/logs?limit=1", None).await);
        let descending = [sorted[0], sorted[1], ("sortOrder", "desc")];
        let altered = format!("{}{}", &plain[..plain.len() - 1], if plain.ends_with('A') { "B" } else { "A" });
        for (caller, list, after) in [
            (&org.caller, &[][..], "nonsense"),
            (&org.caller, &[], "200unwlw0tbo8E6aVj5d7"),
            (&org.caller, &[], "ünsinn"),
            (&org.caller, &[], &altered),
            (&org.caller, &[], &of_order),
            (&org.caller, &[], &of_groups),
            (&org.caller, &[], &of_log),
            (&org.caller, &sorted, &plain),
            (&org.caller, &descending, &of_order),
            (&other, &[], &plain),
            (&other, &sorted, &of_order),
        ] {
            let parameters: Vec<_> = list.iter().copied().chain([("after", after)]).collect();
            let answer = caller.list_users(&parameters).await;
            answer.refused(400, "E0000029", "Invalid paging request.", &["Invalid cursor."]);
        }
        assert_eq!(org.caller.names(&[("after", &plain)]).await, "a");
    }
}

on_both_engines! {
    async fn pages_have_each_user_once_while_others_come_and_go(org: TestOrg) {
        let lists: [&[(&str, &str)]; 7] = [
            &[],
            &[("filter", r#"status eq "PROVISIONED""#)],
            &[("search", "status pr")],
            &[("search", r#"profile.email sw "u""#)],
            &[("search", "status pr"), ("sortBy", "profile.lastName")],
            &[("search", "status pr"), ("sortBy", "profile.title"), ("sortOrder", "desc")],
            &[("search", "profile.email pr"), ("sortBy", "created"), ("sortOrder", "desc")],
        ];
        let mut made = 0;
        for list in lists {
            while org.caller.all_users(&[]).await.len() < 9 {
                made += 1;
                create_numbered(&org, made).await;
            }
            let before: Vec<String> = org.caller.all_users(list).await.iter().map(name).collect();
            let mut seen = Vec::new();
            let parameters: Vec<_> = list.iter().copied().chain([("limit", "2")]).collect();
            let mut path = Some(users_path(&parameters));
            while let Some(page) = path {
                let answer = org.get(&page).await;
                path = answer.link_path("next");
                let users = answer.ok();
                seen.extend(names(&users));
                // The user that the cursor stands at goes, and another comes.
                if let Some(last) = users.as_array().unwrap().last().filter(|user| name(user) != "admin") {
                    erase(&org, &text(last, "id")).await;
                }
                made += 1;
                create_numbered(&org, made).await;
            }
            let old: Vec<&String> = seen.iter().filter(|name| before.contains(name)).collect();
            assert_eq!(old, before.iter().collect::<Vec<_>>(), "{list:?}");
            let new = seen.iter().filter(|name| !before.contains(name));
            assert!(new.clone().collect::<std::collections::HashSet<_>>().len() == new.count(), "{seen:?}");
        }
    }
}

/// Creates the user of this number: half of them have titles, and last names are in no order.
async fn create_numbered(org: &TestOrg, number: u32) {
    org.wait_seconds(1);
    let mut profile = profile(&format!("u{number}@example.com"));
    profile["lastName"] = json!(format!("Name{}", number * 7 % 5));
    profile["title"] = if number.is_multiple_of(2) { json!(format!("T{}", number % 3)) } else { Value::Null };
    org.post("/api/v1/users", json!({ "profile": profile })).await.ok();
}
