//! TABLE of the user lifecycle: for each operation and each status, where it leads, or which error refuses it, and
//! whether the user's `_links` offer it (behaviour.md B.2 and B.5; observed.md, *_links by status*).
//!
//! Invariant: nothing else decides a status. [`UserStatus::apply`] is the only maker of a [`Transition`], and the store
//! writes a status only from one.

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, Problem};
use crate::event::EventType;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Where a user stands in the lifecycle (behaviour.md B.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum UserStatus {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl UserStatus {
            /// Every status, in the order of the table's columns.
            pub const ALL: [Self; 8] = [$(Self::$name,)*];

            /// As the wire spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads a status as the wire spells it.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

statuses! {
    /// Created, not activated.
    Staged = "STAGED";
    /// Activated, has no password yet.
    Provisioned = "PROVISIONED";
    /// Normal.
    Active = "ACTIVE";
    /// An administrator reset the password; the user has not chosen a new one.
    Recovery = "RECOVERY";
    /// The password must be changed at the next sign-in.
    PasswordExpired = "PASSWORD_EXPIRED";
    /// Too many failed sign-ins.
    LockedOut = "LOCKED_OUT";
    /// Held by an administrator; assignments are kept.
    Suspended = "SUSPENDED";
    /// Deactivated; credentials are gone.
    Deprovisioned = "DEPROVISIONED";
}

/// What may be done to a user that depends on their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleOperation {
    /// activateUser.
    Activate,
    /// reactivateUser.
    Reactivate,
    /// deactivateUser.
    Deactivate,
    /// The erasing half of deactivateOrDeleteUser.
    Delete,
    /// suspendUser.
    Suspend,
    /// unsuspendUser.
    Unsuspend,
    /// unlockUser.
    Unlock,
    /// expirePassword.
    ExpirePassword,
    /// expirePasswordAndGetTemporaryPassword.
    ExpirePasswordWithTemporaryPassword,
    /// resetPassword.
    ResetPassword,
    /// resetFactors.
    ResetFactors,
    /// changePassword.
    ChangePassword,
    /// changeRecoveryQuestion.
    ChangeRecoveryQuestion,
    /// forgotPassword.
    ForgotPassword,
    /// forgotPasswordSetNewPassword.
    ForgotPasswordSetNewPassword,
    /// A new profile, type or recovery question by partialUpdateUser or updateUser.
    UpdateProfile,
    /// A new password by partialUpdateUser or updateUser.
    SetPassword,
    /// An imported hash by partialUpdateUser or updateUser.
    SetPasswordHash,
    /// The last failed attempt to sign in that the password policy allows.
    LockOut,
    /// A sign-in after the policy's `autoUnlockMinutes`.
    AutoUnlock,
    /// A user unlocks themselves by a recovery token.
    SelfServiceUnlock,
    /// A sign-in with a password older than the policy's `maxAgeDays`.
    ExpirePasswordByAge,
    /// A first password, set by who holds the activation token.
    CompleteActivation,
    /// A new password, set by who holds a recovery token.
    CompleteRecovery,
}

/// Why a status refuses an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Activation of a user who is active.
    AlreadyActive,
    /// Not in this status.
    WrongStatus,
    /// Suspension of a user who is not active.
    NotActive,
    /// Unsuspension of a user who is not suspended.
    NotSuspended,
    /// Unlock of a user who is not locked out.
    NotLockedOut,
    /// No password of ours that could be changed.
    NoPasswordChange,
    /// No recovery question of ours that could be changed.
    NoRecoveryQuestionChange,
    /// No forgotten password of ours to recover.
    NoForgotPassword,
    /// A hash may be imported only before activation.
    HashOnlyOnStaged,
}

impl Refusal {
    /// The error the wire answers.
    #[must_use]
    pub fn problem(self) -> Problem {
        match self {
            Self::AlreadyActive => Problem::new(ErrorCode::AlreadyActive),
            Self::WrongStatus => Problem::new(ErrorCode::OperationForbidden),
            Self::NotActive => Problem::new(ErrorCode::ApiValidation)
                .about("suspendUser")
                .because("Cannot suspend a user that is not active"),
            Self::NotSuspended => Problem::new(ErrorCode::ApiValidation)
                .about("unsuspendUser")
                .because("Cannot unsuspend a user that is not suspended"),
            Self::NotLockedOut => Problem::new(ErrorCode::UnlockNotAllowed).because("The user is not locked out."),
            Self::NoPasswordChange => Problem::new(ErrorCode::ChangePasswordNotAllowed),
            Self::NoRecoveryQuestionChange => Problem::new(ErrorCode::ChangeRecoveryQuestionNotAllowed),
            Self::NoForgotPassword => Problem::new(ErrorCode::ForgotPasswordNotAllowed),
            Self::HashOnlyOnStaged => Problem::new(ErrorCode::ApiValidation)
                .about("password")
                .because("password: Hashed passwords can only be set on staged users"),
        }
    }
}

/// Where an operation leads from one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// To this status.
    To(UserStatus),
    /// To ACTIVE if the user has a usable credential (a password, or a provider that keeps it), else to PROVISIONED.
    ToActiveOrProvisioned,
    /// Allowed; the status stays.
    Stays,
    /// The user is erased.
    Erased,
    /// Not from here.
    Refused(Refusal),
}

/// When a user's `_links` offer an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Never from this status.
    Never,
    /// Always.
    Always,
    /// Only if Okta keeps the user's password, not a federation or social provider.
    OwnPassword,
}

/// One cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Where the operation leads.
    pub outcome: Outcome,
    /// When the operation is offered as a link.
    pub offer: Offer,
}

/// One row of the table: an operation and what it does from each status.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The operation.
    pub operation: LifecycleOperation,
    /// The event it writes to the System Log.
    pub event: EventType,
    /// The name of its link, if users offer one.
    pub link: Option<&'static str>,
    /// One cell for each of [`UserStatus::ALL`].
    pub cells: [Cell; 8],
}

const fn to(status: UserStatus) -> Cell {
    Cell { outcome: Outcome::To(status), offer: Offer::Never }
}
const fn no(refusal: Refusal) -> Cell {
    Cell { outcome: Outcome::Refused(refusal), offer: Offer::Never }
}
const fn linked(cell: Cell) -> Cell {
    Cell { outcome: cell.outcome, offer: Offer::Always }
}
/// Linked if Okta keeps the password.
const fn linked_own(cell: Cell) -> Cell {
    Cell { outcome: cell.outcome, offer: Offer::OwnPassword }
}
const STAYS: Cell = Cell { outcome: Outcome::Stays, offer: Offer::Never };
const ERASED: Cell = Cell { outcome: Outcome::Erased, offer: Offer::Never };
const ENABLED: Cell = Cell { outcome: Outcome::ToActiveOrProvisioned, offer: Offer::Never };

use LifecycleOperation as Do;
use Refusal::{
    AlreadyActive, HashOnlyOnStaged, NoForgotPassword, NoPasswordChange, NoRecoveryQuestionChange, NotActive,
    NotLockedOut, NotSuspended, WrongStatus,
};
use UserStatus::{Active, Deprovisioned, LockedOut, PasswordExpired, Provisioned, Recovery, Suspended};

/// The lifecycle. Columns: STAGED, PROVISIONED, ACTIVE, RECOVERY, PASSWORD_EXPIRED, LOCKED_OUT, SUSPENDED, DEPROVISIONED.
#[rustfmt::skip]
pub const TRANSITIONS: [Row; 24] = [
    Row { operation: Do::Suspend, event: EventType::UserSuspend, link: Some("suspend"), cells: [
        no(NotActive), linked(to(Suspended)), linked(to(Suspended)), no(NotActive),
        linked(to(Suspended)), no(NotActive), no(NotActive), no(NotActive)] },
    Row { operation: Do::Unsuspend, event: EventType::UserUnsuspend, link: Some("unsuspend"), cells: [
        no(NotSuspended), no(NotSuspended), no(NotSuspended), no(NotSuspended),
        no(NotSuspended), no(NotSuspended), linked(ENABLED), no(NotSuspended)] },
    Row { operation: Do::Unlock, event: EventType::UserUnlockByAdmin, link: Some("unlock"), cells: [
        no(NotLockedOut), no(NotLockedOut), no(NotLockedOut), no(NotLockedOut),
        no(NotLockedOut), linked(to(Active)), no(NotLockedOut), no(NotLockedOut)] },
    Row { operation: Do::Activate, event: EventType::UserActivate, link: Some("activate"), cells: [
        linked(ENABLED), no(AlreadyActive), no(AlreadyActive), no(AlreadyActive),
        no(AlreadyActive), no(AlreadyActive), no(WrongStatus), linked(ENABLED)] },
    Row { operation: Do::ResetPassword, event: EventType::UserResetPassword, link: Some("resetPassword"), cells: [
        no(WrongStatus), linked(to(Recovery)), linked(to(Recovery)), linked(to(Recovery)),
        linked(to(Recovery)), linked(to(Recovery)), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::Reactivate, event: EventType::UserReactivate, link: Some("reactivate"), cells: [
        no(WrongStatus), linked(STAYS), no(WrongStatus), linked(STAYS),
        no(WrongStatus), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::ForgotPassword, event: EventType::UserResetPassword, link: Some("forgotPassword"), cells: [
        no(NoForgotPassword), no(NoForgotPassword), linked_own(STAYS), no(NoForgotPassword),
        linked_own(no(NoForgotPassword)), no(NoForgotPassword), no(NoForgotPassword), no(NoForgotPassword)] },
    Row { operation: Do::ForgotPasswordSetNewPassword, event: EventType::UserUpdatePassword, link: None, cells: [
        no(NoForgotPassword), no(NoForgotPassword), STAYS, no(NoForgotPassword),
        no(NoForgotPassword), no(NoForgotPassword), no(NoForgotPassword), no(NoForgotPassword)] },
    Row { operation: Do::ExpirePassword, event: EventType::UserExpirePassword, link: Some("expirePassword"), cells: [
        no(WrongStatus), no(WrongStatus), linked_own(to(PasswordExpired)), no(WrongStatus),
        linked_own(STAYS), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::ExpirePasswordWithTemporaryPassword, event: EventType::UserExpirePassword, link: None, cells: [
        no(WrongStatus), no(WrongStatus), to(PasswordExpired), to(PasswordExpired),
        STAYS, no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::ChangeRecoveryQuestion, event: EventType::UserUpdateProfile, link: Some("changeRecoveryQuestion"), cells: [
        STAYS, no(NoRecoveryQuestionChange), linked_own(STAYS), linked_own(STAYS),
        linked_own(no(NoRecoveryQuestionChange)), no(NoRecoveryQuestionChange), no(NoRecoveryQuestionChange), no(NoRecoveryQuestionChange)] },
    Row { operation: Do::ResetFactors, event: EventType::UserResetFactors, link: Some("resetFactors"), cells: [
        linked(STAYS), linked(STAYS), linked(STAYS), linked(STAYS),
        linked(STAYS), linked(STAYS), linked(STAYS), linked(no(WrongStatus))] },
    Row { operation: Do::ChangePassword, event: EventType::UserUpdatePassword, link: Some("changePassword"), cells: [
        STAYS, no(NoPasswordChange), linked_own(STAYS), linked_own(to(Active)),
        linked_own(to(Active)), no(NoPasswordChange), no(NoPasswordChange), no(NoPasswordChange)] },
    Row { operation: Do::Deactivate, event: EventType::UserDeactivate, link: Some("deactivate"), cells: [
        to(Deprovisioned), linked(to(Deprovisioned)), linked(to(Deprovisioned)), linked(to(Deprovisioned)),
        linked(to(Deprovisioned)), linked(to(Deprovisioned)), linked(to(Deprovisioned)), no(WrongStatus)] },
    Row { operation: Do::Delete, event: EventType::UserDeleteCompleted, link: Some("delete"), cells: [
        no(WrongStatus), no(WrongStatus), no(WrongStatus), no(WrongStatus),
        no(WrongStatus), no(WrongStatus), no(WrongStatus), linked(ERASED)] },
    Row { operation: Do::UpdateProfile, event: EventType::UserUpdateProfile, link: None, cells: [
        STAYS, STAYS, STAYS, STAYS,
        STAYS, STAYS, STAYS, no(WrongStatus)] },
    Row { operation: Do::SetPassword, event: EventType::UserUpdatePassword, link: None, cells: [
        STAYS, to(Active), STAYS, to(Active),
        to(Active), to(Active), STAYS, no(WrongStatus)] },
    Row { operation: Do::SetPasswordHash, event: EventType::UserUpdatePassword, link: None, cells: [
        STAYS, no(HashOnlyOnStaged), no(HashOnlyOnStaged), no(HashOnlyOnStaged),
        no(HashOnlyOnStaged), no(HashOnlyOnStaged), no(HashOnlyOnStaged), no(HashOnlyOnStaged)] },
    // What happens while users sign in and recover.
    Row { operation: Do::LockOut, event: EventType::UserLock, link: None, cells: [
        no(WrongStatus), no(WrongStatus), to(LockedOut), no(WrongStatus),
        to(LockedOut), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::AutoUnlock, event: EventType::UserUnlock, link: None, cells: [
        no(NotLockedOut), no(NotLockedOut), no(NotLockedOut), no(NotLockedOut),
        no(NotLockedOut), to(Active), no(NotLockedOut), no(NotLockedOut)] },
    Row { operation: Do::SelfServiceUnlock, event: EventType::UserUnlock, link: None, cells: [
        no(NotLockedOut), no(NotLockedOut), no(NotLockedOut), no(NotLockedOut),
        no(NotLockedOut), to(Active), no(NotLockedOut), no(NotLockedOut)] },
    Row { operation: Do::ExpirePasswordByAge, event: EventType::UserExpirePassword, link: None, cells: [
        no(WrongStatus), no(WrongStatus), to(PasswordExpired), no(WrongStatus),
        no(WrongStatus), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::CompleteActivation, event: EventType::UserUpdatePassword, link: None, cells: [
        no(WrongStatus), to(Active), no(WrongStatus), no(WrongStatus),
        no(WrongStatus), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
    Row { operation: Do::CompleteRecovery, event: EventType::UserUpdatePassword, link: None, cells: [
        no(WrongStatus), no(WrongStatus), STAYS, to(Active),
        to(Active), no(WrongStatus), no(WrongStatus), no(WrongStatus)] },
];

/// Who keeps a user's credentials, as far as the lifecycle cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// Okta keeps them, and there is a password.
    Password,
    /// Okta keeps them, and there is no password.
    NoPassword,
    /// A federation or social provider keeps them.
    Elsewhere,
}

/// A status change that the table allows. Only [`UserStatus::apply`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a transition changes nothing until the store writes it"]
pub struct Transition {
    operation: LifecycleOperation,
    from: UserStatus,
    to: UserStatus,
}

impl Transition {
    /// The status before.
    #[must_use]
    pub const fn from(self) -> UserStatus {
        self.from
    }

    /// The status after.
    #[must_use]
    pub const fn to(self) -> UserStatus {
        self.to
    }

    /// The operation that makes it.
    #[must_use]
    pub const fn operation(self) -> LifecycleOperation {
        self.operation
    }

    /// Whether the status differs afterwards.
    #[must_use]
    pub fn moves(self) -> bool {
        self.from != self.to
    }

    /// The event that tells of it.
    #[must_use]
    pub const fn event(self) -> EventType {
        self.operation.row().event
    }
}

impl LifecycleOperation {
    /// The row of this operation.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        const ROWS: &[Row; 24] = &TRANSITIONS;
        let mut index = 0;
        while index < ROWS.len() {
            #[expect(clippy::indexing_slicing, reason = "the loop ends at the length, and iterators are not const")]
            let row = &ROWS[index];
            if row.operation as u8 == self as u8 {
                return row;
            }
            index += 1;
        }
        // Every operation has a row: `every_operation_has_one_row` asserts it.
        &ROWS[0]
    }

    /// Whether this happens while users sign in and recover; everything else is called for by an administrator.
    #[must_use]
    pub const fn happens_at_sign_in(self) -> bool {
        matches!(
            self,
            Self::LockOut
                | Self::AutoUnlock
                | Self::SelfServiceUnlock
                | Self::ExpirePasswordByAge
                | Self::CompleteActivation
                | Self::CompleteRecovery
        )
    }

    /// The refusal for a user whose credentials another provider keeps, of the operations that need our own
    /// (behaviour.md B.2, *Provider effects*).
    const fn refusal_elsewhere(self) -> Option<Refusal> {
        match self {
            Self::ExpirePassword | Self::ExpirePasswordWithTemporaryPassword => Some(WrongStatus),
            Self::ChangePassword => Some(NoPasswordChange),
            Self::ChangeRecoveryQuestion => Some(NoRecoveryQuestionChange),
            Self::ForgotPassword | Self::ForgotPasswordSetNewPassword => Some(NoForgotPassword),
            _ => None,
        }
    }
}

impl UserStatus {
    /// The cell of an operation in this status.
    #[must_use]
    pub fn cell(self, operation: LifecycleOperation) -> Cell {
        let column = Self::ALL.iter().position(|status| *status == self).unwrap_or_default();
        operation.row().cells.get(column).copied().unwrap_or(no(WrongStatus))
    }

    /// What `operation` does to a user in this status with these credentials.
    ///
    /// # Errors
    /// The refusal that the table holds for this status.
    pub fn apply(self, operation: LifecycleOperation, credentials: CredentialState) -> Result<Transition, Refusal> {
        if let (CredentialState::Elsewhere, Some(refusal)) = (credentials, operation.refusal_elsewhere()) {
            return Err(refusal);
        }
        let to = match self.cell(operation).outcome {
            Outcome::To(status) => status,
            Outcome::ToActiveOrProvisioned if credentials == CredentialState::NoPassword => Provisioned,
            Outcome::ToActiveOrProvisioned => Active,
            Outcome::Stays | Outcome::Erased => self,
            Outcome::Refused(refusal) => return Err(refusal),
        };
        Ok(Transition { operation, from: self, to })
    }

    /// The links that a user in this status offers, in the table's order: name and operation.
    pub fn links(self, credentials: CredentialState) -> impl Iterator<Item = (&'static str, LifecycleOperation)> {
        TRANSITIONS.iter().filter_map(move |row| {
            let offered = match self.cell(row.operation).offer {
                Offer::Never => false,
                Offer::Always => true,
                Offer::OwnPassword => credentials != CredentialState::Elsewhere,
            };
            row.link.filter(|_| offered).map(|link| (link, row.operation))
        })
    }

    /// Whether someone in this status is left out of the lists that hide deactivated users (behaviour.md D.1).
    #[must_use]
    pub fn is_deactivated(self) -> bool {
        self == Deprovisioned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_row() {
        for row in &TRANSITIONS {
            assert_eq!(TRANSITIONS.iter().filter(|other| other.operation == row.operation).count(), 1);
            assert_eq!(row.operation.row().operation, row.operation);
        }
        assert_eq!(TRANSITIONS.len(), Do::CompleteRecovery as usize + 1);
    }

    #[test]
    fn the_links_of_each_status_are_those_a_real_org_offers() {
        let links = |status: UserStatus| {
            let mut names: Vec<_> = status.links(CredentialState::Password).map(|(name, _)| name).collect();
            names.retain(|name| *name != "resetFactors");
            names.join(" ")
        };
        let active =
            "suspend resetPassword forgotPassword expirePassword changeRecoveryQuestion changePassword deactivate";
        for (status, wanted) in [
            (UserStatus::Staged, "activate"),
            (Provisioned, "suspend resetPassword reactivate deactivate"),
            (Active, active),
            (PasswordExpired, active),
            (Suspended, "unsuspend deactivate"),
            (UserStatus::LockedOut, "unlock resetPassword deactivate"),
            (Recovery, "resetPassword reactivate changeRecoveryQuestion changePassword deactivate"),
            (Deprovisioned, "activate delete"),
        ] {
            assert_eq!(links(status), wanted, "{status:?}");
        }
    }

    #[test]
    fn a_federated_user_is_offered_no_password_operations() {
        let names: Vec<_> = Active.links(CredentialState::Elsewhere).map(|(name, _)| name).collect();
        assert_eq!(names, ["suspend", "resetPassword", "resetFactors", "deactivate"]);
        assert_eq!(Active.apply(Do::ChangePassword, CredentialState::Elsewhere), Err(NoPasswordChange));
    }

    #[test]
    fn activation_depends_on_a_usable_credential() {
        let to = |credentials| UserStatus::Staged.apply(Do::Activate, credentials).map(Transition::to);
        assert_eq!(to(CredentialState::Password), Ok(Active));
        assert_eq!(to(CredentialState::NoPassword), Ok(Provisioned));
        assert_eq!(to(CredentialState::Elsewhere), Ok(Active));
    }

    #[test]
    fn only_a_deprovisioned_user_can_be_erased() {
        for status in UserStatus::ALL {
            assert_eq!(status.apply(Do::Delete, CredentialState::NoPassword).is_ok(), status == Deprovisioned);
        }
    }
}
