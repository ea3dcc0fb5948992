//! Authorization servers and what they issue: keys, tokens, and whether a token is still good; what users allowed clients.
//!
//! Invariant: an access token is a signed text without a row of its own. It ends with its time, its user, its client, its
//! server, the refresh token that it came with, or by a row that says so ([`verify`]).

pub mod application_grants;
mod application_tokens;
pub mod authorize;
pub mod client_authentication;
pub mod client_credentials;
pub mod clients;
pub mod codes;
mod delegation;
pub mod dpop;
mod grants;
pub mod introspect;
pub mod keys;
pub mod mint;
pub mod refresh;
mod refresh_tokens;
mod replay;
pub mod servers;
pub mod signature;
pub mod user_tokens;
pub mod verify;

pub use delegation::{Delegation, ScopeDetails, UserClient};
pub use grants::Grant;
pub use refresh_tokens::RefreshToken;

pub(crate) use delegation::{end_of_application, end_of_user, end_tokens_of_user};
