//! The login: what users type to say who they are.
//!
//! Invariant: two logins name the same user exactly if their [`LoginKey`]s are equal.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

mod pattern;

pub use pattern::LoginPattern;

/// A login that its schema's pattern accepts, as the caller wrote it: stored and printed so (behaviour.md E.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// Takes `text` if `pattern` accepts it. The length is the business of the profile's checks.
    #[must_use]
    pub fn parse(text: &str, pattern: &LoginPattern) -> Option<Self> {
        pattern.accepts(text).then(|| Self(text.to_owned()))
    }

    /// A login that was checked before: it comes out of a profile.
    pub(super) fn from_profile(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The login as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes it unique.
    #[must_use]
    pub fn key(&self) -> LoginKey {
        LoginKey::from_text(&self.0)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A login with case and diacritics folded away: `isáàc.bröck@Example.com` and `isaac.brock@example.com` have the
/// same key (behaviour.md E.3). Logins are unique, and looked up, by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginKey(String);

impl LoginKey {
    /// Folds any text, such as a path segment that may be a login. Folding a key again leaves it as it is.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(without_diacritics(&fold_case(&without_diacritics(text))))
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `@`, or all if there is none: it names the user as long as no other user has the
    /// same (behaviour.md C.0, step 5).
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

/// Decomposes and drops the marks. Marks of combining class 0 stay: those are the vowels of Indic scripts, without
/// which different names would be one.
fn without_diacritics(text: &str) -> String {
    text.nfkd().filter(|character| canonical_combining_class(*character) == 0).collect()
}

/// Folds case by way of the capitals, so that `ß` meets `ss` and a final sigma the ordinary one; small letters come
/// first, since the capital `ẞ` has no capitals but itself.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> LoginKey {
        LoginKey::from_text(text)
    }

    #[test]
    fn a_key_ignores_case_and_diacritics() {
        for other in ["isáàc.bröck@example.com", "Isaac.BROCK@Example.com", "ISA\u{301}AC.brock@example.com"] {
            assert_eq!(key(other), key("isaac.brock@example.com"), "{other}");
        }
        assert_eq!(key("Straße"), key("STRASSE"));
        assert_eq!(key("ὀδυσσεύς"), key("ΟΔΥΣΣΕΥΣ"));
        assert_eq!(key("ｉｓａａｃ"), key("isaac"));
    }

    #[test]
    fn a_key_tells_indic_vowels_apart() {
        assert_ne!(key("कमल"), key("कमला"));
    }

    #[test]
    fn a_short_name_ends_at_the_first_at() {
        assert_eq!(key("Isaac.Bröck@example.com").short_name(), "isaac.brock");
        assert_eq!(key("isaac").short_name(), "isaac");
    }

    #[test]
    fn a_login_keeps_its_spelling() {
        let login = Login::parse("Isaac@Example.com", &LoginPattern::Email).unwrap();
        assert_eq!((login.as_str(), login.key().as_str()), ("Isaac@Example.com", "isaac@example.com"));
        assert_eq!(Login::parse("isaac", &LoginPattern::Email), None);
    }

    #[test]
    fn no_character_has_another_key_in_lower_case_or_when_folded_again() {
        // The planes beyond have no letters with case.
        for character in '\0'..='\u{1FFFF}' {
            let text = character.to_string();
            assert_eq!(key(&text.to_lowercase()), key(&text), "{text}");
            assert_eq!(key(key(&text).as_str()), key(&text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = key(&text);
            prop_assert_eq!(key(once.as_str()), once);
        }
    }
}
