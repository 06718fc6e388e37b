//! What was decided and why: the reply, the state for the next turn, and the trace.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::{Conversation, Language};

/// The answer to one customer message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What kind of answer it is.
    pub action: Action,
    /// The language of the text.
    pub language: Language,
    /// The reply; empty only when silent.
    pub text: String,
    /// The reply with whole answers, where `text` gives only the sentences of them that fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// What the customer can tap next.
    pub quick_replies: Vec<QuickReply>,
    /// The FAQ entries the reply comes from.
    pub sources: Vec<Source>,
    /// The intent that was answered, or beside an FAQ answer the one that was recognised.
    pub intent: Option<String>,
    /// The FAQ entry that was answered.
    pub faq_id: Option<String>,
    /// The calibrated probability of what was answered, where the answer rests on one.
    pub probability: Option<f32>,
    /// The state to keep for the next turn.
    pub next: Conversation,
    /// Why.
    pub trace: Trace,
}

/// The kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A prepared reply.
    Template,
    /// A question for a slot.
    Form,
    /// An FAQ answer.
    Faq,
    /// A question that tells meanings apart.
    Clarify,
    /// A request to say it in other words.
    Rephrase,
    /// A person is called.
    Handoff,
    /// Greetings, thanks and the like.
    Smalltalk,
    /// A person has taken over.
    Silent,
}

impl Action {
    /// The name used in files and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Form => "form",
            Self::Faq => "faq",
            Self::Clarify => "clarify",
            Self::Rephrase => "rephrase",
            Self::Handoff => "handoff",
            Self::Smalltalk => "smalltalk",
            Self::Silent => "silent",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A suggested next message; in files a plain string is both title and text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuickReply {
    /// What the chip shows.
    pub title: String,
    /// What is sent when it is tapped.
    pub text: String,
}

impl QuickReply {
    /// A quick reply that sends what it shows.
    pub fn plain(title: impl Into<String>) -> Self {
        let title = title.into();
        Self { text: title.clone(), title }
    }
}

impl<'de> Deserialize<'de> for QuickReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuickReplyVisitor)
    }
}

struct QuickReplyVisitor;

impl<'de> Visitor<'de> for QuickReplyVisitor {
    type Value = QuickReply;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a quick reply: plain text, or {title: …, text: …}")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(QuickReply::plain(value))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(QuickReply::plain(value.to_string()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(QuickReply::plain(value.to_string()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(QuickReply::plain(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(QuickReply::plain(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Pair {
            title: String,
            text: Option<String>,
        }
        let pair = Pair::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(QuickReply { text: pair.text.unwrap_or_else(|| pair.title.clone()), title: pair.title })
    }
}

/// Where a reply comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The FAQ entry's id.
    pub faq_id: String,
    /// The FAQ entry's question.
    pub question: String,
    /// What to read further.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// A page or file beside an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What customers read.
    pub title: String,
    /// An `https` address.
    pub url: String,
}

/// How a decision came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The rule that fired.
    pub rule: String,
    /// The rules asked before it, each with its reason not to fire.
    pub considered: Vec<Considered>,
    /// The best five intents.
    pub intents: Vec<TracedIntent>,
    /// The best five FAQ hits.
    pub hits: Vec<TracedHit>,
    /// The probability that the message is about any intent.
    pub in_scope: f32,
    /// What an intent had to reach.
    pub intent_threshold: f32,
    /// What an FAQ hit had to reach.
    pub faq_threshold: f32,
    /// The model that understood the message; empty without one.
    pub model_version: String,
    /// The FAQ revision that was searched.
    pub index_revision: u64,
    /// The language of the reply.
    pub language: Option<Language>,
    /// The probability that the message is negative.
    pub negative: Option<f32>,
    /// The names of the entities that were found.
    pub entities: Vec<String>,
    /// Intents that were answered beside the first.
    pub further: Vec<String>,
    /// What was searched, where words of the message were put right; without personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// What became of each question, where the message had several that were answered one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TracedPart>,
    /// What was understood and searched, where it was more than the bare message.
    pub joined_with_previous: bool,
}

/// One question of a message with several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TracedPart {
    /// What was asked, without personal data.
    pub asked: String,
    /// The rule that fired for it.
    pub rule: String,
    /// What kind of answer it got.
    pub action: Action,
    /// The intent that answered it.
    pub intent: Option<String>,
    /// The FAQ entry that answered it.
    pub faq_id: Option<String>,
    /// The calibrated probability of its answer.
    pub probability: Option<f32>,
}

/// A rule that did not fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// The rule's name.
    pub rule: String,
    /// Why it did not fire.
    pub why: String,
}

/// An intent in the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TracedIntent {
    /// The intent's name.
    pub intent: String,
    /// Calibrated.
    pub probability: f32,
}

/// An FAQ hit in the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TracedHit {
    /// The entry's id.
    pub faq_id: String,
    /// Calibrated.
    pub probability: f32,
}
