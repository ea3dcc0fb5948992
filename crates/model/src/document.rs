//! Documents: JSON that is kept as it was sent, over defaults.

use serde_json::{Map, Value};

use crate::error::{ErrorCode, Problem};

/// Lays what was given over a default. A null leaves an object or list as it is, and is itself a value elsewhere.
///
/// # Errors
/// E0000003 where a member has another JSON type than its default.
pub fn merge(default: &mut Value, given: &Value) -> Result<(), Problem> {
    match (default, given) {
        (Value::Object(_) | Value::Array(_), Value::Null) => {}
        (Value::Object(members), Value::Object(given)) => merge_members(members, given)?,
        (default @ Value::Null, given) => *default = given.clone(),
        (default, given) if given.is_null() || std::mem::discriminant(default) == std::mem::discriminant(given) => {
            *default = given.clone();
        }
        _ => return Err(Problem::new(ErrorCode::NotWellFormed)),
    }
    Ok(())
}

fn merge_members(members: &mut Map<String, Value>, given: &Map<String, Value>) -> Result<(), Problem> {
    for (name, value) in given {
        match members.get_mut(name) {
            Some(default) => merge(default, value)?,
            None => drop(members.insert(name.clone(), value.clone())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_given_lies_over_the_defaults() {
        let mut document = json!({ "a": { "b": 1, "c": null }, "d": [1], "e": true });
        merge(&mut document, &json!({ "a": { "b": 2, "f": {} }, "d": null, "e": null, "g": "x" })).unwrap();
        assert_eq!(document, json!({ "a": { "b": 2, "c": null, "f": {} }, "d": [1], "e": null, "g": "x" }));
        for other in [json!({ "a": 1 }), json!({ "a": { "b": "2" } }), json!({ "d": {} })] {
            assert_eq!(merge(&mut document, &other).unwrap_err().code, ErrorCode::NotWellFormed);
        }
    }
}
