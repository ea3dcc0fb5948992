//! The headers of answers (behaviour.md A.2, observed.md 1).

use std::collections::HashSet;
use std::io::Read as _;

use reqwest::Method;
use roster_model::operations::OPERATIONS;
use serde_json::{Value, json};

use crate::context::text;
use crate::operations::sample_body;
use crate::raw::{self, RawAnswer};

/// What an answer of each kind is asked for with.
const KINDS: [(u16, &str, &str, &str); 10] = [
    (200, "GET /api/v1/users/me", "", ""),
    (200, "GET /api/v1/users", "", ""),
    (204, "DELETE /api/v1/users/me/sessions", "", ""),
    (400, "POST /api/v1/users", "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"),
    (404, "GET /api/v1/users/nobody", "", ""),
    (404, "GET /nothing", "", ""),
    (405, "PATCH /api/v1/users", "", ""),
    (406, "GET /api/v1/users", "Accept: text/html\r\n", ""),
    (401, "GET /api/v1/users", "Authorization: none\r\n", ""),
    (200, "GET /healthz", "", ""),
];

/// The kinds above, and a body that is too large.
async fn one_of_each(org: &crate::context::TestOrg) -> Vec<RawAnswer> {
    let mut answers = Vec::new();
    for (status, line, headers, body) in KINDS {
        let mut request = raw::head(org, line, headers) + body;
        if status == 401 {
            request = request.replace(&format!("Authorization: {}\r\n", org.caller.authorization().unwrap()), "");
        }
        let answer = raw::exchange(org, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        answers.push(answer);
    }
    let large = " ".repeat((1 << 20) + 1);
    let head = raw::head(org, "POST /api/v1/users", &format!("Content-Length: {}\r\n", large.len()));
    answers.push(raw::exchange(org, (head + &large).as_bytes()).await);
    assert_eq!(answers.last().unwrap().status, 413);
    answers
}

on_both_engines! {
    async fn every_answer_has_one_rate_limit_trio_that_ends_with_the_minute(org: TestOrg) {
        for answer in one_of_each(&org).await {
            let number = |name: &str| answer.header(name).unwrap().parse::<i64>().unwrap();
            assert!(number("x-rate-limit-limit") >= number("x-rate-limit-remaining"), "{answer:?}");
            assert_eq!(number("x-rate-limit-reset"), 1_767_323_100);
        }
    }
}

on_both_engines! {
    async fn every_answer_has_a_request_id_of_its_own(org: TestOrg) {
        let mut ids = HashSet::new();
        for answer in one_of_each(&org).await {
            let id = answer.header("x-okta-request-id").unwrap().to_owned();
            assert!(
                id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()),
                "{id}"
            );
            assert!(ids.insert(id));
        }
    }
}

on_both_engines! {
    async fn no_answer_may_be_kept_and_each_is_dated(org: TestOrg) {
        for answer in one_of_each(&org).await {
            assert_eq!(answer.header("cache-control"), Some("no-cache, no-store"));
            assert_eq!(answer.header("pragma"), Some("no-cache"));
            assert_eq!(answer.header("expires"), Some("0"));
            assert!(answer.header("date").unwrap().ends_with(" GMT"));
        }
    }
}

on_both_engines! {
    async fn an_answer_is_plain_json_or_empty(org: TestOrg) {
        for answer in one_of_each(&org).await {
            if answer.status == 204 {
                assert_eq!((answer.header("content-type"), answer.header("x-content-type-options")), (None, None));
                assert_eq!((answer.body.len(), answer.header("content-length")), (0, None));
            } else {
                assert_eq!(answer.header("content-type"), Some("application/json"));
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
                answer.json();
            }
        }
    }
}

on_both_engines! {
    async fn an_error_body_has_five_members_in_order(org: TestOrg) {
        for answer in one_of_each(&org).await.into_iter().filter(|answer| answer.status >= 400) {
            let body = answer.json();
            let names: Vec<&String> = body.as_object().unwrap().keys().collect();
            assert_eq!(names, ["errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"]);
            assert_eq!(body["errorLink"], body["errorCode"]);
            assert!(text(&body, "errorId").starts_with("oae") && text(&body, "errorId").len() == 25);
        }
    }
}

on_both_engines! {
    async fn every_operation_tells_the_limit_of_its_bucket(org: TestOrg) {
        // The token must live on, and so must its owner.
        for operation in OPERATIONS.iter().filter(|operation| operation.name != "revokeCurrentApiToken") {
            let path = operation.path.replace(['{', '}'], "x");
            let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
            let answer = org.caller.send(method, &path, sample_body(operation.id)).await;
            let limit = operation.bucket.okta_limit().to_string();
            assert_eq!(answer.headers["x-rate-limit-limit"], limit, "{}", operation.name);
        }
    }
}

on_both_engines! {
    async fn a_large_list_is_compressed_if_the_caller_takes_gzip(org: TestOrg) {
        for number in 0..15 {
            org.create(&format!("user{number}@example.com")).await;
        }
        let (line, take) = ("GET /api/v1/users", "Accept-Encoding: gzip, deflate\r\n");
        let plain = raw::exchange(&org, raw::head(&org, line, "").as_bytes()).await;
        assert_eq!(plain.header("content-encoding"), None);
        assert!(plain.body.len() > 8 << 10, "{}", plain.body.len());
        assert!(plain.header("vary").unwrap().eq_ignore_ascii_case("accept-encoding"));
        // HTTP/1.0 has no chunks.
        let request = raw::head(&org, line, take).replace("HTTP/1.1", "HTTP/1.0");
        let packed = raw::exchange(&org, request.as_bytes()).await;
        assert_eq!(
            (packed.header("content-encoding"), packed.header("content-type")),
            (Some("gzip"), Some("application/json"))
        );
        assert!(packed.body.len() < plain.body.len() / 3);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&unpacked).unwrap(), plain.json());
        let one = raw::exchange(&org, raw::head(&org, "GET /api/v1/users/me", take).as_bytes()).await;
        assert_eq!(one.header("content-encoding"), None);
    }
}

on_both_engines! {
    async fn head_is_get_without_the_body(org: TestOrg) {
        for (path, status) in [
            ("/api/v1/users/me", 200),
            ("/api/v1/users", 200),
            ("/api/v1/users/nobody", 404),
            ("/nothing", 404),
            ("/api/v1/users/me/lifecycle/suspend", 405),
        ] {
            let head = raw::exchange(&org, raw::head(&org, &format!("HEAD {path}"), "").as_bytes()).await;
            assert_eq!((head.status, head.body.len()), (status, 0), "{path}");
            let get = raw::exchange(&org, raw::head(&org, &format!("GET {path}"), "").as_bytes()).await;
            for name in ["content-type", "content-length", "link", "x-rate-limit-limit"] {
                assert_eq!(head.header(name), get.header(name), "{path} {name}");
            }
        }
    }
}

on_both_engines! {
    async fn health_and_readiness_need_no_token(org: TestOrg) {
        let nobody = org.with_token(None);
        assert_eq!(nobody.send(Method::GET, "/healthz", None).await.ok(), json!({ "status": "ok" }));
        assert_eq!(nobody.send(Method::GET, "/readyz", None).await.ok(), json!({ "status": "ready" }));
    }
}
