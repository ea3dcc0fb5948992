//! Text to nodes: a recursive descent over the words, loosest operator first.

use super::function::Function;
use super::token::{Token, Word, tokens};
use super::{ExpressionError, ExpressionProblem, Kind, MAX_NESTING, Node, Operator, Value};

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0 };
    let root = parser.choice()?;
    match parser.peek().word {
        Word::End => Ok(root),
        _ => Err(parser.refuse("Expected an operator or the end")),
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    next: usize,
    depth: usize,
}

/// What stands after the last word, should anybody look there.
static END: Token = Token { position: 0, word: Word::End };

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).or_else(|| self.tokens.last()).unwrap_or(&END)
    }

    fn refuse(&self, expected: &'static str) -> ExpressionError {
        ExpressionError { position: self.peek().position, problem: ExpressionProblem::Syntax(expected) }
    }

    /// Takes the next word if it is this sign.
    fn take(&mut self, sign: &str) -> bool {
        let taken = matches!(self.peek().word, Word::Sign(next) if next == sign);
        self.next += usize::from(taken);
        taken
    }

    /// Takes the next word if it is this word, in any letter case.
    fn take_word(&mut self, word: &str) -> bool {
        let taken = matches!(&self.peek().word, Word::Name(next) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(taken);
        taken
    }

    fn expect(&mut self, sign: &str, expected: &'static str) -> Result<(), ExpressionError> {
        if self.take(sign) { Ok(()) } else { Err(self.refuse(expected)) }
    }

    /// Reads something nested.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>) -> Result<T, ExpressionError> {
        if self.depth == MAX_NESTING {
            return Err(ExpressionError { position: self.peek().position, problem: ExpressionProblem::TooDeep });
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn choice(&mut self) -> Result<Node, ExpressionError> {
        let condition = self.or()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.deeper(Self::choice)?;
        self.expect(":", "Expected ':' between the two values")?;
        let otherwise = self.deeper(Self::choice)?;
        Ok(Node { position: condition.position, kind: Kind::Choice(Box::new([condition, then, otherwise])) })
    }

    fn or(&mut self) -> Result<Node, ExpressionError> {
        self.chain(Self::and, |parser| (parser.take("||") || parser.take_word("OR")).then_some(Operator::Or))
    }

    fn and(&mut self) -> Result<Node, ExpressionError> {
        self.chain(Self::comparison, |parser| (parser.take("&&") || parser.take_word("AND")).then_some(Operator::And))
    }

    fn comparison(&mut self) -> Result<Node, ExpressionError> {
        const COMPARISONS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ];
        let left = self.sum()?;
        let operator = COMPARISONS.into_iter().find(|(sign, _)| self.take(sign)).map(|(_, operator)| operator);
        let Some(operator) = operator else { return Ok(left) };
        let right = self.sum()?;
        Ok(binary(operator, left, right))
    }

    fn sum(&mut self) -> Result<Node, ExpressionError> {
        self.chain(Self::unary, |parser| parser.take("+").then_some(Operator::Plus))
    }

    fn chain(
        &mut self,
        operand: impl Fn(&mut Self) -> Result<Node, ExpressionError>,
        operator: impl Fn(&mut Self) -> Option<Operator>,
    ) -> Result<Node, ExpressionError> {
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some(operator) = operator(self) {
            // A chain leans to the left, so its length is depth as well.
            length += 1;
            if length > MAX_NESTING * 4 {
                return Err(ExpressionError { position: left.position, problem: ExpressionProblem::TooDeep });
            }
            let right = operand(self)?;
            left = binary(operator, left, right);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, ExpressionError> {
        let position = self.peek().position;
        if self.take("!") || self.take_word("NOT") {
            let operand = self.deeper(Self::unary)?;
            return Ok(Node { position, kind: Kind::Not(Box::new(operand)) });
        }
        if self.take("-") {
            let Word::Number(number) = self.peek().word else { return Err(self.refuse("Expected a number after '-'")) };
            self.next += 1;
            return Ok(Node { position, kind: Kind::Literal(Value::Number(-number)) });
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Node, ExpressionError> {
        let Token { position, word } = self.peek().clone();
        self.next += 1;
        let kind = match word {
            Word::Text(text) => Kind::Literal(Value::Text(text)),
            Word::Number(number) => Kind::Literal(Value::Number(number)),
            Word::Sign("(") => {
                let inner = self.deeper(Self::choice)?;
                self.expect(")", "Expected ')'")?;
                return Ok(inner);
            }
            Word::Sign("{") => Kind::Array(self.list("}", "Expected ',' or '}'")?),
            Word::Name(name) => return self.named(position, &name),
            Word::Sign(_) | Word::End => {
                self.next -= 1;
                return Err(self.refuse("Expected a value"));
            }
        };
        Ok(Node { position, kind })
    }

    /// A literal word, an attribute or a call.
    fn named(&mut self, position: usize, name: &str) -> Result<Node, ExpressionError> {
        let kind = if self.take("(") {
            let arguments = self.list(")", "Expected ',' or ')'")?;
            let problem = || ExpressionProblem::UnknownFunction(name.to_owned());
            let function = Function::named(name).ok_or_else(|| ExpressionError { position, problem: problem() })?;
            if !function.takes(arguments.len()) {
                let problem = ExpressionProblem::WrongCount { function: function.name, given: arguments.len() };
                return Err(ExpressionError { position, problem });
            }
            Kind::Call(function, arguments)
        } else if let Some(attribute) = name.strip_prefix("user.") {
            Kind::Attribute(attribute.to_owned())
        } else if name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false") {
            Kind::Literal(Value::Boolean(name.eq_ignore_ascii_case("true")))
        } else if name.eq_ignore_ascii_case("null") {
            Kind::Literal(Value::Null)
        } else {
            return Err(ExpressionError { position, problem: ExpressionProblem::UnknownAttribute(name.to_owned()) });
        };
        Ok(Node { position, kind })
    }

    /// Values up to `closing`.
    fn list(&mut self, closing: &str, expected: &'static str) -> Result<Vec<Node>, ExpressionError> {
        let mut items = Vec::new();
        if self.take(closing) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(Self::choice)?);
            if self.take(closing) {
                return Ok(items);
            }
            self.expect(",", expected)?;
        }
    }
}

fn binary(operator: Operator, left: Node, right: Node) -> Node {
    Node { position: left.position, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) }
}
