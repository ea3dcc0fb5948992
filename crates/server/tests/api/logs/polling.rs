//! Pages of the log, and clients that wait for more of it.

use serde_json::{Value, json};

use super::{LOGS, groups_each_minute, told};
use crate::context::{Answer, TestOrg};

/// The groups whose creation these events tell of.
fn created(events: &Value) -> String {
    told(events).iter().filter_map(|told| told.strip_prefix("group.lifecycle.create/")).collect()
}

/// Where to poll from, once everything so far has been read.
async fn caught_up(org: &TestOrg, query: &str) -> String {
    let mut answer = org.get(&format!("{LOGS}?{query}")).await;
    while answer.body != json!([]) {
        answer = org.get(&answer.link_path("next").unwrap()).await;
    }
    answer.link_path("next").unwrap()
}

/// A poll: the groups it tells of, and where to go on.
fn polled(answer: Answer) -> (String, String) {
    let next = answer.link_path("next").unwrap();
    (created(&answer.ok()), next)
}

on_both_engines! {
    async fn pages_follow_each_other_without_gap_or_repetition(org: TestOrg) {
        groups_each_minute(&org, "abcde").await;
        let whole = org.get(&format!("{LOGS}?until=2027-01-01&limit=1000")).await;
        assert_eq!(whole.link("next"), None);
        for order in ["ASCENDING", "DESCENDING"] {
            for limit in [1, 2, 3] {
                let mut events = Vec::new();
                let mut path = Some(format!("{LOGS}?until=2027-01-01&limit={limit}&sortOrder={order}"));
                while let Some(page) = path {
                    let answer = org.get(&page).await;
                    path = answer.link_path("next");
                    let page = answer.ok();
                    assert!((1..=limit).contains(&page.as_array().unwrap().len()));
                    events.extend(page.as_array().unwrap().iter().cloned());
                }
                if order == "DESCENDING" {
                    events.reverse();
                }
                assert_eq!(json!(events), whole.body, "{order} {limit}");
            }
        }
    }
}

on_both_engines! {
    async fn a_poll_has_only_what_is_new_and_always_a_next(org: TestOrg) {
        groups_each_minute(&org, "a").await;
        let start = caught_up(&org, "limit=2").await;
        let (told, next) = polled(org.get(&start).await);
        assert_eq!(told, "");
        groups_each_minute(&org, "bcd").await;
        for from in [&start, &next] {
            let (told, next) = polled(org.get(from).await);
            assert_eq!(told, "bc");
            let (told, next) = polled(org.get(&next).await);
            assert_eq!(told, "d");
            assert_eq!(polled(org.get(&next).await).0, "");
        }
    }
}

on_both_engines! {
    async fn a_filtered_poll_goes_on_past_what_it_does_not_want(org: TestOrg) {
        let filter = "filter=eventType+eq+%22group.lifecycle.create%22";
        let start = caught_up(&org, filter).await;
        org.create("isaac@example.com").await;
        let (told, next) = polled(org.get(&start).await);
        assert_eq!(told, "");
        assert_ne!(next, start);
        assert!(next.contains(filter), "{next}");
        groups_each_minute(&org, "a").await;
        org.create("brock@example.com").await;
        let (told, next) = polled(org.get(&next).await);
        assert_eq!(told, "a");
        assert_eq!(polled(org.get(&next).await).0, "");
    }
}

on_both_engines! {
    async fn a_poll_after_a_long_pause_misses_nothing(org: TestOrg) {
        let next = caught_up(&org, "").await;
        groups_each_minute(&org, "a").await;
        org.wait_seconds(8 * 86_400);
        groups_each_minute(&org, "b").await;
        assert_eq!(polled(org.get(&next).await).0, "ab");
    }
}

on_both_engines! {
    async fn a_page_of_a_list_that_ends_has_a_next_only_if_there_is_more(org: TestOrg) {
        groups_each_minute(&org, "abcd").await;
        for ends in ["until=2026-01-03", "sortOrder=DESCENDING"] {
            let wanted = "filter=eventType+eq+%22group.lifecycle.create%22";
            for (limit, more) in [(3, true), (4, false), (5, false)] {
                let answer = org.get(&format!("{LOGS}?{ends}&{wanted}&limit={limit}")).await;
                assert_eq!(answer.link("next").is_some(), more, "{ends} {limit}");
            }
        }
    }
}

on_both_engines! {
    async fn links_repeat_the_query(org: TestOrg) {
        groups_each_minute(&org, "ab").await;
        let query = "sortOrder=ASCENDING&until=2026-01-03&since=2026-01-01&filter=eventType%20pr&q=group&limit=1";
        let answer = org.get(&format!("{LOGS}?{query}")).await;
        let rest = "limit=1&q=group&filter=eventType+pr&since=2026-01-01&until=2026-01-03&sortOrder=ASCENDING";
        assert_eq!(answer.link_path("self"), Some(format!("{LOGS}?{rest}")));
        let next = answer.link_path("next").unwrap();
        assert!(next.starts_with(&format!("{LOGS}?after=")) && next.ends_with(&format!("&{rest}")), "{next}");
        assert_eq!(org.get(&next).await.link_path("self"), Some(next));
    }
}
