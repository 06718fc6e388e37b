//! Conversations: who talks, in which state, who has them. Their messages and turns live in `messages` and `turns`.

use std::collections::HashMap;

use dialogue::{HandoffState, Language};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, value_rows, words};
use crate::database::{Engine, containing, limited, new_id, now};
use crate::{Error, Store};

words! {
    /// Who has the conversation.
    Status {
        /// The bot answers.
        Bot = "bot",
        /// A person was asked for.
        Waiting = "waiting",
        /// A person answers, the bot is silent.
        Person = "person",
        /// It is over.
        Closed = "closed",
    }
}

/// A conversation to begin.
#[derive(Clone, Debug, Default)]
pub struct NewConversation {
    pub language: Option<Language>,
    pub visitor: Option<String>,
    pub page: Option<String>,
    /// Where it is had, such as `widget`; the state remembers it.
    pub channel: String,
    /// The hash of the customer's token; unique.
    pub token_hash: Option<String>,
}

/// A conversation as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conversation {
    pub id: String,
    pub created_at: i64,
    /// When it last changed; lists are sorted by it.
    pub updated_at: i64,
    pub language: Option<Language>,
    pub visitor: Option<String>,
    pub page: Option<String>,
    pub status: Status,
    /// The person who has it.
    pub assigned_to: Option<String>,
    pub state: dialogue::Conversation,
    /// How many exchanges with the bot are stored; what `NewExchange::expected_turn_count` is checked against.
    pub turn_count: i64,
    /// What was said last.
    pub last_text: Option<String>,
}

/// Which conversations to list; the default lists all.
#[derive(Clone, Debug, Default)]
pub struct ConversationFilter {
    pub status: Option<Status>,
    /// Found anywhere in a message, in the visitor or in the id.
    pub text: Option<String>,
    /// Leaves out those that were begun and in which nothing was said yet.
    pub only_spoken: bool,
}

macro_rules! conversation_columns {
    () => {
        "id, created_at, updated_at, language, visitor, page, status, assigned_to, state, turn_count, last_text"
    };
}

impl Store {
    /// Begins a conversation.
    pub async fn create_conversation(&self, new: NewConversation) -> Result<Conversation, Error> {
        let (id, at) = (new_id(), now());
        let channel = Some(new.channel).filter(|channel| !channel.is_empty());
        let state = dialogue::Conversation { language: new.language, channel, ..dialogue::Conversation::default() };
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO conversations (id, token_hash, created_at, updated_at, language, visitor, page, status, state, \
             turn_count, last_seq) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, 0, 0)",
        )
        .bind(&id)
        .bind(&new.token_hash)
        .bind(at)
        .bind(new.language.map(Language::code))
        .bind(&new.visitor)
        .bind(&new.page)
        .bind(Status::Bot.as_str())
        .bind(to_json("state", &state)?)
        .execute(&mut *transaction)
        .await
        .map_err(|error| Error::or_duplicate(error, "a conversation with the token hash", new.token_hash.as_deref().unwrap_or_default()))?;
        transaction.commit().await?;
        Ok(Conversation {
            id,
            created_at: at,
            updated_at: at,
            language: new.language,
            visitor: new.visitor,
            page: new.page,
            status: Status::Bot,
            assigned_to: None,
            state,
            turn_count: 0,
            last_text: None,
        })
    }

    /// The conversation with this id.
    pub async fn conversation(&self, id: &str) -> Result<Conversation, Error> {
        let row = sqlx::query(concat!("SELECT ", conversation_columns!(), " FROM conversations WHERE id = $1"))
            .bind(id)
            .fetch_optional(self.read())
            .await?;
        read_conversation(&row.ok_or_else(|| Error::not_found("conversation", id))?)
    }

    /// The conversation that a customer's token opens.
    pub async fn conversation_by_token_hash(&self, token_hash: &str) -> Result<Option<Conversation>, Error> {
        let row = sqlx::query(concat!("SELECT ", conversation_columns!(), " FROM conversations WHERE token_hash = $1"))
            .bind(token_hash)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(read_conversation).transpose()
    }

    /// Conversations, the latest active first; `before` is the id of the last one on the previous page.
    pub async fn list_conversations(
        &self,
        filter: &ConversationFilter,
        limit: usize,
        before: Option<&str>,
    ) -> Result<Vec<Conversation>, Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversations c WHERE ($1 IS NULL OR c.status = $1) \
             AND ($2 IS NULL OR LOWER(c.id) LIKE $2 ESCAPE '!' OR LOWER(COALESCE(c.visitor, '')) LIKE $2 ESCAPE '!' OR EXISTS \
             (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND LOWER(m.text) LIKE $2 ESCAPE '!')) \
             AND ($5 IS NULL OR c.last_seq > $5) \
             AND ($3 IS NULL OR (c.updated_at, c.id) < (SELECT b.updated_at, b.id FROM conversations b WHERE b.id = $3)) \
             ORDER BY c.updated_at DESC, c.id DESC LIMIT $4"
        ))
        .bind(filter.status.map(Status::as_str))
        .bind(filter.text.as_deref().map(containing))
        .bind(before)
        .bind(limited(limit))
        .bind(filter.only_spoken.then_some(0_i64))
        .fetch_all(self.read())
        .await?;
        rows.iter().map(read_conversation).collect()
    }

    /// Forgets conversations in which nobody has said anything by a time, and says how many: who begins to type and goes
    /// away leaves one.
    pub async fn forget_unspoken(&self, before: i64) -> Result<u64, Error> {
        let mut transaction = self.write().await?;
        let forgotten =
            sqlx::query("DELETE FROM conversations WHERE last_seq = 0 AND status = 'bot' AND updated_at < $1")
                .bind(before)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected())
    }

    /// Hands a conversation to the bot, to waiting, to the person `by`, or closes it; the dialogue state follows.
    pub async fn set_status(&self, id: &str, status: Status, by: &str) -> Result<Conversation, Error> {
        let mut transaction = self.write().await?;
        let locked = lock_conversation(&mut transaction, self.database().engine, id).await?;
        let mut state: dialogue::Conversation = locked.ok_or_else(|| Error::not_found("conversation", id))?.state()?;
        match status {
            Status::Bot => {
                state.handed_over = HandoffState::Bot;
                state.failures = 0;
                state.angry_turns = 0;
            }
            Status::Waiting => state.handed_over = HandoffState::Waiting,
            Status::Person => state.handed_over = HandoffState::Person,
            Status::Closed => {}
        }
        let row = sqlx::query(concat!(
            "UPDATE conversations SET status = $2, assigned_to = $3, state = $4, updated_at = $5 WHERE id = $1 RETURNING ",
            conversation_columns!()
        ))
        .bind(id)
        .bind(status.as_str())
        .bind((status == Status::Person).then_some(by))
        .bind(to_json("state", &state)?)
        .bind(now())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_conversation(&row)
    }
}

/// What a turn must know of its conversation before it writes.
#[derive(Clone, Debug)]
pub(crate) struct LockedConversation {
    pub(crate) turn_count: i64,
    pub(crate) last_seq: i64,
    pub(crate) status: Status,
    pub(crate) state: String,
}

impl LockedConversation {
    pub(crate) fn state(&self) -> Result<dialogue::Conversation, Error> {
        serde_json::from_str(&self.state)
            .map_err(|error| Error::Unreadable { column: "state".to_owned(), detail: error.to_string() })
    }
}

/// Reads a conversation and keeps every other writer away from it until the transaction ends.
pub(crate) async fn lock_conversation(
    connection: &mut sqlx::AnyConnection,
    engine: Engine,
    id: &str,
) -> Result<Option<LockedConversation>, Error> {
    Ok(lock_conversations(connection, engine, &[id]).await?.remove(id))
}

/// The conversations with these ids, locked in the order of their ids until the transaction ends.
pub(crate) async fn lock_conversations(
    connection: &mut sqlx::AnyConnection,
    engine: Engine,
    ids: &[&str],
) -> Result<HashMap<String, LockedConversation>, Error> {
    let lock = match engine {
        // The whole database is ours already.
        Engine::Sqlite => "",
        Engine::Postgres => " FOR UPDATE",
    };
    let sql = format!(
        "SELECT id, turn_count, last_seq, status, state FROM conversations WHERE id IN {} ORDER BY id{lock}",
        value_rows(1, &vec!["{}"; ids.len()])
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(*id);
    }
    let rows = query.fetch_all(connection).await?;
    let read = |row: &AnyRow| {
        let columns = Columns(row);
        let locked = LockedConversation {
            turn_count: columns.integer("turn_count")?,
            last_seq: columns.integer("last_seq")?,
            status: columns.word("status")?,
            state: columns.text("state")?,
        };
        Ok((columns.text("id")?, locked))
    };
    rows.iter().map(read).collect()
}

fn read_conversation(row: &AnyRow) -> Result<Conversation, Error> {
    let columns = Columns(row);
    Ok(Conversation {
        id: columns.text("id")?,
        created_at: columns.integer("created_at")?,
        updated_at: columns.integer("updated_at")?,
        language: columns.optional_word("language")?,
        visitor: columns.optional_text("visitor")?,
        page: columns.optional_text("page")?,
        status: columns.word("status")?,
        assigned_to: columns.optional_text("assigned_to")?,
        state: columns.json("state")?,
        turn_count: columns.integer("turn_count")?,
        last_text: columns.optional_text("last_text")?,
    })
}
