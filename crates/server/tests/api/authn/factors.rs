//! Proving a factor in a sign-in.

use serde_json::{Value, json};

use super::{anyone, events, link_token, refused, sign_in, status, void, wrong_state};
use crate::context::{Answer, TestOrg, text};
use crate::factors::webauthn::{Key, named, post};
use crate::factors::{NO_MATCH, TOO_MANY, WRONG_PASSCODE, enroll, enroll_question, other, passcode, totp};
use crate::policies::{set_password_policy, set_rule};
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, credentials, path_of, path_of_new};

pub(crate) const LOGIN: &str = "isaac@example.com";

/// Asks everybody in the org for a factor.
pub(crate) async fn require_factor(org: &TestOrg) {
    set_rule(org, "OKTA_SIGN_ON", json!({ "signon": { "requireFactor": true } })).await.ok();
}

/// A user in an org that asks for factors; answers the path of their factors.
pub(crate) async fn factors_of_new_user(org: &TestOrg) -> String {
    require_factor(org).await;
    format!("{}/factors", path_of_new(org, "", LOGIN, credentials()).await)
}

/// Enrolls and activates codes; answers the factor's id and secret.
async fn active_totp(org: &TestOrg, factors: &str) -> (String, String) {
    let factor = enroll(org, factors, "token:software:totp", "GOOGLE", Value::Null).await;
    let (id, secret) = (text(&factor, "id"), text(&factor, "_embedded.activation.sharedSecret"));
    let code = totp::code(&secret, seconds(org));
    org.post(&format!("{factors}/{id}/lifecycle/activate"), json!({ "passCode": code })).await.ok();
    (id, secret)
}

/// Seconds since the start of the test.
pub(crate) fn seconds(org: &TestOrg) -> i64 {
    (org.clock.now().as_millis() - crate::context::START) / 1000
}

/// Begins a sign-in and answers its state token.
pub(crate) async fn state_token(org: &TestOrg) -> String {
    text(&sign_in(org, LOGIN, PASSWORD).await.ok(), "stateToken")
}

/// Proves a factor, or asks to be challenged.
pub(crate) async fn verify(org: &TestOrg, token: &str, id: &str, mut proof: Value) -> Answer {
    proof["stateToken"] = json!(token);
    anyone(org, &format!("/factors/{id}/verify"), proof).await
}

async fn session(org: &TestOrg, success: &Value) -> Value {
    org.post("/api/v1/sessions", json!({ "sessionToken": success["sessionToken"] })).await.ok()
}

on_both_engines! {
    async fn who_has_a_factor_is_asked_for_it_where_the_org_asks(org: TestOrg) {
        let user = org.create_with("", LOGIN, credentials()).await;
        let factors = format!("{}/factors", path_of(&user));
        let question = text(&enroll_question(&org, &factors).await, "id");
        assert_eq!(status(sign_in(&org, LOGIN, PASSWORD).await), "SUCCESS");
        require_factor(&org).await;
        let sms = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+1-555-415-1337" } });
        let sms = text(&org.post(&format!("{factors}?activate=true"), sms).await.ok(), "id");
        enroll(&org, &factors, "token:software:totp", "OKTA", Value::Null).await;
        let body = json!({ "username": LOGIN, "password": PASSWORD, "relayState": "/home" });
        let answer = anyone(&org, "", body).await.ok();
        let base = format!("http://{}/api/v1/authn", org.address());
        let link = |path: &str| json!({ "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } });
        assert_eq!(answer, json!({
            "stateToken": answer["stateToken"],
            "expiresAt": org.clock.now().plus_seconds(300).to_string(),
            "status": "MFA_REQUIRED",
            "relayState": "/home",
            "_embedded": {
                "user": {
                    "id": user["id"],
                    "passwordChanged": user["passwordChanged"],
                    "profile": { "login": LOGIN, "firstName": "Isaac", "lastName": "Brock",
                        "locale": "en_US", "timeZone": "America/Los_Angeles" },
                },
                "factors": [
                    {
                        "id": question, "factorType": "question", "provider": "OKTA", "vendorName": "OKTA",
                        "profile": {
                            "question": "disliked_food",
                            "questionText": "What is the food you least liked as a child?",
                        },
                        "_links": { "verify": link(&format!("/factors/{question}/verify")) },
                    },
                    {
                        "id": sms, "factorType": "sms", "provider": "OKTA", "vendorName": "OKTA",
                        "profile": { "phoneNumber": "+1 XXX-XXX-1337" },
                        "_links": { "verify": link(&format!("/factors/{sms}/verify")) },
                    },
                ],
                "policy": { "allowRememberDevice": false, "rememberDeviceLifetimeInMinutes": 0,
                    "rememberDeviceByDefault": false, "factorsPolicyInfo": {} },
            },
            "_links": { "cancel": link("/cancel") },
        }));
        let token = text(&answer, "stateToken");
        assert_eq!(anyone(&org, "", json!({ "stateToken": token })).await.ok(), answer);
        let success = verify(&org, &token, &question, json!({ "answer": "Mayonnaise" })).await.ok();
        assert_eq!((text(&success, "status"), text(&success, "relayState")), ("SUCCESS".into(), "/home".into()));
        void(verify(&org, &token, &question, json!({ "answer": "Mayonnaise" })).await);
    }
}

on_both_engines! {
    async fn a_session_tells_which_factor_was_proved_and_when(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let (id, secret) = active_totp(&org, &factors).await;
        let before = org.clock.now().whole_second().to_string();
        let token = state_token(&org).await;
        org.wait_seconds(60);
        let code = totp::code(&secret, seconds(&org));
        let success = verify(&org, &token, &id, json!({ "passCode": code })).await.ok();
        let session = session(&org, &success).await;
        assert_eq!(session["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(session["mfaActive"], true);
        assert_eq!(session["lastPasswordVerification"], json!(before));
        assert_eq!(session["lastFactorVerification"], json!(org.clock.now().whole_second().to_string()));
        let again = verify(&org, &state_token(&org).await, &id, json!({ "passCode": code })).await;
        assert_eq!(again.body["errorCode"], "E0000082", "a code is good once");
    }
}

on_both_engines! {
    async fn only_active_factors_make_a_session_mfa_active(org: TestOrg) {
        let factors = format!("{}/factors", path_of_new(&org, "", LOGIN, credentials()).await);
        enroll(&org, &factors, "token:software:totp", "OKTA", Value::Null).await;
        let success = sign_in(&org, LOGIN, PASSWORD).await.ok();
        assert_eq!(session(&org, &success).await["mfaActive"], false);
        enroll_question(&org, &factors).await;
        let success = sign_in(&org, LOGIN, PASSWORD).await.ok();
        assert_eq!(session(&org, &success).await["mfaActive"], true);
    }
}

on_both_engines! {
    async fn a_passcode_is_sent_resent_and_taken(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let sms = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+15554151337" } });
        let id = text(&org.post(&format!("{factors}?activate=true"), sms).await.ok(), "id");
        let token = state_token(&org).await;
        wrong_state(anyone(&org, &format!("/factors/{id}/verify/resend"), json!({ "stateToken": token })).await);
        let path = format!("/factors/{id}/verify?rememberDevice=true&autoPush=false");
        let answer = anyone(&org, &path, json!({ "stateToken": token })).await.ok();
        let base = format!("http://{}/api/v1/authn", org.address());
        let link = |path: &str| json!({ "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } });
        let named = |name: &str, path: &str| {
            json!({ "name": name, "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } })
        };
        assert_eq!(answer["status"], "MFA_CHALLENGE");
        assert_eq!(answer["_embedded"]["factor"], json!({
            "id": id, "factorType": "sms", "provider": "OKTA", "vendorName": "OKTA",
            "profile": { "phoneNumber": "+1 XXX-XXX-1337" },
        }));
        assert_eq!(answer["_embedded"]["policy"]["allowRememberDevice"], false);
        assert_eq!(answer["_links"], json!({
            "next": named("verify", &format!("/factors/{id}/verify")),
            "cancel": link("/cancel"),
            "prev": link("/previous"),
            "resend": [named("sms", &format!("/factors/{id}/verify/resend"))],
        }));
        let path = format!("/factors/{id}/verify/resend");
        let resend = || anyone(&org, &path, json!({ "stateToken": token }));
        assert_eq!(resend().await.body["errorCode"], "E0000109");
        let first = passcode(&org).await;
        org.wait_seconds(30);
        assert_eq!(status(resend().await), "MFA_CHALLENGE");
        let second = passcode(&org).await;
        if first != second {
            let old = verify(&org, &token, &id, json!({ "passCode": first })).await;
            old.refused(WRONG_PASSCODE.0, WRONG_PASSCODE.1, WRONG_PASSCODE.2, &[NO_MATCH]);
        }
        let success = verify(&org, &token, &id, json!({ "passCode": second })).await.ok();
        assert_eq!(session(&org, &success).await["amr"], json!(["pwd", "sms", "mfa"]));
    }
}

on_both_engines! {
    async fn who_thinks_better_of_it_chooses_another_factor(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let question = text(&enroll_question(&org, &factors).await, "id");
        let (totp, secret) = active_totp(&org, &factors).await;
        let token = state_token(&org).await;
        wrong_state(anyone(&org, "/previous", json!({ "stateToken": token })).await);
        let challenged = verify(&org, &token, &totp, json!({})).await.ok();
        assert_eq!((text(&challenged, "status"), challenged["_links"].get("resend")), ("MFA_CHALLENGE".into(), None));
        assert_eq!(challenged["_embedded"]["factor"]["profile"], json!({ "credentialId": LOGIN }));
        assert!(challenged["_embedded"]["factor"].get("_embedded").is_none(), "the secret is shown no more");
        assert_eq!(status(anyone(&org, "/previous", json!({ "stateToken": token })).await), "MFA_REQUIRED");
        let wrong = verify(&org, &token, &question, json!({ "answer": "ketchup" })).await;
        let no_match = "Your answer doesn't match our records. Please try again.";
        wrong.refused(WRONG_PASSCODE.0, WRONG_PASSCODE.1, WRONG_PASSCODE.2, &[no_match]);
        org.wait_seconds(30);
        let code = totp::code(&secret, seconds(&org));
        assert_eq!(status(verify(&org, &token, &totp, json!({ "passCode": code })).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_security_key_signs_the_challenge_of_the_sign_in(org: TestOrg) {
        let (caller, origin) = named(&org);
        let factors = factors_of_new_user(&org).await;
        let factor = post(&caller, &factors, json!({ "factorType": "webauthn", "provider": "FIDO" })).await.ok();
        let (id, mut key) = (text(&factor, "id"), Key::at(&origin));
        let registered = key.register(&text(&factor, "_embedded.activation.challenge"));
        post(&caller, &format!("{factors}/{id}/lifecycle/activate"), registered).await.ok();
        let token = state_token(&org).await;
        let challenged = verify(&org, &token, &id, json!({})).await.ok();
        assert_eq!((text(&challenged, "factorResult"), text(&challenged, "challengeType")), ("CHALLENGE".into(), "FACTOR".into()));
        let challenge = text(&challenged, "_embedded.factor._embedded.challenge.challenge");
        let success = verify(&org, &token, &id, key.sign(&challenge)).await.ok();
        assert_eq!(session(&org, &success).await["amr"], json!(["pwd", "hwk", "mfa"]));
        let token = state_token(&org).await;
        let replayed = verify(&org, &token, &id, key.sign(&challenge)).await;
        assert_eq!(replayed.body["errorCode"], "E0000068", "a challenge is answered once");
    }
}

on_both_engines! {
    async fn wrong_proofs_lock_the_user_out_as_wrong_passwords_do(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        set_password_policy(&org, json!({ "password": { "lockout": { "maxAttempts": 3 } } })).await.ok();
        let question = text(&enroll_question(&org, &factors).await, "id");
        let wrong = json!({ "answer": "ketchup" });
        for _ in 0..2 {
            // The right password alone does not make good for a wrong answer.
            let token = state_token(&org).await;
            let refused = verify(&org, &token, &question, wrong.clone()).await;
            assert_eq!(refused.body["errorCode"], "E0000068");
        }
        let (token, another) = (state_token(&org).await, state_token(&org).await);
        verify(&org, &token, &question, wrong.clone()).await.refused(403, "E0000069", "User Locked", &[]);
        void(verify(&org, &token, &question, json!({ "answer": "mayonnaise" })).await);
        void(verify(&org, &another, &question, json!({ "answer": "mayonnaise" })).await);
        refused(sign_in(&org, LOGIN, PASSWORD).await);
        let user = factors.strip_suffix("/factors").unwrap();
        assert_eq!(text(&org.get(user).await.ok(), "status"), "LOCKED_OUT");
        assert_eq!(events(&org, "user.account.lock").await.len(), 1);
        let failures = events(&org, "user.authentication.auth_via_mfa").await;
        assert_eq!(failures.len(), 3);
        assert_eq!((text(&failures[0], "outcome.reason"), text(&failures[0], "actor.alternateId")), ("INVALID_CREDENTIALS".into(), LOGIN.into()));
    }
}

on_both_engines! {
    async fn a_success_forgives_earlier_failures(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        set_password_policy(&org, json!({ "password": { "lockout": { "maxAttempts": 3 } } })).await.ok();
        let question = text(&enroll_question(&org, &factors).await, "id");
        for _ in 0..3 {
            let token = state_token(&org).await;
            verify(&org, &token, &question, json!({ "answer": "ketchup" })).await;
            verify(&org, &token, &question, json!({ "answer": "mustard" })).await;
            assert_eq!(status(verify(&org, &token, &question, json!({ "answer": "mayonnaise" })).await), "SUCCESS");
        }
    }
}

on_both_engines! {
    async fn guessing_is_slowed_down_across_sign_ins(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let question = text(&enroll_question(&org, &factors).await, "id");
        for _ in 0..5 {
            verify(&org, &state_token(&org).await, &question, json!({ "answer": "ketchup" })).await;
        }
        let token = state_token(&org).await;
        let right = json!({ "answer": "mayonnaise" });
        let throttled = verify(&org, &token, &question, right.clone()).await;
        throttled.refused(TOO_MANY.0, TOO_MANY.1, TOO_MANY.2, &[]);
        org.wait_seconds(299);
        assert_eq!(status(anyone(&org, "", json!({ "stateToken": token })).await), "MFA_REQUIRED");
        org.wait_seconds(1);
        assert_eq!(status(verify(&org, &token, &question, right).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn a_factor_comes_before_an_expired_password(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let question = text(&enroll_question(&org, &factors).await, "id");
        let user = factors.strip_suffix("/factors").unwrap();
        org.post(&format!("{user}/lifecycle/expire_password"), None).await.ok();
        let token = state_token(&org).await;
        let change = json!({ "stateToken": token, "oldPassword": PASSWORD, "newPassword": NEW_PASSWORD });
        wrong_state(anyone(&org, "/credentials/change_password", change.clone()).await);
        let answer = verify(&org, &token, &question, json!({ "answer": "mayonnaise" })).await;
        assert_eq!(status(answer), "PASSWORD_EXPIRED");
        let success = anyone(&org, "/credentials/change_password", change).await.ok();
        assert_eq!(session(&org, &success).await["amr"], json!(["pwd", "kba", "mfa"]));
    }
}

on_both_engines! {
    async fn a_reset_password_does_not_stand_for_a_factor(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let question = text(&enroll_question(&org, &factors).await, "id");
        let user = factors.strip_suffix("/factors").unwrap();
        let recovery = link_token(&org, user, "lifecycle/reset_password").await;
        let reset = anyone(&org, "/recovery/token", json!({ "recoveryToken": recovery })).await.ok();
        let token = text(&reset, "stateToken");
        let body = json!({ "stateToken": token, "newPassword": NEW_PASSWORD });
        let answer = anyone(&org, "/credentials/reset_password", body).await.ok();
        assert_eq!((text(&answer, "status"), text(&answer, "stateToken")), ("MFA_REQUIRED".into(), token.clone()));
        assert_eq!(status(verify(&org, &token, &question, json!({ "answer": "mayonnaise" })).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn only_ones_own_active_factors_can_be_proved(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let question = text(&enroll_question(&org, &factors).await, "id");
        let pending = enroll(&org, &factors, "token:software:totp", "GOOGLE", Value::Null).await;
        let eric = path_of_new(&org, "", "eric@example.com", credentials()).await;
        let erics = text(&enroll_question(&org, &format!("{eric}/factors")).await, "id");
        let token = state_token(&org).await;
        let other = verify(&org, &token, &erics, json!({ "answer": "mayonnaise" })).await;
        let summary = format!("Not found: Resource not found: {erics} (UserFactor)");
        other.refused(404, "E0000007", &summary, &[]);
        let code = totp::code(&text(&pending, "_embedded.activation.sharedSecret"), seconds(&org));
        for proof in [json!({}), json!({ "passCode": code })] {
            let answer = verify(&org, &token, &text(&pending, "id"), proof).await;
            assert_eq!((answer.status, answer.body["errorCode"].as_str()), (410, Some("E0000154")));
        }
        let body = json!({ "factorType": "email", "provider": "OKTA", "stateToken": token });
        wrong_state(anyone(&org, "/factors", body).await);
        wrong_state(anyone(&org, "/skip", json!({ "stateToken": token })).await);
        org.post(&format!("{}/lifecycle/suspend", factors.strip_suffix("/factors").unwrap()), None).await.ok();
        void(verify(&org, &token, &question, json!({ "answer": "mayonnaise" })).await);
    }
}
