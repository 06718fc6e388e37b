//! Stored conversations in the log format that training reads. What was stored is redacted, so this is too.

use serde::Serialize;
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::{Error, Store};

/// One turn of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogTurn {
    pub conversation_id: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// `customer`, `agent` or `bot`.
    pub role: &'static str,
    pub text: String,
    /// The staff's label, on customers' turns that have one; inside, `None` means out of scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<Option<String>>,
}

impl Store {
    /// Every turn with words in it, conversation by conversation, in order.
    pub async fn export_log(&self) -> Result<Vec<LogTurn>, Error> {
        let rows = sqlx::query(
            "SELECT m.conversation_id, m.created_at, m.role, m.text, l.intent, \
             CASE WHEN l.message_id IS NULL THEN 0 ELSE 1 END AS labelled \
             FROM messages m LEFT JOIN labels l ON l.message_id = m.id \
             WHERE m.role IN ('customer', 'bot', 'person') AND m.text <> '' ORDER BY m.conversation_id, m.seq",
        )
        .fetch_all(self.read())
        .await?;
        rows.iter().map(read_turn).collect()
    }

    /// How many conversations have waited for a person longer than this one.
    pub async fn waiting_ahead(&self, conversation_id: &str) -> Result<i64, Error> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS ahead FROM conversations c JOIN conversations mine ON mine.id = $1 \
             WHERE c.status = 'waiting' AND (c.updated_at, c.id) < (mine.updated_at, mine.id)",
        )
        .bind(conversation_id)
        .fetch_one(self.read())
        .await?;
        Columns(&row).integer("ahead")
    }

    /// The latest conversation of a visitor that is not closed.
    pub async fn open_conversation_of_visitor(&self, visitor: &str) -> Result<Option<crate::Conversation>, Error> {
        let row = sqlx::query(
            "SELECT id FROM conversations WHERE visitor = $1 AND status <> 'closed' ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(visitor)
        .fetch_optional(self.read())
        .await?;
        match row {
            Some(row) => Ok(Some(self.conversation(&Columns(&row).text("id")?).await?)),
            None => Ok(None),
        }
    }
}

fn read_turn(row: &AnyRow) -> Result<LogTurn, Error> {
    let columns = Columns(row);
    let time = jiff::Timestamp::from_millisecond(columns.integer("created_at")?).unwrap_or_default();
    let role = match columns.text("role")?.as_str() {
        "customer" => "customer",
        "person" => "agent",
        _ => "bot",
    };
    Ok(LogTurn {
        conversation_id: columns.text("conversation_id")?,
        time: time.to_string(),
        role,
        text: columns.text("text")?,
        intent: columns.flag("labelled")?.then(|| columns.optional_text("intent")).transpose()?,
    })
}
