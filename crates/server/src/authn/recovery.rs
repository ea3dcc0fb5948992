//! `/api/v1/authn/recovery`: forgotten passwords and locked accounts (the Authentication API's *Recovery operations*).

use axum::extract::State;
use roster_model::authn::RecoveryType;
use roster_model::error::{ErrorCode, Problem, Violation};
use roster_model::factor::Channel;
use roster_store::change::Change;
use roster_store::secret::Secret;

use super::view::{recovery_by_mail, recovery_token};
use super::{answer, blank, options, state_token};
use crate::App;
use crate::caller::{Visitor, VisitorsChange};
use crate::request::{JsonObject, Segment};
use crate::response::{Handled, ok};
use crate::throttle::Attempt;

/// authnForgotPassword.
pub(crate) async fn authn_forgot_password(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    recover(&app, &visitor, &change, &body, RecoveryType::Password).await
}

/// authnUnlockAccount.
pub(crate) async fn authn_unlock_account(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    recover(&app, &visitor, &change, &body, RecoveryType::Unlock).await
}

/// Begins a recovery: a token goes to the user by e-mail, or to a trusted application that names no factor; or a passcode
/// goes to the user's phone.
async fn recover(app: &App, visitor: &Visitor, change: &Change, body: &JsonObject, recovery: RecoveryType) -> Handled {
    let username = body.text("username")?.filter(|name| !name.is_empty()).ok_or_else(|| blank("username"))?;
    let Some(factor_type) = body.text("factorType")? else {
        if visitor.principal.is_none() {
            return Err(blank("factorType"));
        }
        let issued = app.store().authn_recovery_token(change, username, recovery).await?;
        return ok(&recovery_token(&issued, recovery, &visitor.base_url));
    };
    let invalid = || Problem::violations(&[Violation::new("factorType", "The field has an invalid value")]);
    let channel = channel(factor_type).ok_or_else(invalid)?;
    let now = app.store().clock().now();
    app.throttle().admit(Attempt::Recovery, visitor.org.key, username, visitor.address, now)?;
    match channel {
        Channel::Email => {
            app.store().authn_begin_recovery(change, username, recovery).await?;
            ok(&recovery_by_mail(recovery))
        }
        Channel::Sms | Channel::Call => {
            let relay_state = body.text("relayState")?.map(str::to_owned);
            let begun = app.store().authn_begin_recovery_challenge(change, username, recovery, channel, relay_state);
            answer(&begun.await?, visitor)
        }
    }
}

/// authnVerifyRecoveryFactor.
pub(crate) async fn authn_verify_recovery_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(factor_type): Segment,
    body: JsonObject,
) -> Handled {
    let channel = channel(&factor_type).ok_or(ErrorCode::PathNotFound)?;
    let token = state_token(&body)?;
    let passcode = body.text("passCode")?.ok_or_else(|| blank("passCode"))?;
    answer(&app.store().authn_verify_recovery_factor(&change, &token, channel, passcode).await?, &visitor)
}

/// authnResendRecoveryFactor.
pub(crate) async fn authn_resend_recovery_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(factor_type): Segment,
    body: JsonObject,
) -> Handled {
    let channel = channel(&factor_type).ok_or(ErrorCode::PathNotFound)?;
    let token = state_token(&body)?;
    answer(&app.store().authn_resend_recovery_factor(&change, &token, channel).await?, &visitor)
}

/// `SMS`, `CALL` or `EMAIL`, in any letter case.
fn channel(factor_type: &str) -> Option<Channel> {
    Channel::from_text(&factor_type.to_ascii_lowercase())
}

/// authnVerifyRecoveryToken.
pub(crate) async fn authn_verify_recovery_token(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let token = body.text("recoveryToken")?.ok_or_else(|| blank("recoveryToken"))?;
    let (relay_state, options) = (body.text("relayState")?.map(str::to_owned), options(&body)?);
    let token = Secret::from_text(token);
    answer(&app.store().authn_verify_recovery_token(&change, &token, relay_state, options).await?, &visitor)
}

/// authnAnswerRecoveryQuestion.
pub(crate) async fn authn_answer_recovery_question(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    let given = body.text("answer")?.ok_or_else(|| blank("answer"))?;
    answer(&app.store().authn_answer_recovery_question(&change, &token, given).await?, &visitor)
}
