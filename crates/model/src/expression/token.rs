//! Words of an expression.

use super::{ExpressionError, ExpressionProblem, MAX_CHARACTERS};

/// A word and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) position: usize,
    pub(super) word: Word,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, with its dots: `user.department`, `String.len`, `AND`.
    Name(String),
    Text(String),
    Number(f64),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Signs, longer ones before those they begin with.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "?", ":", "(", ")", "{", "}"];

/// Splits an expression into its words, [`Word::End`] last.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > MAX_CHARACTERS {
        return Err(ExpressionError { position: MAX_CHARACTERS, problem: ExpressionProblem::TooLong });
    }
    let (mut tokens, mut position) = (Vec::new(), 0);
    loop {
        let rest = characters.get(position..).unwrap_or_default();
        let Some(first) = rest.first() else { break };
        if first.is_whitespace() {
            position += 1;
            continue;
        }
        let (word, length) = match first {
            '\'' | '"' => quoted(rest, *first).ok_or(ExpressionError {
                position,
                problem: ExpressionProblem::Syntax("A string has no closing quote"),
            })?,
            ',' => (Word::Sign(","), 1),
            _ if first.is_ascii_digit() => number(rest)
                .ok_or(ExpressionError { position, problem: ExpressionProblem::Syntax("A number cannot be read") })?,
            _ if is_name_start(*first) => name(rest),
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(&sign.chars().collect::<Vec<_>>()));
                let unknown = if *first == '=' { "Expected '==' to compare" } else { "Unexpected character" };
                let problem = ExpressionProblem::Syntax(unknown);
                let sign = sign.ok_or(ExpressionError { position, problem })?;
                (Word::Sign(sign), sign.len())
            }
        };
        tokens.push(Token { position, word });
        position += length;
    }
    tokens.push(Token { position, word: Word::End });
    Ok(tokens)
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn name(rest: &[char]) -> (Word, usize) {
    let part = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '$');
    let text: String = rest.iter().take_while(|character| part(character)).collect();
    let length = text.len();
    (Word::Name(text), length)
}

fn number(rest: &[char]) -> Option<(Word, usize)> {
    let part = |character: &char| character.is_ascii_alphanumeric() || *character == '.';
    let text: String = rest.iter().take_while(|character| part(character)).collect();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|_| plain)?;
    Some((Word::Number(number), text.len()))
}

/// A string in single or double quotes. A backslash keeps the character after it; a doubled quote, as in SpEL, is one.
fn quoted(rest: &[char], quote: char) -> Option<(Word, usize)> {
    let (mut text, mut position) = (String::new(), 1);
    loop {
        let character = *rest.get(position)?;
        match (character, rest.get(position + 1)) {
            ('\\', Some(escaped)) if matches!(escaped, '\\' | '"' | '\'') => {
                text.push(*escaped);
                position += 2;
            }
            (_, Some(next)) if character == quote && *next == quote => {
                text.push(quote);
                position += 2;
            }
            _ if character == quote => return Some((Word::Text(text), position + 1)),
            _ => {
                text.push(character);
                position += 1;
            }
        }
    }
}
