//! Authorization servers and what they issue: keys, tokens, and whether a token is still good.
//!
//! Invariant: an access token is a signed text without a row of its own. It ends with its time, its user, its client, its
//! server, the refresh token that it came with, or by a row that says so ([`verify`]).

pub mod clients;
pub mod keys;
pub mod mint;
pub mod servers;
pub mod signature;
pub mod verify;
