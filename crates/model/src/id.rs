//! Identifiers: 20 characters, the kind in the first three (observed.md, *Ids*).
//!
//! Roster's own ids carry the time in front, so that ids of one kind ascend as they are made: an index on them
//! grows at its end, and order by id is order of creation.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The base-62 digits in ASCII order, so that text order is number order.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of an id that carry its time: 62^8 milliseconds reach beyond the year 8000.
const TIME_DIGITS: usize = 8;

/// Characters of an id that follow the time.
const TAIL_DIGITS: usize = 9;

/// Writes `count` base-62 digits of `value`, most significant first.
fn push_digits(text: &mut String, mut value: u64, count: usize) {
    let mut digits = [b'0'; 20];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS.get((value % 62) as usize).copied().unwrap_or(b'0');
        value /= 62;
    }
    text.extend(digits.iter().skip(20 - count).map(|digit| char::from(*digit)));
}

/// What distinguishes two ids: when each was made, and in which order within that millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdSeed {
    /// Milliseconds since the Unix epoch.
    pub millis: u64,
    /// Grows within one millisecond of one process; its low digits are random, so that two processes do not meet.
    pub tail: u64,
}

impl IdSeed {
    /// The characters of an id that follow its kind: what ascends.
    #[must_use]
    pub fn digits(self) -> String {
        render("", self)
    }
}

/// The text of an id of the kind `prefix`.
fn render(prefix: &str, seed: IdSeed) -> String {
    let mut text = String::with_capacity(20);
    text.push_str(prefix);
    push_digits(&mut text, seed.millis, TIME_DIGITS);
    push_digits(&mut text, seed.tail, TAIL_DIGITS);
    text
}

/// Ids that are kept and compared as text.
macro_rules! id_texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as a caller or the store gave it. Any text is taken: an id that is not ours names
            /// nothing, and a real org answers it with 404, never 400 (observed.md, section 2).
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

/// Ids of one kind each.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        id_texts! { $(#[$doc])* $name; }

        impl $name {
            /// The characters every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, which sorts after every one made earlier.
            #[must_use]
            pub fn new(seed: IdSeed) -> Self {
                Self(render($prefix, seed))
            }
        }
    )*};
}

ids! {
    /// An org.
    OrgId = "00o";
    /// A user.
    UserId = "00u";
    /// A group.
    GroupId = "00g";
    /// A user type.
    UserTypeId = "oty";
    /// The profile schema of a user type; it shares the 17 characters after the prefix with its type.
    SchemaId = "osc";
    /// An app, and the OAuth client that it is.
    ApplicationId = "0oa";
    /// A scope granted to an app.
    ApplicationGrantId = "oag";
    /// A user's assignment to an app.
    ApplicationUserId = "0ua";
    /// An identity provider. Real orgs number them as apps.
    IdentityProviderId = "0oa";
    /// An API token (the record, not the secret).
    ApiTokenId = "00T";
    /// What a user allowed a client.
    GrantId = "oag";
    /// A refresh token (the record, not the secret).
    RefreshTokenId = "oar";
    /// An inline hook.
    InlineHookId = "cal";
    /// A custom authorization server. The one that every org begins with is called `default` instead.
    AuthorizationServerId = "aus";
    /// A policy.
    PolicyId = "00p";
    /// A policy's rule.
    PolicyRuleId = "0pr";
    /// A group rule. Real orgs number them as rules of policies.
    GroupRuleId = "0pr";
}

id_texts! {
    /// A factor of a user. What it begins with depends on the factor's kind.
    FactorId;
}

impl FactorId {
    /// A new id of the kind `prefix`, which sorts after every one of that kind made earlier.
    #[must_use]
    pub fn new(prefix: &str, seed: IdSeed) -> Self {
        Self(render(prefix, seed))
    }
}

id_texts! {
    /// A role that a user or a group has. What it begins with says whose it is.
    RoleAssignmentId;
}

impl RoleAssignmentId {
    /// What the id of a user's role begins with. So do those that migration 0006 makes.
    pub const OF_USER: &'static str = "ra1";

    /// What the id of a group's role begins with.
    pub const OF_GROUP: &'static str = "gra";

    /// A new id of the kind `prefix`, which sorts after every one of that kind made earlier.
    #[must_use]
    pub fn new(prefix: &str, seed: IdSeed) -> Self {
        Self(render(prefix, seed))
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    )*};
}

keys! {
    /// An org in the store; never leaves the server.
    OrgKey;
    /// A user in the store, ascending as users are made; never leaves the server.
    UserKey;
    /// A group in the store; never leaves the server.
    GroupKey;
    /// A group rule in the store; never leaves the server.
    GroupRuleKey;
    /// An app in the store; never leaves the server.
    ApplicationKey;
    /// An identity provider in the store; never leaves the server.
    IdentityProviderKey;
    /// A role that a user or a group has, in the store; never leaves the server.
    RoleAssignmentKey;
}

impl UserTypeId {
    /// The schema of this type: the same id under the schema's prefix, as in a real org (observed.md, *Ids*).
    #[must_use]
    pub fn schema_id(&self) -> SchemaId {
        SchemaId(format!("{}{}", SchemaId::PREFIX, self.0.get(3..).unwrap_or_default()))
    }
}

impl SchemaId {
    /// The user type whose schema this is.
    #[must_use]
    pub fn type_id(&self) -> UserTypeId {
        UserTypeId(format!("{}{}", UserTypeId::PREFIX, self.0.get(3..).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_twenty_characters_and_its_prefix() {
        let id = UserId::new(IdSeed { millis: 1_764_000_000_000, tail: 62_u64.pow(9) - 1 });
        assert_eq!(id.as_str().len(), 20);
        assert!(id.as_str().starts_with("00u") && id.as_str().ends_with("zzzzzzzzz"));
    }

    #[test]
    fn ids_ascend_with_time_and_then_with_the_tail() {
        let ids = [(1, 5), (1, 6), (2, 0), (61, 0), (62, 0)].map(|(millis, tail)| UserId::new(IdSeed { millis, tail }));
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_type_and_its_schema_share_their_tail() {
        let user_type = UserTypeId::from_text("otynwlw0pkLLUgtNG5d7");
        assert_eq!(user_type.schema_id().as_str(), "oscnwlw0pkLLUgtNG5d7");
        assert_eq!(user_type.schema_id().type_id(), user_type);
    }
}
