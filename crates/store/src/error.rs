//! What can go wrong, sorted by what the caller can do about it. Refuses to guess: anything unknown keeps its source.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::sqlite::SqliteError;

/// A failure of the store; cloneable because one failed write may have several waiting callers.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing has this id: check it, or create the thing first.
    #[error("no {what} has the id {id:?}")]
    NotFound { what: &'static str, id: String },
    /// Someone changed it since it was read: read it again and repeat the change.
    #[error("{what} {id:?} is at version {current} by now; read it again and repeat the change")]
    VersionConflict { what: &'static str, id: String, current: i64 },
    /// Another turn was stored since the state was read: read the conversation again and decide again.
    #[error("conversation {id:?} has {current} turns by now; read it again and decide again")]
    TurnConflict { id: String, current: i64 },
    /// A value that must be unique is taken: choose another one.
    #[error("{what} {value:?} exists already; choose another one")]
    Duplicate { what: &'static str, value: String },
    /// The request cannot be stored as it is: mend it.
    #[error("{0}")]
    Invalid(String),
    /// Another program holds the database: try again shortly.
    #[error("the database is locked by another program; try again, or stop what holds it ({detail})")]
    Locked { detail: String },
    /// No space is left: free some and try again; what was acknowledged before is safe.
    #[error("the disk that holds the database is full; free some space and try again ({detail})")]
    DiskFull { detail: String },
    /// The database file may not be written or opened: mend its permissions.
    #[error("the database cannot be opened or written; check that folder and file exist and may be written ({detail})")]
    NotWritable { detail: String },
    /// The database is damaged: restore a backup.
    #[error("the database is damaged; stop the service and restore a backup ({detail})")]
    Corrupt { detail: String },
    /// The database server cannot be reached or refuses us: check its address and that it runs.
    #[error("the database server cannot be reached; check that it runs and the address is right ({detail})")]
    Unreachable { detail: String },
    /// A newer program wrote this database: use that program, or restore an older backup.
    #[error(
        "the database has schema {found}, this program knows up to {known}; update the program or restore an older backup"
    )]
    SchemaTooNew { found: i64, known: i64 },
    /// A backup never overwrites: choose another path.
    #[error("{} exists already; choose another path or remove it first", path.display())]
    TargetExists { path: PathBuf },
    /// This database has its own tools for what was asked.
    #[error("{what} is not offered for PostgreSQL; use {instead}")]
    NotOffered { what: &'static str, instead: &'static str },
    /// An import was taken, but not all of it can be seen yet: it goes on by itself.
    #[error("the import is taken, and the rest of it will be visible once the database takes changes again ({detail})")]
    Unfinished { detail: String },
    /// The store was closed: the service is stopping.
    #[error("the store is closed")]
    Closed,
    /// A file beside the database could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: Arc<std::io::Error> },
    /// A stored value cannot be read back, or a given one cannot be written.
    #[error("{column} holds a value that cannot be read or written: {detail}")]
    Unreadable { column: String, detail: String },
    /// Anything else the database said.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
}

impl Error {
    /// Whether the same call may succeed a moment later without any change.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::DiskFull { .. } | Self::Unreachable { .. })
    }

    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: id.to_owned() }
    }

    /// Turns a broken unique constraint into `Duplicate`, leaves everything else as it is.
    pub(crate) fn or_duplicate(source: sqlx::Error, what: &'static str, value: &str) -> Self {
        match source.as_database_error() {
            Some(error) if error.is_unique_violation() => Self::Duplicate { what, value: value.to_owned() },
            _ => source.into(),
        }
    }

    /// Turns a broken foreign key into `NotFound`, leaves everything else as it is.
    pub(crate) fn or_not_found(source: sqlx::Error, what: &'static str, id: &str) -> Self {
        match source.as_database_error() {
            Some(error) if error.is_foreign_key_violation() => Self::not_found(what, id),
            _ => source.into(),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(source: sqlx::Error) -> Self {
        match &source {
            sqlx::Error::PoolTimedOut => Self::Locked { detail: "no connection became free in time".to_owned() },
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Closed,
            sqlx::Error::Io(error) => Self::Unreachable { detail: error.to_string() },
            sqlx::Error::Tls(error) => Self::Unreachable { detail: error.to_string() },
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                let detail = error.message().to_owned();
                let known = if error.try_downcast_ref::<SqliteError>().is_some() {
                    from_sqlite(code.parse().unwrap_or(0), detail)
                } else {
                    from_postgres(&code, detail)
                };
                known.unwrap_or_else(|| Self::Database(Arc::new(source)))
            }
            _ => Self::Database(Arc::new(source)),
        }
    }
}

/// SQLite's result codes; the low byte is the primary one: <https://www.sqlite.org/rescode.html>.
fn from_sqlite(code: i32, detail: String) -> Option<Error> {
    match code & 0xff {
        5 | 6 => Some(Error::Locked { detail }),
        8 | 14 => Some(Error::NotWritable { detail }),
        11 | 26 => Some(Error::Corrupt { detail }),
        13 => Some(Error::DiskFull { detail }),
        _ => None,
    }
}

/// PostgreSQL's SQLSTATE codes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn from_postgres(code: &str, detail: String) -> Option<Error> {
    match code {
        "40001" | "40P01" | "55P03" => Some(Error::Locked { detail }),
        "53100" => Some(Error::DiskFull { detail }),
        "25006" | "42501" => Some(Error::NotWritable { detail }),
        "XX001" | "XX002" => Some(Error::Corrupt { detail }),
        "22021" => Some(Error::Invalid(format!("text holds a character that cannot be stored ({detail})"))),
        _ if code.starts_with("08") || code.starts_with("28") || code.starts_with("57P") => {
            Some(Error::Unreachable { detail })
        }
        "3D000" | "53300" => Some(Error::Unreachable { detail }),
        _ => None,
    }
}
