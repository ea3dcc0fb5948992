//! What grants and refresh tokens have in common: a client that acts for a user at an authorization server.

use roster_model::error::ResourceKind;
use roster_model::event::EventType;
use roster_model::id::{ApplicationId, ApplicationKey, OrgKey, UserId, UserKey};
use roster_model::oauth::client::Client;
use roster_model::oauth::oidc_scope::OidcScope;
use roster_model::oauth::server::Issuer;
use roster_model::user::User;

use super::{codes, grants, refresh_tokens, verify};
use crate::applications::{self, Application};
use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::users::{self, party, party_of};
use crate::{Store, params};

/// A client that acts for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The user.
    pub user_id: UserId,
    /// What people call them.
    pub user_name: String,
    /// The app that the client is.
    pub application_id: ApplicationId,
    /// What people call it.
    pub client_name: String,
    /// Its client id.
    pub client_id: String,
    /// Where it acts for them.
    pub issuer: Issuer,
    /// What people call that server; the org's own has no name.
    pub server_name: String,
}

/// A scope, as consent to it is asked for and told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeDetails {
    /// Its id; the org's own server knows its scopes by their names.
    pub id: String,
    /// As requests spell it.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

impl ScopeDetails {
    /// A scope of the org's own server.
    pub(super) fn named(name: &str) -> Self {
        let known = OidcScope::from_text(name);
        Self {
            id: name.to_owned(),
            name: name.to_owned(),
            display_name: known.map(|scope| scope.display_name().to_owned()),
            description: known.map(|scope| scope.description().to_owned()),
        }
    }
}

/// The columns of [`read_delegation`], in its order, of a table `t` that is joined as [`JOINS`] says.
pub(super) const COLUMNS: &str = "u.id, u.profile, a.id, a.label, a.client_id, t.issuer, s.name";

/// What [`COLUMNS`] come from.
pub(super) const JOINS: &str = "JOIN users u ON u.user_key = t.user_key JOIN applications a ON a.application_key = t.application_key \
     LEFT JOIN authorization_servers s ON s.org_key = t.org_key AND s.id = t.issuer";

/// Reads a delegation whose columns begin at `first`.
pub(super) fn read_delegation(row: &Row<'_>, first: usize) -> Result<Delegation, EngineError> {
    let user_id = UserId::from_text(&row.text(first)?);
    let user_name = party_of(&user_id, &row.text(first + 1)?).display_name;
    let issuer = Issuer::from_text(&row.text(first + 5)?);
    Ok(Delegation {
        server_name: row.optional_text(first + 6)?.unwrap_or_default(),
        issuer,
        user_id,
        user_name,
        application_id: ApplicationId::from_text(&row.text(first + 2)?),
        client_name: row.text(first + 3)?,
        client_id: row.optional_text(first + 4)?.unwrap_or_default(),
    })
}

/// A client that holds something of a user, as listUserClients answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserClient {
    /// The user.
    pub user_id: UserId,
    /// The client.
    pub client: Client,
}

impl Store {
    /// listUserClients: the clients that hold a grant or a live refresh token of the user, in the order they were made.
    ///
    /// # Errors
    /// If there is no such user.
    pub async fn list_user_clients(&self, org: OrgKey, asked: &str) -> Result<Vec<UserClient>, Error> {
        let (asked, now) = (asked.to_owned(), self.clock().now());
        self.engine()
            .read(move |tx| {
                let user = users::find(tx, org, &asked)?;
                let sql = applications::select_sql(
                    "WHERE a.application_key IN (SELECT application_key FROM oauth_grants WHERE user_key = $1 \
                     UNION SELECT application_key FROM oauth_refresh_tokens WHERE user_key = $2 AND expires > $3) \
                     ORDER BY a.application_key",
                );
                let held = tx.query(&sql, params![user.key, user.key, now], applications::read_application)?;
                let clients = held.iter().filter_map(|held| Client::of_application(&held.label, &held.document));
                Ok(clients.map(|client| UserClient { user_id: user.id.clone(), client }).collect())
            })
            .await
    }
}

/// The app that is the client with this id, whether it is active or not.
pub(super) fn find_client(tx: &mut Tx<'_>, org: OrgKey, client_id: &str) -> Result<Application, Error> {
    let found = applications::find_by_client_id(tx, org, client_id)?;
    found.ok_or_else(|| Error::not_found(client_id, ResourceKind::OAuth2Client))
}

/// Which rows of a user, or of a client, are meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// All of a user.
    User(UserKey),
    /// All of a user that a client holds.
    UserAndClient(UserKey, ApplicationKey),
    /// All that a client holds.
    Client(ApplicationKey),
}

/// A user is deactivated or erased: what clients hold of them ends.
pub(crate) fn end_of_user(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    if grants::end(tx, change.org, Of::User(user.key))? > 0 {
        change.record(tx, EventType::ConsentRevokeImplicitUser, &[party(user)])?;
    }
    if refresh_tokens::end(tx, change.org, Of::User(user.key))? > 0 {
        change.record(tx, EventType::TokenRevokeImplicitUser, &[party(user)])?;
    }
    codes::end(tx, change.org, Of::User(user.key))?;
    verify::cut_off(tx, change, Some(&user.id), None)
}

/// Ends the tokens of a user; what they consented to stays.
pub(crate) fn end_tokens_of_user(tx: &mut Tx<'_>, change: &Change, user: &User) -> Result<(), EngineError> {
    refresh_tokens::end(tx, change.org, Of::User(user.key))?;
    codes::end(tx, change.org, Of::User(user.key))?;
    verify::cut_off(tx, change, Some(&user.id), None)?;
    change.record(tx, EventType::TokenRevokeImplicitUser, &[party(user)])
}

/// An app is deactivated or deleted: what it holds of users ends.
pub(crate) fn end_of_application(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &Application,
) -> Result<(), EngineError> {
    let target = [applications::party(application)];
    if grants::end(tx, change.org, Of::Client(application.key))? > 0 {
        change.record(tx, EventType::ConsentRevokeImplicitClient, &target)?;
    }
    if refresh_tokens::end(tx, change.org, Of::Client(application.key))? > 0 {
        change.record(tx, EventType::TokenRevokeImplicitClient, &target)?;
    }
    codes::end(tx, change.org, Of::Client(application.key))?;
    match applications::client_id(&application.document) {
        Some(client_id) => verify::cut_off(tx, change, None, Some(client_id)),
        None => Ok(()),
    }
}
