//! What users allow clients: one grant for each user, client and scope (behaviour.md F.2). It outlives the tokens.
//!
//! Invariant: a grant that is revoked is gone, and so is every token that could do what it allowed.

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApplicationKey, GrantId, OrgKey, UserKey};
use roster_model::timestamp::Timestamp;

use super::delegation::{self, Delegation, Of, ScopeDetails, find_client, read_delegation};
use super::{codes, refresh_tokens, verify};
use crate::change::{Change, Party};
use crate::cursor::{Cursor, Page};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::users::{self, party};
use crate::{Store, applications, params};

/// What a user allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    key: i64,
    user: UserKey,
    application: ApplicationKey,
    /// Its id.
    pub id: GrantId,
    /// Who may act for whom, and where.
    pub delegation: Delegation,
    /// The scope.
    pub scope: ScopeDetails,
    /// When the user consented.
    pub created: Timestamp,
    /// When it last changed.
    pub last_updated: Timestamp,
}

impl Store {
    /// listUserGrants: a page in the order they were made; of one scope, if it is named.
    ///
    /// # Errors
    /// If there is no such user, or the cursor is not of this list.
    pub async fn list_user_grants(
        &self,
        org: &Org,
        asked: &str,
        scope_id: Option<&str>,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Grant>, Error> {
        let (key, asked, scope_id) = (org.key, asked.to_owned(), scope_id.map(str::to_owned));
        let list = format!("grants of {asked} {}", scope_id.as_deref().unwrap_or_default());
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let rows = self
            .engine()
            .read(move |tx| {
                let user = users::find_key(tx, key, &asked)?;
                select(tx, key, Of::User(user), scope_id.as_deref(), limit + 1, start)
            })
            .await?;
        Ok(Page::cut(rows, limit, |grant| Cursor::at(grant.key).encode(org, &list)))
    }

    /// listGrantsForUserAndClient: a page in the order they were made.
    ///
    /// # Errors
    /// If there is no such user or client, or the cursor is not of this list.
    pub async fn list_grants_for_user_and_client(
        &self,
        org: &Org,
        asked: &str,
        client_id: &str,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<Grant>, Error> {
        let (key, asked, client_id) = (org.key, asked.to_owned(), client_id.to_owned());
        let list = format!("grants of {asked} to {client_id}");
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?.map_or(0, |cursor| cursor.key);
        let rows = self
            .engine()
            .read(move |tx| {
                let user = users::find_key(tx, key, &asked)?;
                let client = find_client(tx, key, &client_id)?;
                select(tx, key, Of::UserAndClient(user, client.key), None, limit + 1, start)
            })
            .await?;
        Ok(Page::cut(rows, limit, |grant| Cursor::at(grant.key).encode(org, &list)))
    }

    /// getUserGrant.
    ///
    /// # Errors
    /// If there is no such user, or the grant is not theirs.
    pub async fn get_user_grant(&self, org: OrgKey, asked: &str, id: &str) -> Result<Grant, Error> {
        let (asked, id) = (asked.to_owned(), id.to_owned());
        self.engine()
            .read(move |tx| {
                let user = users::find_key(tx, org, &asked)?;
                find(tx, org, user, &id)
            })
            .await
    }

    /// revokeUserGrant: the refresh tokens that could do what it allowed end with it (behaviour.md H-11).
    ///
    /// # Errors
    /// If there is no such user, or the grant is not theirs.
    pub async fn revoke_user_grant(&self, change: &Change, asked: &str, id: &str) -> Result<(), Error> {
        let (change, asked, id) = (change.clone(), asked.to_owned(), id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_for_update(tx, change.org, &asked)?;
                let grant = find(tx, change.org, user.key, &id)?;
                let sql = "DELETE FROM oauth_grants WHERE org_key = $1 AND grant_key = $2";
                tx.execute(sql, params![change.org, grant.key])?;
                end_tokens_under(tx, &change, &grant)?;
                let targets = [party(&user), client_party(&grant.delegation), scope_party(&grant)];
                Ok(change.record(tx, EventType::ConsentRevoke, &targets)?)
            })
            .await
    }

    /// revokeUserGrants: all of them, with the refresh tokens that could do what they allowed.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn revoke_user_grants(&self, change: &Change, asked: &str) -> Result<(), Error> {
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_for_update(tx, change.org, &asked)?;
                if revoke_all(tx, &change, Of::User(user.key))? > 0 {
                    change.record(tx, EventType::ConsentRevokeUser, &[party(&user)])?;
                }
                Ok(())
            })
            .await
    }

    /// revokeGrantsForUserAndClient: all of them, with the refresh tokens that could do what they allowed.
    ///
    /// # Errors
    /// If there is no such user or client.
    pub async fn revoke_grants_for_user_and_client(
        &self,
        change: &Change,
        asked: &str,
        client_id: &str,
    ) -> Result<(), Error> {
        let (change, asked, client_id) = (change.clone(), asked.to_owned(), client_id.to_owned());
        self.engine()
            .write(move |tx| {
                let user = users::find_for_update(tx, change.org, &asked)?;
                let client = find_client(tx, change.org, &client_id)?;
                if revoke_all(tx, &change, Of::UserAndClient(user.key, client.key))? > 0 {
                    let targets = [party(&user), applications::party(&client)];
                    change.record(tx, EventType::ConsentRevokeUserClient, &targets)?;
                }
                Ok(())
            })
            .await
    }
}

fn select_sql(rest: &str) -> String {
    format!(
        "SELECT t.grant_key, t.user_key, t.application_key, t.id, t.scope_id, t.created, t.last_updated, {} \
         FROM oauth_grants t {} WHERE t.org_key = $1 AND {rest}",
        delegation::COLUMNS,
        delegation::JOINS
    )
}

fn read_grant(row: &Row<'_>) -> Result<Grant, EngineError> {
    Ok(Grant {
        key: row.integer(0)?,
        user: UserKey(row.integer(1)?),
        application: ApplicationKey(row.integer(2)?),
        id: GrantId::from_text(&row.text(3)?),
        scope: ScopeDetails::named(&row.text(4)?),
        created: row.timestamp(5)?,
        last_updated: row.timestamp(6)?,
        delegation: read_delegation(row, 7)?,
    })
}

fn find(tx: &mut Tx<'_>, org: OrgKey, user: UserKey, id: &str) -> Result<Grant, Error> {
    let sql = select_sql("t.id = $2 AND t.user_key = $3");
    let found = tx.query_first(&sql, params![org, id, user], read_grant)?;
    found.ok_or_else(|| Error::not_found(id, ResourceKind::OAuth2ScopeConsentGrant))
}

fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    of: Of,
    scope_id: Option<&str>,
    count: usize,
    start: i64,
) -> Result<Vec<Grant>, Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let found = match (of, scope_id) {
        (Of::User(user), None) => {
            let sql = select_sql("t.user_key = $2 AND t.grant_key > $3 ORDER BY t.grant_key LIMIT $4");
            tx.query(&sql, params![org, user, start, count], read_grant)
        }
        (Of::User(user), Some(scope)) => {
            let sql =
                select_sql("t.user_key = $2 AND t.grant_key > $3 AND t.scope_id = $4 ORDER BY t.grant_key LIMIT $5");
            tx.query(&sql, params![org, user, start, scope, count], read_grant)
        }
        (Of::UserAndClient(user, application), _) => {
            let sql = select_sql(
                "t.user_key = $2 AND t.application_key = $3 AND t.grant_key > $4 ORDER BY t.grant_key LIMIT $5",
            );
            tx.query(&sql, params![org, user, application, start, count], read_grant)
        }
        (Of::Client(application), _) => {
            let sql = select_sql("t.application_key = $2 AND t.grant_key > $3 ORDER BY t.grant_key LIMIT $4");
            tx.query(&sql, params![org, application, start, count], read_grant)
        }
    };
    Ok(found?)
}

/// Ends grants, and nothing else. Answers how many there were.
pub(super) fn end(tx: &mut Tx<'_>, org: OrgKey, of: Of) -> Result<u64, EngineError> {
    const DELETE: &str = "DELETE FROM oauth_grants WHERE org_key = $1";
    match of {
        Of::User(user) => tx.execute(&format!("{DELETE} AND user_key = $2"), params![org, user]),
        Of::UserAndClient(user, application) => {
            tx.execute(&format!("{DELETE} AND user_key = $2 AND application_key = $3"), params![org, user, application])
        }
        Of::Client(application) => tx.execute(&format!("{DELETE} AND application_key = $2"), params![org, application]),
    }
}

/// Ends grants with what was issued under them. Answers how many there were.
fn revoke_all(tx: &mut Tx<'_>, change: &Change, of: Of) -> Result<u64, Error> {
    for grant in select(tx, change.org, of, None, usize::MAX, 0)? {
        end_tokens_under(tx, change, &grant)?;
    }
    Ok(end(tx, change.org, of)?)
}

/// Ends the refresh tokens that could do what a grant allowed, and the access tokens of its client, which may be able to.
fn end_tokens_under(tx: &mut Tx<'_>, change: &Change, grant: &Grant) -> Result<(), EngineError> {
    let of = Of::UserAndClient(grant.user, grant.application);
    codes::end(tx, change.org, of)?;
    verify::cut_off(tx, change, Some(&grant.delegation.user_id), Some(&grant.delegation.client_id))?;
    refresh_tokens::end_with_scope(tx, change.org, of, &grant.delegation.issuer, &grant.scope.name)
}

/// A client as events name it.
pub(super) fn client_party(delegation: &Delegation) -> Party {
    Party {
        id: delegation.client_id.clone(),
        kind: "PublicClientApp".to_owned(),
        alternate_id: delegation.application_id.to_string(),
        display_name: delegation.client_name.clone(),
    }
}

fn scope_party(grant: &Grant) -> Party {
    Party {
        id: grant.id.to_string(),
        kind: "ConsentGrant".to_owned(),
        alternate_id: grant.scope.id.clone(),
        display_name: grant.scope.name.clone(),
    }
}
