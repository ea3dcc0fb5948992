//! Roster over HTTP.
//!
//! A request's way: [`serve`] → the path made regular and a request id given → `router` → the caller identified, the
//! bucket charged (`caller.rs`) → one handler (`users/lifecycle.rs` has suspendUser, and so on) → one operation of
//! `roster_store` → JSON.

mod api_tokens;
mod applications;
mod attempts;
mod authn;
mod base_url;
mod caller;
mod cookies;
mod entrance;
mod factors;
mod gate;
mod group_rules;
mod groups;
mod health;
mod identity_providers;
mod inline_hooks;
mod linked_object_definitions;
mod logs;
pub mod mail;
mod oauth;
mod outbound;
mod pages;
mod password_import;
mod permissions;
mod policies;
mod principal;
mod rate_limit;
mod request;
mod response;
mod roles;
mod router;
mod schemas;
mod sessions;
mod throttle;
mod user_types;
mod users;
mod wire;
mod workers;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::ServiceExt;
use axum::extract::Request;
use axum::serve::ListenerExt as _;
use roster_store::Store;

pub use base_url::{BaseUrl, BaseUrlError};
pub use rate_limit::{RateLimits, RateLimitsError};

use mail::Senders;
use outbound::Outbound;
use password_import::HookClient;
use rate_limit::RateLimiter;
use throttle::Throttle;
use workers::Wake;

/// A server's state. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    base_url: BaseUrl,
    limiter: RateLimiter,
    deactivations: Wake,
    group_rules: Wake,
    throttle: Throttle,
    outbound: Outbound,
    hook_client: HookClient,
    messages: MessageSettings,
}

/// What becomes of messages to users.
#[derive(Clone, Default)]
pub struct MessageSettings {
    /// Who delivers them.
    pub senders: Senders,
    /// Whether anybody may read what is not delivered yet; otherwise who is on this machine, if nobody delivers mails.
    pub show_mailbox: bool,
}

impl App {
    /// A server over `store`.
    #[must_use]
    pub fn new(store: Store, base_url: BaseUrl, limits: RateLimits, messages: MessageSettings) -> Self {
        let outbound = Outbound::new();
        Self(Arc::new(Inner {
            deactivations: Wake::default(),
            group_rules: Wake::default(),
            limiter: RateLimiter::new(limits),
            throttle: Throttle::new(),
            hook_client: HookClient::new(outbound.clone(), store.clock().clone()),
            outbound,
            store,
            base_url,
            messages,
        }))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.0.base_url
    }

    pub(crate) fn limiter(&self) -> &RateLimiter {
        &self.0.limiter
    }

    pub(crate) fn deactivations(&self) -> &Wake {
        &self.0.deactivations
    }

    pub(crate) fn group_rules(&self) -> &Wake {
        &self.0.group_rules
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn senders(&self) -> &Senders {
        &self.0.messages.senders
    }

    pub(crate) fn shows_mailbox(&self) -> bool {
        self.0.messages.show_mailbox
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    pub(crate) fn hook_client(&self) -> &HookClient {
        &self.0.hook_client
    }
}

/// Serves until `shutdown` is done; requests under way are answered first.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let worker = tokio::spawn(workers::finish_deactivations(app.clone()));
    let rules = tokio::spawn(workers::apply_group_rules(app.clone()));
    let postman = tokio::spawn(mail::deliver_messages(app.clone()));
    let sweeper = tokio::spawn(workers::remove_expired(app.clone()));
    let listener = listener.tap_io(|socket| {
        // Small answers must not wait for more to come; a socket that refuses is slower, no more.
        let _ = socket.set_nodelay(true);
    });
    let service = router::service(app);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service);
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown).await;
    worker.abort();
    rules.abort();
    sweeper.abort();
    postman.abort();
    served
}
