//! Discovery (RFC 8414): what an authorization server can do. Only what works is told.

use roster_model::oauth::client::{ClientAuthentication, GrantType};
use roster_model::oauth::jws::Algorithm;
use roster_model::oauth::oidc_scope::OidcScope;
use roster_model::oauth::pkce;
use roster_model::oauth::response_mode::ResponseMode;
use serde_json::{Value, json};

use super::{Server, token};
use crate::response::{Handled, ok};

/// What can be asked of the authorization endpoint.
const RESPONSE_TYPES: [&str; 7] =
    ["code", "token", "id_token", "code id_token", "code token", "id_token token", "code id_token token"];

/// What id tokens and the userinfo endpoint may say.
const CLAIMS: &[&str] = &[
    "iss",
    "ver",
    "sub",
    "aud",
    "iat",
    "exp",
    "jti",
    "auth_time",
    "amr",
    "idp",
    "nonce",
    "name",
    "nickname",
    "preferred_username",
    "given_name",
    "middle_name",
    "family_name",
    "email",
    "email_verified",
    "profile",
    "zoneinfo",
    "locale",
    "address",
    "phone_number",
    "groups",
    "updated_at",
    "at_hash",
    "c_hash",
];

/// getWellKnownOAuthConfiguration and getWellKnownOAuthConfigurationCustomAS.
pub(crate) async fn well_known_oauth_configuration(server: Server) -> Handled {
    ok(&metadata(&server))
}

/// getWellKnownOpenIDConfiguration and getWellKnownOpenIDConfigurationCustomAS: the same with what OpenID Connect adds.
pub(crate) async fn well_known_openid_configuration(server: Server) -> Handled {
    let mut metadata = metadata(&server);
    let more = json!({
        "userinfo_endpoint": format!("{}/userinfo", server.issuer.endpoints(&server.base_url)),
        "id_token_signing_alg_values_supported": [Algorithm::Rs256.as_str(), Algorithm::Es256.as_str()],
        "claims_supported": CLAIMS,
    });
    if let (Some(metadata), Value::Object(more)) = (metadata.as_object_mut(), more) {
        metadata.extend(more);
    }
    ok(&metadata)
}

fn metadata(server: &Server) -> Value {
    let endpoints = server.issuer.endpoints(&server.base_url);
    let endpoint = |name: &str| format!("{endpoints}/{name}");
    let grant_types: Vec<&str> =
        [GrantType::Implicit].iter().chain(token::GRANT_TYPES).map(|grant| grant.as_str()).collect();
    let clients: Vec<&str> = ClientAuthentication::ALL.iter().map(|method| method.as_str()).collect();
    let algorithms = |taken: fn(&Algorithm) -> bool| -> Vec<&str> {
        Algorithm::ALL.iter().filter(|algorithm| taken(algorithm)).map(|algorithm| algorithm.as_str()).collect()
    };
    json!({
        "issuer": server.issuer.url(&server.base_url),
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "jwks_uri": endpoint("keys"),
        "response_types_supported": RESPONSE_TYPES,
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
        "grant_types_supported": grant_types,
        "subject_types_supported": ["public"],
        "scopes_supported": OidcScope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "code_challenge_methods_supported": [pkce::METHOD],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "token_endpoint_auth_methods_supported": clients,
        "token_endpoint_auth_signing_alg_values_supported": algorithms(|_| true),
        "introspection_endpoint": endpoint("introspect"),
        "introspection_endpoint_auth_methods_supported": clients,
        "revocation_endpoint": endpoint("revoke"),
        "revocation_endpoint_auth_methods_supported": clients,
        "dpop_signing_alg_values_supported": algorithms(|algorithm| !algorithm.is_symmetric()),
    })
}
