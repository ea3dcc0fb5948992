//! The refresh tokens that users gave one app, as administrators of apps see them (behaviour.md G.5, F.3).

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, OrgKey};
use roster_model::timestamp::Timestamp;

use super::delegation::Of;
use super::grants::client_party;
use super::refresh_tokens::{RefreshToken, end, read_refresh_token, revoke, select_sql, token_party};
use crate::change::Change;
use crate::cursor::{Cursor, Page};
use crate::engine::Tx;
use crate::error::Error;
use crate::orgs::Org;
use crate::{Store, applications, params};

impl Store {
    /// listOAuth2TokensForApplication: a page of the live ones, in the order they were issued.
    ///
    /// # Errors
    /// If there is no such app, or the cursor is not of this list.
    pub async fn list_oauth2_tokens_for_application(
        &self,
        org: &Org,
        id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<RefreshToken>, Error> {
        let (key, id, now) = (org.key, id.to_owned(), self.clock().now());
        let count = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let list = format!("tokens of app {id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let rows = self
            .engine()
            .read(move |tx| {
                let application = applications::find(tx, key, &id)?;
                let sql = select_sql(
                    "t.application_key = $3 AND t.refresh_token_key > $4 ORDER BY t.refresh_token_key LIMIT $5",
                );
                Ok(tx.query(&sql, params![key, now, application.key, start, count], read_refresh_token)?)
            })
            .await?;
        Ok(Page::cut(rows, limit, |token| Cursor::at(token.key).encode(org, &list)))
    }

    /// getOAuth2TokenForApplication.
    ///
    /// # Errors
    /// If there is no such app, or it holds no such token.
    pub async fn get_oauth2_token_for_application(
        &self,
        org: OrgKey,
        id: &str,
        token: &str,
    ) -> Result<RefreshToken, Error> {
        let (id, token, now) = (id.to_owned(), token.to_owned(), self.clock().now());
        self.engine()
            .read(move |tx| {
                let application = applications::find(tx, org, &id)?;
                find(tx, org, now, application.key, &token)
            })
            .await
    }

    /// revokeOAuth2TokenForApplication: the access tokens that came with it end too.
    ///
    /// # Errors
    /// If there is no such app, or it holds no such token.
    pub async fn revoke_oauth2_token_for_application(
        &self,
        change: &Change,
        id: &str,
        token: &str,
    ) -> Result<(), Error> {
        let (change, id, token) = (change.clone(), id.to_owned(), token.to_owned());
        self.engine()
            .write(move |tx| {
                let application = applications::find(tx, change.org, &id)?;
                let found = find(tx, change.org, change.now, application.key, &token)?;
                let targets = [token_party(&found), client_party(&found.delegation)];
                Ok(revoke(tx, &change, &found, &targets)?)
            })
            .await
    }

    /// revokeOAuth2TokensForApplication: every one, with the access tokens that came with them.
    ///
    /// # Errors
    /// If there is no such app.
    pub async fn revoke_oauth2_tokens_for_application(&self, change: &Change, id: &str) -> Result<(), Error> {
        let (change, id) = (change.clone(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let application = applications::find(tx, change.org, &id)?;
                if end(tx, change.org, Of::Client(application.key))? > 0 {
                    let target = [applications::party(&application)];
                    change.record(tx, EventType::TokenRevokeImplicitClient, &target)?;
                }
                Ok(())
            })
            .await
    }
}

fn find(
    tx: &mut Tx<'_>,
    org: OrgKey,
    now: Timestamp,
    application: ApplicationKey,
    id: &str,
) -> Result<RefreshToken, Error> {
    let sql = select_sql("t.id = $3 AND t.application_key = $4");
    let found = tx.query_first(&sql, params![org, now, id, application], read_refresh_token)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::OAuth2RefreshToken))
}
