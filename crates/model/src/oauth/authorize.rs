//! The authorize endpoint (RFC 6749, section 3.1; OpenID Connect Core, section 3): what a request asks for, and what its
//! user is asked before the client gets it.
//!
//! Invariant: nothing is sent to a redirect URI that the client did not register. [`redirect_uri`] is asked first, and
//! what it refuses is shown to the user; only then is there a [`ReturnAddress`] to send anything to.

use super::client::{ApplicationType, Client, ConsentMethod, GrantType, ResponseType};
use super::consent::ScopeConsent;
use super::error::{OAuthError, OAuthMistake as Mistake};
use super::oidc_scope::OidcScope;
use super::parameters::Parameters;
use super::pkce::{self, CodeChallenge};
use super::prompt::Prompt;
use super::response_mode::{ResponseMode, ResponseTypes};
use crate::timestamp::Timestamp;

/// Characters that a parameter may have which is kept and handed back.
const MAX_CHARACTERS: usize = 2048;

/// What our own sign-in page sends along when it was asked for anew: sign-ins before this time do not count.
pub const SIGNED_IN_AFTER: &str = "signed_in_after";

/// Where the user is sent back to: the redirect URI of the request, if the client registered it.
///
/// # Errors
/// If it did not.
pub fn redirect_uri(client: &Client, given: Option<&str>) -> Result<String, OAuthError> {
    let given = given.ok_or_else(|| OAuthError::about(Mistake::MissingAuthorizeParameter, "redirect_uri"))?;
    let matches =
        |registered: &String| registered == given || (client.wildcard_redirect && is_below_wildcard(registered, given));
    let is_registered = client.redirect_uris.iter().any(matches);
    is_registered.then(|| given.to_owned()).ok_or_else(|| Mistake::UnregisteredRedirectUri.into())
}

/// Whether `given` is `registered` with one label in place of the asterisk that its host begins with.
fn is_below_wildcard(registered: &str, given: &str) -> bool {
    let Some((scheme, rest)) = registered.split_once("://*.") else { return false };
    let label = given.strip_prefix(scheme).and_then(|given| given.strip_prefix("://"));
    let label = label.and_then(|given| given.strip_suffix(rest)).and_then(|label| label.strip_suffix('.'));
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    label.is_some_and(is_label)
}

/// Where an answer goes, an error too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnAddress {
    /// The client's registered URI.
    pub redirect_uri: String,
    /// How the answer gets there.
    pub mode: ResponseMode,
    /// What the client knows its request by.
    pub state: Option<String>,
}

impl ReturnAddress {
    /// Where the answer to a request goes, even if its other parameters make no sense.
    #[must_use]
    pub fn of(parameters: &Parameters, redirect_uri: String) -> Self {
        let types = parameters.get("response_type").and_then(ResponseTypes::parse);
        let asked = parameters.get("response_mode").and_then(ResponseMode::parse);
        let asked = asked.filter(|mode| types.is_none_or(|types| mode.carries(types)));
        let mode = asked.or_else(|| types.map(ResponseTypes::default_mode)).unwrap_or(ResponseMode::Query);
        Self { redirect_uri, mode, state: parameters.get("state").map(str::to_owned) }
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizeRequest {
    /// Where the answer goes.
    pub return_address: ReturnAddress,
    /// What it holds.
    pub response_types: ResponseTypes,
    /// The scopes, each once.
    pub scopes: Vec<String>,
    /// What ties an id token to the request.
    pub nonce: Option<String>,
    /// What the user is asked.
    pub prompt: Prompt,
    /// Seconds that the sign-in may be old.
    pub max_age: Option<i64>,
    /// Sign-ins before this do not count, as the user was asked to sign in again then.
    pub signed_in_after: Option<Timestamp>,
    /// Who will redeem the code.
    pub challenge: Option<CodeChallenge>,
}

impl AuthorizeRequest {
    /// Reads a request whose redirect URI is the client's.
    ///
    /// # Errors
    /// The first mistake in it, which goes to the return address.
    pub fn parse(parameters: &Parameters, client: &Client, return_address: ReturnAddress) -> Result<Self, OAuthError> {
        if let Some(name) = parameters.repeated() {
            return Err(OAuthError::about(Mistake::RepeatedParameter, name));
        }
        for (name, mistake) in UNSUPPORTED {
            if parameters.get(name).is_some() {
                return Err((*mistake).into());
            }
        }
        let response_types = response_types(parameters, client)?;
        if parameters.get("response_mode").is_some_and(|mode| ResponseMode::parse(mode).is_none()) {
            return Err(Mistake::UnknownResponseMode.into());
        }
        let asked = parameters.get("response_mode").and_then(ResponseMode::parse);
        if asked.is_some_and(|mode| !mode.carries(response_types)) {
            return Err(Mistake::TokensInQuery.into());
        }
        if return_address.state.as_ref().is_none_or(|state| state.len() > MAX_CHARACTERS) {
            return Err(Mistake::InvalidState.into());
        }
        let scopes = scopes(parameters, client, response_types)?;
        let nonce = parameters.get("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_CHARACTERS)
            || (response_types.id_token && nonce.is_none())
        {
            return Err(Mistake::InvalidNonce.into());
        }
        let prompt = match parameters.get("prompt") {
            None => Prompt::AsNeeded,
            Some(text) => {
                Prompt::parse(text).ok_or_else(|| OAuthError::about(Mistake::InvalidPrompt, Prompt::SUPPORTED))?
            }
        };
        let max_age = max_age(parameters)?;
        if max_age == Some(0) && prompt == Prompt::None {
            return Err(Mistake::NoPromptForSignIn.into());
        }
        Ok(Self {
            challenge: challenge(parameters, client, response_types)?,
            signed_in_after: parameters
                .get(SIGNED_IN_AFTER)
                .and_then(|text| text.parse().ok())
                .map(Timestamp::from_millis),
            return_address,
            response_types,
            scopes,
            nonce,
            prompt,
            max_age,
        })
    }

    /// Whether a sign-in at `signed_in` is too old for the request at `now`.
    #[must_use]
    pub fn is_too_old(&self, signed_in: Timestamp, now: Timestamp) -> bool {
        self.prompt.asks_login()
            || self.signed_in_after.is_some_and(|after| signed_in < after)
            || self.max_age.is_some_and(|age| age == 0 || signed_in.plus_seconds(age) < now)
    }

    /// Whether this scope was asked for.
    #[must_use]
    pub fn has_scope(&self, scope: OidcScope) -> bool {
        self.scopes.iter().any(|asked| asked == scope.as_str())
    }
}

/// Parameters that nothing here can do, and ignoring which would do something else than was asked.
const UNSUPPORTED: &[(&str, Mistake)] =
    &[("request", Mistake::RequestObjectNotSupported), ("idp", Mistake::UnknownIdentityProvider)];

fn response_types(parameters: &Parameters, client: &Client) -> Result<ResponseTypes, OAuthError> {
    let configured = || {
        let types: Vec<&str> = client.response_types.iter().map(|kind| kind.as_str()).collect();
        OAuthError::about(Mistake::UnsupportedResponseType, types.join(", "))
    };
    let text = parameters.get("response_type");
    let text = text.ok_or_else(|| OAuthError::about(Mistake::MissingAuthorizeParameter, "response_type"))?;
    let types = ResponseTypes::parse(text).ok_or_else(configured)?;
    if !types.parts().all(|part| client.response_types.contains(&part)) {
        return Err(configured());
    }
    let needed = |part| match part {
        ResponseType::Code => GrantType::AuthorizationCode,
        ResponseType::Token | ResponseType::IdToken => GrantType::Implicit,
    };
    if !types.parts().all(|part| client.may_use(needed(part))) {
        let grants: Vec<&str> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
        return Err(OAuthError::about(Mistake::GrantTypeNotAllowed, grants.join(", ")));
    }
    Ok(types)
}

/// The scopes that were asked for. `offline_access` is dropped where no refresh token can come of it (OpenID Connect Core,
/// section 11).
fn scopes(parameters: &Parameters, client: &Client, types: ResponseTypes) -> Result<Vec<String>, OAuthError> {
    let text = parameters.get("scope").unwrap_or_default();
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.is_empty() {
        return Err(Mistake::NoScopesRequested.into());
    }
    let has = |scope: OidcScope| scopes.iter().any(|asked| asked == scope.as_str());
    let is_oidc = scopes
        .iter()
        .any(|scope| OidcScope::from_text(scope).is_some_and(|scope| !matches!(scope, OidcScope::OfflineAccess)));
    if (types.id_token || is_oidc) && !has(OidcScope::OpenId) {
        return Err(Mistake::OpenIdScopeRequired.into());
    }
    if !types.code || !client.may_use(GrantType::RefreshToken) {
        scopes.retain(|scope| scope != OidcScope::OfflineAccess.as_str());
    }
    Ok(scopes)
}

fn max_age(parameters: &Parameters) -> Result<Option<i64>, OAuthError> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    let seconds = text.parse::<i64>().ok().filter(|seconds| (0..=i64::from(i32::MAX)).contains(seconds));
    seconds.map(Some).ok_or_else(|| Mistake::InvalidMaxAge.into())
}

fn challenge(
    parameters: &Parameters,
    client: &Client,
    types: ResponseTypes,
) -> Result<Option<CodeChallenge>, OAuthError> {
    if !types.code {
        return Ok(None);
    }
    let Some(challenge) = parameters.get("code_challenge") else {
        let is_needed = client.pkce_required
            || client.application_type == ApplicationType::Browser
            || parameters.get("code_challenge_method").is_some();
        return if is_needed { Err(Mistake::NoCodeChallenge.into()) } else { Ok(None) };
    };
    // Without a method it would be `plain` (RFC 7636, section 4.3).
    if parameters.get("code_challenge_method") != Some(pkce::METHOD) {
        return Err(OAuthError::about(Mistake::UnknownChallengeMethod, pkce::METHOD));
    }
    CodeChallenge::parse(challenge).map(Some).ok_or_else(|| Mistake::InvalidCodeChallenge.into())
}

/// Where the user of a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When they signed in; none without a session.
    pub signed_in: Option<Timestamp>,
    /// Whether they may use the app.
    pub is_assigned: bool,
    /// Whether they have to be asked for a scope.
    pub lacks_consent: bool,
}

/// What is to be done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The user has to sign in.
    SignIn,
    /// The user has to be asked.
    AskConsent,
    /// The client gets what it asked for.
    Issue,
    /// The client gets an error.
    Refuse(Mistake),
}

/// What is to be done about a request at `now`.
#[must_use]
pub fn decide(request: &AuthorizeRequest, standing: Standing, now: Timestamp) -> Decision {
    let silent = request.prompt == Prompt::None;
    match standing.signed_in {
        None if silent => return Decision::Refuse(Mistake::LoginRequired),
        Some(signed_in) if silent && request.is_too_old(signed_in, now) => {
            return Decision::Refuse(Mistake::ReauthenticationRequired);
        }
        None => return Decision::SignIn,
        Some(signed_in) if request.is_too_old(signed_in, now) => return Decision::SignIn,
        Some(_) => {}
    }
    if !standing.is_assigned {
        return Decision::Refuse(Mistake::UserNotAssigned);
    }
    match standing.lacks_consent {
        true if silent => Decision::Refuse(Mistake::ConsentRequired),
        true => Decision::AskConsent,
        false => Decision::Issue,
    }
}

/// Whether the user has to be asked for a scope that says `consent`; `granted` if they were before.
#[must_use]
pub const fn lacks_consent(consent: ScopeConsent, method: ConsentMethod, prompt: Prompt, granted: bool) -> bool {
    consent.is_needed(method, prompt) && (prompt.asks_consent() || !granted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn client(settings: &serde_json::Value) -> Client {
        let mut given = json!({ "application_type": "web", "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "redirect_uris": ["https://a.example/cb"] });
        given.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let credentials = json!({ "client_id": "c", "token_endpoint_auth_method": "client_secret_basic" });
        let document = json!({ "credentials": { "oauthClient": credentials }, "settings": { "oauthClient": given } });
        Client::of_application("A", document.as_object().unwrap()).unwrap()
    }

    fn parameters(more: &str) -> Parameters {
        let whole = format!("response_type=code&scope=openid&state=s&{more}");
        let pairs = whole.split('&').filter_map(|pair| pair.split_once('='));
        let mut given = Parameters::default();
        for (name, value) in pairs {
            given = if value.is_empty() { given.without(name) } else { given.with(name, &value.replace('+', " ")) };
        }
        given
    }

    fn parse(more: &str, client: &Client) -> Result<AuthorizeRequest, Mistake> {
        let given = parameters(more);
        let address = ReturnAddress::of(&given, "https://a.example/cb".to_owned());
        AuthorizeRequest::parse(&given, client, address).map_err(|error| error.mistake)
    }

    #[test]
    fn a_redirect_uri_is_taken_only_as_it_was_registered() {
        let exact = client(&json!({}));
        assert_eq!(redirect_uri(&exact, Some("https://a.example/cb")).unwrap(), "https://a.example/cb");
        for uri in [
            "https://a.example/cb/",
            "https://a.example/cb?x=1",
            "https://a.example/cb#",
            "http://a.example/cb",
            "https://A.example/cb",
            "https://a.example/cb/../evil",
            "https://a.example@evil.example/cb",
            "https://a.example.evil.example/cb",
            "//a.example/cb",
            "https://a.example/%63b",
            "",
        ] {
            assert_eq!(redirect_uri(&exact, Some(uri)).unwrap_err().mistake, Mistake::UnregisteredRedirectUri, "{uri}");
        }
        assert_eq!(redirect_uri(&exact, None).unwrap_err().mistake, Mistake::MissingAuthorizeParameter);
    }

    #[test]
    fn an_asterisk_stands_for_one_label_where_the_client_may_have_one() {
        let uris = json!({ "redirect_uris": ["https://*.a.example/cb"], "wildcard_redirect": "SUBDOMAIN" });
        let wild = client(&uris);
        assert!(redirect_uri(&wild, Some("https://b.a.example/cb")).is_ok());
        for uri in [
            "https://a.example/cb",
            "https://.a.example/cb",
            "https://c.b.a.example/cb",
            "http://b.a.example/cb",
            "https://evil.example/.a.example/cb",
            "https://evil.example?.a.example/cb",
            "https://b.a.example/cb2",
            "https://evil.example#.a.example/cb",
            "https://x@b.a.example/cb",
        ] {
            assert!(redirect_uri(&wild, Some(uri)).is_err(), "{uri}");
        }
        let mut tame = uris;
        tame["wildcard_redirect"] = json!("DISABLED");
        assert!(redirect_uri(&client(&tame), Some("https://b.a.example/cb")).is_err());
    }

    #[test]
    fn each_mistake_of_a_request_is_told() {
        let web = client(&json!({}));
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        for (more, mistake) in [
            ("response_type=", Mistake::MissingAuthorizeParameter),
            ("response_type=token", Mistake::UnsupportedResponseType),
            ("response_type=magic", Mistake::UnsupportedResponseType),
            ("response_mode=jwt", Mistake::UnknownResponseMode),
            ("state=", Mistake::InvalidState),
            ("scope=", Mistake::NoScopesRequested),
            ("scope=profile", Mistake::OpenIdScopeRequired),
            ("prompt=select_account", Mistake::InvalidPrompt),
            ("max_age=-1", Mistake::InvalidMaxAge),
            ("max_age=soon", Mistake::InvalidMaxAge),
            ("max_age=0&prompt=none", Mistake::NoPromptForSignIn),
            ("request=eyJ", Mistake::RequestObjectNotSupported),
            ("idp=0oa1", Mistake::UnknownIdentityProvider),
            ("code_challenge_method=S256", Mistake::NoCodeChallenge),
            ("code_challenge=short&code_challenge_method=S256", Mistake::InvalidCodeChallenge),
            (&format!("code_challenge={challenge}"), Mistake::UnknownChallengeMethod),
            (&format!("code_challenge={challenge}&code_challenge_method=plain"), Mistake::UnknownChallengeMethod),
        ] {
            assert_eq!(parse(more, &web).unwrap_err(), mistake, "{more}");
        }
        assert!(parse(&format!("code_challenge={challenge}&code_challenge_method=S256"), &web).is_ok());
    }

    #[test]
    fn tokens_need_the_implicit_grant_and_no_query() {
        let types = json!({ "response_types": ["code", "token", "id_token"] });
        let without = client(&types);
        assert_eq!(parse("response_type=id_token&nonce=n", &without).unwrap_err(), Mistake::GrantTypeNotAllowed);
        let mut with = types;
        with["grant_types"] = json!(["authorization_code", "implicit"]);
        let with = client(&with);
        assert_eq!(parse("response_type=id_token", &with).unwrap_err(), Mistake::InvalidNonce);
        assert_eq!(parse("response_type=token&response_mode=query", &with).unwrap_err(), Mistake::TokensInQuery);
        let request = parse("response_type=code+id_token&nonce=n", &with).unwrap();
        assert_eq!(request.return_address.mode, ResponseMode::Fragment);
    }

    #[test]
    fn offline_access_is_dropped_where_no_refresh_token_can_come_of_it() {
        let offline = "scope=openid+offline_access+openid";
        assert_eq!(parse(offline, &client(&json!({}))).unwrap().scopes, ["openid", "offline_access"]);
        let without = client(&json!({ "grant_types": ["authorization_code"] }));
        assert_eq!(parse(offline, &without).unwrap().scopes, ["openid"]);
    }

    #[test]
    fn who_has_no_secret_must_prove_who_asked() {
        let browser = client(&json!({ "application_type": "browser" }));
        assert_eq!(parse("nonce=n", &browser).unwrap_err(), Mistake::NoCodeChallenge);
    }

    #[test]
    fn the_user_is_asked_only_what_has_to_be_asked() {
        let web = client(&json!({}));
        let at = Timestamp::from_millis;
        let standing = Standing { signed_in: Some(at(0)), is_assigned: true, lacks_consent: false };
        let decided = |more: &str, standing: Standing, now: i64| decide(&parse(more, &web).unwrap(), standing, at(now));
        assert_eq!(decided("", standing, 0), Decision::Issue);
        assert_eq!(decided("", Standing { signed_in: None, ..standing }, 0), Decision::SignIn);
        assert_eq!(decided("prompt=login", standing, 0), Decision::SignIn);
        assert_eq!(decided("max_age=10", standing, 10_000), Decision::Issue);
        assert_eq!(decided("max_age=10", standing, 10_001), Decision::SignIn);
        assert_eq!(decided("max_age=0", standing, 0), Decision::SignIn);
        assert_eq!(decided("signed_in_after=1", standing, 0), Decision::SignIn);
        assert_eq!(decided("", Standing { lacks_consent: true, ..standing }, 0), Decision::AskConsent);
        assert_eq!(
            decided("", Standing { is_assigned: false, lacks_consent: true, ..standing }, 0),
            Decision::Refuse(Mistake::UserNotAssigned)
        );
    }

    #[test]
    fn prompt_none_asks_nothing() {
        let web = client(&json!({}));
        let at = Timestamp::from_millis;
        let standing = Standing { signed_in: Some(at(0)), is_assigned: true, lacks_consent: false };
        let decided = |more: &str, standing: Standing, now: i64| {
            decide(&parse(&format!("prompt=none&{more}"), &web).unwrap(), standing, at(now))
        };
        assert_eq!(decided("", standing, 0), Decision::Issue);
        let nobody = Standing { signed_in: None, ..standing };
        assert_eq!(decided("", nobody, 0), Decision::Refuse(Mistake::LoginRequired));
        assert_eq!(decided("max_age=1", standing, 2_000), Decision::Refuse(Mistake::ReauthenticationRequired));
        let unasked = Standing { lacks_consent: true, ..standing };
        assert_eq!(decided("", unasked, 0), Decision::Refuse(Mistake::ConsentRequired));
    }
}
