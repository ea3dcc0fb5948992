//! What can go wrong below HTTP.

use roster_model::error::{Problem, ResourceKind};
use roster_model::filter::FilterError;
use roster_model::oauth::error::{OAuthError, OAuthMistake};
use roster_model::user::profile::ProfileError;
use roster_model::user::schema::SchemaError;
use roster_model::user::status::Refusal;

/// What the database refuses.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A unique constraint. The statement that can break one turns this into its own error.
    #[error("a unique constraint was broken")]
    Conflict,
    /// A stored value that this version cannot read.
    #[error("the database holds {value:?} as {what}")]
    Corrupt {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// The tables were written by a newer version.
    #[error(
        "the database has version {found}, and this Roster knows up to {known}: start the newer Roster that wrote it"
    )]
    NewerDatabase {
        /// The version of the tables.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// The database was sealed under another master key.
    #[error("the database is sealed under another master key: set ROSTER_MASTER_KEY to the one it was made with")]
    OtherMasterKey,
    /// The database URL cannot be read.
    #[error("the database URL is not understood: {0}")]
    DatabaseUrl(#[source] tokio_postgres::Error),
    /// SQLite said no.
    #[error("SQLite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// PostgreSQL said no.
    #[error("PostgreSQL: {0}")]
    Postgres(#[source] tokio_postgres::Error),
    /// No connection to PostgreSQL could be had.
    #[error("no connection to PostgreSQL: {0}")]
    Pool(String),
    /// The commit that carried the change failed.
    #[error("the change was not committed: {0}")]
    CommitFailed(String),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The system's random numbers failed.
    #[error("no random numbers: {0}")]
    Random(#[source] getrandom::Error),
    /// An operation panicked; nothing of it was kept.
    #[error("an operation panicked")]
    Panicked,
    /// The engine has shut down.
    #[error("the store has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for EngineError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::Conflict,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<serde_json::Error> for EngineError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt { what: "JSON", value: error.to_string() }
    }
}

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such resource in this org.
    #[error("{kind:?} {asked:?} was not found")]
    NotFound {
        /// What was asked for, verbatim.
        asked: String,
        /// What it should have been.
        kind: ResourceKind,
    },
    /// The user's status refuses it.
    #[error("the user's status refuses it: {0:?}")]
    Refused(Refusal),
    /// A user is on the way to another status.
    #[error("the user is being moved to another status")]
    StillTransitioning,
    /// A profile breaks its schema.
    #[error("the profile breaks its schema")]
    Profile(ProfileError),
    /// A schema that cannot be.
    #[error("the schema cannot be")]
    Schema(SchemaError),
    /// Another user has the login.
    #[error("the login is taken")]
    DuplicateLogin,
    /// A filter or search that cannot be read.
    #[error("the filter cannot be read: {0}")]
    Filter(FilterError),
    /// Any other rule, already in the wire's words.
    #[error("{0:?}")]
    Rule(Problem),
    /// A rule of OAuth, in OAuth's words.
    #[error("{0:?}")]
    OAuth(OAuthError),
    /// The hashing queue is full.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Engine(EngineError),
}

impl Error {
    /// A resource that is not there.
    #[must_use]
    pub fn not_found(asked: &str, kind: ResourceKind) -> Self {
        Self::NotFound { asked: asked.to_owned(), kind }
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<OAuthError> for Error {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

impl From<OAuthMistake> for Error {
    fn from(mistake: OAuthMistake) -> Self {
        Self::OAuth(mistake.into())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error)
    }
}

impl From<FilterError> for Error {
    fn from(error: FilterError) -> Self {
        Self::Filter(error)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Rule(problem)
    }
}
