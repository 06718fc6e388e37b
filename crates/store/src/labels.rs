//! Labels that people put on customers' messages: what the next model learns from.

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::database::{limited, new_id, now};
use crate::{Error, Store};

/// The newest label of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub message_id: String,
    pub conversation_id: String,
    /// The customer's text, redacted.
    pub text: String,
    pub language: Option<dialogue::Language>,
    /// `None`: out of scope.
    pub intent: Option<String>,
    pub labelled_by: String,
    pub labelled_at: i64,
}

impl Store {
    /// Labels a message with an intent, or as out of scope; a new label replaces the old one, which stays in the history.
    pub async fn label_put(&self, message_id: &str, intent: Option<&str>, by: &str) -> Result<(), Error> {
        let at = now();
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO label_history (id, message_id, intent, labelled_by, labelled_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(new_id())
        .bind(message_id)
        .bind(intent)
        .bind(by)
        .bind(at)
        .execute(&mut *transaction)
        .await
        .map_err(|error| Error::or_not_found(error, "message", message_id))?;
        sqlx::query(
            "INSERT INTO labels (message_id, intent, labelled_by, labelled_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (message_id) DO UPDATE SET intent = excluded.intent, labelled_by = excluded.labelled_by, \
             labelled_at = excluded.labelled_at",
        )
        .bind(message_id)
        .bind(intent)
        .bind(by)
        .bind(at)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Labels put at or after a time, the oldest first.
    pub async fn labels_since(&self, since: i64, limit: usize) -> Result<Vec<Label>, Error> {
        let rows = sqlx::query(
            "SELECT l.message_id, l.intent, l.labelled_by, l.labelled_at, m.conversation_id, m.text, m.language \
             FROM labels l JOIN messages m ON m.id = l.message_id WHERE l.labelled_at >= $1 \
             ORDER BY l.labelled_at, l.message_id LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(Label {
                    message_id: columns.text("message_id")?,
                    conversation_id: columns.text("conversation_id")?,
                    text: columns.text("text")?,
                    language: columns.optional_word("language")?,
                    intent: columns.optional_text("intent")?,
                    labelled_by: columns.text("labelled_by")?,
                    labelled_at: columns.integer("labelled_at")?,
                })
            })
            .collect()
    }
}
