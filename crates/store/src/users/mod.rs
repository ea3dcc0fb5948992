//! Users: one file for each part of their API, and here what those share: finding, reading, inserting and saving a user.
//!
//! Invariant: a status reaches the table only from a [`User`], whose status changes only by a `Transition` of the
//! lifecycle table.

mod create;
pub(crate) mod credentials;
mod delete;
mod get;
mod lifecycle;
pub(crate) mod related;
mod search;
pub(crate) mod tokens;
mod update;

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::id::{GroupKey, OrgKey, UserId, UserKey, UserTypeId};
use roster_model::user::User;
use roster_model::user::credentials::{
    Provider, ProviderType, StoredCredentials, StoredPassword, StoredRecoveryQuestion,
};
use roster_model::user::login::LoginKey;
use roster_model::user::password_policy::{Password, PasswordPolicy};
use roster_model::user::profile::Profile;
use roster_model::user::schema::ProfileSchema;
use roster_model::user::status::{LifecycleOperation, UserStatus};
use serde_json::{Map, Value, json};

pub(crate) use create::provision_user;
pub use create::{CreateUser, NextLogin};
pub use credentials::{ChangePassword, ChangeRecoveryQuestion, ForgotPasswordSetNewPassword};
pub use lifecycle::TransitioningUser;
pub use search::{UserOrder, UserSelection};
pub use update::UserUpdate;

use crate::cache::Invalidation;
use crate::change::{Change, Party};
use crate::engine::{Param, Row, Tx};
use crate::error::{EngineError, Error};
use crate::params;

/// The columns of [`read_user`], in its order.
const COLUMNS: &str = "u.user_key, u.id, u.type_id, u.status, u.transitioning_to_status, u.created, u.activated, \
     u.status_changed, u.last_login, u.last_updated, u.password_changed, u.provider_type, u.provider_name, u.password, \
     u.recovery_question, u.recovery_answer, u.failed_attempts, u.profile";

fn select(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM users u {rest}")
}

fn read_user(row: &Row<'_>) -> Result<User, EngineError> {
    let transitioning = row.optional_text(4)?.map(|text| {
        UserStatus::from_text(&text).ok_or(EngineError::Corrupt { what: "transitioning_to_status", value: text })
    });
    let mut user = User::restored(
        UserId::from_text(&row.text(1)?),
        UserTypeId::from_text(&row.text(2)?),
        row.status(3)?,
        read_credentials(row)?,
    );
    user.key = UserKey(row.integer(0)?);
    user.transitioning_to_status = transitioning.transpose()?;
    user.created = row.timestamp(5)?;
    user.activated = row.optional_timestamp(6)?;
    user.status_changed = row.optional_timestamp(7)?;
    user.last_login = row.optional_timestamp(8)?;
    user.last_updated = row.timestamp(9)?;
    user.password_changed = row.optional_timestamp(10)?;
    user.failed_attempts = row.integer(16)?;
    user.profile_json = row.text(17)?;
    Ok(user)
}

fn read_credentials(row: &Row<'_>) -> Result<StoredCredentials, EngineError> {
    let provider_type = row.text(11)?;
    let answer = row.optional_text(15)?.map(StoredPassword::from_text).transpose()?;
    let question = row.optional_text(14)?;
    Ok(StoredCredentials {
        password: row.optional_text(13)?.map(StoredPassword::from_text).transpose()?,
        recovery_question: question.zip(answer).map(|(question, answer)| StoredRecoveryQuestion { question, answer }),
        provider: Provider {
            name: row.text(12)?,
            provider_type: ProviderType::from_text(&provider_type)
                .ok_or(EngineError::Corrupt { what: "provider type", value: provider_type })?,
        },
    })
}

fn not_found(asked: &str) -> Error {
    Error::not_found(asked, ResourceKind::User)
}

/// The user that a path segment names: by id, else by login, else by the one login whose part before the `@` it is
/// (behaviour.md C.0).
pub(crate) fn find_key(tx: &mut Tx<'_>, org: OrgKey, asked: &str) -> Result<UserKey, Error> {
    if may_be_id(asked) {
        let by_id = "SELECT user_key FROM users WHERE org_key = $1 AND id = $2";
        if let Some(key) = tx.query_first(by_id, params![org, asked], |row| Ok(UserKey(row.integer(0)?)))? {
            return Ok(key);
        }
    }
    find_login(tx, org, asked)?.ok_or_else(|| not_found(asked))
}

/// Ids are letters and digits (observed.md, *Ids*), so what holds an `@` is a login and needs no look among the ids.
fn may_be_id(asked: &str) -> bool {
    !asked.contains('@')
}

/// The user with this login, or the one login whose part before the `@` it is: what people sign in with.
pub(crate) fn find_login(tx: &mut Tx<'_>, org: OrgKey, asked: &str) -> Result<Option<UserKey>, EngineError> {
    let read_key = |row: &Row<'_>| Ok(UserKey(row.integer(0)?));
    let login = LoginKey::from_text(asked);
    if asked.contains('\0') {
        return Ok(None);
    }
    let by_login = "SELECT user_key FROM users WHERE org_key = $1 AND login_key = $2";
    let found = tx.query_first(by_login, params![org, login.as_str()], read_key)?;
    if found.is_some() || asked.contains('@') || login.as_str().is_empty() {
        return Ok(found);
    }
    // Logins that begin with "asked@": `A` is the character after `@`.
    let (from, to) = (format!("{}@", login.as_str()), format!("{}A", login.as_str()));
    let by_short_name = "SELECT user_key FROM users WHERE org_key = $1 AND login_key >= $2 AND login_key < $3 LIMIT 2";
    match tx.query(by_short_name, params![org, &from, &to], read_key)?.as_slice() {
        [only] => Ok(Some(*only)),
        _ => Ok(None),
    }
}

/// As [`find_key`], with the whole row; a full login or id takes one statement.
pub(crate) fn find(tx: &mut Tx<'_>, org: OrgKey, asked: &str) -> Result<User, Error> {
    let direct = if may_be_id(asked) {
        tx.query_first(&select("WHERE u.org_key = $1 AND u.id = $2"), params![org, asked], read_user)?
    } else {
        let login = LoginKey::from_text(asked);
        tx.query_first(&select("WHERE u.org_key = $1 AND u.login_key = $2"), params![org, login.as_str()], read_user)?
    };
    if let Some(user) = direct {
        return Ok(user);
    }
    let key = find_key(tx, org, asked)?;
    find_by_key(tx, key)?.ok_or_else(|| not_found(asked))
}

/// The user with this key.
pub(crate) fn find_by_key(tx: &mut Tx<'_>, key: UserKey) -> Result<Option<User>, EngineError> {
    tx.query_first(&select("WHERE u.user_key = $1"), params![key], read_user)
}

/// The user, kept from other writers until the transaction ends.
pub(crate) fn find_for_update(tx: &mut Tx<'_>, org: OrgKey, asked: &str) -> Result<User, Error> {
    let key = find_key(tx, org, asked)?;
    let found = tx.query_first_for_update(&select("WHERE u.user_key = $1"), params![key], read_user)?;
    found.ok_or_else(|| not_found(asked))
}

/// The user of a change: as [`find_for_update`], unless an asynchronous transition is under way (behaviour.md B.1).
pub(crate) fn find_to_change(tx: &mut Tx<'_>, org: OrgKey, asked: &str) -> Result<User, Error> {
    let user = find_for_update(tx, org, asked)?;
    if user.transitioning_to_status.is_some() { Err(Error::StillTransitioning) } else { Ok(user) }
}

/// Inserts a user with their index rows and answers their key.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    org: OrgKey,
    user: &User,
    profile: &Profile,
    schema: &ProfileSchema,
) -> Result<UserKey, Error> {
    let login_key = profile.login().key();
    let credentials = CredentialColumns::of(&user.credentials)?;
    let inserted = tx.query_first(
        "INSERT INTO users (org_key, id, type_id, login_key, status, created, activated, status_changed, last_updated, \
         password_changed, provider_type, provider_name, password, recovery_question, recovery_answer, failed_attempts, \
         profile) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16) \
         ON CONFLICT (org_key, login_key) DO NOTHING RETURNING user_key",
        params![
            org,
            &user.id,
            &user.type_id,
            login_key.as_str(),
            user.status(),
            user.created,
            user.activated,
            user.status_changed,
            user.last_updated,
            user.password_changed,
            user.provider().provider_type.as_str(),
            &user.provider().name,
            credentials.password.as_ref(),
            credentials.question,
            credentials.answer.as_ref(),
            &user.profile_json
        ],
        |row| row.integer(0),
    )?;
    let key = inserted.map(UserKey).ok_or(Error::DuplicateLogin)?;
    let rows = profile.index_values(schema);
    insert_attributes(tx, org, key, &rows.iter().collect::<Vec<_>>())?;
    check_unique(tx, org, key, schema, &rows)?;
    Ok(key)
}

/// The user with this key, kept from other writers until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>, key: UserKey) -> Result<Option<User>, EngineError> {
    tx.query_first_for_update(&select("WHERE u.user_key = $1"), params![key], read_user)
}

/// Writes what changed between two states of a user, who must have been found for update.
pub(crate) fn save(tx: &mut Tx<'_>, before: &User, after: &User) -> Result<(), Error> {
    let credentials = CredentialColumns::of(&after.credentials)?;
    let login_key = login_key_of(&after.profile_json);
    let saved = tx.execute(
        "UPDATE users SET type_id = $1, login_key = $2, status = $3, transitioning_to_status = $4, activated = $5, \
         status_changed = $6, last_login = $7, last_updated = $8, password_changed = $9, provider_type = $10, \
         provider_name = $11, password = $12, recovery_question = $13, recovery_answer = $14, failed_attempts = $15, \
         profile = $16 WHERE user_key = $17 AND status = $18",
        params![
            &after.type_id,
            login_key.as_str(),
            after.status(),
            after.transitioning_to_status,
            after.activated,
            after.status_changed,
            after.last_login,
            after.last_updated,
            after.password_changed,
            after.provider().provider_type.as_str(),
            &after.provider().name,
            credentials.password.as_ref(),
            credentials.question,
            credentials.answer.as_ref(),
            after.failed_attempts,
            &after.profile_json,
            after.key,
            before.status()
        ],
    );
    let saved = saved.map_err(|error| match error {
        EngineError::Conflict => Error::DuplicateLogin,
        other => Error::Engine(other),
    })?;
    debug_assert_eq!(saved, 1, "the row was found for update");
    tx.invalidate(Invalidation::User(after.id.clone(), after.key));
    Ok(())
}

fn login_key_of(profile_json: &str) -> LoginKey {
    let profile: Value = serde_json::from_str(profile_json).unwrap_or_default();
    LoginKey::from_text(profile.get("login").and_then(Value::as_str).unwrap_or_default())
}

/// Credentials as their columns.
struct CredentialColumns<'a> {
    password: Option<String>,
    question: Option<&'a str>,
    answer: Option<String>,
}

impl<'a> CredentialColumns<'a> {
    fn of(credentials: &'a StoredCredentials) -> Result<Self, EngineError> {
        let question = credentials.recovery_question.as_ref();
        Ok(Self {
            password: credentials.password.as_ref().map(StoredPassword::to_text).transpose()?,
            question: question.map(|question| question.question.as_str()),
            answer: question.map(|question| question.answer.to_text()).transpose()?,
        })
    }
}

/// Rows of the search index: attribute and value.
type IndexRow = (String, String);

fn insert_attributes(tx: &mut Tx<'_>, org: OrgKey, user: UserKey, rows: &[&IndexRow]) -> Result<(), EngineError> {
    let mut values: Vec<Param<'_>> = Vec::with_capacity(rows.len() * 4);
    for (name, value) in rows {
        let row: [Param<'_>; 4] = [org.into(), name.into(), value.into(), user.into()];
        values.extend(row);
    }
    tx.insert_rows("INSERT INTO user_attributes (org_key, name, value, user_key) VALUES", 4, &values)
}

/// Brings the search index from one profile to another: only the rows that differ are touched.
fn reindex(
    tx: &mut Tx<'_>,
    org: OrgKey,
    user: UserKey,
    before: &[IndexRow],
    after: &[IndexRow],
) -> Result<(), EngineError> {
    for (name, value) in before.iter().filter(|row| !after.contains(row)) {
        tx.execute(
            "DELETE FROM user_attributes WHERE org_key = $1 AND name = $2 AND value = $3 AND user_key = $4",
            params![org, name, value, user],
        )?;
    }
    let added: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    insert_attributes(tx, org, user, &added)
}

/// Refuses a value of a unique custom attribute that another user has. An empty text is no value here.
fn check_unique(
    tx: &mut Tx<'_>,
    org: OrgKey,
    user: UserKey,
    schema: &ProfileSchema,
    rows: &[IndexRow],
) -> Result<(), Error> {
    let is_unique = |name: &str| schema.unique_attributes().any(|unique| unique == name);
    let values: Vec<_> = rows.iter().filter(|(name, value)| is_unique(name) && !value.is_empty()).collect();
    if values.is_empty() {
        return Ok(());
    }
    // Who takes a value at the same time has not committed it and is not seen. So they come one after another.
    let turn = "SELECT type_key FROM user_types WHERE org_key = $1 AND is_default = 1";
    tx.query_first_for_update(turn, params![org], |row| row.integer(0))?;
    let mut violations = Vec::new();
    for (name, value) in values {
        let taken = tx.query_first(
            "SELECT user_key FROM user_attributes WHERE org_key = $1 AND name = $2 AND value = $3 AND user_key <> $4",
            params![org, name, value, user],
            |row| row.integer(0),
        )?;
        if taken.is_some() {
            let text = "An object with this field already exists in the current organization";
            violations.push(Violation::new(name, text));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Problem::violations(&violations).into()) }
}

/// Drops the values of attributes that a user type no longer has, from its users' profiles and from the index.
pub(crate) fn drop_attributes(
    tx: &mut Tx<'_>,
    org: OrgKey,
    type_id: &UserTypeId,
    names: &[String],
) -> Result<(), EngineError> {
    let mut holders = Vec::new();
    for name in names {
        let sql = "SELECT DISTINCT a.user_key, u.id, u.profile FROM user_attributes a JOIN users u ON u.user_key = a.user_key \
             WHERE a.org_key = $1 AND a.name = $2 AND u.type_id = $3";
        holders.extend(tx.query(sql, params![org, name, type_id], |row| {
            Ok((UserKey(row.integer(0)?), UserId::from_text(&row.text(1)?)))
        })?);
        let others = "DELETE FROM user_attributes WHERE org_key = $1 AND name = $2 AND user_key IN \
             (SELECT user_key FROM users WHERE org_key = $3 AND type_id = $4)";
        tx.execute(others, params![org, name, org, type_id])?;
    }
    for (key, id) in holders {
        let profile = "SELECT profile FROM users WHERE user_key = $1";
        let Some(profile) = tx.query_first_for_update(profile, params![key], |row| row.text(0))? else { continue };
        let mut profile: Map<String, Value> = serde_json::from_str(&profile)?;
        profile.retain(|name, _| !names.contains(name));
        let profile = serde_json::to_string(&profile)?;
        tx.execute("UPDATE users SET profile = $1 WHERE user_key = $2", params![&profile, key])?;
        tx.invalidate(Invalidation::User(id, key));
    }
    Ok(())
}

/// Users of the org from `start` on, in the order they were made, in every status.
pub(crate) fn select_natural(tx: &mut Tx<'_>, org: OrgKey, start: i64, count: i64) -> Result<Vec<User>, EngineError> {
    let sql = select("WHERE u.org_key = $1 AND u.user_key > $2 ORDER BY u.user_key LIMIT $3");
    tx.query(&sql, params![org, start, count], read_user)
}

/// Members of a made group, in the order they were made.
pub(crate) fn select_members(
    tx: &mut Tx<'_>,
    group: GroupKey,
    start: i64,
    count: i64,
) -> Result<Vec<User>, EngineError> {
    let sql = select(
        "JOIN group_members m ON m.user_key = u.user_key WHERE m.group_key = $1 AND m.user_key > $2 \
         ORDER BY m.user_key LIMIT $3",
    );
    tx.query(&sql, params![group, start, count], read_user)
}

/// Whether any user has this type.
pub(crate) fn any_of_type(tx: &mut Tx<'_>, org: OrgKey, type_id: &UserTypeId) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM users WHERE org_key = $1 AND type_id = $2 LIMIT 1";
    Ok(tx.query_first(sql, params![org, type_id], |_| Ok(()))?.is_some())
}

/// The user as the System Log names them.
pub fn party(user: &User) -> Party {
    party_of(&user.id, &user.profile_json)
}

pub(crate) fn party_of(id: &UserId, profile_json: &str) -> Party {
    let profile: Value = serde_json::from_str(profile_json).unwrap_or_default();
    let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default();
    let display_name = format!("{} {}", text("firstName"), text("lastName"));
    Party {
        id: id.to_string(),
        kind: "User".to_owned(),
        alternate_id: text("login").to_owned(),
        display_name: display_name.trim().to_owned(),
    }
}

/// Refuses a password that breaks the policy.
pub(crate) fn check_password(policy: &PasswordPolicy, password: &Password, profile: &Profile) -> Result<(), Problem> {
    let checked = policy.check(password.reveal(), profile);
    checked.map_err(|_| credentials::password_refused(policy))
}

/// The profile of an org's first administrator.
pub(crate) fn administrator_profile(login: &str) -> Result<Profile, Error> {
    let profile = json!({ "firstName": "Roster", "lastName": "Administrator", "email": login, "login": login });
    let members = profile.as_object().cloned().unwrap_or_default();
    Ok(ProfileSchema::default().create(&members)?)
}

/// An org's first administrator, ACTIVE from the start.
pub(crate) fn administrator(change: &Change, profile: &Profile, password: StoredPassword) -> Result<User, Error> {
    let credentials = StoredCredentials {
        password: Some(password),
        recovery_question: None,
        provider: Provider::of(ProviderType::Okta),
    };
    let id = UserId::new(change.id_seed());
    let mut user = User::staged(id, UserTypeId::new(change.id_seed()), profile, credentials, change.now);
    let activation = user.apply(LifecycleOperation::Activate)?;
    user.transition(activation, change.now);
    Ok(user)
}
