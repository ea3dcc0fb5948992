//! The linked objects of users.

use serde_json::{Value, json};

use crate::context::{TestOrg, text};
use crate::linked_object_definitions::{PATH, definition};

/// Makes the relation of managers and subordinates, and users of these names; answers their ids.
async fn related<const N: usize>(org: &TestOrg, names: [&str; N]) -> [String; N] {
    assert_eq!(org.post(PATH, definition("boss", "report")).await.status, 201);
    let mut ids = Vec::new();
    for name in names {
        ids.push(text(&org.create(&format!("{name}@example.com")).await, "id"));
    }
    ids.try_into().unwrap()
}

async fn set(org: &TestOrg, associated: &str, primary: &str) {
    org.put(&format!("/api/v1/users/{associated}/linkedObjects/boss/{primary}"), None).await.no_content();
}

/// The ids at one end of a user's relation.
async fn linked(org: &TestOrg, user: &str, name: &str) -> Vec<String> {
    ids(&org.get(&format!("/api/v1/users/{user}/linkedObjects/{name}")).await.ok())
}

fn ids(list: &Value) -> Vec<String> {
    let href = |item: &Value| text(item, "_links.self.href").rsplit('/').next().unwrap().to_owned();
    list.as_array().unwrap().iter().map(href).collect()
}

on_both_engines! {
    async fn set_linked_object_for_user_links_both_ways(org: TestOrg) {
        let [boss, first, second] = related(&org, ["boss", "first", "second"]).await;
        set(&org, &first, &boss).await;
        set(&org, &second, "boss@example.com").await;
        let answer = org.get(&format!("/api/v1/users/{boss}/linkedObjects/report")).await;
        let url = format!("http://{}/api/v1/users/{boss}/linkedObjects/report?limit=1000", org.address());
        assert_eq!((answer.link("self"), answer.link("next")), (Some(url), None));
        let link = |id: &str| json!({ "_links": { "self": { "href": format!("http://{}/api/v1/users/{id}", org.address()) } } });
        assert_eq!(answer.ok(), json!([link(&first), link(&second)]));
        assert_eq!(linked(&org, "second", "boss").await, [boss.as_str()]);
        assert_eq!(linked(&org, &boss, "boss").await, [""; 0]);
    }
}

on_both_engines! {
    async fn set_linked_object_for_user_replaces_the_primary(org: TestOrg) {
        let [old, new, report] = related(&org, ["old", "new", "report"]).await;
        set(&org, &report, &old).await;
        set(&org, &report, &new).await;
        assert_eq!(linked(&org, &report, "boss").await, [new.as_str()]);
        assert_eq!(linked(&org, &old, "report").await, [""; 0]);
        assert_eq!(linked(&org, &new, "report").await, [report.as_str()]);
    }
}

on_both_engines! {
    async fn users_may_link_to_themselves_and_in_circles(org: TestOrg) {
        let [jane, joe] = related(&org, ["jane", "joe"]).await;
        set(&org, &jane, &jane).await;
        assert_eq!((linked(&org, &jane, "boss").await, linked(&org, &jane, "report").await), (vec![jane.clone()], vec![jane.clone()]));
        set(&org, &jane, &joe).await;
        set(&org, &joe, &jane).await;
        assert_eq!((linked(&org, &jane, "boss").await, linked(&org, &joe, "boss").await), (vec![joe], vec![jane]));
    }
}

on_both_engines! {
    async fn me_is_the_caller_at_either_end(org: TestOrg) {
        let [report] = related(&org, ["report"]).await;
        set(&org, &report, "me").await;
        assert_eq!(linked(&org, "me", "report").await, [report.as_str()]);
        set(&org, "me", &report).await;
        assert_eq!(linked(&org, "me", "boss").await, [report.as_str()]);
    }
}

on_both_engines! {
    async fn links_are_set_and_removed_by_the_name_of_the_primary_end_alone(org: TestOrg) {
        let [boss, report] = related(&org, ["boss", "report"]).await;
        set(&org, &report, &boss).await;
        let missing = "Not found: Resource not found: report (LinkedObjectProperty)";
        let path = format!("/api/v1/users/{report}/linkedObjects/report");
        org.put(&format!("{path}/{boss}"), None).await.refused(404, "E0000007", missing, &[]);
        org.delete(&path).await.refused(404, "E0000007", missing, &[]);
        let missing = "Not found: Resource not found: nobody (User)";
        let path = format!("/api/v1/users/{report}/linkedObjects/boss");
        org.put(&format!("{path}/nobody"), None).await.refused(404, "E0000007", missing, &[]);
        assert_eq!(linked(&org, &report, "boss").await, [boss.as_str()]);
        org.delete(&path).await.no_content();
        org.delete(&path).await.no_content();
        assert_eq!(linked(&org, &report, "boss").await, [""; 0]);
    }
}

on_both_engines! {
    async fn a_deactivated_user_keeps_links_and_an_erased_one_leaves_none(org: TestOrg) {
        let [boss, middle, report] = related(&org, ["boss", "middle", "report"]).await;
        set(&org, &middle, &boss).await;
        set(&org, &report, &middle).await;
        let path = format!("/api/v1/users/{middle}");
        org.delete(&path).await.no_content();
        assert_eq!(linked(&org, &boss, "report").await, [middle.as_str()]);
        org.delete(&path).await.no_content();
        assert_eq!(linked(&org, &boss, "report").await, [""; 0]);
        assert_eq!(linked(&org, &report, "boss").await, [""; 0]);
    }
}

on_both_engines! {
    async fn get_linked_objects_for_user_pages_by_key_and_a_limit_below_one_is_none(org: TestOrg) {
        let [boss, a, b, c] = related(&org, ["boss", "a", "b", "c"]).await;
        for report in [&a, &b, &c] {
            set(&org, report, &boss).await;
        }
        let path = format!("/api/v1/users/{boss}/linkedObjects/report");
        let first = org.get(&format!("{path}?limit=2")).await;
        let next = first.link_path("next").unwrap();
        assert_eq!(ids(&first.ok()), [a.clone(), b.clone()]);
        // What is removed meanwhile shifts nothing.
        org.delete(&format!("/api/v1/users/{b}/linkedObjects/boss")).await.no_content();
        let second = org.get(&next).await;
        assert_eq!(second.link("next"), None);
        assert_eq!(ids(&second.ok()), [c.as_str()]);
        for limit in ["-1", "0"] {
            let whole = org.get(&format!("{path}?limit={limit}")).await;
            assert_eq!(whole.link_path("self"), Some(format!("{path}?limit=-1")));
            assert_eq!(ids(&whole.ok()), [a.as_str(), c.as_str()]);
        }
        let of_another_list = org.get(&next.replace("report", "boss")).await;
        of_another_list.refused(400, "E0000029", "Invalid paging request.", &["Invalid cursor."]);
    }
}

on_both_engines! {
    async fn a_link_is_an_event_of_the_associated_user(org: TestOrg) {
        let [boss, report] = related(&org, ["boss", "report"]).await;
        set(&org, &report, &boss).await;
        // Setting what is set already changes nothing.
        set(&org, &report, &boss).await;
        org.delete(&format!("/api/v1/users/{report}/linkedObjects/boss")).await.no_content();
        let filter = "eventType%20eq%20%22user.account.update_profile%22";
        let log = org.get(&format!("/api/v1/logs?filter={filter}")).await.ok();
        let told: Vec<_> = log.as_array().unwrap().iter().map(|event| text(event, "debugContext.debugData.linkedObject")).collect();
        let set = json!({ "name": "boss", "primary": boss }).to_string();
        assert_eq!(told, [set, json!({ "name": "boss", "primary": null }).to_string()]);
    }
}
