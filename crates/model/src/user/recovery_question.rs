//! The recovery question: how users prove who they are when they forgot their password (behaviour.md E.8).

use std::fmt;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::error::Violation;
use crate::filter::fold;

/// Characters that an answer must have, the spaces around it aside: what a real org's policy is shipped with, and the
/// least that a policy may ask for.
const MIN_ANSWER_LENGTH: usize = 4;

/// Characters that a question or an answer may have.
const MAX_LENGTH: usize = 100;

/// The field that the violations are on.
const FIELD: &str = "recovery_question";

/// A question and its answer, both good. `Debug` prints the question alone.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryQuestion {
    question: String,
    answer: String,
}

impl RecoveryQuestion {
    /// Reads `credentials.recovery_question` of a request that sets it: it needs both question and answer.
    ///
    /// # Errors
    ///
    /// Every rule broken, on the field `recovery_question`.
    pub fn from_json(recovery_question: &Value) -> Result<Self, Vec<Violation>> {
        let Value::Object(members) = recovery_question else {
            return Err(vec![violation("The field must be of type object")]);
        };
        let (question, answer) = match (text(members, "question"), text(members, "answer")) {
            (Ok(question), Ok(answer)) => (question, answer),
            (Err(violation), _) | (_, Err(violation)) => return Err(vec![violation]),
        };
        let violations: Vec<_> = refusals(question, answer).into_iter().map(|text| violation(&text)).collect();
        if violations.is_empty() {
            Ok(Self { question: question.to_owned(), answer: answer.to_owned() })
        } else {
            Err(violations)
        }
    }

    /// The question as given: all that is ever shown.
    #[must_use]
    pub fn question(&self) -> &str {
        &self.question
    }

    /// Whether the answer is as long as a policy asks for.
    ///
    /// # Errors
    /// The violation, if it is shorter.
    pub fn check_length(&self, minimum: u32) -> Result<(), Violation> {
        let minimum = minimum as usize;
        let long_enough = self.folded_answer().chars().count() >= minimum;
        if long_enough { Ok(()) } else { Err(violation(&too_short(minimum))) }
    }

    /// What to store a hash of: the [folded](fold_answer) answer.
    #[must_use]
    pub fn folded_answer(&self) -> String {
        fold_answer(&self.answer)
    }
}

impl fmt::Debug for RecoveryQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryQuestion").field("question", &self.question).field("answer", &"…").finish()
    }
}

/// An answer without what users don't remember: outer spaces, letter case, and how their keyboard composed its
/// characters. Two answers are the same if these are.
#[must_use]
pub fn fold_answer(answer: &str) -> String {
    fold(&answer.trim().nfc().collect::<String>()).nfc().collect()
}

fn violation(text: &str) -> Violation {
    Violation::new(FIELD, text)
}

/// A member that must be a text with something in it.
fn text<'a>(members: &'a Map<String, Value>, member: &str) -> Result<&'a str, Violation> {
    match members.get(member).unwrap_or(&Value::Null) {
        Value::Null => Err(violation("The field cannot be left blank")),
        Value::String(text) if text.trim().is_empty() => Err(violation("The field cannot be left blank")),
        Value::String(text) => Ok(text),
        _ => Err(violation("The field must be of type string")),
    }
}

fn too_short(minimum: usize) -> String {
    format!("The security question answer must be at least {minimum} characters in length")
}

fn refusals(question: &str, answer: &str) -> Vec<String> {
    let folded = fold_answer(answer);
    let mut texts = Vec::new();
    if question.contains('\0') {
        texts.push("The field has an invalid value".to_owned());
    }
    if question.chars().count() > MAX_LENGTH {
        texts.push(format!("The security question must be at most {MAX_LENGTH} characters in length"));
    }
    if folded.chars().count() < MIN_ANSWER_LENGTH {
        texts.push(too_short(MIN_ANSWER_LENGTH));
    }
    if answer.chars().count() > MAX_LENGTH {
        texts.push(format!("The security question answer must be at most {MAX_LENGTH} characters in length"));
    }
    if fold_answer(question).contains(&folded) {
        texts.push("The security question answer must not be part of the question".to_owned());
    }
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(question: &str, answer: &str) -> Result<RecoveryQuestion, Vec<String>> {
        let input = json!({ "question": question, "answer": answer });
        let text = |violation: Violation| format!("{}: {}", violation.field, violation.text);
        RecoveryQuestion::from_json(&input).map_err(|violations| violations.into_iter().map(text).collect())
    }

    #[test]
    fn a_question_keeps_its_spelling_and_folds_its_answer() {
        let parsed = parse("Who's a major player in the cowboy scene?", " Annie OAKLEY ").unwrap();
        assert_eq!(parsed.question(), "Who's a major player in the cowboy scene?");
        assert_eq!(parsed.folded_answer(), "annie oakley");
        assert!(!format!("{parsed:?}").contains("OAKLEY"));
    }

    #[test]
    fn a_question_needs_an_answer_and_the_reverse() {
        for input in [json!({}), json!({ "question": "Who?" }), json!({ "question": " ", "answer": "Annie" })] {
            let violations = RecoveryQuestion::from_json(&input).unwrap_err();
            assert_eq!(violations, [violation("The field cannot be left blank")]);
        }
        assert!(RecoveryQuestion::from_json(&json!({ "question": 1, "answer": "x" })).is_err());
        assert!(RecoveryQuestion::from_json(&json!("Who?")).is_err());
    }

    #[test]
    fn lengths_are_limited() {
        let short = "recovery_question: The security question answer must be at least 4 characters in length";
        assert_eq!(parse("Who?", " abc ").unwrap_err(), [short]);
        assert!(parse(&"Q".repeat(100), &"a".repeat(100)).is_ok());
        assert_eq!(parse(&"Q".repeat(101), &"a".repeat(101)).unwrap_err().len(), 2);
    }

    #[test]
    fn the_answer_must_not_be_in_the_question() {
        assert_eq!(parse("Is it Annie or Calamity?", "ANNIE").unwrap_err().len(), 1);
    }

    proptest! {
        #[test]
        fn folding_an_answer_twice_is_folding_it_once(answer: String) {
            let once = fold_answer(&answer);
            prop_assert_eq!(fold_answer(&once), once);
        }
    }
}
