//! How a profile is made and changed: every rule of behaviour.md E.6, broken ones reported together.

use serde_json::{Map, Value};

use super::{Profile, ProfileError};
use crate::error::Violation;
use crate::user::attribute::{Attribute, AttributeType, Format};
use crate::user::login::LoginPattern;
use crate::user::schema::{ProfileSchema, holds_nul};

impl ProfileSchema {
    /// The profile of a new user. A request without a profile is an empty one: four fields left blank.
    ///
    /// # Errors
    ///
    /// Attributes that the schema doesn't have; otherwise every rule broken.
    pub fn create(&self, input: &Map<String, Value>) -> Result<Profile, ProfileError> {
        self.check(input, |_| true)?;
        Ok(Profile::in_print_order(self, |name| input.get(name)))
    }

    /// `POST /users/{id}`: `current` with the attributes of `input`, where a null clears one (behaviour.md C.4).
    /// Only what is named is checked: a profile that an older schema took may stay as it is elsewhere.
    ///
    /// # Errors
    ///
    /// Attributes that the schema doesn't have; otherwise every rule broken by `input`.
    pub fn merge_profile(&self, current: &Profile, input: &Map<String, Value>) -> Result<Profile, ProfileError> {
        self.check(input, |name| input.contains_key(name))?;
        let current = self.conform(current);
        Ok(Profile::in_print_order(self, |name| input.get(name).or_else(|| current.get(name))))
    }

    /// `PUT /users/{id}`: the attributes of `input` and no others (behaviour.md C.5). The rules are those of
    /// [`ProfileSchema::create`].
    ///
    /// # Errors
    ///
    /// As [`ProfileSchema::create`].
    pub fn replace(&self, input: &Map<String, Value>) -> Result<Profile, ProfileError> {
        self.create(input)
    }

    /// What is left of a profile under this schema: values whose attribute is gone, or now has another JSON type, are
    /// dropped. For the profiles of a type whose schema has changed (behaviour.md E.2).
    #[must_use]
    pub fn conform(&self, profile: &Profile) -> Profile {
        let fits = |name: &str, value: &&Value| self.attribute_type(name).is_some_and(|known| known.fits(value));
        Profile::in_print_order(self, |name| profile.get(name).filter(|value| fits(name, value)))
    }

    /// The profile of a user who moves to this schema's type and brings no new one: what [conforms](Self::conform),
    /// if that is enough (behaviour.md C.5).
    ///
    /// # Errors
    ///
    /// Every rule of this schema that it breaks, such as a required attribute that the old type didn't have.
    pub fn adopt(&self, profile: &Profile) -> Result<Profile, ProfileError> {
        let conforming = self.conform(profile);
        self.check(&conforming.0, |_| true)?;
        Ok(conforming)
    }

    /// Checks the attributes that `concerns` names, in schema order.
    fn check(&self, input: &Map<String, Value>, concerns: impl Fn(&str) -> bool) -> Result<(), ProfileError> {
        let undefined: Vec<_> = input.keys().filter(|name| self.attribute(name).is_none()).cloned().collect();
        if !undefined.is_empty() {
            return Err(ProfileError::UndefinedProperties(undefined));
        }
        let value_of = |name: &str| input.get(name).unwrap_or(&Value::Null);
        let mut violations = Vec::new();
        for attribute in self.attributes().filter(|attribute| concerns(attribute.name)) {
            if let Some(text) = refusal(&attribute, value_of(attribute.name)) {
                violations.push(Violation::new(attribute.name, text));
            }
        }
        // A real org looks at the form of the login after all fields, and also when it is blank (behaviour.md E.6).
        if concerns("login") {
            let text = login_form_refusal(&self.login_pattern(), value_of("login"));
            violations.extend(text.map(|text| Violation::new("login", text)));
        }
        if violations.is_empty() { Ok(()) } else { Err(ProfileError::Invalid(violations)) }
    }
}

/// Why `value` isn't one of `attribute`: the first rule that it breaks.
pub(crate) fn refusal(attribute: &Attribute<'_>, value: &Value) -> Option<String> {
    if is_blank(value) && attribute.required {
        return Some("The field cannot be left blank".to_owned());
    }
    // An optional base attribute takes an empty text as it is, whatever its form and length (behaviour.md C.4).
    if value.is_null() || (attribute.base && value == "") {
        return None;
    }
    if !attribute.attribute_type.fits(value) {
        return Some(type_text(attribute.attribute_type));
    }
    let text = if holds_nul(value) {
        Some("The field has an invalid value")
    } else if let Some(text) = value.as_str().and_then(|text| length_refusal(attribute, text)) {
        Some(text)
    } else if !is_allowed(attribute, value) {
        Some("The value is not in the allowed list")
    } else {
        let misfit = |format: &Format| value.as_str().is_some_and(|text| !format.accepts(text));
        attribute.format.filter(misfit).map(|format| match format {
            Format::Email => "Does not match required pattern",
            _ => "The field has an invalid value",
        })
    };
    text.map(str::to_owned)
}

/// Nothing, as a required attribute sees it.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn type_text(expected: AttributeType) -> String {
    match expected {
        AttributeType::Array(items) => format!("The field must be of type array of {}", items.name()),
        scalar => format!("The field must be of type {}", scalar.name()),
    }
}

fn length_refusal(attribute: &Attribute<'_>, text: &str) -> Option<&'static str> {
    let length = text.chars().count();
    let too_short = length < attribute.min_length as usize;
    let too_long = attribute.max_length.is_some_and(|max| length > max as usize);
    match (too_short, too_long) {
        (false, false) => None,
        _ if attribute.name == "login" => Some("login must be between 5 and 100 characters"),
        (true, _) => Some("The field is too short"),
        _ => Some("The field is too long"),
    }
}

fn is_allowed(attribute: &Attribute<'_>, value: &Value) -> bool {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        scalar => std::slice::from_ref(scalar),
    };
    // 1 and 1.0 are the same number, though not the same JSON.
    let same = |allowed: &Value, item: &Value| match (allowed, item) {
        (Value::Number(allowed), Value::Number(item)) => allowed == item || allowed.as_f64() == item.as_f64(),
        _ => allowed == item,
    };
    attribute.allowed.is_empty() || items.iter().all(|item| attribute.allowed.iter().any(|allowed| same(allowed, item)))
}

fn login_form_refusal(pattern: &LoginPattern, login: &Value) -> Option<&'static str> {
    match (pattern, login) {
        (LoginPattern::Email, Value::Null) => Some("Username must be in the form of an email address"),
        (_, Value::String(text)) if pattern.accepts(text) => None,
        (LoginPattern::Email, Value::String(_)) => Some("Username must be in the form of an email address"),
        (_, Value::String(text)) if !text.trim().is_empty() => Some("Does not match required pattern"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
