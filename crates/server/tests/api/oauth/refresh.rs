//! Refresh tokens at the token endpoint: with and without a new secret each time.

use serde_json::{Value, json};

use super::claims;
use super::flow::Flow;
use crate::context::{TestOrg, text};

const INVALID: &str = "The refresh token is invalid or expired.";

fn secret(tokens: &Value) -> String {
    text(tokens, "refresh_token")
}

/// A client whose refresh tokens change, with this leeway.
async fn rotating(org: &TestOrg, leeway: u32) -> Flow {
    let flow = Flow::new(org).await;
    let settings = json!({ "refresh_token": { "rotation_type": "ROTATE", "leeway": leeway } });
    flow.another_client("client_secret_basic", &settings).await
}

on_both_engines! {
    async fn a_static_refresh_token_stays_and_brings_new_tokens(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let first = flow.tokens(&[]).await;
        let began = claims(&text(&first, "id_token"))["auth_time"].clone();
        org.wait_seconds(600);
        let second = flow.refresh(&secret(&first), &[]).await.ok();
        assert_eq!(secret(&second), secret(&first));
        assert_eq!(text(&second, "scope"), text(&first, "scope"));
        assert_ne!(text(&second, "access_token"), text(&first, "access_token"));
        let id = claims(&text(&second, "id_token"));
        assert_eq!((&id["auth_time"], id.get("nonce")), (&began, None), "the sign-in is as old as it is");
        assert!(flow.is_good(&second).await && flow.is_good(&first).await);
        flow.refresh(&secret(&first), &[]).await.ok();
        let listed = org.get(&format!("{}/clients/{}/tokens", flow.user, flow.client)).await.ok();
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_ne!(listed[0]["lastUpdated"], listed[0]["created"]);
    }
}

on_both_engines! {
    async fn a_rotating_refresh_token_keeps_its_id_and_is_new_each_time(org: TestOrg) {
        let flow = rotating(&org, 0).await;
        let list = format!("{}/clients/{}/tokens", flow.user, flow.client);
        let mut tokens = flow.tokens(&[]).await;
        let id = text(&org.get(&list).await.ok()[0], "id");
        for _ in 0..3 {
            let next = flow.refresh(&secret(&tokens), &[]).await.ok();
            assert_ne!(secret(&next), secret(&tokens));
            tokens = next;
        }
        let listed = org.get(&list).await.ok();
        assert_eq!((listed.as_array().unwrap().len(), text(&listed[0], "id")), (1, id));
    }
}

on_both_engines! {
    async fn a_refresh_token_that_is_used_twice_ends_its_whole_family(org: TestOrg) {
        for leeway in [0, 30] {
            let org = org.clone();
            let flow = if leeway == 0 { rotating(&org, 0).await } else {
                let settings = json!({ "refresh_token": { "rotation_type": "ROTATE", "leeway": leeway } });
                let user = org.get("/api/v1/users/isaac@example.com").await.ok();
                let flow = Flow { org: org.clone(), client: String::new(), secret: None,
                    user: format!("/api/v1/users/{}", text(&user, "id")), server: "/oauth2/v1" };
                flow.another_client("client_secret_basic", &settings).await
            };
            let (first, untouched) = (flow.tokens(&[]).await, flow.tokens(&[]).await);
            let second = flow.refresh(&secret(&first), &[]).await.ok();
            let third = flow.refresh(&secret(&second), &[]).await.ok();
            org.wait_seconds(i64::from(leeway) + 1);
            assert!(flow.is_good(&third).await);
            flow.refresh(&secret(&first), &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
            for tokens in [&second, &third] {
                flow.refresh(&secret(tokens), &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
            }
            for tokens in [&first, &second, &third] {
                assert!(!flow.is_good(tokens).await);
            }
            flow.refresh(&secret(&untouched), &[]).await.ok();
            org.delete(&format!("{}/clients/{}/tokens", flow.user, flow.client)).await.no_content();
        }
        let log = org.get("/api/v1/logs?filter=eventType%20eq%20%22app.oauth2.token.detect_reuse%22").await.ok();
        assert_eq!(log.as_array().unwrap().len(), 2);
        assert_eq!((&log[0]["outcome"]["result"], &log[0]["target"][0]["type"]), (&json!("FAILURE"), &json!("refresh_token")));
    }
}

on_both_engines! {
    async fn within_the_leeway_an_answer_that_got_lost_is_asked_for_again(org: TestOrg) {
        let flow = rotating(&org, 30).await;
        let first = flow.tokens(&[]).await;
        let lost = flow.refresh(&secret(&first), &[]).await.ok();
        org.wait_seconds(30);
        let again = flow.refresh(&secret(&first), &[]).await.ok();
        assert_ne!(secret(&again), secret(&lost));
        // Whoever goes on uses up the other, which is noticed later.
        flow.refresh(&secret(&again), &[]).await.ok();
        org.wait_seconds(31);
        flow.refresh(&secret(&lost), &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
        flow.refresh(&secret(&again), &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
    }
}

on_both_engines! {
    async fn two_who_use_a_refresh_token_at_once_are_not_both_served(org: TestOrg) {
        let flow = rotating(&org, 0).await;
        let token = secret(&flow.tokens(&[]).await);
        let ask = || {
            let (flow, token) = (flow.clone(), token.clone());
            tokio::spawn(async move { flow.refresh(&token, &[]).await.status })
        };
        let asked = [ask(), ask(), ask(), ask()];
        let mut served = 0;
        for answer in asked {
            served += usize::from(answer.await.unwrap() == 200);
        }
        assert_eq!(served, 1);
    }
}

on_both_engines! {
    async fn scopes_can_be_left_out_but_not_added(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let tokens = flow.tokens(&[("scope", "openid email offline_access")]).await;
        let fewer = flow.refresh(&secret(&tokens), &[("scope", "openid")]).await.ok();
        assert_eq!(text(&fewer, "scope"), "openid");
        let whole = flow.refresh(&secret(&tokens), &[]).await.ok();
        assert_eq!(text(&whole, "scope"), "openid email offline_access");
        let denied = "Some of the scopes requested for the refresh request were not granted in the original authorize request. Denied scopes: profile.";
        let more = flow.refresh(&secret(&tokens), &[("scope", "openid profile")]).await;
        more.refused_by_oauth(400, "access_denied", denied);
    }
}

on_both_engines! {
    async fn a_refresh_token_is_its_clients_and_its_servers_alone(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let token = secret(&flow.tokens(&[]).await);
        let thief = flow.another_client("client_secret_basic", &json!({})).await;
        let another = "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.";
        thief.refresh(&token, &[]).await.refused_by_oauth(400, "invalid_grant", another);
        let elsewhere = Flow { server: "/oauth2/default/v1", ..flow.clone() };
        elsewhere.refresh(&token, &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
        flow.refresh("guess", &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
        flow.refresh(&token, &[]).await.ok();
    }
}

on_both_engines! {
    async fn a_refresh_token_ends_when_idle_and_every_use_prolongs_it(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let token = secret(&flow.tokens(&[]).await);
        for _ in 0..2 {
            org.wait_seconds(90 * 86_400 - 1);
            flow.refresh(&token, &[]).await.ok();
        }
        org.wait_seconds(90 * 86_400);
        flow.refresh(&token, &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
    }
}

on_both_engines! {
    async fn the_operations_of_the_users_api_really_end_tokens(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let list = format!("{}/clients/{}/tokens", flow.user, flow.client);
        for way in ["one", "all", "sessions", "suspend", "unassign", "deactivate"] {
            let tokens = flow.tokens(&[]).await;
            assert!(flow.is_good(&tokens).await, "{way}");
            let id = text(&org.get(&list).await.ok()[0], "id");
            let assignment = format!("/api/v1/apps/{}/users/{}", flow.client, flow.user.rsplit('/').next().unwrap());
            match way {
                "one" => org.delete(&format!("{list}/{id}")).await.no_content(),
                "all" => org.delete(&list).await.no_content(),
                "sessions" => org.delete(&format!("{}/sessions?oauthTokens=true", flow.user)).await.no_content(),
                "unassign" => org.delete(&assignment).await.no_content(),
                _ => _ = org.post(&format!("{}/lifecycle/{way}", flow.user), None).await.ok(),
            }
            flow.refresh(&secret(&tokens), &[]).await.refused_by_oauth(400, "invalid_grant", INVALID);
            assert_eq!(flow.is_good(&tokens).await, way == "unassign", "{way}");
            match way {
                "suspend" => {
                    org.post(&format!("{}/lifecycle/unsuspend", flow.user), None).await.ok();
                    flow.refresh(&secret(&tokens), &[]).await.ok();
                    org.delete(&list).await.no_content();
                }
                "unassign" => {
                    let id = flow.user.rsplit('/').next().unwrap();
                    org.post(&format!("/api/v1/apps/{}/users", flow.client), json!({ "id": id })).await.ok();
                    org.delete(&list).await.no_content();
                }
                _ => {}
            }
        }
    }
}

on_both_engines! {
    async fn a_session_that_is_cleared_leaves_tokens_unless_asked(org: TestOrg) {
        let flow = Flow::new(&org).await;
        let tokens = flow.tokens(&[]).await;
        org.delete(&format!("{}/sessions", flow.user)).await.no_content();
        assert!(flow.is_good(&tokens).await);
        flow.refresh(&secret(&tokens), &[]).await.ok();
    }
}
