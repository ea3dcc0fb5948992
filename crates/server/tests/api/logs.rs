//! The System Log (behaviour.md A.5, G.12).

mod events;
mod polling;
mod refusals;

use serde_json::{Value, json};

use crate::context::{TestOrg, text};

const LOGS: &str = "/api/v1/logs";

/// The events of an answer, by their types and, behind a slash, what they are about.
fn told(events: &Value) -> Vec<String> {
    let about = |event: &Value| format!("{}/{}", text(event, "eventType"), text(&event["target"][0], "displayName"));
    events.as_array().unwrap().iter().map(about).collect()
}

/// Creates a group a minute, one for each letter of `names`.
async fn groups_each_minute(org: &TestOrg, names: &str) {
    for name in names.chars() {
        org.wait_seconds(60);
        org.post("/api/v1/groups", json!({ "profile": { "name": name.to_string() } })).await.ok();
    }
}

/// What the log tells of these groups, of a query.
async fn groups(org: &TestOrg, query: &str) -> String {
    let query = query.replace(' ', "%20").replace('"', "%22").replace('+', "%2B");
    let events = org.get(&format!("{LOGS}?{query}")).await.ok();
    let created =
        told(&events).into_iter().filter_map(|told| told.strip_prefix("group.lifecycle.create/").map(str::to_owned));
    created.collect()
}

on_both_engines! {
    async fn an_event_tells_who_did_what_with_which_request(org: TestOrg) {
        let agent = [("user-agent", "okta-sdk-nodejs/7.0.0 node/20")];
        let body = json!({ "profile": { "name": "West" } }).to_string();
        let path = "/api/v1/groups?x=%22y%22";
        let answer = org.caller.send_raw(reqwest::Method::POST, path, Some(("application/json", &body)), &agent).await;
        let request = answer.headers["x-okta-request-id"].to_str().unwrap().to_owned();
        let (group, me) = (answer.ok(), org.get("/api/v1/users/me").await.ok());
        let event =
            org.get(&format!("{LOGS}?filter=eventType%20eq%20%22group.lifecycle.create%22")).await.ok()[0].clone();
        let party = |id: &Value, kind: &str, alternate_id: &str, name: &str| {
            let mut party = json!({ "id": id, "type": kind, "alternateId": alternate_id, "displayName": name });
            party["detailEntry"] = Value::Null;
            party
        };
        let expected = json!({
            "actor": party(&me["id"], "User", "admin@example.com", "Roster Administrator"),
            "client": {
                "userAgent": { "rawUserAgent": "okta-sdk-nodejs/7.0.0 node/20", "os": "Unknown", "browser": "UNKNOWN" },
                "zone": "null",
                "device": "Unknown",
                "id": null,
                "ipAddress": "127.0.0.1",
                "geographicalContext": null,
            },
            "device": null,
            "authenticationContext": { "authenticationStep": 0, "externalSessionId": "unknown" },
            "displayMessage": "Create Okta group",
            "eventType": "group.lifecycle.create",
            "outcome": { "result": "SUCCESS", "reason": null },
            "published": "2026-01-02T03:04:05.000Z",
            "securityContext": { "asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null },
            "severity": "INFO",
            "debugContext": { "debugData": { "requestId": request, "requestUri": path, "url": path } },
            "legacyEventType": null,
            "transaction": { "type": "WEB", "id": request, "detail": {} },
            "uuid": event["uuid"],
            "version": "0",
            "request": { "ipChain": [{ "ip": "127.0.0.1", "version": "V4" }] },
            "target": [party(&group["id"], "UserGroup", "unknown", "West")],
        });
        assert_eq!(event.to_string(), expected.to_string());
        assert_eq!(text(&event, "uuid").len(), 36);
    }
}

on_both_engines! {
    async fn since_and_until_bound_the_time_and_until_is_not_in_it(org: TestOrg) {
        // At 03:05:05, 03:06:05 and 03:07:05.
        groups_each_minute(&org, "abc").await;
        for (query, found) in [
            ("since=2026-01-02T03:06:05.000Z", "bc"),
            ("since=2026-01-02T03:06:05.001Z", "c"),
            ("until=2026-01-02T03:06:05Z", "a"),
            ("until=2026-01-02T03:06:06Z", "ab"),
            ("since=2026-01-02T03:05:06Z&until=2026-01-02T04:06:06+01:00", "b"),
            ("since=2026-01-03", ""),
            ("until=2026-01-02", ""),
        ] {
            assert_eq!(groups(&org, query).await, found, "{query}");
        }
        for name in ["since", "until"] {
            let answer = org.get(&format!("{LOGS}?{name}=yesterday")).await;
            let cause = format!("{name}: The field must be an ISO 8601 date");
            answer.refused(400, "E0000001", &format!("Api validation failed: {name}"), &[&cause]);
        }
    }
}

on_both_engines! {
    async fn the_log_goes_back_seven_days_unless_since_says_otherwise(org: TestOrg) {
        groups_each_minute(&org, "a").await;
        org.wait_seconds(7 * 86_400);
        assert_eq!(groups(&org, "").await, "a");
        org.wait_seconds(1);
        assert_eq!(groups(&org, "").await, "");
        assert_eq!(groups(&org, "since=2026-01-01").await, "a");
    }
}

on_both_engines! {
    async fn the_newest_event_comes_first_if_asked_for(org: TestOrg) {
        groups_each_minute(&org, "abc").await;
        assert_eq!(groups(&org, "sortOrder=ASCENDING").await, "abc");
        assert_eq!(groups(&org, "sortOrder=DESCENDING").await, "cba");
        assert_eq!(groups(&org, "sortOrder=descending&limit=2").await, "cb");
    }
}

on_both_engines! {
    async fn a_filter_looks_into_events(org: TestOrg) {
        groups_each_minute(&org, "abc").await;
        let group = org.get("/api/v1/groups?q=b").await.ok()[0].clone();
        let me = text(&org.get("/api/v1/users/me").await.ok(), "id");
        org.put(&format!("/api/v1/groups/{}", text(&group, "id")), json!({ "profile": { "name": "b2" } })).await.ok();
        for (filter, found) in [
            ("eventType eq \"group.lifecycle.create\"", "abc"),
            ("eventType sw \"group.lifecycle\"", "abc"),
            ("eventType co \"profile.update\"", ""),
            ("eventType ew \"lifecycle.create\" and target.displayName gt \"a\"", "bc"),
            (&format!("target.id eq \"{}\"", text(&group, "id")), "b"),
            (&format!("actor.id eq \"{me}\" and not (target.displayName eq \"b\")"), "ac"),
            ("actor.alternateId eq \"ADMIN@example.com\"", "abc"),
            ("published gt \"2026-01-02T03:06:05.000Z\"", "c"),
            ("published lt \"2026-01-02T03:05:06Z\" or target.displayName eq \"c\"", "ac"),
            ("outcome.result eq \"FAILURE\"", ""),
            ("outcome.result ne \"FAILURE\"", "abc"),
            ("debugContext.debugData.requestUri eq \"/api/v1/groups\"", "abc"),
            ("target.displayName pr and client.ipAddress eq \"127.0.0.1\"", "abc"),
        ] {
            assert_eq!(groups(&org, &format!("filter={filter}")).await, found, "{filter}");
        }
        for filter in ["eventType", "eventType eq", "eventType xx \"a\"", "published gt \"yesterday\"", "(eventType pr"]
        {
            let answer = org.get(&format!("{LOGS}?filter={}", filter.replace(' ', "+").replace('"', "%22"))).await;
            assert_eq!((answer.status, answer.body["errorCode"].as_str()), (400, Some("E0000031")), "{filter}");
        }
    }
}

on_both_engines! {
    async fn every_word_of_q_must_occur_in_any_letter_case(org: TestOrg) {
        groups_each_minute(&org, "abc").await;
        org.post("/api/v1/groups", json!({ "profile": { "name": "Lonesome Crowded" } })).await.ok();
        for (q, found) in [
            ("lonesome", "Lonesome Crowded"),
            ("CROWDED lone", "Lonesome Crowded"),
            ("lonesome desert", ""),
            ("ADMIN@example.com lonesome", "Lonesome Crowded"),
        ] {
            assert_eq!(groups(&org, &format!("q={q}")).await, found, "{q}");
        }
        assert_eq!(groups(&org, "q=group.lifecycle&until=2026-01-02T03:06:05Z").await, "a");
    }
}

on_both_engines! {
    async fn the_limit_is_a_hundred_unless_asked_for_and_at_most_a_thousand(org: TestOrg) {
        for (query, limit) in [("", 100), ("limit=7", 7), ("limit=1001", 1000)] {
            let answer = org.get(&format!("{LOGS}?{query}")).await;
            assert!(answer.link_path("self").unwrap().contains(&format!("limit={limit}")), "{query}");
        }
        let answer = org.get(&format!("{LOGS}?limit=0")).await;
        assert_eq!((answer.status, answer.body["errorCode"].as_str()), (400, Some("E0000001")));
    }
}

on_both_engines! {
    async fn the_log_has_no_other_methods(org: TestOrg) {
        let summary = "The endpoint does not support the provided HTTP method";
        org.post(LOGS, json!({})).await.refused(405, "E0000022", summary, &[]);
        org.delete(LOGS).await.refused(405, "E0000022", summary, &[]);
    }
}
