//! The grammar, case by case.

use super::super::{GroupFilter, GroupSearch, LogFilter, UserFilter, UserSearch};
use super::*;
use proptest::prelude::*;

fn profile(name: &str) -> Option<ValueType> {
    match name {
        "login" | "email" | "firstName" | "lastName" | "title" => Some(ValueType::Text),
        "age" => Some(ValueType::Number),
        "remote" => Some(ValueType::Boolean),
        "hired" => Some(ValueType::Instant),
        _ => None,
    }
}

const SEARCH: UserSearch<'static> = UserSearch { profile: &profile };

/// The shape of an expression: every operation in parentheses.
fn shape(expression: &Expression) -> String {
    let all = |operands: &[Expression]| operands.iter().map(shape).collect::<Vec<_>>().join(" ");
    match expression {
        Expression::And(operands) => format!("(and {})", all(operands)),
        Expression::Or(operands) => format!("(or {})", all(operands)),
        Expression::Not(negated) => format!("(not {})", shape(negated)),
        Expression::Compare(Comparison { attribute, operator, literal }) => {
            let literal = match literal {
                Literal::Text(text) => format!("{:?}", text.as_str()),
                Literal::Instant(instant) => format!("@{}", instant.as_millis()),
                other => other.to_string(),
            };
            format!("({operator} {attribute} {literal})")
        }
        Expression::Present(attribute) => format!("(pr {attribute})"),
    }
}

fn parsed(text: &str, vocabulary: &dyn Vocabulary) -> String {
    match parse(text, vocabulary) {
        Ok(expression) => shape(&expression),
        Err(FilterError { position, problem }) => format!("{position}: {problem}"),
    }
}

fn check(vocabulary: &dyn Vocabulary, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(parsed(text, vocabulary), *expected, "{text}");
    }
}

#[test]
fn a_search_is_read_as_the_grammar_says() {
    check(
        &SEARCH,
        &[
            (r#"status eq "ACTIVE""#, r#"(eq status "ACTIVE")"#),
            (r#"  status   EQ  "ACTIVE"  "#, r#"(eq status "ACTIVE")"#),
            ("profile.title pr", "(pr profile.title)"),
            ("profile.title PR", "(pr profile.title)"),
            ("profile.age ge -1.5e1", "(ge profile.age -15)"),
            ("profile.remote eq true", "(eq profile.remote true)"),
            ("profile.title eq null", "(eq profile.title null)"),
            ("profile.age eq null", "(eq profile.age null)"),
            (r#"profile.hired lt "1970-01-02""#, "(lt profile.hired @86400000)"),
            (r#"created gt "1970-01-01T01:00:00.5+01:00""#, "(gt created @500)"),
            (r#"id eq "00uAb""#, r#"(eq id "00uAb")"#),
            (r#"type.id eq "oty1""#, r#"(eq type.id "oty1")"#),
            (r#"profile.lastName co "mit""#, r#"(co profile.lastName "mit")"#),
            (r#"profile.title sw """#, r#"(sw profile.title "")"#),
            (r#"(status lt "STAGED" or status gt "STAGED")"#, r#"(or (lt status "STAGED") (gt status "STAGED"))"#),
        ],
    );
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    check(
        &LogFilter,
        &[
            ("a pr or b pr and c pr", "(or (pr a) (and (pr b) (pr c)))"),
            ("a pr and b pr or c pr", "(or (and (pr a) (pr b)) (pr c))"),
            ("(a pr or b pr) and c pr", "(and (or (pr a) (pr b)) (pr c))"),
            ("not (a pr) and b pr", "(and (not (pr a)) (pr b))"),
            ("not(a pr and b pr) or c pr", "(or (not (and (pr a) (pr b))) (pr c))"),
            ("a pr AND b pr aNd (c pr and d pr)", "(and (pr a) (pr b) (pr c) (pr d))"),
            ("a pr Or (b pr or (c pr)) or d pr", "(or (pr a) (pr b) (pr c) (pr d))"),
            ("NOT ( not ( a pr ) )", "(not (not (pr a)))"),
        ],
    );
}

#[test]
fn spaces_may_be_missing_where_quotes_and_parentheses_separate() {
    check(
        &UserFilter,
        &[
            (r#"status eq"LOCKED_OUT""#, r#"(eq status "LOCKED_OUT")"#),
            (r#"(status eq "A")or(status eq"B")"#, r#"(or (eq status "A") (eq status "B"))"#),
            (r#"status eq"A"and id eq"B"or(id eq "C")"#, r#"(or (and (eq status "A") (eq id "B")) (eq id "C"))"#),
        ],
    );
    check(
        &SEARCH,
        &[("not(profile.age eq 5)", "(not (eq profile.age 5))"), ("(id pr)and(id pr)", "(and (pr id) (pr id))")],
    );
}

#[test]
fn strings_are_json_strings() {
    check(
        &LogFilter,
        &[
            (r#"a eq "x\"y\\""#, r#"(eq a "x\"y\\")"#),
            (r#"a eq "\\" and b eq "c""#, r#"(and (eq a "\\") (eq b "c"))"#),
            (r#"a eq "\u0041\u00e9\ud83d\ude00""#, r#"(eq a "Aé😀")"#),
            (r#"a eq "and ) or '""#, r#"(eq a "and ) or '")"#),
            (r#"a eq "\ud83d""#, "5: the string is not a JSON string."),
            (r#"a eq "\x""#, "5: the string is not a JSON string."),
            ("a eq \"\u{1}\"", "5: the string is not a JSON string."),
            (r#"a eq "x"#, "5: the string is not closed."),
            (r#"a eq "x\""#, "5: the string is not closed."),
            ("a eq 'x'", "5: a string is written in double quotes."),
        ],
    );
}

#[test]
fn words_of_the_grammar_may_be_attributes() {
    check(
        &LogFilter,
        &[
            ("not pr", "(pr not)"),
            ("not eq null and and pr", "(and (eq not null) (pr and))"),
            ("not.x pr or or.y pr", "(or (pr not.x) (pr or.y))"),
            ("pr pr", "(pr pr)"),
        ],
    );
}

#[test]
fn what_breaks_the_grammar_is_refused_where_it_breaks() {
    const NAME: &str = "the name of an attribute is expected.";
    const VALUE: &str = "a string in double quotes, a number, true, false or null is expected.";
    check(
        &LogFilter,
        &[
            ("", &format!("0: {NAME}")),
            ("   ", &format!("3: {NAME}")),
            ("a", "1: an operator is expected."),
            ("a  is \"x\"", "3: an operator is expected."),
            ("a eq", &format!("4: {VALUE}")),
            ("a eq b", &format!("5: {VALUE}")),
            ("a eq True", &format!("5: {VALUE}")),
            ("a eq 01", &format!("5: {VALUE}")),
            ("a eq +1", &format!("5: {VALUE}")),
            ("a eq 1e999", &format!("5: {VALUE}")),
            ("a eq NaN", &format!("5: {VALUE}")),
            ("a eq (\"x\")", &format!("5: {VALUE}")),
            ("a eq \"é\" x", "9: 'and', 'or' or the end is expected."),
            ("a eq \"x\")", "8: 'and', 'or' or the end is expected."),
            ("(a pr", "5: 'and', 'or' or ')' is expected."),
            ("(a pr b pr)", "6: 'and', 'or' or ')' is expected."),
            ("()", &format!("1: {NAME}")),
            ("a pr and", &format!("8: {NAME}")),
            ("a pr and or b pr", "12: an operator is expected."),
            ("a pr or )", &format!("8: {NAME}")),
            ("not a pr", "4: an operator is expected."),
            ("a..b pr", &format!("0: {NAME}")),
            ("a. pr", &format!("0: {NAME}")),
            (".a pr", &format!("0: {NAME}")),
            ("1a pr", &format!("0: {NAME}")),
            ("a+b pr", &format!("0: {NAME}")),
            ("é pr", &format!("0: {NAME}")),
            ("\"a\" pr", &format!("0: {NAME}")),
            ("emails[type eq \"x\"]", "6: an operator is expected."),
        ],
    );
}

#[test]
fn a_search_refuses_what_users_are_not_searched_by() {
    check(
        &SEARCH,
        &[
            (r#"lastLogin gt "2021-01-01""#, "0: 'lastLogin' is not an attribute that can be filtered by."),
            (r#"id pr and STATUS eq "A""#, "10: 'STATUS' is not an attribute that can be filtered by."),
            ("profile.x pr", "0: 'profile.x' is not an attribute that can be filtered by."),
            (r#"status ne "A""#, "7: The operator 'ne' is not supported for 'status'."),
            (r#"profile.email ew "A""#, "14: The operator 'ew' is not supported for 'profile.email'."),
            (r#"profile.title CO "A""#, "14: The operator 'co' is not supported for 'profile.title'."),
            ("profile.remote gt true", "15: The operator 'gt' is not supported for 'profile.remote'."),
            (r#"profile.age sw "1""#, "12: The operator 'sw' is not supported for 'profile.age'."),
            (r#"created sw "2021""#, "8: The operator 'sw' is not supported for 'created'."),
        ],
    );
}

#[test]
fn a_literal_has_the_type_of_its_attribute() {
    const DATE: &str = "The value of 'created' must be a date in double quotes.";
    check(
        &SEARCH,
        &[
            ("created gt 5", &format!("11: {DATE}")),
            ("created eq true", &format!("11: {DATE}")),
            (r#"created gt "yesterday""#, "11: The value of 'created' is not an ISO 8601 date."),
            (r#"profile.age eq "5""#, "15: The value of 'profile.age' must be a number without quotes."),
            (r#"profile.remote eq "true""#, "18: The value of 'profile.remote' must be true or false."),
            ("status eq 5", "10: The value of 'status' must be a string in double quotes."),
            ("id eq false", "6: The value of 'id' must be a string in double quotes."),
            ("status gt null", "10: The operator 'gt' does not compare with null."),
        ],
    );
}

#[test]
fn a_filter_takes_less_than_a_search() {
    check(
        &UserFilter,
        &[
            (r#"lastUpdated ge "1970-01-01""#, "(ge lastUpdated @0)"),
            (r#"not (status eq "A")"#, "0: The operator 'not' is not supported."),
            ("status pr", "7: The operator 'pr' is not supported for 'status'."),
            (r#"status gt "A""#, "7: The operator 'gt' is not supported for 'status'."),
            (r#"profile.title eq "A""#, "0: 'profile.title' is not an attribute that can be filtered by."),
        ],
    );
    check(
        &GroupFilter,
        &[
            (r#"type eq "BUILT_IN""#, r#"(eq type "BUILT_IN")"#),
            (r#"profile.name sw "A""#, "13: The operator 'sw' is not supported for 'profile.name'."),
        ],
    );
    check(&GroupSearch { custom: &|_| None }, &[(r#"profile.name sw "A""#, r#"(sw profile.name "A")"#)]);
}

#[test]
fn the_limits_are_the_last_values_accepted() {
    let long = |length: usize| format!("a eq \"{}\"", "é".repeat(length - 7));
    assert!(parse(&long(MAX_CHARACTERS), &LogFilter).is_ok());
    assert_eq!(parsed(&long(MAX_CHARACTERS + 1), &LogFilter), "8000: It is longer than 8000 characters.");

    let nested = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parsed(&nested(MAX_NESTING), &LogFilter), "(pr a)");
    assert_eq!(parsed(&nested(MAX_NESTING + 1), &LogFilter), "50: Parentheses are nested deeper than 50.");
    let negated = format!("{}a pr{}", "not(".repeat(MAX_NESTING + 1), ")".repeat(MAX_NESTING + 1));
    assert_eq!(parsed(&negated, &LogFilter), "203: Parentheses are nested deeper than 50.");
    assert!(parse(&vec![nested(MAX_NESTING); 2].join(" or "), &LogFilter).is_ok());

    let terms = |count: usize| vec!["a pr"; count].join(" or ");
    assert!(parse(&terms(MAX_TERMS), &LogFilter).is_ok());
    assert_eq!(parsed(&terms(MAX_TERMS + 1), &LogFilter), "800: It has more than 100 terms.");
}

proptest! {
    #[test]
    fn parsing_never_panics_on_arbitrary_text(text: String) {
        let _ = parse(&text, &LogFilter);
        let _ = parse(&format!("a eq {text}"), &LogFilter);
        let _ = parse(&format!("a eq \"{text}"), &LogFilter);
    }

    #[test]
    fn parsing_never_panics_on_pieces_of_the_grammar(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", "not", "and", "or", " ", "status", "profile.age", "created", "eq", "gt", "pr", "\"", "\\",
                "\"A\"", "5", "-", ".", "null", "true", "é", "'", "[", "\u{a0}",
            ]),
            0..30,
        )
    ) {
        let text = pieces.concat();
        for vocabulary in [&SEARCH as &dyn Vocabulary, &LogFilter, &UserFilter] {
            if let Err(error) = parse(&text, vocabulary) {
                prop_assert!(error.position <= text.chars().count());
            }
        }
    }
}
