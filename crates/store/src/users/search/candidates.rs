//! Where an index says the users are of whom an expression can be true.
//!
//! Invariant: a set of candidates holds every user that matches; it may hold others.

use roster_model::filter::{Comparison, Expression, Literal, Operator};
use roster_model::id::OrgKey;
use roster_model::user::login::LoginKey;
use roster_model::user::profile::{index_number, index_text};

use crate::engine::{Param, Tx};
use crate::error::EngineError;
use crate::user_types::UserType;

/// Above this a set is not collected but walked.
const FEW: i64 = 2_000;

/// The users to look at.
pub(super) enum Candidates {
    /// Their keys, ascending.
    Few(Vec<i64>),
    /// Many, which an index gives in ascending order.
    Ordered(Source),
}

/// Rows of one index: `SELECT user_key FROM … WHERE …`.
#[derive(Debug, Clone)]
pub(super) struct Source {
    table: &'static str,
    /// Column, comparison and value; the first is the org.
    conditions: Vec<(&'static str, &'static str, Bound)>,
    /// Whether the rows of one value come in the order of keys: all conditions are equalities.
    ordered: bool,
    /// At most [`FEW`].
    count: i64,
}

#[derive(Debug, Clone)]
enum Bound {
    Integer(i64),
    Text(String),
}

impl Source {
    fn new(table: &'static str, org: OrgKey) -> Self {
        Self { table, conditions: vec![("org_key", "=", Bound::Integer(org.0))], ordered: true, count: 0 }
    }

    fn attribute(org: OrgKey, name: &str) -> Self {
        Self::new("user_attributes", org).equal("name", Bound::Text(name.to_owned()))
    }

    fn equal(mut self, column: &'static str, value: Bound) -> Self {
        self.conditions.push((column, "=", value));
        self
    }

    fn between(mut self, column: &'static str, low: Option<Bound>, high: Option<Bound>) -> Self {
        self.ordered = false;
        self.conditions.extend(low.map(|low| (column, ">=", low)));
        self.conditions.extend(high.map(|high| (column, "<=", high)));
        self
    }

    fn where_clause(&self) -> String {
        let clauses = self.conditions.iter().enumerate();
        let clauses: Vec<String> =
            clauses.map(|(index, (column, comparison, _))| format!("{column} {comparison} ${}", index + 1)).collect();
        format!("FROM {} WHERE {}", self.table, clauses.join(" AND "))
    }

    fn params(&self) -> Vec<Param<'_>> {
        let bound = |bound| match bound {
            &Bound::Integer(value) => Param::Integer(value),
            // PostgreSQL takes no NUL. No stored text has one either, so what remains of the bound still holds every match.
            Bound::Text(text) => Param::Text(text.split('\0').next().unwrap_or_default()),
        };
        self.conditions.iter().map(|(_, _, value)| bound(value)).collect()
    }

    fn counted(mut self, tx: &mut Tx<'_>) -> Result<Self, EngineError> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 AS one {} LIMIT {FEW}) AS found", self.where_clause());
        self.count = tx.query_first(&sql, &self.params(), |row| row.integer(0))?.unwrap_or(FEW);
        Ok(self)
    }

    fn all_keys(&self, tx: &mut Tx<'_>) -> Result<Vec<i64>, EngineError> {
        tx.query(&format!("SELECT user_key {}", self.where_clause()), &self.params(), |row| row.integer(0))
    }

    /// The next `count` keys after `start`, ascending; only of an ordered source.
    pub(super) fn keys_after(&self, tx: &mut Tx<'_>, start: i64, count: i64) -> Result<Vec<i64>, EngineError> {
        let next = self.conditions.len() + 1;
        let clause = self.where_clause();
        let sql = format!("SELECT user_key {clause} AND user_key > ${next} ORDER BY user_key LIMIT ${}", next + 1);
        let mut params = self.params();
        params.extend([Param::Integer(start), Param::Integer(count)]);
        tx.query(&sql, &params, |row| row.integer(0))
    }
}

/// The candidates of an expression; `None` if no index narrows it down.
pub(super) fn of_expression(
    tx: &mut Tx<'_>,
    org: OrgKey,
    expression: &Expression,
    types: &[UserType],
) -> Result<Option<Candidates>, EngineError> {
    match sources(tx, org, expression, types)? {
        Some(sources) => collect(tx, &sources),
        None => Ok(None),
    }
}

/// The candidates of `q`: whose first name, last name or e-mail begins with the first or the last word.
pub(super) fn of_words(tx: &mut Tx<'_>, org: OrgKey, words: &[String]) -> Result<Option<Candidates>, EngineError> {
    let Some(word) = words.first() else { return Ok(None) };
    let mut sources = Vec::new();
    for name in ["firstName", "lastName", "email"] {
        sources.push(starting_with(Source::attribute(org, name), "value", word).counted(tx)?);
    }
    collect(tx, &sources)
}

fn collect(tx: &mut Tx<'_>, sources: &[Source]) -> Result<Option<Candidates>, EngineError> {
    if total(sources) < FEW {
        let mut keys = Vec::new();
        for source in sources {
            keys.extend(source.all_keys(tx)?);
        }
        keys.sort_unstable();
        keys.dedup();
        return Ok(Some(Candidates::Few(keys)));
    }
    Ok(match sources {
        [source] if source.ordered => Some(Candidates::Ordered(source.clone())),
        _ => None,
    })
}

fn total(sources: &[Source]) -> i64 {
    sources.iter().map(|source| source.count).sum()
}

/// Indexes whose rows together hold every match.
fn sources(
    tx: &mut Tx<'_>,
    org: OrgKey,
    expression: &Expression,
    types: &[UserType],
) -> Result<Option<Vec<Source>>, EngineError> {
    match expression {
        Expression::And(operands) => {
            let mut best: Option<Vec<Source>> = None;
            for operand in operands {
                let Some(found) = sources(tx, org, operand, types)? else { continue };
                if best.as_ref().is_none_or(|best| is_better(&found, best)) {
                    best = Some(found);
                }
            }
            Ok(best)
        }
        Expression::Or(operands) => {
            let mut all = Vec::new();
            for operand in operands {
                let Some(found) = sources(tx, org, operand, types)? else { return Ok(None) };
                all.extend(found);
            }
            Ok(Some(all))
        }
        Expression::Not(_) => Ok(None),
        Expression::Compare(comparison) => of_comparison(org, comparison, types)
            .map(|source| source.counted(tx).map(|source| vec![source]))
            .transpose(),
        Expression::Present(path) => match path.profile_attribute().filter(|name| indexed(types, name)) {
            Some(name) => Ok(Some(vec![Source::attribute(org, name).between("value", None, None).counted(tx)?])),
            None => Ok(None),
        },
    }
}

/// Whether one set of sources is the better place to look: the smaller, or among large ones the one in order.
fn is_better(found: &[Source], best: &[Source]) -> bool {
    let ordered = |sources: &[Source]| matches!(sources, [source] if source.ordered);
    match (total(found), total(best)) {
        (found, best) if found < FEW || best < FEW => found < best,
        _ => ordered(found) && !ordered(best),
    }
}

fn indexed(types: &[UserType], name: &str) -> bool {
    types.iter().any(|known| known.schema.indexed(name))
}

fn of_comparison(org: OrgKey, comparison: &Comparison, types: &[UserType]) -> Option<Source> {
    let users = || Source::new("users", org);
    match (comparison.attribute.as_str(), &comparison.literal) {
        ("status", Literal::Text(text)) if comparison.operator == Operator::Eq => {
            Some(users().equal("status", Bound::Text(text.as_str().to_uppercase())))
        }
        ("id", Literal::Text(text)) if comparison.operator == Operator::Eq => {
            Some(users().equal("id", Bound::Text(text.as_str().to_owned())))
        }
        ("created", Literal::Instant(time)) => {
            ranged(users(), comparison.operator, "created", Bound::Integer(time.as_millis()))
        }
        ("lastUpdated", Literal::Instant(time)) => {
            ranged(users(), comparison.operator, "last_updated", Bound::Integer(time.as_millis()))
        }
        ("profile.login", Literal::Text(text)) => {
            let key = LoginKey::from_text(text.as_str());
            match comparison.operator {
                Operator::Eq => Some(users().equal("login_key", Bound::Text(key.as_str().to_owned()))),
                Operator::Sw => Some(starting_with(users(), "login_key", key.as_str())),
                _ => None,
            }
        }
        (_, literal) => {
            let name = comparison.attribute.profile_attribute().filter(|name| indexed(types, name))?;
            let source = Source::attribute(org, name);
            match literal {
                Literal::Text(text) if comparison.operator == Operator::Sw => {
                    Some(starting_with(source, "value", &index_text(text.as_str())))
                }
                Literal::Text(text) => {
                    ranged(source, comparison.operator, "value", Bound::Text(index_text(text.as_str())))
                }
                Literal::Number(number) => {
                    ranged(source, comparison.operator, "value", Bound::Text(index_number(*number)))
                }
                Literal::Boolean(truth) => ranged(source, comparison.operator, "value", Bound::Text(truth.to_string())),
                Literal::Instant(_) | Literal::Null => None,
            }
        }
    }
}

fn starting_with(source: Source, column: &'static str, prefix: &str) -> Source {
    source.between(column, Some(Bound::Text(prefix.to_owned())), after_all_starting_with(prefix).map(Bound::Text))
}

/// The least text that is greater than every text starting with `prefix`, if there is one.
fn after_all_starting_with(prefix: &str) -> Option<String> {
    let mut before = prefix.chars();
    let next = std::iter::from_fn(|| before.next_back()).find_map(|last| (last..=char::MAX).nth(1))?;
    Some(before.chain([next]).collect())
}

/// Bounds are inclusive even where the operator is not: long values are cut in the index, so equal there may be
/// greater in truth.
fn ranged(source: Source, operator: Operator, column: &'static str, bound: Bound) -> Option<Source> {
    match operator {
        Operator::Eq => Some(source.equal(column, bound)),
        Operator::Gt | Operator::Ge => Some(source.between(column, Some(bound), None)),
        Operator::Lt | Operator::Le => Some(source.between(column, None, Some(bound))),
        Operator::Ne | Operator::Sw | Operator::Co | Operator::Ew => None,
    }
}
