//! A conversation as customers and programs see it.

use dialogue::{Link, QuickReply, Source};
use serde::{Deserialize, Serialize};
use store::{Exchange, Message, Speaker, StoredDecision};
use utoipa::ToSchema;

/// One message of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageReply {
    pub id: String,
    /// `customer`, `bot`, `person` or `system`.
    pub role: String,
    pub text: String,
    /// The text with whole answers, where only the sentences that fit are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// `zh` or `en`.
    pub language: Option<String>,
    pub quick_replies: Vec<QuickReplyReply>,
    pub sources: Vec<SourceReply>,
    pub decision: Option<DecisionReply>,
    /// The person who wrote it.
    pub author: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub created_at: i64,
    /// `up` or `down`, once the customer said so.
    pub feedback: Option<String>,
    /// The id the sender gave a customer message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// An answer offered as a button: `text` is what is sent when it is chosen.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct QuickReplyReply {
    pub title: String,
    pub text: String,
}

/// The FAQ entry an answer comes from.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SourceReply {
    pub faq_id: String,
    pub question: String,
    /// What to read further.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkReply>,
}

/// A page or file beside an answer.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkReply {
    /// What customers read; the address's host when empty.
    #[serde(default)]
    pub title: String,
    /// An `https` address.
    pub url: String,
}

impl From<Link> for LinkReply {
    fn from(link: Link) -> Self {
        Self { title: link.title, url: link.url }
    }
}

/// What the bot decided to do, and how sure it was.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DecisionReply {
    /// `template`, `form`, `faq`, `clarify`, `rephrase`, `handoff`, `smalltalk` or `silent`.
    pub action: String,
    pub intent: Option<String>,
    pub faq_id: Option<String>,
    /// Calibrated probability that this is the right answer.
    pub probability: Option<f32>,
}

/// Who has the conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusReply {
    /// `bot`, `waiting` (for a person), `person` or `closed`.
    pub status: String,
    /// While waiting: how many customers wait longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<i64>,
}

/// A stored message for the wire.
pub fn message_reply(message: &Message) -> MessageReply {
    let decision = message.decision.as_ref();
    MessageReply {
        id: message.id.clone(),
        role: message.role.as_str().to_owned(),
        text: message.text.clone(),
        whole: decision.and_then(|decision| decision.whole.clone()),
        language: message.language.map(|language| language.code().to_owned()),
        quick_replies: decision
            .map(|decision| decision.quick_replies.iter().map(quick_reply).collect())
            .unwrap_or_default(),
        sources: decision.map(|decision| decision.sources.iter().map(source).collect()).unwrap_or_default(),
        decision: decision.map(decision_reply),
        author: message.author.clone(),
        created_at: message.created_at,
        feedback: message.feedback.as_ref().map(|feedback| feedback.rating.as_str().to_owned()),
        client_message_id: message.client_message_id.clone(),
    }
}

/// The customer's message and the bot's replies of one exchange; silence is a reply of action `silent` without text.
pub fn exchange_replies(exchange: &Exchange) -> (MessageReply, Vec<MessageReply>) {
    let customer = MessageReply { decision: None, ..message_reply(&exchange.customer) };
    let mut replies: Vec<MessageReply> = exchange.replies.iter().map(message_reply).collect();
    if replies.is_empty() {
        replies.push(MessageReply {
            role: Speaker::Bot.as_str().to_owned(),
            text: String::new(),
            client_message_id: None,
            ..message_reply(&exchange.customer)
        });
    }
    (customer, replies)
}

/// A button of the dialogue for the wire.
pub fn quick_reply(quick: &QuickReply) -> QuickReplyReply {
    QuickReplyReply { title: quick.title.clone(), text: quick.text.clone() }
}

fn source(source: &Source) -> SourceReply {
    let links = source.links.iter().cloned().map(LinkReply::from).collect();
    SourceReply { faq_id: source.faq_id.clone(), question: source.question.clone(), links }
}

fn decision_reply(decision: &StoredDecision) -> DecisionReply {
    DecisionReply {
        action: decision.action.name().to_owned(),
        intent: decision.intent.clone(),
        faq_id: decision.faq_id.clone(),
        probability: decision.probability,
    }
}
