//! What a role is narrowed to.

use serde_json::{Value, json};

use super::{administrator, assign, group, id, user};
use crate::applications::{bookmark, created};
use crate::context::{TestOrg, text};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap_or("-")).collect()
}

on_both_engines! {
    async fn group_targets_are_added_listed_and_removed_but_for_the_last(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        for holder in [user(&org, "isaac").await, group(&org, "Admins").await] {
            let role = assign(&org, &holder, "USER_ADMIN").await;
            let targets = format!("{holder}/roles/{}/targets/groups", text(&role, "id"));
            assert_eq!(org.get(&targets).await.ok(), json!([]));
            for path in [&west, &east, &west] {
                org.put(&format!("{targets}/{}", id(path)), None).await.no_content();
            }
            let listed = org.get(&targets).await;
            assert_eq!(listed.link_path("self"), Some(format!("{targets}?limit=20")));
            let listed = listed.ok();
            assert_eq!(ids(&listed), [id(&west), id(&east)]);
            assert_eq!(listed[0], org.get(&west).await.ok());
            let first = org.get(&format!("{targets}?limit=1")).await;
            assert_eq!(ids(&org.get(&first.link_path("next").unwrap()).await.ok()), [id(&east)]);
            let expanded = org.get(&format!("{holder}/roles?expand=targets/groups")).await.ok();
            assert_eq!(expanded[0]["_embedded"], json!({ "targets": { "groups": listed } }));
            for _ in 0..2 {
                org.delete(&format!("{targets}/{}", id(&west))).await.no_content();
            }
            let answer = org.delete(&format!("{targets}/{}", id(&east))).await;
            assert_eq!((answer.status, answer.body["errorCode"].as_str().unwrap()), (400, "E0000001"));
            assert_eq!(ids(&org.get(&targets).await.ok()), [id(&east)]);
        }
    }
}

on_both_engines! {
    async fn app_targets_are_apps_of_a_name_or_single_ones(org: TestOrg) {
        let (one, two) = (created(&org, bookmark("One")).await, created(&org, bookmark("Two")).await);
        for holder in [user(&org, "isaac").await, group(&org, "Admins").await] {
            let role = assign(&org, &holder, "APP_ADMIN").await;
            let targets = format!("{holder}/roles/{}/targets/catalog/apps", text(&role, "id"));
            let whole = if holder.contains("groups") { 200 } else { 204 };
            for path in [&one, &two] {
                org.put(&format!("{targets}/bookmark/{}", id(path)), None).await.no_content();
            }
            assert_eq!(org.put(&format!("{targets}/oidc_client"), None).await.status, whole);
            let listed = org.get(&targets).await.ok();
            assert_eq!(ids(&listed), ["-", id(&one), id(&two)]);
            let base = format!("http://{}/api/v1", org.address());
            assert_eq!(listed[0]["_links"]["self"]["href"], format!("{base}/catalog/apps/oidc_client"));
            let link = json!({ "self": { "href": format!("http://{}{one}", org.address()) } });
            assert_eq!(listed[1], json!({ "name": "One", "status": "ACTIVE", "id": id(&one), "_links": link }));
            let expanded = org.get(&format!("{holder}/roles?expand=targets/catalog/apps")).await.ok();
            assert_eq!(expanded[0]["_embedded"], json!({ "targets": { "catalog": { "apps": listed } } }));
            let first = org.get(&format!("{targets}?limit=2")).await;
            assert_eq!(ids(&org.get(&first.link_path("next").unwrap()).await.ok()), [id(&two)]);
            // Every app of a name stands in place of the single ones.
            assert_eq!(org.put(&format!("{targets}/bookmark"), None).await.status, whole);
            org.put(&format!("{targets}/bookmark/{}", id(&one)), None).await.no_content();
            assert_eq!(ids(&org.get(&targets).await.ok()), ["-", "-"]);
            org.delete(&format!("{targets}/oidc_client")).await.no_content();
            assert_eq!(org.delete(&format!("{targets}/bookmark")).await.status, 400);
            if whole == 204 {
                org.put(&targets, None).await.ok();
                assert_eq!(org.get(&targets).await.ok(), json!([]));
            }
        }
    }
}

on_both_engines! {
    async fn a_role_has_only_targets_of_its_kind(org: TestOrg) {
        let (holder, west) = (user(&org, "isaac").await, group(&org, "West").await);
        let summary = "The provided role type was not the same as required role type.";
        for (kind, target) in [
            ("APP_ADMIN", format!("groups/{}", id(&west))),
            ("ORG_ADMIN", format!("groups/{}", id(&west))),
            ("USER_ADMIN", "catalog/apps/bookmark".to_owned()),
        ] {
            let role = assign(&org, &holder, kind).await;
            let path = format!("{holder}/roles/{}/targets/{target}", text(&role, "id"));
            for answer in [org.put(&path, None).await, org.delete(&path).await] {
                answer.refused(400, "E0000091", summary, &[]);
            }
        }
    }
}

on_both_engines! {
    async fn a_narrowed_role_goes_with_its_last_target(org: TestOrg) {
        let (west, one) = (group(&org, "West").await, created(&org, bookmark("One")).await);
        let (path, _) = administrator(&org, "isaac", "USER_ADMIN").await;
        let role = org.get(&format!("{path}/roles")).await.ok()[0].clone();
        org.put(&format!("{path}/roles/{}/targets/groups/{}", text(&role, "id"), id(&west)), None).await.no_content();
        let role = assign(&org, &path, "APP_ADMIN").await;
        let target = format!("{path}/roles/{}/targets/catalog/apps/bookmark/{}", text(&role, "id"), id(&one));
        org.put(&target, None).await.no_content();
        org.delete(&west).await.no_content();
        org.post(&format!("{one}/lifecycle/deactivate"), None).await.ok();
        org.delete(&one).await.no_content();
        assert_eq!(org.get(&format!("{path}/roles")).await.ok(), json!([]));
    }
}
