//! `/api/v1/groups` and their schema.

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

const SCHEMA: &str = "/api/v1/meta/schemas/group/default";

/// Changes custom attributes of the group schema.
async fn define(org: &TestOrg, properties: Value) -> Value {
    let body = json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": properties } } });
    org.post(SCHEMA, body).await.ok()
}

async fn created(org: &TestOrg, profile: Value) -> Value {
    org.post("/api/v1/groups", json!({ "profile": profile })).await.ok()
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|group| text(group, "profile.name")).collect()
}

on_both_engines! {
    async fn get_group_schema_answers_base_and_custom_attributes(org: TestOrg) {
        let schema = org.get(SCHEMA).await.ok();
        let base = format!("http://{}", org.address());
        assert_eq!(text(&schema, "id"), format!("{base}/meta/schemas/group/default"));
        assert_eq!(text(&schema, "_links.self.href"), format!("{base}{SCHEMA}"));
        assert_eq!(schema["definitions"]["custom"], json!({ "id": "#custom", "type": "object", "properties": {}, "required": [] }));
        assert_eq!(schema["definitions"]["base"]["properties"]["description"], json!({
            "title": "Description", "description": "Description", "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
            "maxLength": 1024, "permissions": [{ "principal": "SELF", "action": "READ_WRITE" }], "master": { "type": "PROFILE_MASTER" },
        }));
        org.wait_seconds(5);
        let changed = define(&org, json!({ "region": { "title": "Region", "type": "string", "required": true } })).await;
        assert_eq!(changed["definitions"]["custom"]["required"], json!(["region"]));
        assert_eq!((text(&changed, "created"), text(&changed, "lastUpdated")),
            ("2026-01-02T03:04:05.000Z".to_owned(), "2026-01-02T03:04:10.000Z".to_owned()));
        assert_eq!(org.get(SCHEMA).await.ok(), changed);
    }
}

on_both_engines! {
    async fn custom_attributes_of_groups_are_checked_and_go_with_their_definition(org: TestOrg) {
        define(&org, json!({
            "region": { "title": "Region", "type": "string", "maxLength": 4 },
            "level": { "title": "Level", "type": "integer" },
        })).await;
        let group = created(&org, json!({ "name": "West", "region": "west", "level": 3 })).await;
        assert_eq!(group["profile"], json!({ "name": "West", "description": null, "region": "west", "level": 3 }));
        let path = format!("/api/v1/groups/{}", text(&group, "id"));
        for (profile, summary, cause) in [
            (json!({ "name": "A", "region": "western" }), "region", "region: The field is too long"),
            (json!({ "name": "A", "level": "three" }), "level", "level: The field must be of type integer"),
            (json!({ "name": "A", "other": 1 }), "profile", "Property name 'other' is not defined in profile"),
        ] {
            for answer in [
                org.post("/api/v1/groups", json!({ "profile": profile })).await,
                org.put(&path, json!({ "profile": profile })).await,
            ] {
                assert_eq!(answer.status, 400, "{}", answer.body);
                assert_eq!(text(&answer.body, "errorSummary"), format!("Api validation failed: {summary}"));
                if summary != "region" {
                    assert_eq!(text(&answer.body["errorCauses"][0], "errorSummary"), cause);
                }
            }
        }
        assert_eq!(org.get(&path).await.ok(), group);
        // A profile is replaced as a whole.
        let updated = org.put(&path, json!({ "profile": { "name": "West", "level": 4 } })).await.ok();
        assert_eq!(updated["profile"], json!({ "name": "West", "description": null, "level": 4 }));
        define(&org, json!({ "level": null })).await;
        assert_eq!(org.get(&path).await.ok()["profile"], json!({ "name": "West", "description": null }));
        // Defined anew, it has no values.
        define(&org, json!({ "level": { "title": "Level", "type": "string" } })).await;
        assert_eq!(org.get(&path).await.ok()["profile"].get("level"), None);
    }
}

on_both_engines! {
    async fn update_group_schema_refuses_what_cannot_be_and_changes_nothing(org: TestOrg) {
        let body = json!({ "definitions": { "custom": { "properties": {
            "region": { "title": "Region", "type": "string" },
            "name": { "title": "Name", "type": "string" },
        } } } });
        let cause = "name: A base attribute has this name";
        org.post(SCHEMA, body).await.refused(400, "E0000001", "Api validation failed: name", &[cause]);
        assert_eq!(org.get(SCHEMA).await.ok()["definitions"]["custom"]["properties"], json!({}));
    }
}

on_both_engines! {
    async fn list_groups_takes_a_prefix_and_a_filter_together(org: TestOrg) {
        for name in ["West", "western", "East"] {
            created(&org, json!({ "name": name })).await;
        }
        let both = org.get("/api/v1/groups?filter=type%20eq%20%22OKTA_GROUP%22&q=WEST").await;
        assert_eq!(both.link("self"), None);
        assert_eq!(names(&both.ok()), ["West", "western"]);
        assert_eq!(names(&org.get("/api/v1/groups?filter=type%20eq%20%22APP_GROUP%22&q=west").await.ok()), [""; 0]);
        let summary = "Bad request. Can't specify a search query and filter in the same request.";
        let three = "/api/v1/groups?q=w&search=type%20eq%20%22OKTA_GROUP%22";
        org.get(three).await.refused(400, "E0000033", summary, &[]);
    }
}

on_both_engines! {
    async fn groups_tell_how_much_hangs_on_them(org: TestOrg) {
        let west = created(&org, json!({ "name": "West" })).await;
        let path = format!("/api/v1/groups/{}", text(&west, "id"));
        for login in ["isaac@example.com", "eric@example.com"] {
            let user = text(&org.create(login).await, "id");
            org.put(&format!("{path}/users/{user}"), None).await.no_content();
        }
        let app = text(&org.post("/api/v1/apps", crate::applications::bookmark("Records")).await.ok(), "id");
        org.put(&format!("/api/v1/apps/{app}/groups/{}", text(&west, "id")), json!({})).await.ok();
        let stats = org.get(&format!("{path}?expand=stats")).await.ok()["_embedded"]["stats"].clone();
        assert_eq!((&stats["usersCount"], &stats["appsCount"]), (&json!(2), &json!(1)));
        assert_eq!((&stats["groupPushMappingsCount"], &stats["hasAdminPrivilege"]), (&json!(0), &json!(false)));
        org.post(&format!("{path}/roles"), json!({ "type": "APP_ADMIN" })).await;
        let stats = org.get(&format!("{path}?expand=stats")).await.ok()["_embedded"]["stats"].clone();
        assert_eq!(stats["hasAdminPrivilege"], json!(true));
        let list = org.get("/api/v1/groups?expand=stats,app").await;
        assert_eq!(list.link_path("self").unwrap(), "/api/v1/groups?limit=10000&expand=stats%2Capp");
        let counts: Vec<Value> =
            list.ok().as_array().unwrap().iter().map(|it| it["_embedded"]["stats"]["usersCount"].clone()).collect();
        // Everyone, whom nobody was put into, has the administrator as well.
        assert_eq!(counts, [json!(3), json!(2)]);
        assert_eq!(org.get(&path).await.ok().get("_embedded"), None);
    }
}

on_both_engines! {
    async fn search_knows_every_attribute_of_groups_and_sorts_by_it(org: TestOrg) {
        define(&org, json!({
            "region": { "title": "Region", "type": "string" },
            "level": { "title": "Level", "type": "integer" },
            "open": { "title": "Open", "type": "boolean" },
            "tags": { "title": "Tags", "type": "array", "items": { "type": "string" } },
        })).await;
        for (name, region, level) in [("B", "west", 2), ("a", "East", 10), ("C", "west coast", -1)] {
            let profile = json!({ "name": name, "region": region, "level": level, "open": level > 0, "tags": [name, "all"] });
            created(&org, profile).await;
        }
        created(&org, json!({ "name": "D" })).await;
        let search = async |query: &str| names(&org.get(&format!("/api/v1/groups?search={query}")).await.ok());
        assert_eq!(search("profile.region%20sw%20%22WEST%22").await, ["B", "C"]);
        assert_eq!(search("profile.level%20ge%202").await, ["B", "a"]);
        assert_eq!(search("profile.open%20eq%20false").await, ["C"]);
        assert_eq!(search("profile.tags%20eq%20%22a%22").await, ["a"]);
        assert_eq!(search("source.id%20eq%20%220oa1%22").await, [""; 0]);
        let made = "type%20eq%20%22OKTA_GROUP%22";
        assert_eq!(search(&format!("{made}&sortBy=profile.name")).await, ["a", "B", "C", "D"]);
        assert_eq!(search(&format!("{made}&sortBy=profile.name&sortOrder=desc")).await, ["D", "C", "B", "a"]);
        assert_eq!(search(&format!("{made}&sortBy=profile.level")).await, ["C", "B", "a", "D"]);
        assert_eq!(search(&format!("{made}&sortBy=created")).await, ["B", "a", "C", "D"]);
        for order in ["asc", "desc"] {
            let whole = search(&format!("{made}&sortBy=profile.level&sortOrder={order}")).await;
            let mut path = format!("/api/v1/groups?search={made}&sortBy=profile.level&sortOrder={order}&limit=1");
            let mut paged = Vec::new();
            loop {
                let page = org.get(&path).await;
                let next = page.link_path("next");
                paged.extend(names(&page.ok()));
                let Some(next) = next else { break };
                path = next;
            }
            assert_eq!(paged, whole, "{order}");
        }
        for query in ["profile.size%20eq%20%22x%22", "id%20pr&sortBy=profile.tags", "id%20pr&sortBy=profile.size"] {
            let answer = org.get(&format!("/api/v1/groups?search={query}")).await;
            assert_eq!((answer.status, text(&answer.body, "errorCode")), (400, "E0000031".to_owned()), "{query}");
        }
    }
}
