//! What the policy is told about a message: meanings and FAQ candidates with probabilities.

use serde::{Deserialize, Serialize};

use crate::{Language, Link};

/// One customer message, understood.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Understanding {
    /// The message as it was written.
    pub text: String,
    /// The message normalised (half-width, simplified, lower case); empty means as `text`.
    pub normalised: String,
    /// The message's dominant language, where it shows one.
    pub language: Option<Language>,
    /// The message holds both languages.
    pub mixed: bool,
    /// Intents, best first.
    pub intents: Vec<IntentScore>,
    /// Further intents of the same message beside the best, where the model tells several apart.
    pub further: Vec<IntentScore>,
    /// The probability that the message is about any of the bot's intents.
    pub in_scope: f32,
    /// An intent at or above this keeps the accepted error rate.
    pub intent_threshold: f32,
    /// How the customer feels, where the model can tell.
    pub sentiment: Option<SentimentScore>,
    /// What was mentioned.
    pub entities: Vec<EntityMatch>,
    /// The message holds personal data: values taken from it are treated as sensitive.
    pub personal_data: bool,
}

/// An intent with its calibrated probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentScore {
    /// The intent's name.
    pub intent: String,
    /// Calibrated.
    pub probability: f32,
}

/// How a message feels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SentimentScore {
    /// The probability that the message is negative.
    pub negative: f32,
}

/// Something mentioned in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityMatch {
    /// The entity's name, such as `product`.
    pub entity: String,
    /// The canonical value, such as `phone_case`.
    pub value: String,
    /// The words of the message.
    pub text: String,
    /// Kept masked on disk and in replies.
    #[serde(default)]
    pub sensitive: bool,
}

/// What the FAQ search found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidates {
    /// Best first.
    pub hits: Vec<Candidate>,
    /// A hit at or above this keeps the accepted error rate.
    pub threshold: f32,
}

/// One FAQ entry that may answer the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The entry's id.
    pub faq_id: String,
    /// The entry's question.
    pub question: String,
    /// The entry's whole answer.
    pub answer: String,
    /// The answer's best sentences, where the answer is long.
    pub excerpt: Option<String>,
    /// The entry's language, where it is known.
    pub language: Option<Language>,
    /// The entry's category.
    pub category: Option<String>,
    /// What to read further.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The calibrated probability that this entry answers the message.
    pub probability: f32,
}
