//! What each operation leaves in the log.

use reqwest::Method;
use roster_model::operations::{Method as OperationMethod, OPERATIONS, Operation, OperationId as Op};
use serde_json::{Value, json};

use super::LOGS;
use crate::context::{Answer, Caller, TestOrg, text};
use crate::operations::{Ids, call, group_rule, sample_body};
use crate::users::fixtures::{hold, lock_out};

/// The operations that change something on behalf of the holder of a token. A session that is refreshed only lives on,
/// which no event type tells of (behaviour.md G.12).
fn changing() -> impl Iterator<Item = &'static Operation> {
    let changes = |it: &&Operation| it.method != OperationMethod::Get && it.id != Op::RefreshSession;
    OPERATIONS.iter().filter(changes).filter(|it| it.access.scope().is_some())
}

/// A way to do an operation: what its path names, its body and who does it.
struct Way {
    ids: Ids,
    body: Option<Value>,
    caller: Caller,
}

/// Brings an org to where the operation can be done.
async fn prepare(org: &TestOrg, operation: &Operation) -> Way {
    let ids = Ids::made(&org.caller, "leader").await;
    let mut way = Way { ids: ids.clone(), body: sample_body(operation.id), caller: org.caller.clone() };
    let (user, app, idp) = (ids.fill("{userId}"), ids.fill("/api/v1/apps/{appId}"), ids.fill("/api/v1/idps/{idpId}"));
    let user_path = format!("/api/v1/users/{user}");
    let post = async |path: &str, body: Option<Value>| org.post(path, body).await.ok();
    match operation.id {
        Op::ActivateUser => _ = post(&format!("{user_path}/lifecycle/deactivate"), None).await,
        Op::ReactivateUser => _ = post(&format!("{user_path}/lifecycle/reset_password"), None).await,
        Op::UnsuspendUser => _ = post(&format!("{user_path}/lifecycle/suspend"), None).await,
        Op::UnlockUser => lock_out(org, &user_path).await,
        Op::RemoveLinkedObjectForUser => {
            org.put(&format!("{user_path}/linkedObjects/leader/{user}"), None).await.no_content();
        }
        Op::AddUserToGroup => {
            org.delete(&ids.fill("/api/v1/groups/{groupId}/users/{userId}")).await.no_content();
        }
        Op::AssignGroupOwner => {
            way.body = Some(json!({ "id": user, "type": "USER" }));
            org.delete(&ids.fill("/api/v1/groups/{groupId}/owners/{ownerId}")).await.no_content();
        }
        Op::CreateGroupRule => {
            way.body = Some(group_rule(&ids.fill("{targetGroupId}")));
            way.body.as_mut().unwrap()["name"] = json!("Elsewhere");
        }
        Op::UpdateGroupRule => way.body = Some(group_rule(&ids.fill("{targetGroupId}"))),
        Op::DeactivateGroupRule => {
            org.post(&ids.fill("/api/v1/groups/rules/{groupRuleId}/lifecycle/activate"), None).await.no_content();
        }
        Op::ActivateFactor | Op::ResendEnrollFactor => {
            let sms = sample_body(Op::EnrollFactor);
            way.ids = ids.with("factorId", &text(&post(&format!("{user_path}/factors"), sms).await, "id"));
            let sent = org.messages_of("passcode").await.pop().unwrap();
            way.body = way.body.map(|_| json!({ "passCode": sent["passCode"] }));
            // A passcode is sent again only after a while.
            org.wait_seconds(31);
        }
        Op::ActivateApplication | Op::DeleteApplication => {
            post(&format!("{app}/lifecycle/deactivate"), None).await;
        }
        Op::AssignUserToApplication => way.body = Some(json!({ "id": user })),
        Op::UpdateApplicationUser | Op::DeleteApplicationUser => {
            post(&format!("{app}/users"), Some(json!({ "id": user }))).await;
        }
        Op::DeleteApplicationGroupAssignment => {
            org.put(&ids.fill("/api/v1/apps/{appId}/groups/{groupId}"), json!({})).await.ok();
        }
        Op::RevokeUserGrant
        | Op::RevokeUserGrants
        | Op::RevokeGrantsForUserAndClient
        | Op::RevokeTokenForUserAndClient
        | Op::RevokeTokensForUserAndClient
        | Op::RevokeOAuth2TokenForApplication
        | Op::RevokeOAuth2TokensForApplication => {
            let client = ids.fill("{clientId}");
            let held = hold(org, &user_path, &client, "email").await;
            way.ids = ids.with("grantId", &held.grant).with("tokenId", &held.token).with("appId", &client);
        }
        Op::ActivateIdentityProvider => _ = post(&format!("{idp}/lifecycle/deactivate"), None).await,
        Op::CreateInlineHook | Op::ActivateInlineHook | Op::DeleteInlineHook => {
            post(&ids.fill("/api/v1/inlineHooks/{inlineHookId}/lifecycle/deactivate"), None).await;
        }
        Op::UnlinkUserFromIdentityProvider => {
            post(&format!("{idp}/users/{user}"), sample_body(Op::LinkUserToIdentityProvider)).await;
        }
        Op::AssignGroupTargetToUserRole
        | Op::UnassignGroupTargetFromUserAdminRole
        | Op::AssignGroupTargetToGroupAdminRole
        | Op::UnassignGroupTargetFromGroupAdminRole => {
            for (name, holder) in [("roleId", user_path), ("groupRoleId", ids.fill("/api/v1/groups/{groupId}"))] {
                let role = org.post(&format!("{holder}/roles"), json!({ "type": "USER_ADMIN" })).await.body;
                let role = text(&role, "id");
                way.ids = way.ids.with(name, &role);
                if operation.name.starts_with("unassign") {
                    let everyone = text(&org.get("/api/v1/groups?q=Everyone").await.ok()[0], "id");
                    for group in [everyone, ids.fill("{targetGroupId}")] {
                        org.put(&format!("{holder}/roles/{role}/targets/groups/{group}"), None).await.no_content();
                    }
                }
            }
        }
        Op::AssignAllAppsAsTargetToRoleForUser
        | Op::UnassignAppTargetFromAppAdminRoleForUser
        | Op::UnassignAppInstanceTargetFromAdminRoleForUser
        | Op::UnassignAppTargetToAdminRoleForGroup
        | Op::UnassignAppInstanceTargetToAppAdminRoleForGroup => {
            let instance = if operation.name.contains("Instance") { "/{targetAppId}" } else { "" };
            for holder in ["/api/v1/users/{userId}/roles/{roleId}", "/api/v1/groups/{groupId}/roles/{groupRoleId}"] {
                for target in ["bookmark", &format!("{{appName}}{instance}")] {
                    let path = ids.fill(&format!("{holder}/targets/catalog/apps/{target}"));
                    assert!(org.put(&path, None).await.status < 300, "{path}");
                }
            }
        }
        Op::GrantConsentToScope | Op::RevokeScopeConsentGrant => {
            way.ids = ids.with("appId", &ids.fill("{clientId}"));
            if operation.id == Op::RevokeScopeConsentGrant {
                let grants = way.ids.fill("/api/v1/apps/{appId}/grants");
                let granted = post(&grants, sample_body(Op::GrantConsentToScope)).await;
                way.ids = way.ids.with("grantId", &text(&granted, "id"));
            }
        }
        Op::RevokeCurrentApiToken => {
            let token = text(&post("/api/v1/api-tokens", Some(json!({ "name": "current" }))).await, "token");
            way.caller = org.caller.authorized(&format!("SSWS {token}"));
        }
        _ => {}
    }
    way
}

async fn perform(way: &Way, operation: &Operation) -> Answer {
    let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
    way.caller.send(method, &way.ids.path(operation), way.body.clone()).await
}

/// The events that behaviour.md G.12 asks of an operation; `None` if it says nothing.
fn wanted(operation: Op) -> Option<&'static [&'static str]> {
    Some(match operation {
        Op::CreateUser => &["user.lifecycle.create", "user.lifecycle.activate"],
        Op::PartialUpdateUser | Op::UpdateUser | Op::ChangeRecoveryQuestion => &["user.account.update_profile"],
        Op::SetLinkedObjectForUser | Op::RemoveLinkedObjectForUser => &["user.account.update_profile"],
        Op::DeactivateOrDeleteUser | Op::DeactivateUser => &["user.lifecycle.deactivate"],
        Op::ActivateUser => &["user.lifecycle.activate"],
        Op::ReactivateUser => &["user.lifecycle.reactivate"],
        Op::SuspendUser => &["user.lifecycle.suspend"],
        Op::UnsuspendUser => &["user.lifecycle.unsuspend"],
        Op::UnlockUser => &["user.account.unlock_by_admin"],
        Op::ExpirePassword => &["user.account.expire_password"],
        Op::ExpirePasswordAndGetTemporaryPassword => &["user.account.reset_password", "user.account.expire_password"],
        Op::ResetPassword | Op::ForgotPassword => &["user.account.reset_password"],
        Op::ResetFactors => &["user.mfa.factor.reset_all"],
        Op::ChangePassword | Op::ForgotPasswordSetNewPassword => &["user.account.update_password"],
        Op::ClearUserSessions => &["user.session.clear"],
        Op::RevokeUserGrant => &["app.oauth2.as.consent.revoke"],
        Op::GrantConsentToScope => &["app.oauth2.as.consent.grant"],
        Op::RevokeScopeConsentGrant => &["app.oauth2.as.consent.revoke"],
        Op::RevokeUserGrants => &["app.oauth2.as.consent.revoke.user"],
        Op::RevokeGrantsForUserAndClient => &["app.oauth2.as.consent.revoke.user.client"],
        Op::RevokeTokenForUserAndClient | Op::RevokeOAuth2TokenForApplication => &["app.oauth2.token.revoke"],
        Op::RevokeTokensForUserAndClient | Op::RevokeOAuth2TokensForApplication => {
            &["app.oauth2.token.revoke.implicit.client"]
        }
        Op::CreateGroup => &["group.lifecycle.create"],
        Op::DeleteGroup => &["group.lifecycle.delete"],
        Op::AddUserToGroup => &["group.user_membership.add"],
        Op::RemoveUserFromGroup => &["group.user_membership.remove"],
        Op::AddLinkedObjectDefinition => &["directory.linked_object.create"],
        Op::DeleteLinkedObjectDefinition => &["directory.linked_object.delete"],
        Op::AssignUserToApplication => &["application.user_membership.add"],
        Op::UpdateApplicationUser => &["application.user_membership.update"],
        Op::DeleteApplicationUser => &["application.user_membership.remove"],
        Op::CreateApplicationGroupAssignment => &["group.application_assignment.add"],
        Op::DeleteApplicationGroupAssignment => &["group.application_assignment.remove"],
        Op::CreateApiToken => &["system.api_token.create"],
        Op::RevokeApiToken | Op::RevokeCurrentApiToken => &["system.api_token.revoke"],
        _ => return None,
    })
}

/// Where the log of an org ends.
async fn end_of_log(org: &TestOrg) -> String {
    let mut answer = org.get(&format!("{LOGS}?limit=1000")).await;
    while answer.body != json!([]) {
        answer = org.get(&answer.link_path("next").unwrap()).await;
    }
    answer.link_path("next").unwrap()
}

/// A new org for one operation.
async fn org_for(org: &TestOrg, operation: &Operation) -> TestOrg {
    let mut org = org.clone();
    org.caller = org.other_org(&operation.name.to_lowercase()).await;
    org
}

on_both_engines! {
    async fn every_changing_operation_leaves_its_event(org: TestOrg) {
        for operation in changing() {
            let org = org_for(&org, operation).await;
            let way = prepare(&org, operation).await;
            let end = end_of_log(&org).await;
            let answer = perform(&way, operation).await;
            assert!(answer.status < 300, "{}: {}; what does it need? See prepare", operation.name, answer.body);
            let request = answer.headers["x-okta-request-id"].to_str().unwrap();
            let log = org.get(&end).await.ok();
            let events = log.as_array().unwrap();
            assert!(!events.is_empty(), "{}", operation.name);
            let me = text(&org.get("/api/v1/users/me").await.ok(), "id");
            for event in events {
                assert_eq!(text(event, "actor.id"), me, "{}", operation.name);
                assert_eq!(text(event, "transaction.id"), request, "{}", operation.name);
                assert_eq!(text(event, "debugContext.debugData.requestId"), request);
                assert_eq!(text(event, "debugContext.debugData.requestUri"), way.ids.path(operation));
                assert_eq!(event["outcome"], json!({ "result": "SUCCESS", "reason": null }), "{}", operation.name);
                assert!(!text(&event["target"][0], "id").is_empty(), "{}", operation.name);
            }
            let types: Vec<&str> = events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
            for wanted in wanted(operation.id).unwrap_or_default() {
                assert!(types.contains(wanted), "{} left {types:?}, not {wanted}", operation.name);
            }
        }
    }
}

on_both_engines! {
    async fn the_events_of_a_user_name_them(org: TestOrg) {
        let users = changing()
            .filter(|it| it.path.contains("/users/{userId}/lifecycle") || it.path.ends_with("/users/{userId}"));
        for operation in users.filter(|it| it.path.starts_with("/api/v1/users")) {
            let org = org_for(&org, operation).await;
            let way = prepare(&org, operation).await;
            let (end, user) = (end_of_log(&org).await, org.get(&way.ids.fill("/api/v1/users/{userId}")).await.ok());
            perform(&way, operation).await;
            let target = json!({
                "id": user["id"],
                "type": "User",
                "alternateId": "isaac@example.com",
                "displayName": "Isaac Brock",
                "detailEntry": null,
            });
            assert_eq!(org.get(&end).await.ok()[0]["target"][0], target, "{}", operation.name);
        }
    }
}

on_both_engines! {
    async fn no_reading_operation_leaves_an_event(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let end = end_of_log(&org).await;
        for operation in OPERATIONS.iter().filter(|operation| operation.method == OperationMethod::Get) {
            call(&org.caller, operation, &ids).await;
        }
        assert_eq!(org.get(&end).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_refused_operation_leaves_no_event_of_success(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let end = end_of_log(&org).await;
        for operation in changing() {
            let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
            if operation.path.contains('{') {
                let nobody = operation.path.replace(['{', '}'], "x");
                org.caller.send(method.clone(), &nobody, sample_body(operation.id)).await;
            }
            if sample_body(operation.id).is_some() {
                org.caller.send_raw(method.clone(), &ids.path(operation), Some(("application/json", "[")), &[]).await;
            }
            org.with_token(None).send(method, &ids.path(operation), sample_body(operation.id)).await;
        }
        let events = org.get(&end).await.ok();
        assert!(events.as_array().unwrap().iter().all(|event| event["outcome"]["result"] != "SUCCESS"), "{events}");
    }
}

on_both_engines! {
    async fn a_change_that_fails_half_way_leaves_neither_rows_nor_events(org: TestOrg) {
        let group = org.post("/api/v1/groups", json!({ "profile": { "name": "West" } })).await.ok();
        let end = end_of_log(&org).await;
        // The second group is found missing when the user is already on the way.
        let profile = crate::context::profile("isaac@example.com");
        let body = json!({ "profile": profile, "groupIds": [group["id"], "00gnothere"] });
        assert_eq!(org.post("/api/v1/users", body).await.status, 404);
        assert_eq!(org.get(&end).await.ok(), json!([]));
        assert_eq!(org.get("/api/v1/users/isaac@example.com").await.status, 404);
    }
}

on_both_engines! {
    async fn deleting_a_deactivated_user_begins_and_completes(org: TestOrg) {
        let user = format!("/api/v1/users/{}", text(&org.create("isaac@example.com").await, "id"));
        org.delete(&user).await.no_content();
        let end = end_of_log(&org).await;
        org.delete(&user).await.no_content();
        let types = org.get(&end).await.ok();
        let types: Vec<&Value> = types.as_array().unwrap().iter().map(|event| &event["eventType"]).collect();
        assert_eq!(types, ["user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"]);
    }
}

on_both_engines! {
    async fn a_change_that_changes_nothing_leaves_no_event(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        let end = end_of_log(&org).await;
        org.put(&ids.fill("/api/v1/groups/{groupId}/users/{userId}"), None).await.no_content();
        org.post(&ids.fill("/api/v1/users/{userId}"), json!({})).await.ok();
        assert_eq!(org.get(&end).await.ok(), json!([]));
    }
}
