//! What every request goes through before an operation: paths, methods, bodies, media types (behaviour.md A.1).

mod bodies;
mod headers;
mod random;

use reqwest::Method;
use roster_model::operations::OPERATIONS;
use serde_json::json;

use crate::context::{profile, text};
use crate::raw;

const NO_PATH: (u16, &str, &str) = (404, "E0000008", "The requested path was not found");
const NO_METHOD: (u16, &str, &str) = (405, "E0000022", "The endpoint does not support the provided HTTP method");

on_both_engines! {
    async fn an_unknown_path_is_not_found_with_or_without_a_token(org: TestOrg) {
        let (status, code, summary) = NO_PATH;
        for path in
            ["/", "/api", "/api/v1", "/api/v1/user", "/api/v2/users", "/api/v1/users/me/nothing", "/API/v1/users"]
        {
            for caller in [&org.caller, &org.with_token(None)] {
                caller.send(Method::GET, path, None).await.refused(status, code, summary, &[]);
                caller.send(Method::POST, path, Some(json!({}))).await.refused(status, code, summary, &[]);
            }
        }
    }
}

on_both_engines! {
    async fn every_path_of_the_table_refuses_the_methods_it_lacks(org: TestOrg) {
        let (status, code, summary) = NO_METHOD;
        for path in OPERATIONS.iter().map(|operation| operation.path) {
            let known = |method: &str| OPERATIONS.iter().any(|it| it.path == path && it.method.as_str() == method);
            let asked = path.replace(['{', '}'], "x");
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
                if known(method) {
                    continue;
                }
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                for caller in [&org.caller, &org.with_token(None)] {
                    let answer = caller.send(method.clone(), &asked, None).await;
                    answer.refused(status, code, summary, &[]);
                }
            }
        }
    }
}

on_both_engines! {
    async fn doubled_and_trailing_slashes_are_as_if_they_were_not_there(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let id = text(&user, "id");
        for path in ["//api/v1/users/me", "/api//v1/users/me/", "/api/v1/users///me//"] {
            assert_eq!(text(&org.get(path).await.ok(), "profile.login"), crate::context::ADMIN, "{path}");
        }
        let listed = org.get("//api/v1/users/?limit=1").await;
        assert_eq!(listed.link("self"), Some(format!("http://{}/api/v1/users?limit=1", org.address())));
        let suspended = org.post(&format!("//api/v1/users/{id}/lifecycle/suspend/?x=y"), None).await;
        assert_eq!(suspended.ok(), json!({}));
        let created = org.post("/api/v1/groups/", json!({ "profile": { "name": "West" } })).await;
        created.ok();
    }
}

on_both_engines! {
    async fn a_token_is_taken_with_or_without_a_space_and_in_any_letter_case(org: TestOrg) {
        let token = org.caller.authorization().unwrap().replace("SSWS ", "");
        for authorization in [format!("SSWS {token}"), format!("SSWS{token}"), format!("ssws   {token}")] {
            org.caller.authorized(&authorization).send(Method::GET, "/api/v1/users/me", None).await.ok();
        }
    }
}

on_both_engines! {
    async fn escapes_in_a_path_are_read_once_and_a_plus_is_a_plus(org: TestOrg) {
        let user = org.create("a+b%41@example.com").await;
        for segment in ["a+b%2541@example.com", "a%2Bb%2541%40example.com", "A%2bB%25%34%31@EXAMPLE.COM"] {
            let found = org.get(&format!("/api/v1/users/{segment}")).await.ok();
            assert_eq!(found["id"], user["id"], "{segment}");
        }
        org.get("/api/v1/users/a%20b%2541@example.com").await.refused(
            404,
            "E0000007",
            "Not found: Resource not found: a b%41@example.com (User)",
            &[],
        );
    }
}

on_both_engines! {
    async fn a_path_with_escapes_that_are_no_text_names_nothing(org: TestOrg) {
        for segment in ["%", "%zz", "%4", "%ff", "%C3%28", "%00", "a%00b", "%2F", "%3F", "%EF%BF%BE", "é", "\u{1}"] {
            for path in
                ["users/?/lifecycle/suspend", "groups/?", "meta/types/user/?", "meta/schemas/user/?", "api-tokens/?"]
            {
                let line = format!("GET /api/v1/{}", path.replace('?', segment));
                let answer = raw::exchange(&org, raw::head(&org, &line, "").as_bytes()).await;
                assert!((400..500).contains(&answer.status), "{line}: {answer:?}");
            }
            let line = format!("POST /api/v1/users/{segment}/lifecycle/suspend");
            let answer = raw::exchange(&org, raw::head(&org, &line, "Content-Length: 0\r\n").as_bytes()).await;
            assert!(matches!(answer.status, 400 | 404), "{line}: {answer:?}");
        }
    }
}

on_both_engines! {
    async fn a_query_that_makes_no_sense_is_ignored_or_refused(org: TestOrg) {
        for query in
            ["&&=&==", "%", "%zz=%ff", "unknown=1", "limit=", "limit=%20", "after=", "q=%00", "filter=", "Limit=0"]
        {
            org.get(&format!("/api/v1/users?{query}")).await.ok();
        }
        for query in ["limit=x", "limit=1.5", "limit=99999999999999999999"] {
            let answer = org.get(&format!("/api/v1/users?{query}")).await;
            assert_eq!((answer.status, text(&answer.body, "errorCode").as_str()), (400, "E0000037"), "{query}");
        }
        let cause = "limit: The limit must be greater than 0";
        for query in ["limit=0", "limit=-1"] {
            let answer = org.get(&format!("/api/v1/users?{query}")).await;
            answer.refused(400, "E0000001", "Api validation failed: limit", &[cause]);
        }
        let answer = org.post("/api/v1/users?activate=maybe", json!({ "profile": profile("a@example.com") })).await;
        assert_eq!((answer.status, text(&answer.body, "errorCode").as_str()), (400, "E0000037"));
    }
}

on_both_engines! {
    async fn a_boolean_parameter_is_read_in_any_letter_case(org: TestOrg) {
        let user = org.create_with("?activate=False", "isaac@example.com", json!({})).await;
        assert_eq!(user["status"], "STAGED");
        let user = org.create_with("?activate=&sendEmail=x", "brock@example.com", json!({})).await;
        assert_eq!(user["status"], "PROVISIONED");
    }
}

on_both_engines! {
    async fn targets_that_are_no_path_are_answered_in_oktas_shape(org: TestOrg) {
        for line in ["OPTIONS *", "GET *", "GET http://localhost/api/v1/nothing", "CONNECT localhost:80"] {
            let answer = raw::exchange(&org, raw::head(&org, line, "").as_bytes()).await;
            assert!(matches!(answer.status, 404 | 405), "{line}: {answer:?}");
            assert_eq!(answer.json()["errorCauses"], json!([]), "{line}");
        }
        let absolute = format!("GET http://{}//api/v1/users/me", org.address());
        assert_eq!(raw::exchange(&org, raw::head(&org, &absolute, "").as_bytes()).await.status, 200);
    }
}

on_both_engines! {
    async fn http_1_0_is_answered(org: TestOrg) {
        let request = raw::head(&org, "GET /api/v1/users/me", "").replace("HTTP/1.1", "HTTP/1.0");
        let answer = raw::exchange(&org, request.as_bytes()).await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ACTIVE")));
        let hostless = request.replace(&format!("Host: {}\r\n", org.address()), "");
        assert_eq!(raw::exchange(&org, hostless.as_bytes()).await.status, 200);
    }
}
