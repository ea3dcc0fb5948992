//! Signing in through an OpenID provider: a small one in this process, which can lie.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use crate::context::{TestOrg, text};
use crate::pages::browser::{Browser, Page};

/// The headers and the form of a token request.
type Asked = (HeaderMap, HashMap<String, String>);

/// An OpenID provider whose every user is the one that the test says.
#[derive(Clone)]
struct Provider {
    issuer: String,
    key: Arc<SigningKey>,
    /// Whom it signs in, and what it lies about; `None` refuses the code.
    claims: Arc<Mutex<Option<Value>>>,
    /// What it was asked for its token.
    asked: Arc<Mutex<Vec<Asked>>>,
    /// The key that signs, where it is not the one that it publishes.
    signs_with: Arc<Mutex<Option<SigningKey>>>,
}

fn draw() -> SigningKey {
    let mut bytes = [0; 32];
    bytes.iter_mut().for_each(|byte| *byte = fastrand::u8(1..));
    SigningKey::from_slice(&bytes).unwrap()
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self {
            issuer,
            key: Arc::new(draw()),
            claims: Arc::default(),
            asked: Arc::default(),
            signs_with: Arc::default(),
        };
        let (keys, token) = (provider.clone(), provider.clone());
        let router = axum::Router::new()
            .route("/keys", get(move || async move { Json(json!({ "keys": [keys.jwk()] })) }))
            .route("/token", post(move |headers: HeaderMap, body: Bytes| async move { token.answer(headers, &body) }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (x, y) = (text(&point.as_bytes()[1..33]), text(&point.as_bytes()[33..]));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "one", "use": "sig" })
    }

    fn answer(&self, headers: HeaderMap, body: &[u8]) -> Response {
        let form = form_urlencoded::parse(body).into_owned().collect();
        self.asked.lock().push((headers, form));
        let Some(claims) = self.claims.lock().clone() else {
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "one" })), part(&claims));
        let lie = self.signs_with.lock().clone();
        let signature: Signature = lie.as_ref().unwrap_or(&self.key).sign(signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
        Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token })).into_response()
    }

    /// Makes the org know this provider, with a policy over the defaults, and answers its id.
    async fn register(&self, org: &TestOrg, policy: Value) -> String {
        let at = |path: &str, binding: &str| json!({ "url": format!("{}/{path}", self.issuer), "binding": binding });
        let client = json!({ "client_id": "roster", "client_secret": "s&cret" });
        let body = json!({
            "type": "OIDC",
            "name": "Elsewhere",
            "protocol": {
                "type": "OIDC",
                "issuer": { "url": self.issuer },
                "endpoints": {
                    "authorization": at("authorize", "HTTP-REDIRECT"),
                    "token": at("token", "HTTP-POST"),
                    "jwks": at("keys", "HTTP-REDIRECT"),
                },
                "scopes": ["openid", "email", "profile"],
                "credentials": { "client": client },
            },
            "policy": policy,
        });
        text(&org.post("/api/v1/idps", body).await.ok(), "id")
    }

    /// What an id token says of this user now, in answer to this authorization request.
    fn claims_of(&self, org: &TestOrg, sub: &str, email: &str, request: &HashMap<String, String>) -> Value {
        let now = org.clock.now().as_millis() / 1000;
        json!({
            "iss": self.issuer, "aud": "roster", "sub": sub, "iat": now, "exp": now + 60, "nonce": request["nonce"],
            "email": email, "email_verified": true, "given_name": "Ada", "family_name": "Lovelace",
        })
    }
}

/// Begins a sign-in, and answers what the provider is asked.
async fn begin(browser: &Browser, id: &str, provider: &Provider) -> HashMap<String, String> {
    let target = browser.get(&format!("/sso/idps/{id}?fromURI=/app/UserHome")).await.target().unwrap();
    let query = target.strip_prefix(&format!("{}/authorize?", provider.issuer)).unwrap_or_else(|| panic!("{target}"));
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Comes back from the provider with a code, and follows where that leads.
async fn come_back(browser: &Browser, state: &str) -> Page {
    let page = browser.get(&format!("/oauth2/v1/authorize/callback?code=abc&state={state}")).await;
    browser.follow(page).await
}

/// Signs in as the user that the provider has by this id, with what `change` makes of the claims.
async fn sign_in(org: &TestOrg, provider: &Provider, id: &str, sub: &str, change: impl FnOnce(&mut Value)) -> Page {
    let browser = Browser::new(org);
    let request = begin(&browser, id, provider).await;
    let mut claims = provider.claims_of(org, sub, "ada@elsewhere.example", &request);
    change(&mut claims);
    *provider.claims.lock() = Some(claims);
    come_back(&browser, &request["state"]).await
}

fn is_home(page: &Page) -> bool {
    (page.status, page.path.as_str()) == (200, "/app/UserHome")
}

on_both_engines! {
    async fn who_is_new_becomes_a_user_and_is_known_the_next_time(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let home = sign_in(&org, &provider, &id, "e1", |_| {}).await;
        assert!(is_home(&home), "{home:?}");
        let user = org.get("/api/v1/users/ada@elsewhere.example").await.ok();
        assert_eq!((text(&user, "status"), text(&user, "profile.lastName")), ("ACTIVE".into(), "Lovelace".into()));
        assert_eq!(text(&user, "credentials.provider.type"), "FEDERATION");
        assert!(user["credentials"].get("password").is_none());
        let links = org.get(&format!("/api/v1/idps/{id}/users")).await.ok();
        assert_eq!((links.as_array().unwrap().len(), text(&links[0], "externalId")), (1, "e1".into()));
        // Known by the provider's id alone, whatever it calls them now.
        let again = sign_in(&org, &provider, &id, "e1", |claims| claims["email"] = json!("other@elsewhere.example"));
        assert!(is_home(&again.await));
        org.get("/api/v1/users/other@elsewhere.example").await.refused(404, "E0000007",
            "Not found: Resource not found: other@elsewhere.example (User)", &[]);
    }
}

on_both_engines! {
    async fn the_code_is_redeemed_with_the_secret_and_what_its_challenge_was_made_from(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let browser = Browser::new(&org);
        let request = begin(&browser, &id, &provider).await;
        assert_eq!((request["response_type"].as_str(), request["code_challenge_method"].as_str()), ("code", "S256"));
        *provider.claims.lock() = Some(provider.claims_of(&org, "e1", "ada@elsewhere.example", &request));
        assert!(is_home(&come_back(&browser, &request["state"]).await));
        let asked = provider.asked.lock().clone();
        let [(_, form)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!((form["code"].as_str(), form["client_secret"].as_str()), ("abc", "s&cret"));
        assert_eq!(form["redirect_uri"], request["redirect_uri"]);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        assert_eq!(challenge, request["code_challenge"]);
    }
}

on_both_engines! {
    async fn a_provider_may_want_the_secret_in_a_header(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let path = format!("/api/v1/idps/{id}");
        let mut changed = org.get(&path).await.ok();
        changed["protocol"]["credentials"]["client"]["token_endpoint_auth_method"] = json!("client_secret_basic");
        org.put(&path, changed).await.ok();
        assert!(is_home(&sign_in(&org, &provider, &id, "e1", |_| {}).await));
        let asked = provider.asked.lock().clone();
        let expected = format!("Basic {}", STANDARD.encode("roster:s%26cret"));
        assert_eq!(asked[0].0["authorization"], expected.as_str());
        assert!(!asked[0].1.contains_key("client_secret"));
    }
}

on_both_engines! {
    async fn a_token_that_lies_signs_nobody_in(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let now = org.clock.now().as_millis() / 1000;
        for (name, value) in [
            ("iss", json!("http://evil.example")),
            ("aud", json!("another client")),
            ("nonce", json!("another sign-in")),
            ("exp", json!(now - 1)),
            ("sub", json!("")),
        ] {
            let page = sign_in(&org, &provider, &id, "e1", |claims| claims[name] = value).await;
            assert_eq!((page.status, page.heading().as_str()), (502, "You are not signed in"), "{name}");
        }
        *provider.signs_with.lock() = Some(draw());
        assert_eq!(sign_in(&org, &provider, &id, "e1", |_| {}).await.status, 502, "signed by another");
        assert_eq!(org.get(&format!("/api/v1/idps/{id}/users")).await.ok(), json!([]));
    }
}

on_both_engines! {
    async fn a_sign_in_ends_in_the_browser_that_began_it_and_once(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let (browser, victim) = (Browser::new(&org), Browser::new(&org));
        let request = begin(&browser, &id, &provider).await;
        *provider.claims.lock() = Some(provider.claims_of(&org, "e1", "ada@elsewhere.example", &request));
        let page = come_back(&victim, &request["state"]).await;
        assert_eq!((page.status, page.heading().as_str()), (400, "This sign-in is over"));
        assert!(victim.cookie("sid").is_none());
        assert!(is_home(&come_back(&browser, &request["state"]).await));
        browser.set_cookie("federationState", &request["state"]);
        assert_eq!(come_back(&browser, &request["state"]).await.status, 400, "a second time");
        let late = begin(&browser, &id, &provider).await;
        org.wait_seconds(601);
        assert_eq!(come_back(&browser, &late["state"]).await.status, 400, "too late");
    }
}

on_both_engines! {
    async fn a_matching_account_is_linked_only_if_the_policy_says_so(org: TestOrg) {
        let provider = Provider::start().await;
        let user = org.create_active("ada@elsewhere.example", "Passw0rd-of-Ada").await;
        let off = json!({ "accountLink": { "action": "DISABLED" }, "provisioning": { "action": "DISABLED" } });
        let id = provider.register(&org, off).await;
        let refused = sign_in(&org, &provider, &id, "e1", |_| {}).await;
        assert_eq!((refused.status, refused.heading().as_str()), (403, "You cannot sign in this way"));
        let failure = org.get("/api/v1/logs?filter=outcome.result%20eq%20%22FAILURE%22").await.ok();
        assert_eq!(text(&failure[0], "outcome.reason"), "NO_MATCHING_USER");

        let linking = provider.register(&org, json!({})).await;
        let unverified = sign_in(&org, &provider, &linking, "e1", |claims| claims["email_verified"] = json!(false));
        assert_eq!(unverified.await.status, 403, "anybody could have given that address");
        assert!(is_home(&sign_in(&org, &provider, &linking, "e1", |_| {}).await));
        let linked = org.get(&format!("/api/v1/users/{}/idps", text(&user, "id"))).await.ok();
        assert_eq!(text(&linked[0], "id"), linking);
        // Another account there, of the same address, is somebody else.
        assert_eq!(sign_in(&org, &provider, &linking, "e2", |_| {}).await.status, 403);
    }
}

on_both_engines! {
    async fn who_may_not_sign_in_may_not_do_so_through_a_provider(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        assert!(is_home(&sign_in(&org, &provider, &id, "e1", |_| {}).await));
        org.post("/api/v1/users/ada@elsewhere.example/lifecycle/suspend", None).await.ok();
        assert_eq!(sign_in(&org, &provider, &id, "e1", |_| {}).await.status, 403);
        org.post(&format!("/api/v1/idps/{id}/lifecycle/deactivate"), None).await.ok();
        assert_eq!(Browser::new(&org).get(&format!("/sso/idps/{id}")).await.status, 404);
    }
}

on_both_engines! {
    async fn the_sign_in_page_offers_the_active_providers(org: TestOrg) {
        let provider = Provider::start().await;
        let id = provider.register(&org, json!({})).await;
        let page = Browser::new(&org).open("/login/login.htm").await;
        assert!(page.html.contains("Sign in with Elsewhere") && page.html.contains(&format!("/sso/idps/{id}?")), "{}", page.html);
        org.post(&format!("/api/v1/idps/{id}/lifecycle/deactivate"), None).await.ok();
        assert!(!Browser::new(&org).open("/login/login.htm").await.html.contains("Elsewhere"));
    }
}
