//! A search in an order of its own (behaviour.md D.5): users without a value come last ascending and first descending,
//! and equal values in the order the users were made, in both directions.

use std::cmp::Ordering;

use roster_model::filter::{AttributePath, Operand, Subject as _, UserSearch};
use roster_model::id::OrgKey;
use roster_model::user::User;
use roster_model::user::attribute::AttributeType;
use roster_model::user::profile::{index_number, index_text};
use roster_model::user::search::UserSubject;

use super::candidates::Candidates;
use super::{
    BATCH, Condition, KEYS_PER_STATEMENT, Placed, UserOrder, invalid, profile_value_type, select_by_keys,
    select_natural,
};
use crate::cursor::Cursor;
use crate::engine::{Param, Tx};
use crate::error::{EngineError, Error};
use crate::user_types::UserType;

/// Where the values to sort by are.
enum Index {
    /// Rows of `user_attributes`.
    Attribute(String),
    /// A column of `users` of whole numbers.
    Integers(&'static str),
    /// None: every match is read and the first ones kept.
    None,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one query, each named")]
pub(super) fn select(
    tx: &mut Tx<'_>,
    org: OrgKey,
    condition: &Condition,
    candidates: Option<Candidates>,
    order: &UserOrder,
    types: &[UserType],
    count: usize,
    start: Option<&Cursor>,
) -> Result<Vec<Placed>, Error> {
    let profile = |name: &str| profile_value_type(types, name);
    if (UserSearch { profile: &profile }).sort_attribute(&order.sort_by).is_none() {
        return Err(invalid(format!("The attribute {} cannot be sorted by", order.sort_by)));
    }
    let path = AttributePath::new(&order.sort_by);
    if path.profile_attribute().is_some_and(|name| is_array(types, name)) {
        return Err(invalid(format!("The attribute {} is an array and cannot be sorted by", order.sort_by)));
    }
    let mut sort = Sort { condition, path, descending: order.descending, count, start, found: Vec::new() };
    match (candidates, index_of(&sort.path, types)) {
        (Some(Candidates::Few(keys)), _) => {
            for keys in keys.chunks(KEYS_PER_STATEMENT) {
                sort.take(select_by_keys(tx, keys)?)?;
            }
        }
        (_, Index::None) => sort.walk_all(tx, org)?,
        (_, index) => sort.walk_index(tx, org, &index, never_absent(&order.sort_by, types))?,
    }
    sort.found.truncate(count);
    Ok(sort.found)
}

fn is_array(types: &[UserType], name: &str) -> bool {
    let kinds = types.iter().filter_map(|known| known.schema.attribute_type(name));
    kinds.into_iter().any(|kind| matches!(kind, AttributeType::Array(_)))
}

fn index_of(path: &AttributePath, types: &[UserType]) -> Index {
    match (path.as_str(), path.profile_attribute()) {
        ("created", _) => Index::Integers("created"),
        ("lastUpdated", _) => Index::Integers("last_updated"),
        (_, Some(name)) if types.iter().any(|known| known.schema.indexed(name)) => Index::Attribute(name.to_owned()),
        _ => Index::None,
    }
}

/// Whether every user has a value to sort by, so that nobody needs to be looked for who has none.
fn never_absent(sort_by: &str, types: &[UserType]) -> bool {
    match sort_by.strip_prefix("profile.") {
        Some(name) => types.iter().all(|known| known.schema.always_present(name)),
        None => matches!(sort_by, "created" | "lastUpdated"),
    }
}

/// A sorted page as it fills.
struct Sort<'a> {
    condition: &'a Condition,
    path: AttributePath,
    descending: bool,
    count: usize,
    start: Option<&'a Cursor>,
    /// Sorted; no more than a page of them is kept.
    found: Vec<Placed>,
}

impl Sort<'_> {
    /// Takes those of `users` who match and come after the start, in any order.
    fn take(&mut self, users: Vec<User>) -> Result<(), EngineError> {
        for user in users {
            let profile = user.profile()?;
            if !self.condition.holds(&user, &profile) {
                continue;
            }
            let value = value_of(&UserSubject { user: &user, profile: &profile }, &self.path);
            let place = Cursor { value, key: user.key.0 };
            if self.start.is_some_and(|start| self.compare(&place, start) != Ordering::Greater) {
                continue;
            }
            let at = self.found.partition_point(|(other, _)| self.compare(other, &place) == Ordering::Less);
            if at < self.count {
                self.found.insert(at, (place, user));
                self.found.truncate(self.count);
            }
        }
        Ok(())
    }

    fn compare(&self, one: &Cursor, other: &Cursor) -> Ordering {
        let by_value = match (&one.value, &other.value) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let by_value = if self.descending { by_value.reverse() } else { by_value };
        by_value.then(one.key.cmp(&other.key))
    }

    /// Looks at every user of the org.
    fn walk_all(&mut self, tx: &mut Tx<'_>, org: OrgKey) -> Result<(), EngineError> {
        let mut start = 0;
        loop {
            let users = select_natural(tx, org, start, BATCH)?;
            let Some(last) = users.last().map(|user| user.key.0) else { return Ok(()) };
            self.take(users)?;
            start = last;
        }
    }

    /// Looks at users in the order of the index until the page is full; those without a value are on either end.
    fn walk_index(
        &mut self,
        tx: &mut Tx<'_>,
        org: OrgKey,
        index: &Index,
        never_absent: bool,
    ) -> Result<(), EngineError> {
        let begun_with_value = self.start.is_some_and(|start| start.value.is_some());
        let begun_without = self.start.is_some_and(|start| start.value.is_none());
        if self.descending && !begun_with_value && !never_absent {
            self.walk_absent(tx, org)?;
        }
        if self.found.len() < self.count && (self.descending || !begun_without) {
            self.walk_present(tx, org, index)?;
        }
        if self.found.len() < self.count && !self.descending && !never_absent {
            self.walk_absent(tx, org)?;
        }
        Ok(())
    }

    fn walk_present(&mut self, tx: &mut Tx<'_>, org: OrgKey, index: &Index) -> Result<(), EngineError> {
        let mut place = self.start.filter(|start| start.value.is_some()).cloned();
        loop {
            let rows = index.rows_after(tx, org, place.as_ref(), self.descending)?;
            let Some(last) = rows.last().cloned() else { return Ok(()) };
            for rows in rows.chunks(KEYS_PER_STATEMENT) {
                let mut keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
                keys.sort_unstable();
                self.take(select_by_keys(tx, &keys)?)?;
            }
            if self.found.len() == self.count || (rows.len() as i64) < BATCH {
                return Ok(());
            }
            place = Some(last);
        }
    }

    fn walk_absent(&mut self, tx: &mut Tx<'_>, org: OrgKey) -> Result<(), EngineError> {
        let mut start = self.start.filter(|start| start.value.is_none()).map_or(0, |start| start.key);
        loop {
            let users = select_natural(tx, org, start, BATCH)?;
            let Some(last) = users.last().map(|user| user.key.0) else { return Ok(()) };
            let mut absent = Vec::new();
            for user in users {
                let profile = user.profile()?;
                if value_of(&UserSubject { user: &user, profile: &profile }, &self.path).is_none() {
                    absent.push(user);
                }
            }
            self.take(absent)?;
            if self.found.len() == self.count {
                return Ok(());
            }
            start = last;
        }
    }
}

impl Index {
    /// The next places of this index after `place`. Values are texts that sort as the values do.
    fn rows_after(
        &self,
        tx: &mut Tx<'_>,
        org: OrgKey,
        place: Option<&Cursor>,
        descending: bool,
    ) -> Result<Vec<Cursor>, EngineError> {
        let (comparison, direction) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let (table, column, name) = match self {
            Self::Attribute(name) => ("user_attributes", "value", Some(name.as_str())),
            Self::Integers(column) => ("users", *column, None),
            Self::None => return Ok(Vec::new()),
        };
        let mut params = vec![Param::Integer(org.0)];
        let mut sql = format!("SELECT {column}, user_key FROM {table} WHERE org_key = $1");
        if let Some(name) = name {
            params.push(Param::Text(name));
            sql.push_str(" AND name = $2");
        }
        let value = place.and_then(|place| place.value.as_deref());
        if let (Some(place), Some(value)) = (place, value) {
            let value = match self {
                Self::Integers(_) => Param::Integer(index_integer_back(value)),
                _ => Param::Text(value),
            };
            let next = params.len() + 1;
            let (first, second, third) = (next, next + 1, next + 2);
            sql.push_str(&format!(
                " AND ({column} {comparison} ${first} OR ({column} = ${second} AND user_key > ${third}))"
            ));
            params.extend([value, value, Param::Integer(place.key)]);
        }
        sql.push_str(&format!(" ORDER BY {column} {direction}, user_key ASC LIMIT {BATCH}"));
        tx.query(&sql, &params, |row| {
            let value = match self {
                Self::Integers(_) => index_integer(row.integer(0)?),
                _ => row.text(0)?,
            };
            Ok(Cursor { value: Some(value), key: row.integer(1)? })
        })
    }
}

/// The value to sort a user by, as a text that sorts as the value does; an empty text counts as a value.
fn value_of(subject: &UserSubject<'_>, path: &AttributePath) -> Option<String> {
    let mut found = None;
    subject.any_value(path, &mut |operand| {
        found = Some(match operand {
            Operand::Text(text) => index_text(text),
            Operand::Identifier(text) => text.to_owned(),
            Operand::Number(number) => index_number(number),
            Operand::Boolean(truth) => truth.to_string(),
            Operand::Instant(instant) => index_integer(instant.as_millis()),
        });
        true
    });
    found
}

/// A whole number as a text that sorts as the number does.
fn index_integer(value: i64) -> String {
    format!("{:016x}", value.cast_unsigned() ^ (1 << 63))
}

fn index_integer_back(text: &str) -> i64 {
    (u64::from_str_radix(text, 16).unwrap_or_default() ^ (1 << 63)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_sort_as_their_texts() {
        let texts: Vec<_> = [i64::MIN, -1, 0, 1, i64::MAX].map(index_integer).into();
        assert!(texts.is_sorted());
        assert_eq!(index_integer_back(&index_integer(-5)), -5);
    }
}
