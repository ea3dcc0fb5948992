//! `/oauth2`: authorization servers, clients and their tokens.

mod access;
mod assertions;
mod authorize;
mod codes;
mod consent;
mod dpop;
pub(crate) mod flow;
mod forged;
mod introspect;
mod keys;
mod metadata;
mod refresh;
mod token;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::Method;
use roster_model::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::context::{Answer, Caller, TestOrg, text};

/// A client's key.
pub(crate) struct ClientKey(SigningKey);

impl ClientKey {
    pub(crate) fn new() -> Self {
        let mut bytes = [0_u8; 32];
        getrandom(&mut bytes);
        Self(SigningKey::from_slice(&bytes).unwrap())
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.0.verifying_key().to_sec1_point(false);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "x": text(&point.as_bytes()[1..33]), "y": text(&point.as_bytes()[33..]) })
    }

    /// A signed token.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn getrandom(bytes: &mut [u8]) {
    // Never all zeros, which would be no key.
    bytes.iter_mut().for_each(|byte| *byte = fastrand::u8(1..));
}

/// Header and claims as a token carries them.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A client that speaks for itself, and the key that it proves that with.
pub(crate) struct ServiceApp {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) key: ClientKey,
    caller: Caller,
}

/// The body that creates such a client.
pub(crate) fn service_app(label: &str, jwk: &Value, dpop: bool) -> Value {
    json!({
        "name": "oidc_client", "label": label, "signOnMode": "OPENID_CONNECT",
        "credentials": { "oauthClient": { "token_endpoint_auth_method": "private_key_jwt" } },
        "settings": { "oauthClient": {
            "application_type": "service", "grant_types": ["client_credentials"], "response_types": ["token"],
            "jwks": { "keys": [jwk] }, "dpop_bound_access_tokens": dpop,
        } },
    })
}

impl ServiceApp {
    /// Makes one that was granted these scopes.
    pub(crate) async fn made(caller: &Caller, scopes: &[&str]) -> Self {
        Self::made_with(caller, scopes, false).await
    }

    /// Makes one whose tokens are bound to its key, or not.
    pub(crate) async fn made_with(caller: &Caller, scopes: &[&str], dpop: bool) -> Self {
        let key = ClientKey::new();
        let body = service_app("Robot", &key.jwk(), dpop);
        let made = caller.send(Method::POST, "/api/v1/apps", Some(body)).await.ok();
        let id = text(&made, "id");
        for scope in scopes {
            let grant = json!({ "issuer": "https://ignored.example", "scopeId": scope });
            caller.send(Method::POST, &format!("/api/v1/apps/{id}/grants"), Some(grant)).await.ok();
        }
        let client_id = text(&made, "credentials.oauthClient.client_id");
        Self { id, client_id, key, caller: caller.without_token() }
    }

    /// The claims of an assertion that is good.
    pub(crate) fn assertion_claims(&self, org: &TestOrg) -> Value {
        let now = now(org);
        json!({
            "iss": self.client_id, "sub": self.client_id, "aud": format!("http://{}/oauth2/v1/token", self.caller.host()),
            "iat": now, "exp": now + 300, "jti": format!("{:x}", fastrand::u128(..)),
        })
    }

    /// The form that asks for these scopes with an assertion.
    pub(crate) fn form<'a>(&self, scope: &'a str, assertion: &'a str) -> Vec<(&'static str, &'a str)> {
        vec![
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ]
    }

    /// Asks for a token with this assertion.
    pub(crate) async fn ask(&self, scope: &str, assertion: &str) -> Answer {
        post_form(&self.caller, "/oauth2/v1/token", &self.form(scope, assertion), &[]).await
    }

    /// A token with these scopes.
    pub(crate) async fn token(&self, org: &TestOrg, scope: &str) -> String {
        let assertion = self.key.sign(&json!({ "alg": "ES256" }), &self.assertion_claims(org));
        text(&self.ask(scope, &assertion).await.ok(), "access_token")
    }

    /// A caller with a token with these scopes.
    pub(crate) async fn bearer(&self, org: &TestOrg, scope: &str) -> Caller {
        self.caller.authorized(&format!("Bearer {}", self.token(org, scope).await))
    }
}

/// The org's time, in seconds.
pub(crate) fn now(org: &TestOrg) -> i64 {
    let now: Timestamp = org.clock.now();
    now.as_millis() / 1000
}

/// Sends a form.
pub(crate) async fn post_form(caller: &Caller, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('%', "%25").replace('+', "%2B").replace('&', "%26")))
        .collect();
    let body = body.join("&");
    caller.send_raw(Method::POST, path, Some(("application/x-www-form-urlencoded", &body)), headers).await
}

impl Answer {
    /// An error in OAuth's words.
    #[track_caller]
    pub(crate) fn refused_by_oauth(&self, status: u16, error: &str, description: &str) {
        let told = json!({ "error": error, "error_description": description });
        assert_eq!((self.status, &self.body), (status, &told));
    }
}
