//! getUser: how users are found, and what a request may leave out or add.

use reqwest::Method;
use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{keep_transitioning, path_of, path_of_user_in};
use crate::context::{ADMIN, TestOrg, text};

/// Looks for a user by this path segment.
async fn find(org: &TestOrg, segment: &str) -> Option<Value> {
    let answer = org.get(&format!("/api/v1/users/{segment}")).await;
    (answer.status == 200).then(|| answer.ok())
}

async fn not_found(org: &TestOrg, segment: &str, asked: &str) {
    let summary = format!("Not found: Resource not found: {asked} (User)");
    org.get(&format!("/api/v1/users/{segment}")).await.refused(404, "E0000007", &summary, &[]);
}

on_both_engines! {
    async fn get_user_finds_a_user_by_id_login_or_short_name(org: TestOrg) {
        let user = org.create("Isaac+Bröck@example.com").await;
        let id = text(&user, "id");
        for segment in [
            id.as_str(),
            "Isaac+Bröck@example.com",
            "isaac+brock@EXAMPLE.com",
            "isaac%2Bbr%C3%B6ck%40example.com",
            "%69saac+brock@example.com",
            "isaac+brock",
            "ISAAC%2Bbrock",
            "isaac+brock@example.com/",
        ] {
            assert_eq!(find(&org, segment).await.as_ref(), Some(&user), "{segment}");
        }
    }
}

on_both_engines! {
    async fn get_user_finds_nobody_by_half_a_name(org: TestOrg) {
        let id = text(&org.create("isaac@example.com").await, "id");
        for (segment, asked) in [
            ("isaa", "isaa"),
            ("isaac@", "isaac@"),
            ("isaac@example", "isaac@example"),
            ("isaac%20", "isaac "),
            ("%25", "%"),
            ("00u", "00u"),
            (id.to_lowercase().as_str(), &id.to_lowercase()),
            ("ME", "ME"),
        ] {
            if asked != id {
                not_found(&org, segment, asked).await;
            }
        }
    }
}

on_both_engines! {
    async fn get_user_finds_nobody_by_an_ambiguous_short_name(org: TestOrg) {
        let first = org.create("isaac@example.com").await;
        assert_eq!(find(&org, "isaac").await, Some(first.clone()));
        let second = path_of(&org.create("isaac@example.org").await);
        not_found(&org, "isaac", "isaac").await;
        org.delete(&second).await.no_content();
        not_found(&org, "isaac", "isaac").await;
        org.delete(&second).await.no_content();
        assert_eq!(find(&org, "isaac").await, Some(first));
    }
}

on_both_engines! {
    async fn get_user_finds_nobody_by_a_login_with_a_slash_or_question_mark(org: TestOrg) {
        for (login, segment) in [("isaac/b@example.com", "isaac%2Fb@example.com"), ("isaac?b@example.com", "isaac%3Fb@example.com")] {
            let user = org.create(login).await;
            not_found(&org, segment, login).await;
            assert_eq!(find(&org, &text(&user, "id")).await, Some(user));
        }
    }
}

on_both_engines! {
    async fn get_user_finds_the_caller_as_me(org: TestOrg) {
        let me = find(&org, "me").await.unwrap();
        assert_eq!(text(&me, "profile.login"), ADMIN);
        let other = org.other_org("acme").await;
        let theirs = other.send(Method::GET, "/api/v1/users/me", None).await.ok();
        assert_ne!(theirs["id"], me["id"]);
        let mine = other.send(Method::GET, &path_of(&me), None).await;
        assert_eq!(mine.status, 404);
    }
}

on_both_engines! {
    async fn get_user_finds_a_deactivated_user_and_no_erased_one(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        org.delete(&path).await.no_content();
        for segment in ["isaac@example.com", "isaac"] {
            assert_eq!(text(&find(&org, segment).await.unwrap(), "status"), "DEPROVISIONED");
        }
        org.delete(&path).await.no_content();
        for segment in ["isaac@example.com", "isaac", path.rsplit('/').next().unwrap()] {
            not_found(&org, segment, segment).await;
        }
    }
}

on_both_engines! {
    async fn get_user_expands_blocks_on_request(org: TestOrg) {
        let locked_out = path_of_user_in(&org, UserStatus::LockedOut, "eric@example.com").await;
        let active = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        let blocked = json!({ "blocks": [{ "type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES" }] });
        for expand in ["blocks", "block"] {
            let user = org.get(&format!("{locked_out}?expand={expand}")).await.ok();
            assert_eq!(user["_embedded"], blocked);
            let names: Vec<&String> = user.as_object().unwrap().keys().rev().take(2).collect();
            assert_eq!(names, ["_links", "_embedded"]);
        }
        assert_eq!(org.get(&format!("{active}?expand=blocks")).await.ok()["_embedded"], json!({ "blocks": [] }));
        for query in ["", "?expand=", "?expand=scope"] {
            assert_eq!(org.get(&format!("{active}{query}")).await.ok().get("_embedded"), None);
        }
    }
}

on_both_engines! {
    async fn get_user_omits_what_the_content_type_says(org: TestOrg) {
        let path = path_of_user_in(&org, UserStatus::Active, "isaac@example.com").await;
        keep_transitioning(&org, &path).await;
        let whole = org.get(&path).await.ok();
        assert_eq!(text(&whole, "transitioningToStatus"), "PROVISIONED");
        let without_links = |mut user: Value| {
            for name in ["changePassword", "changeRecoveryQuestion", "forgotPassword", "resetPassword", "resetFactors"] {
                user["_links"].as_object_mut().unwrap().shift_remove(name).unwrap();
            }
            user
        };
        let without = |mut user: Value, name: &str| {
            user.as_object_mut().unwrap().shift_remove(name).unwrap();
            user
        };
        let least = without(without(without_links(whole.clone()), "credentials"), "transitioningToStatus");
        for (wanted, expected) in [
            ("omitCredentials", without(whole.clone(), "credentials")),
            ("omitCredentialsLinks", without_links(whole.clone())),
            ("omitTransitioningToStatus", without(whole.clone(), "transitioningToStatus")),
            ("\"omitCredentials, omitCredentialsLinks,omitTransitioningToStatus\"", least.clone()),
            ("omitCredentials,omitCredentialsLinks,omitTransitioningToStatus,other", least),
            ("omitEverything", whole.clone()),
        ] {
            let content_type = format!("application/json; okta-response={wanted}");
            let headers = [("content-type", content_type.as_str())];
            let user = org.caller.send_raw(Method::GET, &path, None, &headers).await.ok();
            assert_eq!(user.to_string(), expected.to_string(), "{wanted}");
        }
        assert_eq!(org.get(&path).await.ok(), whole);
    }
}

on_both_engines! {
    async fn get_user_links_to_the_host_that_was_asked(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let here = org.get(&path).await.ok();
        for host in ["roster.example:8443", "id.roster.example", "localhost"] {
            let there = org.at_host(host).send(Method::GET, &path, None).await.ok();
            let links = there["_links"].as_object().unwrap();
            assert!(links.len() > 3);
            for (name, link) in links {
                assert!(text(link, "href").starts_with(&format!("http://{host}/api/v1/")), "{name}: {link}");
            }
        }
        assert_eq!(org.get(&path).await.ok(), here);
    }
}
