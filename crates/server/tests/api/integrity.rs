//! Referential integrity: whatever is made, linked and deleted in whatever order, nothing refers to what is gone.

use proptest::prelude::any;
use serde_json::json;

use crate::applications::{bookmark, created};
use crate::context::{TestOrg, text};
use crate::group_rules::{RULES, rule};
use crate::identity_providers::identity_provider;
use crate::linked_object_definitions::{PATH as DEFINITIONS, definition};
use crate::random::{draw, from_env, seeded_runner};

/// Each table that refers to another, by which column, and to which column of which table.
const REFERENCES: [(&str, &str, &str, &str); 27] = [
    ("linked_objects", "definition_key", "linked_object_definitions", "definition_key"),
    ("linked_objects", "associated_key", "users", "user_key"),
    ("linked_objects", "primary_key", "users", "user_key"),
    ("linked_object_properties", "definition_key", "linked_object_definitions", "definition_key"),
    ("group_members", "group_key", "groups", "group_key"),
    ("group_members", "user_key", "users", "user_key"),
    ("application_users", "application_key", "applications", "application_key"),
    ("application_users", "user_key", "users", "user_key"),
    ("application_groups", "application_key", "applications", "application_key"),
    ("application_groups", "group_key", "groups", "group_key"),
    ("identity_provider_users", "identity_provider_key", "identity_providers", "identity_provider_key"),
    ("identity_provider_users", "user_key", "users", "user_key"),
    ("group_rule_targets", "rule_key", "group_rules", "rule_key"),
    ("group_rule_targets", "group_key", "groups", "group_key"),
    ("group_rule_exclusions", "rule_key", "group_rules", "rule_key"),
    ("group_rule_exclusions", "user_key", "users", "user_key"),
    ("group_rule_members", "rule_key", "group_rules", "rule_key"),
    ("group_rule_members", "user_key", "users", "user_key"),
    ("group_rule_members", "group_key", "groups", "group_key"),
    ("group_owners", "group_key", "groups", "group_key"),
    ("user_attributes", "user_key", "users", "user_key"),
    ("api_tokens", "user_key", "users", "user_key"),
    ("one_time_tokens", "user_key", "users", "user_key"),
    ("role_group_targets", "assignment_key", "role_assignments", "assignment_key"),
    ("role_group_targets", "group_key", "groups", "group_key"),
    ("group_owners", "user_key", "users", "user_key"),
    ("group_owners", "owning_group_key", "groups", "group_key"),
];

/// Rows of `table` whose `column` names no row of `target`.
async fn dangling(org: &TestOrg, (table, column, target, key): (&str, &str, &str, &str)) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM {table} t WHERE t.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {target} u WHERE u.{key} = t.{column})"
    );
    let count = org.store.engine().read(move |tx| Ok(tx.query_first(&sql, &[], |row| row.integer(0))?)).await;
    count.unwrap().unwrap()
}

/// Rows of a table.
pub(crate) async fn count(org: &TestOrg, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let count = org.store.engine().read(move |tx| Ok(tx.query_first(&sql, &[], |row| row.integer(0))?)).await;
    count.unwrap().unwrap()
}

/// Kinds of things.
const KINDS: u32 = 6;

/// The paths of what there is to link, and to delete.
#[derive(Default)]
struct Things {
    users: Vec<String>,
    groups: Vec<String>,
    apps: Vec<String>,
    providers: Vec<String>,
    relations: Vec<String>,
    rules: Vec<String>,
    made: usize,
}

fn pick(things: &[String], random: u32) -> Option<&String> {
    things.get(random as usize % things.len().max(1))
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

impl Things {
    async fn make(&mut self, org: &TestOrg, kind: u32) {
        self.made += 1;
        let name = format!("thing{}", self.made);
        match kind % KINDS {
            0 => {
                let user = org.create(&format!("{name}@example.com")).await;
                self.users.push(format!("/api/v1/users/{}", text(&user, "id")));
            }
            1 => {
                let group = org.post("/api/v1/groups", json!({ "profile": { "name": name } })).await.ok();
                self.groups.push(format!("/api/v1/groups/{}", text(&group, "id")));
            }
            2 => self.apps.push(created(org, bookmark(&name)).await),
            3 => {
                let provider = org.post("/api/v1/idps", identity_provider(&name, "GOOGLE")).await.ok();
                self.providers.push(format!("/api/v1/idps/{}", text(&provider, "id")));
            }
            4 => {
                let Some(group) = pick(&self.groups, kind) else { return };
                let body =
                    rule(&name, "user.department == \"aa\" OR isMemberOfGroupNameStartsWith(\"thing1\")", &[id(group)]);
                self.rules.push(format!("{RULES}/{}", text(&org.post(RULES, body).await.ok(), "id")));
            }
            _ => {
                let answer = org.post(DEFINITIONS, definition(&name, &format!("{name}ed"))).await;
                assert_eq!(answer.status, 201);
                self.relations.push(format!("{DEFINITIONS}/{name}"));
            }
        }
    }

    async fn link(&self, org: &TestOrg, kind: u32, [first, second, third]: [u32; 3]) {
        let Some(user) = pick(&self.users, first) else { return };
        let user_id = id(user);
        let answer = match kind % KINDS {
            0 if third.is_multiple_of(2) => {
                let (Some(group), Some(other)) = (pick(&self.groups, second), pick(&self.groups, third)) else {
                    return;
                };
                let (owner, kind) = if third % 3 == 0 { (id(other), "GROUP") } else { (user_id, "USER") };
                let answer = org.post(&format!("{group}/owners"), json!({ "id": owner, "type": kind })).await;
                // They may own it already.
                assert!(matches!(answer.status, 201 | 400), "{}", answer.body);
                return;
            }
            0 => {
                let Some(group) = pick(&self.groups, second) else { return };
                org.put(&format!("{group}/users/{user_id}"), None).await
            }
            1 => {
                let Some(app) = pick(&self.apps, second) else { return };
                org.post(&format!("{app}/users"), json!({ "id": user_id })).await
            }
            2 => {
                let (Some(app), Some(group)) = (pick(&self.apps, second), pick(&self.groups, third)) else { return };
                org.put(&format!("{app}/groups/{}", id(group)), None).await
            }
            3 => {
                let Some(provider) = pick(&self.providers, second) else { return };
                org.post(&format!("{provider}/users/{user_id}"), json!({ "externalId": user_id })).await
            }
            4 => return self.rule(org, user, [second, third]).await,
            _ => {
                let (Some(relation), Some(primary)) = (pick(&self.relations, second), pick(&self.users, third)) else {
                    return;
                };
                org.put(&format!("{user}/linkedObjects/{}/{}", id(relation), id(primary)), None).await
            }
        };
        assert!(answer.status < 300, "{}", answer.body);
    }

    /// Turns a rule on or off, or gives it somebody to decide about.
    async fn rule(&self, org: &TestOrg, user: &str, [first, second]: [u32; 2]) {
        let Some(rule) = pick(&self.rules, first) else { return };
        let lifecycle = |to: &str| format!("{rule}/lifecycle/{to}");
        let answer = match second % 4 {
            0 => org.post(&lifecycle("deactivate"), None).await,
            1 => org.post(&lifecycle("activate"), None).await,
            _ => org.post(user, json!({ "profile": { "department": "a".repeat(first as usize % 3) } })).await,
        };
        // A rule may have lost its group, and a user their way back.
        assert!(answer.status < 300 || answer.status == 400, "{}", answer.body);
    }

    async fn delete(&mut self, org: &TestOrg, kind: u32, random: u32) {
        let things = match kind % KINDS {
            0 => &mut self.users,
            1 => &mut self.groups,
            2 => &mut self.apps,
            3 => &mut self.providers,
            4 => &mut self.rules,
            _ => &mut self.relations,
        };
        if things.is_empty() {
            return;
        }
        let path = things.swap_remove(random as usize % things.len());
        match kind % KINDS {
            0 => org.delete(&path).await.no_content(),
            2 => drop(org.post(&format!("{path}/lifecycle/deactivate"), None).await.ok()),
            _ => {}
        }
        let path =
            if kind % KINDS == 4 && random.is_multiple_of(2) { format!("{path}?removeUsers=true") } else { path };
        assert!(org.delete(&path).await.status < 300);
    }
}

on_both_engines! {
    async fn whatever_is_linked_and_deleted_nothing_dangles(org: TestOrg) {
        let mut runner = seeded_runner(from_env("ROSTER_TEST_SEED", 4), 1);
        let mut things = Things::default();
        for kind in (0..3 * KINDS).filter(|kind| kind % KINDS != 4).chain([4, 4, 4]) {
            things.make(&org, kind).await;
        }
        for _ in 0..from_env("ROSTER_TEST_STEPS", 300) {
            let (step, kind, random) = draw(&mut runner, &(0_u32..8, any::<u32>(), any::<[u32; 3]>()));
            match step {
                0 => things.make(&org, kind).await,
                1 => things.delete(&org, kind, random[0]).await,
                _ => things.link(&org, kind, random).await,
            }
        }
        org.store.finish_group_rule_runs().await.unwrap();
        for reference in REFERENCES {
            assert_eq!(dangling(&org, reference).await, 0, "{reference:?}");
        }
        // With everything gone, no relation is left at all.
        for kind in 0..KINDS {
            for _ in 0..things.made {
                things.delete(&org, kind, 0).await;
            }
        }
        org.store.finish_group_rule_runs().await.unwrap();
        for (table, ..) in &REFERENCES[..20] {
            assert_eq!(count(&org, table).await, 0, "{table}");
        }
    }
}
