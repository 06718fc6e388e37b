//! Turns: a customer's message, the decision and the reply, stored once and in order. Many waiting exchanges share
//! one transaction and so one sync; each caller hears back only after it.

use dialogue::{Action, Decision, Language};
use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot};

use crate::columns::to_json;
use crate::conversations::{Status, lock_conversation};
use crate::database::{Database, new_id, now};
use crate::messages::{
    Message, MessageLinks, Speaker, StoredDecision, insert_message, message_columns, read_message, storable,
};
use crate::unanswered::question_key;
use crate::{Error, Store};

/// The most exchanges in one transaction.
const LARGEST_GROUP: usize = 256;
const LONGEST_QUEUE: usize = 4096;

/// One turn to store; the text is redacted already.
#[derive(Clone, Debug)]
pub struct NewExchange<'a> {
    pub conversation_id: String,
    pub client_message_id: String,
    /// `Conversation::turn_count` when the state was read; when it has moved on, nothing is stored.
    pub expected_turn_count: Option<i64>,
    pub customer_text: String,
    pub language: Option<Language>,
    pub decision: &'a Decision,
}

/// A stored turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    pub customer: Message,
    /// Empty where the bot stayed silent.
    pub replies: Vec<Message>,
    /// The message had been stored before; these are the replies it got then.
    pub duplicate: bool,
    /// Who has the conversation now.
    pub status: Status,
}

impl Store {
    /// Stores a turn and the conversation's next state; when it returns they are committed and synced.
    /// The same `client_message_id` gets the stored exchange again. Once sent to the writer it is stored even when
    /// the caller stops waiting.
    pub async fn record_turn(&self, new: NewExchange<'_>) -> Result<Exchange, Error> {
        self.inner.recorder.record(Turn::new(&new)?).await
    }
}

/// The task that writes turns, and the queue in front of it.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    turn: Turn,
    answer: oneshot::Sender<Result<Exchange, Error>>,
}

impl Recorder {
    /// Starts the task; it ends when the store is dropped and the queue is empty.
    pub(crate) fn start(database: Database) -> Self {
        let (queue, arriving) = mpsc::channel(LONGEST_QUEUE);
        tokio::spawn(write_groups(database, arriving));
        Self { queue }
    }

    async fn record(&self, turn: Turn) -> Result<Exchange, Error> {
        let (answer, stored) = oneshot::channel();
        self.queue.send(Waiting { turn, answer }).await.map_err(|_| Error::Closed)?;
        stored.await.map_err(|_| Error::Closed)?
    }
}

async fn write_groups(database: Database, mut arriving: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(LARGEST_GROUP);
    while arriving.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        // One order of locks for every node, or two PostgreSQL writers could wait for each other.
        group.sort_by(|one, other| one.turn.conversation_id.cmp(&other.turn.conversation_id));
        let (turns, answers): (Vec<_>, Vec<_>) = group.drain(..).map(|waiting| (waiting.turn, waiting.answer)).unzip();
        let results = store_group(&database, &turns).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // A caller that went away loses only the message that it was stored.
            let _ = answer.send(result);
        }
    }
}

/// Stores all in one transaction; when the database refuses it, one turn's fault must not fail the others.
async fn store_group(database: &Database, turns: &[Turn]) -> Vec<Result<Exchange, Error>> {
    let error = match store_together(database, turns).await {
        Ok(results) => return results,
        Err(error) => error,
    };
    if turns.len() == 1 || error.is_temporary() || matches!(error, Error::Closed | Error::Corrupt { .. }) {
        return vec![Err(error); turns.len()];
    }
    tracing::warn!(%error, turns = turns.len(), "a group of turns was refused; storing them one by one");
    let mut results = Vec::with_capacity(turns.len());
    for turn in turns {
        match store_together(database, std::slice::from_ref(turn)).await {
            Ok(stored) => results.extend(stored),
            Err(error) => results.push(Err(error)),
        }
    }
    results
}

async fn store_together(database: &Database, turns: &[Turn]) -> Result<Vec<Result<Exchange, Error>>, Error> {
    let mut transaction = database.write().await?;
    let mut results = Vec::with_capacity(turns.len());
    for turn in turns {
        match store_turn(&mut transaction, database, turn).await {
            Err(error @ (Error::NotFound { .. } | Error::TurnConflict { .. })) => results.push(Err(error)),
            other => results.push(Ok(other?)),
        }
    }
    transaction.commit().await?;
    Ok(results)
}

async fn store_turn(connection: &mut AnyConnection, database: &Database, turn: &Turn) -> Result<Exchange, Error> {
    let id = &turn.conversation_id;
    let locked = lock_conversation(connection, database.engine, id).await?;
    let locked = locked.ok_or_else(|| Error::not_found("conversation", id))?;
    if let Some((customer, replies)) = find_exchange(connection, id, &turn.client_message_id).await? {
        return Ok(Exchange { customer, replies, duplicate: true, status: locked.status });
    }
    if turn.expected_turn_count.is_some_and(|expected| expected != locked.turn_count) {
        return Err(Error::TurnConflict { id: id.clone(), current: locked.turn_count });
    }
    let (customer, replies) = turn.messages(locked.last_seq);
    let links = MessageLinks {
        outcome: Some(turn.decision.action.name()),
        question_key: Some(&turn.question_key),
        ..MessageLinks::default()
    };
    insert_message(connection, &customer, &links).await?;
    for reply in &replies {
        let links = MessageLinks { reply_to: Some(&customer.id), ..MessageLinks::default() };
        insert_message(connection, reply, &links).await?;
    }
    // A person may have taken over while the bot was deciding: the conversation stays theirs.
    let taken_over = locked.status == Status::Person;
    let state = if taken_over { turn.silent_state_json()? } else { turn.state_json.clone() };
    let status = match (locked.status, turn.decision.action) {
        (Status::Bot | Status::Closed, Action::Handoff) => Status::Waiting,
        (Status::Closed, _) => Status::Bot,
        (status, _) => status,
    };
    sqlx::query(
        "UPDATE conversations SET turn_count = turn_count + 1, last_seq = $2, updated_at = $3, language = COALESCE($4, language), \
         state = $5, status = $6, last_text = $7 WHERE id = $1",
    )
    .bind(id)
    .bind(locked.last_seq + 1 + replies.len() as i64)
    .bind(customer.created_at)
    .bind(turn.language.map(Language::code))
    .bind(state)
    .bind(status.as_str())
    .bind(&turn.customer_text)
    .execute(connection)
    .await?;
    Ok(Exchange { customer, replies, duplicate: false, status })
}

/// What was stored for a client's message id, if anything: the message and its replies.
async fn find_exchange(
    connection: &mut AnyConnection,
    conversation_id: &str,
    client_message_id: &str,
) -> Result<Option<(Message, Vec<Message>)>, Error> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM messages WHERE conversation_id = $1 AND client_message_id = $2"
    ))
    .bind(conversation_id)
    .bind(client_message_id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let customer = read_message(&row)?;
    let rows = sqlx::query(concat!("SELECT ", message_columns!(), " FROM messages WHERE reply_to = $1 ORDER BY seq"))
        .bind(&customer.id)
        .fetch_all(connection)
        .await?;
    let replies = rows.iter().map(read_message).collect::<Result<_, _>>()?;
    Ok(Some((customer, replies)))
}

/// A turn ready to be written: everything that costs time is done before it queues.
#[derive(Debug)]
struct Turn {
    conversation_id: String,
    client_message_id: String,
    expected_turn_count: Option<i64>,
    customer_text: String,
    question_key: String,
    language: Option<Language>,
    reply_language: Language,
    reply_text: String,
    decision: StoredDecision,
    next: dialogue::Conversation,
    state_json: String,
}

impl Turn {
    fn new(new: &NewExchange<'_>) -> Result<Self, Error> {
        let decision = new.decision;
        if new.client_message_id.is_empty() || new.client_message_id.contains('\0') {
            return Err(Error::Invalid("client_message_id must have at least one character, and no NUL".to_owned()));
        }
        let trace = serde_json::to_value(&decision.trace)
            .map_err(|error| Error::Unreadable { column: "trace".to_owned(), detail: error.to_string() })?;
        Ok(Self {
            conversation_id: new.conversation_id.clone(),
            client_message_id: new.client_message_id.clone(),
            expected_turn_count: new.expected_turn_count,
            question_key: question_key(&new.customer_text),
            customer_text: storable(&new.customer_text),
            language: new.language,
            reply_language: decision.language,
            reply_text: storable(&decision.text),
            state_json: to_json("state", &decision.next)?,
            next: decision.next.clone(),
            decision: StoredDecision {
                action: decision.action,
                intent: decision.intent.clone(),
                faq_id: decision.faq_id.clone(),
                probability: decision.probability,
                quick_replies: decision.quick_replies.clone(),
                sources: decision.sources.clone(),
                trace,
            },
        })
    }

    fn silent_state_json(&self) -> Result<String, Error> {
        let state = dialogue::Conversation { handed_over: dialogue::HandoffState::Person, ..self.next.clone() };
        to_json("state", &state)
    }

    fn messages(&self, last_seq: i64) -> (Message, Vec<Message>) {
        let silent = self.decision.action == Action::Silent;
        let customer = Message {
            id: new_id(),
            conversation_id: self.conversation_id.clone(),
            seq: last_seq + 1,
            role: Speaker::Customer,
            text: self.customer_text.clone(),
            language: self.language,
            client_message_id: Some(self.client_message_id.clone()),
            decision: silent.then(|| self.decision.clone()),
            author: None,
            created_at: now(),
            feedback: None,
        };
        let reply = (!silent).then(|| Message {
            id: new_id(),
            seq: last_seq + 2,
            role: Speaker::Bot,
            text: self.reply_text.clone(),
            language: Some(self.reply_language),
            client_message_id: None,
            decision: Some(self.decision.clone()),
            ..customer.clone()
        });
        (customer, reply.into_iter().collect())
    }
}
