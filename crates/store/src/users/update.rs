//! partialUpdateUser and updateUser (behaviour.md C.4, C.5).

use roster_model::error::{Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::OrgKey;
use roster_model::user::User;
use roster_model::user::credentials::{CredentialsInput, PasswordInput, StoredPassword, StoredRecoveryQuestion};
use roster_model::user::password_policy::Password;
use roster_model::user::profile::Profile;
use roster_model::user::schema::ProfileSchema;
use roster_model::user::status::LifecycleOperation;
use serde_json::{Map, Value, json};

use super::create::unknown_type;
use super::credentials::{check_settable, password_refused, set_password};
use super::{check_password, check_unique, find, find_to_change, party, reindex, save};
use crate::Store;
use crate::change::Change;
use crate::engine::Tx;
use crate::error::{EngineError, Error};
use crate::user_types::{self, UserType};
use crate::{groups, policies};

/// A request to change a user.
#[derive(Clone)]
pub struct UserUpdate {
    /// The profile members to set, unchecked; absent leaves the profile as it is.
    pub profile: Option<Map<String, Value>>,
    /// The credentials to set; what they do not name stays.
    pub credentials: CredentialsInput,
    /// The user type.
    pub type_id: Option<String>,
    /// Whether the age and history of passwords count.
    pub strict: bool,
}

/// What a profile in a request means for the attributes that it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They stay; the type cannot change.
    Merge,
    /// They are cleared; the type may change.
    Replace,
}

impl Store {
    /// partialUpdateUser: what the request does not name stays.
    ///
    /// # Errors
    /// Violations of the profile or the password policy, a taken login, another type, or the user's status refuses it.
    pub async fn partial_update_user(&self, change: &Change, asked: &str, update: UserUpdate) -> Result<User, Error> {
        self.change_user(change, asked, update, Mode::Merge).await
    }

    /// updateUser: a profile replaces the old one whole; without one the profile stays, and likewise the credentials.
    ///
    /// # Errors
    /// As [`Store::partial_update_user`], but the type may change.
    pub async fn update_user(&self, change: &Change, asked: &str, update: UserUpdate) -> Result<User, Error> {
        self.change_user(change, asked, update, Mode::Replace).await
    }

    async fn change_user(&self, change: &Change, asked: &str, update: UserUpdate, mode: Mode) -> Result<User, Error> {
        let UserUpdate { profile, credentials, type_id, strict } = update;
        let edit = ProfileEdit { profile, type_id, mode };
        if let Some(PasswordInput::Value(password)) = &credentials.password {
            self.check_new_password(change, asked, &edit, password, strict).await?;
        }
        let set = NewCredentials {
            operation: credentials.password.as_ref().map(PasswordInput::operation),
            password: match credentials.password {
                Some(password) => Some(self.stored_password(password).await?),
                None => None,
            },
            recovery_question: match credentials.recovery_question {
                Some(question) => Some(self.stored_recovery_question(change.org, question).await?),
                None => None,
            },
            shown_question: credentials.shown_question,
        };
        let (change, asked) = (change.clone(), asked.to_owned());
        self.engine().write(move |tx| write_update(tx, &change, &asked, &edit, &set)).await
    }

    /// Checks a password against the profile as it will be, before time is spent on hashing it.
    async fn check_new_password(
        &self,
        change: &Change,
        asked: &str,
        edit: &ProfileEdit,
        password: &Password,
        strict: bool,
    ) -> Result<(), Error> {
        let (org, edit, name) = (change.org, edit.clone(), asked.to_owned());
        let (profile, policy) = self
            .engine()
            .read(move |tx| {
                let user = find(tx, org, &name)?;
                user.allows(LifecycleOperation::SetPassword)?;
                check_settable(&user)?;
                Ok((edit.apply(tx, org, &user)?.profile, policies::password(tx, org)?))
            })
            .await?;
        check_password(&policy, password, &profile)?;
        if strict {
            let known = self.credentials_of(change, asked).await?;
            if known.is_too_young(change) || self.is_reused(password, &known).await? {
                return Err(password_refused(&policy).into());
            }
        }
        Ok(())
    }
}

/// The credentials of an update, hashed.
struct NewCredentials {
    operation: Option<LifecycleOperation>,
    password: Option<StoredPassword>,
    recovery_question: Option<StoredRecoveryQuestion>,
    shown_question: Option<String>,
}

/// The profile and type of an update.
#[derive(Clone)]
struct ProfileEdit {
    profile: Option<Map<String, Value>>,
    type_id: Option<String>,
    mode: Mode,
}

/// A profile before and after an edit, with the schemas that each obeys.
struct EditedProfile {
    before: Profile,
    schema_before: ProfileSchema,
    profile: Profile,
    user_type: UserType,
}

impl ProfileEdit {
    fn apply(&self, tx: &mut Tx<'_>, org: OrgKey, user: &User) -> Result<EditedProfile, Error> {
        let current = user_types::find(tx, org, user.type_id.as_str(), ResourceKind::UserType)?;
        let before = user.profile().map_err(EngineError::from)?;
        let schema_before = current.schema.clone();
        let user_type = self.wanted_type(tx, org, current)?;
        let moved = user_type.id != user.type_id;
        let profile = match (&self.profile, self.mode) {
            (Some(input), Mode::Merge) => user_type.schema.merge_profile(&before, input)?,
            (Some(input), Mode::Replace) => user_type.schema.replace(input)?,
            // The profile must fit the type it moves to.
            (None, _) if moved => user_type.schema.adopt(&before)?,
            (None, _) => before.clone(),
        };
        Ok(EditedProfile { before, schema_before, profile, user_type })
    }

    fn wanted_type(&self, tx: &mut Tx<'_>, org: OrgKey, current: UserType) -> Result<UserType, Error> {
        let Some(id) = &self.type_id else { return Ok(current) };
        let wanted = match user_types::find(tx, org, id, ResourceKind::UserType) {
            Err(Error::NotFound { .. }) => return Err(unknown_type().into()),
            found => found?,
        };
        if wanted.id != current.id && self.mode == Mode::Merge {
            let rule = "The user type cannot be changed by a partial update";
            return Err(Problem::violations(&[Violation::new("type", rule)]).into());
        }
        Ok(wanted)
    }

    fn is_empty(&self) -> bool {
        self.profile.is_none() && self.type_id.is_none()
    }
}

fn write_update(
    tx: &mut Tx<'_>,
    change: &Change,
    asked: &str,
    edit: &ProfileEdit,
    set: &NewCredentials,
) -> Result<User, Error> {
    let before = find_to_change(tx, change.org, asked)?;
    let known = before.credentials.recovery_question.as_ref().map(|known| known.question.as_str());
    CredentialsInput::check_shown_question(set.shown_question.as_deref(), known)?;
    if edit.is_empty() && set.password.is_none() && set.recovery_question.is_none() {
        return Ok(before);
    }
    if set.password.is_some() || set.recovery_question.is_some() {
        check_settable(&before)?;
    }
    // What a status says of the password comes first: a hash is refused in other words than a profile.
    for operation in set.operation.into_iter().chain([LifecycleOperation::UpdateProfile]) {
        before.allows(operation)?;
    }
    let mut user = before.clone();
    let target = [party(&before)];
    if !edit.is_empty() {
        write_profile(tx, change, edit, &mut user)?;
    }
    if let Some(question) = &set.recovery_question {
        user.credentials.recovery_question = Some(question.clone());
        user.last_updated = change.now;
        change.record_with(tx, EventType::UserUpdateProfile, &target, changed(&["credentials.recovery_question"]))?;
    }
    if let (Some(password), Some(operation)) = (&set.password, set.operation) {
        let transition = before.apply(operation)?;
        set_password(tx, change, &mut user, password.clone())?;
        user.transition(transition, change.now);
        if transition.moves() {
            // A password given to a PROVISIONED user completes the activation (behaviour.md B.3).
            user.activated = user.activated.or(Some(change.now));
        }
        change.record(tx, transition.event(), &target)?;
    }
    save(tx, &before, &user)?;
    groups::rules::apply::apply(tx, change, &user)?;
    Ok(user)
}

fn write_profile(tx: &mut Tx<'_>, change: &Change, edit: &ProfileEdit, user: &mut User) -> Result<(), Error> {
    let EditedProfile { before, schema_before, profile, user_type } = edit.apply(tx, change.org, user)?;
    let (rows_before, rows) = (before.index_values(&schema_before), profile.index_values(&user_type.schema));
    check_unique(tx, change.org, user.key, &user_type.schema, &rows)?;
    reindex(tx, change.org, user.key, &rows_before, &rows)?;
    let names = profile.changed_attributes(&before);
    let target = [party(user)];
    if user.type_id != user_type.id {
        user.type_id = user_type.id;
        user.last_updated = change.now;
        change.record(tx, EventType::UserUpdateType, &target)?;
    }
    if !names.is_empty() {
        user.profile_json = profile.to_json();
        user.last_updated = change.now;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        change.record_with(tx, EventType::UserUpdateProfile, &target, changed(&names))?;
    }
    Ok(())
}

/// Debug data that tells which attributes changed.
fn changed(names: &[&str]) -> Map<String, Value> {
    let mut debug = Map::new();
    debug.insert("changedAttributes".to_owned(), json!(names.join(",")));
    debug
}
