//! Which changes write which messages, and what they say.

use reqwest::Method;
use serde_json::{Value, json};

use crate::authn::{anyone, sign_in};
use crate::context::{TestOrg, profile, text};
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, lock_out, path_of, question};

/// The kinds of the messages that are on their way, oldest first.
async fn kinds(org: &TestOrg) -> Vec<String> {
    org.messages().await.iter().map(|message| text(message, "kind")).collect()
}

/// The path of the page that the only message leads to.
async fn only_link(org: &TestOrg, kind: &str) -> String {
    let [message]: [Value; 1] = org.messages_of(kind).await.try_into().unwrap();
    let link = text(&message, "link");
    assert!(text(&message, "text").contains(&link) && text(&message, "html").contains(&format!("href=\"{link}\"")));
    link.strip_prefix(&format!("http://{}", org.address())).unwrap().to_owned()
}

on_both_engines! {
    async fn whoever_is_made_without_a_password_gets_a_link_to_choose_one(org: TestOrg) {
        org.create("isaac@example.com").await;
        let [message]: [Value; 1] = org.messages().await.try_into().unwrap();
        assert_eq!(text(&message, "kind"), "activation");
        assert_eq!((text(&message, "channel"), text(&message, "to")), ("email".into(), "isaac@example.com".into()));
        let (plain, html) = (text(&message, "text"), text(&message, "html"));
        for part in ["Hello Isaac Brock", "Your username is isaac@example.com.", "for 7 days"] {
            assert!(plain.contains(part) && html.contains(part), "{part}: {plain}");
        }
        let link = only_link(&org, "activation").await;
        let token = link.strip_prefix("/welcome/").unwrap();
        let found = anyone(&org, "", json!({ "token": token })).await.ok();
        assert_eq!(found["status"], "PASSWORD_RESET");
    }
}

on_both_engines! {
    async fn nobody_is_mailed_who_has_a_password_or_is_not_activated(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        org.create_with("?activate=false", "eric@example.com", json!({})).await;
        let staged = org.create_with("?activate=false", "dann@example.com", json!({ "password": { "value": PASSWORD } })).await;
        org.post(&format!("{}/lifecycle/activate?sendEmail=true", path_of(&staged)), None).await.ok();
        assert_eq!(kinds(&org).await, [""; 0]);
    }
}

on_both_engines! {
    async fn links_go_by_mail_only_where_send_email_says_so(org: TestOrg) {
        let user = org.create_with("?activate=false", "isaac@example.com", json!({})).await;
        let path = path_of(&user);
        for (operation, kind) in [("activate", "activation"), ("reactivate", "activation"), ("reset_password", "reset_password")] {
            org.post(&format!("{path}/lifecycle/{operation}?sendEmail=true"), None).await.ok();
            let mailed = only_link(&org, kind).await;
            assert!(mailed.rsplit('/').next().unwrap().len() == 20, "{mailed}");
            if operation == "activate" {
                continue;
            }
            org.post(&format!("{path}/lifecycle/{operation}?sendEmail=false"), None).await.ok();
            assert_eq!(kinds(&org).await, [""; 0], "the link that was on its way is void");
        }
    }
}

on_both_engines! {
    async fn a_forgotten_password_and_an_unlock_are_mailed_to_who_exists_alone(org: TestOrg) {
        let credentials = json!({ "password": { "value": PASSWORD }, "recovery_question": question() });
        let user = org.create_with("", "isaac@example.com", credentials).await;
        let policy = json!({ "recovery": { "factors": { "okta_email": { "status": "ACTIVE" } } } });
        crate::policies::set_password_policy(&org, policy).await.ok();
        for (username, mails) in [("nobody@example.com", 0), ("isaac@example.com", 1)] {
            let body = json!({ "username": username, "factorType": "EMAIL" });
            let told = anyone(&org, "/recovery/password", body).await.ok();
            assert_eq!(told["status"], "RECOVERY_CHALLENGE");
            assert_eq!(org.messages().await.len(), mails, "{username}");
        }
        let link = only_link(&org, "forgot_password").await;
        let token = link.strip_prefix("/signin/reset-password/").unwrap().to_owned();
        assert_eq!(anyone(&org, "/recovery/token", json!({ "recoveryToken": token })).await.ok()["status"], "RECOVERY");
        assert_eq!(kinds(&org).await, [""; 0], "a link that was followed is not delivered any more");
        org.post(&format!("{}/credentials/forgot_password?sendEmail=true", path_of(&user)), None).await.ok();
        only_link(&org, "forgot_password").await;
        lock_out(&org, &path_of(&user)).await;
        let body = json!({ "username": "isaac@example.com", "factorType": "EMAIL" });
        anyone(&org, "/recovery/unlock", body).await.ok();
        let link = only_link(&org, "unlock").await;
        let token = link.strip_prefix("/signin/unlock/").unwrap().to_owned();
        anyone(&org, "/recovery/token", json!({ "recoveryToken": token })).await.ok();
    }
}

on_both_engines! {
    async fn whoever_asks_for_a_mail_to_somebody_else_does_not_choose_where_its_link_leads(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let body = json!({ "username": "isaac@example.com", "factorType": "EMAIL" });
        let stranger = org.with_token(None).at_host("evil.example");
        stranger.send(Method::POST, "/api/v1/authn/recovery/password", Some(body)).await.ok();
        assert!(only_link(&org, "forgot_password").await.starts_with("/signin/reset-password/"));
        let administrator = org.at_host("roster.internal");
        let body = json!({ "profile": profile("eric@example.com") });
        administrator.send(Method::POST, "/api/v1/users", Some(body)).await.ok();
        let message = org.messages_of("activation").await.pop().unwrap();
        assert!(text(&message, "link").starts_with("http://roster.internal/welcome/"));
    }
}

on_both_engines! {
    async fn a_changed_password_is_told_to_its_user(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        let change = json!({ "oldPassword": { "value": PASSWORD }, "newPassword": { "value": NEW_PASSWORD } });
        org.post(&format!("{}/credentials/change_password", path_of(&user)), change).await.ok();
        let [notice]: [Value; 1] = org.messages().await.try_into().unwrap();
        assert_eq!((text(&notice, "kind"), &notice["link"]), ("password_changed".to_owned(), &Value::Null));
        assert!(text(&notice, "text").contains("The password of isaac@example.com was changed."));
        assert!(!notice.to_string().contains(NEW_PASSWORD));
        org.post(&format!("{}/lifecycle/expire_password", path_of(&user)), None).await.ok();
        let state = sign_in(&org, "isaac@example.com", NEW_PASSWORD).await.ok();
        let change = json!({ "stateToken": state["stateToken"], "oldPassword": NEW_PASSWORD, "newPassword": "An0therPassword" });
        anyone(&org, "/credentials/change_password", change).await.ok();
        assert_eq!(kinds(&org).await, ["password_changed", "password_changed"]);
    }
}

on_both_engines! {
    async fn the_database_shows_no_link_and_an_erased_user_gets_no_mail(org: TestOrg) {
        let user = org.create("isaac@example.com").await;
        let token = only_link(&org, "activation").await.rsplit('/').next().unwrap().to_owned();
        let sql = "SELECT content FROM outbox";
        let sealed = org.store.engine().read(move |tx| Ok(tx.query(sql, &[], |row| row.bytes(0))?)).await.unwrap();
        assert_eq!(sealed.len(), 1);
        assert!(!sealed[0].windows(token.len()).any(|window| window == token.as_bytes()));
        org.delete(&path_of(&user)).await.no_content();
        org.delete(&path_of(&user)).await.no_content();
        assert_eq!(kinds(&org).await, [""; 0]);
    }
}
