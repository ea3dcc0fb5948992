//! The refresh tokens that clients hold of users: `/clients/{clientId}/tokens`.

use serde_json::{Value, json};

use super::fixtures::{created_client, hold, path_of};
use crate::applications::ids;
use crate::context::{Answer, TestOrg, text};

fn no_token(answer: Answer, id: &str) {
    let summary = format!("Not found: Resource not found: {id} (OAuth2RefreshToken)");
    answer.refused(404, "E0000007", &summary, &[]);
}

on_both_engines! {
    async fn a_refresh_token_says_what_it_may_do_but_never_itself(org: TestOrg) {
        let user = org.create("isaac@example.com").await;
        let (path, mail) = (path_of(&user), created_client(&org, "Mail").await);
        let held = hold(&org, &path, &mail, "email").await;
        let (base, now) = (format!("http://{}", org.address()), org.clock.now());
        let own = format!("{base}{path}/clients/{mail}/tokens/{}", held.token);
        let wanted = json!({
            "id": held.token, "status": "ACTIVE", "created": now.to_string(), "lastUpdated": now.to_string(),
            "expiresAt": now.plus_seconds(3600).to_string(), "issuer": base, "clientId": mail, "userId": user["id"],
            "scopes": ["email", "offline_access"],
            "_links": {
                "app": { "href": format!("{base}/api/v1/apps/{mail}"), "title": "Mail" },
                "client": { "href": format!("{base}/oauth2/v1/clients/{mail}"), "title": "Mail" },
                "self": { "href": own },
                "user": { "href": format!("{base}{path}"), "title": "Isaac Brock" },
                "revoke": { "href": own, "hints": { "allow": ["DELETE"] } },
            },
        });
        let one = format!("{path}/clients/{mail}/tokens/{}", held.token);
        assert_eq!(org.get(&one).await.ok(), wanted);
        assert_eq!(org.get(&format!("{one}?limit=0&after=x")).await.ok(), wanted);
        let list = org.get(&format!("{path}/clients/{mail}/tokens")).await;
        assert_eq!(list.link("self"), Some(format!("{base}{path}/clients/{mail}/tokens?limit=20")));
        assert_eq!(list.ok(), json!([wanted]));
    }
}

on_both_engines! {
    async fn expand_scope_tells_every_scope_of_a_token(org: TestOrg) {
        let (path, mail) = (path_of(&org.create("isaac@example.com").await), created_client(&org, "Mail").await);
        let held = hold(&org, &path, &mail, "email").await;
        let one = org.get(&format!("{path}/clients/{mail}/tokens/{}?expand=scope", held.token)).await.ok();
        let names: Vec<&Value> = one["_embedded"]["scopes"].as_array().unwrap().iter().map(|scope| &scope["name"]).collect();
        assert_eq!(names, ["email", "offline_access"]);
        assert_eq!(text(&one["_embedded"]["scopes"][1], "displayName"), "Keep you signed in");
        let list = org.get(&format!("{path}/clients/{mail}/tokens?expand=scope")).await;
        assert!(list.link("self").unwrap().ends_with("?limit=20&expand=scope"));
        assert_eq!(list.ok(), json!([one]));
    }
}

on_both_engines! {
    async fn tokens_come_in_pages_in_the_order_they_were_issued(org: TestOrg) {
        let (path, mail) = (path_of(&org.create("isaac@example.com").await), created_client(&org, "Mail").await);
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(hold(&org, &path, &mail, &format!("scope{number}")).await.token);
        }
        let list = format!("{path}/clients/{mail}/tokens");
        let mut answer = org.get(&format!("{list}?limit=2")).await;
        let mut walked = ids(&answer.body);
        while let Some(next) = answer.link_path("next") {
            answer = org.get(&next).await;
            walked.extend(ids(&answer.body));
        }
        assert_eq!(walked, made);
    }
}

on_both_engines! {
    async fn a_token_that_has_expired_is_there_no_more(org: TestOrg) {
        let (path, mail) = (path_of(&org.create("isaac@example.com").await), created_client(&org, "Mail").await);
        let held = hold(&org, &path, &mail, "email").await;
        let one = format!("{path}/clients/{mail}/tokens/{}", held.token);
        org.wait_seconds(3599);
        org.get(&one).await.ok();
        org.wait_seconds(1);
        no_token(org.get(&one).await, &held.token);
        no_token(org.delete(&one).await, &held.token);
        assert_eq!(org.get(&format!("{path}/clients/{mail}/tokens")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_token_is_its_users_and_its_clients_alone(org: TestOrg) {
        let (path, other) = (path_of(&org.create("isaac@example.com").await), path_of(&org.create("eric@example.com").await));
        let (mail, files) = (created_client(&org, "Mail").await, created_client(&org, "Files").await);
        let token = hold(&org, &path, &mail, "email").await.token;
        for wrong in [format!("{other}/clients/{mail}/tokens/{token}"), format!("{path}/clients/{files}/tokens/{token}")] {
            no_token(org.get(&wrong).await, &token);
            no_token(org.delete(&wrong).await, &token);
        }
        for wrong in [format!("{other}/clients/{mail}/tokens"), format!("{path}/clients/{files}/tokens")] {
            assert_eq!(org.get(&wrong).await.ok(), json!([]));
            org.delete(&wrong).await.no_content();
        }
        org.get(&format!("{path}/clients/{mail}/tokens/{token}")).await.ok();
    }
}

on_both_engines! {
    async fn revoking_tokens_leaves_consent_and_the_tokens_of_others(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let (mail, files) = (created_client(&org, "Mail").await, created_client(&org, "Files").await);
        let (first, second) = (hold(&org, &path, &mail, "email").await, hold(&org, &path, &mail, "phone").await);
        hold(&org, &path, &files, "email").await;
        let list = |client: &str| format!("{path}/clients/{client}/tokens");
        org.delete(&format!("{}/{}", list(&mail), first.token)).await.no_content();
        no_token(org.delete(&format!("{}/{}", list(&mail), first.token)).await, &first.token);
        assert_eq!(ids(&org.get(&list(&mail)).await.ok()), [second.token]);
        org.delete(&list(&mail)).await.no_content();
        org.delete(&list(&mail)).await.no_content();
        assert_eq!(org.get(&list(&mail)).await.ok(), json!([]));
        assert_eq!(ids(&org.get(&list(&files)).await.ok()).len(), 1);
        assert_eq!(ids(&org.get(&format!("{path}/grants")).await.ok()).len(), 3);
    }
}

on_both_engines! {
    async fn clear_user_sessions_ends_tokens_only_if_asked_and_consent_never(org: TestOrg) {
        let (path, mail) = (path_of(&org.create("isaac@example.com").await), created_client(&org, "Mail").await);
        hold(&org, &path, &mail, "email").await;
        let tokens = async || ids(&org.get(&format!("{path}/clients/{mail}/tokens")).await.ok()).len();
        for query in ["", "?oauthTokens=false"] {
            org.delete(&format!("{path}/sessions{query}")).await.no_content();
            assert_eq!(tokens().await, 1);
        }
        org.delete(&format!("{path}/sessions?oauthTokens=true")).await.no_content();
        assert_eq!(tokens().await, 0);
        assert_eq!(ids(&org.get(&format!("{path}/grants")).await.ok()).len(), 1);
        let log = org.get("/api/v1/logs?filter=eventType%20eq%20%22app.oauth2.token.revoke.implicit.user%22").await.ok();
        assert_eq!(log.as_array().unwrap().len(), 1);
    }
}
