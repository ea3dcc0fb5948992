//! Codes at the token endpoint, and who tries to use another's.

use serde_json::{Value, json};

use super::claims;
use crate::context::text;
use crate::oauth::flow::{Flow, LOGIN, VERIFIER};

const INVALID: &str = "The authorization code is invalid or has expired.";

on_both_engines! {
    async fn a_code_is_changed_for_tokens(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let tokens = flow.tokens(&[]).await;
        let members: Vec<&str> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["token_type", "expires_in", "access_token", "scope", "refresh_token", "id_token"]);
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(text(&tokens, "scope"), "openid profile email offline_access");
        let (base, now) = (format!("http://{}", org.address()), org.clock.now().as_millis() / 1000);
        let user = org.get(&flow.user).await.ok();
        let access = claims(&text(&tokens, "access_token"));
        assert_eq!((&access["uid"], &access["sub"], &access["cid"]), (&user["id"], &json!(LOGIN), &json!(flow.client)));
        assert_eq!((&access["iss"], &access["aud"], &access["auth_time"]), (&json!(base), &json!(base), &json!(now)));
        assert_eq!(access["scp"], json!(["openid", "profile", "email", "offline_access"]));
        let id = claims(&text(&tokens, "id_token"));
        let hash = crate::oauth::flow::half_hash(&text(&tokens, "access_token"));
        let told = json!({
            "sub": user["id"], "ver": 1, "iss": base, "aud": flow.client, "iat": now, "exp": now + 3600, "jti": id["jti"],
            "amr": ["pwd"], "idp": id["idp"], "nonce": "n0nce", "auth_time": now, "at_hash": hash,
            "name": "Isaac Brock", "preferred_username": LOGIN, "email": LOGIN,
        });
        assert_eq!(id, told);
        assert!(text(&id, "jti").starts_with("ID.") && text(&id, "idp").starts_with("00o"));
        assert!(flow.is_good(&tokens).await);
    }
}

on_both_engines! {
    async fn only_offline_access_brings_a_refresh_token_and_only_openid_an_id_token(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let tokens = flow.tokens(&[("scope", "openid")]).await;
        assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_some());
        let tokens = flow.tokens(&[("scope", "offline_access")]).await;
        assert!(tokens.get("refresh_token").is_some() && tokens.get("id_token").is_none());
        let without = flow.another_client("client_secret_basic", &json!({ "grant_types": ["authorization_code"] })).await;
        let tokens = without.tokens(&[]).await;
        assert_eq!((text(&tokens, "scope"), tokens.get("refresh_token")), ("openid profile email".to_owned(), None));
    }
}

on_both_engines! {
    async fn a_code_is_good_once_and_a_second_use_ends_what_the_first_got(org: TestOrg) {
        let flow = Flow::new(&org).await;
        for scope in ["openid offline_access", "openid"] {
            let other = flow.tokens(&[("scope", "openid offline_access")]).await;
            let code = flow.code(&[("scope", scope)]).await;
            let tokens = flow.exchange(&code, &[]).await.ok();
            assert!(flow.is_good(&tokens).await);
            flow.exchange(&code, &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
            assert!(!flow.is_good(&tokens).await);
            if let Some(token) = tokens["refresh_token"].as_str() {
                assert_eq!(flow.refresh(token, &[]).await.status, 400);
            }
            flow.refresh(&text(&other, "refresh_token"), &[]).await.ok();
        }
    }
}

on_both_engines! {
    async fn a_code_of_another_client_is_worth_nothing_and_stays_good_for_its_own(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let thief = flow.another_client("client_secret_basic", &json!({})).await;
        let public = flow.public_client(&json!({ "application_type": "native" })).await;
        let code = flow.code(&[]).await;
        let another = "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.";
        for client in [&thief, &public] {
            client.exchange(&code, &[]).await.refused_by_oauth(400, "invalid_grant", another);
        }
        let unknown = flow.token(&[("grant_type", "authorization_code"), ("code", "guess"), ("redirect_uri", "x")]).await;
        unknown.refused_by_oauth(400, "invalid_grant", INVALID);
        flow.exchange(&code, &[]).await.ok();
    }
}

on_both_engines! {
    async fn a_code_is_bound_to_where_it_went(org: TestOrg) {
        let uris = json!({ "redirect_uris": [crate::oauth::flow::REDIRECT, "https://app.example/other"] });
        let flow = Flow::with(&org, &uris).await;
        let code = flow.code(&[]).await;
        let wrong = "The 'redirect_uri' does not match the redirection URI used in the authorization request.";
        for uri in ["https://app.example/other", "https://evil.example/", ""] {
            let answer = flow.exchange(&code, &[("redirect_uri", uri)]).await;
            answer.refused_by_oauth(400, "invalid_grant", wrong);
        }
        flow.exchange(&code, &[]).await.ok();
    }
}

on_both_engines! {
    async fn a_code_is_bound_to_who_asked_for_it(org: TestOrg) {
        let flow = Flow::new(&org).await.public_client(&json!({ "application_type": "native" })).await;
        let code = flow.code(&[]).await;
        let failed = "PKCE verification failed.";
        for verifier in ["", crate::oauth::flow::CHALLENGE, &VERIFIER.to_lowercase(), &format!("{VERIFIER}x"), "short"] {
            flow.exchange(&code, &[("code_verifier", verifier)]).await.refused_by_oauth(400, "invalid_grant", failed);
        }
        flow.exchange(&code, &[]).await.ok();
        // A code that was asked for without a challenge, slipped into the answer to a request with one.
        let confidential = flow.another_client("client_secret_basic", &json!({})).await;
        let code = confidential.code(&[]).await;
        let injected = "PKCE code challenge should be specified in the authorize request for code verification.";
        let answer = confidential.exchange(&code, &[("code_verifier", VERIFIER)]).await;
        answer.refused_by_oauth(400, "invalid_request", injected);
    }
}

on_both_engines! {
    async fn a_code_ends_after_five_minutes_and_with_its_user(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let (good, old) = (flow.code(&[]).await, flow.code(&[]).await);
        org.wait_seconds(299);
        flow.exchange(&good, &[]).await.ok();
        org.wait_seconds(1);
        flow.exchange(&old, &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
        let code = flow.code(&[]).await;
        org.post(&format!("{}/lifecycle/suspend", flow.user), None).await.ok();
        let denied = "User is not assigned to the client application.";
        flow.exchange(&code, &[]).await.refused_by_oauth(403, "access_denied", denied);
        org.post(&format!("{}/lifecycle/unsuspend", flow.user), None).await.ok();
        org.post(&format!("{}/lifecycle/deactivate", flow.user), None).await.ok();
        flow.exchange(&code, &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
    }
}

on_both_engines! {
    async fn neither_codes_nor_refresh_tokens_are_kept(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let code = flow.code(&[]).await;
        let token = text(&flow.exchange(&code, &[]).await.ok(), "refresh_token");
        for table in ["oauth_codes", "oauth_refresh_tokens"] {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE CAST({} AS TEXT) LIKE $1", match table {
                "oauth_codes" => "document",
                _ => "verified",
            });
            for secret in [&code, &token] {
                let (sql, like) = (sql.clone(), format!("%{secret}%"));
                let count = org.store.engine().read(move |tx| {
                    Ok(tx.query_first(&sql, roster_store::params![&like], |row| row.integer(0))?)
                });
                assert_eq!(count.await.unwrap(), Some(0));
            }
        }
        let log: Value = org.get("/api/v1/logs?limit=1000").await.ok();
        assert!(!log.to_string().contains(&code) && !log.to_string().contains(&token));
    }
}
