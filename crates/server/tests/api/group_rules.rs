//! `/api/v1/groups/rules`, and what rules do to users.

use serde_json::{Value, json};

use crate::context::{TestOrg, profile, text};

pub(crate) const RULES: &str = "/api/v1/groups/rules";

/// A rule's body.
pub(crate) fn rule(name: &str, expression: &str, groups: &[&str]) -> Value {
    json!({
        "type": "group_rule",
        "name": name,
        "conditions": { "expression": { "value": expression, "type": "urn:okta:expression:1.0" } },
        "actions": { "assignUserToGroups": { "groupIds": groups } },
    })
}

async fn group(org: &TestOrg, name: &str) -> String {
    text(&org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok(), "id")
}

/// Makes a rule and answers its path.
async fn made(org: &TestOrg, body: Value) -> String {
    format!("{RULES}/{}", text(&org.post(RULES, body).await.ok(), "id"))
}

/// Makes a rule, activates it, and lets it reach everybody.
async fn active(org: &TestOrg, name: &str, expression: &str, groups: &[&str]) -> String {
    let path = made(org, rule(name, expression, groups)).await;
    activate(org, &path).await;
    path
}

async fn activate(org: &TestOrg, path: &str) {
    org.post(&format!("{path}/lifecycle/activate"), None).await.no_content();
    org.store.finish_group_rule_runs().await.unwrap();
}

async fn deactivate(org: &TestOrg, path: &str) {
    org.post(&format!("{path}/lifecycle/deactivate"), None).await.no_content();
}

/// A user of this department.
async fn user(org: &TestOrg, login: &str, department: &str) -> String {
    let mut profile = profile(login);
    profile["department"] = json!(department);
    text(&org.post("/api/v1/users", json!({ "profile": profile })).await.ok(), "id")
}

async fn move_to(org: &TestOrg, user: &str, department: &str) {
    let body = json!({ "profile": { "department": department } });
    org.post(&format!("/api/v1/users/{user}"), body).await.ok();
}

/// The ids of a group's members.
async fn members(org: &TestOrg, group: &str) -> Vec<String> {
    let list = org.get(&format!("/api/v1/groups/{group}/users")).await.ok();
    list.as_array().unwrap().iter().map(|user| text(user, "id")).collect()
}

/// The types of the events since the log was this long, with who acted and which rule made them.
async fn events(org: &TestOrg, of_type: &str) -> Vec<Value> {
    let log = org.get(&format!("/api/v1/logs?limit=1000&filter=eventType%20eq%20%22{of_type}%22")).await.ok();
    log.as_array().unwrap().clone()
}

const SALES: &str = "user.department == \"Sales\"";

on_both_engines! {
    async fn create_group_rule_answers_it_inactive_and_in_okta_form(org: TestOrg) {
        let (west, isaac) = (group(&org, "West").await, user(&org, "isaac@example.com", "Sales").await);
        let mut body = rule("Sales", SALES, &[&west]);
        body["conditions"]["people"] = json!({ "users": { "exclude": [isaac] }, "groups": { "exclude": [] } });
        let made = org.post(RULES, body).await.ok();
        let path = format!("{RULES}/{}", text(&made, "id"));
        assert!(text(&made, "id").starts_with("0pr"));
        assert_eq!(made, json!({
            "type": "group_rule", "id": made["id"], "status": "INACTIVE", "name": "Sales",
            "created": "2026-01-02T03:04:05.000Z", "lastUpdated": "2026-01-02T03:04:05.000Z",
            "conditions": {
                "people": { "users": { "exclude": [isaac] }, "groups": { "exclude": [] } },
                "expression": { "value": SALES, "type": "urn:okta:expression:1.0" },
            },
            "actions": { "assignUserToGroups": { "groupIds": [west] } },
            "allGroupsValid": true,
        }));
        assert_eq!(org.get(&path).await.ok(), made);
        let expanded = org.get(&format!("{path}?expand=groupIdToGroupNameMap")).await.ok();
        assert_eq!(expanded["_embedded"], json!({ "groupIdToGroupNameMap": { (west.as_str()): "West" } }));
        assert_eq!(members(&org, &west).await, [""; 0]);
    }
}

on_both_engines! {
    async fn list_group_rules_pages_and_finds_by_keyword(org: TestOrg) {
        let west = group(&org, "West").await;
        for name in ["Sales", "Engineers", "Presales"] {
            made(&org, rule(name, SALES, &[&west])).await;
        }
        let names = |list: &Value| list.as_array().unwrap().iter().map(|it| text(it, "name")).collect::<Vec<_>>();
        let first = org.get(&format!("{RULES}?limit=2")).await;
        let next = first.link_path("next").unwrap();
        assert_eq!(names(&first.ok()), ["Sales", "Engineers"]);
        let last = org.get(&next).await;
        assert_eq!(last.link("next"), None);
        assert_eq!(names(&last.ok()), ["Presales"]);
        let found = org.get(&format!("{RULES}?search=SALES&expand=groupIdToGroupNameMap")).await;
        assert_eq!(found.link_path("self").unwrap(), format!("{RULES}?limit=50&search=SALES&expand=groupIdToGroupNameMap"));
        let found = found.ok();
        assert_eq!(names(&found), ["Sales", "Presales"]);
        assert_eq!(text(&found[0], &format!("_embedded.groupIdToGroupNameMap.{west}")), "West");
        let invalid = "Invalid paging request.";
        org.get(&format!("{RULES}?after=x")).await.refused(400, "E0000029", invalid, &["Invalid cursor."]);
    }
}

on_both_engines! {
    async fn a_rule_that_cannot_be_is_refused_and_nothing_is_made(org: TestOrg) {
        let west = group(&org, "West").await;
        let west = west.as_str();
        made(&org, rule("Sales", SALES, &[west])).await;
        for (expression, cause) in [
            ("user.department = 'Sales'", "Expected '==' to compare. (at position 16)"),
            ("user.shoeSize == '9'", "Invalid property user.shoeSize in expression. (at position 0)"),
            ("user.department", "The expression must be a boolean, not a string. (at position 0)"),
            ("String.startsWith(user.login)", "Parameter count mismatch in function String.startsWith: 1 given. (at position 0)"),
        ] {
            let answer = org.post(RULES, rule("Other", expression, &[west])).await;
            answer.refused(400, "E0000001", "Api validation failed: validateRule", &[cause]);
        }
        let blank = "name: The field cannot be left blank";
        org.post(RULES, rule("", SALES, &[west])).await.refused(400, "E0000001", "Api validation failed: name", &[blank]);
        let taken = "name: An object with this field already exists in the current organization";
        org.post(RULES, rule("SALES", SALES, &[west])).await.refused(400, "E0000001", "Api validation failed: name", &[taken]);
        let nobody = "Not found: Resource not found: 00gnobody (UserGroup)";
        org.post(RULES, rule("Other", SALES, &["00gnobody"])).await.refused(404, "E0000007", nobody, &[]);
        org.post(RULES, rule("Other", "isMemberOfGroup('00gnobody')", &[west])).await.refused(404, "E0000007", nobody, &[]);
        let mut excluding = rule("Other", SALES, &[west]);
        excluding["conditions"]["people"] = json!({ "users": { "exclude": ["00unobody"] } });
        let nobody = "Not found: Resource not found: 00unobody (User)";
        org.post(RULES, excluding).await.refused(404, "E0000007", nobody, &[]);
        let everyone = text(&org.get("/api/v1/groups?filter=type%20eq%20%22BUILT_IN%22").await.ok()[0], "id");
        assert_eq!(org.post(RULES, rule("Other", SALES, &[&everyone])).await.status, 400);
        assert_eq!(org.get(RULES).await.ok().as_array().unwrap().len(), 1);
    }
}

on_both_engines! {
    async fn an_active_rule_reaches_those_who_were_there_and_those_who_change(org: TestOrg) {
        let west = group(&org, "West").await;
        let (isaac, eric) = (user(&org, "isaac@example.com", "Sales").await, user(&org, "eric@example.com", "Bass").await);
        let path = active(&org, "Sales", SALES, &[&west]).await;
        assert_eq!(text(&org.get(&path).await.ok(), "status"), "ACTIVE");
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        move_to(&org, &eric, "Sales").await;
        let judy = user(&org, "judy@example.com", "Sales").await;
        assert_eq!(members(&org, &west).await, [isaac.as_str(), &eric, &judy]);
        move_to(&org, &isaac, "Songs").await;
        assert_eq!(members(&org, &west).await, [eric.as_str(), &judy]);
        let added = events(&org, "group.user_membership.add").await;
        assert_eq!(added.len(), 3);
        assert_eq!(text(&added[0], "actor.type"), "SystemPrincipal");
        let rule = path.rsplit('/').next().unwrap();
        assert_eq!(text(&added[0], "debugContext.debugData.triggeredByGroupRuleId"), rule);
        assert_eq!(events(&org, "group.user_membership.remove").await.len(), 1);
    }
}

on_both_engines! {
    async fn members_of_a_deactivated_rule_stay_and_are_put_right_by_the_next_activation(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        let path = active(&org, "Sales", SALES, &[&west]).await;
        deactivate(&org, &path).await;
        move_to(&org, &isaac, "Songs").await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        let eric = user(&org, "eric@example.com", "Sales").await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        activate(&org, &path).await;
        assert_eq!(members(&org, &west).await, [eric.as_str()]);
        // What a rule is asked for again, it already does.
        activate(&org, &path).await;
        assert_eq!(members(&org, &west).await, [eric.as_str()]);
    }
}

on_both_engines! {
    async fn only_an_inactive_rule_can_be_updated(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        let path = active(&org, "Sales", SALES, &[&west]).await;
        let other = rule("Songs", "user.department == 'Songs'", &[&west]);
        let cause = "status: Only a rule that is INACTIVE can be updated";
        org.put(&path, other.clone()).await.refused(400, "E0000001", "Api validation failed: status", &[cause]);
        deactivate(&org, &path).await;
        let cause = "actions: The action of a rule cannot be updated";
        let moved = rule("Songs", SALES, &[&east]);
        org.put(&path, moved).await.refused(400, "E0000001", "Api validation failed: actions", &[cause]);
        org.wait_seconds(5);
        let updated = org.put(&path, other).await.ok();
        assert_eq!((text(&updated, "name"), text(&updated, "status")), ("Songs".to_owned(), "INACTIVE".to_owned()));
        assert_eq!(text(&updated, "lastUpdated"), "2026-01-02T03:04:10.000Z");
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        activate(&org, &path).await;
        assert_eq!(members(&org, &west).await, [""; 0]);
    }
}

on_both_engines! {
    async fn a_deleted_rule_leaves_its_members_or_takes_them_out(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let (isaac, eric) = (user(&org, "isaac@example.com", "Sales").await, user(&org, "eric@example.com", "Songs").await);
        org.put(&format!("/api/v1/groups/{east}/users/{eric}"), None).await.no_content();
        let keeping = active(&org, "Keeping", SALES, &[&west]).await;
        let removing = active(&org, "Removing", "true", &[&east]).await;
        let admin = text(&org.get("/api/v1/users/me").await.ok(), "id");
        assert_eq!(members(&org, &east).await, [admin.as_str(), &isaac, &eric]);
        for path in [&keeping, &format!("{removing}?removeUsers=true")] {
            let answer = org.delete(path).await;
            assert_eq!((answer.status, answer.body), (202, Value::Null));
        }
        assert_eq!(org.get(&keeping).await.status, 404);
        assert_eq!(org.get(RULES).await.ok(), json!([]));
        // The name is free at once.
        made(&org, rule("Keeping", SALES, &[&west])).await;
        org.store.finish_group_rule_runs().await.unwrap();
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        // Whom somebody put there stays.
        assert_eq!(members(&org, &east).await, [eric.as_str()]);
        assert_eq!(crate::integrity::count(&org, "group_rules").await, 1);
    }
}

on_both_engines! {
    async fn whoever_is_taken_out_of_a_group_is_left_out_by_the_rule(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        let path = active(&org, "Sales", SALES, &[&west]).await;
        org.delete(&format!("/api/v1/groups/{west}/users/{isaac}")).await.no_content();
        assert_eq!(org.get(&path).await.ok()["conditions"]["people"]["users"]["exclude"], json!([isaac]));
        move_to(&org, &isaac, "Songs").await;
        move_to(&org, &isaac, "Sales").await;
        assert_eq!(members(&org, &west).await, [""; 0]);
        let excluded = events(&org, "group.user_membership.rule.add_exclusion").await;
        assert_eq!((excluded.len(), text(&excluded[0], "actor.type")), (1, "SystemPrincipal".to_owned()));
        let removed = events(&org, "group.user_membership.remove").await;
        assert_eq!((removed.len(), text(&removed[0], "actor.type")), (1, "User".to_owned()));
        // They are let in again when the rule no longer leaves them out.
        deactivate(&org, &path).await;
        org.put(&path, rule("Sales", SALES, &[&west])).await.ok();
        activate(&org, &path).await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
    }
}

on_both_engines! {
    async fn whom_somebody_put_into_a_group_a_rule_leaves_there(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        org.put(&format!("/api/v1/groups/{west}/users/{isaac}"), None).await.no_content();
        active(&org, "Sales", SALES, &[&west]).await;
        move_to(&org, &isaac, "Songs").await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
    }
}

on_both_engines! {
    async fn two_rules_hold_a_member_until_both_let_go(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        active(&org, "Sales", SALES, &[&west]).await;
        active(&org, "S", "String.startsWith(user.department, 'S')", &[&west]).await;
        move_to(&org, &isaac, "Songs").await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        move_to(&org, &isaac, "Bass").await;
        assert_eq!(members(&org, &west).await, [""; 0]);
    }
}

on_both_engines! {
    async fn rules_that_ask_for_groups_follow_memberships_and_names(org: TestOrg) {
        let (sales, coast, all) = (group(&org, "Sales").await, group(&org, "West coast").await, group(&org, "All").await);
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        active(&org, "Sales", SALES, &[&sales]).await;
        active(&org, "All", &format!("isMemberOfAnyGroup(\"{sales}\", \"{coast}\")"), &[&all]).await;
        assert_eq!(members(&org, &all).await, [isaac.as_str()]);
        let eric = user(&org, "eric@example.com", "Bass").await;
        let membership = format!("/api/v1/groups/{coast}/users/{eric}");
        org.put(&membership, None).await.no_content();
        assert_eq!(members(&org, &all).await, [isaac.as_str(), &eric]);
        org.delete(&membership).await.no_content();
        move_to(&org, &isaac, "Bass").await;
        assert_eq!(members(&org, &all).await, [""; 0]);
        let named = group(&org, "Named").await;
        active(&org, "Named", "isMemberOfGroupNameStartsWith('East')", &[&named]).await;
        org.put(&membership, None).await.no_content();
        assert_eq!(members(&org, &named).await, [""; 0]);
        org.put(&format!("/api/v1/groups/{coast}"), json!({ "profile": { "name": "East coast" } })).await.ok();
        org.store.finish_group_rule_runs().await.unwrap();
        assert_eq!(members(&org, &named).await, [eric.as_str()]);
    }
}

on_both_engines! {
    async fn rules_that_never_rest_come_to_an_end(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        active(&org, "In", &format!("!isMemberOfGroup('{east}')"), &[&west]).await;
        active(&org, "Out", &format!("isMemberOfGroup('{west}')"), &[&east]).await;
        user(&org, "isaac@example.com", "Sales").await;
    }
}

on_both_engines! {
    async fn a_rule_whose_group_or_attribute_is_gone_is_invalid(org: TestOrg) {
        let (west, east) = (group(&org, "West").await, group(&org, "East").await);
        let shoe = json!({ "shoe": { "title": "Shoe", "type": "integer" } });
        let schema = "/api/v1/meta/schemas/user/default";
        let define = |properties: Value| json!({ "definitions": { "custom": { "properties": properties } } });
        org.post(schema, define(shoe)).await.ok();
        let target = active(&org, "Target", SALES, &[&west, &east]).await;
        let condition = active(&org, "Condition", &format!("isMemberOfGroup(\"{west}\")"), &[&east]).await;
        let attribute = active(&org, "Attribute", "user.shoe > 40", &[&east]).await;
        let healthy = active(&org, "Healthy", SALES, &[&east]).await;
        org.delete(&format!("/api/v1/groups/{west}")).await.no_content();
        org.post(schema, define(json!({ "shoe": null }))).await.ok();
        for path in [&target, &condition, &attribute] {
            assert_eq!(text(&org.get(path).await.ok(), "status"), "INVALID", "{path}");
            let cause = "status: A rule that is INVALID can only be deleted";
            let answer = org.post(&format!("{path}/lifecycle/activate"), None).await;
            answer.refused(400, "E0000001", "Api validation failed: status", &[cause]);
        }
        let shown = org.get(&target).await.ok();
        assert_eq!(shown["actions"]["assignUserToGroups"]["groupIds"], json!([west, east]));
        assert_eq!(shown["allGroupsValid"], json!(false));
        assert_eq!(text(&org.get(&healthy).await.ok(), "status"), "ACTIVE");
        assert_eq!(events(&org, "group.user_membership.rule.invalidate").await.len(), 3);
        assert_eq!(org.delete(&target).await.status, 202);
    }
}

on_both_engines! {
    async fn a_deactivated_user_stays_where_they_are_until_they_come_back(org: TestOrg) {
        let west = group(&org, "West").await;
        let isaac = user(&org, "isaac@example.com", "Sales").await;
        let path = active(&org, "Sales", SALES, &[&west]).await;
        org.delete(&format!("/api/v1/users/{isaac}")).await.no_content();
        deactivate(&org, &path).await;
        org.put(&path, rule("Songs", "user.department == 'Songs'", &[&west])).await.ok();
        activate(&org, &path).await;
        assert_eq!(members(&org, &west).await, [isaac.as_str()]);
        org.post(&format!("/api/v1/users/{isaac}/lifecycle/activate?sendEmail=false"), None).await.ok();
        assert_eq!(members(&org, &west).await, [""; 0]);
    }
}

on_both_engines! {
    async fn a_rule_reaches_more_users_than_it_looks_at_once(org: TestOrg) {
        let west = group(&org, "West").await;
        let body = |number: u32| {
            let mut profile = profile(&format!("user{number}@example.com"));
            profile["department"] = json!(if number.is_multiple_of(20) { "Sales" } else { "Songs" });
            json!({ "profile": profile })
        };
        for number in 0..620 {
            org.post("/api/v1/users", body(number)).await.ok();
        }
        let path = active(&org, "Sales", SALES, &[&west]).await;
        assert_eq!(members(&org, &west).await.len(), 31);
        assert_eq!(org.delete(&format!("{path}?removeUsers=true")).await.status, 202);
        org.store.finish_group_rule_runs().await.unwrap();
        assert_eq!(members(&org, &west).await, [""; 0]);
    }
}
