//! Sessions (behaviour.md G.2). What a sign-in hands out is changed for a session once; the session's id is a secret that
//! the `sid` cookie carries, so only its hash is kept, and administrators see another name for it.

use roster_model::authn::Verified;
use roster_model::error::{ErrorCode, Problem, ResourceKind};
use roster_model::event::EventType;
use roster_model::id::{OrgId, OrgKey, UserId, UserKey};
use roster_model::policy::SessionLimits;
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::status::UserStatus;

use crate::change::Change;
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::seal::MasterKey;
use crate::secret::{Secret, SecretHash};
use crate::users::{self, find_by_key, party};
use crate::{Store, factors, params, policies};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The name that administrators see: it lets nobody in.
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// Their place in the store.
    pub user_key: UserKey,
    /// Their login.
    pub login: String,
    /// What people call them.
    pub user_name: String,
    /// The org, which is their identity provider.
    pub org_id: OrgId,
    /// When it began.
    pub created: Timestamp,
    /// When it ends if nobody uses it.
    pub expires: Timestamp,
    /// What was proved for it.
    pub verified: Verified,
    /// Whether the user has an active factor.
    pub mfa_active: bool,
    /// Whether its cookie outlives the browser.
    pub persistent_cookie: bool,
}

/// What session ids, and their other names, begin with (observed.md, *Ids*).
const PREFIX: &str = "102";

impl Store {
    /// createSession: changes the token of a finished sign-in for a session, once. Answers its id too.
    ///
    /// # Errors
    /// E0000004 for a token that is unknown, used or expired, or a user who may not sign in any more.
    pub async fn create_session(&self, change: &Change, token: &Secret) -> Result<(Session, Secret), Error> {
        let (change, key, hash) = (change.clone(), self.master_key().clone(), token.hash());
        let (id, name) = (Secret::random::<16>(PREFIX)?, Secret::random::<16>(PREFIX)?);
        self.engine()
            .write(move |tx| {
                let failed = || Error::from(Problem::new(ErrorCode::AuthenticationFailed));
                let (user, verified) = redeem(tx, &change, hash)?.ok_or_else(failed)?;
                let limits = policies::sign_on(tx, change.org)?.session;
                insert(tx, &change, user.key, &verified, &limits, &id, &name)?;
                let session = find(tx, &key, change.org, Named::Secret(id.hash()), change.now)?.ok_or_else(failed)?;
                Ok((session, id.clone()))
            })
            .await
    }

    /// getSession, by its id or the name that administrators see.
    ///
    /// # Errors
    /// If there is no such session.
    pub async fn get_session(&self, org: OrgKey, asked: &str) -> Result<Session, Error> {
        let (asked, key, now) = (asked.to_owned(), self.master_key().clone(), self.clock().now());
        self.engine().read(move |tx| find_any(tx, &key, org, &asked, now)).await
    }

    /// getCurrentSession: the session whose id this is.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn current_session(&self, org: OrgKey, id: &Secret) -> Result<Option<Session>, Error> {
        let (hash, key, now) = (id.hash(), self.master_key().clone(), self.clock().now());
        self.engine().read(move |tx| Ok(find(tx, &key, org, Named::Secret(hash), now)?)).await
    }

    /// refreshSession: its idle time begins anew; its lifetime does not.
    ///
    /// # Errors
    /// If there is no such session.
    pub async fn refresh_session(&self, change: &Change, asked: &str) -> Result<Session, Error> {
        let (change, key, asked) = (change.clone(), self.master_key().clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let session = find_any(tx, &key, change.org, &asked, change.now)?;
                let limits = policies::sign_on(tx, change.org)?.session;
                let expires = expiry(&limits, session.created, change.now);
                let sql = "UPDATE sessions SET expires = $1 WHERE org_key = $2 AND id = $3";
                tx.execute(sql, params![expires, change.org, &session.id])?;
                Ok(Session { expires, ..session })
            })
            .await
    }

    /// endSession.
    ///
    /// # Errors
    /// If there is no such session.
    pub async fn end_session(&self, change: &Change, asked: &str) -> Result<(), Error> {
        let (change, key, asked) = (change.clone(), self.master_key().clone(), asked.to_owned());
        self.engine()
            .write(move |tx| {
                let session = find_any(tx, &key, change.org, &asked, change.now)?;
                let sql = "DELETE FROM sessions WHERE org_key = $1 AND id = $2";
                tx.execute(sql, params![change.org, &session.id])?;
                let user = find_by_key(tx, session.user_key)?;
                let target: Vec<_> = user.iter().map(party).collect();
                Ok(change.record(tx, EventType::UserSessionEnd, &target)?)
            })
            .await
    }

    /// Removes what has expired: sessions, tokens for them, sign-ins that nobody went on with.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_expired_sessions(&self) -> Result<(), Error> {
        let now = self.clock().now();
        self.engine()
            .write(move |tx| {
                // Secrets first: they refer to their tokens.
                let secrets = "DELETE FROM oauth_refresh_token_secrets WHERE refresh_token_key IN \
                     (SELECT refresh_token_key FROM oauth_refresh_tokens WHERE expires <= $1)";
                tx.execute(secrets, params![now])?;
                for table in [
                    "oauth_refresh_tokens",
                    "oauth_codes",
                    "sessions",
                    "session_tokens",
                    "authn_transactions",
                    "revoked_tokens",
                    "token_cut_offs",
                    "used_tokens",
                ] {
                    tx.execute(&format!("DELETE FROM {table} WHERE expires <= $1"), params![now])?;
                }
                Ok(())
            })
            .await
    }
}

/// How a session is asked for.
#[derive(Clone, Copy)]
enum Named<'a> {
    /// By its id.
    Secret(SecretHash),
    /// By the name that administrators see.
    Name(&'a str),
}

fn find_any(tx: &mut Tx<'_>, key: &MasterKey, org: OrgKey, asked: &str, now: Timestamp) -> Result<Session, Error> {
    if let Some(session) = find(tx, key, org, Named::Secret(Secret::from_text(asked).hash()), now)? {
        return Ok(session);
    }
    let found = find(tx, key, org, Named::Name(asked), now)?;
    found.ok_or_else(|| Error::not_found(asked, ResourceKind::Session))
}

fn find(
    tx: &mut Tx<'_>,
    key: &MasterKey,
    org: OrgKey,
    named: Named<'_>,
    now: Timestamp,
) -> Result<Option<Session>, EngineError> {
    const SELECT: &str = "SELECT s.id, u.id, u.user_key, u.profile, o.id, s.created, s.expires, s.verified, \
         s.persistent_cookie \
         FROM sessions s JOIN users u ON u.user_key = s.user_key JOIN orgs o ON o.org_key = s.org_key \
         WHERE s.org_key = $1 AND s.expires > $2 AND ";
    let found = match named {
        Named::Secret(hash) => {
            let sql = format!("{SELECT} s.token_hash = $3");
            tx.query_first(&sql, params![org, now, hash.0.as_slice()], read_session)?
        }
        Named::Name(name) => tx.query_first(&format!("{SELECT} s.id = $3"), params![org, now, name], read_session)?,
    };
    let Some(session) = found else { return Ok(None) };
    let mfa_active = !factors::active_kinds(tx, key, session.user_key)?.is_empty();
    Ok(Some(Session { mfa_active, ..session }))
}

/// A session, short of what its user's factors tell.
fn read_session(row: &Row<'_>) -> Result<Session, EngineError> {
    let user_id = UserId::from_text(&row.text(1)?);
    let party = users::party_of(&user_id, &row.text(3)?);
    Ok(Session {
        id: row.text(0)?,
        user_id,
        user_key: UserKey(row.integer(2)?),
        login: party.alternate_id,
        user_name: party.display_name,
        org_id: OrgId::from_text(&row.text(4)?),
        created: row.timestamp(5)?,
        expires: row.timestamp(6)?,
        verified: serde_json::from_str(&row.text(7)?)?,
        persistent_cookie: row.integer(8)? != 0,
        mfa_active: false,
    })
}

/// When a session that began at `created` and is used at `now` ends.
fn expiry(limits: &SessionLimits, created: Timestamp, now: Timestamp) -> Timestamp {
    let after = |begin: Timestamp, minutes: u32| begin.plus_seconds(i64::from(minutes) * 60);
    let idle = after(now, limits.max_idle_minutes);
    if limits.max_lifetime_minutes == 0 { idle } else { idle.min(after(created, limits.max_lifetime_minutes)) }
}

fn insert(
    tx: &mut Tx<'_>,
    change: &Change,
    user: UserKey,
    verified: &Verified,
    limits: &SessionLimits,
    id: &Secret,
    name: &Secret,
) -> Result<(), EngineError> {
    tx.execute(
        "INSERT INTO sessions (org_key, user_key, id, token_hash, created, expires, verified, persistent_cookie) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            change.org,
            user,
            name.reveal(),
            id.hash().0.as_slice(),
            change.now,
            expiry(limits, change.now, change.now),
            &serde_json::to_string(verified)?,
            limits.persistent_cookie
        ],
    )?;
    Ok(())
}

/// What a session token is changed for: its user and what they proved. It is gone then.
fn redeem(tx: &mut Tx<'_>, change: &Change, hash: SecretHash) -> Result<Option<(User, Verified)>, EngineError> {
    let taken = tx.query_first(
        "DELETE FROM session_tokens WHERE token_hash = $1 AND org_key = $2 AND expires > $3 RETURNING user_key, verified",
        params![hash.0.as_slice(), change.org, change.now],
        |row| Ok((UserKey(row.integer(0)?), serde_json::from_str(&row.text(1)?)?)),
    )?;
    let Some((key, verified)) = taken else { return Ok(None) };
    let user = find_by_key(tx, key)?.filter(|user| user.status() == UserStatus::Active);
    Ok(user.map(|user| (user, verified)))
}

/// Makes the token of a finished sign-in.
pub(crate) fn issue_token(
    tx: &mut Tx<'_>,
    change: &Change,
    user: UserKey,
    verified: &Verified,
    expires: Timestamp,
) -> Result<Secret, EngineError> {
    // As long as a real org's (observed.md, *Tokens*).
    let token = Secret::from_text(&Secret::random::<39>("20111")?.reveal().chars().take(55).collect::<String>());
    tx.execute(
        "INSERT INTO session_tokens (token_hash, org_key, user_key, verified, expires) VALUES ($1, $2, $3, $4, $5)",
        params![token.hash().0.as_slice(), change.org, user, &serde_json::to_string(verified)?, expires],
    )?;
    Ok(token)
}

/// Ends a user's sessions, and what could become one: tokens for them, and sign-ins under way. Answers how many sessions
/// there were.
pub(crate) fn end_all(tx: &mut Tx<'_>, user: UserKey) -> Result<u64, EngineError> {
    tx.execute("DELETE FROM session_tokens WHERE user_key = $1", params![user])?;
    tx.execute("DELETE FROM authn_transactions WHERE user_key = $1", params![user])?;
    tx.execute("DELETE FROM sessions WHERE user_key = $1", params![user])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_idle_or_at_the_end_of_its_lifetime() {
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let limits = SessionLimits { max_idle_minutes: 120, max_lifetime_minutes: 180, persistent_cookie: false };
        assert_eq!(expiry(&limits, at(0), at(0)), at(120));
        assert_eq!(expiry(&limits, at(0), at(100)), at(180));
        assert_eq!(expiry(&SessionLimits { max_lifetime_minutes: 0, ..limits }, at(0), at(100)), at(220));
    }
}
