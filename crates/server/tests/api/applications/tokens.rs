//! The refresh tokens that users gave an app: `/api/v1/apps/{appId}/tokens`.

use serde_json::json;

use super::PATH;
use crate::context::{TestOrg, text};
use crate::users::fixtures::{created_client, hold, path_of};

on_both_engines! {
    async fn an_apps_tokens_are_those_of_all_its_users(org: TestOrg) {
        let mail = created_client(&org, "Mail").await;
        let other = created_client(&org, "Calendar").await;
        let mut held = Vec::new();
        for login in ["isaac@example.com", "ada@example.com"] {
            let path = path_of(&org.create(login).await);
            held.push(hold(&org, &path, &mail, "email").await.token);
            hold(&org, &path, &other, "email").await;
        }
        let list = org.get(&format!("{PATH}/{mail}/tokens")).await;
        assert_eq!(list.link("self"), Some(format!("http://{}{PATH}/{mail}/tokens?limit=20", org.address())));
        let listed = list.ok();
        let ids: Vec<String> = listed.as_array().unwrap().iter().map(|token| text(token, "id")).collect();
        assert_eq!(ids, held);
        let own = format!("http://{}{PATH}/{mail}/tokens/{}", org.address(), held[0]);
        assert_eq!((text(&listed[0], "_links.self.href"), text(&listed[0], "_links.revoke.href")), (own.clone(), own));
        assert_eq!(org.get(&format!("{PATH}/{mail}/tokens/{}", held[0])).await.ok(), listed[0]);
        let expanded = org.get(&format!("{PATH}/{mail}/tokens/{}?expand=scope", held[0])).await.ok();
        assert_eq!(text(&expanded["_embedded"]["scopes"][0], "name"), "email");
        let page = org.get(&format!("{PATH}/{mail}/tokens?limit=1")).await;
        let next = page.link_path("next").unwrap();
        assert_eq!(org.get(&next).await.ok(), json!([listed[1]]));
    }
}

on_both_engines! {
    async fn a_revoked_token_is_gone_for_its_user_too(org: TestOrg) {
        let mail = created_client(&org, "Mail").await;
        let path = path_of(&org.create("isaac@example.com").await);
        let first = hold(&org, &path, &mail, "email").await.token;
        let second = hold(&org, &path, &mail, "profile").await.token;
        let one = format!("{PATH}/{mail}/tokens/{first}");
        org.delete(&one).await.no_content();
        let summary = format!("Not found: Resource not found: {first} (OAuth2RefreshToken)");
        org.get(&one).await.refused(404, "E0000007", &summary, &[]);
        org.delete(&one).await.refused(404, "E0000007", &summary, &[]);
        let left = org.get(&format!("{path}/clients/{mail}/tokens")).await.ok();
        assert_eq!((left.as_array().unwrap().len(), text(&left[0], "id")), (1, second));
        for _ in 0..2 {
            org.delete(&format!("{PATH}/{mail}/tokens")).await.no_content();
            assert_eq!(org.get(&format!("{path}/clients/{mail}/tokens")).await.ok(), json!([]));
        }
        let other = created_client(&org, "Calendar").await;
        let elsewhere = hold(&org, &path, &other, "email").await.token;
        assert_eq!(org.get(&format!("{PATH}/{mail}/tokens/{elsewhere}")).await.status, 404);
        assert_eq!(org.get(&format!("{PATH}/0oanobody/tokens")).await.status, 404);
    }
}
