//! Rate limits (behaviour.md A.7).

use std::collections::HashMap;

use reqwest::Method;
use roster_server::RateLimits;
use serde_json::json;

use crate::context::{Answer, EngineKind, TestOrg, run_limited};

/// Runs the body on an org that may make two requests of these buckets in a minute. Requests are counted in the server,
/// so one engine is enough.
fn limited<F: Future<Output = ()>>(buckets: &[&'static str], body: impl FnOnce(TestOrg) -> F) {
    let limits: HashMap<_, _> = buckets.iter().map(|bucket| (*bucket, 2)).collect();
    run_limited(EngineKind::Sqlite, RateLimits::Limited(limits), body);
}

/// Limit, remaining and reset, each told once.
fn told(answer: &Answer) -> [String; 3] {
    ["limit", "remaining", "reset"].map(|name| {
        let values: Vec<_> = answer.headers.get_all(format!("x-rate-limit-{name}")).iter().collect();
        assert_eq!(values.len(), 1);
        values[0].to_str().unwrap().to_owned()
    })
}

#[track_caller]
fn assert_exceeded(answer: Answer) {
    answer.refused(429, "E0000047", "API call exceeded rate limit due to too many requests.", &[]);
}

#[test]
fn the_request_after_the_last_allowed_one_is_refused() {
    limited(&["users"], async |org| {
        for remaining in ["1", "0"] {
            let answer = org.get("/api/v1/users").await;
            assert_eq!((answer.status, told(&answer)), (200, ["2", remaining, "1767323100"].map(str::to_owned)));
        }
        let refused = org.get("/api/v1/users").await;
        assert_eq!(told(&refused), ["2", "0", "1767323100"]);
        assert!(refused.headers.contains_key("date") && refused.headers.contains_key("x-okta-request-id"));
        assert_exceeded(refused);
        assert_exceeded(org.post("/api/v1/users", json!({ "profile": {} })).await);
    });
}

#[test]
fn a_refused_request_changes_nothing() {
    limited(&["groups"], async |org| {
        for _ in 0..2 {
            org.get("/api/v1/groups").await.ok();
        }
        assert_exceeded(org.post("/api/v1/groups", json!({ "profile": { "name": "West" } })).await);
        org.wait_seconds(60);
        assert_eq!(org.get("/api/v1/groups").await.ok().as_array().unwrap().len(), 1);
    });
}

#[test]
fn the_allowance_is_whole_again_with_the_next_minute() {
    limited(&["users"], async |org| {
        for _ in 0..2 {
            org.get("/api/v1/users").await.ok();
        }
        // The clock stands at five seconds past the minute.
        org.wait_seconds(54);
        assert_exceeded(org.get("/api/v1/users").await);
        org.wait_seconds(1);
        let answer = org.get("/api/v1/users").await;
        assert_eq!((answer.status, told(&answer)), (200, ["2", "1", "1767323160"].map(str::to_owned)));
    });
}

#[test]
fn each_bucket_has_an_allowance_of_its_own() {
    limited(&["users", "user-read", "user-children"], async |org| {
        for path in ["/api/v1/users", "/api/v1/users/me", "/api/v1/users/me/groups"] {
            for _ in 0..2 {
                org.get(path).await.ok();
            }
            assert_exceeded(org.get(path).await);
        }
        let answer = org.put("/api/v1/users/me", json!({})).await;
        assert_eq!((answer.status, told(&answer)[0].as_str()), (200, "600"));
    });
}

#[test]
fn a_refused_operation_is_counted_as_well() {
    limited(&["user-read"], async |org| {
        for _ in 0..2 {
            assert_eq!(org.get("/api/v1/users/nobody").await.status, 404);
        }
        assert_exceeded(org.get("/api/v1/users/me").await);
    });
}

#[test]
fn who_has_no_good_token_uses_up_nothing() {
    limited(&["users"], async |org| {
        for _ in 0..5 {
            let answer = org.with_token(Some("00nobody")).send(Method::GET, "/api/v1/users", None).await;
            assert_eq!((answer.status, told(&answer)[1].as_str()), (401, "2"));
        }
        org.get("/api/v1/users").await.ok();
    });
}

#[test]
fn an_org_uses_up_only_its_own() {
    limited(&["users"], async |org| {
        let acme = org.other_org("acme").await;
        for _ in 0..3 {
            org.get("/api/v1/users").await;
        }
        acme.send(Method::GET, "/api/v1/users", None).await.ok();
    });
}

#[test]
fn a_head_counts_and_another_method_does_not() {
    limited(&["users"], async |org| {
        for (method, remaining) in [(Method::HEAD, "1"), (Method::GET, "0")] {
            assert_eq!(told(&org.caller.send(method, "/api/v1/users", None).await)[1], remaining);
        }
        assert_eq!(org.caller.send(Method::PATCH, "/api/v1/users", None).await.status, 405);
    });
}

#[test]
fn health_is_never_limited() {
    limited(&["other"], async |org| {
        for _ in 0..3 {
            org.get("/healthz").await.ok();
            org.get("/readyz").await.ok();
        }
    });
}

#[test]
fn okta_limits_are_those_of_a_paid_org() {
    run_limited(EngineKind::Sqlite, RateLimits::okta(), async |org| {
        for (path, limit) in [
            ("users", "600"),
            ("users/me", "1000"),
            ("users/me/groups", "600"),
            ("groups", "600"),
            ("logs", "120"),
            ("api-tokens", "1000"),
        ] {
            assert_eq!(told(&org.get(&format!("/api/v1/{path}")).await)[0], limit, "{path}");
        }
        for _ in 0..119 {
            org.get("/api/v1/logs").await.ok();
        }
        assert_exceeded(org.get("/api/v1/logs").await);
    });
}

#[test]
fn without_limits_nothing_is_refused_and_the_allowance_stays_whole() {
    run_limited(EngineKind::Sqlite, RateLimits::Off, async |org| {
        for _ in 0..130 {
            let answer = org.get("/api/v1/logs").await;
            assert_eq!((answer.status, told(&answer)[1].as_str()), (200, "120"));
        }
    });
}
