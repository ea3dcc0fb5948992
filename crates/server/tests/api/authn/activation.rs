//! Activation links: a first password, or a sign-in without one.

use serde_json::json;

use super::{anyone, link_token, refused, sign_in, status, void};
use crate::context::text;
use crate::users::fixtures::{PASSWORD, path_of, path_of_new};

on_both_engines! {
    async fn who_has_no_password_sets_one_and_is_active_then(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let token = link_token(&org, &path, "lifecycle/reactivate").await;
        let waiting = anyone(&org, "", json!({ "token": token })).await.ok();
        assert_eq!((text(&waiting, "status"), text(&waiting, "recoveryType")), ("PASSWORD_RESET".into(), "ACCOUNT_ACTIVATION".into()));
        assert_eq!(text(&waiting, "_links.next.name"), "resetPassword");
        assert!(text(&waiting, "_links.next.href").ends_with("/api/v1/authn/credentials/reset_password"));
        org.wait_seconds(10);
        let body = json!({ "stateToken": waiting["stateToken"], "newPassword": PASSWORD });
        assert_eq!(status(anyone(&org, "/credentials/reset_password", body.clone()).await), "SUCCESS");
        let user = org.get(&path).await.ok();
        assert_eq!(text(&user, "status"), "ACTIVE");
        assert_eq!(user["statusChanged"], json!(org.clock.now().to_string()));
        assert_eq!(user["lastLogin"], json!(org.clock.now().to_string()));
        void(anyone(&org, "/credentials/reset_password", body).await);
        refused(anyone(&org, "", json!({ "token": token })).await);
        assert_eq!(status(sign_in(&org, "isaac", PASSWORD).await), "SUCCESS");
    }
}

on_both_engines! {
    async fn an_activation_link_may_be_opened_again_until_the_password_is_set(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let token = link_token(&org, &path, "lifecycle/reactivate").await;
        let first = anyone(&org, "", json!({ "token": token })).await.ok();
        let second = anyone(&org, "", json!({ "token": token })).await.ok();
        let set = async |waiting: &serde_json::Value, password: &str| {
            let body = json!({ "stateToken": waiting["stateToken"], "newPassword": password });
            anyone(&org, "/credentials/reset_password", body).await
        };
        assert_eq!(status(set(&first, PASSWORD).await), "SUCCESS");
        void(set(&second, "Efgh9012#@").await);
    }
}

on_both_engines! {
    async fn who_has_a_password_is_signed_in_by_an_activation_link_once(org: TestOrg) {
        let path = path_of_new(&org, "?activate=false", "isaac@example.com", json!({ "password": { "value": PASSWORD } })).await;
        let token = link_token(&org, &path, "lifecycle/activate").await;
        assert_eq!(status(anyone(&org, "", json!({ "token": token })).await), "SUCCESS");
        refused(anyone(&org, "", json!({ "token": token })).await);
    }
}

on_both_engines! {
    async fn an_activation_link_dies_with_time_a_newer_one_and_the_users_status(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let old = link_token(&org, &path, "lifecycle/reactivate").await;
        let new = link_token(&org, &path, "lifecycle/reactivate").await;
        refused(anyone(&org, "", json!({ "token": old })).await);
        org.post(&format!("{path}/lifecycle/suspend"), None).await.ok();
        refused(anyone(&org, "", json!({ "token": new })).await);
        org.post(&format!("{path}/lifecycle/unsuspend"), None).await.ok();
        org.wait_seconds(7 * 86_400);
        refused(anyone(&org, "", json!({ "token": new })).await);
    }
}

on_both_engines! {
    async fn a_reset_link_is_no_activation_link_and_no_orgs_link_is_anothers(org: TestOrg) {
        let path = path_of(&org.create_active("isaac@example.com", PASSWORD).await);
        let reset = link_token(&org, &path, "lifecycle/reset_password").await;
        refused(anyone(&org, "", json!({ "token": reset })).await);
        let activation = link_token(&org, &path_of(&org.create("eric@example.com").await), "lifecycle/reactivate").await;
        void(anyone(&org, "/recovery/token", json!({ "recoveryToken": activation })).await);
        org.other_org("acme").await;
        let acme = org.at_host(&format!("acme.localhost:{}", org.address().port())).without_token();
        refused(acme.send(reqwest::Method::POST, "/api/v1/authn", Some(json!({ "token": activation }))).await);
    }
}
