//! Discovery (RFC 8414): what an authorization server can do. Only what works is told.

use roster_model::oauth::client::ClientAuthentication;
use roster_model::oauth::jws::Algorithm;
use serde_json::json;

use super::{Server, token};
use crate::response::{Handled, ok};

/// getWellKnownOAuthConfiguration and getWellKnownOAuthConfigurationCustomAS.
pub(crate) async fn well_known_oauth_configuration(server: Server) -> Handled {
    let endpoints = server.issuer.endpoints(&server.base_url);
    let endpoint = |name: &str| format!("{endpoints}/{name}");
    let clients: Vec<&str> = ClientAuthentication::ALL.iter().map(|method| method.as_str()).collect();
    let algorithms = |taken: fn(&Algorithm) -> bool| -> Vec<&str> {
        Algorithm::ALL.iter().filter(|algorithm| taken(algorithm)).map(|algorithm| algorithm.as_str()).collect()
    };
    ok(&json!({
        "issuer": server.issuer.url(&server.base_url),
        "token_endpoint": endpoint("token"),
        "jwks_uri": endpoint("keys"),
        "response_types_supported": [],
        "grant_types_supported": token::GRANT_TYPES.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported": clients,
        "token_endpoint_auth_signing_alg_values_supported": algorithms(|_| true),
        "introspection_endpoint": endpoint("introspect"),
        "introspection_endpoint_auth_methods_supported": clients,
        "revocation_endpoint": endpoint("revoke"),
        "revocation_endpoint_auth_methods_supported": clients,
        "dpop_signing_alg_values_supported": algorithms(|algorithm| !algorithm.is_symmetric()),
    }))
}
