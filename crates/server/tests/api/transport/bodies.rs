//! Bodies: JSON or nothing, up to a mebibyte.

use reqwest::Method;
use roster_model::operations::{OPERATIONS, Operation, OperationId as Op};
use serde_json::{Value, json};

use crate::context::{TestOrg, profile, text};
use crate::operations::{Ids, sample_body};
use crate::raw::{self, RawAnswer};

const MEBIBYTE: usize = 1 << 20;

/// The operations that cannot do without a body.
fn with_a_body() -> impl Iterator<Item = &'static Operation> {
    // Without one, these two send a passcode.
    let can = |operation: &Operation| matches!(operation.id, Op::ActivateFactor | Op::VerifyFactor);
    OPERATIONS.iter().filter(move |operation| sample_body(operation.id).is_some() && !can(operation))
}

fn some_path(operation: &Operation) -> String {
    operation.path.replace("{userId}", "me").replace(['{', '}'], "")
}

on_both_engines! {
    async fn a_body_that_is_no_json_object_is_not_well_formed(org: TestOrg) {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let bodies = [
            "",
            " \r\n\t",
            "{",
            "{\"profile\":",
            "[]",
            "\"text\"",
            "7",
            "null",
            "{} {}",
            "{'a':1}",
            "{\"a\":\"\\ud800\"}",
            "NaN",
            &deep,
        ];
        for operation in with_a_body() {
            let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
            for body in bodies {
                let body = Some(("application/json", body));
                let answer = org.caller.send_raw(method.clone(), &some_path(operation), body, &[]).await;
                answer.refused(400, "E0000003", "The request body was not well-formed.", &[]);
            }
        }
    }
}

on_both_engines! {
    async fn a_body_that_is_no_utf_8_is_not_well_formed(org: TestOrg) {
        let mut request =
            raw::head(&org, "POST /api/v1/users", "Content-Type: application/json\r\nContent-Length: 9\r\n")
                .into_bytes();
        request.extend(b"{\"a\":\"\xff\"}");
        raw::exchange(&org, &request).await.refused(400, "E0000003");
    }
}

/// The body with the text at each of its leaves ended by a NUL, one after another.
fn with_a_nul(body: &Value) -> Vec<Value> {
    match body {
        Value::String(text) => vec![json!(format!("{text}\0"))],
        Value::Array(items) => items.iter().flat_map(with_a_nul).map(|item| json!([item])).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| with_a_nul(value).into_iter().map(move |changed| (name, changed)))
            .map(|(name, changed)| {
                let mut body = body.clone();
                body[name] = changed;
                body
            })
            .collect(),
        _ => Vec::new(),
    }
}

on_both_engines! {
    async fn a_text_with_a_nul_breaks_no_operation(org: TestOrg) {
        let ids = Ids::made(&org.caller, "leader").await;
        for operation in with_a_body() {
            let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
            let mut sample = sample_body(operation.id).unwrap();
            if let Op::CreateApiToken | Op::CreateUserType = operation.id {
                sample["userId"] = json!("me");
                sample["description"] = json!("Plain");
            } else if let Op::CreateUser | Op::UpdateUser = operation.id {
                sample["type"] = json!({ "id": "default" });
                sample["groupIds"] = json!(["00g"]);
            }
            for body in with_a_nul(&sample) {
                let answer = org.caller.send(method.clone(), &ids.path(operation), Some(body.clone())).await;
                assert!((200..500).contains(&answer.status), "{} {body}: {}", operation.name, answer.status);
            }
        }
    }
}

on_both_engines! {
    async fn an_operation_that_needs_no_body_takes_an_empty_one_of_any_type(org: TestOrg) {
        let path = format!(
            "/api/v1/users/{}/lifecycle",
            text(&org.create_active("isaac@example.com", "Abcd1234#@").await, "id")
        );
        for media_type in ["application/octet-stream", "text/plain", "application/x-www-form-urlencoded", ""] {
            for operation in ["suspend", "unsuspend"] {
                let body = Some((media_type, ""));
                let answer = org.caller.send_raw(Method::POST, &format!("{path}/{operation}"), body, &[]).await;
                assert_eq!(answer.ok(), json!({}), "{media_type}");
            }
        }
        let forgot = format!("{}?sendEmail=false", path.replace("lifecycle", "credentials/forgot_password"));
        org.caller.send_raw(Method::POST, &forgot, Some(("application/octet-stream", "")), &[]).await.ok();
    }
}

on_both_engines! {
    async fn a_post_without_any_length_has_no_body(org: TestOrg) {
        let id = text(&org.create_active("isaac@example.com", "Abcd1234#@").await, "id");
        let line = format!("POST /api/v1/users/{id}/lifecycle/suspend");
        assert_eq!(raw::exchange(&org, raw::head(&org, &line, "").as_bytes()).await.status, 200);
    }
}

on_both_engines! {
    async fn a_body_of_another_type_than_json_is_refused(org: TestOrg) {
        let summary = "Bad request.  Accept and/or Content-Type headers likely do not match supported values.";
        let body = json!({ "profile": profile("isaac@example.com") }).to_string();
        for media_type in
            ["text/plain", "application/xml", "application/octet-stream", "application/x-www-form-urlencoded", "json"]
        {
            let answer = org.caller.send_raw(Method::POST, "/api/v1/users", Some((media_type, &body)), &[]).await;
            answer.refused(400, "E0000021", summary, &[]);
        }
        org.get("/api/v1/users/isaac@example.com").await.refused(
            404,
            "E0000007",
            "Not found: Resource not found: isaac@example.com (User)",
            &[],
        );
    }
}

on_both_engines! {
    async fn a_json_body_may_name_its_charset_or_nothing(org: TestOrg) {
        let types = [
            "application/json",
            "application/json; charset=UTF-8",
            "APPLICATION/JSON;charset=utf-8",
            "application/json; okta-response=omitCredentials",
        ];
        for (number, media_type) in types.into_iter().enumerate() {
            let body = json!({ "profile": profile(&format!("user{number}@example.com")) }).to_string();
            org.caller.send_raw(Method::POST, "/api/v1/users", Some((media_type, &body)), &[]).await.ok();
        }
        let body = json!({ "profile": profile("isaac@example.com") }).to_string();
        let head = raw::head(&org, "POST /api/v1/users", &format!("Content-Length: {}\r\n", body.len()));
        assert_eq!(raw::exchange(&org, (head + &body).as_bytes()).await.status, 200);
    }
}

on_both_engines! {
    async fn an_accept_header_without_json_is_not_acceptable(org: TestOrg) {
        let summary = "Accept Header did not contain supported media type 'application/json'";
        let path = "/api/v1/users/me";
        for accept in [
            "*/*",
            "application/*",
            "application/json",
            "application/json, */*;q=0.8",
            "text/html, application/json;q=0.1",
            "",
        ] {
            org.caller.send_raw(Method::GET, path, None, &[("accept", accept)]).await.ok();
        }
        for accept in ["text/html", "application/xml", "text/*, image/png;q=0.5"] {
            let answer = org.caller.send_raw(Method::GET, path, None, &[("accept", accept)]).await;
            answer.refused(406, "E0000122", summary, &[]);
        }
    }
}

/// A creation of a user whose JSON is padded to `size` bytes.
fn padded(size: usize) -> String {
    let body = json!({ "profile": profile("isaac@example.com") }).to_string();
    format!("{}{body}", " ".repeat(size - body.len()))
}

async fn send_sized(org: &TestOrg, size: usize) -> RawAnswer {
    let head =
        raw::head(org, "POST /api/v1/users", &format!("Content-Type: application/json\r\nContent-Length: {size}\r\n"));
    raw::exchange(org, (head + &padded(size)).as_bytes()).await
}

async fn send_chunked(org: &TestOrg, size: usize) -> RawAnswer {
    let mut request =
        raw::head(org, "POST /api/v1/users", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n");
    for chunk in padded(size).as_bytes().chunks(10_000) {
        request.push_str(&format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()));
    }
    raw::exchange(org, (request + "0\r\n\r\n").as_bytes()).await
}

on_both_engines! {
    async fn a_body_may_have_a_mebibyte_and_no_more(org: TestOrg) {
        let summary = "The request was not valid: The request body is too large.";
        for answer in [
            send_sized(&org, MEBIBYTE + 1).await,
            send_chunked(&org, MEBIBYTE + 1).await,
            send_sized(&org, 5 * MEBIBYTE).await,
        ] {
            answer.refused(413, "E0000002");
            assert_eq!(answer.json()["errorSummary"], summary);
        }
        assert_eq!(send_chunked(&org, MEBIBYTE).await.status, 200);
        let taken = "login: An object with this field already exists in the current organization";
        assert_eq!(send_sized(&org, MEBIBYTE).await.json()["errorCauses"][0]["errorSummary"], taken);
    }
}
