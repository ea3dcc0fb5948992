//! Cursors of paged lists: where the next page begins, as an opaque, signed text.
//!
//! A cursor is a key, never an offset, so that a page costs the same at any depth and what is deleted meanwhile shifts
//! nothing. It is signed with its org's secret over the list it belongs to: another org's, another list's or a made-up
//! one is no cursor.

use roster_model::error::{ErrorCode, Problem};

use crate::orgs::Org;
use crate::secret::{decode_signed, encode_signed};

/// The place of a row in a list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The row's value in the order, of lists that are sorted by one; none for a row without a value.
    pub value: Option<String>,
    /// The row's key: ascending, and the tie-breaker of sorted lists.
    pub key: i64,
}

impl Cursor {
    /// A place in an order by key alone.
    #[must_use]
    pub fn at(key: i64) -> Self {
        Self { value: None, key }
    }

    /// The opaque text of this place in `list` (a name that tells apart lists whose cursors do not fit each other).
    #[must_use]
    pub fn encode(&self, org: &Org, list: &str) -> String {
        let mut payload = self.key.to_be_bytes().to_vec();
        if let Some(value) = &self.value {
            payload.push(1);
            payload.extend(value.as_bytes());
        }
        encode_signed(&key_for(org, list), &payload)
    }

    /// Reads what [`Cursor::encode`] wrote for the same org and list.
    ///
    /// # Errors
    /// E0000029 with a real org's cause.
    pub fn decode(text: &str, org: &Org, list: &str) -> Result<Self, Problem> {
        let invalid = || Problem::new(ErrorCode::InvalidPaging).because("Invalid cursor.");
        let payload = decode_signed(&key_for(org, list), text).ok_or_else(invalid)?;
        let (key, rest) = payload.split_first_chunk().ok_or_else(invalid)?;
        let value = match rest.split_first() {
            Some((1, value)) => Some(String::from_utf8(value.to_vec()).map_err(|_| invalid())?),
            Some(_) => return Err(invalid()),
            None => None,
        };
        Ok(Self { value, key: i64::from_be_bytes(*key) })
    }
}

fn key_for(org: &Org, list: &str) -> Vec<u8> {
    [org.cursor_secret.as_slice(), list.as_bytes()].concat()
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` rows from `rows`, of which one more than `limit` was read if there is one.
    pub(crate) fn cut(mut rows: Vec<T>, limit: usize, cursor_of: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor_of);
        Self { items: rows, next }
    }

    /// The same page of other items.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_model::id::{OrgId, OrgKey};

    fn org(secret: &[u8]) -> Org {
        Org {
            key: OrgKey(1),
            id: OrgId::from_text("00o1"),
            name: "a".to_owned(),
            is_default: true,
            cursor_secret: secret.to_vec(),
        }
    }

    #[test]
    fn a_cursor_fits_only_its_org_and_list() {
        let cursor = Cursor { value: Some("smith".to_owned()), key: 7 };
        let text = cursor.encode(&org(b"a"), "users");
        assert_eq!(Cursor::decode(&text, &org(b"a"), "users"), Ok(cursor));
        assert!(Cursor::decode(&text, &org(b"a"), "groups").is_err());
        assert!(Cursor::decode(&text, &org(b"b"), "users").is_err());
        assert!(Cursor::decode("00u1", &org(b"a"), "users").is_err());
    }
}
