//! listUsers by `search` and `filter`: which users an expression finds, and what is refused (behaviour.md D.3, D.4, D.6).

use serde_json::{Value, json};

use super::pages::users_path;
use crate::context::{TestOrg, text};

/// Custom attributes of every type.
pub(crate) fn custom_attributes() -> Value {
    let of = |kind: &str| json!({ "title": "T", "type": kind });
    let list = |kind: &str| json!({ "title": "T", "type": "array", "items": { "type": kind } });
    let properties = json!({
        "code": of("string"), "remote": of("boolean"), "floor": of("integer"), "rating": of("number"),
        "tags": list("string"), "shifts": list("boolean"), "levels": list("integer"), "scores": list("number"),
    });
    json!({ "definitions": { "custom": { "properties": properties } } })
}

/// Five users, a minute apart from 03:05:05 on, and the administrator, who was made at 03:04:05. A minute after the
/// last, `d` is suspended and `e` is deactivated.
async fn people(org: &TestOrg) {
    org.post("/api/v1/meta/schemas/user/default", custom_attributes()).await.ok();
    let password = json!({ "password": { "value": "Abcd1234#@" } });
    for (name, query, credentials, profile) in [
        (
            "a",
            "",
            password.clone(),
            json!({ "firstName": "Anna", "lastName": "Lind", "title": "Chief", "code": "Falcon", "remote": true,
                "floor": 3, "rating": 4.5, "tags": ["Red", "blue"], "levels": [1, 3], "scores": [0.5, 2],
                "shifts": [true] }),
        ),
        (
            "b",
            "?activate=false",
            json!({}),
            json!({ "firstName": "BERTA", "lastName": "Lindgren", "title": "", "code": "falcon", "remote": false,
                "floor": -2, "rating": 0.25, "tags": ["BLUE"], "levels": [10], "scores": [-1.5],
                "shifts": [true, false] }),
        ),
        (
            "c",
            "",
            json!({}),
            json!({ "firstName": "Zoë", "lastName": "Ölund", "code": "", "floor": 0, "tags": [], "zipCode": "98027" }),
        ),
        (
            "d",
            "",
            password.clone(),
            json!({ "firstName": "Zoe", "lastName": "O\"Neil\\", "zipCode": "98028", "tags": ["x\u{10FFFF}y", ""] }),
        ),
        ("e", "", password.clone(), json!({ "firstName": "Émile", "lastName": "Zola%", "floor": 3, "rating": 3 })),
    ] {
        org.wait_seconds(60);
        let login = format!("{name}@example.com");
        let mut body = json!({ "profile": profile, "credentials": credentials });
        body["profile"]["login"] = json!(login);
        body["profile"]["email"] = json!(format!("{name}.mail@example.com"));
        org.post(&format!("/api/v1/users{query}"), body).await.ok();
    }
    org.wait_seconds(60);
    org.post("/api/v1/users/d@example.com/lifecycle/suspend", None).await.ok();
    org.post("/api/v1/users/e@example.com/lifecycle/deactivate", None).await.ok();
}

/// Asserts which users each expression finds.
async fn found(org: &TestOrg, mode: &str, table: &[(&str, &str)]) {
    for (expression, expected) in table {
        assert_eq!(org.caller.names(&[(mode, expression)]).await, *expected, "{mode}={expression}");
    }
}

/// Asserts that each expression is refused with E0000031 and one cause.
async fn refused(org: &TestOrg, mode: &str, expressions: &[&str]) {
    for expression in expressions {
        let answer = org.caller.list_users(&[(mode, expression)]).await;
        let cause = text(&answer.body["errorCauses"][0], "errorSummary");
        assert!(cause.starts_with("The search criteria is invalid at position "), "{mode}={expression}: {cause}");
        answer.refused(400, "E0000031", "Invalid search criteria.", &[&cause]);
    }
}

on_both_engines! {
    async fn search_compares_texts_without_case_and_with_diacritics(org: TestOrg) {
        people(&org).await;
        let table = [
            (r#"profile.firstName eq "berta""#, "b"),
            (r#"profile.firstName eq "ZOË""#, "c"),
            (r#"profile.firstName eq "ZOE""#, "d"),
            (r#"profile.firstName eq "émile""#, "e"),
            (r#"profile.firstName eq "emile""#, ""),
            (r#"profile.firstName gt "zoe""#, "c e"),
            (r#"profile.firstName ge "ZOE""#, "c d e"),
            (r#"profile.firstName lt "BERTA""#, "a"),
            (r#"profile.firstName le "berta""#, "a b"),
            (r#"profile.firstName sw "zo""#, "c d"),
            (r#"profile.firstName sw """#, "admin a b c d e"),
            (r#"profile.firstName co "OË""#, "c"),
            (r#"profile.lastName co "lind""#, "a b"),
            (r#"profile.lastName co "%""#, "e"),
            (r#"profile.email co "MAIL@""#, "a b c d e"),
            (r#"profile.login co "ADMIN""#, "admin"),
            (r#"profile.login sw "A""#, "admin a"),
            (r#"profile.login eq "A@Example.Com""#, "a"),
            (r#"profile.login eq "á@example.com""#, ""),
            (r#"profile.lastName eq "O\"neil\\""#, "d"),
            (r#"profile.lastName eq "\u00f6lund""#, "c"),
            (r#"profile.lastName sw "\u0000""#, ""),
            (r#"profile.zipCode gt "98027""#, "d"),
            (r#"profile.zipCode sw "98""#, "c d"),
            (r#"profile.code eq "FALCON""#, "a b"),
            (r#"profile.code sw "falc" and profile.remote eq true"#, "a"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn an_empty_text_is_a_value_that_is_not_present(org: TestOrg) {
        people(&org).await;
        let table = [
            (r#"profile.title eq """#, "b"),
            (r#"profile.title lt "a""#, "b"),
            (r#"profile.title le """#, "b"),
            (r#"profile.title sw """#, "a b"),
            ("profile.title pr", "a"),
            (r#"profile.code ge """#, "a b c"),
            (r#"profile.code eq "" or profile.tags eq """#, "c d"),
            ("profile.code pr", "a b"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn search_compares_numbers_and_booleans_as_what_they_are(org: TestOrg) {
        people(&org).await;
        let table = [
            ("profile.floor eq 3", "a e"),
            ("profile.floor eq 3.0", "a e"),
            ("profile.floor gt -2", "a c e"),
            ("profile.floor ge -2", "a b c e"),
            ("profile.floor lt 10", "a b c e"),
            ("profile.floor le 0", "b c"),
            ("profile.floor eq -0", "c"),
            ("profile.rating eq 4.5", "a"),
            ("profile.rating gt 3", "a"),
            ("profile.rating ge 3", "a e"),
            ("profile.rating lt 2.5e-1", ""),
            ("profile.rating le 2.5E-1", "b"),
            ("profile.remote eq true", "a"),
            ("profile.remote eq false", "b"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn search_finds_an_array_by_any_of_its_elements(org: TestOrg) {
        people(&org).await;
        let table = [
            (r#"profile.tags eq "blue""#, "a b"),
            (r#"profile.tags eq "RED" and profile.tags eq "blue""#, "a"),
            (r#"profile.tags sw "x""#, "d"),
            (r#"profile.tags gt "blue""#, "a d"),
            (r#"profile.tags le "BLUE""#, "a b d"),
            ("profile.levels eq 3", "a"),
            ("profile.levels gt 1", "a b"),
            ("profile.levels ge 11", ""),
            ("profile.levels lt 3", "a"),
            ("profile.scores le 0.5", "a b"),
            ("profile.scores eq 2", "a"),
            ("profile.shifts eq true", "a b"),
            ("profile.shifts eq false", "b"),
            ("profile.tags pr", "a b d"),
            ("not (profile.tags pr)", "admin c e"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn search_compares_dates_as_points_in_time(org: TestOrg) {
        people(&org).await;
        let table = [
            (r#"created eq "2026-01-02T03:05:05.000Z""#, "a"),
            (r#"created eq "2026-01-02T04:05:05+01:00""#, "a"),
            (r#"created gt "2026-01-02T03:07:05Z""#, "d e"),
            (r#"created ge "2026-01-02T03:07:05Z""#, "c d e"),
            (r#"created lt "2026-01-02T03:05:05.001Z""#, "admin a"),
            (r#"created le "2026-01-02T03:04:05Z""#, "admin"),
            (r#"created gt "2026-01-02""#, "admin a b c d e"),
            (r#"created gt "2026-01-03""#, ""),
            (r#"lastUpdated eq "2026-01-02T03:10:05.000Z""#, "d e"),
            (r#"lastUpdated lt "2026-01-02T03:06:05Z""#, "admin a"),
            (r#"activated le "2026-01-02T03:05:05Z""#, "admin a"),
            ("activated pr", "admin a c d e"),
            (r#"statusChanged gt "2026-01-02T03:07:05Z""#, "d e"),
            ("not (statusChanged pr)", "b"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn search_finds_users_by_status_id_and_type(org: TestOrg) {
        people(&org).await;
        let user = org.get("/api/v1/users/a@example.com").await.ok();
        let (id, type_id) = (text(&user, "id"), text(&user, "type.id"));
        let [exact, folded] = [id.clone(), id.to_lowercase()].map(|id| format!("id eq {id:?}"));
        let both = format!("id eq {id:?} or status eq \"STAGED\"");
        let [same_type, other_type] = [&type_id, "oty"].map(|id| format!("type.id eq {id:?}"));
        let table = [
            (exact.as_str(), "a"),
            (&folded, if id == id.to_lowercase() { "a" } else { "" }),
            (&both, "a b"),
            (&same_type, "admin a b c d e"),
            (&other_type, ""),
            (r#"id sw "00u""#, "admin a b c d e"),
            (r#"status eq "ACTIVE""#, "admin a"),
            (r#"status eq "deprovisioned""#, "e"),
            (r#"status eq "UNHEARD_OF""#, ""),
            (r#"status sw "S""#, "b d"),
            (r#"(status lt "STAGED" or status gt "STAGED")"#, "admin a c d e"),
            ("status pr", "admin a b c d e"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn not_binds_tighter_than_and_and_and_tighter_than_or(org: TestOrg) {
        people(&org).await;
        let table = [
            (r#"status eq "STAGED" or profile.floor eq 3 and profile.remote eq true"#, "a b"),
            (r#"(status eq "STAGED" or profile.floor eq 3) and profile.remote eq true"#, "a"),
            (r#"profile.floor eq 3 and profile.remote eq true or status eq "STAGED""#, "a b"),
            (r#"not (profile.floor pr) and status eq "SUSPENDED""#, "d"),
            (r#"not (profile.floor pr and status eq "ACTIVE")"#, "admin b c d e"),
            ("not (not (profile.floor pr))", "a b c e"),
            (r#"NOT(profile.floor PR) AND (((status EQ "suspended")))"#, "d"),
            (r#"  status eq"STAGED"  "#, "b"),
            (r#"not (profile.title eq "Chief") and profile.code pr"#, "b"),
        ];
        found(&org, "search", &table).await;
    }
}

on_both_engines! {
    async fn what_search_does_not_know_is_invalid(org: TestOrg) {
        org.post("/api/v1/meta/schemas/user/default", custom_attributes()).await.ok();
        let expressions = [
            r#"status ne "ACTIVE""#,
            r#"profile.firstName ew "a""#,
            r#"profile.title co "a""#,
            r#"profile.code co "a""#,
            r#"status co "A""#,
            "profile.remote gt true",
            "profile.floor sw 1",
            r#"created sw "2026""#,
            "created gt 5",
            r#"created gt "yesterday""#,
            r#"profile.floor eq "3""#,
            "profile.code eq 3",
            r#"profile.remote eq "true""#,
            "profile.levels eq true",
            "profile.firstName eq 'Anna'",
            "profile.firstName eq Anna",
            r#"profile.firstName eq "Anna"#,
            "profile.firstName gt null",
            "profile.unheard pr",
            "lastLogin pr",
            "passwordChanged pr",
            r#"credentials.provider.type eq "OKTA""#,
            r#"Status eq "ACTIVE""#,
            "profile.FirstName pr",
            "firstName pr",
            "status",
            "status eq",
            "status like \"A\"",
            "(status pr",
            "status pr)",
            "status pr status pr",
            "status pr and",
            "and status pr",
            "not status pr",
            "()",
            "!",
        ];
        refused(&org, "search", &expressions).await;
    }
}

on_both_engines! {
    async fn a_search_has_limits_of_length_depth_and_terms(org: TestOrg) {
        let nested = |depth: usize| format!("{}status pr{}", "(".repeat(depth), ")".repeat(depth));
        let terms = |count: usize| vec!["status pr"; count].join(" and ");
        let long = |length: usize| format!("{:<length$}", r#"profile.lastName co "tor""#);
        for (good, bad) in [(nested(50), nested(51)), (terms(100), terms(101)), (long(8000), long(8001))] {
            assert_eq!(org.caller.names(&[("search", &good)]).await, "admin");
            refused(&org, "search", &[&bad]).await;
        }
    }
}

on_both_engines! {
    async fn filter_finds_exact_values_of_its_few_attributes(org: TestOrg) {
        people(&org).await;
        let user = org.get("/api/v1/users/b@example.com").await.ok();
        let (by_id, by_type) = (format!("id eq {}", user["id"]), format!("type.id eq {}", user["type"]["id"]));
        let table = [
            (by_id.as_str(), "b"),
            (&by_type, "admin a b c d e"),
            (r#"status eq "ACTIVE""#, "admin a"),
            (r#"status eq "DEPROVISIONED""#, "e"),
            (r#"status eq "active""#, ""),
            (r#"status eq"STAGED""#, "b"),
            (r#"profile.login eq "a@example.com""#, "a"),
            (r#"profile.login eq "A@example.com""#, ""),
            (r#"profile.email eq "b.mail@example.com""#, "b"),
            (r#"profile.firstName eq "BERTA""#, "b"),
            (r#"profile.firstName eq "Berta""#, ""),
            (r#"profile.lastName eq "Ölund""#, "c"),
            (r#"lastUpdated eq "2026-01-02T03:10:05.000Z""#, "d e"),
            (r#"lastUpdated gt "2026-01-02T03:05:05Z" and lastUpdated lt "2026-01-02T03:10:05Z""#, "b c"),
            (r#"lastUpdated le "2026-01-02T03:05:05Z" or lastUpdated ge "2026-01-02T03:10:05Z""#, "admin a d e"),
            (r#"(status EQ "STAGED" OR status eq "SUSPENDED") and profile.firstName eq "Zoe""#, "d"),
        ];
        found(&org, "filter", &table).await;
    }
}

on_both_engines! {
    async fn what_filter_does_not_know_is_invalid(org: TestOrg) {
        let expressions = [
            r#"not (status eq "ACTIVE")"#,
            "status pr",
            r#"status ne "ACTIVE""#,
            r#"status sw "A""#,
            r#"status gt "A""#,
            r#"profile.email co "a""#,
            r#"profile.title eq "Chief""#,
            r#"created gt "2026-01-02T00:00:00.000Z""#,
            r#"lastUpdated sw "2026""#,
            "lastUpdated gt 5",
            r#"Status eq "ACTIVE""#,
            r#"status eq "ACTIVE" or"#,
        ];
        refused(&org, "filter", &expressions).await;
        let answer = org.get(&users_path(&[("filter", r#"lastUpdated gt "yesterday""#)])).await;
        let summary = "Bad request. Invalid date. Dates must be of the form yyyy-MM-dd'T'HH:mm:ss.SSSZZ, e.g. \
             2013-01-01T12:00:00.000-07:00.";
        answer.refused(400, "E0000030", summary, &[]);
    }
}

on_both_engines! {
    async fn search_knows_the_attributes_of_every_user_type(org: TestOrg) {
        let contractor = json!({ "name": "contractor", "displayName": "Contractor" });
        let contractor = org.post("/api/v1/meta/types/user", contractor).await.ok();
        let schema = text(&contractor, "_links.schema.href");
        let schema = &schema[schema.find("/api/v1").unwrap()..];
        let agency = json!({ "agency": { "title": "Agency", "type": "string" } });
        org.post(schema, json!({ "definitions": { "custom": { "properties": agency } } })).await.ok();
        let profile = json!({ "firstName": "C", "lastName": "C", "login": "c@example.com", "email": "c@example.com",
            "agency": "Acme" });
        org.post("/api/v1/users", json!({ "profile": profile, "type": { "id": contractor["id"] } })).await.ok();
        found(&org, "search", &[(r#"profile.agency eq "ACME""#, "c"), ("not (profile.agency pr)", "admin")]).await;
    }
}

on_both_engines! {
    async fn search_sees_every_write_at_once(org: TestOrg) {
        org.create("a@example.com").await;
        let search = r#"profile.department eq "lab""#;
        assert_eq!(org.caller.names(&[("search", search)]).await, "");
        let set = |value: Value| json!({ "profile": { "department": value } });
        org.post("/api/v1/users/a@example.com", set(json!("Lab"))).await.ok();
        assert_eq!(org.caller.names(&[("search", search)]).await, "a");
        org.post("/api/v1/users/a@example.com", set(Value::Null)).await.ok();
        assert_eq!(org.caller.names(&[("search", search)]).await, "");
        org.delete("/api/v1/users/a@example.com").await.no_content();
        org.delete("/api/v1/users/a@example.com").await.no_content();
        assert_eq!(org.caller.names(&[("search", "status pr")]).await, "admin");
    }
}
