//! Okta's expression language, as far as group rules use it: text to [`Expression`], and an expression over a user to a value.
//!
//! Attributes (`user.department`), literals, arrays (`{1, 2}`), `==` `!=` `<` `<=` `>` `>=`, `+`, `AND` `OR` `NOT` (also `&&` `||` `!`),
//! the ternary operator, and the functions of `function`. As in SpEL, on which the language stands, strings compare in their
//! letter case. Unlike there, null is harmless: an unset attribute has no characters and no elements, is in no order with
//! anything, and where a condition is asked for it is false.

mod check;
mod error;
mod evaluate;
mod function;
mod parse;
mod token;

use serde_json::Value as Json;

pub use error::{ExpressionError, ExpressionProblem};
pub use evaluate::{Membership, Person};

use function::Function;

/// The longest expression that is read.
pub const MAX_CHARACTERS: usize = 10_000;

/// How deep an expression may be nested. The parser recurses, so this bounds its stack.
pub const MAX_NESTING: usize = 64;

/// An expression that has been read, and whose functions are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Node,
}

/// A part of an expression, with where it begins.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    position: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Literal(Value),
    /// `user.name`.
    Attribute(String),
    /// `{a, b}`.
    Array(Vec<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    /// `condition ? then : otherwise`.
    Choice(Box<[Node; 3]>),
    Call(&'static Function, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
}

/// What an expression makes.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: an unset attribute, or the literal.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number. Whole ones print without a fraction.
    Number(f64),
    /// Text.
    Text(String),
    /// An array.
    List(Vec<Value>),
}

impl From<&Json> for Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null | Json::Object(_) => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
        }
    }
}

/// The type of a value, as far as it is known before a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Anything: the element of an array, null, an attribute that user types define differently.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// Text.
    Text,
    /// An array.
    List,
}

impl Type {
    /// Whether a value of this type may stand where `wanted` is asked for.
    const fn fits(self, wanted: Self) -> bool {
        matches!(
            (self, wanted),
            (Self::Any, _)
                | (_, Self::Any)
                | (Self::Boolean, Self::Boolean)
                | (Self::Number, Self::Number)
                | (Self::Text, Self::Text)
                | (Self::List, Self::List)
        )
    }

    const fn described(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "an array",
        }
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What does not follow the grammar, and functions that are not there or were given too few or too many arguments.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(|root| Self { root })
    }

    /// Checks that it is a condition over attributes that exist: `type_of` knows them.
    ///
    /// # Errors
    /// An unknown attribute, and a value whose type does not fit where it stands.
    pub fn check(&self, type_of: impl Fn(&str) -> Option<Type>) -> Result<(), ExpressionError> {
        check::check(&self.root, &type_of)
    }

    /// Whether it is true of `person`. What cannot be computed, an index out of an array's bounds, is not.
    #[must_use]
    pub fn matches(&self, person: &dyn Person) -> bool {
        matches!(evaluate::evaluate(&self.root, person), Some(Value::Boolean(true)))
    }

    /// Its value for `person`; none where it cannot be computed.
    #[must_use]
    pub fn evaluate(&self, person: &dyn Person) -> Option<Value> {
        evaluate::evaluate(&self.root, person)
    }

    /// Whether it asks which groups a user is in.
    #[must_use]
    pub fn tests_groups(&self) -> bool {
        let mut tests = false;
        self.root.visit(&mut |node| tests |= matches!(&node.kind, Kind::Call(call, _) if call.tests_groups()));
        tests
    }

    /// The ids of groups that it asks about.
    #[must_use]
    pub fn group_ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::Call(call, arguments) = &node.kind
                && call.takes_group_ids()
            {
                ids.extend(arguments.iter().filter_map(Node::literal_text));
            }
        });
        ids
    }

    /// The attributes that it reads.
    #[must_use]
    pub fn attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::Attribute(name) = &node.kind {
                names.push(name.as_str());
            }
        });
        names
    }
}

impl Node {
    fn visit<'a>(&'a self, seen: &mut dyn FnMut(&'a Self)) {
        seen(self);
        match &self.kind {
            Kind::Literal(_) | Kind::Attribute(_) => {}
            Kind::Array(nodes) | Kind::Call(_, nodes) => nodes.iter().for_each(|node| node.visit(seen)),
            Kind::Not(node) => node.visit(seen),
            Kind::Binary(_, left, right) => {
                left.visit(seen);
                right.visit(seen);
            }
            Kind::Choice(nodes) => nodes.iter().for_each(|node| node.visit(seen)),
        }
    }

    fn literal_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Literal(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
