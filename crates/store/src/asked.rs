//! What customers asked lately, each question once.

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::database::limited;
use crate::{Error, Store};

/// Messages that are looked through at most, the newest.
const MOST_MESSAGES: i64 = 20_000;

/// Questions that differ at most in case, spaces and punctuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedQuestion {
    /// What is the same for all of them.
    pub key: String,
    /// The question as it was last asked.
    pub text: String,
    pub language: Option<dialogue::Language>,
    pub count: i64,
    pub last_asked: i64,
    /// The message and the conversation where it was last asked.
    pub message_id: String,
    pub conversation_id: String,
}

impl Store {
    /// Different questions of customers since a time, those asked last first. What a form asked for is no question.
    pub async fn asked_questions(&self, since: i64, limit: usize) -> Result<Vec<AskedQuestion>, Error> {
        let rows = sqlx::query(
            "SELECT g.question_key, g.n_asked, m.id, m.conversation_id, m.text, m.language, m.created_at FROM ( \
               SELECT l.question_key, MAX(l.id) AS last_id, COUNT(*) AS n_asked FROM ( \
                 SELECT c.id, c.question_key FROM messages c \
                 WHERE c.role = 'customer' AND c.created_at >= $1 AND c.question_key <> '' AND c.outcome <> 'form' \
                 ORDER BY c.created_at DESC LIMIT $2) l \
               GROUP BY l.question_key) g \
             JOIN messages m ON m.id = g.last_id ORDER BY m.created_at DESC, m.id DESC LIMIT $3",
        )
        .bind(since)
        .bind(MOST_MESSAGES)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(AskedQuestion {
                    key: columns.text("question_key")?,
                    text: columns.text("text")?,
                    language: columns.optional_word("language")?,
                    count: columns.integer("n_asked")?,
                    last_asked: columns.integer("created_at")?,
                    message_id: columns.text("id")?,
                    conversation_id: columns.text("conversation_id")?,
                })
            })
            .collect()
    }
}
