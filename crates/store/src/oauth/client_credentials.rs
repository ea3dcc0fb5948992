//! The client credentials grant (RFC 6749, 4.4): a client speaks for itself.

use roster_model::event::EventType;
use roster_model::oauth::claims::AccessTokenClaims;
use roster_model::oauth::client::{ClientAuthentication, GrantType};
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_model::oauth::server::Issuer;
use serde_json::Map;

use crate::Store;
use crate::change::{Change, Party};
use crate::error::Error;
use crate::oauth::application_grants;
use crate::oauth::clients::RegisteredClient;
use crate::oauth::mint::{NewAccessToken, Subject};

/// Seconds that an access token of the org's own server lives (behaviour.md A.3).
pub const ORG_TOKEN_SECONDS: i64 = 3600;

/// A client's request for a token of its own.
#[derive(Debug, Clone)]
pub struct ClientCredentialsRequest {
    /// Which server is asked.
    pub issuer: Issuer,
    /// The server, as the client knows it.
    pub base_url: String,
    /// The client, which has proved who it is.
    pub client: RegisteredClient,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// The thumbprint of the key that the token is to be bound to.
    pub key_thumbprint: Option<String>,
}

impl Store {
    /// token, with `grant_type=client_credentials`.
    ///
    /// # Errors
    /// If the client may not use this grant, or lacks one of the scopes.
    pub async fn client_credentials(
        &self,
        change: &Change,
        request: ClientCredentialsRequest,
    ) -> Result<(String, AccessTokenClaims), Error> {
        let client = &request.client.client;
        if !client.may_use(GrantType::ClientCredentials) {
            let configured: Vec<&str> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
            return Err(OAuthError::about(OAuthMistake::GrantTypeNotAllowed, configured.join(", ")).into());
        }
        if client.authentication == ClientAuthentication::None {
            return Err(OAuthMistake::ClientNotAuthenticated.into());
        }
        if request.scopes.is_empty() {
            return Err(OAuthMistake::NoScope.into());
        }
        match request.issuer {
            Issuer::Org => self.org_client_credentials(change, request).await,
            // Nobody is let in where no policy lets them in.
            Issuer::Custom(_) => Err(OAuthMistake::PolicyDenies.into()),
        }
    }

    async fn org_client_credentials(
        &self,
        change: &Change,
        request: ClientCredentialsRequest,
    ) -> Result<(String, AccessTokenClaims), Error> {
        // A secret is not enough for the management API.
        if request.client.client.authentication != ClientAuthentication::PrivateKeyJwt {
            return Err(OAuthMistake::PrivateKeyRequired.into());
        }
        let (org, application) = (change.org, request.client.key);
        let granted = self.engine().read(move |tx| Ok(application_grants::scopes(tx, org, application)?)).await?;
        if !request.scopes.iter().all(|scope| granted.contains(scope)) {
            return Err(OAuthMistake::ScopeNotConfigured.into());
        }
        let party = request.client.party();
        let new = NewAccessToken {
            audience: request.issuer.url(&request.base_url),
            issuer: request.issuer,
            base_url: request.base_url,
            client_id: request.client.client.client_id,
            subject: Subject::Client,
            scopes: request.scopes,
            lifetime: ORG_TOKEN_SECONDS,
            refresh_token: None,
            key_thumbprint: request.key_thumbprint,
            custom: Map::new(),
        };
        self.issue(&change.by(party), new).await
    }

    /// Makes an access token and leaves its event.
    pub(crate) async fn issue(
        &self,
        change: &Change,
        new: NewAccessToken,
    ) -> Result<(String, AccessTokenClaims), Error> {
        let event = match new.issuer {
            Issuer::Org => EventType::AccessTokenGrant,
            Issuer::Custom(_) => EventType::AuthorizationServerAccessTokenGrant,
        };
        let (token, claims) = self.mint_access_token(change, new).await?;
        let (change, target) = (change.clone(), token_party(&claims));
        self.engine().write(move |tx| Ok(change.record(tx, event, std::slice::from_ref(&target))?)).await?;
        Ok((token, claims))
    }
}

/// An access token, as the System Log names it.
pub(crate) fn token_party(claims: &AccessTokenClaims) -> Party {
    Party {
        id: claims.jti.clone(),
        kind: "access_token".to_owned(),
        alternate_id: claims.cid.clone(),
        display_name: "Access Token".to_owned(),
    }
}
