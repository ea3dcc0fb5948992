//! partialUpdateUser (POST) and updateUser (PUT): what stays, what is cleared, what moves. The rules of the profile
//! itself are in `profile.rs`, passwords in `passwords.rs`.

use reqwest::Method;
use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{NEW_PASSWORD, credentials, path_of, path_of_federated_user, path_of_user_in, question};
use super::profile::add_attributes;
use crate::context::{TestOrg, profile, text};

/// A user with a password, a recovery question and these attributes beside the required ones; answers their path.
async fn path_of_user_with(org: &TestOrg, attributes: Value) -> String {
    let mut person = profile("isaac@example.com");
    for (name, value) in attributes.as_object().unwrap() {
        person[name] = value.clone();
    }
    path_of(&org.post("/api/v1/users", json!({ "profile": person, "credentials": credentials() })).await.ok())
}

/// Makes a user type and answers its id.
async fn user_type(org: &TestOrg, name: &str) -> String {
    text(&org.post("/api/v1/meta/types/user", json!({ "name": name, "displayName": name })).await.ok(), "id")
}

on_both_engines! {
    async fn partial_update_user_keeps_what_is_not_named_and_clears_nulls(org: TestOrg) {
        add_attributes(&org, json!({ "tags": { "title": "T", "type": "array", "items": { "type": "string" } } })).await;
        let before = json!({ "nickName": "Ike", "city": "Issaquah", "mobilePhone": "1", "title": "Singer", "tags": ["a", "b"] });
        let path = path_of_user_with(&org, before).await;
        let changes = json!({ "nickName": null, "mobilePhone": null, "secondEmail": null, "title": "", "tags": ["c"], "lastName": "Brook" });
        let user = org.post(&path, json!({ "profile": changes })).await.ok();
        let expected = json!({
            "firstName": "Isaac", "lastName": "Brook", "mobilePhone": null, "title": "", "city": "Issaquah", "tags": ["c"],
            "secondEmail": null, "login": "isaac@example.com", "email": "isaac@example.com",
        });
        assert_eq!(user["profile"], expected);
        assert_eq!(user["credentials"]["recovery_question"], json!({ "question": question()["question"] }));
        assert_eq!(org.get(&path).await.ok(), user);
    }
}

on_both_engines! {
    async fn update_user_clears_what_the_profile_does_not_name(org: TestOrg) {
        let path = path_of_user_with(&org, json!({ "nickName": "Ike", "mobilePhone": "1", "secondEmail": "ike@example.com" })).await;
        let mut person = profile("isaac@example.com");
        person["title"] = json!("Singer");
        let user = org.put(&path, json!({ "profile": person })).await.ok();
        person["mobilePhone"] = json!(null);
        person["secondEmail"] = json!(null);
        assert_eq!(user["profile"], person);
        assert_eq!(user["credentials"]["password"], json!({}));
        assert_eq!(user["credentials"]["recovery_question"], json!({ "question": question()["question"] }));
        assert_eq!(user["credentials"]["emails"].as_array().unwrap().len(), 1);
        assert_eq!(org.get(&path).await.ok(), user);
    }
}

on_both_engines! {
    async fn update_user_without_a_profile_keeps_the_profile(org: TestOrg) {
        let path = path_of_user_with(&org, json!({ "nickName": "Ike" })).await;
        let before = org.get(&path).await.ok();
        for password in [json!({}), json!({ "value": NEW_PASSWORD })] {
            let user = org.put(&path, json!({ "credentials": { "password": password } })).await.ok();
            assert_eq!((&user["profile"], &user["status"]), (&before["profile"], &json!("ACTIVE")));
            assert_eq!(user["credentials"], before["credentials"]);
        }
    }
}

on_both_engines! {
    async fn what_a_get_shows_can_be_put_back_and_changes_nothing(org: TestOrg) {
        let mut paths = vec![
            path_of_user_with(&org, json!({ "nickName": "Ike", "secondEmail": "ike@example.com", "mobilePhone": "" })).await,
            path_of_federated_user(&org, "", "federated@example.com").await,
        ];
        let statuses = UserStatus::ALL.into_iter().filter(|status| *status != UserStatus::Deprovisioned);
        for status in statuses {
            paths.push(path_of_user_in(&org, status, &format!("{status:?}@example.com")).await);
        }
        org.wait_seconds(60);
        for path in paths {
            let user = org.get(&path).await.ok();
            for method in [Method::PUT, Method::POST] {
                let answer = org.caller.send(method, &path, Some(user.clone())).await.ok();
                assert_eq!(answer.to_string(), user.to_string());
            }
            assert_eq!(org.get(&path).await.ok(), user);
        }
    }
}

on_both_engines! {
    async fn an_update_without_a_change_leaves_last_updated(org: TestOrg) {
        let path = path_of_user_with(&org, json!({ "nickName": "Ike" })).await;
        let before = org.get(&path).await.ok();
        org.wait_seconds(60);
        for body in [
            json!({}),
            json!({ "profile": null, "credentials": null, "type": null }),
            json!({ "profile": {} }),
            json!({ "profile": { "nickName": "Ike", "city": null } }),
            json!({ "credentials": {} }),
            json!({ "credentials": { "password": {}, "provider": { "type": "SOCIAL", "name": "x" } } }),
            json!({ "type": { "id": before["type"]["id"] } }),
            json!({ "type": { "id": "default" } }),
            json!({ "id": "00u", "status": "SUSPENDED", "created": null, "_links": {}, "unheardOf": [1] }),
        ] {
            assert_eq!(org.post(&path, body.clone()).await.ok(), before, "{body}");
            if body.get("profile").is_none_or(Value::is_null) {
                assert_eq!(org.put(&path, body.clone()).await.ok(), before, "{body}");
            }
        }
    }
}

on_both_engines! {
    async fn an_update_of_another_shape_is_refused(org: TestOrg) {
        let path = path_of_user_with(&org, json!({})).await;
        let before = org.get(&path).await.ok();
        for body in [
            Some("{\"profile\":"), Some("[]"), Some("\"x\""), None, Some("{\"profile\":\"x\"}"), Some("{\"credentials\":[]}"),
            Some("{\"credentials\":{\"password\":\"x\"}}"), Some("{\"type\":\"default\"}"), Some("{\"type\":{\"id\":7}}"),
        ] {
            for method in [Method::POST, Method::PUT] {
                let json = body.map(|body| ("application/json", body));
                let answer = org.caller.send_raw(method, &path, json, &[]).await;
                answer.refused(400, "E0000003", "The request body was not well-formed.", &[]);
            }
        }
        let summary = "Type mismatch exception.  The value \"1\" of the parameter strict is not of type boolean.";
        org.post(&format!("{path}?strict=1"), json!({})).await.refused(400, "E0000037", summary, &[]);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn an_update_of_nobody_is_not_found(org: TestOrg) {
        for method in [Method::POST, Method::PUT] {
            let body = json!({ "profile": { "nickName": "Ike" } });
            let answer = org.caller.send(method, "/api/v1/users/00unone", Some(body)).await;
            answer.refused(404, "E0000007", "Not found: Resource not found: 00unone (User)", &[]);
        }
    }
}

on_both_engines! {
    async fn a_login_changes_and_the_user_is_found_by_the_new_one_only(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let by_login = "/api/v1/users/isaac@example.com";
        let renamed = org.post(by_login, json!({ "profile": { "login": "Brock@Example.com" } })).await.ok();
        assert_eq!(path_of(&renamed), path);
        assert_eq!(text(&renamed, "profile.email"), "isaac@example.com");
        assert_eq!(org.get(by_login).await.status, 404);
        assert_eq!(org.get("/api/v1/users/brock@example.com").await.ok(), renamed);
        let respelt = org.put(&path, json!({ "profile": profile("bröck@example.com") })).await.ok();
        assert_eq!(text(&respelt, "profile.login"), "bröck@example.com");
        org.create("isaac@example.com").await;
    }
}

on_both_engines! {
    async fn a_login_that_another_user_has_is_refused(org: TestOrg) {
        org.create("eric@example.com").await;
        let path = path_of(&org.create("isaac@example.com").await);
        let before = org.get(&path).await.ok();
        let mut person = profile("ÉRIC@example.com");
        person["email"] = json!("eric@example.com");
        for method in [Method::POST, Method::PUT] {
            let answer = org.caller.send(method, &path, Some(json!({ "profile": person }))).await;
            let cause = "login: An object with this field already exists in the current organization";
            answer.refused(400, "E0000001", "Api validation failed: login", &[cause]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn only_update_user_changes_the_type(org: TestOrg) {
        let musician = user_type(&org, "musician").await;
        let path = path_of_user_with(&org, json!({ "nickName": "Ike" })).await;
        let before = org.get(&path).await.ok();
        let body = json!({ "type": { "id": musician } });
        let rule = "type: The user type cannot be changed by a partial update";
        org.post(&path, body.clone()).await.refused(400, "E0000001", "Api validation failed: type", &[rule]);
        for (method, id) in [(Method::POST, "otynone"), (Method::PUT, "otynone")] {
            let answer = org.caller.send(method, &path, Some(json!({ "type": { "id": id } }))).await;
            let cause = "type: The specified user type is invalid";
            answer.refused(400, "E0000001", "Api validation failed: type", &[cause]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
        org.wait_seconds(60);
        let moved = org.put(&path, body).await.ok();
        assert_eq!(moved["type"], json!({ "id": musician }));
        assert_eq!((&moved["profile"], &moved["status"]), (&before["profile"], &before["status"]));
        assert!(text(&moved, "_links.type.href").ends_with(&musician));
        assert!(text(&moved, "_links.schema.href").ends_with(&musician.replacen("oty", "osc", 1)));
        assert_eq!(org.get(&path).await.ok(), moved);
        let back = org.put(&path, json!({ "type": { "id": "default" } })).await.ok();
        assert_eq!(back["type"], before["type"]);
    }
}

on_both_engines! {
    async fn a_user_must_fit_the_type_they_move_to(org: TestOrg) {
        add_attributes(&org, json!({ "band": { "title": "B", "type": "string" } })).await;
        let musician = user_type(&org, "musician").await;
        let instrument = json!({ "instrument": { "title": "I", "type": "string", "required": true } });
        let schema = format!("/api/v1/meta/schemas/user/{}", musician.replacen("oty", "osc", 1));
        org.post(&schema, json!({ "definitions": { "custom": { "properties": instrument } } })).await.ok();
        let path = path_of_user_with(&org, json!({ "band": "Modest Mouse" })).await;
        let user_type = json!({ "id": musician });
        let missing = org.put(&path, json!({ "type": user_type })).await;
        let cause = "instrument: The field cannot be left blank";
        missing.refused(400, "E0000001", "Api validation failed: instrument", &[cause]);
        let mut person = profile("isaac@example.com");
        person["band"] = json!("Modest Mouse");
        person["instrument"] = json!("guitar");
        let foreign = org.put(&path, json!({ "type": user_type, "profile": person })).await;
        let cause = "Property name 'band' is not defined in profile";
        foreign.refused(400, "E0000001", "Api validation failed: profile", &[cause]);
        assert_eq!(org.get(&path).await.ok()["profile"]["band"], json!("Modest Mouse"));
        person.as_object_mut().unwrap().shift_remove("band");
        let moved = org.put(&path, json!({ "type": user_type, "profile": person })).await.ok();
        assert_eq!((&moved["type"], &moved["profile"]["instrument"]), (&user_type, &json!("guitar")));
        assert_eq!(moved["profile"].get("band"), None);
    }
}

on_both_engines! {
    async fn each_update_moves_the_times_it_should(org: TestOrg) {
        let musician = user_type(&org, "musician").await;
        let path = path_of_user_with(&org, json!({})).await;
        let new_password = |value: &str| json!({ "password": { "value": value } });
        let mut person = profile("isaac@example.com");
        person["nickName"] = json!("Ike");
        for (method, body, last_updated, password_changed) in [
            (Method::POST, json!({ "profile": { "title": "Singer" } }), true, false),
            (Method::PUT, json!({ "profile": person }), true, false),
            (Method::PUT, json!({ "profile": person, "credentials": new_password("Efgh5678#@") }), false, true),
            (Method::PUT, json!({ "credentials": new_password("Ijkl9012#@") }), false, true),
            (Method::POST, json!({ "credentials": { "recovery_question": question() } }), true, false),
            (Method::PUT, json!({ "profile": profile("isaac@example.com"), "credentials": new_password("Mnop3456#@") }), true, true),
            (Method::PUT, json!({ "type": { "id": musician } }), true, false),
            (Method::PUT, json!({ "type": { "id": musician } }), false, false),
        ] {
            let before = org.get(&path).await.ok();
            org.wait_seconds(60);
            let after = org.caller.send(method, &path, Some(body.clone())).await.ok();
            let now = json!(org.clock.now().to_string());
            for (time, moves) in [
                ("lastUpdated", last_updated),
                ("passwordChanged", password_changed),
                ("statusChanged", false),
                ("activated", false),
                ("created", false),
            ] {
                assert_eq!(after[time], if moves { &now } else { &before[time] }.clone(), "{time} after {body}");
            }
            assert_eq!(org.get(&path).await.ok(), after, "{body}");
        }
    }
}

on_both_engines! {
    async fn a_deactivated_user_cannot_be_updated(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Deprovisioned, "isaac@example.com").await;
        let before = org.get(&path).await.ok();
        for (method, body) in [
            (Method::POST, json!({ "profile": { "nickName": "Ike" } })),
            (Method::PUT, json!({ "profile": profile("isaac@example.com") })),
            (Method::PUT, before.clone()),
            (Method::POST, json!({ "credentials": { "recovery_question": question() } })),
            (Method::PUT, json!({ "credentials": { "password": { "value": NEW_PASSWORD } } })),
        ] {
            let answer = org.caller.send(method, &path, Some(body)).await;
            answer.refused(403, "E0000038", "This operation is not allowed in the user's current status.", &[]);
        }
        assert_eq!(org.get(&path).await.ok(), before);
    }
}
