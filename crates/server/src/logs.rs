//! `/api/v1/logs`: the System Log (behaviour.md G.12).

use axum::extract::State;
use roster_model::error::{Problem, Violation};
use roster_model::filter::{LogFilter, parse};
use roster_model::timestamp::Timestamp;
use roster_store::Error;
use roster_store::events::{Event, LogQuery};
use serde_json::{Value, json};

use crate::App;
use crate::caller::Caller;
use crate::request::Query;
use crate::response::{ApiError, Handled, ListLinks, list};

/// Events a page holds unless the caller wants another number, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// How far back the log is read unless `since` says otherwise: seven days.
const DEFAULT_SINCE_SECONDS: i64 = 7 * 86_400;

/// getLogs: by time, `filter` and keywords. Without `until`, oldest first, there is always a next page, so that a client
/// can poll.
pub(crate) async fn get_logs(State(app): State<App>, caller: Caller, query: Query) -> Handled {
    let limit = query.limit(PAGE, MAX_PAGE)?;
    let filter = query.text("filter").map(|text| parse(text, &LogFilter)).transpose().map_err(Error::from)?;
    let descending = query.text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("DESCENDING"));
    // A poller's cursor says itself where to go on, however long the poller was away.
    let default_since = match query.text("after") {
        Some(_) if !descending => Timestamp::from_millis(0),
        _ => app.store().clock().now().plus_seconds(-DEFAULT_SINCE_SECONDS),
    };
    let log = LogQuery {
        since: time(&query, "since")?.unwrap_or(default_since),
        until: time(&query, "until")?,
        filter,
        keywords: query.text("q").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect(),
        descending,
        limit,
        after: query.text("after").map(str::to_owned),
    };
    let page = app.store().get_logs(&caller.org, log, view).await?;
    let names = ["q", "filter", "since", "until", "sortOrder"];
    let links = ListLinks {
        url: format!("{}/api/v1/logs", caller.base_url),
        after: query.text("after"),
        next: page.next.as_deref(),
        limit,
        parameters: names.into_iter().filter_map(|name| query.text(name).map(|text| (name, text))).collect(),
    };
    list(&page.events, &links)
}

fn time(query: &Query, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = query.text(name) else { return Ok(None) };
    match Timestamp::parse(text.trim()) {
        Some(time) => Ok(Some(time)),
        None => Err(Problem::violations(&[Violation::new(name, "The field must be an ISO 8601 date")]).into()),
    }
}

/// An event on the wire.
fn view(event: &Event) -> Value {
    let details = &event.details;
    let party = |party: &roster_store::change::Party| {
        json!({
            "id": party.id,
            "type": party.kind,
            "alternateId": party.alternate_id,
            "displayName": party.display_name,
            "detailEntry": null,
        })
    };
    let mut debug = details.debug.clone();
    debug.insert("requestId".to_owned(), json!(details.request.id));
    debug.insert("requestUri".to_owned(), json!(details.request.uri));
    debug.insert("url".to_owned(), json!(details.request.uri));
    let failed = details.failure.is_some();
    let ip_address = &details.request.ip_address;
    let ip_chain: Vec<Value> = ip_address.iter().map(|ip| json!({ "ip": ip, "version": ip_version(ip) })).collect();
    json!({
        "actor": party(&details.actor),
        "client": {
            "userAgent": details.request.user_agent.as_ref().map(|agent| json!({ "rawUserAgent": agent, "os": "Unknown", "browser": "UNKNOWN" })),
            "zone": "null",
            "device": "Unknown",
            "id": null,
            "ipAddress": ip_address,
            "geographicalContext": null,
        },
        "device": null,
        "authenticationContext": { "authenticationStep": 0, "externalSessionId": "unknown" },
        "displayMessage": event.event_type.display_message(),
        "eventType": event.event_type.as_str(),
        "outcome": { "result": if failed { "FAILURE" } else { "SUCCESS" }, "reason": details.failure },
        "published": event.published.to_string(),
        "securityContext": { "asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null },
        "severity": if failed { "WARN" } else { "INFO" },
        "debugContext": { "debugData": debug },
        "legacyEventType": null,
        "transaction": { "type": "WEB", "id": details.request.id, "detail": {} },
        "uuid": event.uuid,
        "version": "0",
        "request": { "ipChain": ip_chain },
        "target": details.targets.iter().map(party).collect::<Vec<_>>(),
    })
}

fn ip_version(ip: &str) -> &'static str {
    if ip.contains(':') { "V6" } else { "V4" }
}
