//! A search finds the users of whom its expression is true, in its order, whichever index leads to them.
//!
//! Random users, random expressions printed as filter text: what listUsers answers, page by page, is compared with
//! [`Expression::matches`] of every user as GET shows them. Another seed: `ROSTER_SEARCH_SEED`.

use std::cmp::Ordering;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use reqwest::Method;
use roster_model::filter::{
    AttributePath, Case, Comparison, Expression, Literal, Operand, Operator, Subject, TextLiteral, fold,
};
use roster_model::timestamp::Timestamp;
use roster_store::users::CreateUser;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::search::custom_attributes;
use crate::context::{Caller, text};
use crate::random::{draw, from_env, seeded_runner};

const TEXTS: [&str; 9] = [
    "profile.firstName",
    "profile.lastName",
    "profile.email",
    "profile.login",
    "profile.title",
    "profile.zipCode",
    "profile.code",
    "profile.tags",
    "status",
];
/// Those of [`TEXTS`] that take `co`.
const CONTAINED: usize = 4;
const NUMBERS: [&str; 4] = ["profile.floor", "profile.rating", "profile.levels", "profile.scores"];
const BOOLEANS: [&str; 2] = ["profile.remote", "profile.shifts"];
const INSTANTS: [&str; 4] = ["created", "activated", "statusChanged", "lastUpdated"];
const SORTABLE: [&str; 17] = [
    "profile.firstName",
    "profile.lastName",
    "profile.email",
    "profile.login",
    "profile.title",
    "profile.zipCode",
    "profile.code",
    "profile.floor",
    "profile.rating",
    "profile.remote",
    "status",
    "id",
    "type.id",
    "created",
    "activated",
    "statusChanged",
    "lastUpdated",
];

/// Short texts in which letters differ by case, diacritics, or the rules of one language, and what SQL could mistake.
fn short_text() -> impl Strategy<Value = String> {
    "[aAbBéÉßςΣσİiK\u{212A}\"\\\\%_' 𝒳\u{10FFFF}]{0,3}"
}

/// Any text, now and then longer than what an index keeps of it.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => short_text(),
        1 => vec(any::<char>().prop_filter("NUL is refused", |it| *it != '\0'), 0..5).prop_map(String::from_iter),
        1 => ("[aÉ]", 198_usize..202, short_text()).prop_map(|(letter, count, end)| letter.repeat(count) + &end),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![6 => (-3..4_i32).prop_map(f64::from), 2 => (-9..9_i32).prop_map(|n| f64::from(n) / 4.0),
        1 => any::<i64>().prop_map(|n| n as f64), 1 => -1e30..1e30]
}

fn whole_number() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -3..4_i64, 1 => any::<i64>()]
}

/// A profile short of its login; the letters of `mail` go into the e-mail address.
fn profile() -> impl Strategy<Value = Value> {
    fn optional<T: Into<Value> + std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Value> {
        prop_oneof![1 => Just(Value::Null), 2 => of.prop_map(Into::into)]
    }
    fn list<T: Into<Value> + std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Value> {
        optional(vec(of.prop_map(Into::into), 0..3).prop_map(Value::Array))
    }
    let names = (short_text(), short_text(), "[aAbB]{1,2}");
    let texts = (optional(any_text()), optional(short_text()), optional(any_text()), list(any_text()));
    let numbers = (optional(whole_number()), optional(number()), list(whole_number()), list(number()));
    let booleans = (optional(any::<bool>()), list(any::<bool>()));
    (names, texts, numbers, booleans).prop_map(|(names, texts, numbers, booleans)| {
        json!({
            "firstName": format!("{}x", names.0), "lastName": format!("x{}", names.1),
            "email": format!("{}@Example.com", names.2),
            "title": texts.0, "zipCode": texts.1, "code": texts.2, "tags": texts.3,
            "floor": numbers.0, "rating": numbers.1, "levels": numbers.2, "scores": numbers.3,
            "remote": booleans.0, "shifts": booleans.1,
        })
    })
}

fn compare(
    paths: &[&'static str],
    operators: &'static [Operator],
    literal: impl Strategy<Value = Literal> + 'static,
) -> BoxedStrategy<Expression> {
    (select(paths.to_vec()), select(operators), literal)
        .prop_map(|(path, operator, literal)| {
            Expression::Compare(Comparison { attribute: AttributePath::new(path), operator, literal })
        })
        .boxed()
}

/// Any expression that a search takes. `known` are texts that users have, for the comparisons to meet some.
fn expression(known: Vec<String>) -> impl Strategy<Value = Expression> {
    use Operator::{Co, Eq, Ge, Gt, Le, Lt, Sw};
    let text = move || {
        let some = (select(known.clone()), any::<prop::sample::Index>(), any::<bool>());
        let part = some.prop_map(|(text, at, whole)| match at.index(text.chars().count() + 1) {
            count if !whole => text.chars().take(count).collect(),
            _ => text.to_uppercase(),
        });
        prop_oneof![12 => part, 6 => any_text(), 1 => Just("a\0".to_owned())]
            .prop_map(|text| Literal::Text(TextLiteral::new(text)))
    };
    let instant = (-3..9_i64).prop_map(|step| Literal::Instant(after_start(step)));
    let all = [&TEXTS[..], &NUMBERS, &BOOLEANS, &INSTANTS, &["id", "type.id"]].concat();
    let term = prop_oneof![
        4 => compare(&TEXTS, &[Eq, Eq, Gt, Ge, Lt, Le, Sw], text()),
        1 => compare(&TEXTS[..CONTAINED], &[Co], text()),
        1 => compare(&["id", "type.id"], &[Eq, Gt, Ge, Lt, Le, Sw], text()),
        3 => compare(&NUMBERS, &[Eq, Gt, Ge, Lt, Le], number().prop_map(Literal::Number)),
        1 => compare(&BOOLEANS, &[Eq], any::<bool>().prop_map(Literal::Boolean)),
        2 => compare(&INSTANTS, &[Eq, Gt, Ge, Lt, Le], instant),
        1 => compare(&all, &[Eq], Just(Literal::Null)),
        2 => select(all).prop_map(|path| Expression::Present(AttributePath::new(path))),
    ];
    term.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner.clone(), 2..4).prop_map(Expression::Or),
            inner.prop_map(|negated| Expression::Not(Box::new(negated))),
        ]
    })
}

fn after_start(steps: i64) -> Timestamp {
    Timestamp::from_millis(crate::context::START).plus_seconds(steps * 10)
}

/// A search with its order, if it has one, and its page size.
#[derive(Clone)]
struct Search {
    expression: Expression,
    order: Option<(&'static str, bool)>,
    limit: u16,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "search={} by {:?}, {} a page", self.expression, self.order, self.limit)
    }
}

fn search(known: Vec<String>, limit: std::ops::Range<u16>) -> impl Strategy<Value = Search> {
    let order = prop::option::of((select(&SORTABLE[..]), any::<bool>()));
    (expression(known), order, limit).prop_map(|(expression, order, limit)| Search { expression, order, limit })
}

/// A user as GET shows them.
struct Shown<'a>(&'a Value);

impl Subject for Shown<'_> {
    fn any_value(&self, path: &AttributePath, test: &mut dyn FnMut(Operand<'_>) -> bool) -> bool {
        let found = path.as_str().split('.').try_fold(self.0, |value, name| value.get(name)).unwrap_or(&Value::Null);
        let items = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
        items.iter().any(|item| match item {
            Value::Null => false,
            Value::Number(number) => test(Operand::Number(number.as_f64().unwrap())),
            Value::Bool(truth) => test(Operand::Boolean(*truth)),
            Value::String(text) if INSTANTS.contains(&path.as_str()) => {
                test(Operand::Instant(Timestamp::parse(text).unwrap()))
            }
            Value::String(text) if ["id", "type.id"].contains(&path.as_str()) => test(Operand::Identifier(text)),
            Value::String(text) => test(Operand::Text(text)),
            Value::Array(_) | Value::Object(_) => unreachable!("{path} is {item}"),
        })
    }
}

/// What the order compares, as far as an index keeps it: texts by their first 200 characters.
#[derive(PartialEq, PartialOrd)]
enum SortKey {
    Text(String),
    Number(f64),
    Boolean(bool),
}

fn sort_key(user: &Value, path: &str) -> Option<SortKey> {
    let mut key = None;
    Shown(user).any_value(&AttributePath::new(path), &mut |operand| {
        key = Some(match operand {
            Operand::Text(text) => SortKey::Text(fold(text).chars().take(200).collect()),
            Operand::Identifier(text) => SortKey::Text(text.to_owned()),
            Operand::Number(number) => SortKey::Number(number),
            Operand::Boolean(truth) => SortKey::Boolean(truth),
            Operand::Instant(time) => SortKey::Number(time.as_millis() as f64),
        });
        true
    });
    key
}

/// The ids that a search must answer, of users in the order they were made.
fn expected(users: &[Value], search: &Search) -> Vec<String> {
    let mut matching: Vec<&Value> =
        users.iter().filter(|user| search.expression.matches(&Shown(user), Case::Insensitive)).collect();
    if let Some((path, descending)) = search.order {
        let compare = |one: &&Value, other: &&Value| match (sort_key(one, path), sort_key(other, path)) {
            (Some(one), Some(other)) => one.partial_cmp(&other).unwrap(),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        matching.sort_by(|one, other| {
            let ordering: Ordering = compare(one, other);
            if descending { ordering.reverse() } else { ordering }
        });
    }
    matching.into_iter().map(|user| text(user, "id")).collect()
}

/// The ids that listUsers answers over all pages.
async fn answered(caller: &Caller, search: &Search) -> Vec<String> {
    let (expression, limit) = (search.expression.to_string(), search.limit.to_string());
    let mut parameters = vec![("search", &*expression), ("limit", &*limit)];
    if let Some((path, descending)) = search.order {
        parameters.extend([("sortBy", path), ("sortOrder", if descending { "desc" } else { "asc" })]);
    }
    caller.all_users(&parameters).await.iter().map(|user| text(user, "id")).collect()
}

/// Compares random searches with what they mean.
async fn check(caller: &Caller, seed: u64, cases: u32, limit: std::ops::Range<u16>) {
    let users = caller.all_users(&[("search", "id pr")]).await;
    let mut known: Vec<String> = users.iter().flat_map(|user| [text(user, "id"), text(user, "status")]).collect();
    known.push(text(&users[0], "type.id"));
    for value in users.iter().flat_map(|user| user["profile"].as_object().unwrap().values()) {
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        known.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    let outcome = tokio::task::block_in_place(|| {
        let outcome = seeded_runner(seed, cases).run(&search(known, limit), |search| {
            let answered = Handle::current().block_on(answered(caller, &search));
            prop_assert_eq!(&answered, &expected(&users, &search));
            Ok::<(), TestCaseError>(())
        });
        outcome.map_err(|failure| failure.to_string())
    });
    outcome.unwrap_or_else(|failure| panic!("ROSTER_SEARCH_SEED={seed}: {failure}"));
}

async fn post(caller: &Caller, path: &str, body: Value) -> Value {
    caller.send(Method::POST, path, Some(body)).await.ok()
}

fn with_login(mut profile: Value, number: usize) -> Value {
    profile["login"] = json!(format!("{}{number}@example.com", &profile["email"].as_str().unwrap()[..1]));
    profile
}

on_both_engines! {
    async fn a_search_means_its_expression_for_a_few_users(org: TestOrg) {
        let first = from_env("ROSTER_SEARCH_SEED", 1);
        for seed in first..first + 4 {
            let caller = org.other_org(&format!("org{seed}")).await;
            post(&caller, "/api/v1/meta/schemas/user/default", custom_attributes()).await;
            let mut runner = seeded_runner(seed, 1);
            let profiles = draw(&mut runner, &vec((profile(), 0..5_u8), 1..60));
            for (number, (profile, fate)) in profiles.into_iter().enumerate() {
                org.wait_seconds(i64::from(fate));
                let body = json!({ "profile": with_login(profile, number) });
                let user = post(&caller, &format!("/api/v1/users?activate={}", fate > 0), body).await;
                if let Some(operation) = [None, None, None, Some("suspend"), Some("deactivate")][usize::from(fate)] {
                    let path = format!("/api/v1/users/{}/lifecycle/{operation}", text(&user, "id"));
                    post(&caller, &path, json!({})).await;
                }
            }
            check(&caller, seed, 100, 1..70).await;
        }
    }
}

on_both_engines! {
    async fn a_search_means_its_expression_when_every_index_is_large(org: TestOrg) {
        org.post("/api/v1/meta/schemas/user/default", custom_attributes()).await.ok();
        let seed = from_env("ROSTER_SEARCH_SEED", 1);
        let kinds = draw(&mut seeded_runner(seed, 1), &vec(profile(), 8));
        let key = org.store.default_org().await.unwrap().unwrap().key;
        let change = org.store.system_change(key);
        let mut creations = tokio::task::JoinSet::new();
        // Nearly all are of one kind, so that some sets of candidates are small and others are walked.
        for number in 0..2_300 {
            let kind = if number % 12 == 0 { number / 12 % kinds.len() } else { 0 };
            let Value::Object(profile) = with_login(kinds[kind].clone(), number) else { unreachable!() };
            let (store, change) = (org.store.clone(), change.clone());
            creations.spawn(async move { store.create_user(&change, staged(profile)).await.map(|_| ()) });
        }
        for created in creations.join_all().await {
            created.unwrap();
        }
        check(&org.caller, seed, 40, 150..201).await;
    }
}

fn staged(profile: Map<String, Value>) -> CreateUser {
    CreateUser {
        profile,
        credentials: roster_model::user::credentials::CredentialsInput::default(),
        group_ids: Vec::new(),
        type_id: None,
        activate: false,
        with_provider: false,
        next_login: None,
    }
}
