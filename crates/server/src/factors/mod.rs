//! `/api/v1/users/{userId}/factors`: enrolling, activating, verifying and removing factors. What a proof does to a factor
//! is in `roster_model::factor`.

pub(crate) mod qr_code;
pub(crate) mod view;

use axum::extract::State;
use roster_model::factor::{AssertionInput, AttestationInput, FactorInput, PasscodeLifetime, SecurityQuestion};
use roster_store::factors::{ActivateFactor, EnrollFactor, Verification, VerifyFactor};
use serde_json::json;

use self::view::{catalog, challenge, factor_view, success};
use crate::App;
use crate::caller::{Caller, CallersChange};
use crate::request::{JsonObject, OptionalObject, Query, Segment, UserSegment};
use crate::response::{ApiError, Handled, no_content, ok};

/// listFactors: all of the user's, without pages.
pub(crate) async fn list_factors(State(app): State<App>, caller: Caller, UserSegment(asked): UserSegment) -> Handled {
    let factors = app.store().list_factors(caller.org.key, &asked).await?;
    ok(&factors.iter().map(|factor| factor_view(factor, &caller.base_url)).collect::<Vec<_>>())
}

/// listSupportedFactors: the kinds of factors that the user may enroll or has enrolled.
pub(crate) async fn list_supported_factors(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
) -> Handled {
    let user = app.store().get_user(caller.org.key, &asked).await?;
    let factors = app.store().list_factors(caller.org.key, user.id.as_str()).await?;
    ok(&catalog(&factors, &user.id, &caller.base_url))
}

/// listSupportedSecurityQuestions: the same for every user.
pub(crate) async fn list_supported_security_questions(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
) -> Handled {
    app.store().get_user(caller.org.key, &asked).await?;
    let view = |question: &SecurityQuestion| json!({ "question": question.key(), "questionText": question.text() });
    ok(&SecurityQuestion::ALL.iter().map(view).collect::<Vec<_>>())
}

/// enrollFactor: answers 200, not 201, as a real org does. `templateId` names no template here, and then the default one
/// is used.
pub(crate) async fn enroll_factor(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    query: Query,
    body: JsonObject,
) -> Handled {
    let request = EnrollFactor {
        factor: FactorInput::from_json(&body.0)?,
        activate: query.boolean("activate", false)?,
        update_phone: query.boolean("updatePhone", false)?,
        lifetime: lifetime(&query)?,
        origin: caller.base_url.to_string(),
    };
    ok(&factor_view(&app.store().enroll_factor(&change, &asked, request).await?, &caller.base_url))
}

/// `tokenLifetimeSeconds`, which counts for e-mail alone.
fn lifetime(query: &Query) -> Result<Option<PasscodeLifetime>, ApiError> {
    let seconds = query.integer("tokenLifetimeSeconds")?;
    Ok(seconds.map(PasscodeLifetime::from_seconds).transpose()?)
}

/// getFactor.
pub(crate) async fn get_factor(
    State(app): State<App>,
    caller: Caller,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
) -> Handled {
    ok(&factor_view(&app.store().get_factor(caller.org.key, &asked, &id).await?, &caller.base_url))
}

/// updateFactor: another question or answer.
pub(crate) async fn update_factor(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let factor = FactorInput::from_json(&body.0)?;
    ok(&factor_view(&app.store().update_factor(&change, &asked, &id, factor).await?, &caller.base_url))
}

/// deleteFactor. `removeEnrollmentRecovery` asks for the phone to be forgotten too, which it is in any case.
pub(crate) async fn delete_factor(
    State(app): State<App>,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    query: Query,
) -> Handled {
    query.boolean("removeEnrollmentRecovery", false)?;
    app.store().delete_factor(&change, &asked, &id).await?;
    no_content()
}

/// activateFactor: completes an enrolment with a passcode or a new credential, and answers the factor.
pub(crate) async fn activate_factor(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let request = activation(&body)?;
    ok(&factor_view(&app.store().activate_factor(&change, &asked, &id, request).await?, &caller.base_url))
}

/// verifyFactor: without a proof, a factor that needs a challenge makes one; then this answers `CHALLENGE`. A body is not
/// needed for that.
pub(crate) async fn verify_factor(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    query: Query,
    OptionalObject(body): OptionalObject,
) -> Handled {
    let request = VerifyFactor { lifetime: lifetime(&query)?, ..verification(&body)? };
    match app.store().verify_factor(&change, &asked, &id, request).await? {
        Verification::Success(factor) => ok(&success(&factor)),
        Verification::Challenge(factor) => ok(&challenge(&factor, &caller.base_url)),
    }
}

/// What a body brings to complete an enrolment.
pub(crate) fn activation(body: &JsonObject) -> Result<ActivateFactor, ApiError> {
    let attestation = proof(body, "attestation")?.zip(proof(body, "clientData")?);
    Ok(ActivateFactor {
        pass_code: proof(body, "passCode")?,
        attestation: attestation.map(|(attestation, client_data)| AttestationInput { attestation, client_data }),
    })
}

/// What a body brings to a verification.
pub(crate) fn verification(body: &JsonObject) -> Result<VerifyFactor, ApiError> {
    Ok(VerifyFactor {
        pass_code: proof(body, "passCode")?,
        answer: proof(body, "answer")?,
        assertion: assertion(body)?,
        lifetime: None,
    })
}

/// A signature, if all of its three parts are there.
fn assertion(body: &JsonObject) -> Result<Option<AssertionInput>, ApiError> {
    let parts = (proof(body, "clientData")?, proof(body, "authenticatorData")?, proof(body, "signatureData")?);
    let (Some(client_data), Some(authenticator_data), Some(signature_data)) = parts else { return Ok(None) };
    Ok(Some(AssertionInput { client_data, authenticator_data, signature_data }))
}

/// A passcode, an answer or a part of a signature; an empty one is none.
fn proof(body: &JsonObject, name: &str) -> Result<Option<String>, ApiError> {
    Ok(body.text(name)?.filter(|text| !text.trim().is_empty()).map(str::to_owned))
}

/// resendEnrollFactor: sends another passcode, and answers the factor. The body repeats the factor, and does not matter.
pub(crate) async fn resend_enroll_factor(
    State(app): State<App>,
    caller: Caller,
    CallersChange(change): CallersChange,
    UserSegment(asked): UserSegment,
    Segment(id): Segment,
    OptionalObject(_): OptionalObject,
) -> Handled {
    ok(&factor_view(&app.store().resend_enroll_factor(&change, &asked, &id).await?, &caller.base_url))
}
