//! Group rules: who is put into which groups, by a condition over users.

use serde_json::{Map, Value};

use crate::error::{ErrorCode, Problem, Violation};
use crate::expression::{Expression, ExpressionError, Type};
use crate::user::attribute::AttributeType;

/// The only `type` of a rule.
pub const RULE_TYPE: &str = "group_rule";

/// The only `type` of a rule's expression.
pub const EXPRESSION_TYPE: &str = "urn:okta:expression:1.0";

/// Whom a rule may leave out at most.
const MAX_EXCLUSIONS: usize = 100;

/// What a rule is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleStatus {
    /// Nothing: new, or deactivated. Those it put into its groups stay.
    Inactive,
    /// It decides.
    Active,
    /// Nothing, since a group or an attribute that it names is gone.
    Invalid,
}

impl RuleStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Inactive, Self::Active, Self::Invalid];

    /// As the wire spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "INACTIVE",
            Self::Active => "ACTIVE",
            Self::Invalid => "INVALID",
        }
    }

    /// Refuses what only an inactive rule takes: a change.
    ///
    /// # Errors
    /// E0000001 if it is not inactive.
    pub fn allow_update(self) -> Result<(), Problem> {
        match self {
            Self::Inactive => Ok(()),
            Self::Active | Self::Invalid => Err(status_refused("Only a rule that is INACTIVE can be updated")),
        }
    }

    /// Refuses an activation or deactivation of a rule that can do nothing any more.
    ///
    /// # Errors
    /// E0000001 if it is invalid.
    pub fn allow_lifecycle(self) -> Result<(), Problem> {
        match self {
            Self::Inactive | Self::Active => Ok(()),
            Self::Invalid => Err(status_refused("A rule that is INVALID can only be deleted")),
        }
    }
}

fn status_refused(text: &str) -> Problem {
    Problem::violations(&[Violation::new("status", text)])
}

/// A rule as a caller asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleInput {
    /// Its name.
    pub name: String,
    /// Its condition, as written.
    pub text: String,
    /// Its condition.
    pub expression: Expression,
    /// The ids of the groups it puts users into, each once.
    pub group_ids: Vec<String>,
    /// The ids of those it leaves out, each once.
    pub excluded: Vec<String>,
}

impl RuleInput {
    /// Reads a body.
    ///
    /// # Errors
    /// E0000003 for a member of another JSON type, E0000001 with what is missing or cannot be.
    pub fn read(body: &Map<String, Value>) -> Result<Self, Problem> {
        let mut violations = Vec::new();
        let name = text_at(body, &["name"])?.unwrap_or_default();
        match name.trim().chars().count() {
            0 => violations.push(Violation::new("name", "The field cannot be left blank")),
            1..=50 => {}
            _ => violations.push(Violation::new("name", "The field is too long")),
        }
        for (path, only) in [(&["type"][..], RULE_TYPE), (&["conditions", "expression", "type"], EXPRESSION_TYPE)] {
            if text_at(body, path)?.is_some_and(|given| given != only) {
                violations.push(Violation::new(path.join("."), format!("The field must be '{only}'")));
            }
        }
        let text = text_at(body, &["conditions", "expression", "value"])?.unwrap_or_default();
        if text.trim().is_empty() {
            violations.push(Violation::new("conditions.expression.value", "The field cannot be left blank"));
        }
        let group_ids = texts_at(body, &["actions", "assignUserToGroups", "groupIds"])?;
        if group_ids.is_empty() {
            violations.push(Violation::new("actions.assignUserToGroups.groupIds", "The field cannot be left blank"));
        }
        let excluded = texts_at(body, &["conditions", "people", "users", "exclude"])?;
        if excluded.len() > MAX_EXCLUSIONS {
            let rule = format!("No more than {MAX_EXCLUSIONS} users may be given");
            violations.push(Violation::new("conditions.people.users.exclude", rule));
        }
        if !texts_at(body, &["conditions", "people", "groups", "exclude"])?.is_empty() {
            violations.push(Violation::new("conditions.people.groups.exclude", "The field is not supported"));
        }
        if !violations.is_empty() {
            return Err(Problem::violations(&violations));
        }
        let expression = Expression::parse(text).map_err(|error| expression_refused(&error))?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), expression, group_ids, excluded })
    }
}

/// What a real org answers to an expression that it cannot take.
#[must_use]
pub fn expression_refused(error: &ExpressionError) -> Problem {
    Problem::new(ErrorCode::ApiValidation).about("validateRule").because(error.to_string())
}

/// What an attribute of this type is in an expression.
#[must_use]
pub const fn expression_type(attribute: AttributeType) -> Type {
    match attribute {
        AttributeType::String => Type::Text,
        AttributeType::Boolean => Type::Boolean,
        AttributeType::Integer | AttributeType::Number => Type::Number,
        AttributeType::Array(_) => Type::List,
    }
}

/// The value at a path; null is the same as absent.
fn at<'a>(body: &'a Map<String, Value>, path: &[&str]) -> Result<Option<&'a Value>, Problem> {
    let Some((first, rest)) = path.split_first() else { return Ok(None) };
    match body.get(*first) {
        None | Some(Value::Null) => Ok(None),
        Some(value) if rest.is_empty() => Ok(Some(value)),
        Some(Value::Object(members)) => at(members, rest),
        Some(_) => Err(Problem::new(ErrorCode::NotWellFormed)),
    }
}

fn text_at<'a>(body: &'a Map<String, Value>, path: &[&str]) -> Result<Option<&'a str>, Problem> {
    match at(body, path)? {
        None => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => {
            Err(Problem::violations(&[Violation::new(path.join("."), "The field has an invalid value")]))
        }
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::new(ErrorCode::NotWellFormed)),
    }
}

/// The texts of a list, each once, in the order given.
fn texts_at(body: &Map<String, Value>, path: &[&str]) -> Result<Vec<String>, Problem> {
    let mut texts: Vec<String> = Vec::new();
    match at(body, path)? {
        None => {}
        Some(Value::Array(items)) => {
            for item in items {
                // PostgreSQL can hold no NUL.
                let text = item.as_str().filter(|text| !text.contains('\0'));
                let text = text.ok_or_else(|| Problem::new(ErrorCode::NotWellFormed))?;
                if !texts.iter().any(|known| known == text) {
                    texts.push(text.to_owned());
                }
            }
        }
        Some(_) => return Err(Problem::new(ErrorCode::NotWellFormed)),
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value) -> Result<RuleInput, Problem> {
        RuleInput::read(body.as_object().unwrap())
    }

    fn body(name: &str, expression: &str) -> Value {
        json!({
            "type": "group_rule",
            "name": name,
            "conditions": { "expression": { "value": expression, "type": "urn:okta:expression:1.0" } },
            "actions": { "assignUserToGroups": { "groupIds": ["00g1", "00g2", "00g1"] } },
        })
    }

    #[test]
    fn a_rule_is_read() {
        let rule = read(&body("Sales", "user.department == 'Sales'")).unwrap();
        assert_eq!((rule.name.as_str(), rule.text.as_str()), ("Sales", "user.department == 'Sales'"));
        assert_eq!((rule.group_ids.len(), rule.excluded.len()), (2, 0));
    }

    #[test]
    fn every_violation_is_told() {
        let causes = read(&json!({ "name": " ", "type": "other" })).unwrap_err().causes;
        assert_eq!(causes.len(), 4, "{causes:?}");
        assert_eq!(read(&body(&"x".repeat(51), "true")).unwrap_err().causes, ["name: The field is too long"]);
        assert_eq!(read(&body("A", "user.")).map(|_| ()), Ok(()), "what attributes there are, the schemas know");
        let refused = read(&body("A", "user.a ==")).unwrap_err();
        assert_eq!((refused.argument.as_str(), refused.causes.len()), ("validateRule", 1));
        for other in
            [json!({ "name": 1 }), json!({ "conditions": "x" }), json!({ "actions": { "assignUserToGroups": [] } })]
        {
            assert_eq!(read(&other).unwrap_err().code, ErrorCode::NotWellFormed);
        }
    }
}
