//! TABLE of the messages to users.

macro_rules! message_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal $page:expr;)*) => {
        /// What a message tells its user.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageKind {
            $($(#[$doc])* $name,)*
        }

        impl MessageKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the database and in the mailbox.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The page that takes its token, if it brings one.
            #[must_use]
            pub const fn page(self) -> Option<&'static str> {
                match self { $(Self::$name => $page,)* }
            }
        }
    };
}

message_kinds! {
    /// A new user may choose a password.
    Activation = "activation" Some("/welcome");
    /// An administrator reset the password.
    ResetPassword = "reset_password" Some("/reset_password");
    /// Somebody says they forgot the password.
    ForgotPassword = "forgot_password" Some("/signin/reset-password");
    /// Somebody says they are locked out.
    Unlock = "unlock" Some("/signin/unlock");
    /// The password was changed.
    PasswordChanged = "password_changed" None;
    /// A passcode to be typed in.
    Passcode = "passcode" None;
    /// A factor was set up.
    FactorEnrolled = "factor_enrolled" None;
    /// A factor was removed.
    FactorReset = "factor_reset" None;
}

impl MessageKind {
    /// Reads a kind by its name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Where a message with this token leads, on a server that begins with this URL.
    #[must_use]
    pub fn link(self, base_url: &str, token: &str) -> Option<String> {
        self.page().map(|page| format!("{base_url}{page}/{token}"))
    }
}

/// Seconds after which the next attempt to deliver a message follows on `attempts` that failed: half a minute, then twice as
/// long each time, an hour at most.
#[must_use]
pub fn retry_after_seconds(attempts: u32) -> i64 {
    const FIRST: i64 = 30;
    const MOST: i64 = 3600;
    let doublings = attempts.saturating_sub(1).min(20);
    (FIRST << doublings).min(MOST)
}

/// Seconds after which nobody tries to deliver a message any more, though what it brings may be good for longer.
pub const GIVE_UP_AFTER_SECONDS: i64 = 86_400;

/// Seconds for which a message that brings nothing is kept for its delivery.
pub const NOTICE_SECONDS: i64 = 7 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_and_links_to_its_page() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::from_text(kind.as_str()), Some(*kind));
        }
        let link = MessageKind::Activation.link("https://roster.example", "abc");
        assert_eq!(link.as_deref(), Some("https://roster.example/welcome/abc"));
        assert_eq!(MessageKind::Passcode.link("https://roster.example", "abc"), None);
    }

    #[test]
    fn attempts_follow_at_ever_longer_intervals() {
        let intervals: Vec<_> = (1..=9).map(retry_after_seconds).collect();
        assert_eq!(intervals, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(retry_after_seconds(u32::MAX), 3600);
    }
}
