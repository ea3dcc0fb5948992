//! The keys that tokens are signed with.

use axum::extract::State;
use serde_json::{Value, json};

use crate::App;
use crate::oauth::Server;
use crate::response::{Handled, ok};

/// oauthKeys and oauthKeysCustomAS: a JSON Web Key Set (RFC 7517, 5).
pub(crate) async fn oauth_keys(State(app): State<App>, server: Server) -> Handled {
    let keys = app.store().oauth_keys(server.org.key, &server.issuer).await?;
    let keys: Vec<Value> = keys.iter().map(|key| key.public.to_jwk()).collect();
    ok(&json!({ "keys": keys }))
}
