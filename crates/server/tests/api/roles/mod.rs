//! Administrators' roles (roles/index.md of the API guides; observed.md 5).

mod permissions;
mod super_administrators;
mod targets;

use serde_json::{Value, json};

use crate::context::{Caller, TestOrg, text};
use crate::operations::group_rule;

/// Creates a user of this name and answers their path.
pub(crate) async fn user(org: &TestOrg, name: &str) -> String {
    let made = org.create_active(&format!("{name}@example.com"), "Abcd1234#@").await;
    format!("/api/v1/users/{}", text(&made, "id"))
}

/// Creates a group of this name and answers its path.
pub(crate) async fn group(org: &TestOrg, name: &str) -> String {
    let made = org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok();
    format!("/api/v1/groups/{}", text(&made, "id"))
}

pub(crate) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Gives a role to the user or group at this path, and answers it.
pub(crate) async fn assign(org: &TestOrg, path: &str, role: &str) -> Value {
    let answer = org.post(&format!("{path}/roles"), json!({ "type": role })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// A user of this name with a role, and the caller with a token of theirs.
pub(crate) async fn administrator(org: &TestOrg, name: &str, role: &str) -> (String, Caller) {
    let path = user(org, name).await;
    assign(org, &path, role).await;
    let caller = token_of(org, &path).await;
    (path, caller)
}

/// A caller with a token of the user at this path.
pub(crate) async fn token_of(org: &TestOrg, path: &str) -> Caller {
    let token = org.post("/api/v1/api-tokens", json!({ "name": "theirs", "userId": id(path) })).await.ok();
    org.with_token(Some(&text(&token, "token")))
}

pub(crate) fn types(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|role| role["type"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn a_role_is_assigned_shown_and_taken(org: TestOrg) {
        for (path, kind, prefix, page) in [
            (user(&org, "isaac").await, "USER", "ra1", "users"),
            (group(&org, "West").await, "GROUP", "gra", "groups"),
        ] {
            let role = assign(&org, &path, "HELP_DESK_ADMIN").await;
            let own = text(&role, "id");
            assert!(own.starts_with(prefix) && own.len() == 20, "{own}");
            let expected = json!({
                "id": own,
                "label": "Help Desk Administrator",
                "type": "HELP_DESK_ADMIN",
                "status": "ACTIVE",
                "created": "2026-01-02T03:04:05.000Z",
                "lastUpdated": "2026-01-02T03:04:05.000Z",
                "assignmentType": kind,
                "_links": { "assignee": { "href": format!("http://{}/api/v1/{page}/{}", org.address(), id(&path)) } },
            });
            assert_eq!(role.to_string(), expected.to_string());
            assert_eq!(org.get(&format!("{path}/roles/{own}")).await.ok(), role);
            assert_eq!(org.get(&format!("{path}/roles")).await.ok(), json!([role]));
            org.delete(&format!("{path}/roles/{own}")).await.no_content();
            assert_eq!(org.get(&format!("{path}/roles")).await.ok(), json!([]));
            let summary = format!("Not found: Resource not found: {own} (RoleAssignment)");
            for answer in [org.get(&format!("{path}/roles/{own}")).await, org.delete(&format!("{path}/roles/{own}")).await] {
                answer.refused(404, "E0000007", &summary, &[]);
            }
        }
    }
}

on_both_engines! {
    async fn every_standard_role_can_be_assigned_once(org: TestOrg) {
        let path = user(&org, "isaac").await;
        let all = ["SUPER_ADMIN", "ORG_ADMIN", "APP_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN",
            "READ_ONLY_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN", "MOBILE_ADMIN", "REPORT_ADMIN"];
        for role in all {
            assign(&org, &path, role).await;
            let answer = org.post(&format!("{path}/roles"), json!({ "type": role })).await;
            answer.refused(409, "E0000090", "The role specified is already assigned to the user.", &[]);
        }
        assert_eq!(types(&org.get(&format!("{path}/roles")).await.ok()), all);
    }
}

on_both_engines! {
    async fn who_cannot_have_a_role_is_told_why(org: TestOrg) {
        let path = user(&org, "isaac").await;
        for (body, text) in [
            (json!({}), "type: The field cannot be left blank"),
            (json!({ "type": "KING" }), "type: The field has an invalid value"),
            (json!({ "type": "CUSTOM" }), "type: The field has an invalid value"),
        ] {
            org.post(&format!("{path}/roles"), body).await.refused(400, "E0000001", "Api validation failed: type", &[text]);
        }
        org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok();
        let role = json!({ "type": "ORG_ADMIN" });
        let answer = org.post(&format!("{path}/roles"), role.clone()).await;
        answer.refused(403, "E0000038", "This operation is not allowed in the user's current status.", &[]);
        let (ruled, west) = (group(&org, "Ruled").await, group(&org, "West").await);
        let rule = async |group: &str| org.post("/api/v1/groups/rules", group_rule(id(group))).await;
        rule(&ruled).await.ok();
        assign(&org, &west, "ORG_ADMIN").await;
        let summary = "Roles cannot be granted to groups with group membership rules. ";
        let answer = org.post(&format!("{ruled}/roles"), role.clone()).await;
        answer.refused(400, "E0000192", &format!("{summary}Ruled"), &[]);
        rule(&west).await.refused(400, "E0000192", &format!("{summary}West"), &[]);
        let everyone = text(&org.get("/api/v1/groups?q=Everyone").await.ok()[0], "id");
        let answer = org.post(&format!("/api/v1/groups/{everyone}/roles"), role).await;
        answer.refused(400, "E0000211", "Roles cannot be granted to built-in groups: Everyone", &[]);
    }
}

on_both_engines! {
    async fn a_user_has_the_roles_of_their_groups_while_they_are_members(org: TestOrg) {
        let (path, west) = (user(&org, "isaac").await, group(&org, "West").await);
        let caller = token_of(&org, &path).await;
        let logs = async || caller.send(reqwest::Method::GET, "/api/v1/logs", None).await.status;
        let theirs = assign(&org, &west, "REPORT_ADMIN").await;
        assert_eq!((org.get(&format!("{path}/roles")).await.ok(), logs().await), (json!([]), 403));
        let membership = format!("{west}/users/{}", id(&path));
        org.put(&membership, None).await.no_content();
        assert_eq!((org.get(&format!("{path}/roles")).await.ok(), logs().await), (json!([theirs]), 200));
        let role = format!("{path}/roles/{}", text(&theirs, "id"));
        assert_eq!(org.get(&role).await.ok(), theirs);
        // It is the group's to take.
        assert_eq!(org.delete(&role).await.status, 404);
        org.delete(&membership).await.no_content();
        assert_eq!(logs().await, 403);
        org.put(&membership, None).await.no_content();
        assert_eq!(logs().await, 200);
        org.delete(&west).await.no_content();
        assert_eq!((org.get(&format!("{path}/roles")).await.ok(), logs().await), (json!([]), 403));
    }
}

on_both_engines! {
    async fn deactivation_takes_the_roles_of_a_user(org: TestOrg) {
        let (path, _) = administrator(&org, "isaac", "ORG_ADMIN").await;
        for operation in ["deactivate", "activate"] {
            org.post(&format!("{path}/lifecycle/{operation}"), None).await.ok();
            assert_eq!(org.get(&format!("{path}/roles")).await.ok(), json!([]));
        }
    }
}

on_both_engines! {
    async fn granted_and_revoked_roles_are_in_the_log(org: TestOrg) {
        let (path, west) = (user(&org, "isaac").await, group(&org, "West").await);
        for path in [&path, &west] {
            let role = assign(&org, path, "USER_ADMIN").await;
            let target = format!("{path}/roles/{}/targets/groups/{}", text(&role, "id"), id(&west));
            org.put(&target, None).await.no_content();
            org.delete(&format!("{path}/roles/{}", text(&role, "id"))).await.no_content();
        }
        let log = org.get("/api/v1/logs?filter=eventType%20co%20%22privilege%22").await.ok();
        let told: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "eventType")).collect();
        let of = |prefix: &str, kinds: &[&str]| -> Vec<String> {
            kinds.iter().map(|kind| format!("{prefix}.privilege.{kind}")).collect()
        };
        let kinds = ["grant", "grant", "revoke"];
        // The first is the administrator's own, made with the org.
        let expected = [of("user.account", &["grant"]), of("user.account", &kinds), of("group", &kinds)].concat();
        assert_eq!(told, expected);
        let last = &log[3];
        assert_eq!(last["target"][0]["id"], id(&path));
        assert_eq!((text(&last["target"][1], "type"), text(&last["target"][1], "displayName")), ("ROLE".into(), "Group Administrator".into()));
        assert_eq!(last["debugContext"]["debugData"]["privilegeRevoked"], "Group Administrator");
    }
}
