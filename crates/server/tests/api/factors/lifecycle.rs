//! From the catalogue to the removal, for every kind alike.

use serde_json::{Value, json};

use super::{enroll, enroll_question, enroll_sms, factor_events, factors_of_new_user, passcode, sent};
use crate::context::text;

on_both_engines! {
    async fn a_new_user_has_no_factors_and_a_catalogue_of_seven(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        assert_eq!(org.get(&factors).await.ok(), json!([]));
        let base = format!("http://{}{factors}", org.address());
        let catalog = org.get(&format!("{factors}/catalog")).await.ok();
        let kinds: Vec<_> =
            catalog.as_array().unwrap().iter().map(|it| (text(it, "factorType"), text(it, "provider"))).collect();
        let wanted = [
            ("question", "OKTA"),
            ("token:software:totp", "OKTA"),
            ("token:software:totp", "GOOGLE"),
            ("sms", "OKTA"),
            ("call", "OKTA"),
            ("email", "OKTA"),
            ("webauthn", "FIDO"),
        ];
        assert_eq!(kinds, wanted.map(|(factor_type, provider)| (factor_type.to_owned(), provider.to_owned())));
        assert_eq!(
            catalog[0],
            json!({
                "factorType": "question",
                "provider": "OKTA",
                "vendorName": "OKTA",
                "status": "NOT_SETUP",
                "_links": {
                    "questions": { "href": format!("{base}/questions"), "hints": { "allow": ["GET"] } },
                    "enroll": { "href": base, "hints": { "allow": ["POST"] } },
                },
            })
        );
    }
}

on_both_engines! {
    async fn the_catalogue_tells_what_the_user_has(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        enroll_question(&org, &factors).await;
        enroll_sms(&org, &factors).await;
        let catalog = org.get(&format!("{factors}/catalog")).await.ok();
        let statuses: Vec<_> = catalog.as_array().unwrap().iter().map(|kind| text(kind, "status")).collect();
        assert_eq!(
            statuses,
            ["ACTIVE", "NOT_SETUP", "NOT_SETUP", "PENDING_ACTIVATION", "NOT_SETUP", "NOT_SETUP", "NOT_SETUP"]
        );
    }
}

on_both_engines! {
    async fn factors_are_listed_in_the_order_they_were_enrolled_and_found_by_login(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let first = enroll_sms(&org, &factors).await;
        let second = enroll_question(&org, &factors).await;
        assert_eq!(org.get("/api/v1/users/isaac@example.com/factors").await.ok(), json!([first, second]));
        let path = format!("/api/v1/users/isaac/factors/{}", text(&first, "id"));
        assert_eq!(org.get(&path).await.ok(), first);
    }
}

on_both_engines! {
    async fn a_factor_is_not_found_under_another_user(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let id = text(&enroll_question(&org, &factors).await, "id");
        let other = text(&org.create("eric@example.com").await, "id");
        let path = format!("/api/v1/users/{other}/factors/{id}");
        let summary = format!("Not found: Resource not found: {id} (UserFactor)");
        org.get(&path).await.refused(404, "E0000007", &summary, &[]);
        org.delete(&path).await.refused(404, "E0000007", &summary, &[]);
        org.post(&format!("{path}/verify"), json!({ "answer": "mayonnaise" })).await.refused(
            404,
            "E0000007",
            &summary,
            &[],
        );
        assert_eq!(org.get(&factors).await.ok()[0]["id"], id);
    }
}

on_both_engines! {
    async fn a_second_factor_of_a_kind_is_refused_once_the_first_is_active(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        enroll_question(&org, &factors).await;
        let again = json!({ "factorType": "question", "provider": "OKTA",
                "profile": { "question": "first_award", "answer": "spelling" } });
        let summary = "Api validation failed: factorEnrollRequest";
        org.post(&factors, again).await.refused(
            400,
            "E0000001",
            summary,
            &["A factor of this type is already set up."],
        );
        // The other provider's is another kind.
        enroll(&org, &factors, "token:software:totp", "OKTA", Value::Null).await;
        enroll(&org, &factors, "token:software:totp", "GOOGLE", Value::Null).await;
    }
}

on_both_engines! {
    async fn an_unknown_kind_of_factor_is_refused(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let summary = "Api validation failed: factorEnrollRequest";
        for body in [
            json!({}),
            json!({ "factorType": "push", "provider": "OKTA" }),
            json!({ "factorType": "sms", "provider": "GOOGLE" }),
        ] {
            let cause = "Invalid factor type or provider.";
            org.post(&factors, body).await.refused(400, "E0000001", summary, &[cause]);
        }
        for body in
            [json!([]), json!({ "factorType": 1 }), json!({ "factorType": "sms", "provider": "OKTA", "profile": "x" })]
        {
            org.post(&factors, body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        }
    }
}

on_both_engines! {
    async fn a_deleted_factor_is_gone_with_its_passcode_and_may_be_enrolled_again(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let id = text(&enroll_sms(&org, &factors).await, "id");
        passcode(&org).await;
        let path = format!("{factors}/{id}");
        org.delete(&format!("{path}?removeEnrollmentRecovery=true")).await.no_content();
        assert_eq!(sent(&org).await, []);
        let summary = format!("Not found: Resource not found: {id} (UserFactor)");
        for answer in [org.get(&path).await, org.delete(&path).await] {
            answer.refused(404, "E0000007", &summary, &[]);
        }
        assert_ne!(enroll_sms(&org, &factors).await["id"], id);
    }
}

on_both_engines! {
    async fn reset_factors_removes_each_and_tells_of_each(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        enroll_question(&org, &factors).await;
        enroll_sms(&org, &factors).await;
        let user = factors.trim_end_matches("/factors");
        assert_eq!(org.post(&format!("{user}/lifecycle/reset_factors"), None).await.ok(), json!({}));
        assert_eq!(org.get(&factors).await.ok(), json!([]));
        assert_eq!(sent(&org).await, []);
        let log = org.get("/api/v1/logs").await.ok();
        let events: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect();
        let wanted = ["user.mfa.factor.deactivate", "user.mfa.factor.deactivate", "user.mfa.factor.reset_all"];
        assert_eq!(events[events.len() - 3..], wanted);
        enroll_question(&org, &factors).await;
    }
}

on_both_engines! {
    async fn a_deactivated_user_has_lost_their_factors_and_gets_no_others(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        enroll_question(&org, &factors).await;
        enroll_sms(&org, &factors).await;
        let user = factors.trim_end_matches("/factors");
        org.post(&format!("{user}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(org.get(&factors).await.ok(), json!([]));
        assert_eq!(sent(&org).await, []);
        let refused = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+12345678901" } });
        let summary = "This operation is not allowed in the user's current status.";
        org.post(&factors, refused).await.refused(403, "E0000038", summary, &[]);
        org.post(&format!("{user}/lifecycle/activate?sendEmail=false"), None).await.ok();
        assert_eq!(org.get(&factors).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn an_erased_user_leaves_no_factors(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        enroll_question(&org, &factors).await;
        let user = factors.trim_end_matches("/factors").to_owned();
        org.delete(&user).await.no_content();
        org.delete(&user).await.no_content();
        let asked = user.trim_start_matches("/api/v1/users/");
        let summary = format!("Not found: Resource not found: {asked} (User)");
        org.get(&factors).await.refused(404, "E0000007", &summary, &[]);
    }
}

on_both_engines! {
    async fn factors_change_nothing_of_their_user(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let user = factors.trim_end_matches("/factors");
        let before = org.get(user).await.ok();
        org.wait_seconds(60);
        let factor = enroll_question(&org, &factors).await;
        org.post(&format!("{factors}/{}/verify", text(&factor, "id")), json!({ "answer": "Mayonnaise" })).await.ok();
        assert_eq!(org.get(user).await.ok(), before);
        let events = factor_events(&org).await;
        let kinds: Vec<_> =
            events.iter().map(|(event, outcome, factor)| (event.as_str(), outcome.as_str(), factor.as_str())).collect();
        assert_eq!(
            kinds,
            [
                ("user.mfa.factor.activate", "SUCCESS", "QUESTION_FACTOR"),
                ("user.authentication.auth_via_mfa", "SUCCESS", "QUESTION_FACTOR"),
            ]
        );
    }
}
