//! Signing in on the page.

use reqwest::Method;
use serde_json::json;

use super::browser::Browser;
use super::{SIGN_IN, sign_in, signed_in};
use crate::context::{TestOrg, text};
use crate::policies::set_password_policy;
use crate::users::fixtures::PASSWORD;

on_both_engines! {
    async fn whoever_signs_in_comes_to_the_home_page_with_their_apps(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        let app = json!({ "name": "bookmark", "label": "Tea & <cakes>", "signOnMode": "BOOKMARK",
            "settings": { "app": { "url": "https://tea.example/menu" } } });
        let app = org.post("/api/v1/apps", app).await.ok();
        let assigned = json!({ "id": user["id"], "scope": "USER" });
        org.post(&format!("/api/v1/apps/{}/users", text(&app, "id")), assigned).await.ok();
        let browser = Browser::new(&org);
        assert_eq!(browser.get("/").await.target().as_deref(), Some("/app/UserHome"));
        let page = browser.open("/").await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Sign in"));
        let home = browser.submit(&page, SIGN_IN, &[("username", "isaac"), ("password", PASSWORD)]).await;
        assert_eq!((home.path.as_str(), home.heading().as_str()), ("/app/UserHome", "Isaac Brock"));
        assert!(home.says("isaac@example.com") && home.says("Tea & <cakes>") && !home.html.contains("<cakes>"));
        assert!(home.html.contains("href=\"https://tea.example/menu\""));
        assert_eq!(browser.open(SIGN_IN).await.path, "/app/UserHome", "who is signed in need not sign in");
        assert_eq!(browser.open(&format!("{SIGN_IN}?prompt=login")).await.heading(), "Sign in");
    }
}

on_both_engines! {
    async fn a_wrong_password_and_an_unknown_login_look_the_same(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let mut pages = Vec::new();
        for username in ["isaac@example.com", "nobody@example.com"] {
            let page = sign_in(&Browser::new(&org), username, "Wr0ngPassword").await;
            assert_eq!((page.status, page.problem().as_str()), (401, "The username or the password is not right."));
            let token = page.filled(SIGN_IN, &[]).remove(0).1;
            pages.push(page.html.replace(username, "LOGIN").replace(&token, "TOKEN"));
        }
        assert_eq!(pages[0], pages[1]);
    }
}

on_both_engines! {
    async fn each_sign_in_has_a_session_of_its_own_whatever_the_browser_brought(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let browser = Browser::new(&org);
        browser.set_cookie("sid", "102planted00000000000000");
        sign_in(&browser, "isaac@example.com", PASSWORD).await;
        let first = browser.cookie("sid").unwrap();
        assert_ne!(first, "102planted00000000000000");
        let again = browser.open(&format!("{SIGN_IN}?prompt=login")).await;
        browser.submit(&again, SIGN_IN, &[("username", "isaac@example.com"), ("password", PASSWORD)]).await;
        assert_ne!(browser.cookie("sid").unwrap(), first);
        let replaced = Browser::new(&org);
        replaced.set_cookie("sid", &first);
        assert_eq!(replaced.get("/app/UserHome").await.status, 303, "the session before has ended");
    }
}

on_both_engines! {
    async fn a_browser_is_sent_on_only_within_the_org(org: TestOrg) {
        org.create_active("isaac@example.com", PASSWORD).await;
        let own = format!("http://{}/app/UserHome?own", org.address());
        for (asked, target) in [
            ("/oauth2/v1/authorize?client_id=a&state=b%20c", "/oauth2/v1/authorize?client_id=a&state=b%20c"),
            (&own, &own),
            ("https://evil.example/", "/app/UserHome"),
            ("//evil.example/", "/app/UserHome"),
            ("/\\evil.example", "/app/UserHome"),
            ("http://localhost:1/", "/app/UserHome"),
            ("javascript:alert(1)", "/app/UserHome"),
        ] {
            let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("fromURI", asked).finish();
            let browser = Browser::new(&org);
            let page = browser.get(&format!("{SIGN_IN}?{query}")).await;
            let credentials = [("username", "isaac@example.com"), ("password", PASSWORD)];
            assert_eq!(browser.post(SIGN_IN, &page.filled(SIGN_IN, &credentials)).await.target().unwrap(), target);
            let mut forged = page.filled(SIGN_IN, &credentials);
            forged.iter_mut().filter(|(name, _)| name == "fromURI").for_each(|field| field.1 = asked.to_owned());
            let browser = Browser::new(&org);
            let token = browser.get(SIGN_IN).await.filled(SIGN_IN, &[]).remove(0).1;
            forged[0].1 = token;
            assert_eq!(browser.post(SIGN_IN, &forged).await.target().unwrap(), target);
        }
    }
}

on_both_engines! {
    async fn pages_allow_no_scripts_no_frames_and_no_copies(org: TestOrg) {
        let browser = signed_in(&org, crate::context::ADMIN, crate::context::ADMIN_PASSWORD).await;
        for path in ["/login/login.htm?prompt=login", "/app/UserHome", "/login/signout", "/signin/continue?x"] {
            let page = browser.get(path).await;
            let policy = page.header("content-security-policy");
            if page.status == 200 {
                assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path} {policy}");
                assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{policy}");
                assert!(!page.html.contains("<script") && !page.html.contains(" style=") && !page.html.contains(" on"));
                assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            }
            assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
            assert!(page.header("cache-control").contains("no-store"), "{path}");
        }
        let style = browser.get("/assets/pages.css").await;
        assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    }
}

on_both_engines! {
    async fn an_expired_password_is_changed_on_the_way_in(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        org.post(&format!("/api/v1/users/{}/lifecycle/expire_password", text(&user, "id")), None).await.ok();
        let browser = Browser::new(&org);
        let page = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        assert_eq!((page.path.as_str(), page.heading().as_str()), ("/signin/continue", "Your password has expired"));
        assert_eq!(browser.cookie("sid"), None);
        let change = |old: &'static str, new: &'static str, confirm: &'static str| {
            [("oldPassword", old), ("newPassword", new), ("confirmPassword", confirm)]
        };
        let action = "/signin/change-password";
        for (fields, problem) in [
            (change(PASSWORD, "N3wPassword", "Other"), "The two new passwords are not the same."),
            (change("Wr0ngPassword", "N3wPassword", "N3wPassword"), "The old password is not right."),
            (change(PASSWORD, "short", "short"), "Passwords must have at least 8 characters"),
        ] {
            let refused = browser.submit(&page, action, &fields).await;
            assert!(refused.problem().starts_with(problem), "{}", refused.problem());
        }
        let home = browser.submit(&page, action, &change(PASSWORD, "N3wPassword", "N3wPassword")).await;
        assert_eq!((home.path.as_str(), browser.cookie("oktaStateToken")), ("/app/UserHome", None));
        assert_eq!(org.status(&text(&user, "id")).await, "ACTIVE");
    }
}

on_both_engines! {
    async fn the_warning_of_a_password_that_expires_soon_can_be_skipped(org: TestOrg) {
        let age = json!({ "maxAgeDays": 30, "expireWarnDays": 5 });
        set_password_policy(&org, json!({ "password": { "age": age } })).await.ok();
        org.create_active("isaac@example.com", PASSWORD).await;
        org.wait_seconds(26 * 86_400);
        let browser = Browser::new(&org);
        let page = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        assert_eq!(page.heading(), "Your password expires soon");
        assert!(page.says("expires in 4 days"), "{}", page.html);
        assert_eq!(browser.submit(&page, "/signin/skip", &[]).await.path, "/app/UserHome");
    }
}

on_both_engines! {
    async fn a_step_that_nobody_takes_in_time_is_over(org: TestOrg) {
        let user = org.create_active("isaac@example.com", PASSWORD).await;
        org.post(&format!("/api/v1/users/{}/lifecycle/expire_password", text(&user, "id")), None).await.ok();
        let browser = Browser::new(&org);
        let page = sign_in(&browser, "isaac@example.com", PASSWORD).await;
        org.wait_seconds(301);
        let fields = [("oldPassword", PASSWORD), ("newPassword", "N3wPassword"), ("confirmPassword", "N3wPassword")];
        let over = browser.submit(&page, "/signin/change-password", &fields).await;
        assert_eq!((over.status, over.heading().as_str()), (401, "This sign-in is over"));
        let user = org.with_token(None).send(Method::POST, "/api/v1/authn",
            Some(json!({ "username": "isaac@example.com", "password": PASSWORD }))).await.ok();
        assert_eq!(user["status"], "PASSWORD_EXPIRED", "nothing was changed");
    }
}
