//! createUser (behaviour.md B.4 and C.1).

use std::sync::Arc;

use roster_model::error::{ErrorCode, Problem, ResourceKind, Violation};
use roster_model::event::EventType;
use roster_model::id::{OrgKey, UserId};
use roster_model::message::MessageKind;
use roster_model::user::User;
use roster_model::user::credentials::{
    CredentialsInput, PasswordInput, Provider, ProviderType, StoredCredentials, StoredPassword,
};
use roster_model::user::profile::Profile;
use roster_model::user::status::{LifecycleOperation, UserStatus};
use serde_json::{Map, Value};

use super::tokens::{self, Purpose};
use super::{check_password, insert, party};
use crate::Store;
use crate::change::Change;
use crate::engine::Tx;
use crate::error::Error;
use crate::groups::{self, Group};
use crate::messages::Outbox;
use crate::user_types::{self, UserType};

/// Groups that a new user may be put into at once (behaviour.md B.4).
const MAX_GROUPS: usize = 20;

/// What `nextLogin` may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextLogin {
    /// The password must be changed at the first sign-in.
    ChangePassword,
}

/// A request to create a user.
#[derive(Clone)]
pub struct CreateUser {
    /// The profile, unchecked; absent is the same as empty.
    pub profile: Map<String, Value>,
    /// The credentials.
    pub credentials: CredentialsInput,
    /// The groups to join, beside Everyone.
    pub group_ids: Vec<String>,
    /// The user type; the default one if absent.
    pub type_id: Option<String>,
    /// Whether to activate at once.
    pub activate: bool,
    /// Whether `credentials.provider` counts.
    pub with_provider: bool,
    /// What the first sign-in must do.
    pub next_login: Option<NextLogin>,
}

impl Store {
    /// createUser: everything in one transaction, so on any error no user exists.
    ///
    /// # Errors
    /// Violations of the profile, the password policy and the create matrix; a taken login; an unknown group or type.
    pub async fn create_user(&self, change: &Change, input: CreateUser) -> Result<User, Error> {
        input.check()?;
        let user_type = self.type_of_new_user(change.org, input.type_id.as_deref()).await?;
        let profile = user_type.schema.create(&input.profile)?;
        if let Some(PasswordInput::Value(password)) = &input.credentials.password {
            check_password(&self.password_policy(change.org).await?, password, &profile)?;
        }
        let credentials = self.credentials_of_new_user(change.org, input.credentials, input.with_provider).await?;
        let user = User::staged(UserId::new(change.id_seed()), user_type.id.clone(), &profile, credentials, change.now);
        let outbox = self.outbox();
        let plan = Plan {
            profile,
            user_type,
            group_ids: input.group_ids,
            activate: input.activate,
            next_login: input.next_login,
        };
        let change = change.clone();
        self.engine().write(move |tx| insert_user(tx, &change, user.clone(), &plan, &outbox)).await
    }

    async fn type_of_new_user(&self, org: OrgKey, id: Option<&str>) -> Result<Arc<UserType>, Error> {
        let found = self.user_type(org, id.unwrap_or(user_types::DEFAULT), ResourceKind::UserType).await;
        found.map_err(|error| match error {
            Error::NotFound { .. } => unknown_type().into(),
            other => other,
        })
    }

    async fn credentials_of_new_user(
        &self,
        org: OrgKey,
        input: CredentialsInput,
        with_provider: bool,
    ) -> Result<StoredCredentials, Error> {
        let provider = input.provider.filter(|_| with_provider).unwrap_or_else(|| Provider::of(ProviderType::Okta));
        match provider.provider_type {
            ProviderType::Federation | ProviderType::Social => {
                if input.password.is_some() || input.recovery_question.is_some() {
                    return Err(Problem::new(ErrorCode::CredentialsNotSettable).into());
                }
                return Ok(StoredCredentials {
                    password: None,
                    recovery_question: None,
                    provider: Provider::of(provider.provider_type),
                });
            }
            ProviderType::ActiveDirectory | ProviderType::Ldap => {
                let rule = format!("The directory instance {:?} does not exist", provider.name);
                return Err(Problem::violations(&[Violation::new("provider", rule)]).into());
            }
            ProviderType::Okta | ProviderType::Import => {}
        }
        let password = match input.password {
            Some(password) => Some(self.stored_password(password).await?),
            None => None,
        };
        let recovery_question = match input.recovery_question {
            Some(question) => Some(self.stored_recovery_question(org, question).await?),
            None => None,
        };
        let provider_type = password.as_ref().map_or(ProviderType::Okta, StoredPassword::provider_type);
        Ok(StoredCredentials { password, recovery_question, provider: Provider::of(provider_type) })
    }
}

/// The answer for a `type` that names no user type of the org.
pub(super) fn unknown_type() -> Problem {
    Problem::violations(&[Violation::new("type", "The specified user type is invalid")])
}

impl CreateUser {
    /// The rules that need neither user type nor database (behaviour.md B.4, rows 9 and 10).
    fn check(&self) -> Result<(), Problem> {
        CredentialsInput::check_shown_question(self.credentials.shown_question.as_deref(), None)?;
        if self.next_login == Some(NextLogin::ChangePassword) {
            if !self.activate {
                return Err(Problem::new(ErrorCode::ExpireOnCreateNeedsActivation));
            }
            if !matches!(self.credentials.password, Some(PasswordInput::Value(_))) {
                return Err(Problem::new(ErrorCode::ExpireOnCreateNeedsPassword));
            }
        }
        if self.group_ids.len() > MAX_GROUPS {
            let rule = format!("No more than {MAX_GROUPS} groups may be given");
            return Err(Problem::violations(&[Violation::new("groupIds", rule)]));
        }
        Ok(())
    }
}

/// What is to be done in the transaction of a create.
struct Plan {
    profile: Profile,
    user_type: Arc<UserType>,
    group_ids: Vec<String>,
    activate: bool,
    next_login: Option<NextLogin>,
}

/// A new user whom an identity provider vouches for, active at once, in these groups too if they are there.
pub(crate) fn provision_user(
    tx: &mut Tx<'_>,
    change: &Change,
    outbox: &Outbox,
    profile: &Map<String, Value>,
    group_ids: &[String],
    provider: ProviderType,
) -> Result<User, Error> {
    let user_type = Arc::new(user_types::find(tx, change.org, user_types::DEFAULT, ResourceKind::UserType)?);
    let profile = user_type.schema.create(profile)?;
    let credentials = StoredCredentials { password: None, recovery_question: None, provider: Provider::of(provider) };
    let user = User::staged(UserId::new(change.id_seed()), user_type.id.clone(), &profile, credentials, change.now);
    let mut known = Vec::new();
    for id in group_ids {
        match groups::find_changeable(tx, change.org, id) {
            Ok(_) => known.push(id.clone()),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let plan = Plan { profile, user_type, group_ids: known, activate: true, next_login: None };
    insert_user(tx, change, user, &plan, outbox)
}

fn insert_user(tx: &mut Tx<'_>, change: &Change, mut user: User, plan: &Plan, outbox: &Outbox) -> Result<User, Error> {
    let joined = plan
        .group_ids
        .iter()
        .map(|id| groups::find_changeable(tx, change.org, id))
        .collect::<Result<Vec<Group>, Error>>()?;
    if plan.activate {
        let activation = user.apply(LifecycleOperation::Activate)?;
        user.transition(activation, change.now);
    }
    if plan.next_login == Some(NextLogin::ChangePassword) {
        let expiry = user.apply(LifecycleOperation::ExpirePassword)?;
        user.transition(expiry, change.now);
    }
    // A recording shows that a hash sets statusChanged of a STAGED user, and a password does not (observed.md 4).
    if matches!(user.credentials.password, Some(StoredPassword::Imported(_) | StoredPassword::Hook)) {
        user.status_changed = Some(change.now);
    }
    user.key = insert(tx, change.org, &user, &plan.profile, &plan.user_type.schema)?;
    let target = [party(&user)];
    change.record(tx, EventType::UserCreate, &target)?;
    if plan.activate {
        change.record(tx, EventType::UserActivate, &target)?;
    }
    if user.status() == UserStatus::Provisioned {
        let issued = tokens::issue_first(tx, change, user.key, Purpose::Activation)?;
        outbox.send_link(tx, change, &user, MessageKind::Activation, &issued)?;
    }
    for group in &joined {
        groups::add_member(tx, change, group, &user)?;
    }
    groups::rules::apply::apply(tx, change, &user)?;
    Ok(user)
}
