//! Expressions as filter text: what [`super::parse()`] reads back.

use std::fmt;

use super::{AttributePath, Comparison, Expression, Literal, Operator};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(operands) => joined(f, operands, " and "),
            Self::Or(operands) => joined(f, operands, " or "),
            Self::Not(negated) => write!(f, "not ({negated})"),
            Self::Compare(comparison) => comparison.fmt(f),
            Self::Present(attribute) => write!(f, "{attribute} pr"),
        }
    }
}

/// `and` binds tighter than `or`, so only an `or` needs parentheses.
fn joined(f: &mut fmt::Formatter<'_>, operands: &[Expression], word: &str) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        match operand {
            Expression::Or(_) => write!(f, "({operand})")?,
            _ => write!(f, "{operand}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.attribute, self.operator, self.literal)
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => serde_json::Value::from(text.as_str()).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Instant(instant) => write!(f, "\"{instant}\""),
            Self::Null => f.write_str("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogFilter, TextLiteral, parse};
    use super::*;
    use crate::timestamp::Timestamp;
    use proptest::prelude::*;

    fn path() -> impl Strategy<Value = AttributePath> {
        prop_oneof![
            4 => "[a-zA-Z_$][a-zA-Z0-9_$-]{0,5}(\\.[a-zA-Z_$][a-zA-Z0-9_$-]{0,5}){0,2}",
            1 => prop::sample::select(vec!["not", "and", "or", "pr", "eq", "true", "null"]).prop_map(str::to_owned),
        ]
        .prop_map(AttributePath::new)
    }

    fn compare(attribute: AttributePath, operator: Operator, literal: Literal) -> Expression {
        Expression::Compare(Comparison { attribute, operator, literal })
    }

    fn known(path: &'static str, operators: usize, literal: BoxedStrategy<Literal>) -> BoxedStrategy<Expression> {
        (prop::sample::select(Operator::ALL[..operators].to_vec()), literal)
            .prop_map(move |(operator, literal)| compare(AttributePath::new(path), operator, literal))
            .boxed()
    }

    fn term() -> impl Strategy<Value = Expression> {
        let text = prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter);
        prop_oneof![
            (path(), prop::sample::select(Operator::ALL.to_vec()), text).prop_map(|(path, operator, text)| compare(
                path,
                operator,
                Literal::Text(TextLiteral::new(text))
            )),
            (path(), any::<bool>()).prop_map(|(path, equal)| {
                compare(path, if equal { Operator::Eq } else { Operator::Ne }, Literal::Null)
            }),
            known("securityContext.isProxy", 2, any::<bool>().prop_map(Literal::Boolean).boxed()),
            known("securityContext.asNumber", 6, (-1e30..1e30).prop_map(Literal::Number).boxed()),
            known("securityContext.asNumber", 6, any::<i32>().prop_map(|n| Literal::Number(n.into())).boxed()),
            known(
                "published",
                6,
                (0..4_000_000_000_000_i64).prop_map(|millis| Literal::Instant(Timestamp::from_millis(millis))).boxed()
            ),
            path().prop_map(Expression::Present),
        ]
    }

    fn expression() -> impl Strategy<Value = Expression> {
        term().prop_recursive(6, 30, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::and),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::or),
                inner.prop_map(|negated| Expression::Not(Box::new(negated))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(expression in expression()) {
            let text = expression.to_string();
            prop_assert_eq!(parse(&text, &LogFilter), Ok(expression), "{}", text);
        }
    }

    #[test]
    fn only_what_binds_looser_is_put_in_parentheses() {
        let table = [
            ("((a pr) and (b pr))", "a pr and b pr"),
            ("a pr and (b pr or c pr)", "a pr and (b pr or c pr)"),
            ("(a pr and b pr) or c pr", "a pr and b pr or c pr"),
            ("NOT(a EQ\"\\u0041\\\"\")", "not (a eq \"A\\\"\")"),
            ("published Gt \"2025-01-01\"", "published gt \"2025-01-01T00:00:00.000Z\""),
        ];
        for (text, printed) in table {
            assert_eq!(parse(text, &LogFilter).unwrap().to_string(), printed);
        }
    }
}
