//! Whatever is sent, the answer is Okta's, and nothing breaks.

use std::cell::{Cell, RefCell};
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use roster_model::error::ErrorCode;
use roster_model::oauth::error::OAuthMistake;
use roster_model::operations::{OPERATIONS, Operation};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use crate::context::TestOrg;
use crate::operations::{Ids, sample_body};
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
const SEGMENTS: [&str; 9] =
    ["isaac@example.com", "isaac", "brock@example.com", "brock", "default", "users", "", "00u", "%00"];
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

/// A body that the operation takes, with one member of it replaced.
fn nearly_right(sample: Value) -> impl Strategy<Value = Value> {
    (any::<prop::sample::Index>(), member(), json_value()).prop_map(move |(index, name, value)| {
        let mut body = sample.clone();
        replace_one(&mut body, index, &name, value);
        body
    })
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

fn body(operation: &Operation) -> impl Strategy<Value = Vec<u8>> + use<> {
    let sample = sample_body(operation.id).unwrap_or(json!({ "profile": {} }));
    let to_bytes = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        1 => Just(Vec::new()),
        4 => nearly_right(sample.clone()).prop_map(to_bytes),
        1 => json_value().prop_map(to_bytes),
        1 => any::<prop::sample::Index>().prop_map(move |at| {
            let mut bytes = to_bytes(sample.clone());
            bytes.truncate(at.index(bytes.len()));
            bytes
        }),
        1 => vec(any::<u8>(), 0..100),
    ]
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What stands for a parameter of a path: mostly itself, to become the id of something that is there.
fn segment(parameter: &str) -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        8 => Just(parameter.to_owned()),
        3 => select(&SEGMENTS[..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| escaped(&text)),
        1 => "[!$%&'()*+,.:;=@A-Za-z0-9_~-]{0,12}",
    ]
}

fn path(operation: &Operation) -> impl Strategy<Value = String> + use<> {
    let parts: Vec<BoxedStrategy<String>> = operation
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { segment(part).boxed() } else { Just(part.to_owned()).boxed() })
        .collect();
    prop_oneof![20 => parts.prop_map(|parts| parts.join("/")), 1 => "/[!$%&'()*+,./:;=?@A-Za-z0-9_~-]{0,30}"]
}

fn query() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        5 => select(&VALUES[..]).prop_map(|value| value.replace(' ', "+").replace('"', "%22")),
        1 => any::<String>().prop_map(|text| escaped(&text)),
    ];
    let parameter = (select(&PARAMETERS[..]), value).prop_map(|(name, value)| format!("{name}={value}"));
    vec(parameter, 0..4).prop_map(|parameters| parameters.join("&"))
}

fn noise() -> impl Strategy<Value = Noise> {
    // The caller must be able to go on.
    let operations: Vec<_> = OPERATIONS.iter().filter(|operation| !operation.path.ends_with("/current")).collect();
    select(operations).prop_flat_map(|operation| {
        let method = prop_oneof![9 => Just(operation.method.as_str()), 1 => select(&METHODS[..])];
        let omitting = "application/json; okta-response=\"omitCredentials";
        let content_type = prop_oneof![12 => Just("application/json"), 1 => Just("text/plain"), 1 => Just(omitting)];
        let accept = prop_oneof![12 => Just("*/*"), 1 => Just("text/html"), 1 => Just(";;,")];
        let noise = (method, path(operation), query(), content_type, accept, body(operation));
        noise.prop_map(|(method, path, query, content_type, accept, body)| {
            let path = if query.is_empty() { path } else { format!("{path}?{query}") };
            Noise { method, path, content_type, accept, body }
        })
    })
}

async fn send(org: &TestOrg, noise: &Noise, ids: &Ids) -> RawAnswer {
    let line = format!("{} {}", noise.method, ids.fill(&noise.path));
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
    } else if matches!(answer.status, 202 | 204 | 303) || method == "HEAD" {
        return (!answer.body.is_empty()).then_some("there is a body");
    } else if answer.header("content-type") != Some("application/json") {
        return Some("it is not JSON");
    } else if answer.status < 300 {
        return None;
    }
    let body = answer.json();
    if body.get("error").is_some() {
        let known = |it: &OAuthMistake| it.status() == answer.status && body["error"] == it.code().as_str();
        let whole = body.as_object().unwrap().len() == 2 && body["error_description"].is_string();
        return (!(whole && OAuthMistake::ALL.iter().any(known))).then_some("the body is not OAuth's");
    }
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

/// Requests that an org gets before the next one takes over: noise deletes what it finds.
const REQUESTS_TO_AN_ORG: usize = 40;

/// A new org of the same server, with things in it.
async fn fresh(org: &TestOrg, number: usize) -> (TestOrg, Ids) {
    let mut org = org.clone();
    org.caller = org.other_org(&format!("org{number}")).await;
    org.create_active("brock@example.com", "Abcd1234#@").await;
    let ids = Ids::made(&org.caller, "leader").await;
    (org, ids)
}

on_both_engines! {
    async fn random_requests_are_answered_in_oktas_shape(org: TestOrg) {
        let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
        let (sent, taken) = (Cell::new(0), Cell::new(0));
        let place = RefCell::new(fresh(&org, 0).await);
        let ran = tokio::task::block_in_place(|| {
            TestRunner::new(config).run(&noise(), |noise| {
                sent.set(sent.get() + 1);
                if sent.get() % REQUESTS_TO_AN_ORG == 0 {
                    place.replace(Handle::current().block_on(fresh(&org, sent.get())));
                }
                let (org, ids) = &*place.borrow();
                let answer = Handle::current().block_on(send(org, &noise, ids));
                taken.set(taken.get() + usize::from(answer.status < 300));
                match fault(noise.method, &answer) {
                    None => Ok(()),
                    Some(fault) => Err(TestCaseError::fail(format!("{fault}: {answer:?}"))),
                }
            })
        });
        ran.unwrap_or_else(|failure| panic!("{failure}"));
        // Noise that is all refused would prove little.
        assert!(taken.get() > 200, "{taken:?}");
    }
}
