//! What mails lead to.

use serde_json::{Value, json};

use super::browser::{Browser, Page};
use super::{SIGN_IN, sign_in};
use crate::authn::events;
use crate::context::{TestOrg, text};
use crate::policies::set_password_policy;
use crate::users::fixtures::{NEW_PASSWORD, PASSWORD, lock_out, path_of, question};

/// The path that the latest message of a kind leads to.
pub async fn mailed_link(org: &TestOrg, kind: &str) -> String {
    let message = org.messages_of(kind).await.pop().unwrap();
    let link = text(&message, "link");
    link.strip_prefix(&format!("http://{}", org.address())).unwrap().to_owned()
}

async fn set_password(browser: &Browser, page: &Page, password: &str) -> Page {
    let fields = [("newPassword", password), ("confirmPassword", password)];
    browser.submit(page, "/signin/new-password", &fields).await
}

on_both_engines! {
    async fn the_activation_mail_leads_to_a_password_and_in(org: TestOrg) {
        let user = org.create("isaac@example.com").await;
        let link = mailed_link(&org, "activation").await;
        let browser = Browser::new(&org);
        for _ in 0..2 {
            assert_eq!(browser.open(&link).await.heading(), "Welcome", "looking changes nothing");
        }
        let page = browser.open(&link).await;
        let choose = browser.submit(&page, &link, &[]).await;
        assert_eq!((choose.path.as_str(), choose.heading().as_str()), ("/signin/continue", "Welcome"));
        assert!(set_password(&browser, &choose, "short").await.problem().starts_with("Passwords must have at least 8"));
        let home = set_password(&browser, &choose, PASSWORD).await;
        assert_eq!((home.path.as_str(), home.heading().as_str()), ("/app/UserHome", "Isaac Brock"));
        assert_eq!(org.status(&text(&user, "id")).await, "ACTIVE");
        let again = browser.open(&link).await;
        let used = browser.submit(&again, &link, &[]).await;
        assert_eq!((used.status, used.heading().as_str()), (401, "This link is no longer good"));
    }
}

on_both_engines! {
    async fn a_reset_mail_leads_to_a_new_password_and_in(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        org.post(&format!("{}/lifecycle/reset_password?sendEmail=true", path_of(&user)), None).await.ok();
        let link = mailed_link(&org, "reset_password").await;
        let browser = Browser::new(&org);
        let page = browser.open(&link).await;
        let choose = browser.submit(&page, &link, &[]).await;
        assert_eq!(choose.heading(), "Reset your password");
        assert_eq!(set_password(&browser, &choose, NEW_PASSWORD).await.path, "/app/UserHome");
        assert_eq!(sign_in(&Browser::new(&org), "isaac@example.com", NEW_PASSWORD).await.path, "/app/UserHome");
        assert_eq!(org.messages_of("password_changed").await.len(), 1);
    }
}

on_both_engines! {
    async fn who_forgot_a_password_answers_the_question_and_chooses_another(org: TestOrg) {
        let credentials = json!({ "password": { "value": PASSWORD }, "recovery_question": question() });
        org.create_with("", "isaac@example.com", credentials).await;
        let browser = Browser::new(&org);
        let mut told = Vec::new();
        for username in ["nobody@example.com", "isaac@example.com"] {
            let page = browser.open("/signin/forgot-password").await;
            let sent = browser.submit(&page, "/signin/forgot-password", &[("username", username)]).await;
            assert_eq!((sent.status, sent.heading().as_str()), (200, "Look into your mailbox"));
            told.push(sent.html);
        }
        assert_eq!(told[0], told[1], "nothing tells who exists");
        assert_eq!(org.messages().await.len(), 1);
        let link = mailed_link(&org, "forgot_password").await;
        let page = browser.open(&link).await;
        let asked = browser.submit(&page, &link, &[]).await;
        assert_eq!(asked.heading(), "Your security question");
        assert!(asked.says(question()["question"].as_str().unwrap()));
        let wrong = browser.submit(&asked, "/signin/answer", &[("answer", "nonsense")]).await;
        assert_eq!(wrong.problem(), "The answer is not right.");
        let answer = text(&question(), "answer");
        let choose = browser.submit(&wrong, "/signin/answer", &[("answer", &answer)]).await;
        assert_eq!(set_password(&browser, &choose, NEW_PASSWORD).await.path, "/app/UserHome");
    }
}

on_both_engines! {
    async fn who_is_locked_out_unlocks_themselves(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        lock_out(&org, &path_of(&user)).await;
        let browser = Browser::new(&org);
        assert_eq!(sign_in(&browser, "isaac@example.com", PASSWORD).await.status, 401);
        let page = browser.open("/signin/unlock").await;
        browser.submit(&page, "/signin/unlock", &[("username", "isaac@example.com")]).await;
        let link = mailed_link(&org, "unlock").await;
        let page = browser.open(&link).await;
        assert_eq!(browser.submit(&page, &link, &[]).await.heading(), "Your account is unlocked");
        assert_eq!(browser.open("/app/UserHome").await.path.split('?').next(), Some(SIGN_IN), "unlocking lets nobody in");
        assert_eq!(sign_in(&browser, "isaac@example.com", PASSWORD).await.path, "/app/UserHome");
    }
}

on_both_engines! {
    async fn an_org_that_has_no_self_service_says_so_to_everybody(org: TestOrg) {
        crate::policies::set_rule(&org, "PASSWORD", json!({ "selfServicePasswordReset": { "access": "DENY" } })).await.ok();
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = Browser::new(&org);
        for username in ["nobody@example.com", "isaac@example.com"] {
            let page = browser.open("/signin/forgot-password").await;
            let refused = browser.submit(&page, "/signin/forgot-password", &[("username", username)]).await;
            assert_eq!(refused.problem(), "Your organization does not allow this. Ask your administrator.");
        }
        assert!(org.messages().await.is_empty());
    }
}

on_both_engines! {
    async fn the_log_does_not_keep_the_token_of_a_link(org: TestOrg) {
        org.create("isaac@example.com").await;
        let link = mailed_link(&org, "activation").await;
        let browser = Browser::new(&org);
        let page = browser.open(&link).await;
        let choose = browser.submit(&page, &link, &[]).await;
        set_password(&browser, &choose, PASSWORD).await;
        let log: Value = org.get("/api/v1/logs?limit=1000").await.ok();
        assert!(!log.to_string().contains(link.rsplit('/').next().unwrap()) && !log.to_string().contains(PASSWORD));
        assert!(!events(&org, "user.session.start").await.is_empty());
    }
}

on_both_engines! {
    async fn a_policy_with_longer_passwords_is_told_on_the_page(org: TestOrg) {
        set_password_policy(&org, json!({ "password": { "complexity": { "minLength": 14 } } })).await.ok();
        org.create("isaac@example.com").await;
        let link = mailed_link(&org, "activation").await;
        let browser = Browser::new(&org);
        let page = browser.open(&link).await;
        assert!(browser.submit(&page, &link, &[]).await.says("at least 14 characters"));
    }
}
