//! Factors on the way in: choosing and proving one, or enrolling the first. Security keys need a script and so are not for
//! these pages.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use roster_model::authn::Stage;
use roster_model::factor::{Channel, Enrollment, Factor, FactorInput, FactorKind, SecurityQuestion};
use roster_model::id::FactorId;
use roster_store::authn::Pending;
use roster_store::factors::{ActivateFactor, EnrollFactor, VerifyFactor};
use serde_json::{Map, Value, json};

use super::steps::{after, state_token};
use super::{Form, Page, PageError, Shown, Visit, show};
use crate::App;
use crate::authn::factor_view::masked_address;
use crate::factors::view::activation;
use crate::throttle::Attempt;

#[derive(Template)]
#[template(path = "factor_choice.html")]
struct ChoicePage<'a> {
    page: Page,
    login: &'a str,
    choices: Vec<Choice>,
    error: Option<&'a str>,
}

/// A factor that can be chosen.
struct Choice {
    id: String,
    name: &'static str,
    /// Where its passcodes go.
    address: Option<String>,
}

#[derive(Template)]
#[template(path = "factor_challenge.html")]
struct ChallengePage<'a> {
    page: Page,
    login: &'a str,
    factor: Choice,
    /// The question to be answered.
    question: Option<&'static str>,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "factor_enroll.html")]
struct EnrollPage<'a> {
    page: Page,
    login: &'a str,
    kinds: Vec<FactorKind>,
    questions: &'static [SecurityQuestion],
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "factor_activate.html")]
struct ActivatePage<'a> {
    page: Page,
    login: &'a str,
    factor: Choice,
    /// The picture of the shared secret, and the secret itself, to be typed in.
    shared: Option<(String, String)>,
    error: Option<&'a str>,
}

/// `POST /signin/factor`: the factor to be proved. A passcode goes to where it sends them.
pub(super) async fn choose(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let id = form.text("factor").unwrap_or_default();
    let done = app.store().authn_verify_factor(&form.visit.change, &token, id, VerifyFactor::default()).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/verify`: a passcode or an answer.
pub(super) async fn verify(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let (token, id) = (state_token(&headers)?, form.text("factor").unwrap_or_default());
    admit(&app, &form.visit, id)?;
    let typed = |name| Some(form.text(name).unwrap_or_default().trim().to_owned());
    let request = VerifyFactor { pass_code: typed("passCode"), answer: typed("answer"), ..VerifyFactor::default() };
    let done = app.store().authn_verify_factor(&form.visit.change, &token, id, request).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/resend`: another passcode.
pub(super) async fn resend(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let (token, id) = (state_token(&headers)?, form.text("factor").unwrap_or_default());
    let done = app.store().authn_resend_factor_challenge(&form.visit.change, &token, id).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/previous`: back to the choice of a factor.
pub(super) async fn previous(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let done = app.store().authn_previous(&form.visit.change, &token).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/enroll`: the factor to be set up.
pub(super) async fn enroll(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let token = state_token(&headers)?;
    let request = input(&form).map(|factor| EnrollFactor {
        factor,
        activate: false,
        update_phone: true,
        lifetime: None,
        origin: form.visit.base_url.to_string(),
    });
    let done = match request {
        Ok(request) => app.store().authn_enroll_factor(&form.visit.change, &token, request).await,
        Err(problem) => Err(problem.into()),
    };
    after(&app, &form, &token, done).await
}

/// `POST /signin/activate`: the passcode that completes an enrolment.
pub(super) async fn activate(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let (token, id) = (state_token(&headers)?, form.text("factor").unwrap_or_default());
    admit(&app, &form.visit, id)?;
    let pass_code = Some(form.text("passCode").unwrap_or_default().trim().to_owned());
    let request = ActivateFactor { pass_code, attestation: None };
    let done = app.store().authn_activate_factor(&form.visit.change, &token, id, request).await;
    after(&app, &form, &token, done).await
}

/// `POST /signin/resend-activation`: another passcode for an enrolment.
pub(super) async fn resend_activation(State(app): State<App>, headers: HeaderMap, form: Form) -> Shown {
    let (token, id) = (state_token(&headers)?, form.text("factor").unwrap_or_default());
    let done = app.store().authn_resend_enroll_factor(&form.visit.change, &token, id).await;
    after(&app, &form, &token, done).await
}

/// Proofs of one factor, and from one address, are throttled as sign-ins are; those of one user are counted by the store.
fn admit(app: &App, visit: &Visit, factor: &str) -> Result<(), PageError> {
    let now = app.store().clock().now();
    Ok(app.throttle().admit(Attempt::SignIn, visit.org.key, factor, visit.address, now).map(drop)?)
}

/// The factor that a form asks for, as the body of enrollFactor has it.
fn input(form: &Form) -> Result<FactorInput, roster_model::error::Problem> {
    let text = |name: &str| form.text(name).unwrap_or_default();
    let (factor_type, provider) = text("kind").split_once(' ').unwrap_or_default();
    let profile: Map<String, Value> = ["question", "answer", "phoneNumber", "phoneExtension"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), json!(form.text(name)?))))
        .collect();
    let body = json!({ "factorType": factor_type, "provider": provider, "profile": profile });
    FactorInput::from_json(body.as_object().unwrap_or(&Map::new()))
}

/// Shows what a transaction asks for that waits for a factor.
pub(super) fn show_pending(
    visit: &Visit,
    pending: &Pending,
    login: &str,
    status: StatusCode,
    error: Option<&str>,
) -> Shown {
    let page = visit.page();
    match &pending.transaction.stage {
        Stage::MfaChallenge { factor, .. } => {
            let factor = of_id(pending, factor)?;
            let question = match &factor.enrollment {
                Enrollment::Question { question, .. } => Some(question.text()),
                _ => None,
            };
            show(visit, status, &ChallengePage { page, login, factor: choice(factor), question, error })
        }
        Stage::MfaEnroll { .. } => {
            let has = |kind| pending.factors.iter().any(|factor| factor.is_active() && factor.kind() == kind);
            let offered = FactorKind::ALL.iter().copied().filter(|kind| *kind != FactorKind::WebAuthn && !has(*kind));
            let (kinds, questions) = (offered.collect(), SecurityQuestion::ALL);
            show(visit, status, &EnrollPage { page, login, kinds, questions, error })
        }
        Stage::MfaEnrollActivate { factor, .. } => {
            let factor = of_id(pending, factor)?;
            let shared = activation(factor, &visit.base_url).and_then(|activation| {
                let picture = activation.pointer("/_links/qrcode/href")?.as_str()?.to_owned();
                Some((picture, activation.get("sharedSecret")?.as_str()?.to_owned()))
            });
            show(visit, status, &ActivatePage { page, login, factor: choice(factor), shared, error })
        }
        _ => {
            let usable = |factor: &&Factor| factor.is_active() && factor.kind() != FactorKind::WebAuthn;
            let choices = pending.factors.iter().filter(usable).map(choice).collect();
            show(visit, status, &ChoicePage { page, login, choices, error })
        }
    }
}

fn of_id<'a>(pending: &'a Pending, id: &FactorId) -> Result<&'a Factor, PageError> {
    let found = pending.factors.iter().find(|factor| factor.id == *id);
    found.ok_or_else(|| {
        let message = "It was removed meanwhile. Please sign in again.";
        PageError::new(StatusCode::UNAUTHORIZED, "This factor is gone", message)
    })
}

fn choice(factor: &Factor) -> Choice {
    let address = match &factor.enrollment {
        Enrollment::Passcode { destination, .. } => Some(masked_address(destination)),
        _ => None,
    };
    Choice { id: factor.id.to_string(), name: factor.kind().display_name(), address }
}

impl EnrollPage<'_> {
    /// What a kind's form says in its `kind` field.
    fn value(kind: &FactorKind) -> String {
        format!("{} {}", kind.factor_type(), kind.provider())
    }

    fn is_phone(kind: &FactorKind) -> bool {
        matches!(Channel::of(*kind), Some(Channel::Sms | Channel::Call))
    }
}
