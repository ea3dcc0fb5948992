//! What each command does.

pub(crate) mod org;
pub(crate) mod serve;
pub(crate) mod token;

use anyhow::Context as _;
use roster_model::user::password_policy::{Password, PasswordComplexity, generate_temporary_password};
use roster_store::clock::Clock;
use roster_store::orgs::{CreatedOrg, NewOrg};
use roster_store::secret::{Secret, random_bytes};
use roster_store::{EngineError, Error, HashCost, Store};

use crate::master_key::KeptKey;
use crate::settings::{AdminSettings, BadSetting, DatabaseSettings, MasterKeySetting};

/// Opens the database that the settings name.
async fn open(settings: &DatabaseSettings) -> anyhow::Result<Store> {
    if settings.database.is_none() {
        std::fs::create_dir_all(&settings.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", settings.data_dir.display()))?;
    }
    let (key, kept) = match (&settings.master_key, &settings.database) {
        (Some(MasterKeySetting(key)), _) => (Some(key.clone()), None),
        // Nodes on one PostgreSQL database have no folder in common.
        (None, Some(_)) => (None, None),
        (None, None) => {
            let kept = KeptKey::read_or_make(&settings.data_dir)?;
            (Some(kept.key.clone()), Some(kept))
        }
    };
    let path = settings.sqlite_path();
    let opened = Store::open(settings.database(&path), Clock::system(), HashCost::RECOMMENDED, key).await;
    match opened {
        Ok(store) => Ok(store),
        Err(Error::Engine(error @ EngineError::DatabaseUrl(_))) => {
            Err(BadSetting(format!("--database: {error}")).into())
        }
        Err(Error::Engine(error @ EngineError::OtherMasterKey)) => {
            if let Some(kept) = kept {
                kept.withdraw();
            }
            Err(BadSetting(error.to_string()).into())
        }
        Err(error) => Err(error).context("the database cannot be opened"),
    }
}

/// An org that was made, and the password that was made up for its administrator.
struct NewlyCreated {
    created: CreatedOrg,
    made_up_password: Option<String>,
}

async fn create_org(store: &Store, name: &str, admin: &AdminSettings) -> anyhow::Result<NewlyCreated> {
    let made_up = match admin.admin_password {
        Some(_) => None,
        None => Some(generate_temporary_password(&random_bytes()?, &PasswordComplexity::default())),
    };
    let password = admin.admin_password.clone().map(Password::new).or_else(|| made_up.clone());
    let new = NewOrg {
        name: name.to_owned(),
        admin_login: admin.admin_login.clone(),
        admin_password: password.context("no password was made up")?,
        token: admin.bootstrap_token.as_deref().map(Secret::from_text),
    };
    match store.create_org(new).await {
        Ok(created) => {
            Ok(NewlyCreated { created, made_up_password: made_up.map(|password| password.reveal().to_owned()) })
        }
        Err(error) => Err(told(&error)),
    }
}

/// A refused setting in words: what a rule says, on one line.
fn told(error: &Error) -> anyhow::Error {
    match error {
        Error::Rule(problem) => BadSetting(problem.causes.join("; ")).into(),
        Error::Profile(error) => BadSetting(format!("the administrator's login: {}", error.causes().join("; "))).into(),
        other => anyhow::anyhow!("{other}"),
    }
}

/// Runs a command's future.
fn run_to_end(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
