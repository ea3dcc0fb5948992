//! The user: its statuses, profile, credentials.

pub mod attribute;
pub mod credentials;
pub mod imported_hash;
pub mod login;
pub mod password_policy;
pub mod profile;
pub mod recovery_question;
pub mod schema;
pub mod search;
pub mod status;

use crate::id::{UserId, UserKey, UserTypeId};
use crate::timestamp::Timestamp;
use credentials::{Provider, StoredCredentials};
use profile::Profile;
use status::{CredentialState, LifecycleOperation, Refusal, Transition, UserStatus};

/// A user as the store keeps them.
#[derive(Clone)]
pub struct User {
    /// Their place in the store.
    pub key: UserKey,
    /// Their id on the wire.
    pub id: UserId,
    /// Their user type.
    pub type_id: UserTypeId,
    status: UserStatus,
    /// Where an asynchronous transition is taking them, while it is under way.
    pub transitioning_to_status: Option<UserStatus>,
    /// When they were made.
    pub created: Timestamp,
    /// When activation last ran, also if it led to PROVISIONED.
    pub activated: Option<Timestamp>,
    /// When the status last changed; none before the first change.
    pub status_changed: Option<Timestamp>,
    /// When they last signed in.
    pub last_login: Option<Timestamp>,
    /// When profile, credentials or status last changed.
    pub last_updated: Timestamp,
    /// When the password was last set, changed or imported.
    pub password_changed: Option<Timestamp>,
    /// Their credentials.
    pub credentials: StoredCredentials,
    /// Failed attempts to sign in since the last success.
    pub failed_attempts: i64,
    /// The profile as JSON, the way it is printed: most readers pass it on without looking inside.
    pub profile_json: String,
}

impl User {
    /// A user who has just been made: STAGED, without a history.
    #[must_use]
    pub fn staged(
        id: UserId,
        type_id: UserTypeId,
        profile: &Profile,
        credentials: StoredCredentials,
        now: Timestamp,
    ) -> Self {
        Self::with_profile_json(id, type_id, profile.to_json(), credentials, now)
    }

    fn with_profile_json(
        id: UserId,
        type_id: UserTypeId,
        profile_json: String,
        credentials: StoredCredentials,
        now: Timestamp,
    ) -> Self {
        Self {
            key: UserKey(0),
            id,
            type_id,
            status: UserStatus::Staged,
            transitioning_to_status: None,
            created: now,
            activated: None,
            status_changed: None,
            last_login: None,
            last_updated: now,
            password_changed: credentials.password.is_some().then_some(now),
            credentials,
            failed_attempts: 0,
            profile_json,
        }
    }

    /// A user as the store has them, whose status was written there from a [`Transition`]; the remaining members are
    /// the store's to fill in.
    #[must_use]
    pub fn restored(id: UserId, type_id: UserTypeId, status: UserStatus, credentials: StoredCredentials) -> Self {
        let epoch = Timestamp::from_millis(0);
        Self { status, ..Self::with_profile_json(id, type_id, String::new(), credentials, epoch) }
    }

    /// Where they stand in the lifecycle.
    #[must_use]
    pub const fn status(&self) -> UserStatus {
        self.status
    }

    /// Who keeps their credentials, and whether there is a password.
    #[must_use]
    pub fn credential_state(&self) -> CredentialState {
        self.credentials.state()
    }

    /// What `operation` does to this user.
    ///
    /// # Errors
    /// The refusal that the lifecycle table holds for their status.
    pub fn apply(&self, operation: LifecycleOperation) -> Result<Transition, Refusal> {
        self.status.apply(operation, self.credential_state())
    }

    /// Whether `operation` may be done to this user at all.
    ///
    /// # Errors
    /// As [`User::apply`].
    pub fn allows(&self, operation: LifecycleOperation) -> Result<(), Refusal> {
        self.apply(operation).map(|_| ())
    }

    /// Carries a transition out at `now`. Activation sets `activated` also when it leads to PROVISIONED (observed.md 4).
    pub fn transition(&mut self, transition: Transition, now: Timestamp) {
        debug_assert_eq!(self.status, transition.from());
        if transition.operation() == LifecycleOperation::Activate {
            self.activated = Some(now);
        }
        if transition.moves() {
            self.status = transition.to();
            self.status_changed = Some(now);
            self.last_updated = now;
        }
    }

    /// The profile, read from its JSON.
    ///
    /// # Errors
    /// If the store holds no JSON object.
    pub fn profile(&self) -> Result<Profile, serde_json::Error> {
        Profile::from_stored(&self.profile_json)
    }

    /// The provider that keeps the credentials.
    #[must_use]
    pub const fn provider(&self) -> &Provider {
        &self.credentials.provider
    }
}
