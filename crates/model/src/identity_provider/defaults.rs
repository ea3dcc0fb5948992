//! The members that a new identity provider of each type has, as a real org fills them in (recordings of
//! createIdentityProvider).

use serde_json::{Map, Value, json};

use super::{IdentityProviderType, Protocol};

/// The document of a provider of which nothing was said.
pub(super) fn document(kind: IdentityProviderType) -> Map<String, Value> {
    let mut members = vec![("protocol", protocol(kind)), ("policy", policy(kind))];
    if kind.protocol().has_authorization_endpoint() {
        members.insert(0, ("issuerMode", json!("ORG_URL")));
    }
    members.into_iter().map(|(member, value)| (member.to_owned(), value)).collect()
}

fn protocol(kind: IdentityProviderType) -> Value {
    let name = kind.protocol().as_str();
    match kind.protocol() {
        Protocol::Oidc | Protocol::OAuth2 => {
            let endpoint = |url: Option<&str>, binding: &str| json!({ "url": url, "binding": binding });
            let (authorization, token) = kind.endpoints().unzip();
            json!({
                "type": name,
                "endpoints": {
                    "authorization": endpoint(authorization, "HTTP-REDIRECT"),
                    "token": endpoint(token, "HTTP-POST"),
                },
                "scopes": kind.scopes(),
                "credentials": { "client": { "client_id": null, "client_secret": null } },
            })
        }
        Protocol::Saml2 => {
            let algorithm = |scope: &str| json!({ "signature": { "algorithm": "SHA-256", "scope": scope } });
            json!({
                "type": name,
                "endpoints": {
                    "sso": { "url": null, "binding": "HTTP-POST", "destination": null },
                    "acs": { "binding": "HTTP-POST", "type": "INSTANCE" },
                },
                "algorithms": { "request": algorithm("REQUEST"), "response": algorithm("ANY") },
                "settings": { "nameFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" },
                "credentials": {
                    "trust": {
                        "issuer": null,
                        "audience": null,
                        "kid": null,
                        "revocation": null,
                        "revocationCacheLifetime": 0,
                    },
                },
            })
        }
        Protocol::Mtls => json!({ "type": name, "credentials": { "trust": {} } }),
    }
}

fn policy(kind: IdentityProviderType) -> Value {
    let template = match kind {
        IdentityProviderType::Microsoft => "idpuser.userPrincipalName",
        IdentityProviderType::Saml2 => "idpuser.subjectNameId",
        _ => "idpuser.email",
    };
    let none = json!({ "action": "NONE" });
    json!({
        "provisioning": {
            "action": "AUTO",
            "profileMaster": false,
            "groups": none,
            "conditions": { "deprovisioned": none, "suspended": none },
        },
        "accountLink": { "filter": null, "action": "AUTO" },
        "subject": {
            "userNameTemplate": { "template": template },
            "filter": null,
            "matchType": "USERNAME",
            "matchAttribute": null,
        },
        "maxClockSkew": 0,
    })
}
