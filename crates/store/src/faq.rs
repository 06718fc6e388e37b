//! The FAQ as read: current entries, their history, and what changed since a revision. Writing lives in `faq_write`.

use dialogue::Link;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::database::{beginning, containing, limited};
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
    /// Where the entry serves; everywhere when empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What to read further.
    #[serde(default)]
    pub links: Vec<Link>,
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
    pub channels: Vec<String>,
    pub links: Vec<Link>,
    /// A tombstone: the entry's contents are those before it was deleted.
    pub deleted: bool,
    pub updated_by: String,
    pub updated_at: i64,
    /// Why this version was made.
    pub note: Option<String>,
    /// Who published what `updated_by` wrote.
    pub approved_by: Option<String>,
    /// The bulk edit that made this version.
    pub bulk: Option<String>,
}

/// Which entries to list; the default lists all that are not deleted.
#[derive(Clone, Debug, Default)]
pub struct FaqFilter {
    /// Found anywhere in id, question, similar questions or answer.
    pub text: Option<String>,
    pub language: Option<String>,
    pub category: Option<String>,
    /// A category with everything below it.
    pub branch: Option<String>,
    pub enabled: Option<bool>,
}

macro_rules! faq_columns {
    () => {
        "id, version, revision, question, similar_questions, answer, language, category, valid_from, valid_until, \
         enabled, deleted, updated_by, updated_at, channels, links, note, approved_by, bulk"
    };
}
pub(crate) use faq_columns;

macro_rules! faq_condition {
    () => {
        " FROM faq WHERE deleted = 0 AND ($1 IS NULL OR LOWER(id) LIKE $1 ESCAPE '!' OR LOWER(question) LIKE $1 ESCAPE '!' \
         OR LOWER(similar_questions) LIKE $1 ESCAPE '!' OR LOWER(answer) LIKE $1 ESCAPE '!') \
         AND ($2 IS NULL OR language = $2) AND ($3 IS NULL OR category = $3) AND ($4 < 0 OR enabled = $4) \
         AND ($5 IS NULL OR category = $5 OR category LIKE $6 ESCAPE '!')"
    };
}

/// Binds what `faq_condition` asks for.
macro_rules! bind_condition {
    ($query:expr, $filter:expr) => {{
        let filter: &FaqFilter = $filter;
        let branch = filter.branch.as_deref().map(|branch| beginning(&format!("{branch}/")));
        $query
            .bind(filter.text.as_deref().map(containing))
            .bind(filter.language.clone())
            .bind(filter.category.clone())
            .bind(filter.enabled.map_or(-1, i64::from))
            .bind(filter.branch.clone())
            .bind(branch)
    }};
}

impl Store {
    /// A page of entries, the latest changed first, and how many there are in all.
    pub async fn faq_list(
        &self,
        filter: &FaqFilter,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<FaqRecord>, i64), Error> {
        let page = sqlx::query(concat!(
            "SELECT ",
            faq_columns!(),
            faq_condition!(),
            " ORDER BY revision DESC LIMIT $7 OFFSET $8"
        ));
        let page = bind_condition!(page, filter).bind(limited(limit)).bind(limited(offset));
        let rows = page.fetch_all(self.read()).await?;
        let count = sqlx::query(concat!("SELECT COUNT(*) AS n_entries", faq_condition!()));
        let total = bind_condition!(count, filter).fetch_one(self.read()).await?;
        let entries = rows.iter().map(read_faq).collect::<Result<_, _>>()?;
        Ok((entries, Columns(&total).integer("n_entries")?))
    }

    /// Every entry that matches, in the order of ids, as one transaction sees it.
    pub(crate) async fn faq_matching(
        connection: &mut AnyConnection,
        filter: &FaqFilter,
    ) -> Result<Vec<FaqRecord>, Error> {
        let all = sqlx::query(concat!("SELECT ", faq_columns!(), faq_condition!(), " ORDER BY id"));
        let rows = bind_condition!(all, filter).fetch_all(connection).await?;
        rows.iter().map(read_faq).collect()
    }

    /// The categories in use, each with how many entries stand right in it, in their order.
    pub async fn faq_categories(&self) -> Result<Vec<(String, i64)>, Error> {
        let rows = sqlx::query(
            "SELECT category, COUNT(*) AS n_entries FROM faq WHERE deleted = 0 AND category IS NOT NULL \
             GROUP BY category ORDER BY category",
        )
        .fetch_all(self.read())
        .await?;
        rows.iter().map(|row| Ok((Columns(row).text("category")?, Columns(row).integer("n_entries")?))).collect()
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
        channels: columns.json("channels")?,
        links: columns.json("links")?,
        note: columns.optional_text("note")?,
        approved_by: columns.optional_text("approved_by")?,
        bulk: columns.optional_text("bulk")?,
    })
}
