//! Whatever is sent, the answer is Okta's, and nothing breaks.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use roster_model::error::ErrorCode;
use roster_model::operations::OPERATIONS;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use crate::context::{TestOrg, text};
use crate::operations::sample_body;
use crate::raw::{self, RawAnswer};

/// A request short of its host and token.
#[derive(Clone)]
struct Noise {
    method: &'static str,
    path: String,
    content_type: &'static str,
    accept: &'static str,
    body: Vec<u8>,
}

impl fmt::Debug for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, content_type, accept, body } = self;
        write!(f, "{method} {path} {content_type:?} {accept:?} {}", body.escape_ascii())
    }
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const SEGMENTS: [&str; 13] = [
    "isaac@example.com",
    "isaac",
    "brock@example.com",
    "brock",
    "GROUP",
    "TYPE",
    "SCHEMA",
    "TOKEN",
    "default",
    "users",
    "",
    "00u",
    "%00",
];
const PARAMETERS: [&str; 15] = [
    "limit",
    "after",
    "q",
    "filter",
    "search",
    "sortBy",
    "sortOrder",
    "activate",
    "sendEmail",
    "strict",
    "nextLogin",
    "expand",
    "since",
    "until",
    "provider",
];
const VALUES: [&str; 22] = [
    "1",
    "-1",
    "true",
    "%20",
    "status eq \"ACTIVE\"",
    "profile.lastName sw \"B\"",
    "profile.login co \"a\"",
    "changePassword",
    "not (id pr)",
    "lastUpdated gt \"2026-01-01T00:00:00.000Z\"",
    "created lt \"yesterday\"",
    "((((",
    "\"",
    "profile.x eq 1",
    "type eq \"BUILT_IN\"",
    "2026-01-01T00:00:00Z",
    "-9999-01-01T00:00:00Z",
    "DESCENDING",
    "profile.lastName",
    "blocks",
    "eventType sw \"user\" or not (outcome.result eq \"SUCCESS\")",
    "%00",
];
const MEMBERS: [&str; 32] = [
    "profile",
    "credentials",
    "password",
    "value",
    "hash",
    "algorithm",
    "salt",
    "workFactor",
    "recovery_question",
    "question",
    "answer",
    "provider",
    "type",
    "name",
    "id",
    "groupIds",
    "login",
    "email",
    "firstName",
    "lastName",
    "description",
    "displayName",
    "oldPassword",
    "newPassword",
    "definitions",
    "custom",
    "base",
    "properties",
    "title",
    "required",
    "userId",
    "hook",
];
const TEXTS: [&str; 12] = [
    "",
    "isaac@example.com",
    "string",
    "array",
    "OKTA",
    "SOCIAL",
    "BCRYPT",
    "Abcd1234#@",
    "\0",
    "\u{202e}é\u{1f600}",
    "oty",
    "true",
];

fn member() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(&MEMBERS[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(&TEXTS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let object = vec((member(), inner.clone()), 0..6);
        prop_oneof![
            1 => vec(inner, 0..4).prop_map(Value::from),
            3 => object.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A body that an operation takes, with one member of it replaced.
fn nearly_right() -> impl Strategy<Value = Value> {
    let samples: Vec<Value> = OPERATIONS.iter().filter_map(|operation| sample_body(operation.id)).collect();
    (select(samples), any::<prop::sample::Index>(), member(), json_value()).prop_map(
        |(mut body, index, name, value)| {
            replace_one(&mut body, index, &name, value);
            body
        },
    )
}

fn replace_one(body: &mut Value, index: prop::sample::Index, name: &str, value: Value) {
    let members = body.as_object_mut().unwrap();
    let names: Vec<String> = members.keys().cloned().collect();
    let chosen = index.get(&names).clone();
    match members.get_mut(&chosen) {
        Some(inner @ Value::Object(_)) if inner != &json!({}) && value.is_string() => {
            replace_one(inner, index, name, value)
        }
        Some(inner @ Value::Object(_)) => inner[name] = value,
        _ => members[&chosen] = value,
    }
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let to_bytes = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        1 => Just(Vec::new()),
        4 => nearly_right().prop_map(to_bytes),
        3 => json_value().prop_map(to_bytes),
        1 => (nearly_right(), any::<prop::sample::Index>()).prop_map(move |(value, at)| {
            let mut bytes = to_bytes(value);
            bytes.truncate(at.index(bytes.len()));
            bytes
        }),
        1 => vec(any::<u8>(), 0..100),
    ]
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&SEGMENTS[..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| escaped(&text)),
        1 => "[!$%&'()*+,.:;=@A-Za-z0-9_~-]{0,12}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    // The caller must be able to go on.
    let templates: Vec<&str> = OPERATIONS.iter().map(|it| it.path).filter(|path| !path.ends_with("/current")).collect();
    let known = (select(templates), vec(segment(), 3)).prop_map(|(template, segments)| {
        let mut segments = segments.into_iter();
        let filled = template
            .split('/')
            .map(|part| if part.starts_with('{') { segments.next().unwrap() } else { part.to_owned() });
        filled.collect::<Vec<_>>().join("/")
    });
    let value = prop_oneof![
        5 => select(&VALUES[..]).prop_map(|value| value.replace(' ', "+").replace('"', "%22")),
        1 => any::<String>().prop_map(|text| escaped(&text)),
    ];
    let query = vec((select(&PARAMETERS[..]), value).prop_map(|(name, value)| format!("{name}={value}")), 0..4);
    let path = prop_oneof![9 => known, 1 => "/[!$%&'()*+,./:;=?@A-Za-z0-9_~-]{0,30}"];
    (path, query).prop_map(|(path, query)| if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
}

fn noise() -> impl Strategy<Value = Noise> {
    let omitting = "application/json; okta-response=\"omitCredentials";
    let content_type = prop_oneof![8 => Just("application/json"), 1 => Just("text/plain"), 1 => Just(omitting)];
    let accept = prop_oneof![8 => Just("*/*"), 1 => Just("text/html"), 1 => Just(";;,")];
    (select(&METHODS[..]), path(), content_type, accept, body())
        .prop_map(|(method, path, content_type, accept, body)| Noise { method, path, content_type, accept, body })
}

/// The ids that stand for the upper-case segments.
async fn known_ids(org: &TestOrg) -> [(&'static str, String); 4] {
    for login in ["isaac@example.com", "brock@example.com"] {
        org.create_active(login, "Abcd1234#@").await;
    }
    let group = org.post("/api/v1/groups", json!({ "profile": { "name": "West" } })).await.ok();
    let user_type = org.post("/api/v1/meta/types/user", json!({ "name": "employee", "displayName": "E" })).await.ok();
    let token = org.post("/api/v1/api-tokens", json!({ "name": "spare" })).await.ok();
    let type_id = text(&user_type, "id");
    let schema = type_id.replacen("oty", "osc", 1);
    [("GROUP", text(&group, "id")), ("TYPE", type_id), ("SCHEMA", schema), ("TOKEN", text(&token, "id"))]
}

async fn send(org: &TestOrg, noise: &Noise, ids: &[(&str, String)]) -> RawAnswer {
    let path = ids.iter().fold(noise.path.clone(), |path, (name, id)| path.replace(name, id));
    let line = format!("{} {path}", noise.method);
    let headers = format!(
        "Content-Type: {}\r\nAccept: {}\r\nContent-Length: {}\r\n",
        noise.content_type,
        noise.accept,
        noise.body.len()
    );
    let mut request = raw::head(org, &line, &headers).into_bytes();
    request.extend(&noise.body);
    raw::exchange(org, &request).await
}

/// What is wrong with an answer, if anything.
fn fault(method: &str, answer: &RawAnswer) -> Option<&'static str> {
    let told = answer.header("x-okta-request-id").is_some() && answer.header("x-rate-limit-reset").is_some();
    // Only a built-in group answers 501.
    if answer.status >= 500 && !(answer.status == 501 && (method == "HEAD" || answer.json()["errorCode"] == "E0000060"))
    {
        return Some("it broke");
    } else if !told {
        return Some("headers are missing");
    } else if answer.status == 204 || method == "HEAD" {
        return (!answer.body.is_empty()).then_some("there is a body");
    } else if answer.header("content-type") != Some("application/json") {
        return Some("it is not JSON");
    } else if answer.status == 200 {
        return None;
    }
    let body = answer.json();
    let known = ErrorCode::ALL.iter().any(|it| it.status() == answer.status && body["errorCode"] == it.code());
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    let causes = body["errorCauses"].as_array().unwrap();
    let good = known
        && names == ["errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"]
        && body["errorSummary"].is_string()
        && body["errorLink"] == body["errorCode"]
        && causes.iter().all(|cause| cause["errorSummary"].is_string() && cause.as_object().unwrap().len() == 1);
    (!good).then_some("the body is not Okta's")
}

on_both_engines! {
    async fn random_requests_are_answered_in_oktas_shape(org: TestOrg) {
        let ids = known_ids(&org).await;
        let refused = AtomicUsize::new(0);
        let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
        let ran = tokio::task::block_in_place(|| {
            TestRunner::new(config).run(&noise(), |noise| {
                let answer = Handle::current().block_on(send(&org, &noise, &ids));
                refused.fetch_add(usize::from(answer.status >= 400), Ordering::Relaxed);
                match fault(noise.method, &answer) {
                    None => Ok(()),
                    Some(fault) => Err(TestCaseError::fail(format!("{fault}: {answer:?}"))),
                }
            })
        });
        ran.unwrap_or_else(|failure| panic!("{failure}"));
        // Noise that is all refused, or all taken, would prove little.
        assert!((100..1_000).contains(&refused.into_inner()));
        assert_eq!(org.get("/api/v1/users/me").await.ok()["status"], "ACTIVE");
    }
}
