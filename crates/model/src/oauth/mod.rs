//! OAuth 2.0 and OpenID Connect: clients, what tokens say, and which mistake gets which error (behaviour.md G.10).

pub mod authorize;
pub mod claims;
pub mod client;
pub mod consent;
pub mod error;
pub mod id_token;
pub mod jwk;
pub mod jws;
pub mod oidc_scope;
pub mod parameters;
pub mod pkce;
pub mod prompt;
pub mod response_mode;
pub mod server;
pub mod user_claims;
