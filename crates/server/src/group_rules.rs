//! `/api/v1/groups/rules`.

use axum::extract::State;
use axum::http::StatusCode;
use roster_model::group::rule::{EXPRESSION_TYPE, RULE_TYPE, RuleInput};
use roster_store::groups::GroupRule;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{Answer, Handled, ListLinks, list, no_content, ok};
use crate::wire::Time;

/// Rules that a page holds unless the caller says how many, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 300;

/// listGroupRules: `search` is a keyword, not an expression.
pub(crate) async fn list_group_rules(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let limit = query.limit(PAGE, MAX_PAGE)?;
    let (after, keyword) = (query.text("after"), query.text("search"));
    let page = app.store().list_group_rules(&caller.org, keyword, limit, after).await?;
    let views: Vec<_> = page.items.iter().map(|rule| RuleView::new(rule, expands(&query))).collect();
    let given = |name: &'static str| query.text(name).map(|text| (name, text));
    let links = ListLinks {
        url: format!("{}/api/v1/groups/rules", caller.base_url),
        after,
        next: page.next.as_deref(),
        limit,
        parameters: [given("search"), given("expand")].into_iter().flatten().collect(),
    };
    list(&views, &links)
}

/// createGroupRule.
pub(crate) async fn create_group_rule(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    body: JsonObject,
) -> Handled {
    let rule = app.store().create_group_rule(&change, RuleInput::read(&body.0)?).await?;
    ok(&RuleView::new(&rule, false))
}

/// getGroupRule.
pub(crate) async fn get_group_rule(
    State(app): State<App>,
    caller: Caller,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    ok(&RuleView::new(&app.store().get_group_rule(caller.org.key, &id).await?, expands(&query)))
}

/// updateGroupRule.
pub(crate) async fn update_group_rule(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let rule = app.store().update_group_rule(&change, &id, RuleInput::read(&body.0)?).await?;
    ok(&RuleView::new(&rule, false))
}

/// deleteGroupRule: answers 202, since its memberships are dealt with afterwards.
pub(crate) async fn delete_group_rule(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    app.store().delete_group_rule(&change, &id, query.boolean("removeUsers", false)?).await?;
    app.group_rules().notify();
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::ACCEPTED;
    Ok(answer)
}

/// activateGroupRule.
pub(crate) async fn activate_group_rule(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().activate_group_rule(&change, &id).await?;
    app.group_rules().notify();
    no_content()
}

/// deactivateGroupRule.
pub(crate) async fn deactivate_group_rule(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    Segment(id): Segment,
) -> Handled {
    app.store().deactivate_group_rule(&change, &id).await?;
    no_content()
}

/// Whether the names of the groups are asked for.
fn expands(query: &Query) -> bool {
    query.text("expand").is_some_and(|text| text.split(',').any(|part| part.trim() == "groupIdToGroupNameMap"))
}

/// A group rule on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleView<'a> {
    #[serde(rename = "type")]
    rule_type: &'static str,
    id: &'a str,
    status: &'static str,
    name: &'a str,
    created: Time,
    last_updated: Time,
    conditions: Value,
    actions: Value,
    all_groups_valid: bool,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    embedded: Option<Value>,
}

impl<'a> RuleView<'a> {
    fn new(rule: &'a GroupRule, expands: bool) -> Self {
        let names = || rule.groups.iter().map(|(id, name)| (id.clone(), json!(name))).collect::<Map<_, _>>();
        Self {
            rule_type: RULE_TYPE,
            id: rule.id.as_str(),
            status: rule.status.as_str(),
            name: &rule.name,
            created: Time(rule.created),
            last_updated: Time(rule.last_updated),
            conditions: json!({
                "people": { "users": { "exclude": rule.excluded }, "groups": { "exclude": [] } },
                "expression": { "value": rule.expression, "type": EXPRESSION_TYPE },
            }),
            actions: json!({ "assignUserToGroups": { "groupIds": rule.group_ids } }),
            all_groups_valid: rule.groups.len() == rule.group_ids.len(),
            embedded: expands.then(|| json!({ "groupIdToGroupNameMap": names() })),
        }
    }
}
