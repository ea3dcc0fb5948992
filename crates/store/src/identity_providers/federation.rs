//! Signing in through an OpenID provider: a row while the user is there, and what becomes of them when they are back
//! (behaviour.md G.6). What is asked and what an answer must say is in `roster_model::identity_provider::federation`.

use roster_model::application::ApplicationStatus;
use roster_model::authn::{Options, Verified};
use roster_model::error::{ErrorCode, Problem};
use roster_model::event::EventType;
use roster_model::id::{IdentityProviderKey, OrgKey, UserKey};
use roster_model::identity_provider::federation::{
    FederatedIdentity, FederatedSignIn, FederationPolicy, Match, OpenIdProvider, SIGN_IN_SECONDS, credential_provider,
};
use roster_model::user::User;
use roster_model::user::login::LoginKey;
use roster_model::user::profile::index_text;
use roster_model::user::status::{LifecycleOperation, UserStatus};
use serde_json::Map;

use super::{IdentityProvider, find, find_for_update, not_found, read_provider, select_sql, users as links};
use crate::authn::{self, Authentication, Decided};
use crate::change::{Change, Party};
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::messages::Outbox;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::users::{self, party};
use crate::{Store, params};

/// A provider that can be signed in through.
pub struct SignInProvider {
    /// The provider.
    pub provider: IdentityProvider,
    /// How it is spoken to.
    pub open_id: OpenIdProvider,
}

impl SignInProvider {
    fn of(provider: IdentityProvider) -> Option<Self> {
        let open_id = OpenIdProvider::of(provider.kind, &provider.document)?;
        (provider.status == ApplicationStatus::Active).then_some(Self { provider, open_id })
    }
}

/// What is sealed for the sign-ins through one provider.
fn context(provider: IdentityProviderKey) -> String {
    format!("federated sign-in through {}", provider.0)
}

/// A sign-in that is unknown, over or used, or that failed: which, nobody is told.
fn failed() -> Problem {
    Problem::new(ErrorCode::AuthenticationFailed)
}

impl Store {
    /// The providers that the org's users can sign in through, in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sign_in_providers(&self, org: OrgKey) -> Result<Vec<IdentityProvider>, Error> {
        let sql = select_sql("WHERE i.org_key = $1 AND i.status = 'ACTIVE' ORDER BY i.identity_provider_key LIMIT 20");
        let found = self.engine().read(move |tx| Ok(tx.query(&sql, params![org], read_provider)?)).await?;
        Ok(found.into_iter().filter_map(SignInProvider::of).map(|it| it.provider).collect())
    }

    /// Begins a sign-in through a provider, and answers the state that comes back with its user.
    ///
    /// # Errors
    /// If there is no such provider, or it cannot be signed in through.
    pub async fn begin_federated_sign_in(
        &self,
        change: &Change,
        id: &str,
        sign_in: &FederatedSignIn,
    ) -> Result<(SignInProvider, Secret), Error> {
        let (change, id, key, state) =
            (change.clone(), id.to_owned(), self.master_key().clone(), Secret::random::<24>("")?);
        let document = serde_json::to_vec(sign_in).map_err(EngineError::from)?;
        self.engine()
            .write(move |tx| {
                let found = SignInProvider::of(find(tx, change.org, &id)?).ok_or_else(|| not_found(&id))?;
                let sealed = key.seal(&context(found.provider.key), &document)?;
                tx.execute(
                    "INSERT INTO federated_sign_ins (state_hash, org_key, identity_provider_key, document, expires) \
                     VALUES ($1, $2, $3, $4, $5)",
                    params![
                        state.hash().0.as_slice(),
                        change.org,
                        found.provider.key,
                        sealed.as_slice(),
                        change.now.plus_seconds(SIGN_IN_SECONDS)
                    ],
                )?;
                Ok((found, state.clone()))
            })
            .await
    }

    /// The sign-in that this state is of, once.
    ///
    /// # Errors
    /// If there is none, or its provider cannot be signed in through any more.
    pub async fn take_federated_sign_in(
        &self,
        change: &Change,
        state: &Secret,
    ) -> Result<(SignInProvider, FederatedSignIn), Error> {
        let (change, key, hash) = (change.clone(), self.master_key().clone(), state.hash());
        self.engine().write(move |tx| take(tx, &change, &key, hash.0.as_slice())).await
    }

    /// Signs in whom a provider sent back: who is linked, who matches, or a new user, as its policy says.
    ///
    /// # Errors
    /// E0000004 if the policy lets nobody in, or the user may not sign in.
    pub async fn finish_federated_sign_in(
        &self,
        change: &Change,
        id: &str,
        identity: FederatedIdentity,
        from_uri: Option<String>,
    ) -> Result<Authentication, Error> {
        let (change, id, key, outbox) = (change.clone(), id.to_owned(), self.master_key().clone(), self.outbox());
        let decided: Decided<Authentication> = self
            .engine()
            .write(move |tx| {
                let provider = find_for_update(tx, change.org, &id)?;
                let policy = FederationPolicy::of(&provider.document).ok_or_else(|| not_found(&id))?;
                let Some(user) = resolve(tx, &change, &outbox, &provider, &policy, &identity)? else {
                    let change = change.by(Party::unknown(identity.email().unwrap_or(&identity.external_id)));
                    let event = EventType::UserSessionStart;
                    change.record_failure(tx, event, &[super::party(&provider)], Map::new(), "NO_MATCHING_USER")?;
                    return Ok(Err(failed()));
                };
                links::save_profile(tx, &change, &provider, user.key, &identity.claims)?;
                let change = change.by(party(&user));
                let mut sign_in = authn::SignIn::begin(user, from_uri.clone(), Options::default());
                if policy.unsuspends && sign_in.user().status() == UserStatus::Suspended {
                    sign_in.transition(tx, &change, LifecycleOperation::Unsuspend)?;
                }
                authn::proceed(tx, &change, &key, sign_in, Verified::provider(change.now))
            })
            .await?;
        Ok(decided?)
    }
}

fn take(
    tx: &mut Tx<'_>,
    change: &Change,
    key: &MasterKey,
    state_hash: &[u8],
) -> Result<(SignInProvider, FederatedSignIn), Error> {
    let taken = tx.query_first(
        "DELETE FROM federated_sign_ins WHERE state_hash = $1 AND org_key = $2 AND expires > $3 \
         RETURNING identity_provider_key, document",
        params![state_hash, change.org, change.now],
        |row| Ok((IdentityProviderKey(row.integer(0)?), row.bytes(1)?)),
    )?;
    let (provider, sealed) = taken.ok_or_else(failed)?;
    let sign_in = key.open(&context(provider), &sealed)?;
    let sign_in = serde_json::from_slice(&sign_in).map_err(EngineError::from)?;
    let sql = select_sql("WHERE i.identity_provider_key = $1");
    let provider = tx.query_first(&sql, params![provider], read_provider)?;
    let provider = provider.and_then(SignInProvider::of).ok_or_else(failed)?;
    Ok((provider, sign_in))
}

/// The user that a provider means, linked to it from now on.
fn resolve(
    tx: &mut Tx<'_>,
    change: &Change,
    outbox: &Outbox,
    provider: &IdentityProvider,
    policy: &FederationPolicy,
    identity: &FederatedIdentity,
) -> Result<Option<User>, Error> {
    let linked = tx.query_first(
        "SELECT user_key FROM identity_provider_users WHERE identity_provider_key = $1 AND external_id = $2",
        params![provider.key, &identity.external_id],
        |row| Ok(UserKey(row.integer(0)?)),
    )?;
    if let Some(key) = linked {
        return Ok(users::lock(tx, key)?);
    }
    let Some(login) = policy.login(identity) else { return Ok(None) };
    let user = match find_match(tx, change.org, policy, &login)? {
        Found::One(key) => {
            let user = if policy.links_accounts { users::lock(tx, key)? } else { None };
            // Who is linked already is known to the provider by another id, so this is somebody else.
            let fits = match &user {
                None => false,
                Some(user) => !links::is_linked(tx, provider, user.key)? && is_in_any(tx, policy, user)?,
            };
            user.filter(|_| fits)
        }
        Found::Nobody if policy.provisions => {
            let profile = identity.profile(&login);
            let credentials = credential_provider(provider.kind);
            Some(users::provision_user(tx, change, outbox, &profile, &policy.groups, credentials)?)
        }
        Found::Nobody | Found::Several => None,
    };
    if let Some(user) = &user {
        links::link(tx, change, provider, user, &identity.external_id)?;
    }
    Ok(user)
}

/// Whom a login matches.
enum Found {
    Nobody,
    One(UserKey),
    Several,
}

fn find_match(tx: &mut Tx<'_>, org: OrgKey, policy: &FederationPolicy, login: &str) -> Result<Found, EngineError> {
    let mut found = Vec::new();
    if matches!(policy.matches, Match::Username | Match::UsernameOrEmail) {
        let sql = "SELECT user_key FROM users WHERE org_key = $1 AND login_key = $2";
        let key = LoginKey::from_text(login);
        found.extend(tx.query(sql, params![org, key.as_str()], |row| row.integer(0))?);
    }
    if matches!(policy.matches, Match::Email | Match::UsernameOrEmail) {
        let sql = "SELECT user_key FROM user_attributes WHERE org_key = $1 AND name = 'email' AND value = $2 LIMIT 3";
        found.extend(tx.query(sql, params![org, &index_text(login)], |row| row.integer(0))?);
    }
    found.dedup();
    Ok(match found.as_slice() {
        [] => Found::Nobody,
        [one] => Found::One(UserKey(*one)),
        _ => Found::Several,
    })
}

/// Whether a user is in one of the groups whose members may be linked.
fn is_in_any(tx: &mut Tx<'_>, policy: &FederationPolicy, user: &User) -> Result<bool, EngineError> {
    if policy.link_groups.is_empty() {
        return Ok(true);
    }
    let sql = "SELECT 1 FROM group_members m JOIN groups g ON g.group_key = m.group_key \
         WHERE m.user_key = $1 AND g.id = $2";
    for group in &policy.link_groups {
        if tx.query_first(sql, params![user.key, group], |_| Ok(()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends the sign-ins through a provider that is removed.
pub(super) fn remove_provider(tx: &mut Tx<'_>, provider: IdentityProviderKey) -> Result<(), EngineError> {
    tx.execute("DELETE FROM federated_sign_ins WHERE identity_provider_key = $1", params![provider])?;
    Ok(())
}
