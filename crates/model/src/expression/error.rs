//! Why an expression is refused.

use thiserror::Error;

use super::{MAX_CHARACTERS, MAX_NESTING, Type};

/// An expression that is refused, where and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (at position {position})")]
pub struct ExpressionError {
    /// Characters in front of what is wrong.
    pub position: usize,
    /// What is wrong.
    pub problem: ExpressionProblem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionProblem {
    /// The text does not follow the grammar; says what it should have been.
    #[error("{0}.")]
    Syntax(&'static str),
    /// No user type has this attribute.
    #[error("Invalid property {0} in expression.")]
    UnknownAttribute(String),
    /// The language has no such function, or a rule may not call it.
    #[error("Function {0} is not supported.")]
    UnknownFunction(String),
    /// A function that was given more or fewer arguments than it takes.
    #[error("Parameter count mismatch in function {function}: {given} given.")]
    WrongCount {
        /// Its name.
        function: &'static str,
        /// How many arguments it was given.
        given: usize,
    },
    /// A value of one type where another is needed.
    #[error("{what} must be {}, not {}.", expected.described(), found.described())]
    WrongType {
        /// What has the wrong type.
        what: String,
        /// What it should be.
        expected: Type,
        /// What it is.
        found: Type,
    },
    /// A pattern that is no regular expression.
    #[error("The pattern is not a regular expression.")]
    BadPattern,
    /// Longer than [`MAX_CHARACTERS`].
    #[error("It is longer than {MAX_CHARACTERS} characters.")]
    TooLong,
    /// Nested deeper than [`MAX_NESTING`].
    #[error("It is nested deeper than {MAX_NESTING}.")]
    TooDeep,
}
