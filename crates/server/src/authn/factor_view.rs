//! How a transaction shows factors (the Authentication API's *Factor object*).
//!
//! Where passcodes go is masked: who signs in has proved no more than a password.

use roster_model::authn::Stage;
use roster_model::factor::{Channel, Destination, Enrollment, Factor, FactorKind, FactorStatus};
use roster_model::id::FactorId;
use roster_store::authn::Pending;
use serde_json::{Value, json};

use super::view::{self, Members, named_link};
use crate::factors::view::{activation, profile};

/// Adds the user's factors, or the one in question, and what the sign-on policy says of them.
pub(super) fn embed(embedded: Members, pending: &Pending, base_url: &str) -> Members {
    match &pending.transaction.stage {
        Stage::MfaRequired { .. } => {
            let active = pending.factors.iter().filter(|factor| factor.is_active());
            let factors: Vec<_> = active.map(|factor| required(factor, base_url)).collect();
            embedded.with("factors", json!(factors)).with("policy", policy())
        }
        Stage::MfaChallenge { factor, .. } => {
            let factor = of_id(pending, factor).map(|factor| challenged(factor).done());
            embedded.with("factor", factor).with("policy", policy())
        }
        Stage::MfaEnroll { .. } => {
            let kinds = FactorKind::ALL.iter();
            let factors: Vec<_> = kinds.map(|kind| offered(*kind, &pending.factors, base_url)).collect();
            embedded.with("factors", json!(factors))
        }
        Stage::MfaEnrollActivate { factor, .. } => {
            let view = of_id(pending, factor).map(|factor| {
                let activation = activation(factor, base_url).map(|activation| json!({ "activation": activation }));
                shown(factor).with("_embedded", activation).done()
            });
            embedded.with("factor", view)
        }
        _ => embedded,
    }
}

/// Adds the ways back, and to another passcode.
pub(super) fn link(links: Members, pending: &Pending, base_url: &str) -> Members {
    let (factor, resend) = match &pending.transaction.stage {
        Stage::MfaChallenge { factor, .. } => (factor, "verify/resend"),
        Stage::MfaEnrollActivate { factor, .. } => (factor, "lifecycle/resend"),
        _ => return links,
    };
    let channel = of_id(pending, factor).and_then(|factor| Channel::of(factor.kind()));
    let resend =
        channel.map(|channel| json!([named_link(base_url, channel.as_str(), &format!("/factors/{factor}/{resend}"))]));
    links.with("prev", view::link(base_url, "/previous")).with("resend", resend)
}

/// The `factorResult` of a transaction: a security key waits for its answer.
pub(super) fn result(pending: &Pending) -> Option<Value> {
    let Stage::MfaChallenge { factor, .. } = &pending.transaction.stage else { return None };
    let is_key = of_id(pending, factor).is_some_and(|factor| factor.kind() == FactorKind::WebAuthn);
    is_key.then(|| json!("CHALLENGE"))
}

fn of_id<'a>(pending: &'a Pending, id: &FactorId) -> Option<&'a Factor> {
    pending.factors.iter().find(|factor| factor.id == *id)
}

/// A factor that the user may choose.
fn required(factor: &Factor, base_url: &str) -> Value {
    let verify = view::link(base_url, &format!("/factors/{}/verify", factor.id));
    shown(factor).with("_links", json!({ "verify": verify })).done()
}

/// The factor that was chosen, with the challenge to a security key.
fn challenged(factor: &Factor) -> Members {
    let challenge = match &factor.enrollment {
        Enrollment::WebAuthn { stage, .. } => stage.challenge().map(|it| json!({ "challenge": it.options })),
        _ => None,
    };
    shown(factor).with("_embedded", challenge)
}

/// A kind of factor that the user may enroll, or has.
fn offered(kind: FactorKind, factors: &[Factor], base_url: &str) -> Value {
    let is_active = factors.iter().any(|factor| factor.kind() == kind && factor.is_active());
    let (status, enroll) = if is_active {
        (FactorStatus::Active.as_str(), None)
    } else {
        (FactorStatus::NOT_SETUP, Some(json!({ "enroll": view::link(base_url, "/factors") })))
    };
    Members::new()
        .with("factorType", json!(kind.factor_type()))
        .with("provider", json!(kind.provider()))
        .with("vendorName", json!(kind.provider()))
        .with("_links", enroll)
        .with("status", json!(status))
        .with("enrollment", json!("OPTIONAL"))
        .done()
}

fn shown(factor: &Factor) -> Members {
    let kind = factor.kind();
    let profile = match &factor.enrollment {
        Enrollment::Passcode { destination, .. } => Some(masked(destination)),
        enrollment => profile(enrollment),
    };
    Members::new()
        .with("id", json!(factor.id))
        .with("factorType", json!(kind.factor_type()))
        .with("provider", json!(kind.provider()))
        .with("vendorName", json!(kind.provider()))
        .with("profile", profile)
}

/// The *Remember device policy object*, of a policy that remembers none.
fn policy() -> Value {
    json!({
        "allowRememberDevice": false,
        "rememberDeviceLifetimeInMinutes": 0,
        "rememberDeviceByDefault": false,
        "factorsPolicyInfo": {},
    })
}

fn masked(destination: &Destination) -> Value {
    match destination {
        Destination::Sms(phone) => json!({ "phoneNumber": masked_phone(phone.as_str()) }),
        Destination::Call(phone, extension) => Members::new()
            .with("phoneNumber", json!(masked_phone(phone.as_str())))
            .with("phoneExtension", extension.as_ref().map(|extension| json!(extension)))
            .done(),
        Destination::Email(email) => json!({ "email": masked_email(email) }),
    }
}

/// Where passcodes of a factor go, as a page tells it.
pub(crate) fn masked_address(destination: &Destination) -> String {
    match destination {
        Destination::Sms(phone) | Destination::Call(phone, _) => masked_phone(phone.as_str()),
        Destination::Email(email) => masked_email(email),
    }
}

/// North America's numbers, which a real org's masks are made for: `+1` and so many digits.
const NORTH_AMERICAN_DIGITS: usize = 10;

/// Digits that stay.
const SHOWN_DIGITS: usize = 4;

/// `+1 XXX-XXX-1337`.
fn masked_phone(phone: &str) -> String {
    let national = phone.strip_prefix("+1").filter(|digits| digits.len() == NORTH_AMERICAN_DIGITS);
    let country = national.map_or("", |_| "+1 ");
    let last = phone.get(phone.len().saturating_sub(SHOWN_DIGITS)..).unwrap_or_default();
    format!("{country}XXX-XXX-{last}")
}

/// `d...y@example.com`.
fn masked_email(email: &str) -> String {
    let (name, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let ends = (name.chars().next().unwrap_or_default(), name.chars().next_back().unwrap_or_default());
    format!("{}...{}@{domain}", ends.0, ends.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_phone_shows_its_end() {
        assert_eq!(masked_phone("+15554151337"), "+1 XXX-XXX-1337");
        assert_eq!(masked_phone("+420601234567"), "XXX-XXX-4567");
    }

    #[test]
    fn a_masked_address_shows_its_domain_and_the_ends_of_its_name() {
        assert_eq!(masked_email("dade.murphy@example.com"), "d...y@example.com");
        assert_eq!(masked_email("d@example.com"), "d...d@example.com");
    }
}
