//! `/api/v1/users`.

mod cache;
mod create;
mod credentials;
mod delete;
pub(crate) mod fixtures;
mod get;
mod grants;
mod imported_hash;
mod lifecycle;
mod linked_objects;
mod list;
mod pages;
mod passwords;
mod profile;
mod recovery;
mod refresh_tokens;
mod related;
mod search;
mod search_property;
mod sort;
mod transitioning;
mod transitions;
mod update;
