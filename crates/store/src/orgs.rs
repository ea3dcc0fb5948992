//! Orgs: each with its own users, groups, types, tokens and log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use roster_model::event::EventType;
use roster_model::group::{GroupProfile, GroupType};
use roster_model::id::{GroupId, OrgId, OrgKey};
use roster_model::timestamp::Timestamp;
use roster_model::user::User;
use roster_model::user::credentials::StoredPassword;
use roster_model::user::password_policy::PasswordPolicy;
use roster_model::user::profile::Profile;
use roster_model::user::schema::ProfileSchema;

use crate::change::{Change, Party};
use crate::engine::{Row, Tx};
use crate::error::{EngineError, Error};
use crate::secret::{Secret, random_bytes};
use crate::{Store, api_tokens, groups, oauth, params, policies, roles, user_types, users};

/// The name of the org that answers to every host that names no other.
pub const DEFAULT_ORG: &str = "default";

/// An org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Its place in the store.
    pub key: OrgKey,
    /// Its id.
    pub id: OrgId,
    /// Its name: the first label of its host name.
    pub name: String,
    /// Whether it answers to hosts that name no org.
    pub is_default: bool,
    pub(crate) cursor_secret: Vec<u8>,
}

impl Org {
    /// The first label of its hosts. The default org needs none.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        (!self.is_default).then_some(self.name.as_str())
    }
}

/// What a new org begins with.
#[derive(Clone)]
pub struct NewOrg {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// The login (and e-mail address) of its administrator.
    pub admin_login: String,
    /// The administrator's password.
    pub admin_password: roster_model::user::password_policy::Password,
    /// The value of its first API token; a random one if none is given.
    pub token: Option<Secret>,
}

/// What is told once about a new org.
pub struct CreatedOrg {
    /// The org.
    pub org: Org,
    /// Its first API token.
    pub token: Secret,
}

impl Store {
    /// Creates an org with its default user type, the Everyone group, an administrator and an API token.
    ///
    /// # Errors
    /// A violation if the name is taken or no name, the login is no login, or the password breaks the policy.
    pub async fn create_org(&self, new: NewOrg) -> Result<CreatedOrg, Error> {
        if !is_org_name(&new.name) {
            let rule = "must be 1 to 63 lower-case letters, digits and hyphens";
            return Err(Error::from(roster_model::error::Problem::violations(&[violation("name", rule)])));
        }
        let profile = users::administrator_profile(&new.admin_login)?;
        users::check_password(&PasswordPolicy::default(), &new.admin_password, &profile)?;
        let password = self.hasher().hash(new.admin_password).await?;
        let token = match new.token {
            Some(token) => token,
            None => api_tokens::new_token()?,
        };
        let change = self.system_change(OrgKey(0));
        let kept = token.clone();
        let org =
            self.engine().write(move |tx| insert_org(tx, &change, &new.name, &profile, &password, &token)).await?;
        // The name may be remembered as one without an org.
        self.orgs().put(&org.name, Some(Arc::new(org.clone())));
        Ok(CreatedOrg { org, token: kept })
    }

    /// The default org, if there is one yet.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn default_org(&self) -> Result<Option<Arc<Org>>, Error> {
        self.org_named(DEFAULT_ORG).await
    }

    /// The org of this name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn org_named(&self, name: &str) -> Result<Option<Arc<Org>>, Error> {
        if let Some(known) = self.orgs().get(name) {
            return Ok(known);
        }
        let asked = name.to_owned();
        let found = self.engine().read(move |tx| Ok(find_org(tx, &asked)?)).await?.map(Arc::new);
        // In place, asking again costs less than a second of not knowing an org that was made meanwhile.
        if found.is_some() || !self.engine().is_exclusive() {
            self.orgs().put(name, found.clone());
        }
        Ok(found)
    }

    /// Every org, in the order they were made.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_orgs(&self) -> Result<Vec<Org>, Error> {
        self.engine().read(|tx| Ok(tx.query(&format!("{SELECT_ORG} ORDER BY org_key"), &[], read_org)?)).await
    }
}

fn violation(field: &str, text: &str) -> roster_model::error::Violation {
    roster_model::error::Violation::new(field, text)
}

/// Whether `name` can be the label of a host name.
fn is_org_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}

const SELECT_ORG: &str = "SELECT org_key, id, name, is_default, cursor_secret FROM orgs";

fn read_org(row: &Row<'_>) -> Result<Org, EngineError> {
    Ok(Org {
        key: OrgKey(row.integer(0)?),
        id: OrgId::from_text(&row.text(1)?),
        name: row.text(2)?,
        is_default: row.integer(3)? != 0,
        cursor_secret: row.bytes(4)?,
    })
}

fn find_org(tx: &mut Tx<'_>, name: &str) -> Result<Option<Org>, EngineError> {
    tx.query_first(&format!("{SELECT_ORG} WHERE name = $1"), params![name], read_org)
}

fn insert_org(
    tx: &mut Tx<'_>,
    change: &Change,
    name: &str,
    profile: &Profile,
    password: &StoredPassword,
    token: &Secret,
) -> Result<Org, Error> {
    let id = OrgId::new(change.id_seed());
    let cursor_secret: [u8; 32] = random_bytes()?;
    let inserted = tx.query_first(
        "INSERT INTO orgs (id, name, is_default, cursor_secret, created) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO NOTHING RETURNING org_key",
        params![&id, name, name == DEFAULT_ORG, cursor_secret.as_slice(), change.now],
        |row| row.integer(0),
    )?;
    let Some(key) = inserted.map(OrgKey) else {
        let taken = roster_model::error::Violation::taken("name");
        return Err(roster_model::error::Problem::violations(&[taken]).into());
    };
    let change = change.in_org(key);
    let admin = users::administrator(&change, profile, password.clone())?;
    user_types::insert_default(tx, &change, &admin.type_id, &admin.id)?;
    let everyone = GroupId::new(change.id_seed());
    groups::schema::insert(tx, &change)?;
    groups::insert(tx, &change, &everyone, GroupType::BuiltIn, &GroupProfile::everyone())?;
    policies::insert_shipped(tx, &change, &everyone)?;
    oauth::servers::insert_default(tx, key, change.now)?;
    insert_administrator(tx, &change, admin, profile, token)?;
    let made = Party {
        id: id.to_string(),
        kind: "Org".to_owned(),
        alternate_id: name.to_owned(),
        display_name: name.to_owned(),
    };
    change.record(tx, EventType::OrgCreate, &[made])?;
    Ok(Org { key, id, name: name.to_owned(), is_default: name == DEFAULT_ORG, cursor_secret: cursor_secret.to_vec() })
}

fn insert_administrator(
    tx: &mut Tx<'_>,
    change: &Change,
    mut admin: User,
    profile: &Profile,
    token: &Secret,
) -> Result<(), Error> {
    admin.key = users::insert(tx, change.org, &admin, profile, &ProfileSchema::default())?;
    change.record(tx, EventType::UserCreate, &[users::party(&admin)])?;
    roles::insert_super_administrator(tx, change, &admin)?;
    api_tokens::insert(tx, change, api_tokens::FIRST_TOKEN_NAME, &admin, token)?;
    Ok(())
}

/// The orgs seen lately, by name. A name that has no org is remembered only for a moment, since another process
/// (`roster org create`) may make one.
#[derive(Default)]
pub(crate) struct OrgCache(RwLock<HashMap<String, Remembered>>);

/// An org, or that there was none, and when that was found out.
type Remembered = (Option<Arc<Org>>, Timestamp);

/// How long a name without an org is remembered.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);

/// Names that are remembered at most: hosts are the callers' to choose.
const MAX_NAMES: usize = 10_000;

impl OrgCache {
    fn get(&self, name: &str) -> Option<Option<Arc<Org>>> {
        let orgs = self.0.read();
        let (org, asked) = orgs.get(name)?;
        let fresh = org.is_some()
            || crate::clock::Clock::system().now() < asked.plus_seconds(UNKNOWN_FOR.as_secs().cast_signed());
        fresh.then(|| org.clone())
    }

    fn put(&self, name: &str, org: Option<Arc<Org>>) {
        let mut orgs = self.0.write();
        if orgs.len() >= MAX_NAMES {
            orgs.clear();
        }
        orgs.insert(name.to_owned(), (org, crate::clock::Clock::system().now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_name_is_a_host_label() {
        assert!(["acme", "a-1", "0"].into_iter().all(is_org_name));
        assert!(!["", "Acme", "a.b", "-a", "a-", "ä"].into_iter().any(is_org_name));
    }
}
