//! The consent page, and the grants that come of it.

use serde_json::{Value, json};

use super::flow::{Flow, answered, refused};
use crate::context::{TestOrg, text};
use crate::pages::browser::{Browser, Page};

const ACTION: &str = "/oauth2/v1/consent";

async fn asked(org: &TestOrg) -> (Flow, Browser) {
    let flow = Flow::with(org, &json!({ "consent_method": "REQUIRED" })).await;
    let browser = flow.browser().await;
    (flow, browser)
}

/// Says yes or no.
async fn decide(browser: &Browser, page: &Page, decision: &str) -> Page {
    browser.post(ACTION, &page.filled(ACTION, &[("decision", decision)])).await
}

async fn scopes(flow: &Flow) -> Vec<String> {
    let grants: Value = flow.org.get(&format!("{}/clients/{}/grants", flow.user, flow.client)).await.ok();
    grants.as_array().unwrap().iter().map(|grant| text(grant, "scopeId")).collect()
}

on_both_engines! {
    async fn who_agrees_grants_each_scope_once_and_is_not_asked_again(org: TestOrg) {
        let (flow, browser) = asked(&org).await;
        let page = browser.get(&flow.path(&[])).await;
        assert!(page.status == 200 && page.heading().starts_with("Allow App "), "{page:?}");
        assert!(page.says("View your profile") && page.says("View your email address") && page.says("Keep you signed in"));
        assert!(!page.says("Know who you are"), "openid needs no consent");
        let answer = answered(&decide(&browser, &page, "allow").await);
        assert_eq!((answer["state"].as_str(), answer.contains_key("code")), ("st&te", true));
        assert_eq!(scopes(&flow).await, ["profile", "email", "offline_access"]);
        assert!(flow.answer(&browser, &[("prompt", "none")]).await.contains_key("code"));
        assert_eq!(flow.events("app.oauth2.as.consent.grant").await, 3);
        // Only what is new is asked for.
        let more = browser.get(&flow.path(&[("scope", "openid profile phone")])).await;
        assert!(more.says("View your phone number") && !more.says("View your profile"));
        decide(&browser, &more, "allow").await;
        assert_eq!(scopes(&flow).await, ["profile", "email", "offline_access", "phone"]);
        flow.exchange(&answer["code"], &[]).await.ok();
    }
}

on_both_engines! {
    async fn who_does_not_agree_grants_nothing_and_the_client_is_told(org: TestOrg) {
        let (flow, browser) = asked(&org).await;
        let page = browser.get(&flow.path(&[])).await;
        let denied = "The resource owner or authorization server denied the request.";
        refused(&answered(&decide(&browser, &page, "deny").await), "access_denied", denied);
        assert_eq!(scopes(&flow).await, Vec::<String>::new());
        assert_eq!(browser.get(&flow.path(&[])).await.status, 200);
    }
}

on_both_engines! {
    async fn consent_comes_only_from_the_page_that_asked(org: TestOrg) {
        let (flow, browser) = asked(&org).await;
        let page = browser.get(&flow.path(&[])).await;
        let good = page.filled(ACTION, &[("decision", "allow")]);
        let without: Vec<_> = good.iter().filter(|(name, _)| name != "_csrf").cloned().collect();
        let forged: Vec<_> = good.iter().map(|(name, value)| {
            (name.clone(), if name == "_csrf" { "forged".to_owned() } else { value.clone() })
        }).collect();
        for fields in [without, forged] {
            assert_eq!(browser.post(ACTION, &fields).await.status, 403);
        }
        let elsewhere = browser.post_with(ACTION, &good, &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(elsewhere.status, 403);
        let other = Browser::new(&org);
        other.open(crate::pages::SIGN_IN).await;
        assert_eq!(other.post(ACTION, &good).await.status, 403);
        assert_eq!(scopes(&flow).await, Vec::<String>::new());
        assert_eq!(page.header("x-frame-options"), "DENY");
        // Nor can the page be made to send anything elsewhere.
        let evil: Vec<_> = good.iter().map(|(name, value)| {
            (name.clone(), value.replace("app.example", "evil.example"))
        }).collect();
        let answer = browser.post(ACTION, &evil).await;
        assert_eq!((answer.status, answer.target()), (400, None));
        assert_eq!(scopes(&flow).await, Vec::<String>::new());
    }
}

on_both_engines! {
    async fn a_trusted_client_is_asked_for_only_if_the_request_says_so(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = flow.browser().await;
        assert!(flow.answer(&browser, &[]).await.contains_key("code"));
        for _ in 0..2 {
            let page = browser.get(&flow.path(&[("prompt", "consent")])).await;
            assert!(page.heading().starts_with("Allow App "));
            assert!(answered(&decide(&browser, &page, "allow").await).contains_key("code"));
        }
        assert_eq!(scopes(&flow).await, ["profile", "email", "offline_access"]);
    }
}

on_both_engines! {
    async fn who_revokes_a_grant_is_asked_again_and_what_was_issued_is_dead(org: TestOrg) {
        let (flow, browser) = asked(&org).await;
        let page = browser.get(&flow.path(&[])).await;
        let code = answered(&decide(&browser, &page, "allow").await)["code"].clone();
        let tokens = flow.exchange(&code, &[]).await.ok();
        let pending = flow.answer(&browser, &[]).await["code"].clone();
        assert!(flow.is_good(&tokens).await);
        let grants = org.get(&format!("{}/grants?scopeId=email", flow.user)).await.ok();
        org.delete(&format!("{}/grants/{}", flow.user, text(&grants[0], "id"))).await.no_content();
        assert!(!flow.is_good(&tokens).await);
        let dead = "The refresh token is invalid or expired.";
        flow.refresh(&text(&tokens, "refresh_token"), &[]).await.refused_by_oauth(400, "invalid_grant", dead);
        let void = "The authorization code is invalid or has expired.";
        flow.exchange(&pending, &[]).await.refused_by_oauth(400, "invalid_grant", void);
        let page = browser.get(&flow.path(&[])).await;
        assert!(page.says("View your email address") && !page.says("View your profile"));
        assert!(answered(&decide(&browser, &page, "allow").await).contains_key("code"));
    }
}

on_both_engines! {
    async fn consent_is_given_to_one_client_at_one_server(org: TestOrg) {
        let (flow, browser) = asked(&org).await;
        let page = browser.get(&flow.path(&[])).await;
        decide(&browser, &page, "allow").await;
        let other = flow.another_client("client_secret_basic", &json!({ "consent_method": "REQUIRED" })).await;
        let custom = Flow { server: "/oauth2/default/v1", ..flow.clone() };
        for flow in [&other, &custom] {
            assert_eq!(browser.get(&flow.path(&[])).await.status, 200);
        }
    }
}
