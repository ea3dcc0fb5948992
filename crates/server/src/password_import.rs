//! The password-import inline hook: asks another directory whether a password is the one it knows (behaviour.md E.9).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::CONTENT_TYPE;
use roster_model::inline_hook::PASSWORD_IMPORT;
use roster_store::authn::{ImportCall, ImportVerdict};
use roster_store::change::RequestContext;
use roster_store::clock::Clock;
use serde_json::{Value, json};

use crate::outbound::{Outbound, answer_to};

/// Who asks hooks.
#[derive(Clone)]
pub(crate) struct HookClient {
    outbound: Outbound,
    clock: Clock,
}

impl HookClient {
    pub(crate) fn new(outbound: Outbound, clock: Clock) -> Self {
        Self { outbound, clock }
    }
}

/// Asks the hook, once. Whatever goes wrong, the user is not let in, and the hook is asked again next time.
pub(crate) async fn ask(
    client: &HookClient,
    call: ImportCall,
    base_url: &str,
    context: &RequestContext,
) -> ImportVerdict {
    match request(client, &call, base_url, context).await {
        Ok(verdict) => verdict,
        Err(error) => {
            tracing::warn!(hook = %call.hook.id, "the password-import hook failed: {error}");
            ImportVerdict::Unavailable
        }
    }
}

async fn request(
    client: &HookClient,
    call: &ImportCall,
    base_url: &str,
    context: &RequestContext,
) -> Result<ImportVerdict, String> {
    let channel = &call.hook.channel;
    let mut request = client.outbound.client()?.post(&channel.uri).header(CONTENT_TYPE, "application/json");
    for header in channel.headers.iter().chain(&channel.auth_scheme) {
        request = request.header(&header.key, &header.value);
    }
    let body = question(call, &client.clock, base_url, context).to_string();
    verdict(&answer_to(request.body(body)).await?)
}

/// What a hook is sent.
fn question(call: &ImportCall, clock: &Clock, base_url: &str, context: &RequestContext) -> Value {
    json!({
        "eventId": URL_SAFE_NO_PAD.encode(fastrand::u128(..).to_be_bytes()),
        "eventTime": clock.now().to_string(),
        "eventType": PASSWORD_IMPORT,
        "eventTypeVersion": "1.0",
        "contentType": "application/json",
        "cloudEventVersion": "0.1",
        "source": format!("{base_url}/api/v1/inlineHooks/{}", call.hook.id),
        "data": {
            "context": {
                "request": {
                    "id": context.id,
                    "method": "POST",
                    "url": { "value": context.uri },
                    "ipAddress": context.ip_address,
                },
                "credential": { "username": call.username, "password": call.password.reveal() },
            },
            "action": { "credential": "UNVERIFIED" },
        },
    })
}

/// What a hook answered. No command leaves the action as it was sent.
fn verdict(answer: &[u8]) -> Result<ImportVerdict, String> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Ok(ImportVerdict::Unverified);
    }
    let answer: Value = serde_json::from_slice(answer).map_err(|_| "its answer is no JSON".to_owned())?;
    let commands = match answer.get("commands") {
        None | Some(Value::Null) => return Ok(ImportVerdict::Unverified),
        Some(Value::Array(commands)) => commands,
        Some(_) => return Err("its commands are no list".to_owned()),
    };
    let mut verdict = ImportVerdict::Unverified;
    for command in commands {
        if command.get("type").and_then(Value::as_str) != Some("com.okta.action.update") {
            return Err("it gave a command that there is not".to_owned());
        }
        verdict = match command.pointer("/value/credential").and_then(Value::as_str) {
            Some("VERIFIED") => ImportVerdict::Verified,
            Some("UNVERIFIED") => ImportVerdict::Unverified,
            _ => return Err("it gave a credential that there is not".to_owned()),
        };
    }
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_that_says_so_verifies_a_password() {
        let command = |value: &str| {
            json!({ "commands": [{ "type": "com.okta.action.update", "value": { "credential": value } }] }).to_string()
        };
        assert_eq!(verdict(command("VERIFIED").as_bytes()), Ok(ImportVerdict::Verified));
        assert_eq!(verdict(command("UNVERIFIED").as_bytes()), Ok(ImportVerdict::Unverified));
        for empty in ["", " \n", "{}", "{\"commands\":null}", "{\"commands\":[]}"] {
            assert_eq!(verdict(empty.as_bytes()), Ok(ImportVerdict::Unverified), "{empty}");
        }
        for malformed in ["VERIFIED", "{\"commands\":{}}", "{\"commands\":[{}]}", &command("YES")] {
            assert!(verdict(malformed.as_bytes()).is_err(), "{malformed}");
        }
    }
}
