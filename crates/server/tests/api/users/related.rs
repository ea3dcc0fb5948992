//! What hangs on a user: groups, app links, identity providers, clients, sessions, factors.

use roster_model::user::status::UserStatus;
use serde_json::{Value, json};

use super::fixtures::{begin_session, count_rows, created_client, hold, keys_of, path_of, path_of_user_in};
use crate::context::{TestOrg, text};

/// Makes a group and answers its id.
async fn group(org: &TestOrg, name: &str) -> String {
    text(&org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok(), "id")
}

/// The names of a user's groups.
async fn group_names(org: &TestOrg, path: &str) -> Vec<String> {
    let groups = org.get(&format!("{path}/groups")).await.ok();
    groups.as_array().unwrap().iter().map(|group| text(group, "profile.name")).collect()
}

on_both_engines! {
    async fn list_user_groups_has_everyone_first_and_follows_memberships(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let (first, second) = (group(&org, "West Coast").await, group(&org, "Aardvarks").await);
        assert_eq!(group_names(&org, &path).await, ["Everyone"]);
        for id in [&second, &first] {
            let member = format!("/api/v1/groups/{id}/users/{}", path.rsplit('/').next().unwrap());
            org.put(&member, None).await.no_content();
        }
        assert_eq!(group_names(&org, &path).await, ["Everyone", "West Coast", "Aardvarks"]);
        let groups = org.get(&format!("{path}/groups")).await.ok();
        assert_eq!((text(&groups[0], "type"), text(&groups[1], "type")), ("BUILT_IN".into(), "OKTA_GROUP".into()));
        assert_eq!(groups[1], org.get(&format!("/api/v1/groups/{first}")).await.ok());
        let member = format!("/api/v1/groups/{first}/users/{}", path.rsplit('/').next().unwrap());
        org.delete(&member).await.no_content();
        org.delete(&format!("/api/v1/groups/{second}")).await.no_content();
        assert_eq!(group_names(&org, &path).await, ["Everyone"]);
    }
}

on_both_engines! {
    async fn list_user_groups_links_to_itself_by_the_name_asked_for(org: TestOrg) {
        let user = org.create("isáac+ö@example.com").await;
        let base = text(&user, "_links.self.href").replace(&path_of(&user), "");
        let id = text(&user, "id");
        for (segment, linked) in [
            (id.as_str(), id.as_str()),
            ("isaac+o@example.com", "isaac%2Bo%40example.com"),
            ("is%C3%A1ac%2B%C3%B6@example.com", "is%C3%A1ac%2B%C3%B6%40example.com"),
        ] {
            let answer = org.get(&format!("/api/v1/users/{segment}/groups")).await;
            let link = answer.link("self").unwrap();
            assert_eq!(link, format!("{base}/api/v1/users/{linked}/groups?limit=200"));
            assert_eq!(answer.link("next"), None);
            let again = org.get(&answer.link_path("self").unwrap()).await;
            assert_eq!(again.ok(), answer.body);
        }
    }
}

on_both_engines! {
    async fn other_lists_are_empty_at_first_and_have_no_links(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        for list in ["appLinks", "idps", "clients"] {
            let answer = org.get(&format!("{path}/{list}")).await;
            assert_eq!((answer.link("self"), &answer.body), (None, &json!([])), "{list}");
            assert_eq!(answer.status, 200);
        }
    }
}

on_both_engines! {
    async fn list_user_clients_has_who_holds_something_of_the_user_in_the_order_they_were_made(org: TestOrg) {
        let path = path_of(&org.create("isaac@example.com").await);
        let other = path_of(&org.create("eric@example.com").await);
        let (mail, files) = (created_client(&org, "Mail").await, created_client(&org, "Files").await);
        hold(&org, &path, &files, "email").await;
        let base = format!("http://{}", org.address());
        let client = |id: &str, name: &str| json!({
            "client_id": id, "client_name": name, "client_uri": null, "logo_uri": null,
            "_links": {
                "grants": { "href": format!("{base}{path}/clients/{id}/grants") },
                "tokens": { "href": format!("{base}{path}/clients/{id}/tokens") },
            },
        });
        let all = json!([client(&files, "Files")]);
        assert_eq!(org.get(&format!("{path}/clients")).await.ok(), all);
        hold(&org, &path, &mail, "email").await;
        let both = json!([client(&mail, "Mail"), client(&files, "Files")]);
        assert_eq!(org.get("/api/v1/users/isaac/clients").await.ok(), both);
        assert_eq!(org.get(&format!("{other}/clients")).await.ok(), json!([]));
        // Either a grant or a token is enough.
        org.delete(&format!("{path}/clients/{mail}/tokens")).await.no_content();
        org.delete(&format!("{path}/clients/{files}/tokens")).await.no_content();
        assert_eq!(org.get(&format!("{path}/clients")).await.ok(), both);
        org.delete(&path).await.no_content();
        assert_eq!(org.get(&format!("{path}/clients")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn lists_of_nobody_are_not_found(org: TestOrg) {
        let summary = "Not found: Resource not found: isaac@example.com (User)";
        for list in ["groups", "appLinks", "idps", "clients"] {
            let answer = org.get(&format!("/api/v1/users/isaac@example.com/{list}")).await;
            answer.refused(404, "E0000007", summary, &[]);
        }
        org.delete("/api/v1/users/isaac@example.com/sessions").await.refused(404, "E0000007", summary, &[]);
    }
}

on_both_engines! {
    async fn clear_user_sessions_ends_them_in_every_status_and_changes_nothing_else(org: TestOrg) {
        for status in UserStatus::ALL {
            let path = path_of_user_in(&org, status, &format!("{status:?}@example.com")).await;
            let (_, user, _) = keys_of(&org, &path).await;
            begin_session(&org, &path).await;
            let before = org.get(&path).await.ok();
            org.wait_seconds(60);
            for query in ["", "?oauthTokens=true", "?oauthTokens=false"] {
                org.delete(&format!("{path}/sessions{query}")).await.no_content();
                assert_eq!(count_rows(&org, user, "sessions").await, 0, "{status:?}");
            }
            assert_eq!(org.get(&path).await.ok(), before);
        }
    }
}

on_both_engines! {
    async fn clear_user_sessions_leaves_the_sessions_of_others(org: TestOrg) {
        let (first, second) = (path_of(&org.create("isaac@example.com").await), path_of(&org.create("eric@example.com").await));
        begin_session(&org, &first).await;
        begin_session(&org, &second).await;
        let summary = "Type mismatch exception.  The value \"all\" of the parameter oauthTokens is not of type boolean.";
        org.delete(&format!("{second}/sessions?oauthTokens=all")).await.refused(400, "E0000037", summary, &[]);
        org.delete(&format!("{second}/sessions")).await.no_content();
        let mut left: Vec<Value> = Vec::new();
        for path in [&first, &second] {
            let (_, user, _) = keys_of(&org, path).await;
            left.push(json!(count_rows(&org, user, "sessions").await));
        }
        assert_eq!(left, [1, 0]);
    }
}
