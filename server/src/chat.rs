//! One customer message from the wire to the stored reply: in order within a conversation, once however often it is sent,
//! redacted before it touches the disk, durable before it is acknowledged. And a person's words, the same way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assistant::Assistant;
use dialogue::Decision;
use moka::sync::Cache;
use serde_json::json;
use store::{Conversation, Exchange, Message, NewExchange, Status, Store};
use tokio::sync::{Mutex, Semaphore};

use crate::api::wire::{StatusReply, message_reply};
use crate::error::ApiError;
use crate::hub::{Hub, Live};
use crate::suggestions::Suggestions;

/// Longest id a widget may give its message.
const LONGEST_CLIENT_ID: usize = 128;
/// How long the lock and the token of a quiet conversation are remembered.
const QUIET: Duration = Duration::from_secs(600);

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
    suggestions: Arc<Suggestions>,
    longest_message: usize,
    /// One lock a conversation, so that its messages are answered one after another.
    turns: Cache<String, Arc<Mutex<()>>>,
    /// The token fingerprints of conversations in use.
    tokens: Cache<String, Arc<str>>,
    /// As many answers are worked out at once as there are cores: more threads would only wait for one another.
    thinking: Semaphore,
}

impl Chat {
    pub fn new(
        store: Store,
        assistant: Arc<Assistant>,
        hub: Arc<Hub>,
        suggestions: Arc<Suggestions>,
        longest_message: usize,
    ) -> Self {
        let turns = Cache::builder().time_to_idle(QUIET).build();
        let tokens = Cache::builder().time_to_idle(QUIET).max_capacity(100_000).build();
        let thinking = Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from));
        Self { store, assistant, hub, suggestions, longest_message, turns, tokens, thinking }
    }

    /// Whether a token's fingerprint opens a conversation; unknown conversations open to nobody.
    pub async fn opens(&self, conversation_id: &str, fingerprint: &str) -> Result<bool, ApiError> {
        if let Some(known) = self.tokens.get(conversation_id) {
            return Ok(&*known == fingerprint);
        }
        let opened = self.store.conversation_by_token_hash(fingerprint).await?;
        let opens = opened.is_some_and(|conversation| conversation.id == conversation_id);
        if opens {
            self.tokens.insert(conversation_id.to_owned(), fingerprint.into());
        }
        Ok(opens)
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
        self.check_text(&incoming.text)?;
        let id = &incoming.client_message_id;
        if id.is_empty() || id.len() > LONGEST_CLIENT_ID || id.chars().any(char::is_control) {
            return Err(ApiError::Invalid(format!(
                "client_message_id must have 1 to {LONGEST_CLIENT_ID} visible characters"
            )));
        }
        Ok(())
    }

    fn check_text(&self, text: &str) -> Result<(), ApiError> {
        let length = text.chars().count();
        if length > self.longest_message {
            return Err(ApiError::MessageTooLong { length, limit: self.longest_message });
        }
        if text::normalise(text).as_str().is_empty() {
            return Err(ApiError::Invalid("text is empty; send at least one visible character".to_owned()));
        }
        Ok(())
    }

    async fn answer_in_turn(&self, incoming: Incoming) -> Result<Exchange, ApiError> {
        let started = Instant::now();
        let turn = self.turn_of(&incoming.conversation_id);
        let _in_turn = turn.lock().await;
        let conversation = self.store.conversation(&incoming.conversation_id).await?;
        let decision = self.decide(&conversation, incoming.text.clone()).await?;
        let exchange = self.store.record_turn(new_exchange(&incoming, &conversation, &decision)).await?;
        if exchange.duplicate {
            return Ok(exchange);
        }
        self.suggestions.said(&conversation, &incoming.text, &decision);
        self.tell(&exchange);
        let labels = [("action", decision.action.name()), ("language", decision.language.code())];
        metrics::counter!("frontdesk_answers_total", &labels).increment(1);
        metrics::histogram!("frontdesk_answer_seconds").record(started.elapsed().as_secs_f64());
        Ok(exchange)
    }

    async fn decide(&self, conversation: &Conversation, text: String) -> Result<Decision, ApiError> {
        let (assistant, suggestions) = (Arc::clone(&self.assistant), Arc::clone(&self.suggestions));
        let mut state = conversation.state.clone();
        state.language = state.language.or(conversation.language);
        let _place = self.thinking.acquire().await.map_err(|_| ApiError::Stopping)?;
        let now = jiff::Timestamp::now();
        let answered = tokio::task::spawn_blocking(move || {
            let mut decision = assistant.answer(&state, &text, now);
            suggestions.add_also_asked(&mut decision);
            decision
        });
        answered.await.map_err(|_| ApiError::Stopping)
    }

    /// A person says something to the customer; takes the conversation over if nobody has.
    pub async fn person_says(&self, conversation_id: &str, text: &str, author: &str) -> Result<Message, ApiError> {
        self.check_text(text)?;
        let turn = self.turn_of(conversation_id);
        let _in_turn = turn.lock().await;
        let conversation = self.store.conversation(conversation_id).await?;
        if conversation.status != Status::Person {
            self.change_status(conversation_id, Status::Person, author).await?;
        }
        let message = self.store.add_person_message(conversation_id, author, &text::redact(text).text).await?;
        self.tell_message(&message);
        Ok(message)
    }

    /// Takes over, gives back or closes a conversation, and tells everyone who watches it.
    pub async fn set_status(&self, conversation_id: &str, status: Status, by: &str) -> Result<Conversation, ApiError> {
        let turn = self.turn_of(conversation_id);
        let _in_turn = turn.lock().await;
        self.change_status(conversation_id, status, by).await
    }

    async fn change_status(&self, conversation_id: &str, status: Status, by: &str) -> Result<Conversation, ApiError> {
        let conversation = self.store.set_status(conversation_id, status, by).await?;
        self.hub.tell(conversation_id, Live::Status(self.status_frame(&conversation).await?));
        Ok(conversation)
    }

    /// Who has the conversation after an exchange.
    pub async fn status(&self, exchange: &Exchange) -> Result<StatusReply, ApiError> {
        self.status_reply(&exchange.customer.conversation_id, exchange.status).await
    }

    /// Who has the conversation, and how many wait longer.
    pub async fn status_of(&self, conversation: &Conversation) -> Result<StatusReply, ApiError> {
        self.status_reply(&conversation.id, conversation.status).await
    }

    async fn status_reply(&self, conversation_id: &str, status: Status) -> Result<StatusReply, ApiError> {
        let ahead = match status {
            Status::Waiting => Some(self.store.waiting_ahead(conversation_id).await?),
            _ => None,
        };
        Ok(StatusReply { status: status.as_str().to_owned(), ahead })
    }

    /// The live frame that says who has the conversation.
    pub async fn status_frame(&self, conversation: &Conversation) -> Result<String, ApiError> {
        let status = self.status_of(conversation).await?;
        Ok(json!({ "type": "status", "status": status.status, "ahead": status.ahead }).to_string())
    }

    fn turn_of(&self, conversation_id: &str) -> Arc<Mutex<()>> {
        self.turns.get_with_by_ref(conversation_id, Arc::default)
    }

    fn tell(&self, exchange: &Exchange) {
        if !self.hub.is_watched(&exchange.customer.conversation_id) {
            return;
        }
        self.tell_message(&exchange.customer);
        for reply in exchange.replies.iter().filter(|reply| !reply.text.is_empty()) {
            self.tell_message(reply);
        }
    }

    fn tell_message(&self, message: &Message) {
        let frame = json!({ "type": "message", "message": message_reply(message) }).to_string();
        self.hub.tell(&message.conversation_id, Live::Message(frame));
    }
}

/// What is stored of an answered message: the customer's words redacted, the decision whole.
fn new_exchange<'a>(incoming: &Incoming, conversation: &Conversation, decision: &'a Decision) -> NewExchange<'a> {
    NewExchange {
        conversation_id: incoming.conversation_id.clone(),
        client_message_id: incoming.client_message_id.clone(),
        expected_turn_count: Some(conversation.turn_count),
        customer_text: text::redact(&incoming.text).text,
        language: text::detect_language(&incoming.text).map(|detected| match detected.language {
            text::Language::Chinese => dialogue::Language::Chinese,
            text::Language::English => dialogue::Language::English,
        }),
        decision,
    }
}
