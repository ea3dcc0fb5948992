//! Who looks at a page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use roster_model::error::ErrorCode;
use roster_model::rate_limit::Bucket;
use roster_store::Error;
use roster_store::change::{Change, Party};
use roster_store::orgs::Org;
use roster_store::secret::Secret;
use roster_store::sessions::Session;

use super::PageError;
use super::csrf::Csrf;
use crate::base_url::is_within;
use crate::response::{Answer, ApiError};
use crate::{App, caller, sessions};

/// A request for a page: of which org, from where, in which session.
pub(crate) struct Visit {
    /// The org.
    pub(crate) org: Arc<Org>,
    /// Scheme and host as the browser knows them.
    pub(crate) base_url: Arc<str>,
    /// Where the request came from.
    pub(crate) address: Option<IpAddr>,
    /// A change to the org with this request, by nobody known yet.
    pub(crate) change: Change,
    session_id: Option<Secret>,
    csrf: Csrf,
}

/// What every template shows around its own content.
pub(crate) struct Page {
    /// The org's name, unless it is the only one.
    pub(crate) org_name: Option<String>,
    /// The token of the page's forms.
    pub(crate) csrf: String,
}

impl FromRequestParts<App> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let (org, base_url) = caller::org_and_base_url(app, &parts.headers).await?;
        let now = app.store().clock().now();
        if !app.limiter().take(org.key, Bucket::Other, now).granted {
            return Err(ApiError::from(ErrorCode::TooManyRequests).into());
        }
        let address = caller::address(&parts.headers, caller::peer(&parts.extensions), false);
        let mail_url = app.base_url().for_mail(&base_url, org.label(), false);
        let mut request = caller::request_context(parts, address, mail_url);
        // The path as the router knows it: the log must not hold the token that a real one may end in.
        request.uri = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
        let change = app.store().change(org.key, Party::unknown("unknown"), request);
        let csrf = Csrf::of(&parts.headers, &base_url).map_err(Error::from)?;
        Ok(Self { org, base_url, address, change, session_id: sessions::cookie(&parts.headers), csrf })
    }
}

impl Visit {
    /// The session of the browser.
    pub(crate) async fn session(&self, app: &App) -> Result<Option<Session>, Error> {
        match &self.session_id {
            Some(id) => app.store().current_session(self.org.key, id).await,
            None => Ok(None),
        }
    }

    /// What a template shows around its own content.
    pub(crate) fn page(&self) -> Page {
        let org_name = self.org.label().map(str::to_owned);
        Page { org_name, csrf: self.csrf.token() }
    }

    /// Where the browser may be sent on to: `target`, if it is a page of this org.
    pub(crate) fn own_page<'a>(&self, target: Option<&'a str>) -> Option<&'a str> {
        target.filter(|target| is_within(target, &self.base_url))
    }

    /// Whether a form with this token came from one of our pages.
    pub(super) fn is_token(&self, text: &str) -> bool {
        self.csrf.is_token(text)
    }

    /// Gives the browser what its forms are known by.
    pub(super) fn keep_csrf(&self, answer: &mut Answer) {
        self.csrf.keep(answer, &self.base_url);
    }
}
