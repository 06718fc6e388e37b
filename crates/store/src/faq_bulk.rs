//! Many entries changed at once: tried first, done in one transaction under one note, taken back as one.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::columns::Columns;
use crate::database::{new_id, now};
use crate::faq::{FaqDraft, FaqFilter, FaqRecord, faq_columns, newest_version, read_faq};
use crate::faq_write::{Deleted, Ending, checked, hold_revision, write_version};
use crate::gaps::resolve_drafted;
use crate::{Error, Store};

/// Which entries a bulk edit is about.
#[derive(Clone, Debug)]
pub enum BulkTarget {
    Ids(Vec<String>),
    /// All that match, however many.
    Filter(FaqFilter),
}

/// What is done to each of them; what is not named stays. An empty text takes a value away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkChange {
    pub enabled: Option<bool>,
    pub category: Option<String>,
    pub branch: Option<BranchMove>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub channels: Option<Vec<String>>,
    pub delete: bool,
}

/// A branch of the category tree that gets another path; what is below it goes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchMove {
    pub from: String,
    pub to: String,
}

/// A bulk edit as it is asked for.
#[derive(Clone, Debug)]
pub struct BulkEdit {
    pub target: BulkTarget,
    pub change: BulkChange,
    /// Why; stands in the history of every entry.
    pub note: String,
    /// The FAQ's revision that was looked at; with another one nothing is done.
    pub expected_revision: Option<i64>,
}

/// What a bulk edit did, or would do.
#[derive(Clone, Debug, Default)]
pub struct BulkOutcome {
    /// What it is taken back by; nothing where nothing changed.
    pub id: Option<String>,
    /// Each entry before and after.
    pub changed: Vec<(FaqRecord, FaqRecord)>,
    pub unchanged: usize,
    /// Entries that somebody changed since, which an undo leaves alone.
    pub left: Vec<String>,
    /// The FAQ's revision afterwards.
    pub revision: i64,
}

impl BulkChange {
    fn applied(&self, record: &FaqRecord) -> FaqDraft {
        let mut draft = FaqDraft::from(record);
        let text = |value: &Option<String>, old: Option<String>| match value {
            Some(new) => Some(new.clone()).filter(|new| !new.is_empty()),
            None => old,
        };
        draft.enabled = self.enabled.unwrap_or(draft.enabled);
        draft.category = text(&self.category, draft.category);
        if let Some(branch) = &self.branch {
            draft.category = draft.category.map(|category| branch.moved(&category)).filter(|moved| !moved.is_empty());
        }
        draft.valid_from = text(&self.valid_from, draft.valid_from);
        draft.valid_until = text(&self.valid_until, draft.valid_until);
        draft.channels = self.channels.clone().unwrap_or(draft.channels);
        draft
    }
}

impl BranchMove {
    fn moved(&self, category: &str) -> String {
        match category.strip_prefix(self.from.as_str()) {
            Some("") => self.to.clone(),
            Some(below) if below.starts_with('/') => format!("{}{below}", self.to).trim_start_matches('/').to_owned(),
            _ => category.to_owned(),
        }
    }
}

impl Store {
    /// What a bulk edit would do, without doing it.
    pub async fn faq_bulk_preview(&self, edit: &BulkEdit) -> Result<BulkOutcome, Error> {
        self.bulk(edit, "", Ending::Rollback).await
    }

    /// Changes every entry of the target in one transaction, or none.
    pub async fn faq_bulk(&self, edit: &BulkEdit, editor: &str) -> Result<BulkOutcome, Error> {
        self.bulk(edit, editor, Ending::Commit).await
    }

    async fn bulk(&self, edit: &BulkEdit, editor: &str, ending: Ending) -> Result<BulkOutcome, Error> {
        let mut transaction = self.write().await?;
        let revision = hold_revision(&mut transaction).await?;
        if edit.expected_revision.is_some_and(|expected| expected != revision) {
            let id = "revision".to_owned();
            return Err(Error::VersionConflict { what: "the FAQ", id, current: revision });
        }
        let records = self.targets(&mut transaction, &edit.target).await?;
        let act = Act { id: new_id(), note: edit.note.clone(), editor: editor.to_owned(), undoes: None };
        let mut outcome = BulkOutcome { revision, ..BulkOutcome::default() };
        for before in records {
            let (draft, deleted) = (edit.change.applied(&before), Deleted::of(edit.change.delete));
            if draft == FaqDraft::from(&before) && !edit.change.delete {
                outcome.unchanged += 1;
                continue;
            }
            let after = act.write(&mut transaction, &before, &draft, deleted).await?;
            outcome.revision = after.revision;
            outcome.changed.push((before, after));
        }
        self.end(transaction, act, outcome, ending).await
    }

    /// Takes a bulk edit back; entries that were changed since stay as they are and are named.
    pub async fn faq_bulk_undo(&self, id: &str, editor: &str) -> Result<BulkOutcome, Error> {
        let mut transaction = self.write().await?;
        let revision = hold_revision(&mut transaction).await?;
        let edit = sqlx::query("SELECT note, undone_by FROM faq_bulk_edits WHERE id = $1").bind(id);
        let edit = edit.fetch_optional(&mut *transaction).await?;
        let edit = edit.ok_or_else(|| Error::not_found("bulk edit", id))?;
        if Columns(&edit).optional_text("undone_by")?.is_some() {
            return Err(Error::Duplicate { what: "the undo of", value: id.to_owned() });
        }
        let note = Columns(&edit).text("note")?;
        let act = Act { id: new_id(), note, editor: editor.to_owned(), undoes: Some(id.to_owned()) };
        let mut outcome = BulkOutcome { revision, ..BulkOutcome::default() };
        for (entry, version) in written_by(&mut transaction, id).await? {
            let current = newest_version(&mut transaction, &entry).await?;
            let Some(current) = current.filter(|current| current.version == version) else {
                outcome.left.push(entry);
                continue;
            };
            let earlier = at_version(&mut transaction, &entry, version - 1).await?;
            let draft = FaqDraft::from(&earlier);
            let after = act.write(&mut transaction, &current, &draft, Deleted::of(earlier.deleted)).await?;
            outcome.revision = after.revision;
            outcome.changed.push((current, after));
        }
        self.end(transaction, act, outcome, Ending::Commit).await
    }

    async fn end(
        &self,
        mut transaction: sqlx::Transaction<'static, sqlx::Any>,
        act: Act,
        mut outcome: BulkOutcome,
        ending: Ending,
    ) -> Result<BulkOutcome, Error> {
        if matches!(ending, Ending::Rollback) || outcome.changed.is_empty() {
            transaction.rollback().await?;
            return Ok(outcome);
        }
        sqlx::query(
            "INSERT INTO faq_bulk_edits (id, note, entries, done_by, done_at, undoes) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&act.id)
        .bind(&act.note)
        .bind(i64::try_from(outcome.changed.len()).unwrap_or(i64::MAX))
        .bind(&act.editor)
        .bind(now())
        .bind(&act.undoes)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE faq_bulk_edits SET undone_by = $1 WHERE id = $2")
            .bind(&act.id)
            .bind(act.undoes.as_deref().unwrap_or_default())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.announce(outcome.revision);
        outcome.id = Some(act.id);
        Ok(outcome)
    }

    /// The entries a bulk edit is about, in the order of ids.
    async fn targets(&self, connection: &mut AnyConnection, target: &BulkTarget) -> Result<Vec<FaqRecord>, Error> {
        match target {
            BulkTarget::Filter(filter) => Self::faq_matching(connection, filter).await,
            BulkTarget::Ids(ids) => {
                let mut ids = ids.clone();
                ids.sort();
                ids.dedup();
                let mut records = Vec::with_capacity(ids.len());
                for id in ids {
                    let record = newest_version(connection, &id).await?.filter(|record| !record.deleted);
                    records.push(record.ok_or_else(|| Error::not_found("FAQ entry", &id))?);
                }
                Ok(records)
            }
        }
    }
}

/// Who does what under which note.
struct Act {
    id: String,
    note: String,
    editor: String,
    /// The bulk edit that is taken back.
    undoes: Option<String>,
}

impl Act {
    async fn write(
        &self,
        connection: &mut AnyConnection,
        before: &FaqRecord,
        draft: &FaqDraft,
        deleted: Deleted,
    ) -> Result<FaqRecord, Error> {
        let crossed = draft.valid_from.as_ref().zip(draft.valid_until.as_ref()).filter(|(from, until)| from > until);
        if let Some((from, until)) = crossed {
            return Err(Error::Invalid(format!(
                "FAQ entry {:?} would be valid from {from} until {until}; change both days, or leave it out",
                before.id
            )));
        }
        let mut record = checked(draft.clone())?.at_version(before.id.clone(), Some(before), deleted);
        record.bulk = Some(self.id.clone());
        record.note = Some(self.note.clone()).filter(|note| !note.is_empty());
        write_version(connection, &mut record, &self.editor).await?;
        if record.enabled && !record.deleted {
            resolve_drafted(connection, &record).await?;
        }
        Ok(record)
    }
}

/// The entries that a bulk edit wrote, each with the version it wrote.
async fn written_by(connection: &mut AnyConnection, bulk: &str) -> Result<Vec<(String, i64)>, Error> {
    let rows = sqlx::query("SELECT id, version FROM faq_history WHERE bulk = $1 ORDER BY id").bind(bulk);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((Columns(row).text("id")?, Columns(row).integer("version")?))).collect()
}

async fn at_version(connection: &mut AnyConnection, id: &str, version: i64) -> Result<FaqRecord, Error> {
    let row = sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq_history WHERE id = $1 AND version = $2"));
    let row = row.bind(id).bind(version).fetch_optional(connection).await?;
    read_faq(&row.ok_or_else(|| Error::not_found("FAQ version", &format!("{id} version {version}")))?)
}
