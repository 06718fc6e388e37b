//! The FAQ as read: current entries, their history, and what changed since a revision. Writing lives in `faq_write`.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::database::{containing, limited};
use crate::{Error, Store};

/// What an editor writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqDraft {
    /// A new id is made when it is missing or empty.
    #[serde(default)]
    pub id: Option<String>,
    pub question: String,
    #[serde(default)]
    pub similar: Vec<String>,
    pub answer: String,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    /// `YYYY-MM-DD`, the first day.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// `YYYY-MM-DD`, the last day.
    #[serde(default)]
    pub valid_until: Option<String>,
    #[serde(default = "enabled")]
    pub enabled: bool,
}

fn enabled() -> bool {
    true
}

/// One version of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqRecord {
    pub id: String,
    /// Counts this entry's versions from one.
    pub version: i64,
    /// The whole FAQ's revision that this version made.
    pub revision: i64,
    pub question: String,
    pub similar: Vec<String>,
    pub answer: String,
    pub language: Option<String>,
    pub category: Option<String>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub enabled: bool,
    /// A tombstone: the entry's contents are those before it was deleted.
    pub deleted: bool,
    pub updated_by: String,
    pub updated_at: i64,
}

/// Which entries to list; the default lists all that are not deleted.
#[derive(Clone, Debug, Default)]
pub struct FaqFilter {
    /// Found anywhere in id, question, similar questions or answer.
    pub text: Option<String>,
    pub language: Option<String>,
    pub category: Option<String>,
    pub enabled: Option<bool>,
}

macro_rules! faq_columns {
    () => {
        "id, version, revision, question, similar_questions, answer, language, category, valid_from, valid_until, \
         enabled, deleted, updated_by, updated_at"
    };
}
pub(crate) use faq_columns;

macro_rules! faq_condition {
    () => {
        " FROM faq WHERE deleted = 0 AND ($1 IS NULL OR LOWER(id) LIKE $1 ESCAPE '!' OR LOWER(question) LIKE $1 ESCAPE '!' \
         OR LOWER(similar_questions) LIKE $1 ESCAPE '!' OR LOWER(answer) LIKE $1 ESCAPE '!') \
         AND ($2 IS NULL OR language = $2) AND ($3 IS NULL OR category = $3) AND ($4 < 0 OR enabled = $4)"
    };
}

impl Store {
    /// A page of entries, the latest changed first, and how many there are in all.
    pub async fn faq_list(
        &self,
        filter: &FaqFilter,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<FaqRecord>, i64), Error> {
        let text = filter.text.as_deref().map(containing);
        let enabled = filter.enabled.map_or(-1, i64::from);
        let rows = sqlx::query(concat!(
            "SELECT ",
            faq_columns!(),
            faq_condition!(),
            " ORDER BY revision DESC LIMIT $5 OFFSET $6"
        ))
        .bind(&text)
        .bind(&filter.language)
        .bind(&filter.category)
        .bind(enabled)
        .bind(limited(limit))
        .bind(limited(offset))
        .fetch_all(self.read())
        .await?;
        let total = sqlx::query(concat!("SELECT COUNT(*) AS n_entries", faq_condition!()))
            .bind(&text)
            .bind(&filter.language)
            .bind(&filter.category)
            .bind(enabled)
            .fetch_one(self.read())
            .await?;
        let entries = rows.iter().map(read_faq).collect::<Result<_, _>>()?;
        Ok((entries, Columns(&total).integer("n_entries")?))
    }

    /// Every entry that is not deleted, in the order of ids.
    pub async fn faq_all(&self) -> Result<Vec<FaqRecord>, Error> {
        let rows = sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq WHERE deleted = 0 ORDER BY id"))
            .fetch_all(self.read())
            .await?;
        rows.iter().map(read_faq).collect()
    }

    /// The newest version of an entry; deleted ones are not found.
    pub async fn faq_get(&self, id: &str) -> Result<FaqRecord, Error> {
        let mut connection = self.read().acquire().await?;
        let record = newest_version(&mut connection, id).await?.filter(|record| !record.deleted);
        record.ok_or_else(|| Error::not_found("FAQ entry", id))
    }

    /// Every version of an entry, the newest first, tombstones included.
    pub async fn faq_history(&self, id: &str) -> Result<Vec<FaqRecord>, Error> {
        let rows =
            sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq_history WHERE id = $1 ORDER BY version DESC"))
                .bind(id)
                .fetch_all(self.read())
                .await?;
        if rows.is_empty() {
            return Err(Error::not_found("FAQ entry", id));
        }
        rows.iter().map(read_faq).collect()
    }

    /// Entries changed past a revision in the order of their revisions, each once as it is now; `deleted` ones are to
    /// be removed. Follow it by asking again from the last revision it gave until it gives none.
    pub async fn faq_changes_since(&self, revision: i64, limit: usize) -> Result<Vec<(i64, FaqRecord)>, Error> {
        let rows =
            sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq WHERE revision > $1 ORDER BY revision LIMIT $2"))
                .bind(revision)
                .bind(limited(limit))
                .fetch_all(self.read())
                .await?;
        rows.iter().map(|row| read_faq(row).map(|record| (record.revision, record))).collect()
    }
}

pub(crate) async fn newest_version(connection: &mut AnyConnection, id: &str) -> Result<Option<FaqRecord>, Error> {
    let row = sqlx::query(concat!("SELECT ", faq_columns!(), " FROM faq WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read_faq).transpose()
}

pub(crate) fn read_faq(row: &AnyRow) -> Result<FaqRecord, Error> {
    let columns = Columns(row);
    Ok(FaqRecord {
        id: columns.text("id")?,
        version: columns.integer("version")?,
        revision: columns.integer("revision")?,
        question: columns.text("question")?,
        similar: columns.json("similar_questions")?,
        answer: columns.text("answer")?,
        language: columns.optional_text("language")?,
        category: columns.optional_text("category")?,
        valid_from: columns.optional_text("valid_from")?,
        valid_until: columns.optional_text("valid_until")?,
        enabled: columns.flag("enabled")?,
        deleted: columns.flag("deleted")?,
        updated_by: columns.text("updated_by")?,
        updated_at: columns.integer("updated_at")?,
    })
}
