//! listGroups: which groups, in which order, and how much hangs on each.

use roster_model::error::{ErrorCode, Problem};
use roster_model::filter::{
    AttributePath, Case, Expression, GroupFilter, GroupSearch, Operand, Subject, Vocabulary as _, fold, parse,
};
use roster_model::group::{GroupSchema, GroupType};
use roster_model::id::OrgKey;
use roster_model::timestamp::Timestamp;
use roster_model::user::attribute::AttributeType;
use roster_model::user::profile::{index_number, index_text};
use serde_json::{Map, Value};

use super::{Group, SELECT_GROUP, read_group, schema};
use crate::cursor::{Cursor, Page};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, user_types};

/// Which groups listGroups answers: those that meet both.
#[derive(Debug, Clone, Default)]
pub struct GroupSelection {
    /// Those whose name begins like this, in any letter case.
    pub name_prefix: Option<String>,
    /// Those of which this is true.
    pub condition: Option<GroupCondition>,
    /// Whether to count what hangs on each.
    pub with_stats: bool,
}

/// What is to be true of a group.
#[derive(Debug, Clone)]
pub enum GroupCondition {
    /// `filter`.
    Filter(String),
    /// `search`, in an order of its own if one is given.
    Search(String, Option<GroupOrder>),
}

/// The order of a search.
#[derive(Debug, Clone)]
pub struct GroupOrder {
    /// The property path to sort by.
    pub sort_by: String,
    /// From the last to the first.
    pub descending: bool,
}

/// How much hangs on a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupStats {
    /// Its members.
    pub users: i64,
    /// The apps it is assigned to.
    pub apps: i64,
    /// Whether it has an administrator's role.
    pub has_role: bool,
}

/// Rows looked at for each statement.
const BATCH: i64 = 500;

/// The name that cursors of the list are signed over.
const GROUP_LIST: &str = "groups";

impl Store {
    /// listGroups: a page in the order the groups were made, or that of the search.
    ///
    /// # Errors
    /// E0000031 for a condition or order that cannot be read, E0000029 for a cursor that is not of this list.
    pub async fn list_groups(
        &self,
        org: &Org,
        selection: GroupSelection,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Group>, Error> {
        let start = after.map(|after| Cursor::decode(after, org, GROUP_LIST)).transpose()?;
        let key = org.key;
        let rows = self
            .engine()
            .scan(move |tx| {
                let query = Query::new(&selection, &schema::find(tx, key)?.definition)?;
                let mut rows = match &query.order {
                    None => query.walk(tx, key, start.as_ref().map_or(0, |start| start.key), limit + 1)?,
                    Some(_) => query.sorted(tx, key, start.as_ref(), limit + 1)?,
                };
                if selection.with_stats {
                    for (group, _) in &mut rows {
                        group.stats = Some(stats(tx, key, group)?);
                    }
                }
                Ok(rows)
            })
            .await?;
        let page = Page::cut(rows, limit, |(group, value)| {
            Cursor { value: value.clone(), key: group.key.0 }.encode(org, GROUP_LIST)
        });
        Ok(page.map(|(group, _)| group))
    }
}

/// Counts what hangs on a group.
pub(super) fn stats(tx: &mut Tx<'_>, org: OrgKey, group: &Group) -> Result<GroupStats, EngineError> {
    let count = |tx: &mut Tx<'_>, sql: &str, key: i64| {
        tx.query_first(sql, params![key], |row| row.integer(0)).map(Option::unwrap_or_default)
    };
    let users = match group.group_type {
        GroupType::BuiltIn => count(tx, "SELECT COUNT(*) FROM users WHERE org_key = $1", org.0)?,
        GroupType::OktaGroup => count(tx, "SELECT COUNT(*) FROM group_members WHERE group_key = $1", group.key.0)?,
    };
    let apps = count(tx, "SELECT COUNT(*) FROM application_groups WHERE group_key = $1", group.key.0)?;
    let roles = count(tx, "SELECT COUNT(*) FROM role_assignments WHERE group_key = $1", group.key.0)?;
    Ok(GroupStats { users, apps, has_role: roles > 0 })
}

/// A selection that has been read.
struct Query {
    prefix: Option<String>,
    condition: Option<(Expression, Case)>,
    order: Option<GroupOrder>,
}

impl Query {
    fn new(selection: &GroupSelection, schema: &GroupSchema) -> Result<Self, Error> {
        let custom = |name: &str| schema.attribute_type(name).map(user_types::value_type);
        let search = GroupSearch { custom: &custom };
        let (condition, order) = match &selection.condition {
            None => (None, None),
            Some(GroupCondition::Filter(text)) => (Some((parse(text, &GroupFilter)?, GroupFilter.case())), None),
            Some(GroupCondition::Search(text, order)) => {
                if let Some(order) = order {
                    let is_array = order.sort_by.strip_prefix("profile.").and_then(|name| schema.attribute_type(name));
                    let is_array = matches!(is_array, Some(AttributeType::Array(_)));
                    if is_array || search.sort_attribute(&order.sort_by).is_none() {
                        let cause = format!("'{}' is not an attribute that can be sorted by.", order.sort_by);
                        return Err(Problem::new(ErrorCode::InvalidSearch).because(cause).into());
                    }
                }
                (Some((parse(text, &search)?, search.case())), order.clone())
            }
        };
        Ok(Self { prefix: selection.name_prefix.as_deref().map(fold), condition, order })
    }

    fn matches(&self, candidate: &Candidate<'_>) -> bool {
        self.prefix.as_ref().is_none_or(|prefix| fold(&candidate.group.name).starts_with(&**prefix))
            && self.condition.as_ref().is_none_or(|(expression, case)| expression.matches(candidate, *case))
    }

    /// The next groups in the order they were made.
    fn walk(
        &self,
        tx: &mut Tx<'_>,
        org: OrgKey,
        start: i64,
        count: usize,
    ) -> Result<Vec<(Group, Option<String>)>, EngineError> {
        let batch = format!("{SELECT_GROUP} WHERE g.org_key = $1 AND g.group_key > $2 ORDER BY g.group_key LIMIT $3");
        let (mut found, mut start) = (Vec::new(), start);
        loop {
            let rows = tx.query(&batch, params![org, start, BATCH], read_group)?;
            let Some(last) = rows.last().map(|group| group.key.0) else { break };
            let whole = rows.len() as i64 == BATCH;
            let matching = rows.into_iter().filter(|group| self.matches(&Candidate::new(group)));
            found.extend(matching.take(count - found.len()).map(|group| (group, None)));
            if found.len() == count || !whole {
                break;
            }
            start = last;
        }
        Ok(found)
    }

    /// The next groups in the order of the search. Groups without a value come last ascending and first descending, as users
    /// do (behaviour.md D.5). An org has few groups beside its users, so all that match are put in order.
    fn sorted(
        &self,
        tx: &mut Tx<'_>,
        org: OrgKey,
        start: Option<&Cursor>,
        count: usize,
    ) -> Result<Vec<(Group, Option<String>)>, EngineError> {
        let Some(order) = &self.order else { return Ok(Vec::new()) };
        let all = self.walk(tx, org, 0, usize::MAX)?;
        let mut placed: Vec<(Group, Option<String>)> = all
            .into_iter()
            .map(|(group, _)| {
                let value = Candidate::new(&group).sort_value(&order.sort_by);
                (group, value)
            })
            .collect();
        let place = |value: &Option<String>, key: i64| (value.is_none(), value.clone(), key);
        placed.sort_by_cached_key(|(group, value)| place(value, group.key.0));
        if order.descending {
            placed.reverse();
        }
        let rest = placed.into_iter().skip_while(|(group, value)| {
            let at = place(value, group.key.0);
            start.is_some_and(|start| {
                let from = place(&start.value, start.key);
                if order.descending { at >= from } else { at <= from }
            })
        });
        Ok(rest.take(count).collect())
    }
}

/// A group as a condition sees it.
struct Candidate<'a> {
    group: &'a Group,
    custom: Map<String, Value>,
}

impl<'a> Candidate<'a> {
    fn new(group: &'a Group) -> Self {
        // What is stored is JSON; most groups have no custom attributes.
        let custom = if group.custom_json == "{}" { None } else { serde_json::from_str(&group.custom_json).ok() };
        Self { group, custom: custom.unwrap_or_default() }
    }

    /// The first value at `path`, as a text whose order is that of the values.
    fn sort_value(&self, path: &str) -> Option<String> {
        let mut found = None;
        self.any_value(&AttributePath::new(path), &mut |operand| {
            found = Some(match operand {
                Operand::Text(text) => index_text(text),
                Operand::Identifier(text) => text.to_owned(),
                Operand::Number(number) => index_number(number),
                Operand::Boolean(value) => value.to_string(),
                Operand::Instant(instant) => instant_text(instant),
            });
            true
        });
        found
    }
}

/// A time as text in the order of time.
fn instant_text(instant: Timestamp) -> String {
    format!("{:020}", instant.as_millis())
}

impl Subject for Candidate<'_> {
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        let group = self.group;
        match path.as_str() {
            "id" => test(Operand::Identifier(group.id.as_str())),
            "type" => test(Operand::Text(group.group_type.as_str())),
            "created" => test(Operand::Instant(group.created)),
            "lastUpdated" => test(Operand::Instant(group.last_updated)),
            "lastMembershipUpdated" => test(Operand::Instant(group.last_membership_updated)),
            "profile.name" => test(Operand::Text(&group.name)),
            "profile.description" => group.description.as_deref().is_some_and(|text| test(Operand::Text(text))),
            other => {
                let value = other.strip_prefix("profile.").and_then(|name| self.custom.get(name));
                value.is_some_and(|value| any_operand(value, test))
            }
        }
    }
}

/// Tests a value, or the elements of an array.
fn any_operand(value: &Value, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
    match value {
        Value::String(text) => test(Operand::Text(text)),
        Value::Bool(value) => test(Operand::Boolean(*value)),
        Value::Number(number) => number.as_f64().is_some_and(|number| test(Operand::Number(number))),
        Value::Array(items) => items.iter().any(|item| any_operand(item, test)),
        Value::Null | Value::Object(_) => false,
    }
}
