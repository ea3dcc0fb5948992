//! Whom a caller's token speaks for: the owner of an API token, or the user or client of an access token.

use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use axum::http::{Method, Uri};
use roster_model::error::ErrorCode;
use roster_model::id::{ApiTokenId, UserId, UserKey};
use roster_model::oauth::error::OAuthMistake;
use roster_model::oauth::server::Issuer;
use roster_model::operations::Operation;
use roster_model::scope::Scope;
use roster_store::Error;
use roster_store::api_tokens::TokenOwner;
use roster_store::change::Party;
use roster_store::oauth::dpop::{ProofOf, ProvenRequest};
use roster_store::oauth::verify::VerifiedToken;
use roster_store::orgs::Org;
use roster_store::roles::HeldRole;
use roster_store::secret::Secret;

use crate::App;
use crate::oauth::dpop;
use crate::response::ApiError;

/// Whom a token speaks for.
#[derive(Clone)]
pub(crate) enum Principal {
    /// The owner of an API token.
    Owner(Arc<TokenOwner>),
    /// The user or the client of an access token.
    Bearer(Arc<BearerToken>),
}

/// An access token that is good.
pub(crate) struct BearerToken {
    token: VerifiedToken,
    party: Party,
}

/// A user with the roles that they hold.
pub(crate) struct Administrator<'a> {
    pub(crate) user_id: &'a UserId,
    pub(crate) user_key: UserKey,
    pub(crate) roles: &'a [HeldRole],
}

impl Principal {
    /// The user and their roles; a client that speaks for itself is none.
    pub(crate) fn administrator(&self) -> Option<Administrator<'_>> {
        Some(match self {
            Self::Owner(owner) => {
                Administrator { user_id: &owner.user_id, user_key: owner.user_key, roles: &owner.roles }
            }
            Self::Bearer(bearer) => {
                let user = bearer.token.user.as_ref()?;
                Administrator { user_id: &user.id, user_key: user.key, roles: &user.roles }
            }
        })
    }

    /// As the System Log names them.
    pub(crate) fn party(&self) -> &Party {
        match self {
            Self::Owner(owner) => &owner.party,
            Self::Bearer(bearer) => &bearer.party,
        }
    }

    /// The user; a client that speaks for itself is none.
    pub(crate) fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Owner(owner) => Some(&owner.user_id),
            Self::Bearer(bearer) => bearer.token.user.as_ref().map(|user| &user.id),
        }
    }

    /// The API token, if it is one.
    pub(crate) fn api_token_id(&self) -> Option<&ApiTokenId> {
        match self {
            Self::Owner(owner) => Some(&owner.token_id),
            Self::Bearer(_) => None,
        }
    }

    /// Whether the token may do what needs this scope. API tokens carry every one.
    fn has(&self, scope: Scope) -> bool {
        match self {
            Self::Owner(_) => true,
            Self::Bearer(bearer) => scope.is_within(bearer.token.claims.scp.iter().map(String::as_str)),
        }
    }
}

/// What is asked, as far as a token's worth depends on it.
pub(crate) struct Asked<'a> {
    pub(crate) org: &'a Org,
    pub(crate) operation: &'a Operation,
    pub(crate) base_url: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

/// How an access token is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// By itself.
    Bearer,
    /// With a proof that its key is there.
    Dpop,
}

/// Whom the token in the `Authorization` header speaks for, if it is good and may do what is asked.
pub(crate) async fn identify(app: &App, asked: &Asked<'_>) -> Result<Principal, ApiError> {
    let header = asked.headers.get(AUTHORIZATION).ok_or(ErrorCode::InvalidToken)?;
    if let Some(token) = ssws_token(header) {
        let owner = app.store().authenticate(asked.org.key, &token).await?.ok_or(ErrorCode::InvalidToken)?;
        return Ok(Principal::Owner(owner));
    }
    let (scheme, token) = access_token(header).ok_or(ErrorCode::InvalidToken)?;
    let refuse = |refusal| asked.refused(scheme, refusal);
    let verified = app.store().verify_access_token(asked.org.key, &Issuer::Org, &token).await?;
    let verified = verified.ok_or_else(|| refuse(Refusal::Token))?;
    match (&verified.claims.cnf, scheme) {
        (None, Scheme::Bearer) => {}
        (Some(bound), Scheme::Dpop) => check_proof(app, asked, &token, &bound.jkt).await?,
        // A bound token without its proof, or a proof of a token that is bound to nothing.
        (Some(_), Scheme::Bearer) | (None, Scheme::Dpop) => return Err(refuse(Refusal::Token)),
    }
    let party = verified.user.as_ref().map_or_else(|| verified.client.party(), |user| user.party.clone());
    let principal = Principal::Bearer(Arc::new(BearerToken { token: verified, party }));
    match asked.operation.access.scope() {
        Some(scope) if !principal.has(scope) => Err(refuse(Refusal::Scope)),
        _ => Ok(principal),
    }
}

async fn check_proof(app: &App, asked: &Asked<'_>, token: &Secret, jkt: &str) -> Result<(), ApiError> {
    let refuse = |mistake: OAuthMistake| asked.refused(Scheme::Dpop, Refusal::Proof(mistake));
    let request = ProvenRequest {
        method: asked.method.as_str().to_owned(),
        url: format!("{}{}", asked.base_url, asked.uri.path()),
        about: ProofOf::token(token.reveal()),
    };
    let proof = dpop::proof(asked.headers).map_err(refuse)?;
    match app.store().check_dpop_proof(asked.org, proof, request).await {
        Ok(shown) if shown == jkt => Ok(()),
        Ok(_) => Err(refuse(OAuthMistake::ProofWithAnotherKey)),
        Err(Error::OAuth(error)) => Err(refuse(error.mistake)),
        Err(other) => Err(other.into()),
    }
}

/// The token of `Authorization: SSWS <token>`. One official SDK writes no space (clients.md 2).
fn ssws_token(header: &HeaderValue) -> Option<Secret> {
    let text = header.to_str().ok()?;
    let (scheme, rest) = text.split_at_checked(4)?;
    let token = rest.trim();
    (scheme.eq_ignore_ascii_case("SSWS") && !token.is_empty()).then(|| Secret::from_text(token))
}

/// The token of `Authorization: Bearer <token>` or `DPoP <token>`.
pub(crate) fn access_token(header: &HeaderValue) -> Option<(Scheme, Secret)> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    let scheme = if scheme.eq_ignore_ascii_case("Bearer") {
        Scheme::Bearer
    } else if scheme.eq_ignore_ascii_case("DPoP") {
        Scheme::Dpop
    } else {
        return None;
    };
    Some((scheme, Secret::from_text(token.trim())))
}

/// Why an access token is refused.
#[derive(Clone, Copy)]
enum Refusal {
    /// It is not good.
    Token,
    /// Its proof is not.
    Proof(OAuthMistake),
    /// It may not do this.
    Scope,
}

impl Asked<'_> {
    /// The refusal with a real org's challenge (behaviour.md A.3).
    fn refused(&self, scheme: Scheme, refusal: Refusal) -> ApiError {
        let (code, error, description) = match refusal {
            Refusal::Token => (ErrorCode::InvalidToken, "invalid_token", "The token is invalid or expired."),
            Refusal::Proof(mistake) => {
                (ErrorCode::InvalidToken, mistake.code().as_str(), mistake.description_template())
            }
            Refusal::Scope => (
                ErrorCode::AccessDenied,
                "insufficient_scope",
                "The access token provided does not contain the required scopes.",
            ),
        };
        let base_url = self.base_url;
        let scheme = match scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
        };
        let scope = self.operation.access.scope().map(|scope| format!(" scope=\"{}\",", scope.as_str()));
        let challenge = format!(
            "{scheme} authorization_uri=\"{base_url}/oauth2/v1/authorize\", realm=\"{base_url}\",{} error=\"{error}\", \
             error_description=\"{description}\", resource=\"{}\"",
            scope.unwrap_or_default(),
            self.uri.path()
        );
        ApiError::from(code).challenging(HeaderValue::from_str(&challenge).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_follow_its_scheme_without_a_space() {
        let token =
            |text: &'static str| ssws_token(&HeaderValue::from_static(text)).map(|token| token.reveal().to_owned());
        assert_eq!(token("SSWS 00abc").as_deref(), Some("00abc"));
        assert_eq!(token("SSWS00abc").as_deref(), Some("00abc"));
        assert_eq!(token("ssws   00abc").as_deref(), Some("00abc"));
        assert_eq!([token("SSWS "), token("Bearer 00abc"), token("SSW")], [None, None, None]);
    }
}
