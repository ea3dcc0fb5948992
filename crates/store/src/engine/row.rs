//! Parameters and rows, the same for both engines.

use roster_model::id::{
    ApiTokenId, ApplicationGrantId, ApplicationId, ApplicationKey, AuthorizationServerId, FactorId, GrantId, GroupId,
    GroupKey, GroupRuleId, GroupRuleKey, IdentityProviderId, IdentityProviderKey, InlineHookId, OrgId, OrgKey,
    PolicyId, PolicyRuleId, RefreshTokenId, RoleAssignmentId, RoleAssignmentKey, UserId, UserKey, UserTypeId,
};
use roster_model::timestamp::Timestamp;
use roster_model::user::status::UserStatus;

use crate::error::EngineError;

/// A value for a placeholder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param<'a> {
    /// SQL `NULL`.
    Null,
    /// A `BIGINT`.
    Integer(i64),
    /// A `TEXT`.
    Text(&'a str),
    /// A `BYTEA` or `BLOB`.
    Bytes(&'a [u8]),
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<Timestamp> for Param<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Integer(value.as_millis())
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl From<UserStatus> for Param<'_> {
    fn from(value: UserStatus) -> Self {
        Self::Text(value.as_str())
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! id_params {
    ($($id:ty),*) => {$(
        impl<'a> From<&'a $id> for Param<'a> {
            fn from(value: &'a $id) -> Self {
                Self::Text(value.as_str())
            }
        }
    )*};
}

macro_rules! key_params {
    ($($key:ident),*) => {$(
        impl From<$key> for Param<'_> {
            fn from($key(value): $key) -> Self {
                Self::Integer(value)
            }
        }
    )*};
}

key_params!(ApplicationKey, IdentityProviderKey, OrgKey, UserKey, GroupKey, GroupRuleKey, RoleAssignmentKey);
id_params!(
    ApiTokenId,
    ApplicationGrantId,
    ApplicationId,
    AuthorizationServerId,
    IdentityProviderId,
    FactorId,
    GrantId,
    GroupId,
    GroupRuleId,
    OrgId,
    PolicyId,
    PolicyRuleId,
    RefreshTokenId,
    InlineHookId,
    RoleAssignmentId,
    UserId,
    UserTypeId
);

/// The parameters of a statement, in the order of its placeholders.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Param::from($value)),*] };
}

/// One row of an answer; columns are counted from 0.
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident -> $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// If the column has another type.
        pub fn $name(&self, column: usize) -> Result<$type, EngineError> {
            match self {
                Self::Sqlite(row) => row.get(column).map_err(EngineError::from),
                Self::Postgres(row) => row.try_get(column).map_err(EngineError::from),
            }
        }
    )*};
}

impl Row<'_> {
    getters! {
        /// A `BIGINT`.
        integer -> i64;
        /// A `BIGINT` that may be null.
        optional_integer -> Option<i64>;
        /// A `TEXT`.
        text -> String;
        /// A `TEXT` that may be null.
        optional_text -> Option<String>;
        /// A `BYTEA` or `BLOB`.
        bytes -> Vec<u8>;
    }

    /// A time.
    ///
    /// # Errors
    /// If the column has another type.
    pub fn timestamp(&self, column: usize) -> Result<Timestamp, EngineError> {
        self.integer(column).map(Timestamp::from_millis)
    }

    /// A time that may be null.
    ///
    /// # Errors
    /// If the column has another type.
    pub fn optional_timestamp(&self, column: usize) -> Result<Option<Timestamp>, EngineError> {
        Ok(self.optional_integer(column)?.map(Timestamp::from_millis))
    }

    /// A status.
    ///
    /// # Errors
    /// If the column holds no status.
    pub fn status(&self, column: usize) -> Result<UserStatus, EngineError> {
        let text = self.text(column)?;
        UserStatus::from_text(&text).ok_or(EngineError::Corrupt { what: "status", value: text })
    }
}
