//! Reply templates changed while the service runs, with every version kept. What a body means is `dialogue`'s business.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::database::now;
use crate::{Error, Store};

/// One version of the template of one intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRecord {
    pub intent: String,
    pub version: i64,
    /// The template as written: YAML or JSON.
    pub body: String,
    pub updated_by: String,
    pub updated_at: i64,
}

impl Store {
    /// The newest version of every template, by intent.
    pub async fn template_list(&self) -> Result<Vec<TemplateRecord>, Error> {
        let rows = sqlx::query("SELECT intent, version, body, updated_by, updated_at FROM templates ORDER BY intent")
            .fetch_all(self.read())
            .await?;
        rows.iter().map(read_template).collect()
    }

    /// The newest version of an intent's template.
    pub async fn template_get(&self, intent: &str) -> Result<TemplateRecord, Error> {
        let row = sqlx::query("SELECT intent, version, body, updated_by, updated_at FROM templates WHERE intent = $1")
            .bind(intent)
            .fetch_optional(self.read())
            .await?;
        read_template(&row.ok_or_else(|| Error::not_found("template", intent))?)
    }

    /// Writes the next version. With `expected_version` the template must still be at it (0: must not exist).
    pub async fn template_put(
        &self,
        intent: &str,
        body: &str,
        expected_version: Option<i64>,
        editor: &str,
    ) -> Result<TemplateRecord, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "INSERT INTO templates (intent, version, body, updated_by, updated_at) VALUES ($1, 1, $2, $3, $4) \
             ON CONFLICT (intent) DO UPDATE SET version = templates.version + 1, body = excluded.body, \
             updated_by = excluded.updated_by, updated_at = excluded.updated_at \
             RETURNING intent, version, body, updated_by, updated_at",
        )
        .bind(intent)
        .bind(body)
        .bind(editor)
        .bind(now())
        .fetch_one(&mut *transaction)
        .await?;
        let record = read_template(&row)?;
        if expected_version.is_some_and(|expected| expected != record.version - 1) {
            transaction.rollback().await?;
            return Err(Error::VersionConflict {
                what: "template",
                id: intent.to_owned(),
                current: record.version - 1,
            });
        }
        sqlx::query(
            "INSERT INTO template_history (intent, version, body, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&record.intent)
        .bind(record.version)
        .bind(&record.body)
        .bind(&record.updated_by)
        .bind(record.updated_at)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(record)
    }

    /// Every version of an intent's template, the newest first.
    pub async fn template_history(&self, intent: &str) -> Result<Vec<TemplateRecord>, Error> {
        let rows = sqlx::query(
            "SELECT intent, version, body, updated_by, updated_at FROM template_history WHERE intent = $1 ORDER BY version DESC",
        )
        .bind(intent)
        .fetch_all(self.read())
        .await?;
        if rows.is_empty() {
            return Err(Error::not_found("template", intent));
        }
        rows.iter().map(read_template).collect()
    }
}

fn read_template(row: &AnyRow) -> Result<TemplateRecord, Error> {
    let columns = Columns(row);
    Ok(TemplateRecord {
        intent: columns.text("intent")?,
        version: columns.integer("version")?,
        body: columns.text("body")?,
        updated_by: columns.text("updated_by")?,
        updated_at: columns.integer("updated_at")?,
    })
}
