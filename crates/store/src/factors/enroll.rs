//! enrollFactor and updateFactor.

use roster_model::event::EventType;
use roster_model::factor::{
    Challenge, Channel, Destination, Enrollment, Factor, FactorInput, FactorKind, FactorRefusal, FactorStatus,
    Passcode, PasscodeLifetime, PasscodeStage, PhoneNumber, QuestionAnswer, SharedSecret, TotpProvider, TotpStage,
};
use roster_model::id::FactorId;
use roster_model::message::MessageKind;
use roster_model::user::User;
use roster_model::user::password_policy::Password;
use roster_model::user::profile::Profile;
use roster_model::user::status::LifecycleOperation;

use super::{find, find_of_kind, insert, record, save, webauthn};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::messages::Outbox;
use crate::seal::MasterKey;
use crate::secret::{Secret, random_bytes};
use crate::{Store, users};

/// A request to enroll a factor.
#[derive(Clone)]
pub struct EnrollFactor {
    /// The factor.
    pub factor: FactorInput,
    /// Whether to activate a factor with sent passcodes at once, without sending one.
    pub activate: bool,
    /// Whether the phone that is being set up may be exchanged for another.
    pub update_phone: bool,
    /// For how long the passcode that is sent by e-mail is good.
    pub lifetime: Option<PasscodeLifetime>,
    /// The org's URL as the user's browser knows it, which a security key is bound to.
    pub origin: String,
}

impl Store {
    /// enrollFactor. A factor of the same kind that is not active yet is enrolled anew: it keeps its id.
    ///
    /// # Errors
    /// If there is no such user, their status refuses it, they have an active factor of this kind, or the phone number or
    /// e-mail address is not one for them.
    pub async fn enroll_factor(&self, change: &Change, asked: &str, request: EnrollFactor) -> Result<Factor, Error> {
        let plan = self.plan_enrollment(request).await?;
        let (change, key, outbox) = (change.clone(), self.master_key().clone(), self.outbox());
        let asked = asked.to_owned();
        self.engine()
            .write(move |tx| {
                let user = user_with_factors(tx, &change, &asked)?;
                enroll(tx, &change, &key, &outbox, &user, &plan)
            })
            .await
    }

    /// An enrolment, short of what needs the user. What takes too long for a transaction is done by then.
    pub(crate) async fn plan_enrollment(&self, request: EnrollFactor) -> Result<PlannedEnrollment, Error> {
        let plan = match request.factor.clone() {
            FactorInput::Question(answer) => Plan::Ready(self.question(&answer).await?),
            FactorInput::Totp(provider) => Plan::Totp(provider),
            FactorInput::Sms(phone) => Plan::Phone { channel: Channel::Sms, phone, extension: None },
            FactorInput::Call(phone, extension) => Plan::Phone { channel: Channel::Call, phone, extension },
            FactorInput::Email(email) => Plan::Email(email),
            FactorInput::WebAuthn => Plan::WebAuthn,
        };
        Ok(PlannedEnrollment { plan, request })
    }

    /// updateFactor: another question or answer. A real org takes this too, though it is not documented: its Terraform
    /// provider changes questions so.
    ///
    /// # Errors
    /// If there is no such user or factor, their status refuses it, or the factor is no security question.
    pub async fn update_factor(
        &self,
        change: &Change,
        asked: &str,
        id: &str,
        factor: FactorInput,
    ) -> Result<Factor, Error> {
        let FactorInput::Question(answer) = factor else { return Err(FactorRefusal::NotUpdatable.problem().into()) };
        let enrollment = self.question(&answer).await?;
        let (change, key) = (change.clone(), self.master_key().clone());
        let (asked, id) = (asked.to_owned(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = user_with_factors(tx, &change, &asked)?;
                let mut factor = find(tx, &key, user.key, &id)?;
                if factor.kind() != FactorKind::Question {
                    return Err(FactorRefusal::NotUpdatable.problem().into());
                }
                factor.enrollment = enrollment.clone();
                factor.last_updated = change.now;
                save(tx, &key, &factor)?;
                record(tx, &change, EventType::FactorUpdate, &user, factor.kind())?;
                Ok(factor)
            })
            .await
    }

    /// A security question whose answer is hashed.
    async fn question(&self, answer: &QuestionAnswer) -> Result<Enrollment, Error> {
        let hashed = self.hasher().hash(Password::new(answer.folded_answer().to_owned())).await?;
        Ok(Enrollment::Question { question: answer.question(), answer: hashed })
    }
}

/// An enrolment that waits for its transaction.
pub(crate) struct PlannedEnrollment {
    plan: Plan,
    request: EnrollFactor,
}

/// Enrolls a factor of `user`, who is locked; one that is not active yet is enrolled anew.
pub(crate) fn enroll(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    outbox: &Outbox,
    user: &User,
    planned: &PlannedEnrollment,
) -> Result<Factor, Error> {
    let PlannedEnrollment { plan, request } = planned;
    let kind = request.factor.kind();
    let existing = find_of_kind(tx, key, user.key, kind)?;
    let enrollment = plan.enrollment(user, existing.as_ref(), request, change)?;
    let factor = match existing {
        Some(mut factor) => {
            factor.enroll_again(enrollment, request.update_phone, change.now).map_err(FactorRefusal::problem)?;
            save(tx, key, &factor)?;
            factor
        }
        None => {
            let id = FactorId::new(kind.id_prefix(), change.id_seed());
            let factor = Factor::enrolled(id, user.id.clone(), enrollment, change.now);
            insert(tx, change, key, user, &factor)?;
            factor
        }
    };
    after_enrollment(tx, change, outbox, user, &factor)?;
    Ok(factor)
}

/// The user whose factors are to be changed. Their status matters as it does to resetFactors: only who is deactivated,
/// and so has lost all factors, can have no others.
fn user_with_factors(tx: &mut Tx<'_>, change: &Change, asked: &str) -> Result<User, Error> {
    let user = users::find_to_change(tx, change.org, asked)?;
    user.allows(LifecycleOperation::ResetFactors)?;
    Ok(user)
}

/// What is to be enrolled, as far as that is known before the user is.
enum Plan {
    Ready(Enrollment),
    Totp(TotpProvider),
    Phone { channel: Channel, phone: Option<PhoneNumber>, extension: Option<String> },
    Email(Option<String>),
    WebAuthn,
}

impl Plan {
    fn enrollment(
        &self,
        user: &User,
        existing: Option<&Factor>,
        request: &EnrollFactor,
        change: &Change,
    ) -> Result<Enrollment, Error> {
        let destination = match self {
            Self::Ready(enrollment) => return Ok(enrollment.clone()),
            Self::Totp(provider) => return totp(*provider, &profile(user)?),
            Self::WebAuthn => {
                let party = users::party(user);
                let (login, name) = (&party.alternate_id, &party.display_name);
                return webauthn::enrollment(&request.origin, &user.id, login, name, change.now);
            }
            Self::Email(email) => Destination::Email(own_email(&profile(user)?, email.as_deref())?),
            Self::Phone { channel, phone, extension } => phone_destination(*channel, phone, extension, existing)?,
        };
        let stage = if request.activate {
            PasscodeStage::Active { challenge: None }
        } else {
            let lifetime = request.lifetime.unwrap_or_default();
            let challenge = Challenge::new(new_passcode()?, destination.channel(), lifetime, change.now);
            PasscodeStage::PendingActivation { challenge }
        };
        Ok(Enrollment::Passcode { destination, stage })
    }
}

fn profile(user: &User) -> Result<Profile, EngineError> {
    Ok(user.profile()?)
}

fn totp(provider: TotpProvider, profile: &Profile) -> Result<Enrollment, Error> {
    Ok(Enrollment::Totp {
        provider,
        credential_id: profile.login().as_str().to_owned(),
        secret: SharedSecret::from_bytes(random_bytes()?),
        stage: TotpStage::PendingActivation { qr_token: Secret::random::<30>("00")?.reveal().to_owned() },
    })
}

/// The user's address that `wanted` is, in whatever letter case; the primary one, if none is wanted.
fn own_email(profile: &Profile, wanted: Option<&str>) -> Result<String, Error> {
    let secondary = profile.get("secondEmail").and_then(serde_json::Value::as_str);
    let mut own = [Some(profile.email()), secondary].into_iter().flatten();
    let found = own.find(|email| wanted.is_none_or(|wanted| email.eq_ignore_ascii_case(wanted)));
    found.map(str::to_owned).ok_or_else(|| FactorRefusal::OtherEmail.problem().into())
}

/// The phone that is wanted, else the one that is being set up.
fn phone_destination(
    channel: Channel,
    phone: &Option<PhoneNumber>,
    extension: &Option<String>,
    existing: Option<&Factor>,
) -> Result<Destination, Error> {
    let Some(phone) = phone.clone() else {
        return match existing.map(|factor| &factor.enrollment) {
            Some(Enrollment::Passcode { destination, .. }) => Ok(destination.clone()),
            _ => Err(FactorRefusal::InvalidPhoneNumber.problem().into()),
        };
    };
    Ok(match channel {
        Channel::Call => Destination::Call(phone, extension.clone()),
        Channel::Sms | Channel::Email => Destination::Sms(phone),
    })
}

/// A passcode that nobody can foretell.
pub(super) fn new_passcode() -> Result<Passcode, EngineError> {
    Ok(Passcode::from_random(u64::from_be_bytes(random_bytes()?)))
}

/// Tells of an enrolment, and sends its passcode if it has one.
fn after_enrollment(
    tx: &mut Tx<'_>,
    change: &Change,
    outbox: &Outbox,
    user: &User,
    factor: &Factor,
) -> Result<(), Error> {
    if let Enrollment::Passcode { destination, stage: PasscodeStage::PendingActivation { challenge } } =
        &factor.enrollment
    {
        return send(tx, change, outbox, user, destination, challenge);
    }
    let event = match factor.status() {
        FactorStatus::Active => {
            outbox.send_notice(tx, change, user, MessageKind::FactorEnrolled, Some(factor.kind()))?;
            EventType::FactorActivate
        }
        FactorStatus::PendingActivation => EventType::FactorUpdate,
    };
    Ok(record(tx, change, event, user, factor.kind())?)
}

/// Sends a passcode to its user.
pub(super) fn send(
    tx: &mut Tx<'_>,
    change: &Change,
    outbox: &Outbox,
    user: &User,
    destination: &Destination,
    challenge: &Challenge,
) -> Result<(), Error> {
    let Some(passcode) = challenge.passcode() else { return Ok(()) };
    outbox.send_passcode(tx, change, user, destination, passcode, challenge.expires())?;
    let event = match destination.channel() {
        Channel::Sms => EventType::FactorSendSms,
        Channel::Call => EventType::FactorSendCall,
        Channel::Email => EventType::FactorSendEmail,
    };
    Ok(record(tx, change, event, user, destination.channel().kind())?)
}
