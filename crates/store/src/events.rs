//! The System Log: events in the order they were written, read by time, filter and keywords.

use roster_model::event::EventType;
use roster_model::filter::{AttributePath, Case, Expression, Operand, Subject};
use roster_model::id::OrgKey;
use roster_model::timestamp::Timestamp;
use serde_json::Value;

use crate::change::{Change, EventDetails};
use crate::cursor::Cursor;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::{Store, params, users};

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the log.
    pub key: i64,
    /// Its id.
    pub uuid: String,
    /// When it was written.
    pub published: Timestamp,
    /// What happened.
    pub event_type: EventType,
    /// Who did it, with which request, to whom.
    pub details: EventDetails,
}

/// Which events getLogs answers.
pub struct LogQuery {
    /// From this time on.
    pub since: Timestamp,
    /// Up to this time, not including it; without it the list is polled.
    pub until: Option<Timestamp>,
    /// Of which this is true.
    pub filter: Option<Expression>,
    /// In which all of these words occur, in any letter case.
    pub keywords: Vec<String>,
    /// Newest first; else oldest first.
    pub descending: bool,
    /// Events a page.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<String>,
}

/// A page of the log.
pub struct LogPage {
    /// The events with their wire form.
    pub events: Vec<Value>,
    /// Where the next page begins. Polling never ends, so an ascending list without `until` always has one
    /// (behaviour.md A.5).
    pub next: Option<String>,
}

/// Rows looked at for each statement.
const BATCH: i64 = 500;

/// The name that cursors of the log are signed over.
const LOG: &str = "logs";

impl Store {
    /// Writes that something was tried on a user and refused for this reason; nothing if there is no such user.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn record_refusal(
        &self,
        change: &Change,
        asked: &str,
        event: EventType,
        reason: &str,
    ) -> Result<(), Error> {
        let (change, asked, reason) = (change.clone(), asked.to_owned(), reason.to_owned());
        self.engine()
            .write(move |tx| match users::find(tx, change.org, &asked) {
                Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
                Ok(user) => {
                    Ok(change.record_failure(tx, event, &[users::party(&user)], serde_json::Map::new(), &reason)?)
                }
            })
            .await
    }

    /// getLogs: a page of the System Log. `render` gives an event its wire form, in which `filter` and keywords look.
    ///
    /// # Errors
    /// For a cursor that is not of this list.
    pub async fn get_logs(
        &self,
        org: &Org,
        query: LogQuery,
        render: impl Fn(&Event) -> Value + Send + 'static,
    ) -> Result<LogPage, Error> {
        let start = query.after.as_deref().map(|after| Cursor::decode(after, org, LOG)).transpose()?;
        let polls = query.until.is_none() && !query.descending;
        let (key, limit, start_key) = (org.key, query.limit, start.map(|cursor| cursor.key));
        let (mut rows, visited) =
            self.engine().scan(move |tx| Ok(select(tx, key, &query, start_key, &render)?)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = if more { rows.last().map(|(key, _)| *key) } else { visited.or(start_key) };
        let next = (more || polls).then(|| Cursor::at(last.unwrap_or(0)).encode(org, LOG));
        Ok(LogPage { events: rows.into_iter().map(|(_, event)| event).collect(), next })
    }
}

/// Matching events, at most one more than a page, and the key of the last event that was looked at.
type Found = (Vec<(i64, Value)>, Option<i64>);

fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    query: &LogQuery,
    start: Option<i64>,
    render: &impl Fn(&Event) -> Value,
) -> Result<Found, EngineError> {
    let (comparison, order, first) = if query.descending { ("<", "DESC", i64::MAX) } else { (">", "ASC", 0) };
    let sql = format!(
        "SELECT event_key, uuid, published, event_type, details FROM events \
         WHERE org_key = $1 AND event_key {comparison} $2 AND published >= $3 AND published < $4 \
         ORDER BY event_key {order} LIMIT $5"
    );
    let until = query.until.unwrap_or(Timestamp::from_millis(i64::MAX));
    let (mut found, mut visited) = (Vec::new(), None);
    loop {
        let from = visited.or(start).unwrap_or(first);
        let rows = tx.query(&sql, params![org, from, query.since, until, BATCH], read_event)?;
        let whole = rows.len() as i64 == BATCH;
        for event in rows {
            visited = Some(event.key);
            let rendered = render(&event);
            if matches(query, &rendered) {
                found.push((event.key, rendered));
            }
            if found.len() > query.limit {
                return Ok((found, visited));
            }
        }
        if !whole {
            return Ok((found, visited));
        }
    }
}

fn read_event(row: &Row<'_>) -> Result<Event, EngineError> {
    let event_type = row.text(3)?;
    Ok(Event {
        key: row.integer(0)?,
        uuid: row.text(1)?,
        published: row.timestamp(2)?,
        event_type: EventType::from_text(&event_type)
            .ok_or(EngineError::Corrupt { what: "event type", value: event_type })?,
        details: serde_json::from_str(&row.text(4)?)?,
    })
}

fn matches(query: &LogQuery, event: &Value) -> bool {
    let filtered = query.filter.as_ref().is_none_or(|filter| filter.matches(&LogSubject(event), Case::Insensitive));
    filtered && query.keywords.iter().all(|word| contains(event, word))
}

/// Whether some text in `value` contains the lower-case `word`.
fn contains(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.to_lowercase().contains(word),
        Value::Array(items) => items.iter().any(|item| contains(item, word)),
        Value::Object(members) => members.values().any(|member| contains(member, word)),
        _ => false,
    }
}

/// An event in its wire form, as a filter sees it: `target.id` looks at each target.
struct LogSubject<'a>(&'a Value);

impl Subject for LogSubject<'_> {
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        let names: Vec<&str> = path.as_str().split('.').collect();
        any_at(self.0, &names, &mut |value| match value {
            Value::String(text) if path.as_str() == "published" => {
                Timestamp::parse(text).is_some_and(|time| test(Operand::Instant(time)))
            }
            Value::String(text) => test(Operand::Text(text)),
            Value::Number(number) => number.as_f64().is_some_and(|number| test(Operand::Number(number))),
            Value::Bool(truth) => test(Operand::Boolean(*truth)),
            _ => false,
        })
    }
}

fn any_at(value: &Value, names: &[&str], test: &mut dyn FnMut(&Value) -> bool) -> bool {
    match (value, names.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| any_at(item, names, test)),
        (_, None) => test(value),
        (_, Some((name, rest))) => value.get(name).is_some_and(|member| any_at(member, rest, test)),
    }
}
