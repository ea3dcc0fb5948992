//! `roster token …`.

use anyhow::Context as _;

use super::{open, run_to_end};
use crate::print;
use crate::settings::{BadSetting, TokenCommand};

/// Runs a token command.
pub(crate) fn run(command: &TokenCommand) -> anyhow::Result<()> {
    let TokenCommand::Create { name, org, user, database } = command;
    run_to_end(async {
        let store = open(database).await?;
        let found = store.org_named(org).await?;
        let found =
            found.with_context(|| BadSetting(format!("there is no org {org:?}: roster org list shows them")))?;
        let owner = match user {
            Some(user) => user.clone(),
            None => store.first_user(found.key).await?.context("the org has no users")?.to_string(),
        };
        let change = store.system_change(found.key);
        let created = store.create_api_token(&change, name, &owner).await;
        let (_, secret) = created.map_err(|error| BadSetting(error.to_string()))?;
        print(&format!("{}\n", secret.reveal()));
        Ok(())
    })
}
