//! The connections: which engine, how it is opened, one writer at a time, and the store's clock. Knows no table but counters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Transaction};

use crate::columns::Columns;
use crate::{Error, schema};

/// How long a call waits for a connection, and a connection for SQLite's lock.
const PATIENCE: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// `synchronous=FULL` syncs the log at every commit: what was acknowledged survives a power cut.
const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000";
const SQLITE_READER: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA temp_store = MEMORY; PRAGMA query_only = ON";

/// Which database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An open database: SQLite has one writing connection and some that can only read, PostgreSQL one pool for both.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) readers: AnyPool,
    pub(crate) writer: AnyPool,
    /// The file, where there is one.
    pub(crate) path: Option<PathBuf>,
}

impl Database {
    /// Opens `postgres://…`, `sqlite:PATH` or a plain path, and brings its schema up to date.
    pub(crate) async fn open(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        Self::open_sqlite(&sqlite_path(url)?).await
    }

    pub(crate) async fn open_sqlite(path: &Path) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let path =
            std::path::absolute(path).map_err(|error| Error::File { path: path.into(), source: error.into() })?;
        let options = sqlite_options(&path)?;
        // A pool would try again for seconds and hide why; one plain connection says at once what is wrong.
        let mut first = AnyConnection::connect_with(&options).await?;
        sqlx::raw_sql(SQLITE_WRITER).execute(&mut first).await?;
        schema::migrate(&mut first, Engine::Sqlite).await?;
        let writer = pool(1, SQLITE_WRITER).connect_with(options.clone()).await?;
        first.close().await?;
        let readers = pool(SQLITE_READERS, SQLITE_READER).connect_with(options).await?;
        Ok(Self { engine: Engine::Sqlite, readers, writer, path: Some(path) })
    }

    async fn open_postgres(url: &str) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let options =
            url.parse::<AnyConnectOptions>().map_err(|error| Error::Invalid(format!("database address: {error}")))?;
        let options = options.disable_statement_logging();
        let pool = AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(PATIENCE);
        let mut first = AnyConnection::connect_with(&options).await?;
        schema::migrate(&mut first, Engine::Postgres).await?;
        first.close().await?;
        let pool = pool.connect_with(options).await?;
        Ok(Self { engine: Engine::Postgres, readers: pool.clone(), writer: pool, path: None })
    }

    /// Begins a transaction that may write; on SQLite it waits its turn for the only writer.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, Error> {
        match self.engine {
            Engine::Sqlite => self.write_sqlite().await,
            Engine::Postgres => Ok(self.writer.begin().await?),
        }
    }

    /// When the disk is full SQLite rolls back by itself, while its connection still counts a transaction: such a
    /// connection is replaced.
    async fn write_sqlite(&self) -> Result<Transaction<'static, Any>, Error> {
        match self.writer.begin_with("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::InvalidSavePointStatement) => {
                if let Err(error) = self.writer.acquire().await?.close().await {
                    tracing::warn!(%error, "the writing connection could not be closed in order");
                }
                Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            begun => Ok(begun?),
        }
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The next number of a counter; holds the counter until the transaction ends, so numbers become visible in order.
pub(crate) async fn next_number(connection: &mut AnyConnection, counter: &str) -> Result<i64, Error> {
    next_numbers(connection, counter, 1).await
}

/// The last of the next `n` numbers of a counter.
pub(crate) async fn next_numbers(connection: &mut AnyConnection, counter: &str, n: i64) -> Result<i64, Error> {
    let row = sqlx::query("UPDATE counters SET value = value + $2 WHERE name = $1 RETURNING value")
        .bind(counter)
        .bind(n)
        .fetch_one(connection)
        .await?;
    Columns(&row).integer("value")
}

/// The store's clock: milliseconds since 1970, UTC.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A new id: ids made later by this process sort later.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A `LIKE` pattern (with `ESCAPE '!'`) that finds `text` anywhere, whatever characters it has.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}", beginning(&text.to_lowercase()))
}

/// A `LIKE` pattern, with `!` as its escape, for texts that begin with this one.
pub(crate) fn beginning(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    for character in text.chars().filter(|&character| character != '\0') {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// A limit as the database wants it.
pub(crate) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn pool(size: u32, pragmas: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(pragmas).execute(&mut *connection).await?;
                Ok(())
            })
        })
}

pub(crate) fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, Error> {
    let text =
        path.to_str().ok_or_else(|| Error::Invalid(format!("{}: the path is not valid Unicode", path.display())))?;
    let url = format!("sqlite://{}?mode=rwc", percent_encoded(text));
    let options = url.parse::<AnyConnectOptions>()?;
    Ok(options.disable_statement_logging())
}

fn percent_encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b':') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn sqlite_path(url: &str) -> Result<PathBuf, Error> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(Error::Invalid(format!("database address {url:?}: name a file; nothing is kept in memory only")));
    }
    if path.contains("://") {
        return Err(Error::Invalid(format!("database address {url:?}: use postgres://… or sqlite:PATH")));
    }
    Ok(PathBuf::from(path.split('?').next().unwrap_or(path)))
}
