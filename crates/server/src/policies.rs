//! `/api/v1/policies`: the default policies of an org and their rules (the Policy API). Each org has one of each type that
//! Roster knows; they can be changed, not added to or removed.

use axum::extract::State;
use roster_model::error::{Problem, Violation};
use roster_model::policy::{PolicySettings, PolicyType};
use roster_store::policies::{DEFAULT_POLICY, DEFAULT_RULE, Policy};
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, RuleSegments, Segment};
use crate::response::{ApiError, Handled, ok};

/// listPolicies: those of the `type`, which must be given.
pub(crate) async fn list_policies(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let Some(policy_type) = query.text("type") else {
        return Err(refused(Violation::new("type", "The field cannot be left blank")));
    };
    let policies = match PolicyType::asked_for(policy_type).map_err(refused)? {
        Some(policy_type) => app.store().list_policies(caller.org.key, policy_type).await?,
        None => Vec::new(),
    };
    ok(&policies.iter().map(|policy| view(policy, &caller, expands_rules(&query))).collect::<Vec<_>>())
}

/// getPolicy.
pub(crate) async fn get_policy(State(app): State<App>, caller: Caller, Segment(id): Segment, query: Query) -> Handled {
    let policy = app.store().get_policy(caller.org.key, &id).await?;
    ok(&view(&policy, &caller, expands_rules(&query)))
}

/// updatePolicy: the settings that the request names; of a sign-on policy there are none, as all of it is in the rule.
pub(crate) async fn update_policy(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let policy = app.store().get_policy(caller.org.key, &id).await?;
    check_type(&body, policy.settings.policy_type().as_str())?;
    let settings = body.object("settings")?.cloned().unwrap_or_default();
    let policy = app.store().update_policy(&change, &id, Value::Object(settings)).await?;
    ok(&view(&policy, &caller, false))
}

/// listPolicyRules: the policy's one rule.
pub(crate) async fn list_policy_rules(State(app): State<App>, caller: Caller, Segment(id): Segment) -> Handled {
    let policy = app.store().get_policy(caller.org.key, &id).await?;
    ok(&[rule_view(&policy, &caller)])
}

/// getPolicyRule.
pub(crate) async fn get_policy_rule(State(app): State<App>, caller: Caller, path: RuleSegments) -> Handled {
    let policy = app.store().get_policy(caller.org.key, &path.policy).await?;
    ok(&rule_view(policy.rule(&path.rule)?, &caller))
}

/// updatePolicyRule: the actions that the request names.
pub(crate) async fn update_policy_rule(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    path: RuleSegments,
    body: JsonObject,
) -> Handled {
    let policy = app.store().get_policy(caller.org.key, &path.policy).await?;
    check_type(&body, policy.settings.policy_type().rule_type())?;
    let actions = body.object("actions")?.cloned().unwrap_or_default();
    let policy = app.store().update_policy_rule(&change, &path.policy, &path.rule, Value::Object(actions)).await?;
    ok(&rule_view(&policy, &caller))
}

fn refused(violation: Violation) -> ApiError {
    Problem::violations(&[violation]).into()
}

/// A `type` in a body must be the one that it has.
fn check_type(body: &JsonObject, is: &str) -> Result<(), ApiError> {
    match body.text("type")? {
        Some(asked) if asked != is => Err(refused(Violation::new("type", "The type cannot be changed"))),
        _ => Ok(()),
    }
}

fn expands_rules(query: &Query) -> bool {
    query.text("expand") == Some("rules")
}

fn link(href: &str, allow: &[&str]) -> Value {
    json!({ "href": href, "hints": { "allow": allow } })
}

/// A policy on the wire.
fn view(policy: &Policy, caller: &Caller, with_rules: bool) -> Value {
    let url = format!("{}/api/v1/policies/{}", caller.base_url, policy.id);
    let people = json!({ "groups": { "include": [policy.group_id] } });
    let conditions = match policy.settings {
        PolicySettings::Password(_) => json!({ "people": people, "authProvider": { "provider": "OKTA" } }),
        PolicySettings::OktaSignOn(_) => json!({ "people": people }),
    };
    let mut shown = Map::from_iter([
        ("type".to_owned(), json!(policy.settings.policy_type().as_str())),
        ("id".to_owned(), json!(policy.id)),
        ("status".to_owned(), json!("ACTIVE")),
        ("name".to_owned(), json!(DEFAULT_POLICY)),
        ("description".to_owned(), json!("The default policy applies in all situations if no other policy applies.")),
        ("priority".to_owned(), json!(1)),
        ("system".to_owned(), json!(true)),
        ("conditions".to_owned(), conditions),
        ("created".to_owned(), json!(policy.created.to_string())),
        ("lastUpdated".to_owned(), json!(policy.last_updated.to_string())),
    ]);
    if let Some(settings) = policy.settings.settings() {
        shown.insert("settings".to_owned(), settings);
    }
    if with_rules {
        shown.insert("_embedded".to_owned(), json!({ "rules": [rule_view(policy, caller)] }));
    }
    let links = json!({ "self": link(&url, &["GET", "PUT"]), "rules": link(&format!("{url}/rules"), &["GET"]) });
    shown.insert("_links".to_owned(), links);
    Value::Object(shown)
}

/// A policy's rule on the wire.
fn rule_view(policy: &Policy, caller: &Caller) -> Value {
    let url = format!("{}/api/v1/policies/{}/rules/{}", caller.base_url, policy.id, policy.rule_id);
    let (people, network) = (json!({ "users": { "exclude": [] } }), json!({ "connection": "ANYWHERE" }));
    let conditions = match policy.settings {
        PolicySettings::Password(_) => json!({ "people": people, "network": network }),
        PolicySettings::OktaSignOn(_) => {
            json!({ "people": people, "network": network, "authContext": { "authType": "ANY" } })
        }
    };
    json!({
        "type": policy.settings.policy_type().rule_type(),
        "id": policy.rule_id,
        "status": "ACTIVE",
        "name": DEFAULT_RULE,
        "priority": 1,
        "created": policy.created.to_string(),
        "lastUpdated": policy.rule_last_updated.to_string(),
        "system": true,
        "conditions": conditions,
        "actions": policy.settings.actions(),
        "_links": { "self": link(&url, &["GET", "PUT"]) },
    })
}
