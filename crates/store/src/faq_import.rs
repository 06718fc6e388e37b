//! Many entries at once, all or none, without keeping customers' turns waiting: rows gather in short transactions, one
//! moment decides, and the versions are written in short transactions after it. What a crash or a full disk interrupts
//! before that moment leaves nothing; what it interrupts after it is finished by whoever opens the store next.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Weak;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::columns::{Columns, to_json, value_rows};
use crate::database::{limited, new_id, now};
use crate::faq::{FaqDraft, FaqRecord, faq_columns, read_faq};
use crate::faq_write::{Deleted, checked, hold_revision, take_revisions, write_records};
use crate::{Error, Inner, Store};

/// Rows in one transaction: what a customer's turn may have to wait for.
const BATCH: usize = 200;
/// A decided import that nobody has worked on for so long is finished by others; in milliseconds.
const LEFT_ALONE: i64 = 5_000;
/// One that was not decided is forgotten after so long; in milliseconds.
const FORGOTTEN: i64 = 600_000;
/// How often somebody looks for them.
const LOOK: Duration = Duration::from_secs(5);
/// What a version takes beyond its text, in the tables and their indexes; in bytes.
const OVERHEAD: usize = 400;
/// Of a disk with less than this free an import takes nothing more: customers' turns need it, and so does forgetting what
/// was laid ready.
const LEFT_TO_OTHERS: u64 = 16 << 20;
/// How often, and after which pause, a batch is tried again where no space is left or another program holds the database.
const ATTEMPTS: u32 = 4;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOutcome {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    /// The FAQ's revision afterwards.
    pub revision: i64,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    pub rows: usize,
    /// Rows that were compared with what is stored, and laid ready where they differ.
    pub compared: usize,
    /// Rows that were laid ready, and those of them that are versions by now.
    pub ready: usize,
    pub written: usize,
}

/// Hears how far an import is, from time to time.
pub type ImportWatcher<'a> = &'a (dyn Fn(ImportProgress) + Send + Sync);

impl Store {
    /// Adds and changes many entries, all or none; entries that are as given already keep their version, and where an id
    /// comes twice the later one counts.
    pub async fn faq_import(&self, drafts: Vec<FaqDraft>, editor: &str) -> Result<ImportOutcome, Error> {
        self.faq_import_watched(drafts, editor, &|_| {}).await
    }

    /// The same, telling how far it is. Before the import is decided an error means that nothing was taken; after it,
    /// [`Error::Unfinished`] means that everything was, and the rest becomes visible as soon as it can.
    pub async fn faq_import_watched(
        &self,
        drafts: Vec<FaqDraft>,
        editor: &str,
        watcher: ImportWatcher<'_>,
    ) -> Result<ImportOutcome, Error> {
        let drafts = with_ids(drafts)?;
        let progress = ImportProgress { rows: drafts.len(), ..ImportProgress::default() };
        let mut import = Import { id: new_id(), bytes: 0, progress, watcher };
        let mut outcome = match self.lay_ready(&mut import, &drafts, editor).await {
            Ok(outcome) if import.progress.ready == 0 => {
                return Ok(ImportOutcome { revision: self.revision().await?, ..outcome });
            }
            Ok(outcome) => outcome,
            Err(error) => return Err(self.forget_after(&import.id, error).await),
        };
        let decided = match self.check_room(&import) {
            Ok(()) => self.decide(&import.id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = decided {
            return Err(self.forget_after(&import.id, error).await);
        }
        self.write_ready(&mut import).await.map_err(|error| Error::Unfinished { detail: error.to_string() })?;
        outcome.revision = self.revision().await?;
        Ok(outcome)
    }

    /// What an import would do, without doing it.
    pub async fn faq_import_preview(
        &self,
        drafts: Vec<FaqDraft>,
        watcher: ImportWatcher<'_>,
    ) -> Result<ImportOutcome, Error> {
        let drafts = with_ids(drafts)?;
        let mut outcome = ImportOutcome { revision: self.revision().await?, ..ImportOutcome::default() };
        let mut progress = ImportProgress { rows: drafts.len(), ..ImportProgress::default() };
        for batch in drafts.chunks(BATCH) {
            self.differing(batch, &mut outcome).await?;
            progress.compared += batch.len();
            watcher(progress);
        }
        Ok(outcome)
    }

    /// Finishes decided imports that were interrupted, and forgets those that never were decided.
    pub(crate) async fn finish_imports(&self) -> Result<(), Error> {
        let decided = "SELECT id FROM faq_imports WHERE decided_revision IS NOT NULL AND touched_at <= $1 ORDER BY id";
        for id in self.import_ids(decided, LEFT_ALONE).await? {
            tracing::info!(import = id, "finishing an import that was interrupted");
            self.write_ready(&mut Import::unwatched(id)).await?;
        }
        let undecided = "SELECT id FROM faq_imports WHERE decided_revision IS NULL AND touched_at <= $1 ORDER BY id";
        for id in self.import_ids(undecided, FORGOTTEN).await? {
            self.forget(&id).await?;
        }
        Ok(())
    }

    /// Imports that nobody has worked on for so many milliseconds.
    async fn import_ids(&self, sql: &'static str, age: i64) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(sql).bind(now() - age).fetch_all(self.read()).await?;
        rows.iter().map(|row| Columns(row).text("id")).collect()
    }

    async fn lay_ready(
        &self,
        import: &mut Import<'_>,
        drafts: &[FaqDraft],
        editor: &str,
    ) -> Result<ImportOutcome, Error> {
        let mut outcome = ImportOutcome::default();
        for batch in drafts.chunks(BATCH) {
            let differing = self.differing(batch, &mut outcome).await?;
            if !differing.is_empty() {
                let started = Instant::now();
                self.lay_batch(import, &differing, editor).await?;
                give_way(started, batch.len()).await;
            }
            import.progress.ready += differing.len();
            import.progress.compared += batch.len();
            (import.watcher)(import.progress);
        }
        Ok(outcome)
    }

    async fn lay_batch(&self, import: &mut Import<'_>, drafts: &[&FaqDraft], editor: &str) -> Result<(), Error> {
        self.check_room(import)?;
        let mut transaction = self.write().await?;
        let noted = if import.progress.ready == 0 {
            sqlx::query("INSERT INTO faq_imports (id, editor, touched_at) VALUES ($1, $2, $3)")
        } else {
            sqlx::query("UPDATE faq_imports SET editor = $2, touched_at = $3 WHERE id = $1 AND touched_at > 0")
        };
        let noted = noted.bind(&import.id).bind(editor).bind(now()).execute(&mut *transaction).await?;
        if noted.rows_affected() == 0 {
            return Err(stood_still());
        }
        let sql = format!(
            "INSERT INTO faq_import_rows (import_id, seq, id, body) VALUES {}",
            value_rows(drafts.len(), &["{}"; 4])
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for (draft, seq) in drafts.iter().zip(import.progress.ready..) {
            let body = to_json("body", draft)?;
            import.bytes += (body.len() + OVERHEAD) as u64;
            query = query.bind(&import.id).bind(limited(seq)).bind(&draft.id).bind(body);
        }
        query.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Refuses to go on where the versions that an import is about to become would leave too little of the disk.
    fn check_room(&self, import: &Import<'_>) -> Result<(), Error> {
        let folder = self.path().and_then(Path::parent).filter(|_| import.progress.rows > BATCH);
        // Where nobody can say how much is free, the database itself says when nothing is.
        let Some(free) = folder.and_then(|folder| rustix::fs::statvfs(folder).ok()) else { return Ok(()) };
        let (free, needed) = (free.f_bavail * free.f_frsize, import.bytes + LEFT_TO_OTHERS);
        if free < needed {
            let detail = format!("{} MB are free, the import needs {} MB", free >> 20, needed >> 20);
            return Err(Error::DiskFull { detail });
        }
        Ok(())
    }

    /// The drafts that say something else than what is stored, counted.
    async fn differing<'a>(
        &self,
        drafts: &'a [FaqDraft],
        outcome: &mut ImportOutcome,
    ) -> Result<Vec<&'a FaqDraft>, Error> {
        let ids: Vec<&str> = drafts.iter().filter_map(|draft| draft.id.as_deref()).collect();
        let stored = stored(&mut *self.read().acquire().await?, &ids).await?;
        let mut differing = Vec::new();
        for draft in drafts {
            match draft.id.as_ref().and_then(|id| stored.get(id)).filter(|record| !record.deleted) {
                Some(record) if draft.is_said_by(record) => {
                    outcome.unchanged += 1;
                    continue;
                }
                Some(_) => outcome.changed += 1,
                None => outcome.added += 1,
            }
            differing.push(draft);
        }
        Ok(differing)
    }

    /// From here on the import is taken. One that was decided before is finished first, so that the later one counts.
    async fn decide(&self, id: &str) -> Result<(), Error> {
        loop {
            let mut transaction = self.write().await?;
            let revision = hold_revision(&mut transaction).await?;
            let earlier =
                sqlx::query("SELECT id FROM faq_imports WHERE decided_revision IS NOT NULL ORDER BY id LIMIT 1")
                    .fetch_optional(&mut *transaction)
                    .await?;
            if let Some(earlier) = earlier {
                transaction.rollback().await?;
                let id = Columns(&earlier).text("id")?;
                self.write_ready(&mut Import::unwatched(id)).await?;
                continue;
            }
            let decided = sqlx::query(
                "UPDATE faq_imports SET decided_revision = $1, touched_at = $2 WHERE id = $3 AND touched_at > 0",
            )
            .bind(revision)
            .bind(now())
            .bind(id)
            .execute(&mut *transaction)
            .await?;
            if decided.rows_affected() == 0 {
                return Err(stood_still());
            }
            return Ok(transaction.commit().await?);
        }
    }

    /// Makes versions of all that was laid ready.
    async fn write_ready(&self, import: &mut Import<'_>) -> Result<(), Error> {
        loop {
            let started = Instant::now();
            let written = self.write_patiently(&import.id).await?;
            if written == 0 {
                return Ok(());
            }
            import.progress.written += written;
            (import.watcher)(import.progress);
            give_way(started, written).await;
        }
    }

    async fn write_patiently(&self, id: &str) -> Result<usize, Error> {
        let mut attempt = 1;
        loop {
            match self.write_batch(id).await {
                Err(error) if error.is_temporary() && attempt < ATTEMPTS => {
                    tracing::warn!(%error, attempt, "an import waits");
                    attempt += 1;
                    tokio::time::sleep(BETWEEN_ATTEMPTS).await;
                }
                done => return done,
            }
        }
    }

    /// Makes versions of the next rows and says how many rows there were.
    async fn write_batch(&self, import: &str) -> Result<usize, Error> {
        let mut transaction = self.write().await?;
        hold_revision(&mut transaction).await?;
        let Some((editor, decided)) = decided_import(&mut transaction, import).await? else { return Ok(0) };
        let drafts = take_rows(&mut transaction, import).await?;
        let mut revision = decided;
        if drafts.is_empty() {
            sqlx::query("DELETE FROM faq_imports WHERE id = $1").bind(import).execute(&mut *transaction).await?;
        } else {
            let mut records = next_versions(&mut transaction, &drafts, decided, &editor).await?;
            revision = take_revisions(&mut transaction, &mut records).await?;
            write_records(&mut transaction, &records).await?;
            let touched = sqlx::query("UPDATE faq_imports SET touched_at = $1 WHERE id = $2").bind(now()).bind(import);
            touched.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.announce(revision);
        Ok(drafts.len())
    }

    /// Forgets an import that failed and gives back why; what cannot be forgotten now is forgotten later.
    async fn forget_after(&self, id: &str, error: Error) -> Error {
        if let Err(second) = self.forget(id).await {
            tracing::warn!(error = %second, "what was laid ready for an import is cleared later");
        }
        error
    }

    /// Forgets an import that was not decided; from the first transaction on it cannot be decided any more.
    async fn forget(&self, id: &str) -> Result<(), Error> {
        let mut n_rows = BATCH;
        while n_rows == BATCH {
            let started = Instant::now();
            let mut transaction = self.write().await?;
            let marked =
                sqlx::query("UPDATE faq_imports SET touched_at = 0 WHERE id = $1 AND decided_revision IS NULL");
            if marked.bind(id).execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(());
            }
            n_rows = take_rows(&mut transaction, id).await?.len();
            if n_rows < BATCH {
                sqlx::query("DELETE FROM faq_imports WHERE id = $1").bind(id).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            give_way(started, n_rows).await;
        }
        Ok(())
    }
}

/// Looks now and then for imports that were left alone, until the store is dropped or closed.
pub(crate) fn follow(store: Weak<Inner>) {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(inner) = store.upgrade() else { return };
            match (Store { inner }).finish_imports().await {
                Ok(()) => {}
                Err(Error::Closed) => return,
                Err(error) => tracing::warn!(%error, "an import that was interrupted cannot be finished yet"),
            }
        }
    });
}

fn stood_still() -> Error {
    Error::Invalid("the import stood still for too long, and nothing was taken; import the file again".to_owned())
}

struct Import<'a> {
    id: String,
    /// What its versions will take on the disk, about.
    bytes: u64,
    progress: ImportProgress,
    watcher: ImportWatcher<'a>,
}

impl Import<'_> {
    fn unwatched(id: String) -> Self {
        Self { id, bytes: 0, progress: ImportProgress::default(), watcher: &|_| {} }
    }
}

/// Leaves the database to others for a while after a full batch: another program that waits for SQLite only looks from time
/// to time whether it is free.
async fn give_way(started: Instant, n_rows: usize) {
    if n_rows == BATCH {
        tokio::time::sleep(started.elapsed() / 2).await;
    }
}

/// Checked drafts with an id each, every id once.
fn with_ids(drafts: Vec<FaqDraft>) -> Result<Vec<FaqDraft>, Error> {
    let mut unique: Vec<FaqDraft> = Vec::with_capacity(drafts.len());
    let mut places: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        let draft = checked(draft)?;
        let id = draft.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(new_id);
        let draft = FaqDraft { id: Some(id.clone()), ..draft };
        match places.get(&id) {
            Some(&place) => unique[place] = draft,
            None => {
                places.insert(id, unique.len());
                unique.push(draft);
            }
        }
    }
    Ok(unique)
}

async fn stored(connection: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, FaqRecord>, Error> {
    let sql = format!("SELECT {} FROM faq WHERE id IN {}", faq_columns!(), one_row(ids.len()));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(*id);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| read_faq(row).map(|record| (record.id.clone(), record))).collect()
}

/// `($1, $2, …)`, `n` of them.
pub(crate) fn one_row(n: usize) -> String {
    value_rows(1, &vec!["{}"; n])
}

/// Who imports, and the revision at which it was decided; nothing where another has finished it.
async fn decided_import(connection: &mut AnyConnection, id: &str) -> Result<Option<(String, i64)>, Error> {
    let row =
        sqlx::query("SELECT editor, decided_revision FROM faq_imports WHERE id = $1 AND decided_revision IS NOT NULL");
    let row = row.bind(id).fetch_optional(connection).await?;
    row.map(|row| Ok((Columns(&row).text("editor")?, Columns(&row).integer("decided_revision")?))).transpose()
}

/// Takes the next rows out.
async fn take_rows(connection: &mut AnyConnection, import: &str) -> Result<Vec<FaqDraft>, Error> {
    let rows = sqlx::query("SELECT seq, body FROM faq_import_rows WHERE import_id = $1 ORDER BY seq LIMIT $2")
        .bind(import)
        .bind(limited(BATCH))
        .fetch_all(&mut *connection)
        .await?;
    if let Some(last) = rows.last() {
        sqlx::query("DELETE FROM faq_import_rows WHERE import_id = $1 AND seq <= $2")
            .bind(import)
            .bind(Columns(last).integer("seq")?)
            .execute(connection)
            .await?;
    }
    rows.iter().map(|row| Columns(row).json("body")).collect()
}

/// The versions that the drafts become, but for their revisions. What somebody saved since the import was decided is the
/// later word, and stays.
async fn next_versions(
    connection: &mut AnyConnection,
    drafts: &[FaqDraft],
    decided: i64,
    editor: &str,
) -> Result<Vec<FaqRecord>, Error> {
    let ids: Vec<&str> = drafts.iter().filter_map(|draft| draft.id.as_deref()).collect();
    let stored = stored(connection, &ids).await?;
    let next = drafts.iter().zip(&ids).filter_map(|(draft, id)| {
        let current = stored.get(*id);
        let left = current.is_some_and(|current| current.revision > decided || draft.is_said_by(current));
        (!left).then(|| FaqRecord {
            updated_by: editor.to_owned(),
            updated_at: now(),
            ..draft.at_version((*id).to_owned(), current, Deleted::No)
        })
    });
    Ok(next.collect())
}
