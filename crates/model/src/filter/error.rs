//! Why a filter is refused.

use thiserror::Error;

use super::{MAX_CHARACTERS, MAX_NESTING, MAX_TERMS, ValueType};

/// A filter that is refused, where and why. Its text is the error cause beside E0000031 (behaviour.md D.6).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("The search criteria is invalid at position {position}: {problem}")]
pub struct FilterError {
    /// Characters in front of what is wrong.
    pub position: usize,
    /// What is wrong.
    pub problem: FilterProblem,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FilterProblem {
    /// The text does not follow the grammar (behaviour.md D.4); says what it should have been.
    #[error("{0}.")]
    Syntax(&'static str),
    /// The endpoint knows no such attribute, or does not filter by it.
    #[error("'{path}' is not an attribute that can be filtered by.")]
    UnknownAttribute {
        /// The path, as it was written.
        path: String,
    },
    /// The attribute does not take this operator.
    #[error("The operator '{operator}' is not supported for '{attribute}'.")]
    OperatorNotAllowed {
        /// The attribute's path.
        attribute: String,
        /// The operator: one of [`super::Operator`] or `pr`.
        operator: &'static str,
    },
    /// The endpoint does not take `not` (behaviour.md D.3).
    #[error("The operator 'not' is not supported.")]
    NotNotAllowed,
    /// The literal is not of the attribute's type.
    #[error("The value of '{attribute}' must be {}.", described(*.expected))]
    WrongLiteral {
        /// The attribute's path.
        attribute: String,
        /// What it should have been.
        expected: ValueType,
    },
    /// `null` with an operator other than `eq` and `ne`.
    #[error("The operator '{operator}' does not compare with null.")]
    NullNotComparable {
        /// The operator.
        operator: &'static str,
    },
    /// A date attribute is compared with a string that is no date: E0000030 rather than E0000031 in `filter` (D.6).
    #[error("The value of '{attribute}' is not an ISO 8601 date.")]
    BadDate {
        /// The attribute's path.
        attribute: String,
    },
    /// Longer than [`MAX_CHARACTERS`].
    #[error("It is longer than {MAX_CHARACTERS} characters.")]
    TooLong,
    /// More than [`MAX_NESTING`] parentheses in each other.
    #[error("Parentheses are nested deeper than {MAX_NESTING}.")]
    TooDeep,
    /// More than [`MAX_TERMS`] comparisons.
    #[error("It has more than {MAX_TERMS} terms.")]
    TooManyTerms,
}

fn described(expected: ValueType) -> &'static str {
    match expected {
        ValueType::Text | ValueType::Identifier => "a string in double quotes",
        ValueType::Number => "a number without quotes",
        ValueType::Boolean => "true or false",
        ValueType::Instant => "a date in double quotes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_a_sentence_with_its_position() {
        let error = FilterError {
            position: 12,
            problem: FilterProblem::WrongLiteral { attribute: "created".to_owned(), expected: ValueType::Instant },
        };
        assert_eq!(
            error.to_string(),
            "The search criteria is invalid at position 12: The value of 'created' must be a date in double quotes."
        );
    }
}
