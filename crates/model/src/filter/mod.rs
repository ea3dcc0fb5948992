//! What a `filter` or `search` parameter says, and of which users, groups and log events it is true.
//!
//! One grammar (behaviour.md D.4) and one evaluator serve every endpoint; what differs is the [`Vocabulary`]: which
//! attributes there are, which operators each takes, and whether letter case counts.
//!
//! Invariant: in an [`Expression`] that [`parse()`] returns, every attribute is known to the vocabulary, every operator
//! is allowed there, and every literal has the attribute's type. Who evaluates one or turns it into SQL checks nothing.

mod error;
mod evaluate;
mod fold;
mod parse;
mod print;
mod vocabulary;

pub use error::{FilterError, FilterProblem};
pub use evaluate::{Case, Operand, Subject};
pub use fold::fold;
pub use parse::{MAX_CHARACTERS, MAX_NESTING, MAX_TERMS, parse};
pub use vocabulary::{
    ApplicationFilter, AttributeRule, GroupFilter, GroupSearch, LogFilter, UserFilter, UserSearch, Vocabulary,
};

use crate::timestamp::Timestamp;

/// A parsed filter (behaviour.md D.4). Prints as text that parses to the same expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// All of two or more, none of which is an `And` itself.
    And(Vec<Expression>),
    /// Any of two or more, none of which is an `Or` itself.
    Or(Vec<Expression>),
    /// `not (…)`.
    Not(Box<Expression>),
    /// `attribute operator literal`.
    Compare(Comparison),
    /// `attribute pr`: some value is there, and is not empty text.
    Present(AttributePath),
}

impl Expression {
    /// All of `operands`: an `and` among them dissolves, and one alone stays as it is.
    fn and(operands: Vec<Self>) -> Self {
        Self::join(operands, Self::And, |operand| match operand {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Any of `operands`: an `or` among them dissolves, and one alone stays as it is.
    fn or(operands: Vec<Self>) -> Self {
        Self::join(operands, Self::Or, |operand| match operand {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }

    fn join(operands: Vec<Self>, wrap: fn(Vec<Self>) -> Self, dissolve: fn(Self) -> Result<Vec<Self>, Self>) -> Self {
        let mut flat = Vec::with_capacity(operands.len());
        for operand in operands {
            match dissolve(operand) {
                Ok(inner) => flat.extend(inner),
                Err(other) => flat.push(other),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            last => {
                flat.extend(last);
                wrap(flat)
            }
        }
    }
}

/// One comparison of an attribute with a literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub attribute: AttributePath,
    /// How.
    pub operator: Operator,
    /// With what. Of the attribute's type, or [`Literal::Null`] with `eq` and `ne`.
    pub literal: Literal,
}

/// A comparison operator, written in any letter case (behaviour.md D.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater: later for dates, further on in the alphabet for text.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Starts with.
    Sw,
    /// Contains.
    Co,
    /// Ends with.
    Ew,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Gt, Self::Ge, Self::Lt, Self::Le, Self::Sw, Self::Co, Self::Ew];

    /// As a filter spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Sw => "sw",
            Self::Co => "co",
            Self::Ew => "ew",
        }
    }
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A string.
    Text(TextLiteral),
    /// A number, never NaN.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A string that was read as a date, because the attribute is one.
    Instant(Timestamp),
    /// `null`: `eq null` is true of an attribute that has no value, `ne null` of one that has.
    Null,
}

/// A string literal, folded once so that comparing it with a million values folds only those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLiteral {
    text: String,
    folded: String,
}

impl TextLiteral {
    /// The literal `text`, unquoted and unescaped.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { folded: fold(&text), text }
    }

    /// As it was written: for comparing exactly.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// [`fold()`]ed: for comparing with folded values.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

/// The path of an attribute, such as `status` or `profile.lastName`. Its letter case counts (behaviour.md D.3, D.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttributePath(String);

impl AttributePath {
    /// The path `path`, unchecked: which paths mean something, a [`Vocabulary`] says.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the profile attribute that this is the path of: `lastName` for `profile.lastName`.
    #[must_use]
    pub fn profile_attribute(&self) -> Option<&str> {
        self.0.strip_prefix("profile.")
    }
}

/// The type of an attribute's values, and so of the literals it is compared with. An array has the type of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// Text, compared in the [`Case`] of the vocabulary.
    Text,
    /// An id: text whose letter case always counts (behaviour.md D.4).
    Identifier,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A point in time, written as an ISO 8601 string.
    Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_path_names_its_attribute() {
        assert_eq!(AttributePath::new("profile.lastName").profile_attribute(), Some("lastName"));
        assert_eq!(AttributePath::new("status").profile_attribute(), None);
        assert_eq!(AttributePath::new("profile").profile_attribute(), None);
    }

    #[test]
    fn a_text_literal_keeps_its_spelling_beside_the_folded_one() {
        let literal = TextLiteral::new("Zoë");
        assert_eq!((literal.as_str(), literal.folded()), ("Zoë", "zoë"));
    }

    #[test]
    fn joining_dissolves_only_its_own_kind() {
        let present = |path: &str| Expression::Present(AttributePath::new(path));
        let both = Expression::and(vec![present("a"), present("b")]);
        assert_eq!(
            Expression::and(vec![both.clone(), present("c")]),
            Expression::And(vec![present("a"), present("b"), present("c")])
        );
        assert_eq!(Expression::or(vec![both.clone(), present("c")]), Expression::Or(vec![both.clone(), present("c")]));
        assert_eq!(Expression::or(vec![both.clone()]), both);
    }
}
