//! listUsers (behaviour.md D).
//!
//! What a filter or search means is decided in one place: `Expression::matches` on each user's own row. The indexes only
//! say where to look. [`candidates`] finds the smallest set of keys that can match; if it is small, those users are
//! read, and otherwise users are walked in the list's order until the page is full. So an attribute that no index knows
//! is slow, never wrong.

mod candidates;
mod sorted;

use roster_model::error::{ErrorCode, Problem};
use roster_model::filter::{
    Case, Expression, FilterError, FilterProblem, UserFilter, UserSearch, ValueType, Vocabulary as _, fold, parse,
};
use roster_model::id::OrgKey;
use roster_model::user::User;
use roster_model::user::profile::Profile;
use roster_model::user::search::UserSubject;

use self::candidates::Candidates;
use super::{read_user, select, select_natural};
use crate::Store;
use crate::cursor::{Cursor, Page};
use crate::engine::{Param, Tx};
use crate::error::{EngineError, Error};
use crate::orgs::Org;
use crate::user_types::{self, UserType};

/// Which users listUsers answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserSelection {
    /// All but the deactivated.
    All,
    /// `q`: those whose first name, last name or e-mail begins like this; not the deactivated.
    Prefix(String),
    /// `filter`.
    Filter(String),
    /// `search`, in an order of its own if one is given.
    Search(String, Option<UserOrder>),
}

/// The order of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserOrder {
    /// The property path to sort by.
    pub sort_by: String,
    /// From the last to the first.
    pub descending: bool,
}

/// Users read for each statement of a walk.
const BATCH: i64 = 500;

impl Store {
    /// listUsers: a page of up to `limit` users. Every mode sees what was written before the call.
    ///
    /// # Errors
    /// E0000031 for a filter, search or order that cannot be read, E0000029 for a cursor that is not of this list.
    pub async fn list_users(
        &self,
        org: &Org,
        selection: UserSelection,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<User>, Error> {
        let list = selection.cursor_list();
        let start = after.map(|after| Cursor::decode(after, org, &list)).transpose()?;
        let key = org.key;
        let rows = self.engine().scan(move |tx| select_users(tx, key, &selection, limit + 1, start.as_ref())).await?;
        Ok(Page::cut(rows, limit, |(place, _)| place.encode(org, &list)).map(|(_, user)| user))
    }
}

impl UserSelection {
    /// The name that cursors of this list are signed over: an order's cursor fits no other order.
    fn cursor_list(&self) -> String {
        match self {
            Self::Search(_, Some(order)) => format!("users by {} {}", order.sort_by, order.descending),
            _ => "users".to_owned(),
        }
    }
}

/// A user with their place in the list.
type Placed = (Cursor, User);

/// What a user must satisfy to be listed.
struct Condition {
    expression: Option<Expression>,
    case: Case,
    words: Vec<String>,
    with_deactivated: bool,
}

impl Condition {
    fn of(selection: &UserSelection, types: &[UserType]) -> Result<Self, Error> {
        let plain = Self { expression: None, case: Case::Insensitive, words: Vec::new(), with_deactivated: false };
        Ok(match selection {
            UserSelection::All => plain,
            UserSelection::Prefix(q) => Self { words: q.split_whitespace().map(fold).collect(), ..plain },
            UserSelection::Filter(text) => Self {
                expression: Some(parse(text, &UserFilter).map_err(filter_refused)?),
                case: UserFilter.case(),
                with_deactivated: true,
                ..plain
            },
            UserSelection::Search(text, _) => {
                let profile = |name: &str| profile_value_type(types, name);
                let vocabulary = UserSearch { profile: &profile };
                let expression = parse(text, &vocabulary)?;
                Self { expression: Some(expression), case: vocabulary.case(), with_deactivated: true, ..plain }
            }
        })
    }

    fn holds(&self, user: &User, profile: &Profile) -> bool {
        (self.with_deactivated || !user.status().is_deactivated())
            && self.expression.as_ref().is_none_or(|it| it.matches(&UserSubject { user, profile }, self.case))
            && self.words_hold(profile)
    }

    /// `q`: one word begins the first name, last name or e-mail; two are first and last name in either order, or begin
    /// one of them together (behaviour.md D.2).
    fn words_hold(&self, profile: &Profile) -> bool {
        let (first, last) = (fold(profile.first_name()), fold(profile.last_name()));
        match self.words.as_slice() {
            [] => true,
            [word] => [&first, &last, &fold(profile.email())].into_iter().any(|text| text.starts_with(word)),
            [one, other] if first.starts_with(one) && last.starts_with(other) => true,
            [one, other] if first.starts_with(other) && last.starts_with(one) => true,
            words => [&first, &last].into_iter().any(|text| text.starts_with(&words.join(" "))),
        }
    }

    fn needs_profile(&self) -> bool {
        self.expression.is_some() || !self.words.is_empty()
    }
}

/// A `filter` with a bad date has an error of its own; a `search` has not (behaviour.md D.6).
fn filter_refused(error: FilterError) -> Error {
    match error.problem {
        FilterProblem::BadDate { .. } => Problem::new(ErrorCode::InvalidDate).into(),
        _ => error.into(),
    }
}

/// The type of the profile attribute of this name in any of the org's user types.
fn profile_value_type(types: &[UserType], name: &str) -> Option<ValueType> {
    types.iter().find_map(|known| known.schema.attribute_type(name)).map(user_types::value_type)
}

fn select_users(
    tx: &mut Tx<'_>,
    org: OrgKey,
    selection: &UserSelection,
    count: usize,
    start: Option<&Cursor>,
) -> Result<Vec<Placed>, Error> {
    // Only a search looks at custom attributes; the other modes know theirs without the schemas.
    let types = match selection {
        UserSelection::All => Vec::new(),
        _ => user_types::select_all(tx, org)?,
    };
    let condition = Condition::of(selection, &types)?;
    let candidates = match selection {
        UserSelection::All => None,
        UserSelection::Prefix(_) => candidates::of_words(tx, org, &condition.words)?,
        _ => match &condition.expression {
            Some(expression) => candidates::of_expression(tx, org, expression, &types)?,
            None => None,
        },
    };
    if let UserSelection::Search(_, Some(order)) = selection {
        return sorted::select(tx, org, &condition, candidates, order, &types, count, start);
    }
    let mut page = PageInOrder { condition: &condition, count, found: Vec::new() };
    let start = start.map_or(0, |cursor| cursor.key);
    match candidates {
        Some(Candidates::Few(keys)) => {
            let keys: Vec<i64> = keys.into_iter().filter(|key| *key > start).collect();
            for keys in keys.chunks(KEYS_PER_STATEMENT) {
                if page.take(select_by_keys(tx, keys)?)? {
                    break;
                }
            }
        }
        Some(Candidates::Ordered(source)) => {
            let mut start = start;
            loop {
                let keys = source.keys_after(tx, start, BATCH)?;
                let Some(last) = keys.last().copied() else { break };
                let mut full = false;
                for keys in keys.chunks(KEYS_PER_STATEMENT) {
                    full = full || page.take(select_by_keys(tx, keys)?)?;
                }
                if full || (keys.len() as i64) < BATCH {
                    break;
                }
                start = last;
            }
        }
        None => walk(tx, org, start, &mut page)?,
    }
    Ok(page.found)
}

/// Walks the org's users in the order they were made, until the page is full.
fn walk(tx: &mut Tx<'_>, org: OrgKey, mut start: i64, page: &mut PageInOrder<'_>) -> Result<(), Error> {
    // The first statement of a plain list reads just its page.
    let mut batch = if page.condition.needs_profile() { BATCH } else { page.count as i64 };
    loop {
        let users = select_natural(tx, org, start, batch)?;
        let Some(last) = users.last().map(|user| user.key.0) else { return Ok(()) };
        let whole = users.len() as i64 == batch;
        if page.take(users)? || !whole {
            return Ok(());
        }
        (start, batch) = (last, BATCH);
    }
}

/// A page that fills in the list's order.
struct PageInOrder<'a> {
    condition: &'a Condition,
    count: usize,
    found: Vec<Placed>,
}

impl PageInOrder<'_> {
    /// Takes those of `users` for whom the condition holds; true once the page is full.
    fn take(&mut self, users: Vec<User>) -> Result<bool, EngineError> {
        for user in users {
            if self.found.len() == self.count {
                break;
            }
            if holds(self.condition, &user)? {
                self.found.push((Cursor::at(user.key.0), user));
            }
        }
        Ok(self.found.len() == self.count)
    }
}

fn holds(condition: &Condition, user: &User) -> Result<bool, EngineError> {
    if condition.needs_profile() {
        Ok(condition.holds(user, &user.profile()?))
    } else {
        Ok(condition.with_deactivated || !user.status().is_deactivated())
    }
}

/// Keys looked up by one statement: one text for every count, so the rest is filled up with the last key.
const KEYS_PER_STATEMENT: usize = 100;

/// The users of these keys, ascending.
fn select_by_keys(tx: &mut Tx<'_>, keys: &[i64]) -> Result<Vec<User>, EngineError> {
    let Some(last) = keys.last() else { return Ok(Vec::new()) };
    let filled = keys.iter().chain(std::iter::repeat(last)).take(KEYS_PER_STATEMENT);
    let params: Vec<Param<'_>> = filled.map(|key| Param::Integer(*key)).collect();
    let places: Vec<String> = (1..=KEYS_PER_STATEMENT).map(|place| format!("${place}")).collect();
    let sql = select(&format!("WHERE u.user_key IN ({}) ORDER BY u.user_key", places.join(", ")));
    tx.query(&sql, &params, read_user)
}

/// The answer for what cannot be searched or sorted by.
fn invalid(cause: impl Into<String>) -> Error {
    Problem::new(ErrorCode::InvalidSearch).because(cause).into()
}
