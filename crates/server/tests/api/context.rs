//! A fresh org behind a running server, and callers of it.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Method;
use roster_model::timestamp::Timestamp;
use roster_model::user::password_policy::Password;
use roster_server::{App, BaseUrl, MessageSettings, RateLimits};
use roster_store::clock::Clock;
use roster_store::orgs::{DEFAULT_ORG, NewOrg};
use roster_store::seal::MasterKey;
use roster_store::{Database, HashCost, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{log, postgres};

/// The administrator's login in every test org.
pub const ADMIN: &str = "admin@example.com";

/// The administrator's password in every test org.
pub const ADMIN_PASSWORD: &str = "Adm1nPassw0rd";

/// When the clock of a test stands at its start: 2026-01-02T03:04:05Z.
pub const START: i64 = 1_767_323_045_000;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    Sqlite,
    Postgres,
}

/// Runs the body on a fresh org on each engine, as two tests: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_engines {
    ($(#[$attribute:meta])* async fn $name:ident($org:ident: TestOrg) $body:block) => {
        mod $name {
            use super::*;
            use $crate::context::{EngineKind, TestOrg};

            async fn body($org: TestOrg) $body

            #[test]
            $(#[$attribute])*
            fn sqlite() {
                $crate::context::run(EngineKind::Sqlite, body);
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                $crate::context::run(EngineKind::Postgres, body);
            }
        }
    };
}

/// Runs `body` on a fresh org, unless the engine is not on this machine.
pub fn run<F: Future<Output = ()>>(engine: EngineKind, body: impl FnOnce(TestOrg) -> F) {
    run_limited(engine, RateLimits::Off, body);
}

/// The same with rate limits.
pub fn run_limited<F: Future<Output = ()>>(engine: EngineKind, limits: RateLimits, body: impl FnOnce(TestOrg) -> F) {
    log::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        if let Some(org) = TestOrg::start(engine, limits).await {
            body(org).await;
        }
    });
    log::check();
}

/// A server of its own with one org, and its administrator's API token.
#[derive(Clone)]
pub struct TestOrg {
    pub caller: Caller,
    pub clock: Clock,
    pub store: Store,
    pub engine: EngineKind,
    address: SocketAddr,
    data: Arc<TempDir>,
}

impl TestOrg {
    /// Starts a server; `None` if the engine is not on this machine.
    pub async fn start(engine: EngineKind, limits: RateLimits) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        let clock = Clock::standing(Timestamp::from_millis(START));
        let path = data.path().join("roster.sqlite");
        let key = MasterKey::random().unwrap();
        let store = match engine {
            EngineKind::Sqlite => {
                Store::open(Database::Sqlite(&path), clock.clone(), HashCost::MINIMAL, Some(key)).await
            }
            EngineKind::Postgres => {
                let url = postgres::fresh_database().await?;
                Store::open(Database::Postgres(&url), clock.clone(), HashCost::MINIMAL, Some(key)).await
            }
        };
        let store = store.unwrap();
        let token = new_org(&store, DEFAULT_ORG).await;
        let address = serve(&store, limits, MessageSettings::default()).await;
        let caller = Caller::new(address, &address.to_string(), Some(&token));
        Some(Self { caller, clock, store, engine, address, data: Arc::new(data) })
    }

    /// Makes another org on this server and answers its administrator's caller.
    pub async fn other_org(&self, name: &str) -> Caller {
        let token = new_org(&self.store, name).await;
        Caller::new(self.address, &format!("{name}.localhost:{}", self.address.port()), Some(&token))
    }

    /// The same server with another token, or none.
    pub fn with_token(&self, token: Option<&str>) -> Caller {
        Caller::new(self.address, &self.address.to_string(), token)
    }

    /// The same server and token under another host name.
    pub fn at_host(&self, host: &str) -> Caller {
        self.caller.at_host(host)
    }

    /// Another server over the same store, with its own way to deliver messages.
    pub async fn server_with(&self, messages: MessageSettings) -> Self {
        let address = serve(&self.store, RateLimits::Off, messages).await;
        let token = self.caller.authorization().and_then(|it| it.strip_prefix("SSWS "));
        Self { caller: Caller::new(address, &address.to_string(), token), address, ..self.clone() }
    }

    /// What the outbox of the org holds, oldest first, as its mailbox shows it.
    pub async fn messages(&self) -> Vec<Value> {
        let mut messages = self.get("/dev/mailbox.json").await.ok().as_array().unwrap().clone();
        messages.reverse();
        let links = messages.iter().filter_map(|message| message["link"].as_str());
        links.filter_map(|link| link.rsplit('/').next()).for_each(log::keep_secret);
        messages
    }

    /// The messages of this kind, oldest first.
    pub async fn messages_of(&self, kind: &str) -> Vec<Value> {
        let mut messages = self.messages().await;
        messages.retain(|message| message["kind"] == kind);
        messages
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of the SQLite file.
    pub fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Moves the clock on.
    pub fn wait_seconds(&self, seconds: i64) {
        self.clock.advance_seconds(seconds);
    }

    /// Creates a user with this login and no credentials; they are PROVISIONED.
    pub async fn create(&self, login: &str) -> Value {
        self.create_with("", login, json!({})).await
    }

    /// Creates a user with a password; they are ACTIVE.
    pub async fn create_active(&self, login: &str, password: &str) -> Value {
        self.create_with("", login, json!({ "password": { "value": password } })).await
    }

    /// Creates a user with these query parameters and credentials.
    pub async fn create_with(&self, query: &str, login: &str, credentials: Value) -> Value {
        let body = json!({ "profile": profile(login), "credentials": credentials });
        self.post(&format!("/api/v1/users{query}"), body).await.ok()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.caller.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.caller.send(Method::POST, path, body.into()).await
    }

    pub async fn put(&self, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.caller.send(Method::PUT, path, body.into()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.caller.send(Method::DELETE, path, None).await
    }

    /// The status of a user.
    pub async fn status(&self, id: &str) -> String {
        text(&self.get(&format!("/api/v1/users/{id}")).await.ok(), "status")
    }
}

/// Serves a store, and answers where.
async fn serve(store: &Store, limits: RateLimits, messages: MessageSettings) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let base_url = BaseUrl::parse(&format!("http://{address}")).unwrap();
    let app = App::new(store.clone(), base_url, limits, messages);
    tokio::spawn(roster_server::serve(listener, app, std::future::pending()));
    address
}

/// Makes an org and answers its token.
pub async fn new_org(store: &Store, name: &str) -> String {
    let new = NewOrg {
        name: name.to_owned(),
        admin_login: ADMIN.to_owned(),
        admin_password: Password::new(ADMIN_PASSWORD.to_owned()),
        token: None,
    };
    let token = store.create_org(new).await.unwrap().token.reveal().to_owned();
    log::keep_secret(&token);
    token
}

/// A profile with this login.
pub fn profile(login: &str) -> Value {
    json!({ "firstName": "Isaac", "lastName": "Brock", "email": login, "login": login })
}

/// A text member at a dotted path.
pub fn text(value: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(value, |value, name| value.get(name));
    found.and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {path} in {value}")).to_owned()
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    host: String,
    authorization: Option<String>,
    client: reqwest::Client,
}

impl Caller {
    pub fn new(address: SocketAddr, host: &str, token: Option<&str>) -> Self {
        Self {
            address,
            host: host.to_owned(),
            authorization: token.map(|token| format!("SSWS {token}")),
            client: reqwest::Client::new(),
        }
    }

    /// The same caller under another host name.
    pub fn at_host(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// The `Host` header.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The `Authorization` header.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// The same caller without an `Authorization` header.
    pub fn without_token(&self) -> Self {
        Self { authorization: None, ..self.clone() }
    }

    /// The same caller, who shows redirects instead of following them.
    pub fn without_redirects(&self) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        Self { client: client.unwrap(), ..self.clone() }
    }

    /// The same caller with this `Authorization` header.
    pub fn authorized(&self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self.clone() }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let json = body.map(|body| ("application/json", body.to_string()));
        self.send_raw(method, path, json.as_ref().map(|(kind, body)| (*kind, body.as_str())), &[]).await
    }

    /// Sends a body of this media type, and more headers.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &str)>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request =
            self.client.request(method, format!("http://{}{path}", self.address)).header("host", &self.host);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some((media_type, body)) = body {
            request = request.header("content-type", media_type).body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answer { status, headers, body }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// A 204 without a body.
    #[track_caller]
    pub fn no_content(self) {
        assert_eq!((self.status, &self.body), (204, &Value::Null));
    }

    /// An error with this status, code, summary and causes.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str, summary: &str, causes: &[&str]) {
        let told: Vec<&str> = self.body["errorCauses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cause| cause["errorSummary"].as_str().unwrap())
            .collect();
        let got = (self.status, self.body["errorCode"].as_str().unwrap(), self.body["errorSummary"].as_str().unwrap());
        assert_eq!((got, told.as_slice()), ((status, code, summary), causes));
        assert_eq!(self.body["errorLink"], self.body["errorCode"]);
        assert_eq!(self.body["errorId"].as_str().unwrap().len(), 25);
    }

    /// The URL of a `Link` relation.
    pub fn link(&self, relation: &str) -> Option<String> {
        let lines = self.headers.get_all("link").iter().map(|line| line.to_str().unwrap());
        let wanted = format!(">; rel=\"{relation}\"");
        lines.filter_map(|line| line.strip_suffix(&wanted)).map(|line| line.trim_start_matches('<').to_owned()).next()
    }

    /// The path and query of a `Link` relation.
    pub fn link_path(&self, relation: &str) -> Option<String> {
        self.link(relation).map(|url| url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap())
    }
}
