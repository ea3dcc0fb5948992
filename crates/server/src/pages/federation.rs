//! Signing in through an OpenID provider: to it, and back with what it says (OpenID Connect Core 1.0, section 3.1).
//!
//! The state that comes back must be the one that this browser was sent away with, so nobody is signed in by a link that
//! another began.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use roster_model::error::ErrorCode;
use roster_model::identity_provider::federation::{
    FederatedIdentity, FederatedSignIn, OpenIdProvider, SIGN_IN_SECONDS,
};
use roster_model::oauth::jwk::PublicKey;
use roster_model::oauth::jws::Jws;
use roster_model::timestamp::Timestamp;
use roster_store::Error;
use roster_store::identity_providers::SignInProvider;
use roster_store::oauth::signature::is_signed_by;
use roster_store::secret::{Secret, random_bytes};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{PageError, Shown, Visit, redirect, steps};
use crate::outbound::{Outbound, answer_to};
use crate::request::{Query, Segment};
use crate::{App, cookies};

/// Where a sign-in through a provider begins (Okta's path).
pub(super) const BEGIN: &str = "/sso/idps/{idpId}";

/// Where providers send browsers back to (Okta's path).
pub(super) const CALLBACK: &str = "/oauth2/v1/authorize/callback";

/// The cookie that a browser is sent away with.
const COOKIE_NAME: &str = "federationState";

/// `GET /sso/idps/{idpId}?fromURI=…`: sends the browser to the provider.
pub(super) async fn begin(State(app): State<App>, visit: Visit, Segment(id): Segment, query: Query) -> Shown {
    let random = |bytes: [u8; 32]| URL_SAFE_NO_PAD.encode(bytes);
    let sign_in = FederatedSignIn {
        nonce: random(random_bytes().map_err(Error::from)?),
        code_verifier: random(random_bytes().map_err(Error::from)?),
        redirect_uri: format!("{}{CALLBACK}", visit.base_url),
        from_uri: visit.own_page(query.text("fromURI")).map(str::to_owned),
    };
    let (found, state) = app.store().begin_federated_sign_in(&visit.change, &id, &sign_in).await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sign_in.code_verifier));
    let parameters = found.open_id.authorization_parameters(&sign_in, state.reveal(), &challenge);
    let url = &found.open_id.authorization_url;
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut answer = redirect(&format!("{url}{joint}{}", form(&parameters)))?;
    cookies::set(&mut answer, &visit.base_url, COOKIE_NAME, state.reveal(), Some(SIGN_IN_SECONDS));
    Ok(answer)
}

/// `GET /oauth2/v1/authorize/callback`: who comes back is signed in, if the provider says who they are.
pub(super) async fn callback(State(app): State<App>, visit: Visit, headers: HeaderMap, query: Query) -> Shown {
    let mut answer = sign_in(&app, &visit, &headers, &query).await?;
    cookies::clear(&mut answer, &visit.base_url, COOKIE_NAME);
    Ok(answer)
}

async fn sign_in(app: &App, visit: &Visit, headers: &HeaderMap, query: &Query) -> Shown {
    let sent = cookies::read(headers, COOKIE_NAME);
    let state = query.text("state").map(Secret::from_text);
    let state = state.filter(|state| sent.is_some_and(|sent| sent.hash() == state.hash())).ok_or_else(over)?;
    let (found, sign_in) = match app.store().take_federated_sign_in(&visit.change, &state).await {
        Err(Error::Rule(problem)) if problem.code == ErrorCode::AuthenticationFailed => return Err(over()),
        taken => taken?,
    };
    let SignInProvider { provider, open_id } = &found;
    let code = query.text("code").ok_or_else(|| refused(&provider.name))?;
    let now = app.store().clock().now();
    let identity = ask(app.outbound(), open_id, &sign_in, code, now).await.map_err(|error| {
        tracing::warn!(provider = %provider.id, "nobody could be signed in through an identity provider: {error}");
        refused(&provider.name)
    })?;
    let from_uri = sign_in.from_uri.or_else(|| Some(super::HOME.to_owned()));
    match app.store().finish_federated_sign_in(&visit.change, provider.id.as_str(), identity, from_uri).await {
        Err(Error::Rule(problem)) if problem.code == ErrorCode::AuthenticationFailed => Err(no_account(&provider.name)),
        finished => steps::proceed(app, visit, finished?).await,
    }
}

/// Changes the code for tokens, and reads from them who the user is.
async fn ask(
    outbound: &Outbound,
    provider: &OpenIdProvider,
    sign_in: &FederatedSignIn,
    code: &str,
    now: Timestamp,
) -> Result<FederatedIdentity, String> {
    let client = outbound.client()?;
    let tokens = object(&answer_to(token_request(client, provider, sign_in, code)).await?)?;
    let text = |name: &str| tokens.get(name).and_then(Value::as_str);
    let token = text("id_token").and_then(Jws::parse).ok_or("it gave no id token")?;
    let keys = object(&answer_to(client.get(&provider.jwks_url).header(ACCEPT, "application/json")).await?)?;
    if !is_signed_by_any(&token, &keys) {
        return Err("none of its keys signed the id token".to_owned());
    }
    let mut identity = provider.identity(&token, sign_in, now)?;
    if let (Some(url), Some(access_token)) = (&provider.user_info_url, text("access_token")) {
        let told = answer_to(client.get(url).bearer_auth(access_token).header(ACCEPT, "application/json")).await?;
        identity.add_user_info(object(&told)?)?;
    }
    Ok(identity)
}

fn token_request(
    client: &reqwest::Client,
    provider: &OpenIdProvider,
    sign_in: &FederatedSignIn,
    code: &str,
) -> reqwest::RequestBuilder {
    let mut parameters = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &sign_in.redirect_uri),
        ("code_verifier", &sign_in.code_verifier),
    ];
    let mut request = client.post(&provider.token_url).header(ACCEPT, "application/json");
    match &provider.client_secret {
        Some(secret) if provider.authenticates_by_header => {
            // RFC 6749, 2.3.1: both are encoded as in a form first.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(&provider.client_id), Some(encoded(secret)));
        }
        secret => {
            parameters.push(("client_id", &provider.client_id));
            parameters.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
        }
    }
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form(&parameters))
}

fn form<T: AsRef<str>>(parameters: &[(&str, T)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| (name, value.as_ref()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn object(answer: &[u8]) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(answer).map_err(|_| "its answer is no JSON object".to_owned())
}

/// Whether one of these keys, the one that the token names if it names one, made its signature.
fn is_signed_by_any(token: &Jws<'_>, keys: &Map<String, Value>) -> bool {
    let keys = keys.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(PublicKey::from_jwk);
    let mut named = keys.filter(|key| token.kid.is_none() || key.kid == token.kid);
    named.any(|key| is_signed_by(token, &key))
}

fn over() -> PageError {
    let message = "It took too long, or was begun in another browser. Please begin again.";
    PageError::new(StatusCode::BAD_REQUEST, "This sign-in is over", message)
}

fn refused(provider: &str) -> PageError {
    let message = format!("{provider} did not say who you are. Please try again.");
    PageError::new(StatusCode::BAD_GATEWAY, "You are not signed in", &message)
}

fn no_account(provider: &str) -> PageError {
    let message =
        format!("No account here goes with yours at {provider}, or it may not be used. Ask your administrator.");
    PageError::new(StatusCode::FORBIDDEN, "You cannot sign in this way", &message)
}
