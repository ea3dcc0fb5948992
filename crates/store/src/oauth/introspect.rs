//! Introspection (RFC 7662) and revocation (RFC 7009): what a token is worth, and its end.

use roster_model::application::ApplicationStatus;
use roster_model::event::EventType;
use roster_model::id::{OrgKey, RefreshTokenId, UserId};
use roster_model::oauth::client::ClientAuthentication;
use roster_model::oauth::server::Issuer;
use roster_model::timestamp::Timestamp;
use roster_model::user::status::UserStatus;

use super::{client_credentials, refresh_tokens, verify};
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::oauth::clients::RegisteredClient;
use crate::oauth::verify::VerifiedToken;
use crate::secret::{Secret, SecretHash};
use crate::{Store, params, users};

/// A token of a server's that is good.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveToken {
    /// An access token.
    Access(Box<VerifiedToken>),
    /// A refresh token.
    Refresh(Box<LiveRefreshToken>),
}

/// A refresh token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRefreshToken {
    key: i64,
    /// Its id.
    pub id: RefreshTokenId,
    /// The client that it was issued to.
    pub client_id: String,
    /// The user that it is of.
    pub user_id: UserId,
    /// The user, as the System Log names them.
    pub user: Party,
    /// Its scopes, between spaces.
    pub scope: String,
    /// When it was issued.
    pub created: Timestamp,
    /// When it ends if nobody uses it.
    pub expires: Timestamp,
}

impl LiveToken {
    fn client_id(&self) -> &str {
        match self {
            Self::Access(token) => &token.claims.cid,
            Self::Refresh(token) => &token.client_id,
        }
    }
}

impl Store {
    /// introspect: the token, if it is good. A client that keeps no secret learns of its own tokens alone.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn introspect(
        &self,
        org: OrgKey,
        issuer: &Issuer,
        client: &RegisteredClient,
        token: &Secret,
    ) -> Result<Option<LiveToken>, Error> {
        let found = self.live_token(org, issuer, token).await?;
        let is_public = client.client.authentication == ClientAuthentication::None;
        Ok(found.filter(|token| !is_public || token.client_id() == client.client.client_id))
    }

    /// revoke: ends a token of this client's. A refresh token takes the access tokens that came with it along. Whether there
    /// was one, nobody is told.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn revoke(
        &self,
        change: &Change,
        issuer: &Issuer,
        client: &RegisteredClient,
        token: &Secret,
    ) -> Result<(), Error> {
        let found = self.live_token(change.org, issuer, token).await?;
        let Some(token) = found.filter(|token| token.client_id() == client.client.client_id) else { return Ok(()) };
        let event = match issuer {
            Issuer::Org => EventType::TokenRevoke,
            Issuer::Custom(_) => EventType::CustomTokenRevoke,
        };
        let (change, client) = (change.by(client.party()), client.party());
        self.engine()
            .write(move |tx| {
                let target = match &token {
                    LiveToken::Access(token) => {
                        verify::revoke(tx, change.org, &token.claims)?;
                        client_credentials::token_party(&token.claims)
                    }
                    LiveToken::Refresh(token) => {
                        refresh_tokens::end_one(tx, change.org, token.key)?;
                        refresh_tokens::party_of(&token.id)
                    }
                };
                Ok(change.record(tx, event, &[target, client.clone()])?)
            })
            .await
    }

    async fn live_token(&self, org: OrgKey, issuer: &Issuer, token: &Secret) -> Result<Option<LiveToken>, Error> {
        if let Some(token) = self.verify_access_token(org, issuer, token).await? {
            return Ok(Some(LiveToken::Access(Box::new(token))));
        }
        let (issuer, hash, now) = (issuer.clone(), token.hash(), self.clock().now());
        let found = self.engine().read(move |tx| Ok(find_refresh_token(tx, org, &issuer, hash, now)?)).await?;
        Ok(found.map(|token| LiveToken::Refresh(Box::new(token))))
    }
}

/// The refresh token whose secret, the current one, has this hash, unless its user or client is out of use.
fn find_refresh_token(
    tx: &mut Tx<'_>,
    org: OrgKey,
    issuer: &Issuer,
    hash: SecretHash,
    now: Timestamp,
) -> Result<Option<LiveRefreshToken>, EngineError> {
    let sql = "SELECT t.refresh_token_key, t.id, t.scopes, t.created, t.expires, u.id, u.profile, u.status, a.client_id, \
         a.status FROM oauth_refresh_token_secrets s \
         JOIN oauth_refresh_tokens t ON t.refresh_token_key = s.refresh_token_key \
         JOIN users u ON u.user_key = t.user_key JOIN applications a ON a.application_key = t.application_key \
         WHERE s.secret_hash = $1 AND s.used IS NULL AND t.org_key = $2 AND t.issuer = $3 AND t.expires > $4";
    let found = tx.query_first(sql, params![hash.0.as_slice(), org, issuer.as_str(), now], |row| {
        let user_id = UserId::from_text(&row.text(5)?);
        let token = LiveRefreshToken {
            key: row.integer(0)?,
            id: RefreshTokenId::from_text(&row.text(1)?),
            scope: row.text(2)?,
            created: row.timestamp(3)?,
            expires: row.timestamp(4)?,
            user: users::party_of(&user_id, &row.text(6)?),
            user_id,
            client_id: row.optional_text(8)?.unwrap_or_default(),
        };
        Ok((row.status(7)?, row.text(9)?, token))
    })?;
    let speaks = |user: UserStatus, application: &str| {
        !matches!(user, UserStatus::Suspended | UserStatus::Deprovisioned)
            && application == ApplicationStatus::Active.as_str()
    };
    Ok(found.filter(|(user, application, _)| speaks(*user, application)).map(|(_, _, token)| token))
}
