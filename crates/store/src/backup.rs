//! Backups of a running SQLite store, checked before they count, and the check itself. PostgreSQL has its own tools.

use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Connection};

use crate::columns::Columns;
use crate::database::{Engine, sqlite_options};
use crate::{Error, Store};

impl Store {
    /// Writes a whole, checked and synced copy while the service runs; an existing file is never overwritten.
    /// A backup that fails its check is removed again.
    pub async fn backup_to(&self, target: &Path) -> Result<(), Error> {
        if self.database().engine == Engine::Postgres {
            return Err(Error::NotOffered { what: "a backup into a file", instead: "pg_dump" });
        }
        let unfinished = unfinished_path(target)?;
        let mut connection = self.read().acquire().await?;
        let target_text = unfinished
            .to_str()
            .ok_or_else(|| Error::Invalid(format!("{}: the path is not valid Unicode", target.display())))?;
        // A reader may write nothing into its own database, but may into the new one once this is off.
        sqlx::raw_sql("PRAGMA query_only = OFF").execute(&mut *connection).await?;
        let copied = sqlx::query("VACUUM INTO $1").bind(target_text).execute(&mut *connection).await;
        sqlx::raw_sql("PRAGMA query_only = ON").execute(&mut *connection).await?;
        drop(connection);
        let finished = match copied {
            Ok(_) => finish(&unfinished, target).await,
            Err(error) => Err(error.into()),
        };
        if finished.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        finished
    }

    /// Looks through the whole database for damage; `Error::Corrupt` says what was found.
    pub async fn check_integrity(&self) -> Result<(), Error> {
        match self.database().engine {
            Engine::Sqlite => check(&mut *self.read().acquire().await?).await,
            Engine::Postgres => self.ping().await,
        }
    }

    /// The SQLite file, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.database().path.as_deref()
    }
}

fn unfinished_path(target: &Path) -> Result<PathBuf, Error> {
    if target.exists() {
        return Err(Error::TargetExists { path: target.to_owned() });
    }
    let mut name =
        target.file_name().ok_or_else(|| Error::Invalid(format!("{}: not a file name", target.display())))?.to_owned();
    name.push(".unfinished");
    let unfinished = target.with_file_name(name);
    if unfinished.exists() {
        return Err(Error::TargetExists { path: unfinished });
    }
    Ok(unfinished)
}

/// Checks the copy, syncs it and gives it its name, without replacing a file that came in the meantime.
async fn finish(unfinished: &Path, target: &Path) -> Result<(), Error> {
    let mut copy = AnyConnection::connect_with(&sqlite_options(unfinished)?).await?;
    let checked = check(&mut copy).await;
    copy.close().await?;
    checked?;
    let (unfinished, target) = (unfinished.to_owned(), target.to_owned());
    let renamed = tokio::task::spawn_blocking(move || give_name(&unfinished, &target)).await;
    renamed.map_err(|_| Error::Closed)?
}

fn give_name(unfinished: &Path, target: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::TargetExists { path },
            _ => Error::File { path, source: error.into() },
        }
    };
    std::fs::File::open(unfinished).and_then(|file| file.sync_all()).map_err(failed(unfinished))?;
    std::fs::hard_link(unfinished, target).map_err(failed(target))?;
    std::fs::remove_file(unfinished).map_err(failed(unfinished))?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

async fn check(connection: &mut AnyConnection) -> Result<(), Error> {
    let rows = sqlx::query("PRAGMA integrity_check").fetch_all(&mut *connection).await?;
    let found = rows.iter().map(|row| Columns(row).text("integrity_check")).collect::<Result<Vec<_>, _>>()?;
    if found != ["ok"] {
        return Err(Error::Corrupt { detail: found.join("; ") });
    }
    let broken = sqlx::query("SELECT COUNT(*) AS n_broken FROM pragma_foreign_key_check").fetch_one(connection).await?;
    match Columns(&broken).integer("n_broken")? {
        0 => Ok(()),
        n_broken => Err(Error::Corrupt { detail: format!("{n_broken} rows point to rows that are missing") }),
    }
}
