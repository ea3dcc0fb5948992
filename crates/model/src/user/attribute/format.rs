//! The forms that a text attribute may be bound to: the `format` of the schema document.

use email_address::{EmailAddress, Options};
use isocountry::CountryCode;
use jiff::tz::TimeZoneDatabase;
use language_tags::LanguageTag;
use serde::{Deserialize, Serialize};

/// The `format` of an attribute (behaviour.md E.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// An e-mail address: one `@`, a local part of at most 64 bytes, a domain with a dot (behaviour.md E.3).
    Email,
    /// An absolute URL.
    Uri,
    /// An ISO 3166-1 alpha-2 code, capitals: `US`.
    CountryCode,
    /// What RFC 7231, 5.3.5 allows in `Accept-Language`: `en-US`, `en-US,fr;q=0.5`.
    LanguageCode,
    /// A language, or a language and more joined by underscores: `en_US`.
    Locale,
    /// A name of the IANA time zone database, as that spells it: `America/New_York`.
    #[serde(rename = "timezone")]
    TimeZone,
}

impl Format {
    /// The format as the schema document spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Uri => "uri",
            Self::CountryCode => "country-code",
            Self::LanguageCode => "language-code",
            Self::Locale => "locale",
            Self::TimeZone => "timezone",
        }
    }

    /// Whether `text` has this form.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Email => is_email(text),
            Self::Uri => url::Url::parse(text).is_ok(),
            Self::CountryCode => CountryCode::for_alpha2(text).is_ok(),
            Self::LanguageCode => text.split(',').all(is_language_range),
            Self::Locale => is_locale(text),
            // The bundled database, not the machine's: which names are valid must not depend on the host.
            Self::TimeZone => TimeZoneDatabase::bundled()
                .get(text)
                .is_ok_and(|zone| zone.iana_name().is_some_and(|name| name == text)),
        }
    }
}

/// RFC 5322 would allow a second `@` in quotes; Okta's simple check doesn't (behaviour.md E.3).
fn is_email(text: &str) -> bool {
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    text.matches('@').count() == 1 && EmailAddress::parse_with_options(text, options).is_ok()
}

/// One element of `Accept-Language`: `*` or a registered language tag, perhaps with a weight.
fn is_language_range(element: &str) -> bool {
    let (range, weight) = match element.split_once(';') {
        Some((range, weight)) => (range.trim(), Some(weight.trim())),
        None => (element.trim(), None),
    };
    let weight_fits = weight.is_none_or(|weight| {
        weight.strip_prefix("q=").is_some_and(|q| q.parse::<f64>().is_ok_and(|q| (0.0..=1.0).contains(&q)))
    });
    weight_fits && (range == "*" || LanguageTag::parse(range).is_ok_and(|tag| tag.is_valid()))
}

fn is_locale(text: &str) -> bool {
    let language = text.split('_').next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && !text.contains('-')
        && LanguageTag::parse(&text.replace('_', "-")).is_ok_and(|tag| tag.is_valid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_format(format: Format, accepted: &[&str], refused: &[&str]) {
        for text in accepted {
            assert!(format.accepts(text), "{format:?} refuses {text}");
        }
        for text in refused {
            assert!(!format.accepts(text), "{format:?} accepts {text}");
        }
    }

    #[test]
    fn an_email_has_one_at_and_a_domain_with_a_dot() {
        let longest = format!("{}@example.com", "a".repeat(64));
        let accepted = [&*longest, "isaac.brock@example.com", "O'Brien+tag@sub.example.co", "isáàc@example.com"];
        let too_long = format!("{}@example.com", "a".repeat(65));
        let refused = [&*too_long, "", "isaac", "@example.com", "isaac@", "isaac@localhost", "a@b@example.com"];
        assert_format(Format::Email, &accepted, &refused);
        assert_format(Format::Email, &[], &["\"a@b\"@example.com", "A <a@example.com>", "a@[127.0.0.1]", "a b@x.com"]);
    }

    #[test]
    fn a_uri_is_absolute() {
        assert_format(Format::Uri, &["http://www.example.com/profile", "https://x"], &["www.example.com", "/profile"]);
    }

    #[test]
    fn a_country_code_is_two_capitals_of_iso_3166() {
        assert_format(Format::CountryCode, &["US", "CH"], &["us", "USA", "ZZ", "U"]);
    }

    #[test]
    fn a_language_code_is_a_list_of_weighted_language_tags() {
        let accepted = ["en-US", "en-us", "fr", "en-US,fr;q=0.5", "de-CH, de;q=0.9, *;q=0.1"];
        assert_format(Format::LanguageCode, &accepted, &["english", "en_US", "en;q=2", "en;x=1", "en,,fr"]);
    }

    #[test]
    fn a_locale_joins_language_and_country_by_an_underscore() {
        assert_format(
            Format::Locale,
            &["en_US", "de", "zh_Hans_CN"],
            &["en-US", "english", "en_", "en_ZZX", "i_klingon"],
        );
    }

    #[test]
    fn a_time_zone_is_an_iana_name_in_its_own_spelling() {
        let accepted = ["America/New_York", "America/Los_Angeles", "Europe/Zurich", "UTC", "Asia/Calcutta"];
        assert_format(Format::TimeZone, &accepted, &["america/new_york", "Mars/Olympus", "EDT"]);
    }
}
