//! Tokens in the name of users: access tokens and id tokens, made from what was granted.

use roster_model::event::EventType;
use roster_model::id::{OrgId, OrgKey};
use roster_model::oauth::claims::{AccessTokenClaims, VERSION};
use roster_model::oauth::id_token::{IdTokenClaims, half_hash};
use roster_model::oauth::oidc_scope::OidcScope;
use roster_model::oauth::server::Issuer;
use roster_model::oauth::user_claims::UserFacts;
use roster_model::user::User;
use serde_json::Map;

use super::authorize::AuthorizationGrant;
use super::clients::RegisteredClient;
use super::mint::{NewAccessToken, Subject};
use super::servers;
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::secret::Secret;
use crate::users::party;
use crate::{Store, groups};

/// Seconds that tokens live.
const TOKEN_SECONDS: i64 = 3600;

/// Who is to get tokens for what was granted.
pub struct Recipient<'a> {
    /// Which server issues them.
    pub issuer: &'a Issuer,
    /// The server, as the client knows it.
    pub base_url: &'a str,
    /// The id of the org, which is the identity provider.
    pub org_id: &'a OrgId,
    /// The client.
    pub client: &'a RegisteredClient,
    /// The key that the access token is bound to.
    pub key_thumbprint: Option<String>,
}

/// What an id token tells of beside the user.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The access token that comes with it.
    pub access_token: Option<&'a str>,
    /// The code that comes with it.
    pub code: Option<&'a str>,
}

impl Store {
    /// An access token for what was granted, and its event.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn issue_access_token(
        &self,
        change: &Change,
        recipient: &Recipient<'_>,
        grant: &AuthorizationGrant,
    ) -> Result<(String, AccessTokenClaims), Error> {
        let audience = self.audience(change.org, recipient).await?;
        let user = party(&grant.user);
        let new = NewAccessToken {
            issuer: recipient.issuer.clone(),
            base_url: recipient.base_url.to_owned(),
            audience,
            client_id: recipient.client.client.client_id.clone(),
            subject: Subject::User {
                id: grant.user.id.to_string(),
                login: user.alternate_id.clone(),
                auth_time: grant.verified.last().map(|at| at.as_millis() / 1000),
            },
            scopes: grant.scopes.clone(),
            lifetime: TOKEN_SECONDS,
            refresh_token: grant.refresh_token.as_ref().map(|(id, _)| id.to_string()),
            key_thumbprint: recipient.key_thumbprint.clone(),
            custom: Map::new(),
        };
        self.issue(&change.by(recipient.client.party()), new).await
    }

    /// An id token for what was granted, if it is a matter of OpenID Connect.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn issue_id_token(
        &self,
        change: &Change,
        recipient: &Recipient<'_>,
        grant: &AuthorizationGrant,
        beside: Beside<'_>,
    ) -> Result<Option<String>, Error> {
        if !grant.scopes.iter().any(|scope| scope == OidcScope::OpenId.as_str()) {
            return Ok(None);
        }
        let (org, user) = (change.org, grant.user.clone());
        let facts = self.engine().read(move |tx| Ok(facts(tx, org, &user)?)).await?;
        let scopes = grant.scopes.iter().map(String::as_str);
        let issued = change.now.as_millis() / 1000;
        let claims = IdTokenClaims {
            sub: grant.user.id.to_string(),
            ver: VERSION,
            iss: recipient.issuer.url(recipient.base_url),
            aud: recipient.client.client.client_id.clone(),
            iat: issued,
            exp: issued + TOKEN_SECONDS,
            jti: Secret::random::<32>("ID.")?.reveal().to_owned(),
            amr: grant.verified.methods().into_iter().map(str::to_owned).collect(),
            idp: recipient.org_id.to_string(),
            nonce: grant.nonce.clone(),
            auth_time: grant.verified.last().map(|at| at.as_millis() / 1000),
            at_hash: beside.access_token.map(half_hash),
            c_hash: beside.code.map(half_hash),
            user: match beside.access_token {
                Some(_) => facts.claims_beside_an_access_token(scopes),
                None => facts.claims(scopes),
            },
        };
        let (event, client) = (id_token_event(recipient.issuer), recipient.client.party());
        let token = self.sign_token(org, recipient.issuer, &claims).await?;
        let target = Party {
            id: claims.jti,
            kind: "id_token".to_owned(),
            alternate_id: client.id.clone(),
            display_name: "ID Token".to_owned(),
        };
        let change = change.by(client);
        self.engine().write(move |tx| Ok(change.record(tx, event, std::slice::from_ref(&target))?)).await?;
        Ok(Some(token))
    }

    async fn audience(&self, org: OrgKey, recipient: &Recipient<'_>) -> Result<String, Error> {
        let Issuer::Custom(id) = recipient.issuer else { return Ok(recipient.issuer.url(recipient.base_url)) };
        let id = id.clone();
        let server = self.engine().read(move |tx| Ok(servers::find(tx, org, id.as_str())?)).await?;
        Ok(server.map(|server| server.audience).unwrap_or_default())
    }

    /// userinfo: what the scopes of an access token tell of its user.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn user_info(
        &self,
        org: OrgKey,
        user: roster_model::id::UserKey,
        scopes: &[String],
    ) -> Result<Option<Map<String, serde_json::Value>>, Error> {
        let scopes = scopes.to_vec();
        self.engine()
            .read(move |tx| {
                let Some(user) = crate::users::find_by_key(tx, user)? else { return Ok(None) };
                let mut claims = Map::new();
                claims.insert("sub".to_owned(), serde_json::json!(user.id));
                claims.extend(facts(tx, org, &user)?.claims(scopes.iter().map(String::as_str)));
                Ok(Some(claims))
            })
            .await
    }
}

fn id_token_event(issuer: &Issuer) -> EventType {
    match issuer {
        Issuer::Org => EventType::IdTokenGrant,
        Issuer::Custom(_) => EventType::AuthorizationServerIdTokenGrant,
    }
}

fn facts(tx: &mut Tx<'_>, org: OrgKey, user: &User) -> Result<UserFacts, EngineError> {
    let groups = groups::select_of_user(tx, org, user.key)?;
    Ok(UserFacts {
        profile: serde_json::from_str(&user.profile_json)?,
        updated: user.last_updated,
        groups: groups.into_iter().map(|group| group.name).collect(),
    })
}
