//! What the roles of a token's owner let it do.

use reqwest::Method;
use roster_model::operations::{OPERATIONS, Operation};
use roster_model::role::{RoleType, is_self_service};
use serde_json::json;

use super::{administrator, assign, group, id, token_of, user};
use crate::applications::{bookmark, created};
use crate::context::{ADMIN, Answer, Caller, TestOrg, profile, text};
use crate::operations::{Ids, call};

fn refused(answer: Answer) {
    answer.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
}

async fn post(caller: &Caller, path: &str) -> u16 {
    caller.send(Method::POST, path, None).await.status
}

/// Calls every operation, on things of another org, and asserts which the caller's roles let through.
async fn assert_allowed(org: &TestOrg, caller: &Caller, allowed: impl Fn(&Operation) -> bool) {
    let name = format!("acme{}", org.get("/api/v1/users").await.ok().as_array().unwrap().len());
    let ids = Ids::made(&org.other_org(&name).await, "leader").await;
    for operation in OPERATIONS.iter().filter(|it| it.access.scope().is_some() && !is_self_service(it.id)) {
        let answer = call(caller, operation, &ids).await;
        let denied = answer.status == 403 && answer.body["errorCode"] == "E0000006";
        assert_eq!(denied, !allowed(operation), "{} {}", operation.name, answer.body);
    }
}

on_both_engines! {
    async fn each_role_allows_what_the_table_says(org: TestOrg) {
        for role in [RoleType::ReadOnlyAdmin, RoleType::HelpDeskAdmin] {
            let (_, caller) = administrator(&org, &role.as_str().to_lowercase(), role.as_str()).await;
            assert_allowed(&org, &caller, |operation| role.allows(operation)).await;
        }
    }
}

on_both_engines! {
    async fn without_a_role_a_token_only_serves_its_owner(org: TestOrg) {
        let path = user(&org, "isaac").await;
        let caller = token_of(&org, &path).await;
        assert_allowed(&org, &caller, |_| false).await;
        for own in ["/api/v1/users/me", &path, &format!("{path}/groups"), &format!("{path}/appLinks")] {
            assert_eq!(caller.send(Method::GET, own, None).await.status, 200, "{own}");
        }
        refused(caller.send(Method::GET, &format!("/api/v1/users/{ADMIN}"), None).await);
        let passwords = json!({ "oldPassword": { "value": "Abcd1234#@" }, "newPassword": { "value": "Efgh5678#@" } });
        caller.send(Method::POST, &format!("{path}/credentials/change_password"), Some(passwords)).await.ok();
    }
}

on_both_engines! {
    async fn a_help_desk_resets_passwords_and_changes_nothing_else(org: TestOrg) {
        let (_, caller) = administrator(&org, "desk", "HELP_DESK_ADMIN").await;
        let path = user(&org, "isaac").await;
        for operation in ["expire_password", "reset_password?sendEmail=false", "reset_factors"] {
            assert_eq!(post(&caller, &format!("{path}/lifecycle/{operation}")).await, 200, "{operation}");
        }
        let before = org.get(&path).await.ok();
        for operation in ["deactivate", "suspend"] {
            assert_eq!(post(&caller, &format!("{path}/lifecycle/{operation}")).await, 403, "{operation}");
        }
        refused(caller.send(Method::POST, &path, Some(json!({ "profile": { "title": "Singer" } }))).await);
        assert_eq!(org.get(&path).await.ok(), before);
    }
}

on_both_engines! {
    async fn a_narrowed_role_reaches_the_members_of_its_groups(org: TestOrg) {
        let (admin, caller) = administrator(&org, "boss", "USER_ADMIN").await;
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let (ours, theirs) = (user(&org, "ours").await, user(&org, "theirs").await);
        org.put(&format!("{west}/users/{}", id(&ours)), None).await.no_content();
        let role = text(&org.get(&format!("{admin}/roles")).await.ok()[0], "id");
        org.put(&format!("{admin}/roles/{role}/targets/groups/{}", id(&west)), None).await.no_content();
        assert_eq!(post(&caller, &format!("{ours}/lifecycle/suspend")).await, 200);
        assert_eq!(post(&caller, &format!("{theirs}/lifecycle/suspend")).await, 403);
        // Membership is of the group, whoever the user is.
        for (group, status) in [(&west, 204), (&east, 403)] {
            let answer = caller.send(Method::PUT, &format!("{group}/users/{}", id(&theirs)), None).await;
            assert_eq!(answer.status, status);
        }
        assert_eq!(post(&caller, &format!("{theirs}/lifecycle/suspend")).await, 200);
        let new_user = |groups: serde_json::Value| json!({ "profile": profile("new@example.com"), "groupIds": groups });
        for groups in [json!([]), json!([id(&east)]), json!([id(&west), id(&east)])] {
            refused(caller.send(Method::POST, "/api/v1/users", Some(new_user(groups))).await);
        }
        caller.send(Method::POST, "/api/v1/users", Some(new_user(json!([id(&west)])))).await.ok();
        refused(caller.send(Method::POST, "/api/v1/groups", Some(json!({ "profile": { "name": "New" } }))).await);
    }
}

on_both_engines! {
    async fn a_narrowed_app_administrator_reaches_its_apps(org: TestOrg) {
        let (admin, caller) = administrator(&org, "boss", "APP_ADMIN").await;
        let (one, two) = (created(&org, bookmark("One")).await, created(&org, bookmark("Two")).await);
        let deactivate = async |path: &str| post(&caller, &format!("{path}/lifecycle/deactivate")).await;
        assert_eq!((deactivate(&one).await, deactivate(&two).await), (200, 200));
        let role = text(&org.get(&format!("{admin}/roles")).await.ok()[0], "id");
        let targets = format!("{admin}/roles/{role}/targets/catalog/apps");
        org.put(&format!("{targets}/bookmark/{}", id(&one)), None).await.no_content();
        assert_eq!((deactivate(&one).await, deactivate(&two).await), (200, 403));
        org.put(&format!("{targets}/bookmark"), None).await.no_content();
        assert_eq!((deactivate(&one).await, deactivate(&two).await), (200, 200));
    }
}

on_both_engines! {
    async fn nobody_makes_themselves_more_than_they_are(org: TestOrg) {
        let admins = group(&org, "Admins").await;
        assign(&org, &admins, "SUPER_ADMIN").await;
        let helper = user(&org, "helper").await;
        assign(&org, &helper, "HELP_DESK_ADMIN").await;
        for (name, role, reaches_administrators) in [("group", "USER_ADMIN", 403), ("org", "ORG_ADMIN", 200)] {
            let (path, caller) = administrator(&org, name, role).await;
            let reset = |user: &str| format!("{user}/lifecycle/expire_password");
            assert_eq!(post(&caller, &reset(&helper)).await, reaches_administrators, "{role}");
            assert_eq!(post(&caller, &reset(&format!("/api/v1/users/{ADMIN}"))).await, 403, "{role}");
            assert_eq!(post(&caller, &reset(&path)).await, 200, "{role}");
            for member in [id(&path), "me"] {
                refused(caller.send(Method::PUT, &format!("{admins}/users/{member}"), None).await);
            }
            let body = json!({ "profile": profile("new@example.com"), "groupIds": [id(&admins)] });
            refused(caller.send(Method::POST, "/api/v1/users", Some(body)).await);
            refused(caller.send(Method::POST, &format!("{path}/roles"), Some(json!({ "type": "SUPER_ADMIN" }))).await);
            let token = json!({ "name": "theirs", "userId": ADMIN });
            refused(caller.send(Method::POST, "/api/v1/api-tokens", Some(token)).await);
        }
    }
}
