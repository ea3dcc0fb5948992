//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use roster_model::authn::Options;
use roster_model::error::ErrorCode;
use roster_model::user::password_policy::Password;
use roster_store::Error;
use roster_store::authn::{Authentication, PrimaryAuthentication, Success};
use roster_store::identity_providers::IdentityProvider;

use super::{Form, HOME, Page, SIGN_IN, Shown, Visit, redirect, show, show_on_the_way_elsewhere, steps};
use crate::request::Query;
use crate::throttle::Attempt;
use crate::{App, password_import, sessions};

/// What everyone is told whose sign-in failed, whether or not there is such a user.
const FAILED: &str = "The username or the password is not right.";

/// What who is locked out is told, where the org wants that (`showLockoutFailures`).
const LOCKED_OUT: &str = "This account is locked after too many wrong passwords.";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    page: Page,
    username: &'a str,
    /// Where to go once signed in.
    from_uri: &'a str,
    error: Option<&'a str>,
    /// Who else can say who somebody is.
    providers: Vec<ProviderLink>,
}

/// An identity provider to sign in through.
struct ProviderLink {
    name: String,
    url: String,
}

impl ProviderLink {
    /// The providers of the visitor's org, with links that lead to `from_uri` in the end.
    async fn all(app: &App, visit: &Visit, from_uri: &str) -> Result<Vec<Self>, Error> {
        let from_uri: String = form_urlencoded::byte_serialize(from_uri.as_bytes()).collect();
        let found = app.store().sign_in_providers(visit.org.key).await?;
        let link =
            |it: IdentityProvider| Self { url: format!("/sso/idps/{}?fromURI={from_uri}", it.id), name: it.name };
        Ok(found.into_iter().map(link).collect())
    }
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage {
    page: Page,
    /// Who is signed in.
    login: Option<String>,
}

/// `GET /login/login.htm?fromURI=…`: who has a session is sent on at once, unless `prompt=login` asks for another.
pub(super) async fn form(State(app): State<App>, visit: Visit, query: Query) -> Shown {
    let from_uri = visit.own_page(query.text("fromURI")).unwrap_or(HOME);
    if query.text("prompt") != Some("login") && visit.session(&app).await?.is_some() {
        return redirect(from_uri);
    }
    let providers = ProviderLink::all(&app, &visit, from_uri).await?;
    let page = SignInPage {
        page: visit.page(),
        username: query.text("login_hint").unwrap_or_default(),
        from_uri,
        error: None,
        providers,
    };
    show_sign_in(&visit, StatusCode::OK, &page)
}

/// `POST /login/login.htm`: signs in as `/api/v1/authn` does.
pub(super) async fn sign_in(State(app): State<App>, form: Form) -> Shown {
    let visit = &form.visit;
    let from_uri = visit.own_page(form.text("fromURI")).unwrap_or(HOME);
    let (username, password) = (form.text("username").unwrap_or_default(), form.text("password").unwrap_or_default());
    let providers = ProviderLink::all(&app, visit, from_uri).await?;
    let refuse = |status, error: &str| {
        let page = SignInPage { page: visit.page(), username, from_uri, error: Some(error), providers };
        show_sign_in(visit, status, &page)
    };
    let now = app.store().clock().now();
    let admitted = app.throttle().admit(Attempt::SignIn, visit.org.key, username, visit.address, now);
    let admission = match admitted {
        Ok(admission) => admission,
        Err(error) => {
            let (status, _) = error.told();
            return refuse(status, "There were too many attempts. Wait a minute, then try again.");
        }
    };
    let request = PrimaryAuthentication {
        username: username.to_owned(),
        password: Password::new(password.to_owned()),
        relay_state: Some(from_uri.to_owned()),
        options: Options { warn_before_password_expired: true, multi_optional_factor_enroll: false },
    };
    let (hooks, base_url, context) = (app.hook_client(), &visit.base_url, visit.change.request());
    let import = |call| password_import::ask(hooks, call, base_url, context);
    let found = match app.store().authn(&visit.change, request, import).await {
        Ok(found) => found,
        Err(Error::Rule(problem)) if problem.code == ErrorCode::AuthenticationFailed => {
            return refuse(StatusCode::UNAUTHORIZED, FAILED);
        }
        Err(error) => return Err(error.into()),
    };
    if let Authentication::LockedOut = found {
        return refuse(StatusCode::UNAUTHORIZED, LOCKED_OUT);
    }
    admission.succeeded();
    steps::proceed(&app, visit, found).await
}

/// Begins the session of a finished sign-in: under a new id, whatever the browser brought, and in the place of the session
/// that it was in.
pub(super) async fn begin_session(app: &App, visit: &Visit, success: &Success) -> Shown {
    if let Some(replaced) = visit.session(app).await? {
        app.store().end_session(&visit.change, &replaced.id).await?;
    }
    let (session, id) = app.store().create_session(&visit.change, &success.session_token).await?;
    let mut answer = redirect(visit.own_page(success.relay_state.as_deref()).unwrap_or(HOME))?;
    sessions::set_session_cookie(&mut answer, &visit.base_url, &session, &id);
    Ok(answer)
}

/// `GET /login/signout`: asks first, since a link on another site may lead here.
pub(super) async fn sign_out_form(State(app): State<App>, visit: Visit) -> Shown {
    let login = visit.session(&app).await?.map(|session| session.login);
    show(&visit, StatusCode::OK, &SignOutPage { page: visit.page(), login })
}

/// `POST /login/signout`: ends the session.
pub(super) async fn sign_out(State(app): State<App>, form: Form) -> Shown {
    if let Some(session) = form.visit.session(&app).await? {
        app.store().end_session(&form.visit.change, &session.id).await?;
    }
    let mut answer = redirect(SIGN_IN)?;
    sessions::clear_session_cookie(&mut answer, &form.visit.base_url);
    Ok(answer)
}

fn show_sign_in(visit: &Visit, status: StatusCode, page: &SignInPage<'_>) -> Shown {
    // What `form-action` would stop is only an authorization request on its way to its client.
    if page.from_uri.contains("/oauth2/") {
        return show_on_the_way_elsewhere(visit, status, page);
    }
    show(visit, status, page)
}
