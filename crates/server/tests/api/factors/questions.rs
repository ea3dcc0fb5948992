//! Security questions.

use serde_json::{Value, json};

use super::{TOO_MANY, WRONG_PASSCODE, enroll_question, factor_events, factors_of_new_user};
use crate::context::text;

const NO_MATCH: &str = "Your answer doesn't match our records. Please try again.";

on_both_engines! {
    async fn there_are_twenty_questions_with_texts(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let questions = org.get(&format!("{factors}/questions")).await.ok();
        let questions = questions.as_array().unwrap();
        assert_eq!(questions.len(), 20);
        let first =
            json!({ "question": "disliked_food", "questionText": "What is the food you least liked as a child?" });
        assert_eq!(questions[0], first);
        assert!(questions.iter().all(|question| text(question, "questionText").ends_with('?')));
    }
}

on_both_engines! {
    async fn a_question_is_active_at_once_and_never_shows_its_answer(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let factor = enroll_question(&org, &factors).await;
        let id = text(&factor, "id");
        assert!(id.starts_with("ufs") && id.len() == 20);
        let base = format!("http://{}{factors}", org.address());
        let user = base.trim_end_matches("/factors");
        assert_eq!(
            factor,
            json!({
                "id": id,
                "factorType": "question",
                "provider": "OKTA",
                "vendorName": "OKTA",
                "status": "ACTIVE",
                "created": "2026-01-02T03:04:05.000Z",
                "lastUpdated": "2026-01-02T03:04:05.000Z",
                "profile": { "question": "disliked_food", "questionText": "What is the food you least liked as a child?" },
                "_links": {
                    "questions": { "href": format!("{base}/questions"), "hints": { "allow": ["GET"] } },
                    "self": { "href": format!("{base}/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
                    "user": { "href": user, "hints": { "allow": ["GET"] } },
                },
            })
        );
        assert_eq!(org.get(&format!("{factors}/{id}")).await.ok(), factor);
    }
}

on_both_engines! {
    async fn an_answer_is_taken_in_any_letter_case_and_as_often_as_it_is_given(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let verify = format!("{factors}/{}/verify", text(&enroll_question(&org, &factors).await, "id"));
        for answer in ["mayonnaise", " MAYONNAISE ", "Mayonnaise"] {
            let taken = org.post(&verify, json!({ "answer": answer })).await.ok();
            assert_eq!(taken, json!({ "factorResult": "SUCCESS" }));
        }
        let (status, code, summary) = WRONG_PASSCODE;
        org.post(&verify, json!({ "answer": "ketchup" })).await.refused(status, code, summary, &[NO_MATCH]);
        let failed =
            ("user.authentication.auth_via_mfa".to_owned(), "FAILURE".to_owned(), "QUESTION_FACTOR".to_owned());
        assert_eq!(factor_events(&org).await.last(), Some(&failed));
    }
}

on_both_engines! {
    async fn five_wrong_answers_close_a_question_for_five_minutes(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let verify = format!("{factors}/{}/verify", text(&enroll_question(&org, &factors).await, "id"));
        let (status, code, summary) = WRONG_PASSCODE;
        for _ in 0..5 {
            org.post(&verify, json!({ "answer": "ketchup" })).await.refused(status, code, summary, &[NO_MATCH]);
        }
        let (status, code, summary) = TOO_MANY;
        org.post(&verify, json!({ "answer": "mayonnaise" })).await.refused(status, code, summary, &[]);
        org.wait_seconds(300);
        org.post(&verify, json!({ "answer": "mayonnaise" })).await.ok();
    }
}

on_both_engines! {
    async fn an_answer_must_be_given(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let verify = format!("{factors}/{}/verify", text(&enroll_question(&org, &factors).await, "id"));
        for body in [Value::Null, json!({}), json!({ "answer": " " }), json!({ "passCode": "123456" })] {
            let body = Some(body).filter(|body| !body.is_null());
            let cause = "answer: The field cannot be left blank";
            org.post(&verify, body).await.refused(400, "E0000001", "Api validation failed: answer", &[cause]);
        }
    }
}

on_both_engines! {
    async fn a_question_needs_a_known_key_and_a_good_answer(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        for (profile, cause) in [
            (json!({ "question": "favorite_color", "answer": "turquoise" }), "Invalid Profile."),
            (json!({}), "Invalid Profile."),
            (
                json!({ "question": "disliked_food", "answer": "egg" }),
                "The security question answer must be at least 4 characters in length",
            ),
            (
                json!({ "question": "disliked_food", "answer": "food" }),
                "The security question answer must not be part of the question",
            ),
        ] {
            let factor = json!({ "factorType": "question", "provider": "OKTA", "profile": profile });
            let summary = "Api validation failed: factorEnrollRequest";
            org.post(&factors, factor).await.refused(400, "E0000001", summary, &[cause]);
        }
        assert_eq!(org.get(&factors).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn update_factor_exchanges_the_question(org: TestOrg) {
        let factors = factors_of_new_user(&org).await;
        let factor = enroll_question(&org, &factors).await;
        let path = format!("{factors}/{}", text(&factor, "id"));
        org.wait_seconds(3);
        let profile = json!({ "question": "name_of_first_plush_toy", "answer": "Hobbes" });
        let update = json!({ "factorType": "question", "provider": "OKTA", "profile": profile });
        let updated = org.put(&path, update).await.ok();
        assert_eq!(updated["profile"]["questionText"], "What is the name of your first stuffed animal?");
        assert_eq!((&updated["id"], &updated["created"]), (&factor["id"], &factor["created"]));
        assert_eq!(updated["lastUpdated"], "2026-01-02T03:04:08.000Z");
        org.post(&format!("{path}/verify"), json!({ "answer": "hobbes" })).await.ok();
        let (status, code, summary) = WRONG_PASSCODE;
        org.post(&format!("{path}/verify"), json!({ "answer": "mayonnaise" })).await.refused(
            status,
            code,
            summary,
            &[NO_MATCH],
        );
    }
}
