//! TABLE of the functions that an expression may call.

use super::evaluate::{Membership, pattern};
use super::{Person, Type, Value};

/// A function: what it takes, makes and does.
#[derive(Debug)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    parameters: &'static [Parameter],
    /// Whether the last parameter may be given any number of times, also never.
    variadic: bool,
    /// What it makes.
    pub(super) returns: Type,
    body: Body,
}

/// What may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A value of this type, or null.
    Value(Type),
    /// A regular expression.
    Pattern,
}

type Plain = fn(&[Value]) -> Option<Value>;
type Test = fn(Membership<'_>, &str) -> bool;

#[derive(Debug, Clone, Copy)]
enum Body {
    /// Of its arguments alone.
    Plain(Plain),
    /// Whether the user is in a group that passes the test with one of the arguments.
    AnyGroup(Test),
    /// Whether the user is in a group whose name fits the pattern.
    AnyGroupLike,
    /// What is no attribute of the profile.
    InternalProperty,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const TEXT: Parameter = Parameter::Value(Type::Text);
const NUMBER: Parameter = Parameter::Value(Type::Number);
const LIST: Parameter = Parameter::Value(Type::List);
const ANY: Parameter = Parameter::Value(Type::Any);

macro_rules! functions {
    ($($name:literal ($($parameter:expr),* $(; $more:expr)?) -> $returns:ident = $body:expr;)*) => {
        &[$(Function {
            name: $name,
            parameters: &[$($parameter,)* $($more,)?],
            variadic: functions!(@variadic $($more)?),
            returns: Type::$returns,
            body: $body,
        },)*]
    };
    (@variadic) => { false };
    (@variadic $more:expr) => { true };
}

/// Every function, by the name that an expression gives it. What follows a semicolon may be given any number of times.
#[rustfmt::skip]
static FUNCTIONS: &[Function] = functions! {
    "String.append"(TEXT, TEXT) -> Text = Body::Plain(append);
    "String.join"(TEXT; ANY) -> Text = Body::Plain(join);
    "String.len"(TEXT) -> Number = Body::Plain(|it| Some(number(text(it, 0)?.chars().count())));
    "String.removeSpaces"(TEXT) -> Text = Body::Plain(|it| of_text(it, |text| text.replace(' ', "")));
    "String.replace"(TEXT, TEXT, TEXT) -> Text = Body::Plain(|it| replace(it, usize::MAX));
    "String.replaceFirst"(TEXT, TEXT, TEXT) -> Text = Body::Plain(|it| replace(it, 1));
    "String.stringContains"(TEXT, TEXT) -> Boolean = Body::Plain(|it| of_two(it, |text, part| text.contains(part)));
    "String.startsWith"(TEXT, TEXT) -> Boolean = Body::Plain(|it| of_two(it, |text, part| text.starts_with(part)));
    "String.endsWith"(TEXT, TEXT) -> Boolean = Body::Plain(|it| of_two(it, |text, part| text.ends_with(part)));
    "String.stringSwitch"(TEXT, TEXT; TEXT) -> Text = Body::Plain(string_switch);
    "String.substring"(TEXT, NUMBER, NUMBER) -> Text = Body::Plain(substring);
    "String.substringAfter"(TEXT, TEXT) -> Text = Body::Plain(substring_after);
    "String.substringBefore"(TEXT, TEXT) -> Text = Body::Plain(substring_before);
    "String.toUpperCase"(TEXT) -> Text = Body::Plain(|it| of_text(it, str::to_uppercase));
    "String.toLowerCase"(TEXT) -> Text = Body::Plain(|it| of_text(it, str::to_lowercase));
    "toUpperCase"(TEXT) -> Text = Body::Plain(|it| of_text(it, str::to_uppercase));
    "toLowerCase"(TEXT) -> Text = Body::Plain(|it| of_text(it, str::to_lowercase));
    "substring"(TEXT, NUMBER, NUMBER) -> Text = Body::Plain(substring);
    "substringAfter"(TEXT, TEXT) -> Text = Body::Plain(substring_after);
    "substringBefore"(TEXT, TEXT) -> Text = Body::Plain(substring_before);
    "Arrays.add"(LIST, ANY) -> List = Body::Plain(|it| Some(list([items(it, 0)?, it.get(1..)?].concat())));
    "Arrays.remove"(LIST, ANY) -> List = Body::Plain(remove);
    "Arrays.clear"(LIST) -> List = Body::Plain(|_| Some(list(Vec::new())));
    "Arrays.get"(LIST, NUMBER) -> Any = Body::Plain(|it| items(it, 0)?.get(index(it, 1)?).cloned());
    "Arrays.flatten"(; ANY) -> List = Body::Plain(flatten);
    "Arrays.contains"(LIST, ANY) -> Boolean = Body::Plain(|it| Some(Value::Boolean(items(it, 0)?.contains(it.get(1)?))));
    "Arrays.size"(LIST) -> Number = Body::Plain(|it| Some(number(items(it, 0)?.len())));
    "Arrays.isEmpty"(LIST) -> Boolean = Body::Plain(|it| Some(Value::Boolean(items(it, 0)?.is_empty())));
    "Arrays.toCsvString"(LIST) -> Text = Body::Plain(|it| Some(Value::Text(it.first()?.printed())));
    "Convert.toInt"(ANY) -> Number = Body::Plain(|it| convert(it).map(|number| rounded(&number)));
    "Convert.toNum"(ANY) -> Number = Body::Plain(convert);
    "isMemberOfGroup"(TEXT) -> Boolean = Body::AnyGroup(|group, id| group.id == id);
    "isMemberOfAnyGroup"(TEXT; TEXT) -> Boolean = Body::AnyGroup(|group, id| group.id == id);
    "isMemberOfGroupName"(TEXT) -> Boolean = Body::AnyGroup(|group, name| group.name == name);
    "isMemberOfGroupNameStartsWith"(TEXT) -> Boolean = Body::AnyGroup(|group, part| group.name.starts_with(part));
    "isMemberOfGroupNameContains"(TEXT) -> Boolean = Body::AnyGroup(|group, part| group.name.contains(part));
    "isMemberOfGroupNameRegex"(Parameter::Pattern) -> Boolean = Body::AnyGroupLike;
    "user.getInternalProperty"(TEXT) -> Any = Body::InternalProperty;
};

impl Function {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    pub(super) const fn takes(&self, arguments: usize) -> bool {
        if self.variadic { arguments + 1 >= self.parameters.len() } else { arguments == self.parameters.len() }
    }

    /// What may stand at this place.
    pub(super) fn parameter(&self, index: usize) -> Parameter {
        self.parameters.get(index).or_else(|| self.parameters.last()).copied().unwrap_or(ANY)
    }

    pub(super) const fn tests_groups(&self) -> bool {
        matches!(self.body, Body::AnyGroup(_) | Body::AnyGroupLike)
    }

    pub(super) fn takes_group_ids(&self) -> bool {
        matches!(self.name, "isMemberOfGroup" | "isMemberOfAnyGroup")
    }

    pub(super) fn call(&self, arguments: &[Value], person: &dyn Person) -> Option<Value> {
        match self.body {
            Body::Plain(body) => body(arguments),
            Body::AnyGroup(test) => {
                let wanted: Vec<&str> = arguments
                    .iter()
                    .filter_map(|argument| if let Value::Text(text) = argument { Some(text.as_str()) } else { None })
                    .collect();
                let mut any = |group: Membership<'_>| wanted.iter().any(|wanted| test(group, wanted));
                Some(Value::Boolean(person.any_membership(&mut any)))
            }
            Body::AnyGroupLike => {
                let pattern = pattern(&text(arguments, 0)?)?;
                Some(Value::Boolean(person.any_membership(&mut |group| pattern.is_match(group.name))))
            }
            Body::InternalProperty => Some(person.internal_property(&text(arguments, 0)?)),
        }
    }
}

/// The text at this place; null is empty.
fn text(arguments: &[Value], place: usize) -> Option<String> {
    match arguments.get(place)? {
        Value::Text(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Boolean(_) | Value::Number(_) | Value::List(_) => None,
    }
}

/// The elements at this place; null has none.
fn items(arguments: &[Value], place: usize) -> Option<&[Value]> {
    match arguments.get(place)? {
        Value::List(items) => Some(items),
        Value::Null => Some(&[]),
        Value::Boolean(_) | Value::Number(_) | Value::Text(_) => None,
    }
}

/// The whole number at this place, from 0 up.
fn index(arguments: &[Value], place: usize) -> Option<usize> {
    match arguments.get(place)? {
        Value::Number(number) if *number >= 0.0 && number.fract() == 0.0 => format!("{number:.0}").parse().ok(),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "no text or array here is longer than 2^52")]
fn number(count: usize) -> Value {
    Value::Number(count as f64)
}

fn list(items: Vec<Value>) -> Value {
    Value::List(items)
}

/// Of one text; null stays null.
fn of_text(arguments: &[Value], body: impl Fn(&str) -> String) -> Option<Value> {
    match arguments.first()? {
        Value::Null => Some(Value::Null),
        _ => text(arguments, 0).map(|text| Value::Text(body(&text))),
    }
}

/// A test of a text with another; with null it fails.
fn of_two(arguments: &[Value], body: fn(&str, &str) -> bool) -> Option<Value> {
    if arguments.contains(&Value::Null) {
        return Some(Value::Boolean(false));
    }
    Some(Value::Boolean(body(&text(arguments, 0)?, &text(arguments, 1)?)))
}

fn append(arguments: &[Value]) -> Option<Value> {
    Some(Value::Text(text(arguments, 0)? + &text(arguments, 1)?))
}

/// Joins texts, and the elements of arrays, leaving out what is null.
fn join(arguments: &[Value]) -> Option<Value> {
    let rest = arguments.get(1..)?;
    let parts =
        rest.iter().flat_map(|part| if let Value::List(items) = part { items } else { std::slice::from_ref(part) });
    let parts: Vec<String> = parts.filter(|part| **part != Value::Null).map(Value::printed).collect();
    Some(Value::Text(parts.join(&text(arguments, 0)?)))
}

fn replace(arguments: &[Value], times: usize) -> Option<Value> {
    let (from, to) = (text(arguments, 1)?, text(arguments, 2)?);
    of_text(arguments, |text| if from.is_empty() { text.to_owned() } else { text.replacen(&from, &to, times) })
}

/// The value of the first key that the text contains, else the default.
fn string_switch(arguments: &[Value]) -> Option<Value> {
    let (input, pairs) = (text(arguments, 0)?, arguments.get(2..)?);
    let chosen =
        pairs.chunks_exact(2).find(|pair| matches!(pair, [Value::Text(key), _] if input.contains(key.as_str())));
    chosen.and_then(<[Value]>::last).or_else(|| arguments.get(1)).cloned()
}

/// From one place up to another; what lies beyond the end is not there.
fn substring(arguments: &[Value]) -> Option<Value> {
    let (start, end) = (index(arguments, 1)?, index(arguments, 2)?);
    of_text(arguments, |text| text.chars().skip(start).take(end.saturating_sub(start)).collect())
}

fn substring_after(arguments: &[Value]) -> Option<Value> {
    let separator = text(arguments, 1)?;
    of_text(arguments, |text| text.split_once(&*separator).map_or_else(String::new, |(_, after)| after.to_owned()))
}

fn substring_before(arguments: &[Value]) -> Option<Value> {
    let separator = text(arguments, 1)?;
    of_text(arguments, |text| text.split_once(&*separator).map_or(text, |(before, _)| before).to_owned())
}

fn remove(arguments: &[Value]) -> Option<Value> {
    let unwanted = arguments.get(1)?;
    Some(list(items(arguments, 0)?.iter().filter(|item| *item != unwanted).cloned().collect()))
}

fn flatten(arguments: &[Value]) -> Option<Value> {
    let mut flat = Vec::new();
    for argument in arguments {
        match argument {
            Value::List(items) => flat.extend(items.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Some(list(flat))
}

fn convert(arguments: &[Value]) -> Option<Value> {
    match arguments.first()? {
        Value::Text(text) => text.trim().parse().ok().map(Value::Number),
        number @ (Value::Number(_) | Value::Null) => Some(number.clone()),
        Value::Boolean(_) | Value::List(_) => None,
    }
}

fn rounded(value: &Value) -> Value {
    if let Value::Number(number) = value { Value::Number(number.round()) } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_only_the_last_parameter_repeats() {
        for (place, function) in FUNCTIONS.iter().enumerate() {
            assert_eq!(
                FUNCTIONS.iter().position(|other| other.name == function.name),
                Some(place),
                "{}",
                function.name
            );
            assert!(!function.variadic || !function.parameters.is_empty(), "{}", function.name);
        }
    }
}
