//! What each endpoint can filter and search by.

use super::Operator::{Co, Eq, Ge, Gt, Le, Lt, Ne, Sw};
use super::{Case, Operator, ValueType};

/// The attributes an endpoint filters by, and how.
pub trait Vocabulary {
    /// The rule for the attribute at `path`, or `None` if there is no such attribute.
    fn attribute(&self, path: &str) -> Option<AttributeRule>;

    /// Whether `not (…)` may be said. `and`, `or` and parentheses always may.
    fn allows_not(&self) -> bool;

    /// Whether letter case counts when text is compared: what [`super::Expression::matches`] wants to know.
    fn case(&self) -> Case;
}

/// What may be said of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeRule {
    /// The type of its values and literals.
    pub value_type: ValueType,
    /// The operators it takes.
    pub operators: &'static [Operator],
    /// Whether it takes `pr`.
    pub allows_present: bool,
}

/// A row of a `filter`'s table: no `pr`.
const fn filtered(
    path: &'static str,
    value_type: ValueType,
    operators: &'static [Operator],
) -> (&'static str, AttributeRule) {
    (path, AttributeRule { value_type, operators, allows_present: false })
}

/// A row of a `search`'s table: with `pr`.
const fn searched(
    path: &'static str,
    value_type: ValueType,
    operators: &'static [Operator],
) -> (&'static str, AttributeRule) {
    (path, AttributeRule { value_type, operators, allows_present: true })
}

/// The row of `path` in a table.
fn row<Value: Copy>(table: &[(&str, Value)], path: &str) -> Option<Value> {
    table.iter().find(|(name, _)| *name == path).map(|(_, value)| *value)
}

/// The operators that a search takes for attributes of this type.
const fn operators_of(value_type: ValueType) -> &'static [Operator] {
    match value_type {
        ValueType::Text | ValueType::Identifier => TEXT,
        ValueType::Number | ValueType::Instant => ORDERED,
        ValueType::Boolean => EQUAL,
    }
}

const EQUAL: &[Operator] = &[Eq];
const ORDERED: &[Operator] = &[Eq, Gt, Ge, Lt, Le];
const TEXT: &[Operator] = &[Eq, Gt, Ge, Lt, Le, Sw];
const TEXT_WITH_CONTAINS: &[Operator] = &[Eq, Gt, Ge, Lt, Le, Sw, Co];
const GROUP_TEXT: &[Operator] = &[Eq, Sw, Co];

/// `filter` of listUsers (behaviour.md D.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFilter;

const USER_FILTER: &[(&str, AttributeRule)] = &[
    filtered("id", ValueType::Identifier, EQUAL),
    filtered("status", ValueType::Text, EQUAL),
    filtered("lastUpdated", ValueType::Instant, ORDERED),
    filtered("type.id", ValueType::Identifier, EQUAL),
    filtered("profile.login", ValueType::Text, EQUAL),
    filtered("profile.email", ValueType::Text, EQUAL),
    filtered("profile.firstName", ValueType::Text, EQUAL),
    filtered("profile.lastName", ValueType::Text, EQUAL),
];

impl Vocabulary for UserFilter {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        row(USER_FILTER, path)
    }

    fn allows_not(&self) -> bool {
        false
    }

    fn case(&self) -> Case {
        Case::Sensitive
    }
}

/// `search` of listUsers (behaviour.md D.4). `ne` and `ew` are refused (H-15).
#[derive(Clone, Copy)]
pub struct UserSearch<'a> {
    /// The type of the profile attribute of this name, base or custom, of any user type of the org; of an array, the
    /// type of its elements. `None` for an attribute that no schema has: it is refused (H-16).
    pub profile: &'a dyn Fn(&str) -> Option<ValueType>,
}

/// What can be searched outside the profile. Not among them, on purpose: lastLogin, passwordChanged, credentials.
const USER_SEARCH: &[(&str, ValueType)] = &[
    ("id", ValueType::Identifier),
    ("status", ValueType::Text),
    ("created", ValueType::Instant),
    ("activated", ValueType::Instant),
    ("statusChanged", ValueType::Instant),
    ("lastUpdated", ValueType::Instant),
    ("type.id", ValueType::Identifier),
];

/// The four attributes that `co` searches (behaviour.md D.4).
const USER_SEARCH_CONTAINS: [&str; 4] = ["profile.firstName", "profile.lastName", "profile.email", "profile.login"];

impl UserSearch<'_> {
    /// The type of what users can be sorted by (behaviour.md D.5): everything searchable. Whether the attribute is an
    /// array, which cannot be sorted by, is the caller's to check.
    #[must_use]
    pub fn sort_attribute(&self, path: &str) -> Option<ValueType> {
        match path.strip_prefix("profile.") {
            Some(name) => (self.profile)(name),
            None => row(USER_SEARCH, path),
        }
    }
}

impl Vocabulary for UserSearch<'_> {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        let value_type = self.sort_attribute(path)?;
        let operators = match value_type {
            ValueType::Text if USER_SEARCH_CONTAINS.contains(&path) => TEXT_WITH_CONTAINS,
            other => operators_of(other),
        };
        Some(AttributeRule { value_type, operators, allows_present: true })
    }

    fn allows_not(&self) -> bool {
        true
    }

    fn case(&self) -> Case {
        Case::Insensitive
    }
}

/// `filter` of listGroups (behaviour.md G.4), under the rules of [`UserFilter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupFilter;

const GROUP_FILTER: &[(&str, AttributeRule)] = &[
    filtered("id", ValueType::Identifier, EQUAL),
    filtered("type", ValueType::Text, EQUAL),
    filtered("lastUpdated", ValueType::Instant, ORDERED),
    filtered("lastMembershipUpdated", ValueType::Instant, ORDERED),
    filtered("profile.name", ValueType::Text, EQUAL),
];

impl Vocabulary for GroupFilter {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        row(GROUP_FILTER, path)
    }

    fn allows_not(&self) -> bool {
        false
    }

    fn case(&self) -> Case {
        Case::Sensitive
    }
}

/// `search` of listGroups (behaviour.md G.4), under the rules of [`UserSearch`].
#[derive(Clone, Copy)]
pub struct GroupSearch<'a> {
    /// The type of the custom attribute of this name; of an array, the type of its elements.
    pub custom: &'a dyn Fn(&str) -> Option<ValueType>,
}

const GROUP_SEARCH: &[(&str, AttributeRule)] = &[
    searched("id", ValueType::Identifier, EQUAL),
    searched("type", ValueType::Text, EQUAL),
    searched("created", ValueType::Instant, ORDERED),
    searched("lastUpdated", ValueType::Instant, ORDERED),
    searched("lastMembershipUpdated", ValueType::Instant, ORDERED),
    searched("source.id", ValueType::Identifier, EQUAL),
    searched("profile.name", ValueType::Text, GROUP_TEXT),
    searched("profile.description", ValueType::Text, GROUP_TEXT),
];

impl GroupSearch<'_> {
    /// The type of what groups can be sorted by: everything searchable. Whether the attribute is an array, which cannot be
    /// sorted by, is the caller's to check.
    #[must_use]
    pub fn sort_attribute(&self, path: &str) -> Option<ValueType> {
        self.attribute(path).map(|rule| rule.value_type)
    }
}

impl Vocabulary for GroupSearch<'_> {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        row(GROUP_SEARCH, path).or_else(|| {
            let value_type = (self.custom)(path.strip_prefix("profile.")?)?;
            Some(AttributeRule { value_type, operators: operators_of(value_type), allows_present: true })
        })
    }

    fn allows_not(&self) -> bool {
        true
    }

    fn case(&self) -> Case {
        Case::Insensitive
    }
}

/// `filter` of listApplications (Okta's apps guide). `user.id` and `group.id` find the apps assigned to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationFilter;

const APPLICATION_FILTER: &[(&str, AttributeRule)] = &[
    filtered("id", ValueType::Identifier, EQUAL),
    filtered("name", ValueType::Text, EQUAL),
    filtered("status", ValueType::Text, EQUAL),
    filtered("lastUpdated", ValueType::Instant, ORDERED),
    filtered("user.id", ValueType::Identifier, EQUAL),
    filtered("group.id", ValueType::Identifier, EQUAL),
];

impl Vocabulary for ApplicationFilter {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        row(APPLICATION_FILTER, path)
    }

    fn allows_not(&self) -> bool {
        false
    }

    fn case(&self) -> Case {
        Case::Sensitive
    }
}

/// `filter` of the System Log (behaviour.md G.12): any path into an event, with every operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFilter;

/// The members of an event that are not text.
const LOG_FILTER: &[(&str, ValueType)] = &[
    ("published", ValueType::Instant),
    ("securityContext.asNumber", ValueType::Number),
    ("securityContext.isProxy", ValueType::Boolean),
    ("client.geographicalContext.geolocation.lat", ValueType::Number),
    ("client.geographicalContext.geolocation.lon", ValueType::Number),
];

impl Vocabulary for LogFilter {
    fn attribute(&self, path: &str) -> Option<AttributeRule> {
        let value_type = row(LOG_FILTER, path).unwrap_or(ValueType::Text);
        let operators: &[Operator] = match value_type {
            ValueType::Text | ValueType::Identifier => &Operator::ALL,
            ValueType::Number | ValueType::Instant => &[Eq, Ne, Gt, Ge, Lt, Le],
            ValueType::Boolean => &[Eq, Ne],
        };
        Some(AttributeRule { value_type, operators, allows_present: true })
    }

    fn allows_not(&self) -> bool {
        true
    }

    fn case(&self) -> Case {
        Case::Insensitive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators(vocabulary: &dyn Vocabulary, path: &str) -> Option<String> {
        let rule = vocabulary.attribute(path)?;
        let mut names: Vec<&str> = rule.operators.iter().map(|operator| operator.as_str()).collect();
        names.extend(rule.allows_present.then_some("pr"));
        Some(names.join(" "))
    }

    fn profile(name: &str) -> Option<ValueType> {
        match name {
            "login" | "email" | "firstName" | "lastName" | "title" => Some(ValueType::Text),
            "age" => Some(ValueType::Number),
            "remote" => Some(ValueType::Boolean),
            _ => None,
        }
    }

    #[test]
    fn each_attribute_takes_the_documented_operators() {
        let search = UserSearch { profile: &profile };
        let groups = GroupSearch { custom: &profile };
        let table: &[(&dyn Vocabulary, &str, Option<&str>)] = &[
            (&UserFilter, "status", Some("eq")),
            (&UserFilter, "lastUpdated", Some("eq gt ge lt le")),
            (&UserFilter, "created", None),
            (&UserFilter, "profile.title", None),
            (&search, "status", Some("eq gt ge lt le sw pr")),
            (&search, "id", Some("eq gt ge lt le sw pr")),
            (&search, "activated", Some("eq gt ge lt le pr")),
            (&search, "lastLogin", None),
            (&search, "passwordChanged", None),
            (&search, "credentials.provider.type", None),
            (&search, "profile.login", Some("eq gt ge lt le sw co pr")),
            (&search, "profile.title", Some("eq gt ge lt le sw pr")),
            (&search, "profile.age", Some("eq gt ge lt le pr")),
            (&search, "profile.remote", Some("eq pr")),
            (&search, "profile.unheard", None),
            (&search, "Status", None),
            (&search, "title", None),
            (&GroupFilter, "profile.name", Some("eq")),
            (&GroupFilter, "created", None),
            (&groups, "profile.name", Some("eq sw co pr")),
            (&groups, "profile.age", Some("eq gt ge lt le pr")),
            (&groups, "profile.unheard", None),
            (&groups, "lastMembershipUpdated", Some("eq gt ge lt le pr")),
            (&LogFilter, "target.id", Some("eq ne gt ge lt le sw co ew pr")),
            (&LogFilter, "published", Some("eq ne gt ge lt le pr")),
            (&LogFilter, "securityContext.isProxy", Some("eq ne pr")),
        ];
        for (vocabulary, path, expected) in table {
            assert_eq!(operators(*vocabulary, path).as_deref(), *expected, "{path}");
        }
    }

    #[test]
    fn what_is_searchable_can_be_sorted_by() {
        let search = UserSearch { profile: &profile };
        assert_eq!(search.sort_attribute("profile.lastName"), Some(ValueType::Text));
        assert_eq!(search.sort_attribute("created"), Some(ValueType::Instant));
        assert_eq!(search.sort_attribute("lastLogin"), None);
    }

    #[test]
    fn no_table_has_an_attribute_twice() {
        for table in [USER_FILTER, GROUP_FILTER, GROUP_SEARCH, APPLICATION_FILTER] {
            let mut paths: Vec<&str> = table.iter().map(|(path, _)| *path).collect();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), table.len());
        }
    }
}
