//! TABLE of every setting: its flag, its environment variable, its default. Clap reads it for the command line and the
//! help; here its errors become one line that says what to do.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use roster_server::mail::Smtp;
use roster_server::{BaseUrl, RateLimits};
use roster_store::Database;
use roster_store::seal::MasterKey;

/// A user directory and lifecycle server that speaks the Okta Users API.
#[derive(Debug, Parser)]
#[command(name = "roster", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Commands,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Commands {
    /// Run the server. The first start makes an org, an administrator and an API token.
    Serve(ServeSettings),
    /// Manage the orgs of this server.
    #[command(subcommand)]
    Org(OrgCommand),
    /// Manage API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
}

/// Where the data is.
#[derive(Debug, Args)]
pub(crate) struct DatabaseSettings {
    /// Folder for the data.
    #[arg(long, env = "ROSTER_DATA_DIR", value_name = "FOLDER", default_value = "./roster-data")]
    pub(crate) data_dir: PathBuf,
    /// PostgreSQL database (postgres://user:password@host/database); without it, SQLite in the data folder.
    #[arg(long, env = "ROSTER_DATABASE", value_name = "URL", value_parser = database_url, hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Key that secrets in the database are sealed under, as openssl rand -base64 32 prints one; without it, the file
    /// master.key in the data folder, or with PostgreSQL a key in the database.
    #[arg(long, env = "ROSTER_MASTER_KEY", value_name = "KEY", value_parser = master_key, hide_env_values = true)]
    pub(crate) master_key: Option<MasterKeySetting>,
}

/// A master key; as a setting it must have `Debug`, which does not show it.
#[derive(Clone)]
pub(crate) struct MasterKeySetting(pub(crate) MasterKey);

impl std::fmt::Debug for MasterKeySetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Where the server is reached.
#[derive(Debug, Args)]
pub(crate) struct AddressSettings {
    /// Address to listen on.
    #[arg(long, env = "ROSTER_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// URL under which clients reach this server, if it is not http://localhost and the port.
    #[arg(long, env = "ROSTER_BASE_URL", value_name = "URL", value_parser = BaseUrl::parse)]
    pub(crate) base_url: Option<BaseUrl>,
}

/// The administrator of a new org.
#[derive(Debug, Args)]
pub(crate) struct AdminSettings {
    /// Login of the administrator that a new org begins with.
    #[arg(long, env = "ROSTER_ADMIN_LOGIN", value_name = "LOGIN", default_value = "admin@example.com")]
    pub(crate) admin_login: String,
    /// Their password; without it one is made up and printed once. Better set by the environment than on the command line.
    #[arg(long, env = "ROSTER_ADMIN_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub(crate) admin_password: Option<String>,
    /// Value of the first API token, for CI and tests; without it one is made up and printed once.
    #[arg(long, env = "ROSTER_BOOTSTRAP_TOKEN", value_name = "TOKEN", value_parser = token_value, hide_env_values = true)]
    pub(crate) bootstrap_token: Option<String>,
}

/// Settings of `roster serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeSettings {
    #[command(flatten)]
    pub(crate) address: AddressSettings,
    #[command(flatten)]
    pub(crate) database: DatabaseSettings,
    /// Rate limits: off, okta (those of a real org), or a TOML file with lines such as `users = 100`.
    #[arg(long, env = "ROSTER_RATE_LIMITS", value_name = "off|okta|FILE", value_parser = rate_limits, default_value = "off")]
    pub(crate) rate_limits: RateLimits,
    #[command(flatten)]
    pub(crate) mail: MailSettings,
    #[command(flatten)]
    pub(crate) admin: AdminSettings,
}

/// How mails reach users.
#[derive(Debug, Args)]
pub(crate) struct MailSettings {
    /// Mail server: smtps://user:password@host, or smtp://user:password@host:587?tls=required for STARTTLS. Without one,
    /// mails are kept and shown at /dev/mailbox, to who is on this machine.
    #[arg(long, env = "ROSTER_SMTP", value_name = "URL", value_parser = smtp_url, hide_env_values = true)]
    pub(crate) smtp: Option<String>,
    /// Address that mails come from; without it, roster at the host of the base URL.
    #[arg(long, env = "ROSTER_MAIL_FROM", value_name = "ADDRESS", value_parser = mail_from)]
    pub(crate) mail_from: Option<String>,
    /// For development only: show /dev/mailbox, and with it everybody's links and passcodes, to anybody.
    #[arg(long, env = "ROSTER_DEV")]
    pub(crate) dev: bool,
}

/// `roster org …`
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Make an org with its own users, groups and tokens; it answers at NAME.localhost. Works beside a running server.
    Create {
        /// Its name: the first label of its host name.
        name: String,
        #[command(flatten)]
        database: DatabaseSettings,
        #[command(flatten)]
        address: AddressSettings,
        #[command(flatten)]
        admin: AdminSettings,
    },
    /// List the orgs.
    List {
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

/// `roster token …`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make an API token and print it, once. Works beside a running server.
    Create {
        /// What to call it.
        name: String,
        /// The org.
        #[arg(long, value_name = "NAME", default_value = roster_store::orgs::DEFAULT_ORG)]
        org: String,
        /// Id or login of the user whose rights it carries; without it, the org's first administrator.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

/// A setting that turned out to be unusable once it was tried.
#[derive(Debug)]
pub(crate) struct BadSetting(pub(crate) String);

impl std::fmt::Display for BadSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSetting {}

impl DatabaseSettings {
    /// The SQLite file in the data folder.
    pub(crate) fn sqlite_path(&self) -> PathBuf {
        self.data_dir.join("roster.sqlite")
    }

    /// The database these settings name.
    pub(crate) fn database<'a>(&'a self, sqlite_path: &'a std::path::Path) -> Database<'a> {
        match &self.database {
            Some(url) => Database::Postgres(url),
            None => Database::Sqlite(sqlite_path),
        }
    }
}

impl AddressSettings {
    /// Where clients reach the server that is bound to this address.
    pub(crate) fn base_url(&self, bound: SocketAddr) -> BaseUrl {
        self.base_url.clone().unwrap_or_else(|| BaseUrl::localhost(bound.port()))
    }
}

fn database_url(text: &str) -> Result<String, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        Ok(text.to_owned())
    } else {
        Err("expected postgres://user:password@host/database; leave it out for SQLite in the data folder".to_owned())
    }
}

fn master_key(text: &str) -> Result<MasterKeySetting, String> {
    let key = MasterKey::from_text(text).map(MasterKeySetting);
    key.ok_or_else(|| "expected 32 bytes in Base64: openssl rand -base64 32 prints some".to_owned())
}

fn smtp_url(text: &str) -> Result<String, String> {
    Smtp::check_url(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn mail_from(text: &str) -> Result<String, String> {
    Smtp::check_from(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn rate_limits(text: &str) -> Result<RateLimits, String> {
    match text {
        "off" => Ok(RateLimits::Off),
        "okta" => Ok(RateLimits::okta()),
        file => RateLimits::from_file(std::path::Path::new(file)).map_err(|error| error.to_string()),
    }
}

fn token_value(text: &str) -> Result<String, String> {
    let good = text.len() >= 20 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err("expected at least 20 visible characters without spaces".to_owned()) }
}

/// Why the program ends before it begins.
pub(crate) enum Refused {
    /// The help or version that was asked for.
    Help(String),
    /// One line that says what is wrong.
    Bad(String),
}

/// Clap's errors take several lines; an operator gets the first, with clap's own tip if it has one.
pub(crate) fn one_line(error: &clap::Error) -> Refused {
    use clap::error::ErrorKind as Kind;
    let text = error.render().to_string();
    if matches!(error.kind(), Kind::DisplayHelp | Kind::DisplayVersion | Kind::DisplayHelpOnMissingArgumentOrSubcommand)
    {
        return Refused::Help(text);
    }
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: ")).map(|tip| format!(" ({tip})"));
    let said = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    let said = said.strip_prefix("error: ").unwrap_or(&said).to_owned();
    Refused::Bad(format!("{said}{}", tip.unwrap_or_default()))
}

/// Refuses a variable that is nearly one of ours: silently ignoring a typo would be unkind. Variables that merely begin
/// with `ROSTER_` may be anybody's.
pub(crate) fn check_environment() -> Result<(), Refused> {
    let known = known_variables();
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("ROSTER_")) else { continue };
        if known.iter().any(|known| known == name) {
            continue;
        }
        if let Some(meant) = known.iter().find(|known| differs_little(name, known)) {
            return Err(Refused::Bad(format!("unknown environment variable {name}: did you mean {meant}?")));
        }
    }
    Ok(())
}

fn known_variables() -> Vec<String> {
    fn collect(command: &clap::Command, into: &mut Vec<String>) {
        let names = command.get_arguments().filter_map(|arg| arg.get_env()).filter_map(|name| name.to_str());
        into.extend(names.map(str::to_owned));
        command.get_subcommands().for_each(|command| collect(command, into));
    }
    let mut names = Vec::new();
    collect(&CommandLine::command(), &mut names);
    names
}

/// Whether one name becomes the other with at most two letters inserted, dropped or replaced.
fn differs_little(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (above, wanted) in row.iter().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(letter != wanted);
            left = replaced.min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_setting_of_serve_has_an_environment_variable_named_after_its_flag() {
        let command = CommandLine::command();
        let serve = command.find_subcommand("serve").unwrap();
        for argument in serve.get_arguments().filter(|argument| argument.get_id() != "help") {
            let flag = argument.get_long().unwrap().to_uppercase().replace('-', "_");
            assert_eq!(argument.get_env().unwrap().to_str().unwrap(), format!("ROSTER_{flag}"));
        }
    }

    #[test]
    fn a_typo_differs_little_and_another_name_much() {
        assert!(differs_little("ROSTER_LISTNE", "ROSTER_LISTEN"));
        assert!(differs_little("ROSTER_DATADIR", "ROSTER_DATA_DIR"));
        assert!(!differs_little("ROSTER_TOKEN", "ROSTER_LISTEN"));
        assert!(!differs_little("ROSTER_BASE", "ROSTER_BASE_URL"));
    }

    #[test]
    fn a_bad_setting_is_told_on_one_line() {
        for arguments in [
            &["roster", "serve", "--listen", "nonsense"][..],
            &["roster", "serve", "--listne", "127.0.0.1:1"],
            &["roster", "serve", "--database", "mysql://a"],
            &["roster", "serve", "--master-key", "short"],
            &["roster", "serve", "--rate-limits", "/no/such/file"],
            &["roster", "serve", "--smtp", "localhost:25"],
            &["roster", "serve", "--smtp", "imap://localhost"],
            &["roster", "serve", "--mail-from", "nobody"],
            &["roster", "server"],
            &["roster", "org", "create"],
        ] {
            match CommandLine::try_parse_from(arguments).map_err(|error| one_line(&error)) {
                Err(Refused::Bad(line)) => assert!(!line.contains('\n') && !line.is_empty(), "{line}"),
                _ => panic!("{arguments:?} was taken"),
            }
        }
    }
}
