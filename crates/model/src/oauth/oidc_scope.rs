//! TABLE of the scopes of OpenID Connect, which every authorization server has.

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $display:literal $description:literal;)*) => {
        /// A scope of OpenID Connect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum OidcScope {
            $($(#[$doc])* $name,)*
        }

        impl OidcScope {
            /// Every scope, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As requests spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads what requests spell.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }

            /// What the consent page calls it.
            #[must_use]
            pub const fn display_name(self) -> &'static str {
                match self { $(Self::$name => $display,)* }
            }

            /// What the consent page says of it.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

scopes! {
    /// The request is one of OpenID Connect.
    OpenId = "openid" "Know who you are" "The app learns your user id.";
    /// Name, locale and the like.
    Profile = "profile" "View your profile" "The app learns your name, user name, locale and time zone.";
    /// The e-mail address.
    Email = "email" "View your email address" "The app learns your email address and whether it is verified.";
    /// The address.
    Address = "address" "View your address" "The app learns your postal address.";
    /// The phone number.
    Phone = "phone" "View your phone number" "The app learns your phone number.";
    /// A refresh token.
    OfflineAccess = "offline_access" "Keep you signed in" "The app stays connected while you are not using it.";
    /// The names of groups.
    Groups = "groups" "View your groups" "The app learns which groups you are in.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_reads_back() {
        for scope in OidcScope::ALL {
            assert_eq!(OidcScope::from_text(scope.as_str()), Some(*scope));
        }
        assert_eq!(OidcScope::from_text("okta.users.read"), None);
    }
}
