//! `/api/v1/groups/{groupId}/owners`.

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

async fn group(org: &TestOrg, name: &str) -> String {
    text(&org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok(), "id")
}

fn owners(group: &str) -> String {
    format!("/api/v1/groups/{group}/owners")
}

on_both_engines! {
    async fn users_and_groups_own_a_group_until_they_no_longer_do(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let isaac = text(&org.create("isaac@example.com").await, "id");
        let made = org.post(&owners(&west), json!({ "id": isaac, "type": "USER" })).await;
        assert_eq!(made.status, 201);
        assert_eq!(made.body, json!({
            "id": isaac, "type": "USER", "resolved": true, "originId": null, "originType": "OKTA_DIRECTORY",
            "displayName": "Isaac Brock", "lastUpdated": "2026-01-02T03:04:05.000Z",
        }));
        let other = org.post(&owners(&west), json!({ "id": east, "type": "GROUP" })).await.body;
        assert_eq!((text(&other, "type"), text(&other, "displayName")), ("GROUP".to_owned(), "East".to_owned()));
        let first = org.get(&format!("{}?limit=1", owners(&west))).await;
        let next = first.link_path("next").unwrap();
        assert_eq!((first.ok(), org.get(&next).await.ok()), (json!([made.body]), json!([other])));
        org.delete(&format!("{}/{isaac}", owners(&west))).await.no_content();
        assert_eq!(org.get(&owners(&west)).await.ok(), json!([other]));
        let gone = format!("Not found: Resource not found: {isaac} (GroupOwner)");
        org.delete(&format!("{}/{isaac}", owners(&west))).await.refused(404, "E0000007", &gone, &[]);
    }
}

on_both_engines! {
    async fn an_owner_that_cannot_be_is_refused(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = text(&org.create("isaac@example.com").await, "id");
        let owner = json!({ "id": isaac, "type": "USER" });
        assert_eq!(org.post(&owners(&west), owner.clone()).await.status, 201);
        let cause = "Provided owner is already assigned to this group";
        org.post(&owners(&west), owner.clone()).await.refused(400, "E0000001", "Api validation failed: owner", &[cause]);
        let other = format!("Not found: Resource not found: {isaac} (UserGroup)");
        org.post(&owners(&west), json!({ "id": isaac, "type": "GROUP" })).await.refused(404, "E0000007", &other, &[]);
        let causes = ["id: The field cannot be left blank", "type: The field must be 'USER' or 'GROUP'"];
        org.post(&owners(&west), json!({ "type": "APP" })).await.refused(400, "E0000001", "Api validation failed: id", &causes);
        org.post(&owners("00gnobody"), owner).await
            .refused(404, "E0000007", "Not found: Resource not found: 00gnobody (UserGroup)", &[]);
        assert_eq!(org.get(&owners(&west)).await.ok().as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn owners_go_with_who_they_are(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let isaac = text(&org.create("isaac@example.com").await, "id");
        for (id, kind) in [(&isaac, "USER"), (&east, "GROUP")] {
            assert_eq!(org.post(&owners(&west), json!({ "id": id, "type": kind })).await.status, 201);
        }
        org.delete(&format!("/api/v1/groups/{east}")).await.no_content();
        for _ in 0..2 {
            org.delete(&format!("/api/v1/users/{isaac}")).await.no_content();
        }
        assert_eq!(org.get(&owners(&west)).await.ok(), json!([]));
        assert_eq!(org.get(&owners(&east)).await.status, 404);
    }
}
