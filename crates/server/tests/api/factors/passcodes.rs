//! Passcodes by text message, phone call and e-mail.

use serde_json::{Value, json};

use super::{
    NO_MATCH, TOO_MANY, WRONG_PASSCODE, enroll, enroll_sms, factor_events, factors_of_new_user, other, passcode, sent,
};
use crate::context::{TestOrg, text};

const SMS_TOO_SOON: (u16, &str, &str) =
    (429, "E0000109", "An SMS message was recently sent. Please wait 30 seconds before trying again.");

/// Enrolls and activates a phone, and answers the factor's path.
async fn active_sms(org: &TestOrg) -> String {
    let factors = factors_of_new_user(org).await;
    let path = format!("{factors}/{}", text(&enroll_sms(org, &factors).await, "id"));
    org.post(&format!("{path}/lifecycle/activate"), json!({ "passCode": passcode(org).await })).await.ok();
    path
}

on_both_engines! {
    async fn a_text_message_brings_the_passcode_that_activates(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let factor = enroll_sms(&org, &factors).await;
        let id = text(&factor, "id");
        assert!(id.starts_with("mbl") && id.len() == 20);
        let own = format!("http://{}{factors}/{id}", org.address());
        let link = |href: String, allow: Value| json!({ "href": href, "hints": { "allow": allow } });
        assert_eq!(
            factor,
            json!({
                "id": id,
                "factorType": "sms",
                "provider": "OKTA",
                "vendorName": "OKTA",
                "status": "PENDING_ACTIVATION",
                "created": "2026-01-02T03:04:05.000Z",
                "lastUpdated": "2026-01-02T03:04:05.000Z",
                "profile": { "phoneNumber": "+12345678901" },
                "_links": {
                    "resend": [{ "name": "sms", "href": format!("{own}/resend"), "hints": { "allow": ["POST"] } }],
                    "activate": link(format!("{own}/lifecycle/activate"), json!(["POST"])),
                    "self": link(own.clone(), json!(["GET"])),
                    "user": link(own.split("/factors").next().unwrap().to_owned(), json!(["GET"])),
                },
            })
        );
        let [(phone, passcode)]: [(String, String); 1] = sent(&org).await.try_into().unwrap();
        assert!(phone == "+12345678901" && passcode.len() == 6);
        let activate = format!("{factors}/{id}/lifecycle/activate");
        let (status, code, summary) = WRONG_PASSCODE;
        org.post(&activate, json!({ "passCode": other(&passcode) })).await.refused(status, code, summary, &[NO_MATCH]);
        let activated = org.post(&activate, json!({ "passCode": passcode })).await.ok();
        assert_eq!(activated["_links"].as_object().unwrap().keys().collect::<Vec<_>>(), ["verify", "self", "user"]);
        assert_eq!(text(&activated, "status"), "ACTIVE");
        let events: Vec<_> =
            factor_events(&org).await.into_iter().map(|(event, outcome, _)| format!("{event} {outcome}")).collect();
        assert_eq!(
            events,
            [
                "system.sms.send_factor_verify_message SUCCESS",
                "user.mfa.factor.activate FAILURE",
                "user.mfa.factor.activate SUCCESS",
            ]
        );
    }
}

on_both_engines! {
    async fn a_verification_without_a_passcode_sends_one(org: TestOrg) {
        let path = active_sms(&org).await;
        let verify = format!("{path}/verify");
        org.wait_seconds(30);
        let own = format!("http://{}{path}", org.address());
        assert_eq!(
            org.post(&verify, json!({})).await.ok(),
            json!({
                "factorResult": "CHALLENGE",
                "profile": { "phoneNumber": "+12345678901" },
                "_links": {
                    "verify": { "href": format!("{own}/verify"), "hints": { "allow": ["POST"] } },
                    "factor": { "href": own, "hints": { "allow": ["GET", "DELETE"] } },
                },
            })
        );
        let passcode = passcode(&org).await;
        let (status, code, summary) = WRONG_PASSCODE;
        org.post(&verify, json!({ "passCode": other(&passcode) })).await.refused(status, code, summary, &[NO_MATCH]);
        let right = json!({ "passCode": passcode });
        assert_eq!(org.post(&verify, right.clone()).await.ok(), json!({ "factorResult": "SUCCESS" }));
        org.post(&verify, right).await.refused(status, code, summary, &[NO_MATCH]);
    }
}

on_both_engines! {
    async fn a_passcode_is_good_for_five_minutes(org: TestOrg) {
        let path = active_sms(&org).await;
        let verify = format!("{path}/verify");
        let (status, code, summary) = WRONG_PASSCODE;
        for (seconds, good) in [(299, true), (300, false)] {
            org.wait_seconds(30);
            org.post(&verify, None).await.ok();
            let passcode = passcode(&org).await;
            org.wait_seconds(seconds);
            let answer = org.post(&verify, json!({ "passCode": passcode })).await;
            if good {
                answer.ok();
            } else {
                answer.refused(status, code, summary, &[NO_MATCH]);
            }
        }
        assert_eq!(sent(&org).await, [], "what is no longer good is not delivered");
    }
}

on_both_engines! {
    async fn five_wrong_passcodes_close_a_phone_for_five_minutes(org: TestOrg) {
        let path = active_sms(&org).await;
        let verify = format!("{path}/verify");
        org.wait_seconds(30);
        org.post(&verify, None).await.ok();
        let passcode = passcode(&org).await;
        let (status, code, summary) = WRONG_PASSCODE;
        for _ in 0..5 {
            org.post(&verify, json!({ "passCode": other(&passcode) })).await.refused(
                status,
                code,
                summary,
                &[NO_MATCH],
            );
        }
        let (status, code, summary) = TOO_MANY;
        org.post(&verify, json!({ "passCode": passcode })).await.refused(status, code, summary, &[]);
        org.wait_seconds(60);
        org.post(&verify, None).await.refused(status, code, summary, &[]);
        org.wait_seconds(240);
        org.post(&verify, None).await.ok();
    }
}

on_both_engines! {
    async fn messages_and_calls_keep_thirty_seconds_and_mails_five(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let phone = json!({ "phoneNumber": "+12345678901" });
        for (factor_type, profile, pause, code, summary) in [
            ("sms", phone.clone(), 30, SMS_TOO_SOON.1, SMS_TOO_SOON.2),
            (
                "call",
                phone,
                30,
                "E0000133",
                "A phone call was recently made. Please wait 30 seconds before trying again.",
            ),
            (
                "email",
                json!({ "email": "isaac@example.com" }),
                5,
                "E0000118",
                "An email was recently sent. Please wait 5 seconds before trying again.",
            ),
        ] {
            let factor = enroll(&org, &factors, factor_type, "OKTA", profile.clone()).await;
            let path = format!("{factors}/{}", text(&factor, "id"));
            let body = json!({ "factorType": factor_type, "provider": "OKTA", "profile": profile });
            let first = sent(&org).await.pop().unwrap();
            org.wait_seconds(pause - 1);
            org.post(&format!("{path}/resend"), body.clone()).await.refused(429, code, summary, &[]);
            org.post(&factors, body.clone()).await.refused(429, code, summary, &[]);
            org.wait_seconds(1);
            let resent = org.post(&format!("{path}/resend"), body).await.ok();
            assert_eq!(resent, factor, "{factor_type}");
            let second = sent(&org).await.pop().unwrap();
            assert!(first.0 == second.0);
            let activated = org.post(&format!("{path}/lifecycle/activate"), json!({ "passCode": second.1 })).await.ok();
            assert_eq!(text(&activated, "status"), "ACTIVE");
            // The pause counts from the last message, also if its passcode is used.
            org.post(&format!("{path}/verify"), None).await.refused(429, code, summary, &[]);
        }
    }
}

on_both_engines! {
    async fn the_lifetime_of_a_mailed_passcode_may_be_chosen(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let factor = json!({ "factorType": "email", "provider": "OKTA", "profile": { "email": "isaac@example.com" } });
        for (seconds, error) in [("0", "E0000001"), ("86401", "E0000001"), ("soon", "E0000037")] {
            let answer = org.post(&format!("{factors}?tokenLifetimeSeconds={seconds}"), factor.clone()).await;
            assert_eq!((answer.status, text(&answer.body, "errorCode").as_str()), (400, error), "{seconds}");
        }
        let enrolled = org.post(&format!("{factors}?tokenLifetimeSeconds=86400"), factor).await.ok();
        assert!(text(&enrolled, "id").starts_with("emf"));
        let path = format!("{factors}/{}", text(&enrolled, "id"));
        org.wait_seconds(86_399);
        org.post(&format!("{path}/lifecycle/activate"), json!({ "passCode": passcode(&org).await })).await.ok();
        let challenge = org.post(&format!("{path}/verify?tokenLifetimeSeconds=10"), None).await.ok();
        assert_eq!((text(&challenge, "factorResult"), challenge.get("profile")), ("CHALLENGE".to_owned(), None));
        let passcode = passcode(&org).await;
        org.wait_seconds(10);
        let (status, code, summary) = WRONG_PASSCODE;
        org.post(&format!("{path}/verify"), json!({ "passCode": passcode })).await.refused(
            status,
            code,
            summary,
            &[NO_MATCH],
        );
    }
}

on_both_engines! {
    async fn activate_skips_the_passcode(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let call = json!({ "factorType": "call", "provider": "OKTA",
                "profile": { "phoneNumber": "+1-555-415-1337", "phoneExtension": "1234" } });
        let factor = org.post(&format!("{factors}?activate=true"), call).await.ok();
        assert!(text(&factor, "id").starts_with("clf"));
        assert_eq!(factor["profile"], json!({ "phoneNumber": "+15554151337", "phoneExtension": "1234" }));
        assert_eq!((text(&factor, "status"), sent(&org).await), ("ACTIVE".to_owned(), vec![]));
        let challenge = org.post(&format!("{factors}/{}/verify", text(&factor, "id")), None).await.ok();
        assert_eq!(challenge["profile"], factor["profile"]);
        let messages = org.messages_of("passcode").await;
        assert_eq!(messages.iter().map(|message| text(message, "extension")).collect::<Vec<_>>(), ["1234"]);
    }
}

on_both_engines! {
    async fn a_pending_phone_changes_with_update_phone_alone(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let id = text(&enroll_sms(&org, &factors).await, "id");
        let other = || json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+12345678902" } });
        let summary = "Api validation failed: factorEnrollRequest";
        org.post(&factors, other()).await.refused(
            400,
            "E0000001",
            summary,
            &["There is an existing verified phone number."],
        );
        let changed = org.post(&format!("{factors}?updatePhone=true"), other()).await.ok();
        assert_eq!((text(&changed, "id"), text(&changed, "profile.phoneNumber")), (id, "+12345678902".to_owned()));
        assert_eq!(sent(&org).await[0].0, "+12345678902");
        // The number may be left out from now on.
        org.wait_seconds(30);
        let same = org.post(&factors, json!({ "factorType": "sms", "provider": "OKTA" })).await.ok();
        assert_eq!(text(&same, "profile.phoneNumber"), "+12345678902");
    }
}

on_both_engines! {
    async fn a_phone_number_must_be_one_of_e164(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        for profile in
            [json!({}), json!({ "phoneNumber": "5554151337" }), json!({ "phoneNumber": "+1234567890123456" })]
        {
            for factor_type in ["sms", "call"] {
                let factor = json!({ "factorType": factor_type, "provider": "OKTA", "profile": profile });
                org.post(&factors, factor).await.refused(400, "E0000098", "This phone number is invalid.", &[]);
            }
        }
        let extension = json!({ "factorType": "call", "provider": "OKTA",
                "profile": { "phoneNumber": "+12345678901", "phoneExtension": "12x" } });
        let summary = "Invalid phone extension. Please enter a valid phone extension.";
        org.post(&factors, extension).await.refused(400, "E0000121", summary, &[]);
    }
}

on_both_engines! {
    async fn only_the_users_own_addresses_can_be_enrolled(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let user = factors.trim_end_matches("/factors");
        org.post(user, json!({ "profile": { "secondEmail": "brock@example.org" } })).await.ok();
        let email = |email: &str| json!({ "factorType": "email", "provider": "OKTA", "profile": { "email": email } });
        let summary = "Api validation failed: Only verified primary or secondary email can be enrolled.";
        org.post(&factors, email("eric@example.com")).await.refused(400, "E0000001", summary, &[]);
        let factor = org.post(&factors, email("Brock@example.org")).await.ok();
        assert_eq!(factor["profile"], json!({ "email": "brock@example.org" }));
        assert_eq!(sent(&org).await[0].0, "brock@example.org");
    }
}
