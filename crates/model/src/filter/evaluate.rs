//! Whether an expression is true of a user, a group or a log event.

use std::cmp::Ordering;

use super::fold::{fold, folded};
use super::{AttributePath, Comparison, Expression, Literal, Operator, TextLiteral};
use crate::timestamp::Timestamp;

/// Something that has attributes to filter by.
pub trait Subject {
    /// Offers each value of the attribute to `test`, until one passes: an array's elements one by one, nothing if the
    /// attribute is absent or null. Returns whether one passed.
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool;
}

/// One value of an attribute, of the type that the vocabulary says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand<'a> {
    /// Text, compared as [`Case`] says.
    Text(&'a str),
    /// An id, compared exactly.
    Identifier(&'a str),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A point in time.
    Instant(Timestamp),
}

impl Operand<'_> {
    /// Whether `pr` counts it: empty text it does not (behaviour.md D.4).
    fn is_present(self) -> bool {
        !matches!(self, Operand::Text("") | Operand::Identifier(""))
    }
}

/// Whether letter case counts when text is compared: in `filter` it does, in `search` not (behaviour.md D.3, D.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Texts are compared as they are.
    Sensitive,
    /// Texts are compared [`fold()`]ed.
    Insensitive,
}

impl Expression {
    /// Whether this is true of `subject` (behaviour.md D.4). A comparison holds if any value of the attribute meets it,
    /// so of an absent attribute none holds but `eq null`, not even `ne`. A value of another type than the literal's
    /// meets nothing.
    #[must_use]
    pub fn matches(&self, subject: &dyn Subject, case: Case) -> bool {
        match self {
            Self::And(operands) => operands.iter().all(|operand| operand.matches(subject, case)),
            Self::Or(operands) => operands.iter().any(|operand| operand.matches(subject, case)),
            Self::Not(negated) => !negated.matches(subject, case),
            Self::Compare(comparison) => comparison.matches(subject, case),
            Self::Present(attribute) => subject.any_value(attribute, &mut |operand| operand.is_present()),
        }
    }
}

impl Comparison {
    /// Whether any value that `subject` has here meets the comparison.
    fn matches(&self, subject: &dyn Subject, case: Case) -> bool {
        match (&self.literal, self.operator) {
            (Literal::Null, Operator::Ne) => subject.any_value(&self.attribute, &mut |_| true),
            (Literal::Null, _) => !subject.any_value(&self.attribute, &mut |_| true),
            _ => subject.any_value(&self.attribute, &mut |operand| self.accepts(operand, case)),
        }
    }

    fn accepts(&self, operand: Operand<'_>, case: Case) -> bool {
        match (operand, &self.literal) {
            (Operand::Text(value), Literal::Text(literal)) => match case {
                Case::Sensitive => self.operator.compares_text(value, literal.as_str()),
                Case::Insensitive => self.operator.compares_folded(value, literal),
            },
            (Operand::Identifier(value), Literal::Text(literal)) => {
                self.operator.compares_text(value, literal.as_str())
            }
            (Operand::Number(value), Literal::Number(literal)) => {
                value.partial_cmp(literal).is_some_and(|ordering| self.operator.accepts(ordering))
            }
            (Operand::Boolean(value), Literal::Boolean(literal)) => self.operator.accepts(value.cmp(literal)),
            (Operand::Instant(value), Literal::Instant(literal)) => self.operator.accepts(value.cmp(literal)),
            _ => false,
        }
    }
}

impl Operator {
    /// Whether a value that stands to the literal in this order meets the operator.
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Sw | Self::Co | Self::Ew => false,
        }
    }

    /// Texts as they are; their order is that of code points.
    fn compares_text(self, value: &str, literal: &str) -> bool {
        match self {
            Self::Sw => value.starts_with(literal),
            Self::Co => value.contains(literal),
            Self::Ew => value.ends_with(literal),
            _ => self.accepts(value.cmp(literal)),
        }
    }

    /// Like [`Self::compares_text`] of the folded texts. The value is folded only as far as needed, and copied only
    /// for `co` and `ew`.
    fn compares_folded(self, value: &str, literal: &TextLiteral) -> bool {
        let literal = literal.folded();
        match self {
            Self::Sw => {
                let mut value = folded(value);
                literal.chars().all(|character| value.next() == Some(character))
            }
            Self::Co | Self::Ew => self.compares_text(&fold(value), literal),
            _ => self.accepts(folded(value).cmp(literal.chars())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogFilter, parse};
    use super::*;
    use proptest::prelude::*;

    /// Attributes and their values; an array is an attribute several times.
    struct Values<'a>(&'a [(&'a str, Operand<'a>)]);

    impl Subject for Values<'_> {
        fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
            self.0.iter().filter(|(name, _)| *name == path.as_str()).any(|(_, value)| test(*value))
        }
    }

    /// `published` and `securityContext.*` are typed in the vocabulary of the log; all else is text there.
    const SUBJECT: Values<'static> = Values(&[
        ("status", Operand::Text("ACTIVE")),
        ("name", Operand::Text("Zoë Ünal")),
        ("empty", Operand::Text("")),
        ("id", Operand::Identifier("00uAb")),
        ("roles", Operand::Text("admin")),
        ("roles", Operand::Text("Reader")),
        ("published", Operand::Instant(Timestamp::from_millis(1_735_689_600_000))),
        ("securityContext.asNumber", Operand::Number(7.5)),
        ("securityContext.isProxy", Operand::Boolean(true)),
    ]);

    fn matches(text: &str, case: Case) -> bool {
        parse(text, &LogFilter).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&SUBJECT, case)
    }

    #[test]
    fn every_operator_has_its_meaning_for_every_type() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("status eq", &["\"ACTIVE\"", "\"active\""], &["\"ACTIV\"", "\"\"", "null"]),
            ("status ne", &["\"STAGED\"", "null"], &["\"active\""]),
            ("status gt", &["\"ACT\"", "\"aaa\"", "\"\""], &["\"active\"", "\"b\""]),
            ("status ge", &["\"Active\"", "\"ACT\""], &["\"activf\""]),
            ("status lt", &["\"STAGED\"", "\"activez\""], &["\"active\"", "\"ACT\""]),
            ("status le", &["\"Active\"", "\"b\""], &["\"activd\""]),
            ("status sw", &["\"act\"", "\"ACTIVE\"", "\"\""], &["\"ctive\"", "\"ACTIVEX\""]),
            ("status co", &["\"TIV\"", "\"active\"", "\"\""], &["\"tvi\"", "\"activex\""]),
            ("status ew", &["\"ive\"", "\"\""], &["\"activ\"", "\"xactive\""]),
            ("name eq", &["\"ZOË ünal\""], &["\"zoe ünal\""]),
            ("name sw", &["\"zoË\"", "\"ZOË Ü\""], &["\"zoe\""]),
            ("name co", &["\"ë Ü\""], &["\"e u\""]),
            ("name ew", &["\"ÜNAL\""], &["\"unal\""]),
            ("id eq", &["\"00uAb\""], &["\"00uab\""]),
            ("id sw", &["\"00uA\""], &["\"00ua\""]),
            ("id gt", &["\"00uAa\""], &["\"00ua\""]),
            ("roles eq", &["\"ADMIN\"", "\"reader\""], &["\"writer\""]),
            ("roles gt", &["\"bbb\""], &["\"writer\""]),
            ("published eq", &["\"2025-01-01\"", "\"2025-01-01T01:00:00+01:00\""], &["\"2025-01-02\""]),
            ("published ne", &["\"2025-01-02\""], &["\"2025-01-01\""]),
            ("published gt", &["\"2024-12-31T23:59:59.999Z\""], &["\"2025-01-01\""]),
            ("published ge", &["\"2025-01-01\""], &["\"2025-01-01T00:00:00.001Z\""]),
            ("published lt", &["\"2025-01-01T00:00:00.001Z\""], &["\"2025-01-01\""]),
            ("published le", &["\"2025-01-01\""], &["\"2024-12-31\""]),
            ("securityContext.asNumber eq", &["7.5", "75e-1"], &["7"]),
            ("securityContext.asNumber ne", &["7"], &["7.5"]),
            ("securityContext.asNumber gt", &["7", "-8"], &["7.5", "10"]),
            ("securityContext.asNumber ge", &["7.5"], &["8"]),
            ("securityContext.asNumber lt", &["10"], &["7.5"]),
            ("securityContext.asNumber le", &["7.5"], &["7.4"]),
            ("securityContext.isProxy eq", &["true"], &["false"]),
            ("securityContext.isProxy ne", &["false"], &["true"]),
            ("absent eq", &["null"], &["\"\""]),
            ("absent ne", &[], &["\"x\"", "null"]),
            ("absent lt", &[], &["\"x\""]),
            ("absent sw", &[], &["\"\""]),
            ("empty eq", &["\"\""], &["null"]),
        ];
        for (comparison, meets, fails) in table {
            for literal in *meets {
                assert!(matches(&format!("{comparison} {literal}"), Case::Insensitive), "{comparison} {literal}");
            }
            for literal in *fails {
                assert!(!matches(&format!("{comparison} {literal}"), Case::Insensitive), "{comparison} {literal}");
            }
        }
    }

    #[test]
    fn case_counts_in_a_case_sensitive_vocabulary() {
        assert!(matches("status eq \"ACTIVE\" and status sw \"ACT\" and status ew \"IVE\"", Case::Sensitive));
        for text in ["status eq \"active\"", "status sw \"act\"", "status co \"tiv\"", "status gt \"aaa\""] {
            assert!(!matches(text, Case::Sensitive), "{text}");
        }
    }

    #[test]
    fn present_wants_a_value_that_is_not_empty_text() {
        for text in ["status pr", "roles pr", "published pr", "securityContext.isProxy pr", "not (empty pr)"] {
            assert!(matches(text, Case::Insensitive), "{text}");
        }
        assert!(!matches("empty pr or absent pr", Case::Insensitive));
        assert!(matches("not (absent pr)", Case::Insensitive));
    }

    #[test]
    fn the_documented_idiom_for_not_equal_works() {
        let idiom = |status: &str| format!("(status lt \"{status}\" or status gt \"{status}\")");
        assert!(matches(&idiom("STAGED"), Case::Insensitive));
        assert!(!matches(&idiom("ACTIVE"), Case::Insensitive));
    }

    #[test]
    fn and_or_and_not_combine_as_in_logic() {
        assert!(matches("absent pr and absent pr or status pr", Case::Insensitive));
        assert!(!matches("absent pr and (absent pr or status pr)", Case::Insensitive));
        assert!(matches("not (status pr and absent pr)", Case::Insensitive));
    }

    #[test]
    fn a_value_of_another_type_than_the_literal_meets_nothing() {
        let subject = Values(&[("published", Operand::Text("2025-01-01")), ("x", Operand::Number(1.0))]);
        for text in ["published ge \"2025-01-01\"", "published le \"2025-01-01\"", "x ne \"2\""] {
            assert!(!parse(text, &LogFilter).unwrap().matches(&subject, Case::Insensitive), "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_on_the_way_means_what_folding_first_means(
            value in "[aAbBςΣσİiéÉ ]{0,6}",
            literal in "[aAbBςΣσİiéÉ ]{0,3}",
        ) {
            for operator in Operator::ALL {
                prop_assert_eq!(
                    operator.compares_folded(&value, &TextLiteral::new(literal.as_str())),
                    operator.compares_text(&fold(&value), &fold(&literal)),
                    "{} {} {}", value, operator, literal
                );
            }
        }
    }
}
