//! The authorize endpoint: who gets a code, and where errors go.

use serde_json::json;

use crate::context::text;
use crate::oauth::flow::{Flow, LOGIN, REDIRECT, answered, refused};
use crate::pages::SIGN_IN;
use crate::pages::browser::Browser;
use crate::users::fixtures::PASSWORD;

on_both_engines! {
    async fn whoever_is_not_signed_in_signs_in_and_comes_back_to_the_client(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = Browser::new(&org);
        let page = browser.open(&flow.path(&[("login_hint", LOGIN)])).await;
        assert!(page.path.starts_with(SIGN_IN) && page.says(&format!("value=\"{LOGIN}\"")), "{page:?}");
        let fields = page.filled(SIGN_IN, &[("username", LOGIN), ("password", PASSWORD)]);
        let sent = browser.post(SIGN_IN, &fields).await;
        let answer = answered(&browser.get(&sent.target().unwrap()).await);
        assert_eq!((answer["state"].as_str(), answer["iss"].clone()), ("st&te", format!("http://{}", org.address())));
        assert_eq!(answer["code"].len(), 43);
        assert_eq!(answer.len(), 3, "{answer:?}");
    }
}

on_both_engines! {
    async fn whoever_is_signed_in_gets_a_code_at_once_by_get_and_by_post(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = flow.browser().await;
        let page = browser.get(&flow.path(&[])).await;
        assert_eq!((page.status, page.header("referrer-policy")), (303, "no-referrer"));
        let first = answered(&page)["code"].clone();
        assert_ne!(flow.answer(&browser, &[]).await["code"], first);
        let path = flow.path(&[]);
        let (action, query) = path.split_once('?').unwrap();
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let posted = browser.post(action, &fields).await;
        assert!(answered(&browser.get(&posted.target().unwrap()).await).contains_key("code"));
        assert_eq!(flow.events("app.oauth2.authorize.code").await, 3);
    }
}

on_both_engines! {
    async fn nothing_is_sent_to_where_the_client_did_not_register(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let other = flow.another_client("client_secret_basic", &json!({ "redirect_uris": ["https://other.example/cb"] })).await;
        let inactive = flow.another_client("client_secret_basic", &json!({})).await;
        org.post(&format!("/api/v1/apps/{}/lifecycle/deactivate", inactive.client), None).await.ok();
        let theirs = org.other_org("acme").await;
        let body = crate::oauth::flow::client_body("Theirs", "client_secret_basic", &json!({}));
        let foreign = text(&theirs.send(reqwest::Method::POST, "/api/v1/apps", Some(body)).await.ok(), "id");
        let browser = flow.browser().await;
        for more in [
            [("redirect_uri", "")], [("redirect_uri", "https://evil.example/")], [("redirect_uri", "https://app.example/callback/")],
            [("redirect_uri", "https://app.example/callback?x=1")], [("redirect_uri", "https://app.example/callback#x")],
            [("redirect_uri", "https://app.example@evil.example/callback")], [("redirect_uri", "http://app.example/callback")],
            [("redirect_uri", "https://APP.example/callback")], [("redirect_uri", "/callback")], [("redirect_uri", "javascript:alert(1)")],
            [("client_id", "")], [("client_id", "nobody")], [("client_id", other.client.as_str())],
            [("client_id", inactive.client.as_str())], [("client_id", foreign.as_str())],
        ] {
            for prompt in ["", "none"] {
                let page = browser.get(&flow.path(&[more[0], ("prompt", prompt)])).await;
                assert_eq!((page.status, page.target()), (400, None), "{more:?}");
                assert_eq!(page.heading(), "This sign-in cannot go on");
            }
        }
        let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2F", flow.path(&[]));
        assert_eq!(browser.get(&twice).await.target(), None);
        assert_eq!(browser.get(&flow.path(&[]).replace("/v1/", "/aus0/v1/")).await.status, 404);
    }
}

on_both_engines! {
    async fn every_other_mistake_goes_to_the_client(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = Browser::new(&org);
        let types = "The response type is not supported by the authorization server. Configured response types: [code].";
        let scopes = "One or more scopes are not configured for the authorization server resource.";
        let openid = "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.";
        for (more, error, description) in [
            (("response_type", ""), "invalid_request", "The required parameter 'response_type' is missing."),
            (("response_type", "token"), "unsupported_response_type", types),
            (("response_type", "code magic"), "unsupported_response_type", types),
            (("response_mode", "smoke"), "unsupported_response_mode", "The response mode is not supported by the authorization server. Valid response modes: [query, fragment, form_post, okta_post_message]."),
            (("scope", ""), "invalid_scope", "No scopes were requested."),
            (("scope", "openid magic"), "invalid_scope", scopes),
            (("scope", "profile"), "invalid_scope", openid),
            (("prompt", "maybe"), "invalid_request", "Invalid value for 'prompt' parameter. Supported values: [none, login, consent]"),
            (("max_age", "old"), "invalid_request", "Invalid value for 'max_age' parameter. It should be within range 0 - 2^31-1."),
            (("request", "eyJ"), "request_not_supported", "The authorize request object is not supported by this client."),
            (("idp", "0oa1"), "invalid_request", "Identity provider is not valid."),
            (("code_challenge_method", "S256"), "invalid_request", "PKCE code challenge is required by the application."),
        ] {
            let page = browser.get(&flow.path(&[more])).await;
            if more == ("scope", "openid magic") {
                // Which scopes there are is looked up once somebody is there.
                refused(&answered(&flow.browser().await.get(&flow.path(&[more])).await), error, description);
            } else {
                refused(&answered(&page), error, description);
            }
        }
        let twice = browser.get(&format!("{}&scope=openid", flow.path(&[]))).await;
        refused(&answered(&twice), "invalid_request", "The 'scope' parameter must not be repeated.");
        let without_state = answered(&browser.get(&flow.path(&[("state", "")])).await);
        assert_eq!(without_state["error_description"], "The authentication request has an invalid 'state' parameter.");
    }
}

on_both_engines! {
    async fn public_clients_need_pkce_with_s256(org: TestOrg) {
        let flow = Flow::new(&org).await.public_client(&json!({ "application_type": "native" })).await;
        let browser = flow.browser().await;
        let (required, method) = ("PKCE code challenge is required by the application.",
            "PKCE code challenge method is not supported. Valid values: [S256]");
        let illegal = "PKCE code challenge contains illegal characters.";
        for (challenge, with, description) in [
            ("", "", required), ("", "S256", required), (crate::oauth::flow::CHALLENGE, "plain", method),
            (crate::oauth::flow::CHALLENGE, "", method), ("short", "S256", illegal),
        ] {
            let answer = flow.answer(&browser, &[("code_challenge", challenge), ("code_challenge_method", with)]).await;
            refused(&answer, "invalid_request", description);
        }
        assert!(flow.answer(&browser, &[]).await.contains_key("code"));
    }
}

on_both_engines! {
    async fn only_users_of_the_app_get_anything(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let id = flow.user.rsplit('/').next().unwrap();
        let browser = flow.browser().await;
        org.delete(&format!("/api/v1/apps/{}/users/{id}", flow.client)).await.no_content();
        let denied = "User is not assigned to the client application.";
        for prompt in ["", "none", "consent"] {
            refused(&flow.answer(&browser, &[("prompt", prompt)]).await, "access_denied", denied);
        }
        let everyone = text(&org.get("/api/v1/groups?q=Everyone").await.ok()[0], "id");
        org.put(&format!("/api/v1/apps/{}/groups/{everyone}", flow.client), json!({})).await.ok();
        assert!(flow.answer(&browser, &[]).await.contains_key("code"));
        org.post(&format!("{}/lifecycle/suspend", flow.user), None).await.ok();
        assert!(browser.open(&flow.path(&[])).await.path.starts_with(SIGN_IN));
    }
}

on_both_engines! {
    async fn prompt_none_asks_nothing(org: TestOrg) {
        let flow = Flow::with(&org, &json!({ "consent_method": "REQUIRED" })).await;
        let nobody = Browser::new(&org);
        let login = "The client specified not to prompt, but the user is not logged in.";
        refused(&flow.answer(&nobody, &[("prompt", "none")]).await, "login_required", login);
        let browser = flow.browser().await;
        let consent = "The user has to consent to the requested scopes.";
        refused(&flow.answer(&browser, &[("prompt", "none")]).await, "consent_required", consent);
        assert!(flow.answer(&browser, &[("prompt", "none"), ("scope", "openid")]).await.contains_key("code"));
        org.wait_seconds(60);
        let old = [("prompt", "none"), ("scope", "openid"), ("max_age", "59")];
        let again = "The client specified not to prompt, but the client app requires re-authentication or MFA.";
        refused(&flow.answer(&browser, &old).await, "login_required", again);
        let young = [("prompt", "none"), ("scope", "openid"), ("max_age", "60")];
        assert!(flow.answer(&browser, &young).await.contains_key("code"));
        let never = "'prompt' parameter must not have the value 'none' for request with 'zero' as max_age.";
        refused(&flow.answer(&browser, &[("prompt", "none"), ("max_age", "0")]).await, "invalid_request", never);
    }
}

on_both_engines! {
    async fn an_old_sign_in_is_done_again_once(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = flow.browser().await;
        org.wait_seconds(100);
        for more in [("prompt", "login"), ("max_age", "0"), ("max_age", "99")] {
            let page = browser.open(&flow.path(&[more])).await;
            assert_eq!((page.status, page.heading()), (200, "Sign in".to_owned()), "{more:?}");
            // Going on without signing in leads back here.
            let onward = page.filled(SIGN_IN, &[]).into_iter().find(|(name, _)| name == "fromURI").unwrap().1;
            assert!(browser.open(&onward).await.path.starts_with(SIGN_IN), "{onward}");
            let fields = page.filled(SIGN_IN, &[("username", LOGIN), ("password", PASSWORD)]);
            let sent = browser.post(SIGN_IN, &fields).await;
            assert!(answered(&browser.get(&sent.target().unwrap()).await).contains_key("code"), "{more:?}");
            org.wait_seconds(100);
        }
        assert!(flow.answer(&browser, &[("max_age", "100")]).await.contains_key("code"));
    }
}

on_both_engines! {
    async fn a_session_token_signs_in_for_the_request(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let body = json!({ "username": LOGIN, "password": PASSWORD });
        let token = text(&org.with_token(None).send(reqwest::Method::POST, "/api/v1/authn", Some(body)).await.ok(), "sessionToken");
        let browser = Browser::new(&org);
        let silent = [("sessionToken", token.as_str()), ("prompt", "none")];
        assert!(flow.answer(&browser, &silent).await.contains_key("code"));
        assert!(browser.cookie("sid").is_some());
        assert!(flow.answer(&browser, &[("prompt", "none")]).await.contains_key("code"));
        // Good once, and never passed on.
        let again = Browser::new(&org);
        let login = "The client specified not to prompt, but the user is not logged in.";
        refused(&flow.answer(&again, &silent).await, "login_required", login);
        let page = again.get(&flow.path(&[("sessionToken", &token)])).await;
        assert!(!page.target().unwrap().contains(&token));
    }
}

on_both_engines! {
    async fn an_answer_goes_back_the_way_that_was_asked_for(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let browser = flow.browser().await;
        let fragment = browser.get(&flow.path(&[("response_mode", "fragment")])).await;
        assert!(fragment.target().unwrap().starts_with(&format!("{REDIRECT}#code=")));
        let evil = "\"><script>alert(1)</script>";
        let form = browser.get(&flow.path(&[("response_mode", "form_post"), ("state", evil)])).await;
        let fields = form.html.clone();
        assert_eq!(form.status, 200);
        assert!(fields.contains(&format!("id=\"answer\" method=\"post\" action=\"{REDIRECT}\"")) && fields.contains("name=\"code\""));
        assert!(!fields.contains("<script>alert") && form.says(evil));
        let policy = form.header("content-security-policy");
        assert!(policy.contains("script-src 'nonce-") && !policy.contains("unsafe"), "{policy}");
        let message = browser.get(&flow.path(&[("response_mode", "okta_post_message"), ("state", evil)])).await;
        assert!(message.html.contains("postMessage") && message.html.contains("\"https://app.example\""), "{}", message.html);
        assert!(!message.html.contains("<script>alert"));
        assert!(message.header("content-security-policy").contains("frame-ancestors https://app.example;"));
        assert_eq!(message.header("x-frame-options"), "");
        let error = browser.get(&flow.path(&[("response_mode", "form_post"), ("prompt", "x")])).await;
        assert!(error.html.contains("value=\"invalid_request\""));
    }
}

on_both_engines! {
    async fn the_custom_server_names_itself_as_issuer(org: TestOrg) {
        let flow = Flow { server: "/oauth2/default/v1", ..Flow::new(&org).await };
        let answer = flow.answer(&flow.browser().await, &[]).await;
        assert_eq!(answer["iss"], format!("http://{}/oauth2/default", org.address()));
        let own = Flow { server: "/oauth2/v1", ..flow.clone() };
        let wrong = "The grant was issued for another authorization server.";
        own.exchange(&answer["code"], &[]).await.refused_by_oauth(400, "invalid_grant", wrong);
        flow.exchange(&answer["code"], &[]).await.ok();
    }
}
