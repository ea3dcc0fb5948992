//! The authorize endpoint of the org's server and of custom ones, and the page that asks for consent.
//!
//! Nothing is kept between the two: the page holds the request, which is read and judged anew. Its form comes from that page
//! alone (`pages/csrf.rs`), so that nobody consents without having seen to what.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use roster_model::error::{Problem, ResourceKind};
use roster_model::oauth::authorize::{AuthorizeRequest, ReturnAddress, SIGNED_IN_AFTER, redirect_uri};
use roster_model::oauth::error::{OAuthError, OAuthMistake as Mistake};
use roster_model::oauth::parameters::Parameters;
use roster_model::oauth::prompt::Prompt;
use roster_model::oauth::server::Issuer;
use roster_store::Error;
use roster_store::oauth::ScopeDetails;
use roster_store::oauth::authorize::{Authorization, Authorized, Issue};
use roster_store::oauth::user_tokens::{Beside, Recipient};
use roster_store::secret::Secret;
use roster_store::sessions::Session;

use super::authorize_answer::{Answering, answer};
use crate::pages::{
    Form, Page, PageError, Shown, Visit, redirect, redirect_to_sign_in_again, show_on_the_way_elsewhere,
};
use crate::request::optional_segment;
use crate::response::{Answer, ApiError};
use crate::{App, sessions};

/// The authorization server whose page is asked for.
pub(crate) struct PageServer(Issuer);

impl FromRequestParts<App> for PageServer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let Some(id) = optional_segment(parts, "authorizationServerId").await? else { return Ok(Self(Issuer::Org)) };
        let (org, _) = crate::caller::org_and_base_url(app, &parts.headers).await?;
        let found = app.store().find_issuer(org.key, &id).await?;
        let issuer = found.ok_or_else(|| ApiError::from(Problem::not_found(&id, ResourceKind::AuthorizationServer)))?;
        Ok(Self(issuer))
    }
}

/// A request, or where its error goes.
type Read = Result<Authorization, (ReturnAddress, OAuthError)>;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    page: Page,
    client: &'a str,
    client_uri: Option<&'a str>,
    login: &'a str,
    scopes: &'a [ScopeDetails],
    /// Where the form goes.
    action: &'a str,
    /// The request, as a query.
    request: &'a str,
}

/// `GET /oauth2/…/v1/authorize`.
pub(crate) async fn authorize(State(app): State<App>, visit: Visit, PageServer(issuer): PageServer, uri: Uri) -> Shown {
    let parameters = parameters(uri.query().unwrap_or_default());
    let authorization = match read(&app, &visit, issuer.clone(), &parameters).await? {
        Ok(authorization) => authorization,
        Err((address, error)) => return refuse(&visit, &issuer, &address, &error),
    };
    let Some(token) = parameters.get("sessionToken") else {
        let session = visit.session(&app).await?;
        return proceed(&app, &visit, authorization, &parameters, session.as_ref()).await;
    };
    // What it was changed for replaces the session that the browser was in, if any.
    let parameters = parameters.clone().without("sessionToken");
    match app.store().create_session(&visit.change, &Secret::from_text(token)).await {
        Ok((session, id)) => {
            let fresh = after_sign_in(authorization);
            let mut answer = proceed(&app, &visit, fresh, &parameters, Some(&session)).await?;
            sessions::set_session_cookie(&mut answer, &visit.base_url, &session, &id);
            Ok(answer)
        }
        Err(Error::Rule(_)) => proceed(&app, &visit, authorization, &parameters, None).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /oauth2/…/v1/authorize`: the same. Browsers send no session along with a form of another site, but do with the
/// redirect that is answered.
pub(crate) async fn authorize_by_form(uri: Uri, body: String) -> Shown {
    let pairs = form_urlencoded::parse(body.as_bytes());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    redirect(&format!("{}?{query}", uri.path()))
}

/// `POST /oauth2/…/v1/consent`: what the user says.
pub(crate) async fn consent(State(app): State<App>, PageServer(issuer): PageServer, form: Form) -> Shown {
    let visit = &form.visit;
    let parameters = parameters(form.text("request").unwrap_or_default());
    let authorization = match read(&app, visit, issuer.clone(), &parameters).await? {
        Ok(authorization) => authorization,
        Err((address, error)) => return refuse(visit, &issuer, &address, &error),
    };
    let Some(session) = visit.session(&app).await? else {
        return proceed(&app, visit, authorization, &parameters, None).await;
    };
    if form.text("decision") != Some("allow") {
        app.store().deny_consent(&visit.change, &authorization, &session).await?;
        return refuse(visit, &issuer, &authorization.request.return_address, &Mistake::ConsentDenied.into());
    }
    app.store().grant_consent(&visit.change, &authorization, &session).await?;
    proceed(&app, visit, after_consent(authorization), &parameters, Some(&session)).await
}

fn parameters(query: &str) -> Parameters {
    let pairs = form_urlencoded::parse(query.as_bytes());
    Parameters::new(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())))
}

fn query(parameters: &Parameters) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters.iter()).finish()
}

/// Reads a request. As long as it is not certain that its client wants to hear of it, its mistakes are told to the user.
async fn read(app: &App, visit: &Visit, issuer: Issuer, parameters: &Parameters) -> Result<Read, PageError> {
    if parameters.iter().any(|(_, value)| value.contains('\0')) {
        return Err(told_to_the_user(&OAuthError::about(Mistake::MissingAuthorizeParameter, "client_id")));
    }
    let client_id = parameters
        .get("client_id")
        .ok_or_else(|| told_to_the_user(&OAuthError::about(Mistake::MissingAuthorizeParameter, "client_id")))?;
    let found = app.store().find_client(visit.org.key, client_id).await?.filter(|client| client.is_active());
    let client = found.ok_or_else(|| told_to_the_user(&Mistake::UnknownClient.into()))?;
    if matches!(parameters.repeated(), Some("client_id" | "redirect_uri")) {
        return Err(told_to_the_user(&OAuthError::about(Mistake::RepeatedParameter, "redirect_uri")));
    }
    let uri = redirect_uri(&client.client, parameters.get("redirect_uri")).map_err(|error| told_to_the_user(&error))?;
    let address = ReturnAddress::of(parameters, uri);
    Ok(match AuthorizeRequest::parse(parameters, &client.client, address.clone()) {
        Ok(request) => Ok(Authorization { issuer, client, request }),
        Err(error) => Err((address, error)),
    })
}

fn told_to_the_user(error: &OAuthError) -> PageError {
    let message = format!("The app that sent you here made a mistake. {}", error.description());
    PageError::new(StatusCode::BAD_REQUEST, "This sign-in cannot go on", &message)
}

/// The request of who has just signed in for it.
fn after_sign_in(mut authorization: Authorization) -> Authorization {
    if let Prompt::Ask { login: true, consent } = authorization.request.prompt {
        authorization.request.prompt = if consent { Prompt::Ask { login: false, consent } } else { Prompt::AsNeeded };
    }
    authorization.request.max_age = authorization.request.max_age.filter(|age| *age > 0);
    authorization
}

/// The request of who has just consented to it.
fn after_consent(mut authorization: Authorization) -> Authorization {
    if let Prompt::Ask { login, consent: true } = authorization.request.prompt {
        authorization.request.prompt = if login { Prompt::Ask { login, consent: false } } else { Prompt::AsNeeded };
    }
    authorization
}

async fn proceed(
    app: &App,
    visit: &Visit,
    authorization: Authorization,
    parameters: &Parameters,
    session: Option<&Session>,
) -> Shown {
    let (issuer, address) = (&authorization.issuer, &authorization.request.return_address);
    match app.store().authorize(&visit.change, &authorization, session).await? {
        Authorized::SignIn => sign_in(visit, &authorization, parameters),
        Authorized::Refused(mistake) => refuse(visit, issuer, address, &mistake.into()),
        Authorized::Issue(issued) => issue(app, visit, &authorization, &issued).await,
        Authorized::AskConsent(scopes) => {
            let client = &authorization.client.client;
            let client_uri = client.client_uri.as_deref().filter(|uri| uri.starts_with("https://"));
            let page = ConsentPage {
                page: visit.page(),
                client: &client.name,
                client_uri,
                login: session.map(|session| session.login.as_str()).unwrap_or_default(),
                scopes: &scopes,
                action: &format!("{}/consent", issuer.endpoints("")),
                request: &query(&after_sign_in_parameters(parameters, None)),
            };
            show_on_the_way_elsewhere(visit, StatusCode::OK, &page)
        }
    }
}

/// The parameters of a request once its user has signed in. A request that asks for that would ask again and again;
/// instead it says since when the sign-in must be.
fn after_sign_in_parameters(parameters: &Parameters, since: Option<i64>) -> Parameters {
    let mut onward = parameters.clone();
    if let Some(prompt) = parameters.get("prompt") {
        let left: Vec<&str> = prompt.split(' ').filter(|part| *part != "login").collect();
        onward = if left.is_empty() { onward.without("prompt") } else { onward.with("prompt", &left.join(" ")) };
    }
    if parameters.get("max_age") == Some("0") {
        onward = onward.without("max_age");
    }
    match since {
        Some(since) => onward.with(SIGNED_IN_AFTER, &since.to_string()),
        None => onward,
    }
}

fn sign_in(visit: &Visit, authorization: &Authorization, parameters: &Parameters) -> Shown {
    let request = &authorization.request;
    let anew = request.prompt.asks_login() || request.max_age == Some(0);
    let since = anew.then(|| visit.change.now.as_millis());
    let onward = query(&after_sign_in_parameters(parameters, since));
    let target = format!("{}/authorize?{onward}", authorization.issuer.endpoints(""));
    redirect_to_sign_in_again(&target, parameters.get("login_hint"))
}

async fn issue(app: &App, visit: &Visit, authorization: &Authorization, issued: &Issue) -> Shown {
    let Authorization { issuer, client, request } = authorization;
    let Issue { code, grant } = issued;
    let recipient =
        Recipient { issuer, base_url: &visit.base_url, org_id: &visit.org.id, client, key_thumbprint: None };
    let mut members: Vec<(&str, String)> = Vec::new();
    let code = code.as_ref().map(Secret::reveal);
    members.extend(code.map(|code| ("code", code.to_owned())));
    let mut access_token = None;
    if request.response_types.token {
        let (token, claims) = app.store().issue_access_token(&visit.change, &recipient, grant).await?;
        members.push(("access_token", token.clone()));
        members.push(("token_type", "Bearer".to_owned()));
        members.push(("expires_in", (claims.exp - claims.iat).to_string()));
        members.push(("scope", claims.scp.join(" ")));
        access_token = Some(token);
    }
    if request.response_types.id_token {
        let beside = Beside { access_token: access_token.as_deref(), code };
        let token = app.store().issue_id_token(&visit.change, &recipient, grant, beside).await?;
        members.extend(token.map(|token| ("id_token", token)));
    }
    answer(visit, &Answering { issuer, address: &request.return_address, members })
}

/// Tells the client of an error.
fn refuse(visit: &Visit, issuer: &Issuer, address: &ReturnAddress, error: &OAuthError) -> Shown {
    let members = vec![("error", error.mistake.code().as_str().to_owned()), ("error_description", error.description())];
    let answering = Answering { issuer, address, members };
    let answer: Answer = answer(visit, &answering)?;
    Ok(answer)
}
