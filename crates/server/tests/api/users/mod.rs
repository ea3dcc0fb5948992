//! `/api/v1/users`.

mod cache;
mod create;
mod fixtures;
mod get;
mod lifecycle;
mod profile;
mod transitions;
