use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// Isaac, in two groups.
struct Isaac(Json);

impl Person for Isaac {
    fn attribute(&self, name: &str) -> Value {
        self.0.get(name).map_or(Value::Null, Value::from)
    }

    fn internal_property(&self, name: &str) -> Value {
        if name == "status" { Value::Text("ACTIVE".to_owned()) } else { Value::Null }
    }

    fn any_membership(&self, test: &mut dyn FnMut(Membership<'_>) -> bool) -> bool {
        [("00g1", "San Francisco"), ("00g2", "admins")].into_iter().any(|(id, name)| test(Membership { id, name }))
    }
}

fn isaac() -> Isaac {
    Isaac(json!({
        "firstName": "Isaac", "email": "isaac@example.com", "department": "Sales", "salary": 1000, "contractor": false,
        "tags": ["a", "b"],
    }))
}

fn type_of(name: &str) -> Option<Type> {
    Some(match name {
        "salary" => Type::Number,
        "contractor" => Type::Boolean,
        "tags" => Type::List,
        "firstName" | "email" | "department" | "unset" => Type::Text,
        _ => return None,
    })
}

fn matches(text: &str) -> bool {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.check(type_of).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.matches(&isaac())
}

fn refused(text: &str) -> String {
    Expression::parse(text).and_then(|expression| expression.check(type_of)).expect_err(text).to_string()
}

#[test]
fn conditions_are_true_of_whom_they_describe() {
    for text in [
        r#"user.department == "Sales""#,
        "user.department=='Sales' AND !user.contractor",
        "user.department == 'sales' OR user.salary >= 1000",
        "user.salary > 999.5 && user.salary < 1001 && user.salary <= 1000 and user.salary != 1",
        "NOT (user.firstName == 'x') || false",
        "user.unset == null",
        "!(user.unset != NULL)",
        "(user.contractor ? 'a' : 'b') == 'b'",
        "user.contractor ? false : user.salary == 1000 ? true : false",
        "user.firstName + ' ' + user.salary == 'Isaac 1000'",
        "user.salary + 1 == 1001",
        "user.salary > -1",
        r#"'it''s' == "it's" and "a\"b" == 'a"b'"#,
        "user.firstName < 'J'",
        "user.getInternalProperty(\"status\") == 'ACTIVE'",
        "isMemberOfAnyGroup('00g9', '00g2')",
        "isMemberOfGroup('00g1')",
        "isMemberOfGroupName('admins')",
        "isMemberOfGroupNameStartsWith('San Fr')",
        "isMemberOfGroupNameContains('dmin')",
        "isMemberOfGroupNameRegex('/.*dmin.*/') && isMemberOfGroupNameRegex('San .*')",
        "!isMemberOfGroupNameRegex('dmin')",
    ] {
        assert!(matches(text), "{text}");
    }
    for text in [
        "user.department == 'sales'",
        "user.unset > 'a'",
        "user.unset <= 'a'",
        "user.salary == '1000'",
        "isMemberOfGroup('00g9')",
        "isMemberOfGroupName('Admins')",
        "Arrays.get(user.tags, 7) == null",
    ] {
        assert!(!matches(text), "{text}");
    }
}

#[test]
fn functions_answer_as_documented() {
    for (text, expected) in [
        ("String.append('This is', ' a test')", json!("This is a test")),
        ("String.join(',', 'This', 'is', 'a', 'test')", json!("This,is,a,test")),
        ("String.join('-', user.tags, null)", json!("a-b")),
        ("String.len('This')", json!(4)),
        ("String.len(user.unset)", json!(0)),
        ("String.removeSpaces('This is a test')", json!("Thisisatest")),
        ("String.replace('This is a test', 'is', 'at')", json!("That at a test")),
        ("String.replaceFirst('This is a test', 'is', 'at')", json!("That is a test")),
        ("String.stringContains('This is a test', 'test')", json!(true)),
        ("String.stringContains(user.unset, 'test')", json!(false)),
        ("String.startsWith(user.email, 'isaac')", json!(true)),
        ("String.stringSwitch('This is a test', 'default', 'key1', 'value1')", json!("default")),
        ("String.stringSwitch('First match wins', 'd', 'absent', '1', 'wins', '2', 'match', '3')", json!("2")),
        ("String.substring('This is a test', 2, 9)", json!("is is a")),
        ("substring('Alexander', 1, 4)", json!("lex")),
        ("String.substring('abc', 1, 9)", json!("bc")),
        ("String.substringAfter('abc@okta.com', '@')", json!("okta.com")),
        ("String.substringBefore('abc@okta.com', '@')", json!("abc")),
        ("String.substringBefore('abc', '@')", json!("abc")),
        ("String.toUpperCase('This')", json!("THIS")),
        ("String.toLowerCase(user.unset)", json!(null)),
        ("Arrays.add({10, 20, 30}, 40)", json!([10, 20, 30, 40])),
        ("Arrays.remove({10, 20, 30}, 20)", json!([10, 30])),
        ("Arrays.clear({10, 20, 30})", json!([])),
        ("Arrays.get({0, 1, 2}, 0)", json!(0)),
        ("Arrays.flatten(10, {20, 30}, 40)", json!([10, 20, 30, 40])),
        ("Arrays.contains({10, 20, 30}, 10)", json!(true)),
        ("Arrays.contains(user.tags, 'c')", json!(false)),
        ("Arrays.size({10, 20, 30})", json!(3)),
        ("Arrays.size(NULL)", json!(0)),
        ("Arrays.isEmpty(NULL)", json!(true)),
        ("Arrays.toCsvString({'This', 'is', ' a ', 'test'})", json!("This,is, a ,test")),
        ("Convert.toInt('1234')", json!(1234)),
        ("Convert.toInt(123.6)", json!(124)),
        ("Convert.toNum('2.5')", json!(2.5)),
    ] {
        let value = Expression::parse(text).unwrap().evaluate(&isaac());
        assert_eq!(value, Some(Value::from(&expected)), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, error) in [
        ("", 0, "Expected a value."),
        ("user.department == 'Sales' AND", 30, "Expected a value."),
        ("user.department = 'Sales'", 16, "Expected '==' to compare."),
        ("user.department == 'Sales", 19, "A string has no closing quote."),
        ("(true", 5, "Expected ')'."),
        ("true true", 5, "Expected an operator or the end."),
        ("department == 'Sales'", 0, "Invalid property department in expression."),
        ("user.nothing == 'Sales'", 0, "Invalid property user.nothing in expression."),
        ("String.trim(user.email)", 0, "Function String.trim is not supported."),
        (
            "true OR String.startsWith(user.email)",
            8,
            "Parameter count mismatch in function String.startsWith: 1 given.",
        ),
        ("user.department", 0, "The expression must be a boolean, not a string."),
        ("String.len(user.salary) > 1", 11, "Parameter 1 of String.len must be a string, not a number."),
        ("user.salary > 'a'", 14, "An operand of a comparison must be a number, not a string."),
        ("user.salary AND true", 0, "An operand of AND or OR must be a boolean, not a number."),
        ("isMemberOfGroupNameRegex('(')", 25, "The pattern is not a regular expression."),
        ("user.salary > 1x", 14, "A number cannot be read."),
        ("a ` b", 2, "Unexpected character."),
    ] {
        assert_eq!(refused(text), format!("{error} (at position {place})"), "{text}");
    }
    assert!(refused(&"(".repeat(1_000)).contains("nested deeper"));
    assert!(refused(&"!".repeat(1_000)).contains("nested deeper"));
    assert!(refused(&"x".repeat(MAX_CHARACTERS + 1)).contains("longer than"));
    assert!(refused(&vec!["true"; 1_000].join(" OR ")).contains("nested deeper"));
}

#[test]
fn an_expression_tells_what_it_depends_on() {
    let expression = Expression::parse("!isMemberOfAnyGroup('00g1', '00g2') AND user.city == user.state").unwrap();
    assert!(expression.tests_groups());
    assert_eq!((expression.group_ids(), expression.attributes()), (vec!["00g1", "00g2"], vec!["city", "state"]));
    assert!(!Expression::parse("user.city == 'isMemberOfGroup'").unwrap().tests_groups());
}

/// Text of conditions, with what each is.
fn condition() -> impl Strategy<Value = (String, bool)> {
    let leaf = prop_oneof![
        Just(("true".to_owned(), true)),
        Just(("user.contractor".to_owned(), false)),
        (0_i32..2_000).prop_map(|limit| (format!("user.salary <= {limit}"), 1_000 <= limit)),
        "[a-z']{0,5}".prop_map(|text| (format!("user.department != '{}'", text.replace('\'', "''")), true)),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a}) AND ({b})"), x && y)),
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a})||({b})"), x || y)),
            inner.clone().prop_map(|(a, x)| (format!("!({a})"), !x)),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|((a, x), (b, y), (c, z))| (format!("({a}) ? ({b}) : ({c})"), if x { y } else { z })),
        ]
    })
}

proptest! {
    #[test]
    fn logic_is_what_logic_is((text, expected) in condition()) {
        prop_assert_eq!(matches(&text), expected, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in ".{0,60}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(error.position <= text.chars().count());
        }
    }

    #[test]
    fn words_in_any_order_never_break_evaluation(words in proptest::collection::vec(
        prop_oneof!["user\\.(salary|department|tags|unset)", "[(){},?:!<>+]|==|!=|&&|\\|\\|", "'a'|1|null|true",
            "String\\.len\\(|Arrays\\.get\\(|Arrays\\.add\\(|isMemberOfGroupNameRegex\\("], 0..14,
    )) {
        if let Ok(expression) = Expression::parse(&words.join(" ")) {
            let _ = expression.evaluate(&isaac());
        }
    }
}
