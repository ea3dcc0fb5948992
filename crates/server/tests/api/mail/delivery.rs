//! Messages leave, at least once, or are given up.

use std::sync::Arc;

use parking_lot::Mutex;
use roster_server::MessageSettings;
use roster_server::mail::{Delivery, Outgoing, Sender, Senders};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::smtp::MailServer;
use crate::authn::events;
use crate::context::{TestOrg, text};
use crate::users::fixtures::path_of;

/// Waits until the outbox holds so many messages.
async fn until_waiting(org: &TestOrg, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let messages = org.messages().await;
        if messages.len() == count {
            return messages;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the outbox holds {:?}", org.messages().await)
}

/// Waits until the only message in the outbox was put off by so many seconds; `false` if it was given up instead.
async fn is_put_off(org: &TestOrg, seconds: i64) -> bool {
    let next = org.clock.now().plus_seconds(seconds).to_string();
    for _ in 0..200 {
        match org.messages().await.as_slice() {
            [] => return false,
            [message] if message["nextAttempt"] == next => return true,
            _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    panic!("the outbox holds {:?}", org.messages().await)
}

on_both_engines! {
    async fn a_mail_leaves_once_in_text_and_html_and_is_gone_then(org: TestOrg) {
        let mut server = MailServer::start().await;
        let org = org.server_with(server.settings()).await;
        org.create("isaac@example.com").await;
        let mail = server.next().await;
        for part in [
            "From: Roster <roster@example.com>", "To: isaac@example.com", "Subject: Welcome: activate your account",
            "Message-ID: <", "@example.com>", "Auto-Submitted: auto-generated", "multipart/alternative", "text/plain",
            "text/html", "Hello Isaac Brock", "/welcome/",
        ] {
            assert!(mail.contains(part), "no {part:?} in {mail}");
        }
        until_waiting(&org, 0).await;
        org.wait_seconds(3600);
        org.create("eric@example.com").await;
        assert!(server.next().await.contains("To: eric@example.com"), "nothing comes twice");
    }
}

on_both_engines! {
    async fn a_mail_that_is_refused_for_now_is_tried_again_later_and_later(org: TestOrg) {
        let mut server = MailServer::start().await;
        let org = org.server_with(server.settings()).await;
        for _ in 0..2 {
            server.answer_next("451 not now");
        }
        org.create("isaac@example.com").await;
        let first = server.next().await;
        assert!(is_put_off(&org, 30).await);
        org.wait_seconds(29);
        org.create_active("eric@example.com", "Abcd1234#@").await;
        assert!(server.is_idle());
        org.wait_seconds(1);
        server.next().await;
        assert!(is_put_off(&org, 60).await);
        org.wait_seconds(60);
        let third = server.next().await;
        let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
        assert_eq!(id(&first), id(&third), "who gets both can tell");
        until_waiting(&org, 0).await;
        assert!(events(&org, "system.email.delivery").await.is_empty());
    }
}

on_both_engines! {
    async fn a_mail_that_is_refused_for_good_is_given_up_and_the_log_says_so(org: TestOrg) {
        let mut server = MailServer::start().await;
        let org = org.server_with(server.settings()).await;
        server.answer_next("550 no such mailbox");
        let user = org.create("isaac@example.com").await;
        server.next().await;
        until_waiting(&org, 0).await;
        let [event]: [Value; 1] = events(&org, "system.email.delivery").await.try_into().unwrap();
        assert_eq!(text(&event, "outcome.result"), "FAILURE");
        assert!(text(&event, "outcome.reason").contains("no such mailbox"), "{event}");
        assert_eq!(event["debugContext"]["debugData"]["message"], "activation");
        assert_eq!(event["target"][0]["id"], user["id"]);
    }
}

on_both_engines! {
    async fn a_mail_is_given_up_when_what_it_brings_is_no_longer_good(org: TestOrg) {
        let mut server = MailServer::start().await;
        let user = org.create("isaac@example.com").await;
        org.post(&format!("{}/lifecycle/reset_password?sendEmail=true", path_of(&user)), None).await.ok();
        let org = org.server_with(server.settings()).await;
        for _ in 0..20 {
            server.answer_next("451 not now");
        }
        let mut attempts = 0;
        loop {
            server.next().await;
            attempts += 1;
            let pause = 30 << (attempts - 1);
            if !is_put_off(&org, pause).await {
                break;
            }
            org.wait_seconds(pause);
        }
        assert_eq!(events(&org, "system.email.delivery").await.len(), 1);
        assert_eq!(attempts, 7, "a link that is good for an hour");
    }
}

on_both_engines! {
    async fn what_waits_when_a_server_stops_is_delivered_by_the_next(org: TestOrg) {
        org.create("isaac@example.com").await;
        until_waiting(&org, 1).await;
        let mut server = MailServer::start().await;
        let next = org.server_with(server.settings()).await;
        assert!(server.next().await.contains("To: isaac@example.com"));
        until_waiting(&next, 0).await;
    }
}

on_both_engines! {
    async fn two_servers_over_one_store_deliver_a_mail_once(org: TestOrg) {
        let mut server = MailServer::start().await;
        let one = org.server_with(server.settings()).await;
        let _other = org.server_with(server.settings()).await;
        for number in 0..10 {
            one.create(&format!("user{number}@example.com")).await;
        }
        let mut mailed = Vec::new();
        for _ in 0..10 {
            let mail = server.next().await;
            mailed.push(mail.lines().find(|line| line.starts_with("To: ")).unwrap().to_owned());
        }
        until_waiting(&one, 0).await;
        mailed.sort();
        mailed.dedup();
        assert!(mailed.len() == 10 && server.is_idle());
    }
}

/// A gateway for text messages that keeps them.
struct Gateway(Mutex<UnboundedSender<(String, String)>>);

impl Sender for Gateway {
    fn send<'a>(&'a self, message: &'a Outgoing) -> Delivery<'a> {
        let sent = self.0.lock().send((message.address.clone(), message.text.clone()));
        Box::pin(async move { sent.map_err(|_| unreachable!("the test listens")) })
    }
}

on_both_engines! {
    async fn text_messages_go_to_the_gateway_that_is_plugged_in(org: TestOrg) {
        let (sender, mut received) = unbounded_channel();
        let senders = Senders { email: None, phone: Some(Arc::new(Gateway(Mutex::new(sender)))) };
        let org = org.server_with(MessageSettings { senders, show_mailbox: true }).await;
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let factor = json!({ "factorType": "sms", "provider": "OKTA", "profile": { "phoneNumber": "+12345678901" } });
        let factor = org.post(&format!("{}/factors", path_of(&user)), factor).await.ok();
        let (phone, message) = received.recv().await.unwrap();
        let passcode = message.strip_prefix("Your verification code is ").unwrap();
        assert_eq!(phone, "+12345678901");
        let activate = format!("{}/factors/{}/lifecycle/activate", path_of(&user), text(&factor, "id"));
        org.post(&activate, json!({ "passCode": passcode })).await.ok();
        let [left]: [Value; 1] = until_waiting(&org, 1).await.try_into().unwrap();
        assert_eq!(left["kind"], "factor_enrolled", "nobody takes mails here");
    }
}
