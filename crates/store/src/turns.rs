//! Turns: a customer's message, the decision and the reply, as they are handed in, and as the messages they become.
//! Writing them is the recorder's work.

use dialogue::{Action, Decision, Language};

use crate::columns::to_json;
use crate::conversations::Status;
use crate::database::{new_id, now};
use crate::messages::{Message, Speaker, StoredDecision, storable};
use crate::unanswered::question_key;
use crate::{Error, Store};

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

/// A turn ready to be written: everything that costs time is done before it queues.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) conversation_id: String,
    pub(crate) client_message_id: String,
    pub(crate) expected_turn_count: Option<i64>,
    pub(crate) customer_text: String,
    pub(crate) question_key: String,
    pub(crate) language: Option<Language>,
    reply_language: Language,
    reply_text: String,
    pub(crate) decision: StoredDecision,
    next: dialogue::Conversation,
    pub(crate) state_json: String,
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
                whole: decision.whole.as_deref().map(storable),
                quick_replies: decision.quick_replies.clone(),
                sources: decision.sources.clone(),
                trace,
            },
        })
    }

    pub(crate) fn silent_state_json(&self) -> Result<String, Error> {
        let state = dialogue::Conversation { handed_over: dialogue::HandoffState::Person, ..self.next.clone() };
        to_json("state", &state)
    }

    /// The customer's message and the bot's replies, numbered after `last_seq`.
    pub(crate) fn messages(&self, last_seq: i64) -> (Message, Vec<Message>) {
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
