//! Messages of a conversation: reading them, a person's own, and what customers thought of them.

use dialogue::{Action, Language, QuickReply, Source};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, value_rows, words};
use crate::conversations::{Status, lock_conversation};
use crate::database::{limited, new_id, now};
use crate::{Error, Store};

words! {
    /// Who said it.
    Speaker { Customer = "customer", Bot = "bot", Person = "person", System = "system" }
}

words! {
    /// What the customer thought of a reply.
    Rating { Up = "up", Down = "down" }
}

/// What the bot decided, as kept beside its reply (beside the customer's message where it stayed silent).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredDecision {
    pub action: Action,
    pub intent: Option<String>,
    pub faq_id: Option<String>,
    pub probability: Option<f32>,
    /// The reply with whole answers, where its text gives only the sentences that fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    pub quick_replies: Vec<QuickReply>,
    pub sources: Vec<Source>,
    /// The trace as it was written, whatever version of the program wrote it.
    pub trace: serde_json::Value,
}

/// A customer's judgement of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub rating: Rating,
    pub reason: Option<String>,
    pub at: i64,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub conversation_id: String,
    /// Its place in the conversation, from one, without gaps.
    pub seq: i64,
    pub role: Speaker,
    pub text: String,
    pub language: Option<Language>,
    pub client_message_id: Option<String>,
    pub decision: Option<StoredDecision>,
    /// The person who wrote it.
    pub author: Option<String>,
    pub created_at: i64,
    pub feedback: Option<Feedback>,
}

macro_rules! message_columns {
    () => {
        "id, conversation_id, seq, role, text, language, client_message_id, decision, author, created_at, rating, \
         rating_reason, rated_at"
    };
}
pub(crate) use message_columns;

impl Store {
    /// The message with this id.
    pub async fn message(&self, id: &str) -> Result<Message, Error> {
        let row = sqlx::query(concat!("SELECT ", message_columns!(), " FROM messages WHERE id = $1"))
            .bind(id)
            .fetch_optional(self.read())
            .await?;
        read_message(&row.ok_or_else(|| Error::not_found("message", id))?)
    }

    /// The messages of a conversation in order, at most `limit`; with `after` those behind that message.
    pub async fn messages(
        &self,
        conversation_id: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages WHERE conversation_id = $1 AND seq > COALESCE(\
             (SELECT a.seq FROM messages a WHERE a.id = $2 AND a.conversation_id = $1), 0) ORDER BY seq LIMIT $3"
        ))
        .bind(conversation_id)
        .bind(after)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        if rows.is_empty() {
            self.conversation(conversation_id).await?;
        }
        rows.iter().map(read_message).collect()
    }

    /// The last `limit` messages of a conversation, in order.
    pub async fn latest_messages(&self, conversation_id: &str, limit: usize) -> Result<Vec<Message>, Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages WHERE conversation_id = $1 ORDER BY seq DESC LIMIT $2"
        ))
        .bind(conversation_id)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter().rev().map(read_message).collect()
    }

    /// Adds what a person of the staff answered and gives them the conversation: the bot is silent from here on.
    pub async fn add_person_message(&self, conversation_id: &str, account: &str, text: &str) -> Result<Message, Error> {
        let mut transaction = self.write().await?;
        let locked = lock_conversation(&mut transaction, self.database().engine, conversation_id).await?;
        let locked = locked.ok_or_else(|| Error::not_found("conversation", conversation_id))?;
        let mut state = locked.state()?;
        state.handed_over = dialogue::HandoffState::Person;
        let message = Message {
            id: new_id(),
            conversation_id: conversation_id.to_owned(),
            seq: locked.last_seq + 1,
            role: Speaker::Person,
            text: storable(text),
            language: None,
            client_message_id: None,
            decision: None,
            author: Some(account.to_owned()),
            created_at: now(),
            feedback: None,
        };
        insert_messages(&mut transaction, &[(&message, MessageLinks::default())]).await?;
        sqlx::query(
            "UPDATE conversations SET last_seq = $2, updated_at = $3, status = $4, assigned_to = $5, state = $6, \
             last_text = $7 WHERE id = $1",
        )
        .bind(conversation_id)
        .bind(message.seq)
        .bind(message.created_at)
        .bind(Status::Person.as_str())
        .bind(account)
        .bind(to_json("state", &state)?)
        .bind(&message.text)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(message)
    }

    /// Keeps what the customer thought of a reply of the bot or a person; a later rating replaces an earlier one.
    pub async fn add_feedback(&self, message_id: &str, rating: Rating, reason: Option<&str>) -> Result<Message, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(concat!(
            "UPDATE messages SET rating = $2, rating_reason = $3, rated_at = $4 \
             WHERE id = $1 AND role IN ('bot', 'person') RETURNING ",
            message_columns!()
        ))
        .bind(message_id)
        .bind(rating.as_str())
        .bind(reason.map(storable))
        .bind(now())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_message(&row.ok_or_else(|| Error::not_found("reply", message_id))?)
    }
}

/// What a message carries for look-ups only.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageLinks<'a> {
    /// The customer's message that it answers.
    pub(crate) reply_to: Option<&'a str>,
    /// On a customer's message: the action that answered it.
    pub(crate) outcome: Option<&'a str>,
    /// On a customer's message: what is the same for the same question.
    pub(crate) question_key: Option<&'a str>,
}

/// Inserts messages with one statement.
pub(crate) async fn insert_messages(
    connection: &mut AnyConnection,
    rows: &[(&Message, MessageLinks<'_>)],
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO messages (id, conversation_id, seq, role, text, language, client_message_id, reply_to, outcome, \
         question_key, decision, author, created_at) VALUES {}",
        value_rows(rows.len(), &["{}"; 13])
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for (message, links) in rows {
        query = query
            .bind(&message.id)
            .bind(&message.conversation_id)
            .bind(message.seq)
            .bind(message.role.as_str())
            .bind(&message.text)
            .bind(message.language.map(Language::code))
            .bind(&message.client_message_id)
            .bind(links.reply_to)
            .bind(links.outcome)
            .bind(links.question_key)
            .bind(message.decision.as_ref().map(|decision| to_json("decision", decision)).transpose()?)
            .bind(&message.author)
            .bind(message.created_at);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Text without the one character that PostgreSQL cannot hold.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "")
}

pub(crate) fn read_message(row: &AnyRow) -> Result<Message, Error> {
    let columns = Columns(row);
    let rating: Option<Rating> = columns.optional_word("rating")?;
    let feedback = match rating {
        Some(rating) => Some(Feedback {
            rating,
            reason: columns.optional_text("rating_reason")?,
            at: columns.optional_integer("rated_at")?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(Message {
        id: columns.text("id")?,
        conversation_id: columns.text("conversation_id")?,
        seq: columns.integer("seq")?,
        role: columns.word("role")?,
        text: columns.text("text")?,
        language: columns.optional_word("language")?,
        client_message_id: columns.optional_text("client_message_id")?,
        decision: columns.optional_json("decision")?,
        author: columns.optional_text("author")?,
        created_at: columns.integer("created_at")?,
        feedback,
    })
}
