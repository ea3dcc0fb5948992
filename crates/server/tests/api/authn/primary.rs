//! Signing in with a login and a password.

use serde_json::json;

use super::{anyone, events, refused, sign_in, status, void};
use crate::context::text;
use crate::policies::set_rule;
use crate::users::fixtures::{PASSWORD, path_of, path_of_new, path_of_user_in};
use roster_model::user::status::UserStatus;

on_both_engines! {
    async fn a_sign_in_answers_as_a_real_org_does(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        org.wait_seconds(7);
        let answer = sign_in(&org, "isaac@example.com", PASSWORD).await.ok();
        let token = text(&answer, "sessionToken");
        assert!(token.len() == 55 && token.starts_with("20111"), "{token}");
        let url = text(&user, "_links.self.href");
        let base = url.split("/api/").next().unwrap();
        assert_eq!(answer, json!({
            "expiresAt": org.clock.now().plus_seconds(300).to_string(),
            "status": "SUCCESS",
            "sessionToken": token,
            "_embedded": { "user": {
                "id": user["id"],
                "passwordChanged": user["passwordChanged"],
                "profile": { "login": "isaac@example.com", "firstName": "Isaac", "lastName": "Brock",
                    "locale": "en_US", "timeZone": "America/Los_Angeles" },
            } },
            "_links": { "cancel": { "href": format!("{base}/api/v1/authn/cancel"), "hints": { "allow": ["POST"] } } },
        }));
        let mut after = org.get(&path_of(&user)).await.ok();
        assert_eq!(after["lastLogin"], json!(org.clock.now().to_string()));
        after["lastLogin"] = user["lastLogin"].clone();
        assert_eq!(after, user, "a sign-in moves lastLogin alone");
    }
}

on_both_engines! {
    async fn a_login_may_be_written_in_any_letters_or_short_while_that_is_unambiguous(org: TestOrg) {
        org.create_active("Isaac.Brock@example.com", PASSWORD).await;
        for username in ["isaac.brock@EXAMPLE.com", "isaac.brock", "ISAAC.BROCK"] {
            assert_eq!(status(sign_in(&org, username, PASSWORD).await), "SUCCESS", "{username}");
        }
        org.create_active("isaac.brock@example.org", PASSWORD).await;
        refused(sign_in(&org, "isaac.brock", PASSWORD).await);
        assert_eq!(status(sign_in(&org, "isaac.brock@example.org", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn nobody_signs_in_by_id_or_into_another_org(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        refused(sign_in(&org, &text(&user, "id"), PASSWORD).await);
        org.other_org("acme").await;
        let acme = org.at_host(&format!("acme.localhost:{}", org.address().port()));
        let body = json!({ "username": "isaac@example.com", "password": PASSWORD });
        refused(acme.without_token().send(reqwest::Method::POST, "/api/v1/authn", Some(body)).await);
    }
}

on_both_engines! {
    async fn only_active_users_sign_in_and_the_others_are_not_told_why(org: TestOrg) {
        for user_status in UserStatus::ALL {
            let login = format!("{user_status:?}@example.com");
            path_of_user_in(&org, user_status, &login).await;
            let answer = sign_in(&org, &login, PASSWORD).await;
            match user_status {
                UserStatus::Active => assert_eq!(status(answer), "SUCCESS"),
                UserStatus::PasswordExpired => assert_eq!(status(answer), "PASSWORD_EXPIRED"),
                _ => refused(answer),
            }
            refused(sign_in(&org, &login, "Wrong1234#@").await);
        }
        refused(sign_in(&org, "nobody@example.com", PASSWORD).await);
    }
}

on_both_engines! {
    async fn a_request_needs_a_login_and_a_password_or_a_token(org: TestOrg) {
        let cause = "The 'username' and 'password' attributes are required in this context.";
        for body in [json!({}), json!({ "username": "isaac" }), json!({ "password": PASSWORD }), json!({ "username": null })] {
            anyone(&org, "", body).await.refused(400, "E0000001", "Api validation failed: authRequest", &[cause]);
        }
        for body in [json!({ "username": 1, "password": 2 }), json!({ "options": [] }), json!({ "token": {} })] {
            anyone(&org, "", body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
        void(anyone(&org, "", json!({ "stateToken": "00unknown" })).await);
        refused(anyone(&org, "", json!({ "token": "unknown" })).await);
    }
}

on_both_engines! {
    async fn relay_state_comes_back_with_the_end(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let body = json!({ "username": "isaac", "password": PASSWORD, "relayState": "/deep?link" });
        assert_eq!(text(&anyone(&org, "", body).await.ok(), "relayState"), "/deep?link");
    }
}

on_both_engines! {
    async fn an_imported_hash_is_replaced_by_our_own_at_the_first_success(org: TestOrg) {
        let hash = json!({ "algorithm": "SHA-256", "value": "FhF4L2cw0NMnGg+zSy2QlzoAfYMKS3qZJWxEGvZA4qc=" });
        let user = org.create_with("", "isaac@example.com", json!({ "password": { "hash": hash } })).await;
        assert_eq!(text(&user, "credentials.provider.type"), "IMPORT");
        refused(sign_in(&org, "isaac", "Wrong1234#@").await);
        assert_eq!(text(&org.get(&path_of(&user)).await.ok(), "credentials.provider.type"), "IMPORT");
        org.wait_seconds(60);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
        let after = org.get(&path_of(&user)).await.ok();
        assert_eq!(after["credentials"]["provider"], json!({ "type": "OKTA", "name": "OKTA" }));
        assert_eq!(after["passwordChanged"], user["passwordChanged"]);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_temporary_password_must_be_changed_and_lasts_a_week(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let answer = org.post(&format!("{path}/lifecycle/expire_password_with_temp_password"), None).await.ok();
        let temporary = text(&answer, "tempPassword");
        refused(sign_in(&org, "isaac", PASSWORD).await);
        assert_eq!(status(sign_in(&org, "isaac", &temporary).await), "PASSWORD_EXPIRED");
        org.wait_seconds(7 * 86_400);
        refused(sign_in(&org, "isaac", &temporary).await);
    }
}

on_both_engines! {
    async fn a_sign_on_policy_that_denies_lets_nobody_in(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "access": "DENY" } })).await.ok();
        refused(sign_in(&org, "isaac", PASSWORD).await);
        set_rule(&org, "OKTA_SIGN_ON", json!({ "signon": { "access": "ALLOW" } })).await.ok();
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_trusted_application_signs_users_in_and_says_where_they_are(org: TestOrg) {
        path_of_new(&org, "", "isaac@example.com", json!({ "password": { "value": PASSWORD } })).await;
        let body = json!({ "username": "isaac", "password": PASSWORD, "context": { "deviceToken": "26q43Ak9Eh04p7H6Nnx0m69JqYOrfVBY" } });
        let body = body.to_string();
        let headers = [("x-forwarded-for", "203.0.113.7")];
        let answer = org.caller.send_raw(reqwest::Method::POST, "/api/v1/authn", Some(("application/json", &body)), &headers);
        assert_eq!(status(answer.await), "SUCCESS");
        let event = events(&org, "user.session.start").await.pop().unwrap();
        assert_eq!(text(&event, "client.ipAddress"), "203.0.113.7");
    }
}

on_both_engines! {
    async fn the_log_tells_of_success_and_failure(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        sign_in(&org, "isaac", PASSWORD).await.ok();
        refused(sign_in(&org, "isaac", "Wrong1234#@").await);
        refused(sign_in(&org, "nobody@example.com", PASSWORD).await);
        let events = events(&org, "user.session.start").await;
        let told: Vec<_> = events
            .iter()
            .map(|event| {
                let reason = event["outcome"]["reason"].as_str().unwrap_or_default().to_owned();
                (text(event, "actor.alternateId"), text(event, "outcome.result"), reason)
            })
            .collect();
        let event = |login: &str, result: &str, reason: &str| (login.to_owned(), result.to_owned(), reason.to_owned());
        assert_eq!(told, [
            event("isaac@example.com", "SUCCESS", ""),
            event("isaac@example.com", "FAILURE", "INVALID_CREDENTIALS"),
            event("nobody@example.com", "FAILURE", "VERIFICATION_ERROR"),
        ]);
        assert_eq!(events[0]["actor"]["id"], user["id"]);
        let failures = org.get("/api/v1/logs?filter=outcome.result%20eq%20%22FAILURE%22").await.ok();
        assert_eq!(failures.as_array().unwrap().len(), 2);
    }
}
