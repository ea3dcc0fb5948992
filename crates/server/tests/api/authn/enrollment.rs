//! Enrolling a factor in a sign-in.

use serde_json::{Value, json};

use super::factors::{LOGIN, factors_of_new_user, require_factor, seconds, state_token, verify};
use super::{anyone, sign_in, status, void, wrong_state};
use crate::context::{Answer, TestOrg, text};
use crate::factors::{NO_MATCH, WRONG_PASSCODE, enroll_question, other, passcode, totp};
use crate::policies::set_password_policy;
use crate::users::fixtures::{PASSWORD, credentials, path_of_new};

/// Enrolls in a sign-in.
async fn enroll(org: &TestOrg, token: &str, factor_type: &str, profile: Value) -> Answer {
    let body = json!({ "stateToken": token, "factorType": factor_type, "provider": "OKTA", "profile": profile });
    anyone(org, "/factors", body).await
}

async fn activate(org: &TestOrg, token: &str, id: &str, passcode: &str) -> Answer {
    let body = json!({ "stateToken": token, "passCode": passcode });
    anyone(org, &format!("/factors/{id}/lifecycle/activate"), body).await
}

fn question() -> Value {
    json!({ "question": "disliked_food", "answer": "mayonnaise" })
}

on_both_engines! {
    async fn who_has_no_factor_enrolls_one_where_the_org_asks(org: TestOrg) {
        factors_of_new_user(&org).await;
        let answer = sign_in(&org, LOGIN, PASSWORD).await.ok();
        assert_eq!(answer["status"], "MFA_ENROLL");
        let base = format!("http://{}/api/v1/authn", org.address());
        let link = |path: &str| json!({ "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } });
        assert_eq!(answer["_links"], json!({ "cancel": link("/cancel") }));
        assert!(answer["_embedded"].get("policy").is_none());
        let offered = answer["_embedded"]["factors"].as_array().unwrap();
        assert_eq!(offered.len(), 7);
        assert_eq!(offered[0], json!({
            "factorType": "question", "provider": "OKTA", "vendorName": "OKTA",
            "_links": { "enroll": link("/factors") }, "status": "NOT_SETUP", "enrollment": "OPTIONAL",
        }));
        let token = text(&answer, "stateToken");
        wrong_state(anyone(&org, "/skip", json!({ "stateToken": token })).await);
        assert_eq!(status(enroll(&org, &token, "question", question()).await), "SUCCESS");
        void(enroll(&org, &token, "question", question()).await);
        assert_eq!(status(sign_in(&org, LOGIN, PASSWORD).await), "MFA_REQUIRED");
    }
}

on_both_engines! {
    async fn codes_are_enrolled_by_their_secret_and_activated_by_the_first(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let token = state_token(&org).await;
        let answer = enroll(&org, &token, "token:software:totp", Value::Null).await.ok();
        assert_eq!(answer["status"], "MFA_ENROLL_ACTIVATE");
        let factor = &answer["_embedded"]["factor"];
        let (id, secret) = (text(factor, "id"), text(factor, "_embedded.activation.sharedSecret"));
        let qr_code = text(factor, "_embedded.activation._links.qrcode.href");
        assert!(qr_code.starts_with(&format!("http://{}{factors}/{id}/qr/", org.address())), "{qr_code}");
        assert_eq!(factor["profile"], json!({ "credentialId": LOGIN }));
        let base = format!("http://{}/api/v1/authn", org.address());
        let link = |path: &str| json!({ "href": format!("{base}{path}"), "hints": { "allow": ["POST"] } });
        let mut next = link(&format!("/factors/{id}/lifecycle/activate"));
        next["name"] = json!("activate");
        assert_eq!(answer["_links"], json!({ "next": next, "cancel": link("/cancel"), "prev": link("/previous") }));
        let code = totp::code(&secret, seconds(&org));
        let wrong = activate(&org, &token, &id, &other(&code)).await;
        wrong.refused(WRONG_PASSCODE.0, WRONG_PASSCODE.1, WRONG_PASSCODE.2, &[NO_MATCH]);
        let success = activate(&org, &token, &id, &code).await.ok();
        let session = org.post("/api/v1/sessions", json!({ "sessionToken": success["sessionToken"] })).await.ok();
        assert_eq!((&session["amr"], &session["mfaActive"]), (&json!(["pwd", "otp", "mfa"]), &json!(true)));
        assert_eq!(org.get(&format!("{factors}/{id}")).await.ok()["status"], "ACTIVE");
    }
}

on_both_engines! {
    async fn a_phone_is_enrolled_by_the_passcode_that_it_gets(org: TestOrg) {
        factors_of_new_user(&org).await;
        let token = state_token(&org).await;
        let answer = enroll(&org, &token, "sms", json!({ "phoneNumber": "+1-555-415-1337" })).await.ok();
        let id = text(&answer, "_embedded.factor.id");
        assert_eq!(answer["_embedded"]["factor"]["profile"], json!({ "phoneNumber": "+1 XXX-XXX-1337" }));
        let resend = format!("/factors/{id}/lifecycle/resend");
        assert_eq!(answer["_links"]["resend"][0]["href"], format!("http://{}/api/v1/authn{resend}", org.address()));
        assert_eq!(answer["_links"]["resend"][0]["name"], "sms");
        assert_eq!(anyone(&org, &resend, json!({ "stateToken": token })).await.body["errorCode"], "E0000109");
        org.wait_seconds(30);
        assert_eq!(status(anyone(&org, &resend, json!({ "stateToken": token })).await), "MFA_ENROLL_ACTIVATE");
        // Back to the choice, and to another phone.
        assert_eq!(status(anyone(&org, "/previous", json!({ "stateToken": token })).await), "MFA_ENROLL");
        wrong_state(activate(&org, &token, &id, &passcode(&org).await).await);
        let other_phone = json!({ "stateToken": token, "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+15554150000" } });
        let refused = anyone(&org, "/factors", other_phone.clone()).await;
        refused.refused(400, "E0000001", "Api validation failed: factorEnrollRequest", &["There is an existing verified phone number."]);
        let answer = anyone(&org, "/factors?updatePhone=true", other_phone).await.ok();
        assert_eq!(answer["_embedded"]["factor"]["profile"], json!({ "phoneNumber": "+1 XXX-XXX-0000" }));
        assert_eq!(status(activate(&org, &token, &id, &passcode(&org).await).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn who_wants_to_is_offered_factor_after_factor(org: TestOrg) {
        factors_of_new_user(&org).await;
        let options = json!({ "multiOptionalFactorEnroll": true });
        let body = json!({ "username": LOGIN, "password": PASSWORD, "options": options });
        let token = text(&anyone(&org, "", body).await.ok(), "stateToken");
        let answer = enroll(&org, &token, "question", question()).await.ok();
        assert_eq!((text(&answer, "status"), text(&answer, "_links.skip.name")), ("MFA_ENROLL".into(), "skip".into()));
        let enrolled = &answer["_embedded"]["factors"][0];
        assert_eq!((&enrolled["status"], enrolled.get("_links")), (&json!("ACTIVE"), None));
        let answer = enroll(&org, &token, "email", Value::Null).await.ok();
        assert_eq!(answer["_embedded"]["factor"]["profile"], json!({ "email": "i...c@example.com" }));
        let id = text(&answer, "_embedded.factor.id");
        assert_eq!(status(activate(&org, &token, &id, &passcode(&org).await).await), "MFA_ENROLL");
        let success = anyone(&org, "/skip", json!({ "stateToken": token })).await.ok();
        let session = org.post("/api/v1/sessions", json!({ "sessionToken": success["sessionToken"] })).await.ok();
        assert_eq!(session["amr"], json!(["pwd", "kba", "otp", "mfa"]));
    }
}

on_both_engines! {
    async fn a_stolen_password_does_not_enroll_beside_a_factor(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let (thief, another) = (state_token(&org).await, state_token(&org).await);
        let pending = enroll(&org, &another, "token:software:totp", Value::Null).await.ok();
        let question = text(&enroll_question(&org, &factors).await, "id");
        wrong_state(enroll(&org, &thief, "email", Value::Null).await);
        wrong_state(enroll(&org, &thief, "question", question_of_thief()).await);
        let code = totp::code(&text(&pending, "_embedded.factor._embedded.activation.sharedSecret"), seconds(&org));
        wrong_state(activate(&org, &another, &text(&pending, "_embedded.factor.id"), &code).await);
        let proof = json!({ "answer": "mayonnaise" });
        assert_eq!(status(verify(&org, &state_token(&org).await, &question, proof).await), "SUCCESS");
    }
}

fn question_of_thief() -> Value {
    json!({ "question": "first_award", "answer": "burglary" })
}

on_both_engines! {
    async fn guesses_at_an_activation_lock_the_user_out(org: TestOrg) {
        factors_of_new_user(&org).await;
        set_password_policy(&org, json!({ "password": { "lockout": { "maxAttempts": 2 } } })).await.ok();
        let token = state_token(&org).await;
        let answer = enroll(&org, &token, "call", json!({ "phoneNumber": "+15554151337" })).await.ok();
        let id = text(&answer, "_embedded.factor.id");
        let right = passcode(&org).await;
        activate(&org, &token, &id, &other(&right)).await;
        activate(&org, &token, &id, &other(&right)).await.refused(403, "E0000069", "User Locked", &[]);
        void(activate(&org, &token, &id, &right).await);
    }
}

on_both_engines! {
    async fn bad_enrolments_are_refused_and_the_sign_in_waits_on(org: TestOrg) {
        require_factor(&org).await;
        path_of_new(&org, "", LOGIN, credentials()).await;
        let token = state_token(&org).await;
        let refuse = |answer: Answer| {
            assert_eq!(answer.status, 400, "{}", answer.body);
            answer.body["errorCode"].as_str().unwrap().to_owned()
        };
        assert_eq!(refuse(enroll(&org, &token, "push", Value::Null).await), "E0000001");
        assert_eq!(refuse(enroll(&org, &token, "question", json!({ "question": "disliked_food" })).await), "E0000001");
        assert_eq!(refuse(enroll(&org, &token, "sms", json!({ "phoneNumber": "12" })).await), "E0000098");
        assert_eq!(refuse(anyone(&org, "/factors", json!({ "factorType": "question" })).await), "E0000001");
        void(enroll(&org, "00nobody", "email", Value::Null).await);
        assert_eq!(status(anyone(&org, "", json!({ "stateToken": token })).await), "MFA_ENROLL");
        assert_eq!(status(enroll(&org, &token, "question", question()).await), "SUCCESS");
    }
}
