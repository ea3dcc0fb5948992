//! An org keeps an active super administrator (behaviour.md C.6).

use serde_json::json;

use super::{assign, group, id, token_of, types, user};
use crate::context::{ADMIN, Answer, TestOrg, text};

fn refused(answer: Answer) {
    answer.refused(403, "E0000006", "You do not have permission to perform the requested action", &[]);
}

on_both_engines! {
    async fn the_first_administrator_is_a_super_administrator(org: TestOrg) {
        let roles = org.get("/api/v1/users/me/roles").await.ok();
        assert_eq!(types(&roles), ["SUPER_ADMIN"]);
        assert_eq!((text(&roles[0], "label"), text(&roles[0], "assignmentType")), ("Super Administrator".into(), "USER".into()));
    }
}

on_both_engines! {
    async fn the_last_super_administrator_stays(org: TestOrg) {
        let me = format!("/api/v1/users/{ADMIN}");
        let role = text(&org.get(&format!("{me}/roles")).await.ok()[0], "id");
        let other = user(&org, "isaac").await;
        // One who is not active does not count.
        let theirs = assign(&org, &other, "SUPER_ADMIN").await;
        org.post(&format!("{other}/lifecycle/suspend"), None).await.ok();
        for operation in ["deactivate", "suspend"] {
            refused(org.post(&format!("{me}/lifecycle/{operation}"), None).await);
        }
        refused(org.delete(&me).await);
        refused(org.delete(&format!("{me}/roles/{role}")).await);
        assert_eq!(org.status(ADMIN).await, "ACTIVE");
        assert_eq!(types(&org.get(&format!("{me}/roles")).await.ok()), ["SUPER_ADMIN"]);
        org.delete(&format!("{other}/roles/{}", text(&theirs, "id"))).await.no_content();
    }
}

on_both_engines! {
    async fn a_super_administrator_may_go_when_another_is_active(org: TestOrg) {
        let other = user(&org, "isaac").await;
        assign(&org, &other, "SUPER_ADMIN").await;
        let isaac = token_of(&org, &other).await;
        org.delete(&format!("/api/v1/users/{ADMIN}")).await.no_content();
        let roles = isaac.send(reqwest::Method::GET, &format!("/api/v1/users/{ADMIN}/roles"), None).await.ok();
        assert_eq!(roles, json!([]));
        refused(isaac.send(reqwest::Method::DELETE, &other, None).await);
    }
}

on_both_engines! {
    async fn a_group_of_the_last_super_administrators_keeps_a_member(org: TestOrg) {
        let (west, other) = (group(&org, "West").await, user(&org, "isaac").await);
        let by_group = assign(&org, &west, "SUPER_ADMIN").await;
        let membership = format!("{west}/users/{}", id(&other));
        org.put(&membership, None).await.no_content();
        let isaac = token_of(&org, &other).await;
        org.delete(&format!("/api/v1/users/{ADMIN}")).await.no_content();
        for path in [other.clone(), membership, west.clone(), format!("{west}/roles/{}", text(&by_group, "id"))] {
            refused(isaac.send(reqwest::Method::DELETE, &path, None).await);
        }
        assert_eq!(types(&isaac.send(reqwest::Method::GET, &format!("{other}/roles"), None).await.ok()), ["SUPER_ADMIN"]);
    }
}

on_both_engines! {
    async fn of_two_who_take_each_others_role_one_keeps_it(org: TestOrg) {
        let mut roles = Vec::new();
        for name in ["isaac", "eric"] {
            let path = user(&org, name).await;
            let role = assign(&org, &path, "SUPER_ADMIN").await;
            roles.push(format!("{path}/roles/{}", text(&role, "id")));
        }
        let first = text(&org.get("/api/v1/users/me/roles").await.ok()[0], "id");
        // The server itself acts, who has no role to lose.
        let store = org.store.clone();
        let org_key = store.default_org().await.unwrap().unwrap().key;
        let change = store.system_change(org_key);
        let mut tasks = tokio::task::JoinSet::new();
        for (assignee, role) in [(roles[0].clone(), String::new()), (roles[1].clone(), String::new()), (ADMIN.to_owned(), first)] {
            let (store, change) = (store.clone(), change.clone());
            tasks.spawn(async move {
                let (user, role) = match assignee.split_once("/roles/") {
                    Some((user, role)) => (id(user).to_owned(), role.to_owned()),
                    None => (assignee, role),
                };
                store.unassign_role(&change, roster_store::roles::Assignee::User(user), &role).await.is_ok()
            });
        }
        let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 2);
    }
}
