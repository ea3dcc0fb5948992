//! deactivateOrDeleteUser: the first call deactivates, the second erases.

use roster_model::user::status::UserStatus;
use serde_json::json;

use super::fixtures::{
    NEW_PASSWORD, change_rows, count_rows, created_client, credentials, hold, keys_of, path_of, path_of_new,
    path_of_user_in,
};
use super::profile::add_attributes;
use crate::context::{profile, text};

on_both_engines! {
    async fn delete_user_deactivates_and_then_erases_from_every_status(org: TestOrg) {
        for status in UserStatus::ALL {
            let path = path_of_user_in(&org, status, &format!("{status:?}@example.com")).await;
            if status != UserStatus::Deprovisioned {
                org.wait_seconds(60);
                org.delete(&format!("{path}?sendEmail=true")).await.no_content();
                let user = org.get(&path).await.ok();
                assert_eq!(text(&user, "status"), "DEPROVISIONED", "{status:?}");
                assert_eq!(text(&user, "statusChanged"), org.clock.now().to_string());
            }
            org.delete(&path).await.no_content();
            let id = path.rsplit('/').next().unwrap();
            let summary = format!("Not found: Resource not found: {id} (User)");
            org.get(&path).await.refused(404, "E0000007", &summary, &[]);
            org.delete(&path).await.refused(404, "E0000007", &summary, &[]);
        }
    }
}

on_both_engines! {
    async fn delete_user_takes_a_login(org: TestOrg) {
        org.create("isaac@example.com").await;
        org.delete("/api/v1/users/ISAAC@example.com").await.no_content();
        org.delete("/api/v1/users/isaac").await.no_content();
        let summary = "Not found: Resource not found: isaac@example.com (User)";
        org.delete("/api/v1/users/isaac@example.com").await.refused(404, "E0000007", summary, &[]);
    }
}

on_both_engines! {
    async fn an_erased_user_frees_login_and_unique_values_but_not_their_id(org: TestOrg) {
        add_attributes(&org, json!({ "badge": { "title": "B", "type": "string", "unique": "UNIQUE_VALIDATED" } })).await;
        let mut person = profile("isaac@example.com");
        person["badge"] = json!("0007");
        let first = org.post("/api/v1/users", json!({ "profile": person })).await.ok();
        org.delete(&path_of(&first)).await.no_content();
        assert_eq!(org.post("/api/v1/users", json!({ "profile": person })).await.status, 400);
        org.delete(&path_of(&first)).await.no_content();
        let second = org.post("/api/v1/users", json!({ "profile": person })).await.ok();
        assert_ne!(second["id"], first["id"]);
        assert_eq!(org.get(&path_of(&first)).await.status, 404);
    }
}

on_both_engines! {
    async fn an_erased_user_leaves_no_row_behind(org: TestOrg) {
        let path = path_of_new(&org, "", "isaac@example.com", credentials()).await;
        let (_, user, id) = keys_of(&org, &path).await;
        let group = json!({ "profile": { "name": "West Coast" } });
        let group = text(&org.post("/api/v1/groups", group).await.ok(), "id");
        org.put(&format!("/api/v1/groups/{group}/users/{}", id.as_str()), None).await.no_content();
        org.post(&path, json!({ "credentials": { "password": { "value": NEW_PASSWORD } } })).await.ok();
        org.delete(&path).await.no_content();
        org.post(&format!("{path}/lifecycle/activate"), None).await.ok();
        org.delete(&path).await.no_content();
        let sql = "INSERT INTO password_history (user_key, position, password) VALUES ($1, 9, 'hook')";
        change_rows(&org, &path, sql).await;
        let client = created_client(&org, "Mail").await;
        hold(&org, &path, &client, "profile").await;
        assert!(count_rows(&org, user, "user_attributes").await > 0 && count_rows(&org, user, "group_members").await == 1);
        org.delete(&path).await.no_content();
        for table in [
            "users", "user_attributes", "password_history", "one_time_tokens", "api_tokens", "group_members", "sessions",
            "factors", "identity_provider_users", "oauth_grants", "oauth_refresh_tokens",
        ] {
            assert_eq!(count_rows(&org, user, table).await, 0, "{table}");
        }
        assert_eq!(org.get(&format!("/api/v1/groups/{group}/users")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn delete_user_refuses_a_parameter_that_is_no_boolean(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let before = org.get(&path).await.ok();
        let summary = "Type mismatch exception.  The value \"x\" of the parameter sendEmail is not of type boolean.";
        org.delete(&format!("{path}?sendEmail=x")).await.refused(400, "E0000037", summary, &[]);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}
