//! The sign-in state machine (behaviour.md G.1): what a transaction waits for, and what follows once it has that.
//!
//! Invariant: [`Verified::next`] alone says that a sign-in is done, and it does so only once everything that the org asks
//! for was proved.

use serde::{Deserialize, Serialize};

use crate::factor::Channel;
use crate::id::FactorId;
use crate::policy::SignOnPolicy;
use crate::timestamp::Timestamp;
use crate::user::User;
use crate::user::password_policy::PasswordPolicy;
use crate::user::status::UserStatus;

/// Seconds after which a transaction that nobody goes on with is void.
pub const TRANSACTION_SECONDS: i64 = 300;

/// Seconds for which the token of a finished sign-in can be changed for a session.
pub const SESSION_TOKEN_SECONDS: i64 = 300;

/// Wrong answers or passcodes after which a recovery is over.
pub const MAX_WRONG_ANSWERS: u32 = 5;

const DAY_SECONDS: i64 = 86_400;

/// A sign-in or a recovery that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// What it waits for.
    pub stage: Stage,
    /// What whoever began it wants to have handed back at its end.
    pub relay_state: Option<String>,
    /// What whoever began it opted in to.
    pub options: Options,
}

/// What a caller may opt in to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Options {
    /// To be offered another factor after each one that was enrolled.
    pub multi_optional_factor_enroll: bool,
    /// To be told of a password that is about to expire.
    pub warn_before_password_expired: bool,
}

/// What a transaction waits for, with what it knows so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Stage {
    /// A new password, since the old one has expired.
    PasswordExpired {
        /// What was proved.
        verified: Verified,
    },
    /// A new password before the old one expires, or that the warning be skipped.
    PasswordWarn {
        /// What was proved.
        verified: Verified,
    },
    /// A new password from who recovers theirs, or sets their first.
    PasswordReset {
        /// Of what it is a part.
        recovery: RecoveryType,
    },
    /// The answer to the recovery question.
    Recovery {
        /// Of what it is a part.
        recovery: RecoveryType,
        /// Answers that were wrong.
        wrong_answers: u32,
    },
    /// The passcode that was sent to who wants to recover. Whoever that is, or nobody, all is the same.
    RecoveryChallenge {
        /// Of what it is a part.
        recovery: RecoveryType,
        /// How it was sent.
        channel: Channel,
        /// When.
        sent: Timestamp,
        /// The factor that it is of; none if nobody got one.
        factor: Option<FactorId>,
        /// Passcodes that were wrong.
        wrong_passcodes: u32,
    },
    /// The choice of a factor.
    MfaRequired {
        /// What was proved.
        verified: Verified,
    },
    /// The response to a factor's challenge.
    MfaChallenge {
        /// What was proved.
        verified: Verified,
        /// The factor.
        factor: FactorId,
    },
    /// The choice of a factor to enroll.
    MfaEnroll {
        /// What was proved.
        verified: Verified,
    },
    /// The activation of a factor that is being enrolled.
    MfaEnrollActivate {
        /// What was proved.
        verified: Verified,
        /// The factor.
        factor: FactorId,
    },
}

impl Stage {
    /// The `status` of a transaction in this stage.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self {
            Self::PasswordExpired { .. } => "PASSWORD_EXPIRED",
            Self::PasswordWarn { .. } => "PASSWORD_WARN",
            Self::PasswordReset { .. } => "PASSWORD_RESET",
            Self::Recovery { .. } => "RECOVERY",
            Self::RecoveryChallenge { .. } => "RECOVERY_CHALLENGE",
            Self::MfaRequired { .. } => "MFA_REQUIRED",
            Self::MfaChallenge { .. } => "MFA_CHALLENGE",
            Self::MfaEnroll { .. } => "MFA_ENROLL",
            Self::MfaEnrollActivate { .. } => "MFA_ENROLL_ACTIVATE",
        }
    }

    /// Whether it shows the user's factors.
    #[must_use]
    pub const fn shows_factors(&self) -> bool {
        matches!(
            self,
            Self::MfaRequired { .. }
                | Self::MfaChallenge { .. }
                | Self::MfaEnroll { .. }
                | Self::MfaEnrollActivate { .. }
        )
    }
}

/// What a recovery is to bring back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecoveryType {
    /// A password.
    Password,
    /// A locked account.
    Unlock,
    /// An account whose user has not set a password yet.
    AccountActivation,
}

impl RecoveryType {
    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "PASSWORD",
            Self::Unlock => "UNLOCK",
            Self::AccountActivation => "ACCOUNT_ACTIVATION",
        }
    }
}

/// What somebody who signs in has proved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// When they gave their password, or set it as who holds the token that was mailed to them.
    pub password: Option<Timestamp>,
    /// When an identity provider said who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Timestamp>,
    /// The factors that they verified, by what an `amr` claim calls them.
    pub factors: Vec<VerifiedFactor>,
}

/// A factor that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedFactor {
    /// What it is called in a list of methods (RFC 8176): `otp`, `sms`, `kba` …
    pub method: String,
    /// When.
    pub at: Timestamp,
}

/// Where a user stands who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How old the password is.
    pub password: PasswordStanding,
    /// Whether a password alone is not enough.
    pub require_factor: bool,
    /// Whether they have an active factor.
    pub has_factor: bool,
}

/// How old a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordStanding {
    /// Good.
    Good,
    /// About to expire, after so many days.
    Warn {
        /// Days that are left.
        days: i64,
    },
    /// Expired.
    Expired,
}

/// What follows in a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It goes on.
    Stage(Stage),
    /// It is done.
    Success(Verified),
}

impl Verified {
    /// A password, given now.
    #[must_use]
    pub const fn password(now: Timestamp) -> Self {
        Self { password: Some(now), provider: None, factors: Vec::new() }
    }

    /// The word of an identity provider, given now.
    #[must_use]
    pub const fn provider(now: Timestamp) -> Self {
        Self { password: None, provider: Some(now), factors: Vec::new() }
    }

    /// The same with a factor more.
    #[must_use]
    pub fn with_factor(mut self, method: &str, at: Timestamp) -> Self {
        self.factors.push(VerifiedFactor { method: method.to_owned(), at });
        self
    }

    /// When a factor was last verified.
    #[must_use]
    pub fn factor(&self) -> Option<Timestamp> {
        self.factors.iter().map(|factor| factor.at).max()
    }

    /// When something was last proved: when the user signed in, as clients are told.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.password.max(self.factor())
    }

    /// Whether they may enroll a factor: who has an active one proves that first, or else a stolen password would do.
    #[must_use]
    pub const fn may_enroll(&self, has_factor: bool) -> bool {
        !has_factor || !self.factors.is_empty()
    }

    /// The methods, as a session shows them.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        let first = [self.password.map(|_| "pwd"), self.provider.map(|_| "fed")];
        let mut methods: Vec<&str> = first.into_iter().flatten().collect();
        for factor in &self.factors {
            if !methods.contains(&factor.method.as_str()) {
                methods.push(&factor.method);
            }
        }
        if !self.factors.is_empty() {
            methods.push("mfa");
        }
        methods
    }

    /// What follows for somebody who has just enrolled a factor: the next one, if they opted in to that and there is one.
    #[must_use]
    pub fn next_after_enrollment(self, standing: Standing, options: Options, has_every_factor: bool) -> Next {
        if options.multi_optional_factor_enroll && !has_every_factor {
            return Next::Stage(Stage::MfaEnroll { verified: self });
        }
        self.next(standing, options)
    }

    /// What follows for somebody who has proved this. An enrolled factor is asked for before an expired password is
    /// changed (the Authentication API's *expired password*), and a first one enrolled at the very end.
    #[must_use]
    pub fn next(self, standing: Standing, options: Options) -> Next {
        let lacks_factor = standing.require_factor && self.factors.is_empty();
        if lacks_factor && standing.has_factor {
            return Next::Stage(Stage::MfaRequired { verified: self });
        }
        match standing.password {
            // Who comes through an identity provider may have a password here, but did not use it.
            _ if self.provider.is_some() => {}
            PasswordStanding::Expired => return Next::Stage(Stage::PasswordExpired { verified: self }),
            PasswordStanding::Warn { .. } if options.warn_before_password_expired => {
                return Next::Stage(Stage::PasswordWarn { verified: self });
            }
            PasswordStanding::Warn { .. } | PasswordStanding::Good => {}
        }
        if lacks_factor {
            return Next::Stage(Stage::MfaEnroll { verified: self });
        }
        Next::Success(self)
    }
}

impl Standing {
    /// Where `user` stands at `now` under these policies.
    #[must_use]
    pub fn of(
        user: &User,
        password: &PasswordPolicy,
        sign_on: &SignOnPolicy,
        has_factor: bool,
        now: Timestamp,
    ) -> Self {
        Self { password: PasswordStanding::of(user, password, now), require_factor: sign_on.require_factor, has_factor }
    }
}

impl PasswordStanding {
    /// How old the password of `user` is at `now` under this policy.
    #[must_use]
    pub fn of(user: &User, policy: &PasswordPolicy, now: Timestamp) -> Self {
        if user.status() == UserStatus::PasswordExpired {
            return Self::Expired;
        }
        let (max_days, warn_days) = (i64::from(policy.age.max_age_days), i64::from(policy.age.expire_warn_days));
        let Some(changed) = user.password_changed.filter(|_| max_days > 0 && user.credentials.password.is_some())
        else {
            return Self::Good;
        };
        let left = changed.plus_seconds(max_days * DAY_SECONDS).as_millis() - now.as_millis();
        match left {
            ..=0 => Self::Expired,
            left if left <= warn_days * DAY_SECONDS * 1000 => {
                Self::Warn { days: (left - 1).div_euclid(DAY_SECONDS * 1000) + 1 }
            }
            _ => Self::Good,
        }
    }
}

/// Whether users in this status may sign in with their password (behaviour.md B.1).
#[must_use]
pub const fn may_sign_in(status: UserStatus) -> bool {
    matches!(status, UserStatus::Active | UserStatus::PasswordExpired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_000);

    fn standing() -> impl Strategy<Value = Standing> {
        let password = prop_oneof![
            Just(PasswordStanding::Good),
            (1_i64..30).prop_map(|days| PasswordStanding::Warn { days }),
            Just(PasswordStanding::Expired),
        ];
        (password, any::<bool>(), any::<bool>()).prop_map(|(password, require_factor, has_factor)| Standing {
            password,
            require_factor,
            has_factor,
        })
    }

    proptest! {
        #[test]
        fn nobody_succeeds_with_an_expired_password_or_without_a_factor_that_is_asked_for(
            standing in standing(), with_factor in any::<bool>(), warn in any::<bool>(),
        ) {
            let verified = Verified::password(NOW);
            let verified = if with_factor { verified.with_factor("otp", NOW) } else { verified };
            let options = Options { warn_before_password_expired: warn, multi_optional_factor_enroll: false };
            if let Next::Success(proved) = verified.clone().next(standing, options) {
                prop_assert_ne!(standing.password, PasswordStanding::Expired);
                prop_assert!(!standing.require_factor || proved.factor().is_some());
                prop_assert_eq!(proved, verified);
            }
        }
    }

    #[test]
    fn a_factor_comes_before_an_expired_password_and_its_enrolment_after() {
        let expired = |has_factor| Standing { password: PasswordStanding::Expired, require_factor: true, has_factor };
        let next = |standing| Verified::password(NOW).next(standing, Options::default());
        assert_eq!(next(expired(true)), Next::Stage(Stage::MfaRequired { verified: Verified::password(NOW) }));
        assert_eq!(next(expired(false)), Next::Stage(Stage::PasswordExpired { verified: Verified::password(NOW) }));
    }

    #[test]
    fn methods_are_listed_once_and_more_than_one_is_mfa() {
        let verified = Verified::password(NOW);
        assert_eq!(verified.methods(), ["pwd"]);
        let verified = verified.with_factor("otp", NOW).with_factor("otp", NOW);
        assert_eq!(verified.methods(), ["pwd", "otp", "mfa"]);
    }

    #[test]
    fn a_stage_is_stored_with_what_it_knows() {
        let stage = Stage::MfaChallenge { verified: Verified::password(NOW), factor: FactorId::from_text("ost1") };
        let stored = serde_json::to_string(&stage).unwrap();
        let wanted = r#"{"status":"MFA_CHALLENGE","verified":{"password":1767323045000,"factors":[]},"factor":"ost1"}"#;
        assert_eq!(stored, wanted);
        assert_eq!(serde_json::from_str::<Stage>(&stored).unwrap(), stage);
    }
}
