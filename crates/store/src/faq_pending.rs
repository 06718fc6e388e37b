//! Edits that wait before they are published: at most one an entry, saved, sent for review, approved or sent back.
//! What customers get stays as it is until one is approved.

use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, words};
use crate::database::now;
use crate::faq::{FaqDraft, FaqRecord, newest_version};
use crate::faq_write::{Deleted, check_version, checked, hold_revision, write_version};
use crate::gaps::resolve_drafted;
use crate::{Error, Store};

words! {
    /// How far an edit is.
    PendingState {
        /// Somebody still writes it.
        Draft = "draft",
        /// It waits for somebody to read it.
        Review = "review",
        /// It was sent back with a note.
        Returned = "returned",
    }
}

/// An edit that is not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEdit {
    /// The entry's id; the entry need not exist yet.
    pub id: String,
    /// Counts what happened to the edit.
    pub version: i64,
    /// The entry's version that it was written over; 0 for a new entry.
    pub base_version: i64,
    pub entry: FaqDraft,
    pub state: PendingState,
    /// Why it was sent back.
    pub note: Option<String>,
    pub written_by: String,
    pub reviewed_by: Option<String>,
    pub updated_at: i64,
}

macro_rules! pending_columns {
    () => {
        "id, version, base_version, body, state, note, written_by, reviewed_by, updated_at"
    };
}

impl Store {
    /// The edit of an entry that is not published yet, if there is one.
    pub async fn faq_pending(&self, id: &str) -> Result<Option<PendingEdit>, Error> {
        let mut connection = self.read().acquire().await?;
        pending(&mut connection, id).await
    }

    /// All of them, or those in one state; the latest first.
    pub async fn faq_pending_list(&self, state: Option<PendingState>) -> Result<Vec<PendingEdit>, Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            pending_columns!(),
            " FROM faq_pending WHERE ($1 IS NULL OR state = $1) ORDER BY updated_at DESC, id"
        ))
        .bind(state.map(PendingState::as_str))
        .fetch_all(self.read())
        .await?;
        rows.iter().map(read_pending).collect()
    }

    /// Saves an edit without publishing it. With `expected` the edit must still be at that version (0: none yet).
    pub async fn faq_pending_put(
        &self,
        entry: FaqDraft,
        base_version: i64,
        expected: Option<i64>,
        by: &str,
    ) -> Result<PendingEdit, Error> {
        let entry = checked(entry)?;
        let id = entry.id.clone().filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::Invalid("a draft needs the id of its entry".to_owned()))?;
        self.change_pending(&id, expected, |current| {
            Ok(PendingEdit {
                id: id.clone(),
                version: current.map_or(1, |current| current.version + 1),
                base_version,
                entry,
                state: PendingState::Draft,
                note: current.and_then(|current| current.note.clone()),
                written_by: by.to_owned(),
                reviewed_by: current.and_then(|current| current.reviewed_by.clone()),
                updated_at: now(),
            })
        })
        .await
    }

    /// Sends an edit for review.
    pub async fn faq_pending_submit(&self, id: &str, expected: Option<i64>) -> Result<PendingEdit, Error> {
        self.change_pending(id, expected, |current| {
            let current = current.ok_or_else(|| Error::not_found("draft", id))?.clone();
            let version = current.version + 1;
            Ok(PendingEdit { state: PendingState::Review, note: None, version, updated_at: now(), ..current })
        })
        .await
    }

    /// Sends an edit back to who wrote it.
    pub async fn faq_pending_return(
        &self,
        id: &str,
        expected: Option<i64>,
        note: &str,
        by: &str,
    ) -> Result<PendingEdit, Error> {
        self.change_pending(id, expected, |current| {
            let current = current.ok_or_else(|| Error::not_found("draft", id))?.clone();
            Ok(PendingEdit {
                state: PendingState::Returned,
                note: Some(note.to_owned()).filter(|note| !note.is_empty()),
                reviewed_by: Some(by.to_owned()),
                version: current.version + 1,
                updated_at: now(),
                ..current
            })
        })
        .await
    }

    /// Drops an edit; what is published stays.
    pub async fn faq_pending_drop(&self, id: &str, expected: Option<i64>) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        let current = pending(&mut transaction, id).await?.ok_or_else(|| Error::not_found("draft", id))?;
        check_pending(id, Some(&current), expected)?;
        forget(&mut transaction, id).await?;
        Ok(transaction.commit().await?)
    }

    /// Publishes an edit as the entry's next version; refused where the entry was published anew since it was begun.
    pub async fn faq_pending_approve(&self, id: &str, expected: Option<i64>, by: &str) -> Result<FaqRecord, Error> {
        let mut transaction = self.write().await?;
        hold_revision(&mut transaction).await?;
        let edit = pending(&mut transaction, id).await?.ok_or_else(|| Error::not_found("draft", id))?;
        check_pending(id, Some(&edit), expected)?;
        let current = newest_version(&mut transaction, id).await?;
        check_version(id, current.as_ref(), Some(edit.base_version))?;
        let mut record = edit.entry.at_version(id.to_owned(), current.as_ref(), Deleted::No);
        record.approved_by = Some(by.to_owned());
        write_version(&mut transaction, &mut record, &edit.written_by).await?;
        if record.enabled {
            resolve_drafted(&mut transaction, &record).await?;
        }
        forget(&mut transaction, id).await?;
        transaction.commit().await?;
        self.announce(record.revision);
        Ok(record)
    }

    async fn change_pending(
        &self,
        id: &str,
        expected: Option<i64>,
        next: impl FnOnce(Option<&PendingEdit>) -> Result<PendingEdit, Error> + Send,
    ) -> Result<PendingEdit, Error> {
        let mut transaction = self.write().await?;
        // The same row keeps other editors away as for what is published.
        hold_revision(&mut transaction).await?;
        let current = pending(&mut transaction, id).await?;
        check_pending(id, current.as_ref(), expected)?;
        let edit = next(current.as_ref())?;
        forget(&mut transaction, id).await?;
        sqlx::query(concat!(
            "INSERT INTO faq_pending (",
            pending_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        ))
        .bind(&edit.id)
        .bind(edit.version)
        .bind(edit.base_version)
        .bind(to_json("body", &edit.entry)?)
        .bind(edit.state.as_str())
        .bind(&edit.note)
        .bind(&edit.written_by)
        .bind(&edit.reviewed_by)
        .bind(edit.updated_at)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(edit)
    }
}

fn check_pending(id: &str, current: Option<&PendingEdit>, expected: Option<i64>) -> Result<(), Error> {
    let version = current.map_or(0, |current| current.version);
    match expected {
        Some(expected) if expected != version => {
            Err(Error::VersionConflict { what: "draft", id: id.to_owned(), current: version })
        }
        _ => Ok(()),
    }
}

async fn pending(connection: &mut sqlx::AnyConnection, id: &str) -> Result<Option<PendingEdit>, Error> {
    let row = sqlx::query(concat!("SELECT ", pending_columns!(), " FROM faq_pending WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read_pending).transpose()
}

async fn forget(connection: &mut sqlx::AnyConnection, id: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM faq_pending WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

fn read_pending(row: &AnyRow) -> Result<PendingEdit, Error> {
    let columns = Columns(row);
    Ok(PendingEdit {
        id: columns.text("id")?,
        version: columns.integer("version")?,
        base_version: columns.integer("base_version")?,
        entry: columns.json("body")?,
        state: columns.word("state")?,
        note: columns.optional_text("note")?,
        written_by: columns.text("written_by")?,
        reviewed_by: columns.optional_text("reviewed_by")?,
        updated_at: columns.integer("updated_at")?,
    })
}
