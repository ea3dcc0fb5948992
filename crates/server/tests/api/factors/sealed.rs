//! What the database holds of factors.

use roster_model::timestamp::Timestamp;
use roster_store::clock::Clock;
use roster_store::orgs::DEFAULT_ORG;
use roster_store::seal::MasterKey;
use roster_store::{Database, EngineError, Error, HashCost, Store};
use serde_json::{Value, json};

use super::{enroll, enroll_sms, factors_of_new_user, passcode};
use crate::context::{ADMIN, EngineKind, START, new_org, text};
use crate::postgres;

/// A place for a database, which is empty.
enum Place {
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

impl Place {
    async fn new(engine: EngineKind) -> Option<Self> {
        match engine {
            EngineKind::Sqlite => Some(Self::Sqlite(tempfile::tempdir().unwrap())),
            EngineKind::Postgres => postgres::fresh_database().await.map(Self::Postgres),
        }
    }

    async fn open(&self, key: &MasterKey) -> Result<Store, Error> {
        let clock = Clock::standing(Timestamp::from_millis(START));
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("roster.sqlite");
                Store::open(Database::Sqlite(&path), clock, HashCost::MINIMAL, Some(key.clone())).await
            }
            Self::Postgres(url) => {
                Store::open(Database::Postgres(url), clock, HashCost::MINIMAL, Some(key.clone())).await
            }
        }
    }
}

async fn assert_a_database_keeps_its_master_key(engine: EngineKind) {
    let Some(place) = Place::new(engine).await else { return };
    let key = MasterKey::random().unwrap();
    place.open(&key).await.unwrap();
    let other = place.open(&MasterKey::random().unwrap()).await;
    assert!(matches!(other, Err(Error::Engine(EngineError::OtherMasterKey))));
    place.open(&key).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_database_opens_under_its_own_master_key_alone() {
    assert_a_database_keeps_its_master_key(EngineKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_opens_under_its_own_master_key_alone() {
    assert_a_database_keeps_its_master_key(EngineKind::Postgres).await;
}

on_both_engines! {
    async fn the_database_holds_no_secret_in_the_clear(org: TestOrg) {
        // PostgreSQL's files are its own affair; the statements are the same.
        if org.engine != EngineKind::Sqlite {
            return;
        }
        let factors = factors_of_new_user(&org).await;
        let totp = enroll(&org, &factors, "token:software:totp", "OKTA", Value::Null).await;
        let secret = text(&totp, "_embedded.activation.sharedSecret");
        enroll_sms(&org, &factors).await;
        let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        let secrets = [secret.into_bytes(), bytes, passcode(&org).await.into_bytes()];
        let mut files = 0;
        for entry in std::fs::read_dir(org.data_dir()).unwrap() {
            let held = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!secrets.iter().any(|secret| held.windows(secret.len()).any(|window| window == secret)));
            files += usize::from(held.windows(5).any(|window| window == b"isaac"));
        }
        assert!(files > 0, "the user is in one of the files that were read");
    }
}
