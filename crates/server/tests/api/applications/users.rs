//! Users of an app.

use serde_json::{Value, json};

use super::{bookmark, client, created, ids};
use crate::context::{TestOrg, text};

/// Creates a user and answers their id.
pub(super) async fn user(org: &TestOrg, name: &str) -> String {
    text(&org.create_active(&format!("{name}@example.com"), "Abcd1234#@").await, "id")
}

/// Creates a group with these members and answers its id.
pub(super) async fn group(org: &TestOrg, name: &str, members: &[&str]) -> String {
    let made = org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok();
    let id = text(&made, "id");
    for member in members {
        org.put(&format!("/api/v1/groups/{id}/users/{member}"), None).await.no_content();
    }
    id
}

pub(super) async fn everyone(org: &TestOrg) -> String {
    text(&org.get("/api/v1/groups?q=Everyone").await.ok()[0], "id")
}

on_both_engines! {
    async fn assign_user_to_application_answers_the_user_as_the_app_has_them(org: TestOrg) {
        let (path, isaac) = (created(&org, bookmark("Books")).await, user(&org, "isaac").await);
        let assigned = org.post(&format!("{path}/users"), json!({ "id": isaac, "scope": "USER" })).await.ok();
        let base = format!("http://{}", org.address());
        assert_eq!(assigned, json!({
            "id": isaac,
            "externalId": null,
            "created": "2026-01-02T03:04:05.000Z",
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "scope": "USER",
            "status": "ACTIVE",
            "statusChanged": "2026-01-02T03:04:05.000Z",
            "passwordChanged": null,
            "syncState": "DISABLED",
            "credentials": { "userName": "isaac@example.com" },
            "profile": {},
            "_links": {
                "app": { "href": format!("{base}{path}") },
                "user": { "href": format!("{base}/api/v1/users/{isaac}") },
            },
        }));
        assert_eq!(org.get(&format!("{path}/users/isaac@example.com")).await.ok(), assigned);
    }
}

on_both_engines! {
    async fn an_oauth_client_has_the_claims_of_its_users(org: TestOrg) {
        let (path, isaac) = (created(&org, client("Web")).await, user(&org, "isaac").await);
        let body = json!({ "id": isaac, "profile": { "gender": "m" } });
        let profile = org.post(&format!("{path}/users"), body).await.ok()["profile"].clone();
        assert_eq!(profile.as_object().unwrap().len(), 20);
        let some = ["name", "given_name", "email", "zoneinfo", "locale", "gender", "picture"].map(|name| profile[name].clone());
        assert_eq!(some, [json!("Isaac Brock"), json!("Isaac"), json!("isaac@example.com"), json!("America/Los_Angeles"),
            json!("en_US"), json!("m"), Value::Null]);
    }
}

on_both_engines! {
    async fn update_application_user_keeps_what_it_does_not_name(org: TestOrg) {
        let (path, isaac) = (created(&org, bookmark("Books")).await, user(&org, "isaac").await);
        let users = format!("{path}/users");
        org.post(&users, json!({ "id": isaac, "credentials": { "userName": "ib" }, "profile": { "role": "singer" } })).await.ok();
        org.wait_seconds(5);
        let own = format!("{users}/{isaac}");
        let updated = org.post(&own, json!({ "credentials": { "password": { "value": "secret" } }, "profile": { "desk": 4 } })).await.ok();
        assert_eq!(updated["credentials"], json!({ "userName": "ib" }));
        assert_eq!(updated["profile"], json!({ "role": "singer", "desk": 4 }));
        assert_eq!((text(&updated, "passwordChanged"), text(&updated, "created")),
            ("2026-01-02T03:04:10.000Z".to_owned(), "2026-01-02T03:04:05.000Z".to_owned()));
        // Assigning again is an update.
        assert_eq!(org.post(&users, json!({ "id": isaac })).await.ok()["credentials"], json!({ "userName": "ib" }));
        org.delete(&own).await.no_content();
        let missing = format!("Not found: Resource not found: {isaac} (AppUser)");
        org.get(&own).await.refused(404, "E0000007", &missing, &[]);
        org.post(&own, json!({})).await.refused(404, "E0000007", &missing, &[]);
        org.delete(&own).await.refused(404, "E0000007", &missing, &[]);
    }
}

on_both_engines! {
    async fn a_deactivated_user_loses_their_apps_and_gets_none(org: TestOrg) {
        let (path, isaac) = (created(&org, bookmark("Books")).await, user(&org, "isaac").await);
        let west = group(&org, "West", &[&isaac]).await;
        let users = format!("{path}/users");
        org.post(&users, json!({ "id": isaac })).await.ok();
        org.put(&format!("{path}/groups/{west}"), None).await.ok();
        org.post(&format!("/api/v1/users/{isaac}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(org.get(&users).await.ok(), json!([]));
        assert_eq!(org.get(&format!("/api/v1/users/{isaac}/appLinks")).await.ok(), json!([]));
        let summary = "Cannot assign apps or update app profiles for an inactive user.";
        org.post(&users, json!({ "id": isaac })).await.refused(403, "E0000117", summary, &[]);
        let log = org.get("/api/v1/logs?filter=eventType%20eq%20%22application.user_membership.remove%22").await.ok();
        assert_eq!(log.as_array().unwrap().len(), 1);
        // The membership stayed, and so the group's app comes back.
        org.post(&format!("/api/v1/users/{isaac}/lifecycle/activate?sendEmail=false"), None).await.ok();
        assert_eq!(text(&org.get(&users).await.ok()[0], "scope"), "GROUP");
    }
}

on_both_engines! {
    async fn list_application_users_has_assigned_users_and_members_of_assigned_groups_once(org: TestOrg) {
        let path = created(&org, bookmark("Books")).await;
        let mut made = Vec::new();
        for name in ["a", "b", "c", "d", "e"] {
            made.push(user(&org, &format!("user-{name}")).await);
        }
        let west = group(&org, "West", &[&made[0], &made[2], &made[3]]).await;
        let east = group(&org, "East", &[&made[3], &made[1]]).await;
        for group in [&west, &east] {
            org.put(&format!("{path}/groups/{group}"), None).await.ok();
        }
        org.post(&format!("{path}/users"), json!({ "id": made[2] })).await.ok();
        let mut seen = Vec::new();
        let mut next = Some(format!("{path}/users?limit=1"));
        while let Some(page) = next {
            let answer = org.get(&page).await;
            next = answer.link_path("next");
            seen.extend(answer.ok().as_array().unwrap().clone());
        }
        let (users, scopes): (Vec<_>, Vec<_>) = seen.iter().map(|user| (text(user, "id"), text(user, "scope"))).unzip();
        assert_eq!(users, made[..4]);
        assert_eq!(scopes, ["GROUP", "GROUP", "USER", "GROUP"]);
        // Of several groups, the one with the smallest priority number counts.
        assert!(text(&seen[3], "_links.group.href").ends_with(&west));
        let whole = org.get(&format!("{path}/users")).await;
        assert_eq!(whole.link_path("self"), Some(format!("{path}/users?limit=50")));
        assert_eq!(ids(&org.get(&format!("{path}/users?q=USER-b")).await.ok()), [made[1].clone()]);
    }
}

on_both_engines! {
    async fn an_app_assigned_to_everyone_has_every_user(org: TestOrg) {
        let path = created(&org, bookmark("Books")).await;
        let isaac = user(&org, "isaac").await;
        let everyone = everyone(&org).await;
        org.put(&format!("{path}/groups/{everyone}"), None).await.ok();
        let admin = text(&org.get("/api/v1/users/me").await.ok(), "id");
        assert_eq!(ids(&org.get(&format!("{path}/users")).await.ok()), [admin, isaac.clone()]);
        assert_eq!(org.get(&format!("/api/v1/users/{isaac}/appLinks")).await.ok().as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn an_erased_user_or_app_leaves_no_assignment(org: TestOrg) {
        let (path, isaac) = (created(&org, bookmark("Books")).await, user(&org, "isaac").await);
        org.post(&format!("{path}/users"), json!({ "id": isaac })).await.ok();
        for _ in 0..2 {
            org.delete(&format!("/api/v1/users/{isaac}")).await.no_content();
        }
        assert_eq!(org.get(&format!("{path}/users")).await.ok(), json!([]));
        let eric = user(&org, "eric").await;
        let west = group(&org, "West", &[&eric]).await;
        org.post(&format!("{path}/users"), json!({ "id": eric })).await.ok();
        org.put(&format!("{path}/groups/{west}"), None).await.ok();
        org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok();
        org.delete(&path).await.no_content();
        assert_eq!(org.get(&format!("/api/v1/groups/{west}/apps")).await.ok(), json!([]));
        assert_eq!(org.get(&format!("/api/v1/users/{eric}/appLinks")).await.ok(), json!([]));
    }
}
