//! `/api/v1/meta/schemas/user/linkedObjects`.

use serde_json::{Value, json};

use crate::context::text;

pub(crate) const PATH: &str = "/api/v1/meta/schemas/user/linkedObjects";

/// The body that defines a relation with these names.
pub(crate) fn definition(primary: &str, associated: &str) -> Value {
    let end = |name: &str| json!({ "name": name, "title": "Title", "description": "Link", "type": "USER" });
    json!({ "primary": end(primary), "associated": end(associated) })
}

on_both_engines! {
    async fn add_linked_object_definition_answers_201_and_reads_back_by_either_name(org: TestOrg) {
        let added = org.post(PATH, definition("manager", "subordinate")).await;
        assert_eq!(added.status, 201);
        let href = format!("http://{}{PATH}/manager", org.address());
        let mut wanted = definition("manager", "subordinate");
        wanted["_links"] = json!({ "self": { "href": href } });
        assert_eq!(added.body, wanted);
        for name in ["manager", "subordinate"] {
            assert_eq!(org.get(&format!("{PATH}/{name}")).await.ok(), wanted);
        }
        let list = org.get(PATH).await;
        assert_eq!(list.link("self"), None);
        assert_eq!(list.ok(), json!([wanted]));
        let log = org.get("/api/v1/logs?filter=eventType%20eq%20%22directory.linked_object.create%22").await.ok();
        assert_eq!(log.as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn linked_object_names_share_one_space_with_each_other_and_with_attributes(org: TestOrg) {
        let attribute = |name: &str| json!({ "definitions": { "custom": { "properties": {
            name: { "title": "Custom", "type": "string" },
        } } } });
        org.post("/api/v1/meta/schemas/user/default", attribute("band")).await.ok();
        assert_eq!(org.post(PATH, definition("manager", "subordinate")).await.status, 201);
        for (primary, associated, taken) in [
            ("manager", "other", "manager"),
            ("other", "subordinate", "subordinate"),
            ("subordinate", "other", "subordinate"),
            ("same", "same", "same"),
            ("band", "other", "band"),
        ] {
            let summary = format!("Invalid linked objection definition. The name {taken} is already in use.");
            org.post(PATH, definition(primary, associated)).await.refused(409, "E0000127", &summary, &[]);
        }
        org.post("/api/v1/meta/schemas/user/default", attribute("subordinate")).await.refused(
            400,
            "E0000001",
            "Api validation failed: subordinate",
            &["subordinate: A linked object has this name"],
        );
        // Names are case-sensitive, and nothing refused was kept.
        assert_eq!(org.post(PATH, definition("Manager", "other")).await.status, 201);
        assert_eq!(org.get(PATH).await.ok().as_array().unwrap().len(), 2);
    }
}

on_both_engines! {
    async fn add_linked_object_definition_checks_names_titles_and_types(org: TestOrg) {
        let mut body = definition("1st", "");
        body["primary"]["title"] = json!(" ");
        let causes = [
            "primary.name: Does not match required pattern",
            "primary.title: The field cannot be left blank",
            "associated.name: The field cannot be left blank",
        ];
        org.post(PATH, body).await.refused(400, "E0000001", "Api validation failed: primary.name", &causes);
        let mut body = definition("manager", "subordinate");
        body["associated"]["type"] = json!("GROUP");
        org.post(PATH, body).await.refused(400, "E0000003", "The request body was not well-formed.", &[]);
        assert_eq!(org.get(PATH).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn an_org_may_have_two_hundred_linked_object_definitions(org: TestOrg) {
        for number in 0..200 {
            assert_eq!(org.post(PATH, definition(&format!("p{number}"), &format!("a{number}"))).await.status, 201);
        }
        let summary = "Invalid linked objection definition. An org can have 200 linked object definitions at most.";
        org.post(PATH, definition("p200", "a200")).await.refused(409, "E0000127", summary, &[]);
    }
}

on_both_engines! {
    async fn delete_linked_object_definition_takes_its_links_along(org: TestOrg) {
        let [isaac, eric] = [org.create("isaac@example.com").await, org.create("eric@example.com").await];
        let (isaac, eric) = (text(&isaac, "id"), text(&eric, "id"));
        org.post(PATH, definition("manager", "subordinate")).await;
        org.put(&format!("/api/v1/users/{isaac}/linkedObjects/manager/{eric}"), None).await.no_content();
        org.delete(&format!("{PATH}/subordinate")).await.no_content();
        let missing = "Not found: Resource not found: manager (LinkedObjectProperty)";
        for path in [format!("{PATH}/manager"), format!("/api/v1/users/{isaac}/linkedObjects/manager")] {
            org.get(&path).await.refused(404, "E0000007", missing, &[]);
        }
        // Defined anew, it begins without links.
        org.post(PATH, definition("manager", "subordinate")).await;
        assert_eq!(org.get(&format!("/api/v1/users/{isaac}/linkedObjects/manager")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn the_older_path_of_definitions_leads_to_the_same(org: TestOrg) {
        let older = "/api/v1/meta/schemas/user/default/linkedObjects";
        assert_eq!(org.post(older, definition("manager", "subordinate")).await.status, 201);
        assert_eq!(org.get(older).await.ok(), org.get(PATH).await.ok());
        assert_eq!(org.get(&format!("{older}/manager")).await.ok(), org.get(&format!("{PATH}/manager")).await.ok());
        org.delete(&format!("{older}/manager")).await.no_content();
        assert_eq!(org.get(PATH).await.ok(), json!([]));
        assert_eq!(org.with_token(None).send(reqwest::Method::GET, older, None).await.status, 401);
    }
}
