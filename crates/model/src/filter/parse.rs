//! Filter text to [`Expression`]: recursive descent over the grammar of behaviour.md D.4.
//!
//! ```text
//! or   := and ( "or" and )*
//! and  := unary ( "and" unary )*
//! unary := "not" "(" or ")" | "(" or ")" | path op value | path "pr"
//! ```
//!
//! The optional value path `attr[expr]` is not read. Every step is bounded by the limits below.

use super::{
    AttributePath, AttributeRule, Comparison, Expression, FilterError, FilterProblem, Literal, Operator, TextLiteral,
    ValueType, Vocabulary,
};
use crate::timestamp::Timestamp;

/// Characters a filter may have (behaviour.md D.4, *Limits*).
pub const MAX_CHARACTERS: usize = 8_000;

/// Parentheses that may be open at once.
pub const MAX_NESTING: usize = 50;

/// Comparisons and `pr`s a filter may have.
pub const MAX_TERMS: usize = 100;

/// Reads `text` as a filter in the words of `vocabulary`, space around it ignored.
///
/// # Errors
///
/// The first place, from left to right, that breaks the grammar, the vocabulary or a limit.
pub fn parse(text: &str, vocabulary: &dyn Vocabulary) -> Result<Expression, FilterError> {
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(FilterError { position: MAX_CHARACTERS, problem: FilterProblem::TooLong });
    }
    let mut parser = Parser { cursor: Cursor { text, rest: text }, vocabulary, nesting: 0, terms: 0 };
    let expression = parser.or()?;
    match parser.cursor.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.cursor.syntax("'and', 'or' or the end is expected")),
    }
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    vocabulary: &'t dyn Vocabulary,
    nesting: usize,
    terms: usize,
}

impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Expression, FilterError> {
        let mut operands = vec![self.and()?];
        while self.cursor.eat_word("or") {
            operands.push(self.and()?);
        }
        Ok(Expression::or(operands))
    }

    fn and(&mut self) -> Result<Expression, FilterError> {
        let mut operands = vec![self.unary()?];
        while self.cursor.eat_word("and") {
            operands.push(self.unary()?);
        }
        Ok(Expression::and(operands))
    }

    /// An attribute may be called `not`; only the parenthesis after it makes it a negation.
    fn unary(&mut self) -> Result<Expression, FilterError> {
        if self.cursor.peek() == Some('(') {
            return self.parenthesised();
        }
        let start = self.cursor;
        if !(self.cursor.eat_word("not") && self.cursor.peek() == Some('(')) {
            self.cursor = start;
            return self.term();
        }
        if !self.vocabulary.allows_not() {
            return Err(start.error(FilterProblem::NotNotAllowed));
        }
        Ok(Expression::Not(Box::new(self.parenthesised()?)))
    }

    fn parenthesised(&mut self) -> Result<Expression, FilterError> {
        let start = self.cursor;
        if !self.cursor.eat('(') {
            return Err(start.syntax("'(' is expected"));
        }
        if self.nesting == MAX_NESTING {
            return Err(start.error(FilterProblem::TooDeep));
        }
        self.nesting += 1;
        let expression = self.or()?;
        self.nesting -= 1;
        if !self.cursor.eat(')') {
            return Err(self.cursor.syntax("'and', 'or' or ')' is expected"));
        }
        Ok(expression)
    }

    fn term(&mut self) -> Result<Expression, FilterError> {
        let start = self.cursor;
        let path = self.cursor.word();
        if !is_path(path) {
            return Err(start.syntax("the name of an attribute is expected"));
        }
        if self.terms == MAX_TERMS {
            return Err(start.error(FilterProblem::TooManyTerms));
        }
        self.terms += 1;
        let Some(rule) = self.vocabulary.attribute(path) else {
            return Err(start.error(FilterProblem::UnknownAttribute { path: path.to_owned() }));
        };
        self.predicate(path, rule)
    }

    /// What is said of an attribute.
    fn predicate(&mut self, path: &str, rule: AttributeRule) -> Result<Expression, FilterError> {
        let start = self.cursor;
        let refused =
            |operator| start.error(FilterProblem::OperatorNotAllowed { attribute: path.to_owned(), operator });
        let word = self.cursor.word();
        if word.eq_ignore_ascii_case("pr") {
            return if rule.allows_present {
                Ok(Expression::Present(AttributePath::new(path)))
            } else {
                Err(refused("pr"))
            };
        }
        let Some(operator) = Operator::ALL.into_iter().find(|known| word.eq_ignore_ascii_case(known.as_str())) else {
            return Err(start.syntax("an operator is expected"));
        };
        if !rule.operators.contains(&operator) {
            return Err(refused(operator.as_str()));
        }
        let literal = self.literal(path, operator, rule.value_type)?;
        Ok(Expression::Compare(Comparison { attribute: AttributePath::new(path), operator, literal }))
    }

    fn literal(&mut self, path: &str, operator: Operator, expected: ValueType) -> Result<Literal, FilterError> {
        let start = self.cursor;
        let attribute = || path.to_owned();
        match (self.cursor.value()?, expected) {
            (Value::Null, _) if matches!(operator, Operator::Eq | Operator::Ne) => Ok(Literal::Null),
            (Value::Null, _) => Err(start.error(FilterProblem::NullNotComparable { operator: operator.as_str() })),
            (Value::Text(text), ValueType::Text | ValueType::Identifier) => Ok(Literal::Text(TextLiteral::new(text))),
            (Value::Text(text), ValueType::Instant) => Timestamp::parse(&text)
                .map(Literal::Instant)
                .ok_or_else(|| start.error(FilterProblem::BadDate { attribute: attribute() })),
            (Value::Number(number), ValueType::Number) => Ok(Literal::Number(number)),
            (Value::Boolean(boolean), ValueType::Boolean) => Ok(Literal::Boolean(boolean)),
            _ => Err(start.error(FilterProblem::WrongLiteral { attribute: attribute(), expected })),
        }
    }
}

/// Whether a word is `NAME ( "." NAME )*`.
fn is_path(word: &str) -> bool {
    word.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$')) && !name.contains('+')
    })
}

/// A literal before its attribute's type is looked at.
enum Value {
    Text(String),
    Number(f64),
    Boolean(bool),
    Null,
}

/// What is left of the text.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// The next character that is not space, which stays.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// Whether the next character is `expected`, which then is passed.
    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.take(expected.len_utf8());
        }
        found
    }

    /// Whether the next word is `expected` in any letter case, which then is passed.
    fn eat_word(&mut self, expected: &str) -> bool {
        let start = *self;
        let found = self.word().eq_ignore_ascii_case(expected);
        if !found {
            *self = start;
        }
        found
    }

    /// The next run of the characters that names, paths and numbers are made of; empty if something else is next.
    fn word(&mut self) -> &'t str {
        let is_in_word = |character: char| character.is_ascii_alphanumeric() || "_$-+.".contains(character);
        self.peek();
        self.take(self.rest.find(|character| !is_in_word(character)).unwrap_or(self.rest.len()))
    }

    /// The next JSON string, number, boolean or null.
    fn value(&mut self) -> Result<Value, FilterError> {
        match self.peek() {
            Some('"') => self.string().map(Value::Text),
            Some('\'') => Err(self.syntax("a string is written in double quotes")),
            _ => {
                let start = *self;
                match self.word() {
                    "true" => Ok(Value::Boolean(true)),
                    "false" => Ok(Value::Boolean(false)),
                    "null" => Ok(Value::Null),
                    word => number(word).map(Value::Number).ok_or_else(|| {
                        start.syntax("a string in double quotes, a number, true, false or null is expected")
                    }),
                }
            }
        }
    }

    /// The next string, its escapes resolved.
    fn string(&mut self) -> Result<String, FilterError> {
        let start = *self;
        let mut escaped = false;
        let closing = self.rest.bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let Some(closing) = closing else {
            return Err(start.syntax("the string is not closed"));
        };
        serde_json::from_str(self.take(closing + 2)).map_err(|_| start.syntax("the string is not a JSON string"))
    }

    /// Passes `length` bytes, which end between characters.
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn syntax(self, expected: &'static str) -> FilterError {
        self.error(FilterProblem::Syntax(expected))
    }

    /// `problem` with what comes next, space aside.
    fn error(mut self, problem: FilterProblem) -> FilterError {
        self.peek();
        let position = self.text.chars().count() - self.rest.chars().count();
        FilterError { position, problem }
    }
}

/// A number in JSON's spelling. Its value is read by the standard library, which alone is exact to the last bit.
fn number(word: &str) -> Option<f64> {
    serde_json::from_str::<f64>(word).ok()?;
    word.parse().ok()
}

#[cfg(test)]
mod tests;
