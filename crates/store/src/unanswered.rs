//! Questions the bot could not answer well, the same ones together: what the FAQ should learn next.

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::database::{limited, now};
use crate::{Error, Store};

/// The longest key; longer questions that begin alike count as the same.
const LONGEST_KEY: usize = 120;

/// Questions that differ at most in case, spaces and punctuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnansweredGroup {
    /// What the group is resolved by.
    pub key: String,
    /// The question as it was last asked.
    pub question: String,
    pub language: Option<dialogue::Language>,
    pub count: i64,
    /// How often the bot asked to rephrase.
    pub rephrased: i64,
    /// How often it called a person.
    pub handed_over: i64,
    /// How often the reply got a thumbs down.
    pub thumbs_down: i64,
    pub last_asked: i64,
    /// The message and the conversation where it was last asked.
    pub message_id: String,
    pub conversation_id: String,
}

impl Store {
    /// Questions since a time that ended in a rephrase, a handover or a thumbs down, the most frequent first.
    /// A resolved question comes back only when it is asked again.
    pub async fn unanswered(&self, since: i64, limit: usize) -> Result<Vec<UnansweredGroup>, Error> {
        let rows = sqlx::query(
            "SELECT g.question_key, g.n_asked, g.n_rephrased, g.n_handed_over, g.n_down, m.created_at, m.id, \
             m.conversation_id, m.text, m.language FROM ( \
               SELECT c.question_key, MAX(c.id) AS last_id, COUNT(*) AS n_asked, \
                 CAST(SUM(CASE WHEN c.outcome = 'rephrase' THEN 1 ELSE 0 END) AS BIGINT) AS n_rephrased, \
                 CAST(SUM(CASE WHEN c.outcome = 'handoff' THEN 1 ELSE 0 END) AS BIGINT) AS n_handed_over, \
                 CAST(SUM(CASE WHEN r.rating = 'down' THEN 1 ELSE 0 END) AS BIGINT) AS n_down \
               FROM messages c LEFT JOIN messages r ON r.reply_to = c.id \
               LEFT JOIN resolved_questions s ON s.question_key = c.question_key \
               WHERE c.role = 'customer' AND c.created_at >= $1 AND c.question_key <> '' \
                 AND (c.outcome IN ('rephrase', 'handoff') OR r.rating = 'down') \
                 AND (s.resolved_at IS NULL OR c.created_at > s.resolved_at) \
               GROUP BY c.question_key) g \
             JOIN messages m ON m.id = g.last_id ORDER BY g.n_asked DESC, m.created_at DESC, g.question_key LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(UnansweredGroup {
                    key: columns.text("question_key")?,
                    question: columns.text("text")?,
                    language: columns.optional_word("language")?,
                    count: columns.integer("n_asked")?,
                    rephrased: columns.integer("n_rephrased")?,
                    handed_over: columns.integer("n_handed_over")?,
                    thumbs_down: columns.integer("n_down")?,
                    last_asked: columns.integer("created_at")?,
                    message_id: columns.text("id")?,
                    conversation_id: columns.text("conversation_id")?,
                })
            })
            .collect()
    }

    /// Takes a group off the list, because it has an answer now or needs none.
    pub async fn resolve_unanswered(&self, key: &str, by: &str) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO resolved_questions (question_key, resolved_by, resolved_at) VALUES ($1, $2, $3) \
             ON CONFLICT (question_key) DO UPDATE SET resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at",
        )
        .bind(key)
        .bind(by)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

/// What is the same for questions that differ only in case, spaces and punctuation.
pub fn question_key(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(LONGEST_KEY)
        .collect()
}
