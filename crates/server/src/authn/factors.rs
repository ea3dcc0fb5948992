//! `/api/v1/authn/factors`: factors in a sign-in (the Authentication API's *Multifactor authentication operations*).

use axum::extract::State;
use roster_model::factor::FactorInput;
use roster_store::factors::EnrollFactor;

use super::{answer, state_token};
use crate::App;
use crate::caller::{Visitor, VisitorsChange};
use crate::factors::{activation, verification};
use crate::request::{JsonObject, Query, Segment};
use crate::response::{ApiError, Handled};
use crate::throttle::Attempt;

/// authnEnrollFactor.
pub(crate) async fn authn_enroll_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    query: Query,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    let request = EnrollFactor {
        factor: FactorInput::from_json(&body.0)?,
        activate: false,
        update_phone: query.boolean("updatePhone", false)?,
        lifetime: None,
        origin: visitor.base_url.to_string(),
    };
    answer(&app.store().authn_enroll_factor(&change, &token, request).await?, &visitor)
}

/// authnActivateFactor.
pub(crate) async fn authn_activate_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let (token, request) = (state_token(&body)?, activation(&body)?);
    admit(&app, &visitor, &id)?;
    answer(&app.store().authn_activate_factor(&change, &token, &id, request).await?, &visitor)
}

/// authnResendEnrollFactor. The body repeats the factor, which does not matter.
pub(crate) async fn authn_resend_enroll_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    answer(&app.store().authn_resend_enroll_factor(&change, &token, &id).await?, &visitor)
}

/// authnVerifyFactor. `autoPush` is about factors that Roster has not, and `rememberDevice` about a policy that it has not.
pub(crate) async fn authn_verify_factor(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(id): Segment,
    query: Query,
    body: JsonObject,
) -> Handled {
    query.boolean("rememberDevice", false)?;
    query.boolean("autoPush", false)?;
    let (token, request) = (state_token(&body)?, verification(&body)?);
    admit(&app, &visitor, &id)?;
    answer(&app.store().authn_verify_factor(&change, &token, &id, request).await?, &visitor)
}

/// authnResendFactorChallenge.
pub(crate) async fn authn_resend_factor_challenge(
    State(app): State<App>,
    visitor: Visitor,
    VisitorsChange(change): VisitorsChange,
    Segment(id): Segment,
    body: JsonObject,
) -> Handled {
    let token = state_token(&body)?;
    answer(&app.store().authn_resend_factor_challenge(&change, &token, &id).await?, &visitor)
}

/// Proofs of one factor, and from one address, are throttled as sign-ins are; those of one user are counted by the store.
fn admit(app: &App, visitor: &Visitor, factor: &str) -> Result<(), ApiError> {
    let now = app.store().clock().now();
    app.throttle().admit(Attempt::SignIn, visitor.org.key, factor, visitor.address, now).map(drop)
}
