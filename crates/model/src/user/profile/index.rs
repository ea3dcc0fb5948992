//! What the search index holds of a profile.

use std::collections::HashSet;

use serde_json::Value;

use super::Profile;
use crate::filter::fold;
use crate::user::schema::ProfileSchema;

/// Characters of a text that the index holds.
const INDEXED_CHARACTERS: usize = 200;

impl Profile {
    /// The rows of the search index: attribute and value, for each value of each indexed attribute, equal ones once.
    /// An empty text has a row too: only `pr` passes it over (behaviour.md D.4).
    #[must_use]
    pub fn index_values(&self, schema: &ProfileSchema) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        for (name, value) in self.iter().filter(|(name, _)| schema.indexed(name)) {
            let values = match value {
                Value::Array(items) => items.as_slice(),
                scalar => std::slice::from_ref(scalar),
            };
            let mut seen = HashSet::new();
            let texts = values.iter().filter_map(index_value).filter(|text| seen.insert(text.clone()));
            rows.extend(texts.map(|text| (name.to_owned(), text)));
        }
        rows
    }
}

fn index_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(index_text(text)),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => number.as_f64().map(index_number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text as the index has it: without letter case, and cut to 200 characters. Two texts that agree in those have the
/// same row, so a match of 200 characters must be looked at again in the profile.
#[must_use]
pub fn index_text(text: &str) -> String {
    fold(text).chars().take(INDEXED_CHARACTERS).collect()
}

/// A number as the index has it: 16 hexadecimal digits whose order is the order of the numbers. Whole numbers beyond
/// 2^53 share a text with their neighbours.
#[must_use]
pub fn index_number(number: f64) -> String {
    const SIGN: u64 = 1 << 63;
    // Adding zero makes the negative zero the ordinary one, to which it is equal.
    let bits = (number + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    format!("{ordered:016x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_made_for_each_value_of_each_indexed_attribute() {
        let mut schema = ProfileSchema::default();
        let list = json!({ "title": "T", "type": "array", "items": { "type": "string" } });
        let custom = json!({ "tags": list, "on": { "title": "T", "type": "boolean" }, "n": { "title": "T", "type": "integer" } });
        schema.merge(&json!({ "definitions": { "custom": { "properties": custom } } })).unwrap();
        let input = json!({
            "login": "ike@example.com", "email": "Ike@Example.com", "firstName": "ÅSA", "lastName": "L".repeat(50),
            "zipCode": "98027", "title": "", "tags": ["B", "a", "b", ""], "on": true, "n": -1,
        });
        let profile = schema.create(input.as_object().unwrap()).unwrap();
        let number = index_number(-1.0);
        let last = "l".repeat(50);
        let expected = [
            ("firstName", "åsa"),
            ("lastName", &*last),
            ("title", ""),
            ("tags", "b"),
            ("tags", "a"),
            ("tags", ""),
            ("on", "true"),
            ("n", &*number),
            ("email", "ike@example.com"),
        ];
        let rows = profile.index_values(&schema);
        assert_eq!(rows.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_long_text_is_cut_to_200_characters() {
        assert_eq!(index_text(&"É".repeat(300)), "é".repeat(200));
    }

    #[test]
    fn both_zeros_are_one() {
        assert_eq!(index_number(-0.0), index_number(0.0));
    }

    proptest! {
        #[test]
        fn index_number_preserves_order(first: f64, second: f64) {
            let by_text = index_number(first).cmp(&index_number(second));
            prop_assert_eq!(Some(by_text), first.partial_cmp(&second));
            prop_assert_eq!(index_number(first).len(), 16);
        }

        #[test]
        fn index_number_preserves_the_order_of_neighbours(number: i32) {
            prop_assert!(index_number(f64::from(number)) < index_number(f64::from(number).next_up()));
            prop_assert!(index_number(f64::from(number)) < index_number(f64::from(number) + 1.0));
        }
    }
}
