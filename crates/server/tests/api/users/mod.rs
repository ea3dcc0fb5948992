//! `/api/v1/users`.

mod cache;
mod create;
mod fixtures;
mod get;
mod lifecycle;
mod list;
mod pages;
mod linked_objects;
mod profile;
mod search;
mod sort;
mod transitions;
