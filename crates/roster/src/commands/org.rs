//! `roster org …`.

use super::{create_org, open, run_to_end};
use crate::print;
use crate::settings::OrgCommand;

/// Runs an org command.
pub(crate) fn run(command: &OrgCommand) -> anyhow::Result<()> {
    run_to_end(async {
        match command {
            OrgCommand::Create { name, database, address, admin } => {
                let made = create_org(&open(database).await?, name, admin).await?;
                let url = address.base_url(address.listen).url_of_org(name);
                let token = made.created.token.reveal();
                let mut text = format!("Org {name} answers at {url}\n\nThese are shown only now:\n\n");
                text.push_str(&format!("  API token        {token}\n  administrator    {}\n", admin.admin_login));
                if let Some(password) = made.made_up_password {
                    text.push_str(&format!("  password         {password}\n"));
                }
                print(&text);
            }
            OrgCommand::List { database } => {
                for org in open(database).await?.list_orgs().await? {
                    print(&format!("{}  {}\n", org.id, org.name));
                }
            }
        }
        Ok(())
    })
}
