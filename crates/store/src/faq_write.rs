//! Changing the FAQ: each change writes the next version and the next revision in one transaction; nothing is overwritten.

use sqlx::AnyConnection;

use crate::columns::{to_json, value_rows};
use crate::database::{limited, new_id, next_numbers, now};
use crate::faq::{FaqDraft, FaqRecord, faq_columns, newest_version, read_faq};
use crate::faq_import::one_row;
use crate::gaps::resolve_drafted;
use crate::{Error, Store};

const REVISION: &str = "faq_revision";

impl Store {
    /// Writes an entry's next version. With `expected_version` the entry must still be at it (0: must not exist).
    pub async fn faq_put(
        &self,
        draft: FaqDraft,
        expected_version: Option<i64>,
        editor: &str,
    ) -> Result<FaqRecord, Error> {
        let id = draft.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(new_id);
        let draft = checked(draft)?;
        let record = self
            .change_faq(&id, editor, |current| {
                check_version(&id, current, expected_version)?;
                Ok(draft.at_version(id.clone(), current, Deleted::No))
            })
            .await?;
        Ok(record)
    }

    /// Writes a tombstone; the history stays and any version can be restored.
    pub async fn faq_delete(&self, id: &str, expected_version: Option<i64>, editor: &str) -> Result<FaqRecord, Error> {
        self.change_faq(id, editor, |current| {
            let live = current.filter(|record| !record.deleted).ok_or_else(|| Error::not_found("FAQ entry", id))?;
            check_version(id, Some(live), expected_version)?;
            Ok(FaqDraft::from(live).at_version(id.to_owned(), current, Deleted::Yes))
        })
        .await
    }

    /// Makes the contents of an earlier version the newest one again, also after a delete.
    pub async fn faq_restore(&self, id: &str, version: i64, editor: &str) -> Result<FaqRecord, Error> {
        let row = sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq_history WHERE id = $1 AND version = $2"))
            .bind(id)
            .bind(version)
            .fetch_optional(self.read())
            .await?;
        let row = row.ok_or_else(|| Error::not_found("FAQ version", &format!("{id} version {version}")))?;
        let earlier = FaqDraft::from(&read_faq(&row)?);
        self.change_faq(id, editor, |current| Ok(earlier.at_version(id.to_owned(), current, Deleted::No))).await
    }

    /// Reads the newest version with every other editor kept away, and writes what `next` makes of it.
    async fn change_faq(
        &self,
        id: &str,
        editor: &str,
        next: impl FnOnce(Option<&FaqRecord>) -> Result<FaqRecord, Error> + Send,
    ) -> Result<FaqRecord, Error> {
        let mut transaction = self.write().await?;
        hold_revision(&mut transaction).await?;
        let current = newest_version(&mut transaction, id).await?;
        let mut record = next(current.as_ref())?;
        write_version(&mut transaction, &mut record, editor).await?;
        if record.enabled && !record.deleted {
            resolve_drafted(&mut transaction, &record).await?;
        }
        transaction.commit().await?;
        self.announce(record.revision);
        Ok(record)
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Ending {
    Commit,
    Rollback,
}

#[derive(Clone, Copy)]
pub(crate) enum Deleted {
    Yes,
    No,
}

impl Deleted {
    pub(crate) fn of(deleted: bool) -> Self {
        if deleted { Self::Yes } else { Self::No }
    }
}

impl FaqDraft {
    pub(crate) fn at_version(&self, id: String, current: Option<&FaqRecord>, deleted: Deleted) -> FaqRecord {
        let draft = self.clone();
        FaqRecord {
            id,
            version: current.map_or(1, |record| record.version + 1),
            revision: 0,
            question: draft.question,
            similar: draft.similar,
            answer: draft.answer,
            language: draft.language,
            category: draft.category,
            valid_from: draft.valid_from,
            valid_until: draft.valid_until,
            enabled: draft.enabled,
            deleted: matches!(deleted, Deleted::Yes),
            channels: draft.channels,
            links: draft.links,
            updated_by: String::new(),
            updated_at: 0,
            note: None,
            approved_by: None,
            bulk: None,
        }
    }

    /// Whether the record is live and says what this draft, of the same id, says.
    pub(crate) fn is_said_by(&self, record: &FaqRecord) -> bool {
        !record.deleted && *self == FaqDraft::from(record)
    }
}

impl From<&FaqRecord> for FaqDraft {
    fn from(record: &FaqRecord) -> Self {
        let record = record.clone();
        Self {
            id: Some(record.id),
            question: record.question,
            similar: record.similar,
            answer: record.answer,
            language: record.language,
            category: record.category,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            enabled: record.enabled,
            channels: record.channels,
            links: record.links,
        }
    }
}

pub(crate) fn checked(draft: FaqDraft) -> Result<FaqDraft, Error> {
    let name = draft.id.as_deref().unwrap_or("new");
    for (field, value) in [("question", &draft.question), ("answer", &draft.answer)] {
        if value.trim().is_empty() {
            return Err(Error::Invalid(format!("FAQ entry {name:?}: {field} is empty")));
        }
    }
    if has_nul(&draft) {
        return Err(Error::Invalid(format!("FAQ entry {name:?}: holds a NUL character; remove it")));
    }
    Ok(draft)
}

fn has_nul(draft: &FaqDraft) -> bool {
    let optional = [&draft.id, &draft.language, &draft.category, &draft.valid_from, &draft.valid_until];
    let texts =
        [&draft.question, &draft.answer].into_iter().chain(&draft.similar).chain(optional.into_iter().flatten());
    let links = draft.links.iter().flat_map(|link| [&link.title, &link.url]);
    texts.chain(&draft.channels).chain(links).any(|text| text.contains('\0'))
}

pub(crate) fn check_version(id: &str, current: Option<&FaqRecord>, expected: Option<i64>) -> Result<(), Error> {
    // A tombstone counts as absent: who expects nothing there may write a new version over it.
    let version = current.map_or(0, |record| if record.deleted && expected == Some(0) { 0 } else { record.version });
    match expected {
        Some(expected) if expected != version => {
            Err(Error::VersionConflict { what: "FAQ entry", id: id.to_owned(), current: version })
        }
        _ => Ok(()),
    }
}

/// The current revision; from here to the end of the transaction nobody else can take the next one.
pub(crate) async fn hold_revision(connection: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query("UPDATE counters SET value = value WHERE name = $1 RETURNING value")
        .bind(REVISION)
        .fetch_one(connection)
        .await?;
    crate::columns::Columns(&row).integer("value")
}

pub(crate) async fn write_version(
    connection: &mut AnyConnection,
    record: &mut FaqRecord,
    editor: &str,
) -> Result<(), Error> {
    record.updated_by = editor.to_owned();
    record.updated_at = now();
    take_revisions(connection, std::slice::from_mut(record)).await?;
    write_records(connection, std::slice::from_ref(record)).await
}

/// Gives each record the next revision, in order, and says which is the newest afterwards.
pub(crate) async fn take_revisions(connection: &mut AnyConnection, records: &mut [FaqRecord]) -> Result<i64, Error> {
    let newest = next_numbers(connection, REVISION, limited(records.len())).await?;
    let first = newest - limited(records.len()) + 1;
    records.iter_mut().zip(first..).for_each(|(record, revision)| record.revision = revision);
    Ok(newest)
}

/// Makes each record its entry's newest version; every entry may come once, and their revisions follow one another.
pub(crate) async fn write_records(connection: &mut AnyConnection, records: &[FaqRecord]) -> Result<(), Error> {
    if records.is_empty() {
        return Ok(());
    }
    let sql = format!("DELETE FROM faq WHERE id IN {}", one_row(records.len()));
    let mut delete = sqlx::query(sqlx::AssertSqlSafe(sql));
    for record in records {
        delete = delete.bind(&record.id);
    }
    delete.execute(&mut *connection).await?;
    insert_records(connection, records).await?;
    sqlx::query(concat!(
        "INSERT INTO faq_history (",
        faq_columns!(),
        ") SELECT ",
        faq_columns!(),
        " FROM faq WHERE revision BETWEEN $1 AND $2"
    ))
    .bind(records.first().map(|record| record.revision))
    .bind(records.last().map(|record| record.revision))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_records(connection: &mut AnyConnection, records: &[FaqRecord]) -> Result<(), Error> {
    let sql = format!("INSERT INTO faq ({}) VALUES {}", faq_columns!(), value_rows(records.len(), &["{}"; 19]));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for record in records {
        query = query
            .bind(&record.id)
            .bind(record.version)
            .bind(record.revision)
            .bind(&record.question)
            .bind(to_json("similar_questions", &record.similar)?)
            .bind(&record.answer)
            .bind(&record.language)
            .bind(&record.category)
            .bind(&record.valid_from)
            .bind(&record.valid_until)
            .bind(i64::from(record.enabled))
            .bind(i64::from(record.deleted))
            .bind(&record.updated_by)
            .bind(record.updated_at)
            .bind(to_json("channels", &record.channels)?)
            .bind(to_json("links", &record.links)?)
            .bind(&record.note)
            .bind(&record.approved_by)
            .bind(&record.bulk);
    }
    query.execute(connection).await?;
    Ok(())
}
