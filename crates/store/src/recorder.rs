//! Writes turns. Many that wait share one transaction, a few statements and one sync; each caller hears back only after
//! it.

use std::collections::HashMap;

use dialogue::{Action, Language};
use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::columns::{Columns, value_rows};
use crate::conversations::{LockedConversation, Status, lock_conversations};
use crate::database::{Database, Engine};
use crate::messages::{Message, MessageLinks, insert_messages, message_columns, read_message};
use crate::turns::{Exchange, Turn};

/// The most exchanges in one transaction.
const LARGEST_GROUP: usize = 256;
const LONGEST_QUEUE: usize = 4096;

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

    pub(crate) async fn record(&self, turn: Turn) -> Result<Exchange, Error> {
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
    // Turns are sorted by conversation: a round ends where one comes again, which then sees what the first has changed.
    for round in turns.chunk_by(|one, next| one.conversation_id != next.conversation_id) {
        results.extend(store_round(&mut transaction, database.engine, round).await?);
    }
    transaction.commit().await?;
    Ok(results)
}

/// Stores turns of different conversations.
async fn store_round(
    connection: &mut AnyConnection,
    engine: Engine,
    turns: &[Turn],
) -> Result<Vec<Result<Exchange, Error>>, Error> {
    let ids: Vec<&str> = turns.iter().map(|turn| turn.conversation_id.as_str()).collect();
    let conversations = lock_conversations(connection, engine, &ids).await?;
    let mut stored = find_stored(connection, turns).await?;
    let (mut results, mut fresh) = (Vec::with_capacity(turns.len()), Vec::new());
    for turn in turns {
        let id = &turn.conversation_id;
        results.push(match (conversations.get(id), stored.remove(id)) {
            (None, _) => Err(Error::not_found("conversation", id)),
            (Some(locked), Some(customer)) => Ok(stored_exchange(connection, customer, locked.status).await?),
            (Some(locked), None) if turn.expected_turn_count.is_some_and(|expected| expected != locked.turn_count) => {
                Err(Error::TurnConflict { id: id.clone(), current: locked.turn_count })
            }
            (Some(locked), None) => {
                let exchange = new_exchange(turn, locked);
                fresh.push((turn, locked, exchange.clone()));
                Ok(exchange)
            }
        });
    }
    if !fresh.is_empty() {
        insert_exchanges(connection, &fresh).await?;
        update_conversations(connection, &fresh).await?;
    }
    Ok(results)
}

type Fresh<'a> = (&'a Turn, &'a LockedConversation, Exchange);

fn new_exchange(turn: &Turn, locked: &LockedConversation) -> Exchange {
    let (customer, replies) = turn.messages(locked.last_seq);
    let status = match (locked.status, turn.decision.action) {
        (Status::Bot | Status::Closed, Action::Handoff) => Status::Waiting,
        (Status::Closed, _) => Status::Bot,
        (status, _) => status,
    };
    Exchange { customer, replies, duplicate: false, status }
}

/// The customers' messages that were stored before, by conversation.
async fn find_stored(connection: &mut AnyConnection, turns: &[Turn]) -> Result<HashMap<String, Message>, Error> {
    let sql = format!(
        "SELECT {} FROM (VALUES {}) AS sent JOIN messages ON conversation_id = sent.column1 AND client_message_id = sent.column2",
        message_columns!(),
        value_rows(turns.len(), &["{}", "{}"])
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for turn in turns {
        query = query.bind(&turn.conversation_id).bind(&turn.client_message_id);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((Columns(row).text("conversation_id")?, read_message(row)?))).collect()
}

async fn stored_exchange(connection: &mut AnyConnection, customer: Message, status: Status) -> Result<Exchange, Error> {
    let rows = sqlx::query(concat!("SELECT ", message_columns!(), " FROM messages WHERE reply_to = $1 ORDER BY seq"))
        .bind(&customer.id)
        .fetch_all(connection)
        .await?;
    let replies = rows.iter().map(read_message).collect::<Result<_, _>>()?;
    Ok(Exchange { customer, replies, duplicate: true, status })
}

async fn insert_exchanges(connection: &mut AnyConnection, fresh: &[Fresh<'_>]) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(fresh.len() * 2);
    for (turn, _, exchange) in fresh {
        let links = MessageLinks {
            outcome: Some(turn.decision.action.name()),
            question_key: Some(&turn.question_key),
            ..MessageLinks::default()
        };
        rows.push((&exchange.customer, links));
        for reply in &exchange.replies {
            let links = MessageLinks { reply_to: Some(&exchange.customer.id), ..MessageLinks::default() };
            rows.push((reply, links));
        }
    }
    insert_messages(connection, &rows).await
}

async fn update_conversations(connection: &mut AnyConnection, fresh: &[Fresh<'_>]) -> Result<(), Error> {
    let sql = format!(
        "UPDATE conversations SET turn_count = turn_count + 1, last_seq = fresh.column2, updated_at = fresh.column3, \
         language = COALESCE(fresh.column4, language), state = fresh.column5, status = fresh.column6, last_text = fresh.column7 \
         FROM (VALUES {}) AS fresh WHERE conversations.id = fresh.column1",
        value_rows(fresh.len(), &["{}", "{}", "{}", "CAST({} AS TEXT)", "{}", "{}", "{}"])
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for (turn, locked, exchange) in fresh {
        // A person may have taken over while the bot was deciding: the conversation stays theirs.
        let taken_over = locked.status == Status::Person;
        let state = if taken_over { turn.silent_state_json()? } else { turn.state_json.clone() };
        query = query
            .bind(&turn.conversation_id)
            .bind(locked.last_seq + 1 + exchange.replies.len() as i64)
            .bind(exchange.customer.created_at)
            .bind(turn.language.map(Language::code))
            .bind(state)
            .bind(exchange.status.as_str())
            .bind(&turn.customer_text);
    }
    query.execute(connection).await?;
    Ok(())
}
