//! The members that a new app of each sign-on mode has, as a real org fills them in (recordings of createApplication).

use serde_json::{Map, Value, json};

use super::SignOnMode;

/// The document of an app of which nothing was said.
pub(super) fn document(mode: Option<SignOnMode>, name: &str) -> Map<String, Value> {
    let is_client = mode == Some(SignOnMode::OpenIdConnect);
    let documents = [
        ("accessibility", json!({ "selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null })),
        (
            "visibility",
            json!({
                "autoLaunch": false,
                "autoSubmitToolbar": false,
                "hide": { "iOS": is_client, "web": is_client },
                "appLinks": { (link_name(mode, name)): true },
            }),
        ),
        ("features", json!([])),
        ("credentials", credentials(mode)),
        ("settings", settings(mode)),
    ];
    documents.into_iter().map(|(member, value)| (member.to_owned(), value)).collect()
}

/// What an app's link is called: `login` for the templates.
fn link_name(mode: Option<SignOnMode>, name: &str) -> String {
    let is_template = mode.and_then(SignOnMode::template).is_some_and(|template| template == name);
    if is_template && mode != Some(SignOnMode::OpenIdConnect) { "login".to_owned() } else { format!("{name}_link") }
}

fn credentials(mode: Option<SignOnMode>) -> Value {
    let template = json!({ "template": "${source.login}", "type": "BUILT_IN" });
    match mode {
        Some(SignOnMode::BasicAuth | SignOnMode::BrowserPlugin | SignOnMode::SecurePasswordStore) => json!({
            "scheme": "EDIT_USERNAME_AND_PASSWORD",
            "userNameTemplate": template,
            "revealPassword": false,
            "signing": {},
        }),
        Some(SignOnMode::OpenIdConnect) => json!({
            "userNameTemplate": template,
            "signing": {},
            "oauthClient": { "autoKeyRotation": true, "token_endpoint_auth_method": "client_secret_basic" },
        }),
        _ => json!({ "userNameTemplate": template, "signing": {} }),
    }
}

fn settings(mode: Option<SignOnMode>) -> Value {
    let app = match mode {
        Some(SignOnMode::Bookmark) => json!({ "requestIntegration": false, "url": null }),
        Some(SignOnMode::BasicAuth) => json!({ "url": null, "authURL": null }),
        Some(SignOnMode::BrowserPlugin) => json!({
            "loginUrlRegex": null,
            "usernameField": null,
            "redirectUrl": null,
            "buttonField": null,
            "checkbox": null,
            "passwordField": null,
            "url": null,
        }),
        _ => json!({}),
    };
    let mut settings = json!({
        "app": app,
        "notifications": { "vpn": { "network": { "connection": "DISABLED" }, "message": null, "helpUrl": null } },
        "manualProvisioning": false,
        "implicitAssignment": false,
        "notes": { "admin": null, "enduser": null },
    });
    let more = match mode {
        Some(SignOnMode::OpenIdConnect) => ("oauthClient", client_settings()),
        Some(SignOnMode::Saml20) => ("signOn", saml_settings()),
        _ => return settings,
    };
    if let Some(members) = settings.as_object_mut() {
        members.insert(more.0.to_owned(), more.1);
    }
    settings
}

fn client_settings() -> Value {
    json!({
        "client_uri": null,
        "logo_uri": null,
        "redirect_uris": [],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "application_type": "web",
        "consent_method": "TRUSTED",
        "issuer_mode": "ORG_URL",
        "idp_initiated_login": { "mode": "DISABLED", "default_scope": [] },
        "wildcard_redirect": "DISABLED",
        "dpop_bound_access_tokens": false,
    })
}

fn saml_settings() -> Value {
    json!({
        "defaultRelayState": null,
        "ssoAcsUrl": null,
        "idpIssuer": "http://www.okta.com/${org.externalKey}",
        "audience": null,
        "recipient": null,
        "destination": null,
        "subjectNameIdTemplate": "${user.userName}",
        "subjectNameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "responseSigned": true,
        "assertionSigned": true,
        "signatureAlgorithm": "RSA_SHA256",
        "digestAlgorithm": "SHA256",
        "honorForceAuthn": true,
        "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "spIssuer": null,
        "requestCompressed": false,
        "attributeStatements": [],
        "inlineHooks": [],
        "assertionEncryption": { "enabled": false },
        "allowMultipleAcsEndpoints": false,
        "acsEndpoints": [],
        "samlSignedRequestEnabled": false,
        "slo": { "enabled": false },
    })
}
