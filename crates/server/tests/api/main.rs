//! Roster through HTTP: each operation, on both engines.
//!
//! [`on_both_engines!`] runs one test body on a fresh org on SQLite and on PostgreSQL. Without PostgreSQL's programs on
//! this machine its half is left out, loudly, unless `ROSTER_TEST_REQUIRE` names it.

#![expect(unused_imports, reason = "on_both_engines! brings in the names of a module, of which a body may need none")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a missing member of a JSON value reads as null")]
#![expect(unreachable_pub, reason = "pub marks what the modules of this program share")]

#[macro_use]
mod context;
mod api_tokens;
mod applications;
mod authn;
mod concurrency;
mod factors;
mod federation;
mod group_owners;
mod group_rules;
mod groups;
mod identity_providers;
mod inline_hooks;
mod integrity;
mod linked_object_definitions;
mod log;
mod logs;
mod mail;
mod model;
mod oauth;
mod operations;
mod orgs;
mod pages;
mod policies;
mod postgres;
mod random;
mod rate_limits;
mod raw;
mod roles;
mod schemas;
mod sessions;
mod transport;
mod user_types;
mod users;
