//! The tables, as numbered steps that run at start.
//!
//! A step never changes once released; a change of the tables is a new step. Steps only add: a node of the version before
//! must still run beside one that has migrated (expand first, contract in a later release).

/// One step, in the words of [`super::dialect`].
pub(super) struct Migration {
    /// Counts from 1.
    pub(super) version: i64,
    /// The statements.
    pub(super) sql: &'static str,
}

/// Every step, in order.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../../migrations/0001_init.sql") },
    Migration { version: 2, sql: include_str!("../../migrations/0002_oauth_servers.sql") },
    Migration { version: 3, sql: include_str!("../../migrations/0003_oauth_grants.sql") },
    Migration { version: 4, sql: include_str!("../../migrations/0004_group_rules.sql") },
    Migration { version: 5, sql: include_str!("../../migrations/0005_outbox.sql") },
    Migration { version: 6, sql: include_str!("../../migrations/0006_roles.sql") },
    Migration { version: 7, sql: include_str!("../../migrations/0007_oauth_clients.sql") },
    Migration { version: 8, sql: include_str!("../../migrations/0008_group_owners.sql") },
    Migration { version: 9, sql: include_str!("../../migrations/0009_oauth_codes.sql") },
    Migration { version: 10, sql: include_str!("../../migrations/0010_federated_sign_ins.sql") },
];

/// The version after every step.
pub(super) fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The steps that a database at `version` still needs.
pub(super) fn pending(version: i64) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(move |migration| migration.version > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_gaps() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, i64::try_from(index).unwrap() + 1);
        }
    }
}
