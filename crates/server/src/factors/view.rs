//! How factors are printed (observed.md, *Factors*; behaviour.md G.3).

use roster_model::factor::{
    Destination, Enrollment, Factor, FactorKind, FactorStatus, TIME_STEP_SECONDS, TOTP_SECRET_BYTES, TotpStage,
    WebAuthnCredential, WebAuthnStage,
};
use roster_model::id::UserId;
use serde_json::{Map, Value, json};

/// A factor on the wire. Who enrolls codes needs the secret until the app has it; from then on nothing shows it.
pub(super) fn factor_view(factor: &Factor, base_url: &str) -> Value {
    let kind = factor.kind();
    let mut view = json!({
        "id": factor.id,
        "factorType": kind.factor_type(),
        "provider": kind.provider(),
        "vendorName": kind.provider(),
        "status": factor.status().as_str(),
        "created": factor.created.to_string(),
        "lastUpdated": factor.last_updated.to_string(),
    });
    let Some(members) = view.as_object_mut() else { return view };
    members.extend(profile(&factor.enrollment).map(|profile| ("profile".to_owned(), profile)));
    members.insert("_links".to_owned(), links(factor, base_url));
    let activation = activation(factor, base_url).map(|activation| json!({ "activation": activation }));
    members.extend(activation.map(|embedded| ("_embedded".to_owned(), embedded)));
    view
}

/// A security key has no profile before it has a credential.
pub(crate) fn profile(enrollment: &Enrollment) -> Option<Value> {
    match enrollment {
        Enrollment::Question { question, .. } => {
            Some(json!({ "question": question.key(), "questionText": question.text() }))
        }
        Enrollment::Totp { credential_id, .. } => Some(json!({ "credentialId": credential_id })),
        Enrollment::Passcode { destination, .. } => Some(destination_profile(destination)),
        Enrollment::WebAuthn { stage: WebAuthnStage::Active { credential, .. }, .. } => {
            let name = WebAuthnCredential::AUTHENTICATOR_NAME;
            Some(json!({ "credentialId": credential.id, "authenticatorName": name }))
        }
        Enrollment::WebAuthn { stage: WebAuthnStage::PendingActivation { .. }, .. } => None,
    }
}

fn destination_profile(destination: &Destination) -> Value {
    match destination {
        Destination::Sms(phone) | Destination::Call(phone, None) => json!({ "phoneNumber": phone.as_str() }),
        Destination::Call(phone, Some(extension)) => {
            json!({ "phoneNumber": phone.as_str(), "phoneExtension": extension })
        }
        Destination::Email(email) => json!({ "email": email }),
    }
}

/// What the user's app or browser needs to complete the enrolment.
pub(crate) fn activation(factor: &Factor, base_url: &str) -> Option<Value> {
    match &factor.enrollment {
        Enrollment::Totp { secret, stage: TotpStage::PendingActivation { qr_token }, .. } => {
            let qr_code = format!("{}/qr/{qr_token}", own_url(factor, base_url));
            Some(json!({
                "timeStep": TIME_STEP_SECONDS,
                "sharedSecret": secret.to_base32(),
                "encoding": "base32",
                "keyLength": TOTP_SECRET_BYTES,
                "_links": { "qrcode": { "href": qr_code, "type": "image/png" } },
            }))
        }
        Enrollment::WebAuthn { stage: WebAuthnStage::PendingActivation { challenge }, .. } => {
            Some(challenge.options.clone())
        }
        _ => None,
    }
}

fn own_url(factor: &Factor, base_url: &str) -> String {
    format!("{base_url}/api/v1/users/{}/factors/{}", factor.user_id, factor.id)
}

fn link(href: &str, allow: &[&str]) -> Value {
    json!({ "href": href, "hints": { "allow": allow } })
}

/// What may be done with a factor. A factor that is not active yet does not offer its removal, though it can be removed
/// (by recording).
fn links(factor: &Factor, base_url: &str) -> Value {
    let own = own_url(factor, base_url);
    let user = format!("{base_url}/api/v1/users/{}", factor.user_id);
    let mut links = Map::new();
    match (&factor.enrollment, factor.status()) {
        (Enrollment::Question { .. }, _) => {
            links.insert("questions".to_owned(), link(&format!("{user}/factors/questions"), &["GET"]));
        }
        (enrollment, FactorStatus::PendingActivation) => {
            if let Enrollment::Passcode { destination, .. } = enrollment {
                let resend = json!({
                    "name": destination.channel().as_str(),
                    "href": format!("{own}/resend"),
                    "hints": { "allow": ["POST"] },
                });
                links.insert("resend".to_owned(), json!([resend]));
            }
            links.insert("activate".to_owned(), link(&format!("{own}/lifecycle/activate"), &["POST"]));
        }
        (_, FactorStatus::Active) => {
            links.insert("verify".to_owned(), link(&format!("{own}/verify"), &["POST"]));
        }
    }
    let allow: &[&str] = if factor.is_active() { &["GET", "DELETE"] } else { &["GET"] };
    links.insert("self".to_owned(), link(&own, allow));
    links.insert("user".to_owned(), link(&user, &["GET"]));
    Value::Object(links)
}

/// The answer to a verification that was right. A real org shows the profile of security keys alone.
pub(super) fn success(factor: &Factor) -> Value {
    let mut view = Map::new();
    view.insert("factorResult".to_owned(), json!("SUCCESS"));
    if matches!(factor.enrollment, Enrollment::WebAuthn { .. }) {
        view.extend(profile(&factor.enrollment).map(|profile| ("profile".to_owned(), profile)));
    }
    Value::Object(view)
}

/// The answer to a verification that needs a proof yet. A real org shows the phone, and does not show the address of an
/// e-mail.
pub(super) fn challenge(factor: &Factor, base_url: &str) -> Value {
    let own = own_url(factor, base_url);
    let mut view = Map::new();
    view.insert("factorResult".to_owned(), json!("CHALLENGE"));
    if factor.kind() != FactorKind::Email {
        view.extend(profile(&factor.enrollment).map(|profile| ("profile".to_owned(), profile)));
    }
    let links = json!({
        "verify": link(&format!("{own}/verify"), &["POST"]),
        "factor": link(&own, &["GET", "DELETE"]),
    });
    view.insert("_links".to_owned(), links);
    if let Enrollment::WebAuthn { stage, .. } = &factor.enrollment {
        let options = stage.challenge().map(|challenge| json!({ "challenge": challenge.options }));
        view.extend(options.map(|embedded| ("_embedded".to_owned(), embedded)));
    }
    Value::Object(view)
}

/// The kinds of factors with what the user has of each.
pub(super) fn catalog(factors: &[Factor], user: &UserId, base_url: &str) -> Vec<Value> {
    let url = format!("{base_url}/api/v1/users/{user}/factors");
    let entry = |kind: &FactorKind| {
        let status = factors.iter().find(|factor| factor.kind() == *kind).map(Factor::status);
        let mut links = Map::new();
        if *kind == FactorKind::Question {
            links.insert("questions".to_owned(), link(&format!("{url}/questions"), &["GET"]));
        }
        links.insert("enroll".to_owned(), link(&url, &["POST"]));
        json!({
            "factorType": kind.factor_type(),
            "provider": kind.provider(),
            "vendorName": kind.provider(),
            "status": status.map_or(FactorStatus::NOT_SETUP, FactorStatus::as_str),
            "_links": links,
        })
    };
    FactorKind::ALL.iter().map(entry).collect()
}
