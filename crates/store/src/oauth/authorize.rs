//! The authorize endpoint: whether a client gets what it asks for in the name of a user. What follows on what is in
//! `roster_model::oauth::authorize`.

use roster_model::authn::Verified;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, GrantId, OrgKey, RefreshTokenId, UserKey};
use roster_model::oauth::authorize::{AuthorizeRequest, Decision, Standing, decide, lacks_consent};
use roster_model::oauth::consent::ScopeConsent;
use roster_model::oauth::error::OAuthMistake as Mistake;
use roster_model::oauth::oidc_scope::OidcScope;
use roster_model::oauth::pkce::CodeChallenge;
use roster_model::oauth::server::Issuer;
use roster_model::user::User;
use roster_model::user::status::UserStatus;

use super::clients::RegisteredClient;
use super::codes::{self, CodeDocument};
use super::delegation::ScopeDetails;
use super::refresh_tokens::{self, NewRefreshToken};
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::secret::Secret;
use crate::sessions::Session;
use crate::users::{self, party};
use crate::{Store, applications, params};

/// A client that asks an authorization server for something in the name of whoever is signed in.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Which server is asked.
    pub issuer: Issuer,
    /// Who asks.
    pub client: RegisteredClient,
    /// For what.
    pub request: AuthorizeRequest,
}

/// What became of it.
pub enum Authorized {
    /// The user has to sign in.
    SignIn,
    /// The user has to be asked for these scopes.
    AskConsent(Vec<ScopeDetails>),
    /// The client gets a code, or tokens, or both.
    Issue(Box<Issue>),
    /// The client gets an error.
    Refused(Mistake),
}

/// What a client gets.
pub struct Issue {
    /// A code, if it asked for one.
    pub code: Option<Secret>,
    /// What tokens are to say, if it asked for some.
    pub grant: AuthorizationGrant,
}

/// What a client was granted in the name of a user, short of the tokens.
pub struct AuthorizationGrant {
    /// The user.
    pub user: User,
    /// The names of the scopes.
    pub scopes: Vec<String>,
    /// What ties an id token to the request.
    pub nonce: Option<String>,
    /// What the user had proved.
    pub verified: Verified,
    /// A refresh token and its secret.
    pub refresh_token: Option<(RefreshTokenId, Secret)>,
}

impl AuthorizationGrant {
    /// Grants scopes, with a refresh token if `offline_access` is among them; unless the user may not use the app (any
    /// more).
    pub(super) fn issue(
        tx: &mut Tx<'_>,
        change: &Change,
        (client, issuer): (&RegisteredClient, &Issuer),
        user: User,
        (scopes, verified): (Vec<String>, Verified),
        key_thumbprint: Option<&str>,
    ) -> Result<Result<Self, Mistake>, Error> {
        if !may_use(tx, change.org, client.key, &user)? {
            return Ok(Err(Mistake::UserNotAssigned));
        }
        let is_offline = scopes.iter().any(|scope| scope == OidcScope::OfflineAccess.as_str());
        let new = NewRefreshToken {
            user: user.key,
            application: client.key,
            issuer,
            scopes: &scopes,
            verified: &verified,
            key_thumbprint,
        };
        let refresh_token = if is_offline { Some(refresh_tokens::issue(tx, change, &new)?) } else { None };
        Ok(Ok(Self { user, scopes, nonce: None, verified, refresh_token }))
    }
}

/// Whether a user may use an app: they are active, and it was assigned to them.
pub(super) fn may_use(
    tx: &mut Tx<'_>,
    org: OrgKey,
    application: ApplicationKey,
    user: &User,
) -> Result<bool, EngineError> {
    let is_active = user.status() == UserStatus::Active;
    Ok(is_active && applications::keys_of(tx, org, user)?.contains(&application))
}

impl Store {
    /// authorize: what a client gets in the name of who holds `session`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn authorize(
        &self,
        change: &Change,
        authorization: &Authorization,
        session: Option<&Session>,
    ) -> Result<Authorized, Error> {
        let (change, authorization) = (change.clone(), authorization.clone());
        let session = session.map(|session| (session.user_key, session.verified.clone()));
        self.engine().write(move |tx| proceed(tx, &change, &authorization, session.clone())).await
    }

    /// The user agrees: a grant for each scope that they were asked for.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn grant_consent(
        &self,
        change: &Change,
        authorization: &Authorization,
        session: &Session,
    ) -> Result<(), Error> {
        let (change, authorization, user) = (change.clone(), authorization.clone(), session.user_key);
        self.engine()
            .write(move |tx| {
                let Some(user) = users::lock(tx, user)? else { return Ok(()) };
                // Only who may use the app can say so.
                if !may_use(tx, change.org, authorization.client.key, &user)? {
                    return Ok(());
                }
                let Ok(scopes) = scopes(&authorization.request) else { return Ok(()) };
                for (scope, consent) in scopes {
                    let Authorization { client, request, .. } = &authorization;
                    if consent.is_needed(client.client.consent_method, request.prompt) {
                        insert(tx, &change, &authorization, &user, &scope)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// The user does not agree.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn deny_consent(
        &self,
        change: &Change,
        authorization: &Authorization,
        session: &Session,
    ) -> Result<(), Error> {
        let (change, client, user) = (change.clone(), authorization.client.party(), session.user_key);
        self.engine()
            .write(move |tx| {
                let Some(user) = users::find_by_key(tx, user)? else { return Ok(()) };
                let (targets, debug) = ([party(&user), client.clone()], serde_json::Map::new());
                let change = change.by(party(&user));
                Ok(change.record_failure(tx, EventType::OAuthConsentGrant, &targets, debug, "ACCESS_DENIED")?)
            })
            .await
    }
}

fn proceed(
    tx: &mut Tx<'_>,
    change: &Change,
    authorization: &Authorization,
    session: Option<(UserKey, Verified)>,
) -> Result<Authorized, Error> {
    let Authorization { client, request, .. } = authorization;
    let scopes = match scopes(request) {
        Ok(scopes) => scopes,
        Err(mistake) => return Ok(Authorized::Refused(mistake)),
    };
    let session = match session {
        Some((user, verified)) => users::lock(tx, user)?.map(|user| (user, verified)),
        None => None,
    };
    let mut lacking = Vec::new();
    let mut standing = Standing { signed_in: None, is_assigned: false, lacks_consent: false };
    if let Some((user, verified)) = &session {
        lacking = lacking_consent(tx, change.org, authorization, user, &scopes)?;
        standing = Standing {
            signed_in: verified.last(),
            is_assigned: may_use(tx, change.org, client.key, user)?,
            lacks_consent: !lacking.is_empty(),
        };
    }
    match (decide(request, standing, change.now), session) {
        (Decision::Issue, Some((user, verified))) => issue(tx, change, authorization, user, verified),
        (Decision::SignIn | Decision::Issue, _) => Ok(Authorized::SignIn),
        (Decision::AskConsent, _) => Ok(Authorized::AskConsent(lacking)),
        (Decision::Refuse(mistake), _) => Ok(Authorized::Refused(mistake)),
    }
}

/// The scopes of a request, and what each says of consent.
fn scopes(request: &AuthorizeRequest) -> Result<Vec<(ScopeDetails, ScopeConsent)>, Mistake> {
    let scope = |name: &String| {
        OidcScope::from_text(name).map(|_| (ScopeDetails::named(name), ScopeConsent::of_own_scope(name)))
    };
    let scopes: Option<Vec<_>> = request.scopes.iter().map(scope).collect();
    scopes.ok_or(Mistake::ScopeNotConfigured)
}

/// The scopes that the user has to be asked for.
fn lacking_consent(
    tx: &mut Tx<'_>,
    org: OrgKey,
    authorization: &Authorization,
    user: &User,
    scopes: &[(ScopeDetails, ScopeConsent)],
) -> Result<Vec<ScopeDetails>, EngineError> {
    let Authorization { issuer, client, request } = authorization;
    let sql = "SELECT scope_id FROM oauth_grants \
         WHERE org_key = $1 AND user_key = $2 AND application_key = $3 AND issuer = $4";
    let granted = tx.query(sql, params![org, user.key, client.key, issuer.as_str()], |row| row.text(0))?;
    let lacks = |(scope, consent): &&(ScopeDetails, ScopeConsent)| {
        lacks_consent(*consent, client.client.consent_method, request.prompt, granted.contains(&scope.id))
    };
    Ok(scopes.iter().filter(lacks).map(|(scope, _)| scope.clone()).collect())
}

fn insert(
    tx: &mut Tx<'_>,
    change: &Change,
    authorization: &Authorization,
    user: &User,
    scope: &ScopeDetails,
) -> Result<(), EngineError> {
    let Authorization { issuer, client, .. } = authorization;
    let inserted = tx.execute(
        "INSERT INTO oauth_grants (org_key, user_key, application_key, issuer, scope_id, id, created, last_updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            change.org,
            user.key,
            client.key,
            issuer.as_str(),
            &scope.id,
            &GrantId::new(change.id_seed()),
            change.now,
            change.now
        ],
    )?;
    if inserted == 0 {
        let sql = "UPDATE oauth_grants SET last_updated = $1 WHERE org_key = $2 AND user_key = $3 \
             AND application_key = $4 AND issuer = $5 AND scope_id = $6";
        tx.execute(sql, params![change.now, change.org, user.key, client.key, issuer.as_str(), &scope.id])?;
        return Ok(());
    }
    let targets = [party(user), client.party()];
    change.by(party(user)).record(tx, EventType::OAuthConsentGrant, &targets)
}

fn issue(
    tx: &mut Tx<'_>,
    change: &Change,
    authorization: &Authorization,
    user: User,
    verified: Verified,
) -> Result<Authorized, Error> {
    let Authorization { issuer, client, request } = authorization;
    let code = if request.response_types.code {
        let document = CodeDocument {
            redirect_uri: request.return_address.redirect_uri.clone(),
            scopes: request.scopes.clone(),
            nonce: request.nonce.clone(),
            challenge: request.challenge.as_ref().map(|challenge| CodeChallenge::as_str(challenge).to_owned()),
            verified: verified.clone(),
        };
        let code = codes::issue(tx, change, user.key, (client.key, issuer), &document)?;
        let event = match issuer {
            Issuer::Org => EventType::AuthorizeCode,
            Issuer::Custom(_) => EventType::CustomAuthorizeCode,
        };
        change.by(party(&user)).record(tx, event, &[party(&user), client.party()])?;
        Some(code)
    } else {
        None
    };
    let (scopes, nonce) = (request.scopes.clone(), request.nonce.clone());
    let grant = AuthorizationGrant { user, scopes, nonce, verified, refresh_token: None };
    Ok(Authorized::Issue(Box::new(Issue { code, grant })))
}
