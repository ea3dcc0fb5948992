//! `/api/v1/sessions`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::authn::{events, refused, sign_in};
use crate::context::{Answer, TestOrg, text};
use crate::policies::set_rule;
use crate::users::fixtures::{PASSWORD, path_of};

/// The token of a fresh sign-in.
async fn session_token(org: &TestOrg) -> Value {
    sign_in(org, "isaac@example.com", PASSWORD).await.ok()["sessionToken"].clone()
}

/// A session of a fresh sign-in, as who signed in sees it.
async fn session(org: &TestOrg) -> Value {
    let body = json!({ "sessionToken": session_token(org).await });
    org.with_token(None).send(Method::POST, "/api/v1/sessions", Some(body)).await.ok()
}

/// A request with a session's cookie.
async fn with_cookie(org: &TestOrg, method: Method, path: &str, id: &str, headers: &[(&str, &str)]) -> Answer {
    let cookie = format!("DT=x; sid={id}");
    let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
    org.with_token(None).send_raw(method, path, None, &headers).await
}

fn no_session(answer: Answer, asked: &str) {
    let summary = format!("Not found: Resource not found: {asked} (AppSession)");
    answer.refused(404, "E0000007", &summary, &[]);
}

on_both_engines! {
    async fn a_session_is_had_once_for_the_token_of_a_sign_in(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        let token = session_token(&org).await;
        let session = org.post("/api/v1/sessions", json!({ "sessionToken": token })).await.ok();
        let id = text(&session, "id");
        assert!(id.starts_with("102") && id.len() == 25, "{id}");
        let now = org.clock.now();
        let url = text(&user, "_links.self.href");
        let base = url.split("/api/").next().unwrap();
        let org_id = text(&session, "idp.id");
        assert!(org_id.starts_with("00o"));
        assert_eq!(session, json!({
            "id": id, "userId": user["id"], "login": "isaac@example.com", "createdAt": now.to_string(),
            "expiresAt": now.plus_seconds(7200).to_string(), "status": "ACTIVE",
            "lastPasswordVerification": now.to_string(), "lastFactorVerification": null, "amr": ["pwd"],
            "idp": { "id": org_id, "type": "OKTA" }, "mfaActive": false,
            "_links": {
                "self": { "href": format!("{base}/api/v1/sessions/me"), "hints": { "allow": ["GET", "DELETE"] } },
                "refresh": { "href": format!("{base}/api/v1/sessions/me/lifecycle/refresh"), "hints": { "allow": ["POST"] } },
                "user": { "name": "Isaac Brock", "href": format!("{base}/api/v1/users/me"), "hints": { "allow": ["GET"] } },
            },
        }));
        refused(org.post("/api/v1/sessions", json!({ "sessionToken": token })).await);
    }
}

on_both_engines! {
    async fn a_session_token_lasts_five_minutes_and_dies_with_its_user(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let token = session_token(&org).await;
        org.wait_seconds(300);
        refused(org.post("/api/v1/sessions", json!({ "sessionToken": token })).await);
        let token = session_token(&org).await;
        org.post(&format!("{path}/lifecycle/suspend"), None).await.ok();
        refused(org.post("/api/v1/sessions", json!({ "sessionToken": token })).await);
        refused(org.post("/api/v1/sessions", json!({ "sessionToken": "unknown" })).await);
    }
}

on_both_engines! {
    async fn a_session_token_is_good_in_its_org_alone(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let acme = org.other_org("acme").await;
        let body = json!({ "sessionToken": session_token(&org).await });
        refused(acme.send(Method::POST, "/api/v1/sessions", Some(body)).await);
        let id = text(&session(&org).await, "id");
        no_session(acme.send(Method::GET, &format!("/api/v1/sessions/{id}"), None).await, &id);
    }
}

on_both_engines! {
    async fn a_request_without_a_session_token_is_not_well_formed(org: TestOrg) {
        for body in [None, Some(json!({})), Some(json!({ "sessionToken": 1 }))] {
            org.post("/api/v1/sessions", body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
        let summary = "The endpoint does not support the provided HTTP method";
        org.get("/api/v1/sessions/").await.refused(405, "E0000022", summary, &[]);
    }
}

on_both_engines! {
    async fn administrators_read_refresh_and_end_sessions(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        let own = session(&org).await;
        let path = format!("/api/v1/sessions/{}", text(&own, "id"));
        let read = org.get(&path).await.ok();
        let href = text(&read, "_links.self.href");
        let name = href.rsplit('/').next().unwrap();
        assert!(name.starts_with("102") && name != text(&own, "id"), "administrators see another name than the id");
        assert!(text(&read, "_links.user.href").ends_with(&text(&user, "id")));
        assert_eq!(org.get(&format!("/api/v1/sessions/{name}")).await.ok()["userId"], user["id"]);
        org.wait_seconds(3600);
        let refreshed = org.post(&format!("{path}/lifecycle/refresh"), None).await.ok();
        assert_eq!(refreshed["createdAt"], own["createdAt"]);
        assert_eq!(refreshed["expiresAt"], json!(org.clock.now().plus_seconds(7200).to_string()));
        let minimal = [("prefer", "return=minimal")];
        let answer = org.caller.send_raw(Method::POST, &format!("{path}/lifecycle/refresh"), None, &minimal).await;
        assert_eq!(answer.headers["preference-applied"], "return=minimal");
        answer.no_content();
        org.delete(&path).await.no_content();
        let id = text(&own, "id");
        no_session(org.get(&path).await, &id);
        no_session(org.delete(&path).await, &id);
        no_session(org.post(&format!("{path}/lifecycle/refresh"), None).await, &id);
        assert_eq!(events(&org, "user.session.end").await.len(), 1);
    }
}

on_both_engines! {
    async fn who_holds_the_cookie_has_the_session(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let own = session(&org).await;
        let id = text(&own, "id");
        let me = "/api/v1/sessions/me";
        assert_eq!(with_cookie(&org, Method::GET, me, &id, &[]).await.ok(), own);
        org.wait_seconds(60);
        let refresh = format!("{me}/lifecycle/refresh");
        let refreshed = with_cookie(&org, Method::POST, &refresh, &id, &[]).await.ok();
        assert_eq!(refreshed["expiresAt"], json!(org.clock.now().plus_seconds(7200).to_string()));
        with_cookie(&org, Method::POST, &refresh, &id, &[("prefer", "return=minimal")]).await.no_content();
        let closed = with_cookie(&org, Method::DELETE, me, &id, &[]).await;
        assert!(closed.headers["set-cookie"].to_str().unwrap().starts_with("sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
        closed.no_content();
        for (method, path) in [(Method::GET, me), (Method::DELETE, me), (Method::POST, &refresh)] {
            no_session(with_cookie(&org, method, path, &id, &[]).await, "me");
        }
        no_session(org.get(me).await, "me");
    }
}

on_both_engines! {
    async fn the_name_that_administrators_see_lets_nobody_in(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let id = text(&session(&org).await, "id");
        let read = org.get(&format!("/api/v1/sessions/{id}")).await.ok();
        let name = text(&read, "_links.self.href").rsplit('/').next().unwrap().to_owned();
        no_session(with_cookie(&org, Method::GET, "/api/v1/sessions/me", &name, &[]).await, "me");
    }
}

on_both_engines! {
    async fn a_session_ends_after_two_idle_hours(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let path = format!("/api/v1/sessions/{}", text(&session(&org).await, "id"));
        org.wait_seconds(7199);
        org.post(&format!("{path}/lifecycle/refresh"), None).await.ok();
        org.wait_seconds(7199);
        org.get(&path).await.ok();
        org.wait_seconds(1);
        assert_eq!(org.get(&path).await.status, 404);
        assert_eq!(org.post(&format!("{path}/lifecycle/refresh"), None).await.status, 404);
    }
}

on_both_engines! {
    async fn the_policy_limits_how_long_a_session_lasts_however_much_it_is_used(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let limits = json!({ "maxSessionIdleMinutes": 30, "maxSessionLifetimeMinutes": 50 });
        set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "session": limits } })).await.ok();
        let path = format!("/api/v1/sessions/{}", text(&session(&org).await, "id"));
        let began = org.clock.now();
        org.wait_seconds(29 * 60);
        let refreshed = org.post(&format!("{path}/lifecycle/refresh"), None).await.ok();
        assert_eq!(refreshed["expiresAt"], json!(began.plus_seconds(50 * 60).to_string()));
        org.wait_seconds(21 * 60);
        assert_eq!(org.get(&path).await.status, 404);
    }
}

on_both_engines! {
    async fn sessions_end_with_suspension_deactivation_and_on_request(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let id = text(&session(&org).await, "id");
        org.delete(&format!("{path}/sessions")).await.no_content();
        assert_eq!(org.get(&format!("/api/v1/sessions/{id}")).await.status, 404);
        for (end, begin) in [("suspend", "unsuspend"), ("deactivate", "activate?sendEmail=false")] {
            let id = text(&session(&org).await, "id");
            org.post(&format!("{path}/lifecycle/{end}"), None).await.ok();
            no_session(with_cookie(&org, Method::GET, "/api/v1/sessions/me", &id, &[]).await, "me");
            org.post(&format!("{path}/lifecycle/{begin}"), None).await.ok();
            no_session(with_cookie(&org, Method::GET, "/api/v1/sessions/me", &id, &[]).await, "me");
        }
    }
}

on_both_engines! {
    async fn a_browser_gets_its_cookie_and_is_sent_on(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let redirect = async |token: &Value, url: &str| {
            let path = format!("/login/sessionCookieRedirect?token={}&redirectUrl={url}", token.as_str().unwrap());
            org.with_token(None).without_redirects().send(Method::GET, &path, None).await
        };
        let token = session_token(&org).await;
        redirect(&token, "https://evil.example/").await.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
        let answer = redirect(&token, "http://localhost:3000/callback").await;
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (302, "http://localhost:3000/callback"));
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        let id = cookie.strip_prefix("sid=").unwrap().strip_suffix("; Path=/; HttpOnly; SameSite=Lax").unwrap();
        let me = with_cookie(&org, Method::GET, "/api/v1/sessions/me", id, &[]).await.ok();
        assert_eq!(text(&me, "login"), "isaac@example.com");
        refused(redirect(&token, "/").await);
    }
}

on_both_engines! {
    async fn a_persistent_cookie_says_how_long_it_lasts(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "session": { "usePersistentCookie": true } } })).await.ok();
        let token = session_token(&org).await;
        let path = format!("/login/sessionCookieRedirect?token={}&redirectUrl=/", token.as_str().unwrap());
        let answer = org.with_token(None).without_redirects().send(Method::GET, &path, None).await;
        assert!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; Max-Age=7200"));
    }
}
