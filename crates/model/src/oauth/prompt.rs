//! What the client wants its user to be asked (OpenID Connect Core, section 3.1.2.1).

/// What `prompt` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing: the user is asked what has to be asked.
    #[default]
    AsNeeded,
    /// Ask nothing; fail if something has to be asked.
    None,
    /// Ask at least for this.
    Ask {
        /// To sign in again.
        login: bool,
        /// To consent again.
        consent: bool,
    },
}

impl Prompt {
    /// The values that are understood.
    pub const SUPPORTED: &'static str = "none, login, consent";

    /// Reads `none`, or `login` and `consent` in either order.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let (mut login, mut consent) = (false, false);
        for part in text.split(' ') {
            match part {
                "login" => login = true,
                "consent" => consent = true,
                _ => return None,
            }
        }
        Some(Self::Ask { login, consent })
    }

    /// Whether the user must sign in again.
    #[must_use]
    pub const fn asks_login(self) -> bool {
        matches!(self, Self::Ask { login: true, .. })
    }

    /// Whether the user must consent again.
    #[must_use]
    pub const fn asks_consent(self) -> bool {
        matches!(self, Self::Ask { consent: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        assert_eq!(Prompt::parse("none"), Some(Prompt::None));
        for text in ["none login", "login none", "", "select_account", "Login", "login  consent"] {
            assert_eq!(Prompt::parse(text), None, "{text}");
        }
    }

    #[test]
    fn login_and_consent_go_together_in_either_order() {
        let both = Some(Prompt::Ask { login: true, consent: true });
        assert_eq!([Prompt::parse("login consent"), Prompt::parse("consent login")], [both, both]);
        assert!(Prompt::parse("login").unwrap().asks_login() && !Prompt::parse("login").unwrap().asks_consent());
    }
}
