//! A client and its user, from the authorize endpoint to tokens.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use super::post_form;
use crate::context::{Answer, TestOrg, text};
use crate::pages::browser::{Browser, Page};
use crate::pages::signed_in;
use crate::users::fixtures::PASSWORD;

/// Where the client's users are sent back to.
pub(crate) const REDIRECT: &str = "https://app.example/callback";

/// A verifier and its challenge (RFC 7636, appendix B).
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The user of [`Flow`].
pub(crate) const LOGIN: &str = "isaac@example.com";

/// A client with a user.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) org: TestOrg,
    /// The app's id, which is the client's too.
    pub(crate) client: String,
    pub(crate) secret: Option<String>,
    /// The path of the user.
    pub(crate) user: String,
    /// What the paths of the authorization server begin with.
    pub(crate) server: &'static str,
}

/// The body that creates a client with these settings beside the usual ones.
pub(crate) fn client_body(label: &str, method: &str, settings: &Value) -> Value {
    let mut given = json!({
        "application_type": "web", "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "redirect_uris": [REDIRECT], "post_logout_redirect_uris": ["https://app.example/bye"],
    });
    given.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({
        "name": "oidc_client", "label": label, "signOnMode": "OPENID_CONNECT",
        "credentials": { "oauthClient": { "token_endpoint_auth_method": method } },
        "settings": { "oauthClient": given },
    })
}

impl Flow {
    /// A client with a secret, which its user has.
    pub(crate) async fn new(org: &TestOrg) -> Self {
        Self::with(org, &json!({})).await
    }

    /// The same with these settings.
    pub(crate) async fn with(org: &TestOrg, settings: &Value) -> Self {
        let user = org.create_active(LOGIN, PASSWORD).await;
        let user = format!("/api/v1/users/{}", text(&user, "id"));
        let flow = Self { org: org.clone(), client: String::new(), secret: None, user, server: "/oauth2/v1" };
        flow.another_client("client_secret_basic", settings).await
    }

    /// The same user with another client.
    pub(crate) async fn another_client(&self, method: &str, settings: &Value) -> Self {
        let label = format!("App {}", fastrand::u32(..));
        let made = self.org.post("/api/v1/apps", client_body(&label, method, settings)).await.ok();
        let client = text(&made, "id");
        let id = self.user.rsplit('/').next().unwrap();
        self.org.post(&format!("/api/v1/apps/{client}/users"), json!({ "id": id })).await.ok();
        let secret = made["credentials"]["oauthClient"]["client_secret"].as_str().map(str::to_owned);
        Self { client, secret, ..self.clone() }
    }

    /// A client without a secret.
    pub(crate) async fn public_client(&self, settings: &Value) -> Self {
        self.another_client("none", settings).await
    }

    /// The path of an authorize request, with these parameters over the usual ones; an empty value leaves one out.
    pub(crate) fn path(&self, more: &[(&str, &str)]) -> String {
        let mut parameters = BTreeMap::from([
            ("client_id", self.client.as_str()),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access"),
            ("state", "st&te"),
            ("nonce", "n0nce"),
        ]);
        if self.secret.is_none() {
            parameters.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        }
        parameters.extend(more.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/authorize?{query}", self.server)
    }

    /// A browser in which the user is signed in.
    pub(crate) async fn browser(&self) -> Browser {
        signed_in(&self.org, LOGIN, PASSWORD).await
    }

    /// What the client is answered to a request of who is signed in.
    pub(crate) async fn answer(&self, browser: &Browser, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        answered(&browser.get(&self.path(more)).await)
    }

    /// A code.
    pub(crate) async fn code(&self, more: &[(&str, &str)]) -> String {
        let answer = self.answer(&self.browser().await, more).await;
        answer.get("code").unwrap_or_else(|| panic!("no code in {answer:?}")).clone()
    }

    /// Asks the token endpoint, with the client's credentials.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let mut form = form.to_vec();
        let mut headers = Vec::new();
        let basic = self
            .secret
            .as_ref()
            .map(|secret| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", self.client))));
        match &basic {
            Some(basic) => headers.push(("authorization", basic.as_str())),
            None => form.push(("client_id", &self.client)),
        }
        let path = format!("{}/token", self.server);
        post_form(&self.org.with_token(None), &path, &form, &headers).await
    }

    /// Changes a code for tokens.
    pub(crate) async fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut form =
            BTreeMap::from([("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)]);
        if self.secret.is_none() {
            form.insert("code_verifier", VERIFIER);
        }
        form.extend(more.iter().copied());
        form.retain(|_, value| !value.is_empty());
        self.token(&form.into_iter().collect::<Vec<_>>()).await
    }

    /// Tokens from a fresh code.
    pub(crate) async fn tokens(&self, more: &[(&str, &str)]) -> Value {
        let code = self.code(more).await;
        self.exchange(&code, &[]).await.ok()
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
        self.token(&form).await
    }

    /// Whether an access token is good: the userinfo endpoint takes it.
    pub(crate) async fn is_good(&self, tokens: &Value) -> bool {
        let bearer = self.org.caller.authorized(&format!("Bearer {}", text(tokens, "access_token")));
        let answer = bearer.send(Method::GET, &format!("{}/userinfo", self.server), None).await;
        assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
        answer.status == 200
    }

    /// The types of the events that the log has of this kind.
    pub(crate) async fn events(&self, kind: &str) -> usize {
        let log = self.org.get(&format!("/api/v1/logs?filter=eventType%20eq%20%22{kind}%22")).await.ok();
        log.as_array().unwrap().len()
    }
}

/// What a redirect tells the client.
#[track_caller]
pub(crate) fn answered(page: &Page) -> BTreeMap<String, String> {
    let target = page.target().unwrap_or_else(|| panic!("no redirect: {page:?}"));
    let answer = target.strip_prefix(REDIRECT).unwrap_or_else(|| panic!("not to the client: {target}"));
    assert!(answer.starts_with(['?', '#']), "{answer}");
    form_urlencoded::parse(&answer.as_bytes()[1..]).into_owned().collect()
}

/// Asserts that the client is told of this error, with its state and the issuer.
#[track_caller]
pub(crate) fn refused(answer: &BTreeMap<String, String>, error: &str, description: &str) {
    let told = ["error", "error_description", "state"].map(|name| answer.get(name).map_or("", String::as_str));
    assert_eq!(told, [error, description, "st&te"], "{answer:?}");
    assert!(answer["iss"].starts_with("http://") && !answer.contains_key("code"), "{answer:?}");
}

/// The half hash by which an id token names what came with it.
pub(crate) fn half_hash(text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash[..16])
}
