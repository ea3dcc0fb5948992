//! Groups of an app, and apps of a group.

use serde_json::json;

use super::users::{group, user};
use super::{bookmark, created, ids};
use crate::context::text;

on_both_engines! {
    async fn create_application_group_assignment_answers_it(org: TestOrg) {
        let (path, west) = (created(&org, bookmark("Books")).await, group(&org, "West", &[]).await);
        let base = format!("http://{}", org.address());
        let own = format!("{path}/groups/{west}");
        let wanted = json!({
            "id": west,
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "priority": 3,
            "profile": { "role": "reader" },
            "_links": {
                "app": { "href": format!("{base}{path}") },
                "self": { "href": format!("{base}{own}") },
                "group": { "href": format!("{base}/api/v1/groups/{west}") },
            },
        });
        let body = json!({ "priority": 3, "profile": { "role": "reader" } });
        assert_eq!(org.put(&own, body).await.ok(), wanted);
        assert_eq!(org.get(&own).await.ok(), wanted);
        // Assigned again without a priority, it keeps its own.
        assert_eq!(org.put(&own, None).await.ok()["priority"], 3);
        org.put(&own, json!({ "priority": 101 })).await.refused(
            400,
            "E0000001",
            "Api validation failed: priority",
            &["priority: The field must be between 0 and 100"],
        );
        org.delete(&own).await.no_content();
        let missing = format!("Not found: Resource not found: {west} (ApplicationGroupAssignment)");
        org.get(&own).await.refused(404, "E0000007", &missing, &[]);
        org.delete(&own).await.refused(404, "E0000007", &missing, &[]);
    }
}

on_both_engines! {
    async fn list_application_group_assignments_pages_by_priority(org: TestOrg) {
        let path = created(&org, bookmark("Books")).await;
        let mut groups = Vec::new();
        for (name, priority) in [("A", 2), ("B", 10), ("C", 2), ("D", 0)] {
            let id = group(&org, name, &[]).await;
            org.put(&format!("{path}/groups/{id}"), json!({ "priority": priority })).await.ok();
            groups.push(id);
        }
        let wanted = [&groups[3], &groups[0], &groups[2], &groups[1]].map(Clone::clone);
        let whole = org.get(&format!("{path}/groups")).await;
        assert_eq!(whole.link_path("self"), Some(format!("{path}/groups?limit=20")));
        assert_eq!(ids(&whole.ok()), wanted);
        let first = org.get(&format!("{path}/groups?limit=2")).await;
        let next = first.link_path("next").unwrap();
        assert_eq!(ids(&first.ok()), wanted[..2]);
        assert_eq!(ids(&org.get(&next).await.ok()), wanted[2..]);
        // One without a priority comes after all others.
        let last = group(&org, "E", &[]).await;
        assert_eq!(org.put(&format!("{path}/groups/{last}"), json!({})).await.ok()["priority"], 11);
    }
}

on_both_engines! {
    async fn list_assigned_applications_for_group_pages_and_forgets_a_deleted_group(org: TestOrg) {
        let west = group(&org, "West", &[]).await;
        let mut made = Vec::new();
        for label in ["A", "B", "C"] {
            let path = created(&org, bookmark(label)).await;
            org.put(&format!("{path}/groups/{west}"), None).await.ok();
            made.push(path.rsplit('/').next().unwrap().to_owned());
        }
        let apps = format!("/api/v1/groups/{west}/apps");
        let whole = org.get(&apps).await;
        assert_eq!(whole.link_path("self"), Some(format!("{apps}?limit=20")));
        assert_eq!(ids(&whole.ok()), made);
        let first = org.get(&format!("{apps}?limit=2")).await;
        let next = first.link_path("next").unwrap();
        assert_eq!(ids(&org.get(&next).await.ok()), made[2..]);
        org.delete(&format!("/api/v1/groups/{west}")).await.no_content();
        assert_eq!(org.get(&format!("/api/v1/apps/{}/groups", made[0])).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn apps_are_found_by_the_user_or_group_they_are_assigned_to(org: TestOrg) {
        let isaac = user(&org, "isaac").await;
        let west = group(&org, "West", &[&isaac]).await;
        let [own, groups] = [created(&org, bookmark("Own")).await, created(&org, bookmark("Group's")).await];
        created(&org, bookmark("Other")).await;
        org.post(&format!("{own}/users"), json!({ "id": isaac })).await.ok();
        org.put(&format!("{groups}/groups/{west}"), None).await.ok();
        let labels = async |filter: &str| -> Vec<String> {
            let found = org.get(&format!("/api/v1/apps?filter={filter}")).await.ok();
            found.as_array().unwrap().iter().map(|app| text(app, "label")).collect()
        };
        assert_eq!(labels(&format!("user.id%20eq%20%22{isaac}%22")).await, ["Own", "Group's"]);
        assert_eq!(labels(&format!("group.id%20eq%20%22{west}%22")).await, ["Group's"]);
        assert_eq!(labels("user.id%20eq%20%22nobody%22").await, [""; 0]);
        // Who leaves the group loses its app at once.
        org.delete(&format!("/api/v1/groups/{west}/users/{isaac}")).await.no_content();
        assert_eq!(labels(&format!("user.id%20eq%20%22{isaac}%22")).await, ["Own"]);
    }
}
