//! One customer message from the wire to the stored reply: in order within a conversation, once however often it is sent,
//! redacted before it touches the disk, durable before it is acknowledged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assistant::Assistant;
use dialogue::Decision;
use moka::sync::Cache;
use store::{Conversation, Exchange, NewExchange, Store};
use tokio::sync::Mutex;

use crate::error::ApiError;
use crate::hub::{Hub, Live};

/// Longest id a widget may give its message.
const LONGEST_CLIENT_ID: usize = 128;

/// A message as a customer sent it.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub conversation_id: String,
    pub client_message_id: String,
    pub text: String,
}

/// Answers customers.
#[derive(Debug)]
pub struct Chat {
    store: Store,
    assistant: Arc<Assistant>,
    hub: Arc<Hub>,
    longest_message: usize,
    /// One lock a conversation, so that its messages are answered one after another.
    turns: Cache<String, Arc<Mutex<()>>>,
}

impl Chat {
    pub fn new(store: Store, assistant: Arc<Assistant>, hub: Arc<Hub>, longest_message: usize) -> Self {
        let turns = Cache::builder().time_to_idle(Duration::from_secs(600)).build();
        Self { store, assistant, hub, longest_message, turns }
    }

    /// Answers a message and stores both; the same `client_message_id` gets the stored reply again.
    /// Once begun it runs to its end even when the caller goes away, so a dropped connection loses nothing.
    pub async fn answer(self: &Arc<Self>, incoming: Incoming) -> Result<Exchange, ApiError> {
        self.check(&incoming)?;
        let chat = Arc::clone(self);
        let request_id = crate::telemetry::current_request_id().unwrap_or_default();
        let work = crate::telemetry::with_request_id(request_id, async move { chat.answer_in_turn(incoming).await });
        tokio::spawn(work).await.map_err(|_| ApiError::Stopping)?
    }

    fn check(&self, incoming: &Incoming) -> Result<(), ApiError> {
        let length = incoming.text.chars().count();
        if length > self.longest_message {
            return Err(ApiError::MessageTooLong { length, limit: self.longest_message });
        }
        if text::normalise(&incoming.text).as_str().is_empty() {
            return Err(ApiError::Invalid("text is empty; send at least one visible character".to_owned()));
        }
        let id = &incoming.client_message_id;
        if id.is_empty() || id.len() > LONGEST_CLIENT_ID || id.chars().any(char::is_control) {
            return Err(ApiError::Invalid(format!("client_message_id must have 1 to {LONGEST_CLIENT_ID} visible characters")));
        }
        Ok(())
    }

    async fn answer_in_turn(&self, incoming: Incoming) -> Result<Exchange, ApiError> {
        let started = Instant::now();
        let turn = self.turns.get_with_by_ref(&incoming.conversation_id, Arc::default);
        let _in_turn = turn.lock().await;
        if let Some(stored) = self.store.exchange_by_client_id(&incoming.conversation_id, &incoming.client_message_id).await? {
            return Ok(stored);
        }
        let conversation = self.store.conversation(&incoming.conversation_id).await?;
        let decision = self.decide(conversation, incoming.text.clone()).await?;
        let exchange = self.store.record_turn(self.exchange(&incoming, &decision)).await?;
        self.tell(&exchange);
        metrics::counter!("frontdesk_answers_total", "action" => decision.action.as_str(), "language" => decision.language.code()).increment(1);
        metrics::histogram!("frontdesk_answer_seconds").record(started.elapsed().as_secs_f64());
        Ok(exchange)
    }

    async fn decide(&self, conversation: Conversation, text: String) -> Result<Decision, ApiError> {
        let assistant = Arc::clone(&self.assistant);
        let now = jiff::Timestamp::now();
        tokio::task::spawn_blocking(move || assistant.answer(&conversation.state, &text, now)).await.map_err(|_| ApiError::Stopping)
    }
}
