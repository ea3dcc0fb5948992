//! One-time tokens: what activation and reset links carry. Each is a row that expires; a new one voids the older ones of
//! its user and purpose (behaviour.md B.6).

use roster_model::id::{OrgKey, UserKey};
use roster_model::message::MessageKind;
use roster_model::timestamp::Timestamp;

use crate::change::Change;
use crate::engine::Tx;
use crate::error::EngineError;
use crate::secret::{Secret, SecretHash};
use crate::{messages, params, policies};

/// What a one-time token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first sign-in of a user without a password.
    Activation,
    /// A new password after an administrator's reset.
    ResetPassword,
    /// A new password after the user forgot theirs.
    ForgotPassword,
    /// Unlocking oneself.
    Unlock,
    /// Marks a temporary password: once it has expired, the password signs nobody in.
    TemporaryPassword,
}

impl Purpose {
    const ALL: [Self; 5] =
        [Self::Activation, Self::ResetPassword, Self::ForgotPassword, Self::Unlock, Self::TemporaryPassword];

    /// The message that brings such a token to its user.
    const fn message(self) -> Option<MessageKind> {
        match self {
            Self::Activation => Some(MessageKind::Activation),
            Self::ResetPassword => Some(MessageKind::ResetPassword),
            Self::ForgotPassword => Some(MessageKind::ForgotPassword),
            Self::Unlock => Some(MessageKind::Unlock),
            Self::TemporaryPassword => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::ResetPassword => "reset_password",
            Self::ForgotPassword => "forgot_password",
            Self::Unlock => "unlock",
            Self::TemporaryPassword => "temporary_password",
        }
    }

    /// How long it lives, in seconds: a week for activation, what the org's password policy says for resets.
    fn lifetime(self, tx: &mut Tx<'_>, org: OrgKey) -> Result<i64, EngineError> {
        Ok(match self {
            Self::Activation | Self::TemporaryPassword => 7 * 86_400,
            Self::ResetPassword | Self::ForgotPassword | Self::Unlock => {
                i64::from(policies::password(tx, org)?.recovery.token_lifetime_minutes) * 60
            }
        })
    }

    /// The first characters, as a real org's (observed.md, *Ids*).
    const fn prefix(self) -> &'static str {
        match self {
            Self::Activation | Self::Unlock | Self::TemporaryPassword => "",
            Self::ResetPassword => "drp",
            Self::ForgotPassword => "dfp",
        }
    }
}

/// A new one-time token.
pub(crate) struct OneTimeToken {
    /// The token.
    pub(crate) token: Secret,
    /// Until when it is good.
    pub(crate) expires: Timestamp,
}

/// Characters of a one-time token (observed.md, *Ids*).
const LENGTH: usize = 20;

/// Makes a token for `user` and voids their older ones of this purpose.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    change: &Change,
    user: UserKey,
    purpose: Purpose,
) -> Result<OneTimeToken, EngineError> {
    void(tx, user, &[purpose])?;
    issue_first(tx, change, user, purpose)
}

/// Makes a token for a `user` who has none of this purpose.
pub(crate) fn issue_first(
    tx: &mut Tx<'_>,
    change: &Change,
    user: UserKey,
    purpose: Purpose,
) -> Result<OneTimeToken, EngineError> {
    let random = Secret::random::<15>("")?;
    let text: String = purpose.prefix().chars().chain(random.reveal().chars()).take(LENGTH).collect();
    let token = Secret::from_text(&text);
    let expires = change.now.plus_seconds(purpose.lifetime(tx, change.org)?);
    tx.execute(
        "INSERT INTO one_time_tokens (token_hash, org_key, user_key, purpose, created, expires) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![token.hash().0.as_slice(), change.org, user, purpose.as_str(), change.now, expires],
    )?;
    Ok(OneTimeToken { token, expires })
}

/// Whose token of one of these purposes has this hash, unless it has expired.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    org: OrgKey,
    hash: SecretHash,
    purposes: &[Purpose],
    now: Timestamp,
) -> Result<Option<(UserKey, Purpose)>, EngineError> {
    let sql = "SELECT user_key, purpose FROM one_time_tokens WHERE token_hash = $1 AND org_key = $2 AND expires > $3";
    let found =
        tx.query_first(sql, params![hash.0.as_slice(), org, now], |row| Ok((UserKey(row.integer(0)?), row.text(1)?)))?;
    let purpose = |text: &str| purposes.iter().copied().find(|purpose| purpose.as_str() == text);
    Ok(found.and_then(|(user, text)| purpose(&text).map(|purpose| (user, purpose))))
}

/// Voids a user's tokens of these purposes, and takes back the messages that bring them.
pub(crate) fn void(tx: &mut Tx<'_>, user: UserKey, purposes: &[Purpose]) -> Result<(), EngineError> {
    for purpose in purposes {
        tx.execute(
            "DELETE FROM one_time_tokens WHERE user_key = $1 AND purpose = $2",
            params![user, purpose.as_str()],
        )?;
        if let Some(message) = purpose.message() {
            messages::take_back_link(tx, user, message)?;
        }
    }
    Ok(())
}

/// Voids all of a user's tokens.
pub(crate) fn void_all(tx: &mut Tx<'_>, user: UserKey) -> Result<(), EngineError> {
    void(tx, user, &Purpose::ALL)
}

/// Whether the user's password is a temporary one that has expired.
pub(crate) fn temporary_password_expired(tx: &mut Tx<'_>, user: UserKey, now: Timestamp) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM one_time_tokens WHERE user_key = $1 AND purpose = $2 AND expires <= $3";
    let expired = tx.query_first(sql, params![user, Purpose::TemporaryPassword.as_str(), now], |_| Ok(()))?;
    Ok(expired.is_some())
}

/// Whether the user's password is a temporary one, expired or not.
pub(crate) fn has_temporary_password(tx: &mut Tx<'_>, user: UserKey) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM one_time_tokens WHERE user_key = $1 AND purpose = $2";
    Ok(tx.query_first(sql, params![user, Purpose::TemporaryPassword.as_str()], |_| Ok(()))?.is_some())
}
