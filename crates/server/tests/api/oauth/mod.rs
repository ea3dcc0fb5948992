//! `/oauth2`: authorization servers.

mod keys;
