//! The value of an expression for one user.

use std::cmp::Ordering;

use regex_lite::{Regex, RegexBuilder};

use super::{Kind, Node, Operator, Value};

/// A group that a user is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership<'a> {
    /// The group's id.
    pub id: &'a str,
    /// The group's name.
    pub name: &'a str,
}

/// Whom an expression is about.
pub trait Person {
    /// The value of an attribute; null if it is unset.
    fn attribute(&self, name: &str) -> Value;

    /// What is no attribute of the profile: `id`, `status`.
    fn internal_property(&self, name: &str) -> Value;

    /// Whether any group that the user is in passes `test`.
    fn any_membership(&self, test: &mut dyn FnMut(Membership<'_>) -> bool) -> bool;
}

pub(super) fn evaluate(node: &Node, person: &dyn Person) -> Option<Value> {
    match &node.kind {
        Kind::Literal(value) => Some(value.clone()),
        Kind::Attribute(name) => Some(person.attribute(name)),
        Kind::Array(items) => items.iter().map(|item| evaluate(item, person)).collect::<Option<_>>().map(Value::List),
        Kind::Not(operand) => Some(Value::Boolean(!truth(operand, person)?)),
        Kind::Choice(nodes) => {
            let [condition, then, otherwise] = &**nodes;
            evaluate(if truth(condition, person)? { then } else { otherwise }, person)
        }
        Kind::Binary(operator, left, right) => binary(*operator, left, right, person),
        Kind::Call(function, arguments) => {
            let arguments: Vec<Value> =
                arguments.iter().map(|argument| evaluate(argument, person)).collect::<Option<_>>()?;
            function.call(&arguments, person)
        }
    }
}

/// A condition; null is false, and any other value is none.
fn truth(node: &Node, person: &dyn Person) -> Option<bool> {
    match evaluate(node, person)? {
        Value::Boolean(value) => Some(value),
        Value::Null => Some(false),
        Value::Number(_) | Value::Text(_) | Value::List(_) => None,
    }
}

fn binary(operator: Operator, left: &Node, right: &Node, person: &dyn Person) -> Option<Value> {
    match operator {
        Operator::And => return Some(Value::Boolean(truth(left, person)? && truth(right, person)?)),
        Operator::Or => return Some(Value::Boolean(truth(left, person)? || truth(right, person)?)),
        _ => {}
    }
    let (left, right) = (evaluate(left, person)?, evaluate(right, person)?);
    let ordered = |accepts: fn(Ordering) -> bool| order(&left, &right).map(|order| order.is_some_and(accepts));
    Some(Value::Boolean(match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => ordered(Ordering::is_lt)?,
        Operator::LessOrEqual => ordered(Ordering::is_le)?,
        Operator::Greater => ordered(Ordering::is_gt)?,
        Operator::GreaterOrEqual => ordered(Ordering::is_ge)?,
        Operator::Plus => return Some(plus(&left, &right)),
        Operator::And | Operator::Or => return None,
    }))
}

/// How two values compare: `Some(None)` if one of them is null, none if they cannot be compared.
fn order(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Some(None),
        (Value::Number(left), Value::Number(right)) => Some(left.partial_cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(Some(left.cmp(right))),
        _ => None,
    }
}

fn plus(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Value::Number(left + right),
        _ => Value::Text(left.printed() + &right.printed()),
    }
}

impl Value {
    /// As text; null is empty.
    pub(super) fn printed(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::List(items) => items.iter().map(Self::printed).collect::<Vec<_>>().join(","),
        }
    }
}

/// A pattern over a whole name. The documented examples stand between slashes. The engine takes linear time and bounded
/// space, whatever the pattern.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    let bare = text.strip_prefix('/').and_then(|text| text.strip_suffix('/')).unwrap_or(text);
    RegexBuilder::new(&format!("^(?:{bare})$")).size_limit(1 << 20).nest_limit(50).build().ok()
}
