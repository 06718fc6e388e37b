//! Who changed what, and when. Only ever added to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::columns::{Columns, to_json};
use crate::database::{limited, new_id, now};
use crate::{Error, Store};

/// One thing somebody did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: String,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: Value,
}

/// Which entries to list; the default lists all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
}

impl Store {
    /// Writes down that somebody did something.
    pub async fn audit_add(&self, actor: &str, action: &str, subject: &str, detail: &Value) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(new_id())
            .bind(now())
            .bind(actor)
            .bind(action)
            .bind(subject)
            .bind(to_json("detail", detail)?)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Entries, the latest first; `before` is the id of the last one on the previous page.
    pub async fn audit_list(
        &self,
        filter: &AuditFilter,
        limit: usize,
        before: Option<&str>,
    ) -> Result<Vec<AuditEntry>, Error> {
        let rows = sqlx::query(
            "SELECT id, at, actor, action, subject, detail FROM audit WHERE ($1 IS NULL OR actor = $1) \
             AND ($2 IS NULL OR action = $2) AND ($3 IS NULL OR subject = $3) \
             AND ($4 IS NULL OR (at, id) < (SELECT b.at, b.id FROM audit b WHERE b.id = $4)) \
             ORDER BY at DESC, id DESC LIMIT $5",
        )
        .bind(&filter.actor)
        .bind(&filter.action)
        .bind(&filter.subject)
        .bind(before)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(AuditEntry {
                    id: columns.text("id")?,
                    at: columns.integer("at")?,
                    actor: columns.text("actor")?,
                    action: columns.text("action")?,
                    subject: columns.text("subject")?,
                    detail: columns.json("detail")?,
                })
            })
            .collect()
    }
}
