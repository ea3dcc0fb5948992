//! Who may look into the mailbox.

use reqwest::Method;
use roster_server::MessageSettings;

use super::smtp::MailServer;
use crate::context::{Caller, TestOrg};
use crate::pages::browser::Browser;

fn is_missing(answer: crate::context::Answer) {
    answer.refused(404, "E0000008", "The requested path was not found", &[]);
}

async fn look(caller: &Caller, headers: &[(&str, &str)]) -> crate::context::Answer {
    caller.send_raw(Method::GET, "/dev/mailbox.json", None, headers).await
}

on_both_engines! {
    async fn the_mailbox_is_shown_to_who_is_on_this_machine(org: TestOrg) {
        org.create("isaac@example.com").await;
        let anyone = org.with_token(None);
        assert_eq!(look(&anyone, &[]).await.ok().as_array().unwrap().len(), 1);
        let json = anyone.send_raw(Method::GET, "/dev/mailbox", None, &[("accept", "application/json")]).await.ok();
        assert_eq!(json.as_array().unwrap().len(), 1);
        let page = Browser::new(&org).get("/dev/mailbox").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Mailbox"));
        assert!(page.says("Welcome: activate your account") && page.html.contains("/welcome/"));
        is_missing(look(&anyone, &[("x-forwarded-for", "203.0.113.9")]).await);
        is_missing(look(&anyone.at_host("evil.example"), &[]).await);
    }
}

on_both_engines! {
    async fn an_org_sees_its_own_mails_alone(org: TestOrg) {
        let other = org.other_org("acme").await;
        org.create("isaac@example.com").await;
        assert_eq!(look(&other, &[]).await.ok().as_array().unwrap().len(), 0);
    }
}

on_both_engines! {
    async fn where_mails_leave_the_mailbox_is_closed_unless_the_operator_opens_it(org: TestOrg) {
        let server = MailServer::start().await;
        let closed = org.server_with(MessageSettings { show_mailbox: false, ..server.settings() }).await;
        is_missing(look(&closed.with_token(None), &[]).await);
        let open = org.server_with(MessageSettings { show_mailbox: true, ..MessageSettings::default() }).await;
        look(&open.with_token(None).at_host("roster.example"), &[("x-forwarded-for", "203.0.113.9")]).await.ok();
    }
}
