//! Which texts may be logins: the `pattern` of the schema's `login` (behaviour.md E.3).

use std::ops::RangeInclusive;

use crate::user::attribute::Format;

/// The forms of a login pattern. Okta allows no other regular expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPattern {
    /// No pattern: a login looks like an e-mail address.
    Email,
    /// `.+`: anything that isn't empty.
    Any,
    /// `[…]+`: characters of a set.
    Characters(Vec<RangeInclusive<char>>),
}

impl LoginPattern {
    /// Reads a pattern of a schema; `None` if it has none of the forms.
    #[must_use]
    pub fn parse(pattern: &str) -> Option<Self> {
        if pattern == ".+" {
            return Some(Self::Any);
        }
        let class = pattern.strip_prefix('[')?.strip_suffix("]+")?;
        parse_class(class).map(Self::Characters)
    }

    /// Whether `login` has this form. Its length counts elsewhere, except that no form is empty.
    #[must_use]
    pub fn accepts(&self, login: &str) -> bool {
        match self {
            Self::Email => Format::Email.accepts(login),
            Self::Any => !login.is_empty(),
            Self::Characters(ranges) => {
                let allowed = |character| ranges.iter().any(|range| range.contains(&character));
                !login.is_empty() && login.chars().all(allowed)
            }
        }
    }
}

/// Reads the inside of `[…]`: characters, ranges, `\d`, `\w` and escaped punctuation.
fn parse_class(class: &str) -> Option<Vec<RangeInclusive<char>>> {
    let mut ranges = Vec::new();
    let mut rest = class.chars();
    while let Some(character) = rest.next() {
        let start = match character {
            '^' if ranges.is_empty() => return None,
            '[' | ']' => return None,
            '\\' => match rest.next()? {
                'd' => {
                    ranges.push('0'..='9');
                    continue;
                }
                'w' => {
                    ranges.extend(['a'..='z', 'A'..='Z', '0'..='9', '_'..='_']);
                    continue;
                }
                escaped if escaped.is_alphanumeric() => return None,
                escaped => escaped,
            },
            plain => plain,
        };
        let mut ahead = rest.clone();
        let end = match (ahead.next(), ahead.next()) {
            (Some('-'), Some('\\')) => ahead.next().map(Some)?,
            (Some('-'), end) => end,
            _ => None,
        };
        match end {
            Some(end) if end < start => return None,
            Some(end) => {
                ranges.push(start..=end);
                rest = ahead;
            }
            None => ranges.push(start..=start),
        }
    }
    Some(ranges).filter(|ranges| !ranges.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_plus_takes_anything_but_nothing() {
        let pattern = LoginPattern::parse(".+").unwrap();
        assert!(pattern.accepts("x") && pattern.accepts("å b/c") && !pattern.accepts(""));
    }

    #[test]
    fn a_class_takes_its_characters_alone() {
        let pattern = LoginPattern::parse(r"[a-z0-9_\-\.]+").unwrap();
        assert!(pattern.accepts("jo.hn-do_e9") && !pattern.accepts("John") && !pattern.accepts(""));
        let word = LoginPattern::parse(r"[\w-]+").unwrap();
        assert!(word.accepts("Ab-1_") && !word.accepts("a.b"));
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in ["", ".*", "[a-z]*", "[]+", "[z-a]+", "[^a]+", "[a-z]+@[a-z]+", "(a)+", r"[\p]+", "[a\\]+"] {
            assert_eq!(LoginPattern::parse(pattern), None, "{pattern}");
        }
    }
}
