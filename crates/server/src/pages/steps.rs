//! What a sign-in or a recovery asks for on its way: a page for each stage of its transaction.
//!
//! The browser keeps the transaction's state token in a cookie, so that it stands in no address; [`CONTINUE`] shows what the
//! transaction waits for, and its forms go on with it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use roster_model::authn::{PasswordStanding, RecoveryType, Stage};
use roster_model::error::{ErrorCode, Problem};
use roster_model::user::password_policy::Password;
use roster_store::Error;
use roster_store::authn::{Authentication, Pending};
use roster_store::secret::Secret;
use roster_store::users::party;

use super::sign_in::begin_session;
use super::{Form, Page, PageError, SIGN_IN, Shown, Visit, factors, redirect, show};
use crate::{App, cookies};

/// The page of a transaction, whatever it waits for.
pub(super) const CONTINUE: &str = "/signin/continue";

/// The cookie of the state token (Okta's name).
const COOKIE_NAME: &str = "oktaStateToken";

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage<'a> {
    page: Page,
    login: &'a str,
    /// Days that the old password is still good for; `None` once it has expired.
    days_left: Option<i64>,
    requirements: String,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPasswordPage<'a> {
    page: Page,
    login: &'a str,
    /// Whether it is the user's first one.
    is_first: bool,
    requirements: String,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "recovery_question.html")]
struct RecoveryQuestionPage<'a> {
    page: Page,
    login: &'a str,
    question: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "unlocked.html")]
struct UnlockedPage {
    page: Page,
}

/// Goes on with a transaction: to its next page, or to the session that it was for.
pub(super) async fn proceed(app: &App, visit: &Visit, found: Authentication) -> Shown {
    let mut answer = match found {
        Authentication::Pending(pending) => {
            let mut answer = redirect(CONTINUE)?;
            cookies::set(&mut answer, &visit.base_url, COOKIE_NAME, pending.token.reveal(), None);
            return Ok(answer);
        }
        Authentication::Success(success) => begin_session(app, visit, &success).await?,
        Authentication::Unlocked { .. } => show(visit, StatusCode::OK, &UnlockedPage { page: visit.page() })?,
        Authentication::LockedOut => return Err(locked_out()),
        // These pages recover by e-mail alone.
        Authentication::RecoveryChallenge(_) => return Err(over()),
    };
    cookies::clear(&mut answer, &visit.base_url, COOKIE_NAME);
    Ok(answer)
}

/// `GET /signin/continue`: what the transaction waits for.
pub(super) async fn step(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Shown {
    let Some(token) = cookies::read(&headers, COOKIE_NAME) else { return redirect(SIGN_IN) };
    show_stage(&app, &visit, &token, StatusCode::OK, None).await
}

/// `POST /signin/change-password`: of one that has expired, or is about to.
pub(super) async fn change_password(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let Some(new) = new_password(&form) else { return differs(&app, &form, &token).await };
    let old = Password::new(form.text("oldPassword").unwrap_or_default().to_owned());
    let done = app.store().authn_change_password(&form.visit.change, &token, old, new, false).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/new-password`: at the end of a recovery, or the first one of a new user.
pub(super) async fn reset_password(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let Some(new) = new_password(&form) else { return differs(&app, &form, &token).await };
    let done = app.store().authn_reset_password(&form.visit.change, &token, new, false).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/answer`: to the recovery question.
pub(super) async fn answer_question(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let answer = form.text("answer").unwrap_or_default();
    let done = app.store().authn_answer_recovery_question(&form.visit.change, &token, answer).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/skip`: past the warning of a password that is about to expire.
pub(super) async fn skip(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let done = app.store().authn_skip(&form.visit.change, &token).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/cancel`: back to the sign-in page.
pub(super) async fn cancel(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    match app.store().authn_cancel(&form.visit.change, &token).await {
        // It is over anyhow.
        Ok(_) | Err(Error::Rule(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let mut answer = redirect(SIGN_IN)?;
    cookies::clear(&mut answer, &form.visit.base_url, COOKIE_NAME);
    Ok(answer)
}

pub(super) fn state_token(headers: &HeaderMap) -> Result<Secret, PageError> {
    cookies::read(headers, COOKIE_NAME).ok_or_else(over)
}

/// The new password, if it was typed the same twice.
fn new_password(form: &Form) -> Option<Password> {
    let new = form.text("newPassword").unwrap_or_default();
    (form.text("confirmPassword").unwrap_or_default() == new).then(|| Password::new(new.to_owned()))
}

async fn differs(app: &App, form: &Form, token: &Secret) -> Shown {
    let message = "The two new passwords are not the same.";
    show_stage(app, &form.visit, token, StatusCode::BAD_REQUEST, Some(message)).await
}

/// What follows on a step: the next one, or this one again with what was wrong.
pub(super) async fn after(app: &App, form: &Form, token: &Secret, done: Result<Authentication, Error>) -> Shown {
    match done {
        Ok(found) => proceed(app, &form.visit, found).await,
        Err(Error::Rule(problem)) => {
            if problem.code == ErrorCode::FactorUserLocked {
                return Err(locked_out());
            }
            let Some(message) = told(&problem) else { return Err(over()) };
            show_stage(app, &form.visit, token, StatusCode::BAD_REQUEST, Some(&message)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What is wrong with what was typed; `None` if the transaction is over.
fn told(problem: &Problem) -> Option<String> {
    match problem.code {
        ErrorCode::CredentialsUpdateFailed | ErrorCode::PasswordRefused => {
            let cause = problem.causes.first().map_or("", String::as_str);
            Some(if cause.starts_with("oldPassword:") {
                "The old password is not right.".to_owned()
            } else {
                format!("{}.", cause.trim_end_matches('.'))
            })
        }
        ErrorCode::WrongRecoveryAnswer => Some("The answer is not right.".to_owned()),
        ErrorCode::InvalidPasscode => Some("That is not right, or no longer good.".to_owned()),
        ErrorCode::WrongAuthenticationState => Some("That step is done already.".to_owned()),
        ErrorCode::InvalidToken | ErrorCode::AuthenticationFailed => None,
        _ => {
            let cause = problem.causes.first().map(|cause| cause.split_once(": ").map_or(cause.as_str(), |(_, it)| it));
            Some(cause.map_or_else(|| problem.code.summary(&problem.argument), str::to_owned))
        }
    }
}

fn over() -> PageError {
    let message = "It took too long, or was finished elsewhere. Please begin again.";
    PageError::new(StatusCode::UNAUTHORIZED, "This sign-in is over", message)
}

fn locked_out() -> PageError {
    let message = "There were too many wrong passwords. Unlock it, or ask your administrator.";
    PageError::new(StatusCode::UNAUTHORIZED, "This account is locked", message)
}

/// Shows what a transaction waits for.
async fn show_stage(app: &App, visit: &Visit, token: &Secret, status: StatusCode, error: Option<&str>) -> Shown {
    let found = match app.store().authn_state(&visit.change, token).await {
        Err(Error::Rule(problem)) if problem.code == ErrorCode::InvalidToken => return Err(over()),
        found => found?,
    };
    match found {
        Authentication::Pending(pending) => show_pending(visit, &pending, status, error),
        other => proceed(app, visit, other).await,
    }
}

fn show_pending(visit: &Visit, pending: &Pending, status: StatusCode, error: Option<&str>) -> Shown {
    let (page, user) = (visit.page(), party(&pending.user));
    let login = user.alternate_id.as_str();
    let requirements = || format!("{}.", pending.policy.complexity_text());
    match &pending.transaction.stage {
        Stage::PasswordExpired { .. } | Stage::PasswordWarn { .. } => {
            let days_left = match pending.password {
                PasswordStanding::Warn { days } => Some(days),
                PasswordStanding::Expired | PasswordStanding::Good => None,
            };
            show(visit, status, &ChangePasswordPage { page, login, days_left, requirements: requirements(), error })
        }
        Stage::PasswordReset { recovery } => {
            let is_first = *recovery == RecoveryType::AccountActivation;
            show(visit, status, &NewPasswordPage { page, login, is_first, requirements: requirements(), error })
        }
        Stage::Recovery { .. } => {
            let question = pending.user.credentials.recovery_question.as_ref();
            let question = question.map_or("", |question| question.question.as_str());
            show(visit, status, &RecoveryQuestionPage { page, login, question, error })
        }
        Stage::RecoveryChallenge { .. } => Err(over()),
        Stage::MfaRequired { .. }
        | Stage::MfaChallenge { .. }
        | Stage::MfaEnroll { .. }
        | Stage::MfaEnrollActivate { .. } => factors::show_pending(visit, pending, login, status, error),
    }
}
