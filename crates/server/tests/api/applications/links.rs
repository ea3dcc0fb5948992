//! listAppLinks.

use serde_json::json;

use super::users::{group, user};
use super::{bookmark, client, created};
use crate::context::text;

on_both_engines! {
    async fn list_app_links_has_the_active_apps_of_the_user_and_their_groups(org: TestOrg) {
        let isaac = user(&org, "isaac").await;
        let west = group(&org, "West", &[&isaac]).await;
        let own = created(&org, bookmark("Own")).await;
        let groups = created(&org, client("Group's")).await;
        let off = created(&org, bookmark("Off")).await;
        created(&org, bookmark("Other")).await;
        org.post(&format!("{own}/users"), json!({ "id": isaac })).await.ok();
        // Assigned in two ways, it is one app.
        org.put(&format!("{own}/groups/{west}"), None).await.ok();
        org.put(&format!("{groups}/groups/{west}"), None).await.ok();
        org.put(&format!("{off}/groups/{west}"), None).await.ok();
        org.post(&format!("{off}/lifecycle/deactivate"), None).await.ok();
        let path = format!("/api/v1/users/{isaac}/appLinks");
        let answer = org.get(&path).await;
        assert_eq!(answer.link("self"), None);
        let links = answer.ok();
        let id = own.rsplit('/').next().unwrap();
        let base = format!("http://{}", org.address());
        assert_eq!(links[0], json!({
            "id": isaac,
            "label": "Own",
            "linkUrl": format!("{base}/home/bookmark/{id}/2557"),
            "logoUrl": format!("{base}/assets/img/logos/bookmark-app.png"),
            "appName": "bookmark",
            "appInstanceId": id,
            "appAssignmentId": text(&links[0], "appAssignmentId"),
            "credentialsSetup": false,
            "hidden": false,
            "sortOrder": 0,
        }));
        assert_eq!((text(&links[1], "label"), links[1]["hidden"].as_bool(), links[1]["sortOrder"].as_i64()),
            ("Group's".to_owned(), Some(true), Some(1)));
        assert_eq!(links.as_array().unwrap().len(), 2);
        assert!(text(&links[1], "appAssignmentId").starts_with("0ua"));
        assert_eq!(org.get(&path).await.ok(), links);
        // What the app itself links to is the same address.
        assert_eq!(org.get(&own).await.ok()["_links"]["appLinks"][0]["href"], links[0]["linkUrl"]);
    }
}
