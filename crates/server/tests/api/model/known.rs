//! A user as the model has them, and what each step makes of them.

use roster_model::error::ErrorCode;
use roster_model::user::password_policy::PasswordPolicy;
use roster_model::user::status::{CredentialState, LifecycleOperation as Do, Refusal, UserStatus};

use super::step::{Given, IMPORTED, PASSWORDS, Step};

/// A user as the model has them.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) status: UserStatus,
    pub(super) provider: &'static str,
    pub(super) password: Option<String>,
    /// Whether the password is one that the server made up.
    pub(super) temporary: bool,
    /// The passwords before, newest first.
    pub(super) history: Vec<String>,
    pub(super) has_question: bool,
}

/// Why the model expects an error.
pub(super) struct Refused(pub(super) ErrorCode);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.problem().code)
    }
}

impl Known {
    pub(super) fn created(given: Given, activate: bool) -> Self {
        let (password, provider) = match given {
            Given::Password | Given::PasswordAndQuestion => (Some(PASSWORDS[0].to_owned()), "OKTA"),
            Given::Hash => (Some(IMPORTED.to_owned()), "IMPORT"),
            Given::Nothing | Given::Question => (None, "OKTA"),
            Given::Federation => (None, "FEDERATION"),
        };
        let mut user = Self {
            id: String::new(),
            status: UserStatus::Staged,
            provider,
            password,
            temporary: false,
            history: Vec::new(),
            has_question: matches!(given, Given::Question | Given::PasswordAndQuestion),
        };
        if activate {
            user.status = user.to(Do::Activate).ok().unwrap();
        }
        user
    }

    fn credentials(&self) -> CredentialState {
        match (self.provider, &self.password) {
            ("FEDERATION", _) => CredentialState::Elsewhere,
            (_, Some(_)) => CredentialState::Password,
            (_, None) => CredentialState::NoPassword,
        }
    }

    fn to(&self, operation: Do) -> Result<UserStatus, Refused> {
        Ok(self.status.apply(operation, self.credentials())?.to())
    }

    /// Does a step; false if it erases the user.
    pub(super) fn step(&mut self, step: &Step) -> Result<bool, Refused> {
        match step {
            Step::Create(..) => return Err(Refused(ErrorCode::ApiValidation)),
            Step::Plain(Do::Delete) if self.status == UserStatus::Deprovisioned => {
                return Ok(false);
            }
            Step::Plain(Do::Delete | Do::Deactivate) => {
                self.status = self.to(Do::Deactivate)?;
                (self.password, self.has_question, self.temporary) = (None, false, false);
                self.history.clear();
                if self.provider == "IMPORT" {
                    self.provider = "OKTA";
                }
            }
            Step::Plain(operation) => {
                self.status = self.to(*operation)?;
                if *operation == Do::ResetPassword {
                    self.provider = if self.provider == "IMPORT" { "IMPORT" } else { "OKTA" };
                }
            }
            Step::ChangePassword(right, new) => {
                let to = self.to(Do::ChangePassword)?;
                self.password.as_ref().ok_or(Refused(ErrorCode::ChangePasswordNotAllowed))?;
                self.check(*right && !self.is_refused(new), ErrorCode::CredentialsUpdateFailed)?;
                self.set_password(new, "OKTA");
                self.status = to;
            }
            Step::ChangeRecoveryQuestion(right) => {
                self.status = self.to(Do::ChangeRecoveryQuestion)?;
                self.password.as_ref().ok_or(Refused(ErrorCode::ChangeRecoveryQuestionNotAllowed))?;
                self.check(*right, ErrorCode::CredentialsUpdateFailed)?;
                self.has_question = true;
            }
            Step::ForgotPasswordSetNewPassword(right, new) => {
                let to = self.to(Do::ForgotPasswordSetNewPassword)?;
                self.check(self.has_question, ErrorCode::ForgotPasswordNotAllowed)?;
                self.check(*right, ErrorCode::WrongRecoveryAnswer)?;
                self.check(!self.is_refused(new), ErrorCode::CredentialsUpdateFailed)?;
                self.set_password(new, "OKTA");
                self.status = to;
            }
            Step::UpdateProfile(_) => self.status = self.to(Do::UpdateProfile)?,
            Step::SetPassword(_, new) => {
                let to = self.to(Do::SetPassword)?;
                self.check(self.provider != "FEDERATION", ErrorCode::CredentialsNotSettable)?;
                self.check(*new != "weak", ErrorCode::ApiValidation)?;
                self.set_password(new, "OKTA");
                self.status = to;
            }
            Step::SetPasswordHash(_) => {
                self.check(self.provider != "FEDERATION", ErrorCode::CredentialsNotSettable)?;
                self.status = self.to(Do::SetPasswordHash)?;
                self.set_password(IMPORTED, "IMPORT");
            }
            Step::SetRecoveryQuestion(_) => {
                self.check(self.provider != "FEDERATION", ErrorCode::CredentialsNotSettable)?;
                self.status = self.to(Do::UpdateProfile)?;
                self.has_question = true;
            }
            Step::LockOut => {
                // Only who could sign in can fail to.
                let signs_in = matches!(self.status, UserStatus::Active | UserStatus::PasswordExpired);
                self.check(signs_in, ErrorCode::OperationForbidden)?;
                self.status = UserStatus::LockedOut;
            }
        }
        Ok(true)
    }

    fn check(&self, holds: bool, otherwise: ErrorCode) -> Result<(), Refused> {
        if holds { Ok(()) } else { Err(Refused(otherwise)) }
    }

    /// Whether the policy refuses this password: it is weak, or one of the last.
    fn is_refused(&self, new: &str) -> bool {
        let count = PasswordPolicy::default().age.history_count as usize;
        let last = self.password.iter().chain(&self.history);
        let count = count + usize::from(self.temporary);
        new == "weak" || last.take(count).any(|password| password == new)
    }

    /// A temporary password leaves no trace in the history.
    pub(super) fn set_password(&mut self, new: &str, provider: &'static str) {
        if let Some(replaced) = self.password.replace(new.to_owned()).filter(|_| !self.temporary) {
            self.history.insert(0, replaced);
        }
        (self.temporary, self.provider) = (false, provider);
    }
}
