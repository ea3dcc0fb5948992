//! The rules of a Roster org, pure: what a user is, which status may follow which, which password a policy
//! accepts, what a filter means, which error answers which mistake.
//!
//! Invariant: nothing here does I/O, reads a clock or draws a random number. What depends on those takes them as
//! arguments, so every rule can be tested as a function.

pub mod application;
pub mod authn;
pub mod document;
pub mod error;
pub mod event;
pub mod expression;
pub mod factor;
pub mod filter;
pub mod group;
pub mod id;
pub mod identity_provider;
pub mod inline_hook;
pub mod linked_object;
pub mod message;
pub mod oauth;
pub mod operations;
pub mod policy;
pub mod rate_limit;
pub mod role;
pub mod scope;
pub mod timestamp;
pub mod user;
