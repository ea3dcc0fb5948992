//! Security keys: the challenges to them, and what their answers are worth. `webauthn-rs` knows how (W3C Web
//! Authentication); here is only how its words and Okta's stand for each other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use roster_model::factor::{
    AssertionInput, AttestationInput, Ceremony, Enrollment, FactorRefusal, WebAuthnCredential, WebAuthnStage,
};
use roster_model::id::UserId;
use roster_model::timestamp::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    PublicKeyCredential, RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication, SecurityKeyRegistration,
    Url, Uuid, Webauthn, WebauthnBuilder,
};

use crate::error::{EngineError, Error};

/// Whom keys sign for: the org as its users know it.
fn relying_party(origin: &str) -> Result<Webauthn, Error> {
    let refuse = || Error::from(FactorRefusal::NoHostName.problem());
    let url = Url::parse(origin).map_err(|_| refuse())?;
    let host = url.domain().ok_or_else(refuse)?;
    let builder = WebauthnBuilder::new(host, &url).map_err(|_| refuse())?;
    builder.rp_name(host).build().map_err(|_| refuse())
}

/// The enrolment of a key, for who comes from `origin`.
pub(super) fn enrollment(
    origin: &str,
    user: &UserId,
    login: &str,
    display_name: &str,
    now: Timestamp,
) -> Result<Enrollment, Error> {
    let handle = Sha256::digest(user.as_str().as_bytes());
    let handle = Uuid::from_slice(handle.get(..16).unwrap_or_default()).unwrap_or_default();
    let name = if display_name.is_empty() { login } else { display_name };
    let started = relying_party(origin)?.start_securitykey_registration(handle, login, name, None, None, None);
    let (options, state) = started.map_err(|error| library(&error))?;
    let mut options = serde_json::to_value(options.public_key).map_err(EngineError::from)?;
    // As a real org has them: clients take the user's id for Base64, which it happens to be.
    if let Some(members) = options.as_object_mut() {
        members.insert("excludeCredentials".to_owned(), json!([]));
    }
    if let Some(id) = options.pointer_mut("/user/id") {
        *id = json!(user);
    }
    let challenge = Ceremony::new(options, text(&state)?, now);
    Ok(Enrollment::WebAuthn { origin: origin.to_owned(), stage: WebAuthnStage::PendingActivation { challenge } })
}

/// The credential that a key made in answer to the challenge of its enrolment; none if the answer is not good.
pub(super) fn register(enrollment: &Enrollment, input: &AttestationInput) -> Result<Option<WebAuthnCredential>, Error> {
    let Enrollment::WebAuthn { origin, stage: WebAuthnStage::PendingActivation { challenge } } = enrollment else {
        return Ok(None);
    };
    let state: SecurityKeyRegistration = read(&challenge.state)?;
    let answer = json!({
        "id": "",
        "rawId": "",
        "type": "public-key",
        "response": {
            "attestationObject": url_safe(&input.attestation),
            "clientDataJSON": url_safe(&input.client_data),
        },
    });
    let Ok(answer) = serde_json::from_value::<RegisterPublicKeyCredential>(answer) else { return Ok(None) };
    let Ok(key) = relying_party(origin)?.finish_securitykey_registration(&answer, &state) else { return Ok(None) };
    credential(&key).map(Some)
}

/// A challenge to the key of an active factor.
pub(super) fn challenge(enrollment: &Enrollment, now: Timestamp) -> Result<Ceremony, Error> {
    let Enrollment::WebAuthn { origin, stage: WebAuthnStage::Active { credential, .. } } = enrollment else {
        return Err(FactorRefusal::NotActive.problem().into());
    };
    let started = relying_party(origin)?.start_securitykey_authentication(&[read(&credential.key)?]);
    let (options, state) = started.map_err(|error| library(&error))?;
    // Clients turn the challenge alone into bytes: ids of credentials as texts would be refused by browsers.
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(&options.public_key.challenge),
        "rpId": options.public_key.rp_id,
        "userVerification": options.public_key.user_verification,
        "extensions": {},
    });
    Ok(Ceremony::new(options, text(&state)?, now))
}

/// The credential after it answered the last challenge; none if the answer is not good.
pub(super) fn authenticate(
    enrollment: &Enrollment,
    input: &AssertionInput,
) -> Result<Option<WebAuthnCredential>, Error> {
    let Enrollment::WebAuthn { origin, stage: WebAuthnStage::Active { credential: known, challenge: Some(challenge) } } =
        enrollment
    else {
        return Ok(None);
    };
    let state: SecurityKeyAuthentication = read(&challenge.state)?;
    let answer = json!({
        "id": known.id,
        "rawId": known.id,
        "type": "public-key",
        "response": {
            "authenticatorData": url_safe(&input.authenticator_data),
            "clientDataJSON": url_safe(&input.client_data),
            "signature": url_safe(&input.signature_data),
        },
    });
    let Ok(answer) = serde_json::from_value::<PublicKeyCredential>(answer) else { return Ok(None) };
    let Ok(result) = relying_party(origin)?.finish_securitykey_authentication(&answer, &state) else { return Ok(None) };
    let mut key: SecurityKey = read(&known.key)?;
    key.update_credential(&result);
    credential(&key).map(Some)
}

fn credential(key: &SecurityKey) -> Result<WebAuthnCredential, Error> {
    Ok(WebAuthnCredential { id: URL_SAFE_NO_PAD.encode(key.cred_id()), key: text(key)? })
}

/// Base64 in either alphabet, with or without padding, in the form that the library takes.
fn url_safe(base64: &str) -> Value {
    let letters = base64.trim().trim_end_matches('=').chars();
    json!(
        letters
            .map(|letter| match letter {
                '+' => '-',
                '/' => '_',
                other => other,
            })
            .collect::<String>()
    )
}

fn text(value: &impl serde::Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string(value).map_err(EngineError::from)?)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    Ok(serde_json::from_str(text).map_err(EngineError::from)?)
}

fn library(error: &webauthn_rs::prelude::WebauthnError) -> EngineError {
    EngineError::Corrupt { what: "security key", value: error.to_string() }
}
