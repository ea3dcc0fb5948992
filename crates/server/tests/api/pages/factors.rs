//! Factors on the way in.

use serde_json::{Value, json};

use super::browser::{Browser, Page};
use super::sign_in;
use crate::context::{TestOrg, text};
use crate::factors::totp::code;
use crate::policies::set_rule;
use crate::users::fixtures::{PASSWORD, path_of};

async fn require_factor(org: &TestOrg) {
    let signon = json!({ "signon": { "requireFactor": true } });
    set_rule(org, "OKTA_SIGN_ON", signon).await.ok();
}

/// The value of the hidden field `factor` of a form.
fn factor_of(page: &Page, action: &str) -> String {
    page.filled(action, &[]).into_iter().find(|(name, _)| name == "factor").unwrap().1
}

async fn passcode(org: &TestOrg) -> String {
    text(&org.messages_of("passcode").await.pop().unwrap(), "passCode")
}

on_both_engines! {
    async fn who_has_no_factor_sets_one_up_on_the_way_in_and_is_asked_for_it_next_time(org: TestOrg) {
        require_factor(&org).await;
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = Browser::new(&org);
        let offered = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        assert_eq!(offered.heading(), "Set up a second factor");
        assert!(offered.says("Google Authenticator") && !offered.says("Security key"));
        assert_eq!(browser.cookie("sid"), None);
        let setup = browser.submit_first(&offered, "/signin/enroll", &[("kind", "token:software:totp GOOGLE")]).await;
        assert_eq!(setup.heading(), "Set up Google Authenticator");
        let picture = setup.html.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(browser.get(picture.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap().as_str()).await.status, 200);
        let secret = setup.html.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let wrong = browser.submit(&setup, "/signin/activate", &[("passCode", "000000")]).await;
        assert_eq!(wrong.problem(), "That is not right, or no longer good.");
        let home = browser.submit(&wrong, "/signin/activate", &[("passCode", &code(&secret, 0))]).await;
        assert_eq!(home.path, "/app/UserHome");
        let [notice]: [Value; 1] = org.messages_of("factor_enrolled").await.try_into().unwrap();
        assert!(text(&notice, "text").contains("Google Authenticator was set up for signing in as isaac@example.com."));

        org.wait_seconds(30);
        let browser = Browser::new(&org);
        let choice = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        assert_eq!(choice.heading(), "Prove that it is you");
        let asked = browser.submit(&choice, "/signin/factor", &[]).await;
        assert_eq!(asked.heading(), "Google Authenticator");
        assert_eq!(browser.cookie("sid"), None);
        let wrong = browser.submit(&asked, "/signin/verify", &[("passCode", "000000")]).await;
        assert_eq!((wrong.status, browser.cookie("sid")), (400, None));
        let home = browser.submit(&wrong, "/signin/verify", &[("passCode", &code(&secret, 30))]).await;
        assert_eq!(home.path, "/app/UserHome");
    }
}

on_both_engines! {
    async fn a_code_by_mail_lets_in_and_another_can_be_had(org: TestOrg) {
        require_factor(&org).await;
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        let factor = json!({ "factorType": "email", "provider": "OKTA", "profile": { "email": "isaac@example.com" } });
        org.post(&format!("{}/factors?activate=true", path_of(&user)), factor).await.ok();
        let browser = Browser::new(&org);
        let choice = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        let asked = browser.submit(&choice, "/signin/factor", &[]).await;
        assert!(asked.says("We sent a code to i...c@example.com."), "{}", asked.html);
        let first = passcode(&org).await;
        let soon = browser.submit(&asked, "/signin/resend", &[]).await;
        assert!(soon.problem().starts_with("An email was recently sent."), "{}", soon.problem());
        org.wait_seconds(6);
        let resent = browser.submit(&asked, "/signin/resend", &[]).await;
        assert_eq!(resent.heading(), "E-mail");
        let second = passcode(&org).await;
        assert!(first != second || org.messages_of("passcode").await.len() == 1);
        assert_eq!(browser.submit(&resent, "/signin/verify", &[("passCode", &second)]).await.path, "/app/UserHome");
    }
}

on_both_engines! {
    async fn a_security_question_is_set_up_and_asked(org: TestOrg) {
        require_factor(&org).await;
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = Browser::new(&org);
        let offered = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        let fields = [("kind", "question OKTA"), ("question", "disliked_food"), ("answer", "mayonnaise")];
        let home = browser.submit_first(&offered, "/signin/enroll", &fields).await;
        assert_eq!(home.path, "/app/UserHome");
        let browser = Browser::new(&org);
        let choice = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        let asked = browser.submit(&choice, "/signin/factor", &[]).await;
        assert_eq!(factor_of(&asked, "/signin/verify"), factor_of(&choice, "/signin/factor"));
        let back = browser.submit(&asked, "/signin/previous", &[]).await;
        assert_eq!(back.heading(), "Prove that it is you");
        let asked = browser.submit(&back, "/signin/factor", &[]).await;
        assert_eq!(browser.submit(&asked, "/signin/verify", &[("answer", "Mayonnaise")]).await.path, "/app/UserHome");
        let browser = Browser::new(&org);
        let choice = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        let out = browser.submit(&choice, "/signin/cancel", &[]).await;
        assert_eq!((out.heading().as_str(), browser.cookie("oktaStateToken")), ("Sign in", None));
    }
}
