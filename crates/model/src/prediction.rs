//! What the classifier says about one message.

use serde::{Deserialize, Serialize};

/// An intent with its calibrated probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The intent's name.
    pub intent: String,
    /// Calibrated probability that the message has this intent.
    pub probability: f32,
}

/// The mood of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Angry, disappointed or complaining.
    Negative,
    /// Neither.
    Neutral,
    /// Pleased or thankful.
    Positive,
}

impl Sentiment {
    /// All sentiments, in the order of the head's outputs.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];
}

/// A sentiment with its probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredSentiment {
    /// The likeliest sentiment.
    pub sentiment: Sentiment,
    /// Its calibrated probability.
    pub probability: f32,
}

/// A value found in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The entity's name.
    pub entity: String,
    /// The canonical value; the text itself for patterns.
    pub value: String,
    /// The text as the customer wrote it.
    pub text: String,
    /// First byte in the original message.
    pub start: usize,
    /// One past the last byte in the original message.
    pub end: usize,
    /// Whether the value must be masked wherever it is stored or shown.
    pub sensitive: bool,
    /// Calibrated probability that it is one, exactly there; 1 for listed values and patterns.
    pub probability: f32,
}

/// Everything the classifier says about one message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prediction {
    /// All intents, best first; the probabilities sum to at most one, but where the bundle tells several intents apart in
    /// one message each is that of its own intent, whichever others there are.
    pub ranking: Vec<Scored>,
    /// Calibrated probability that the message has any of the bot's intents.
    pub in_scope: f32,
    /// The intents that the message has, when the bundle tells several apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub several: Option<Vec<Scored>>,
    /// The sentiment, when the bundle has a sentiment head.
    pub sentiment: Option<ScoredSentiment>,
    /// Entities in the order they occur.
    pub entities: Vec<Entity>,
}

impl Prediction {
    /// The best intent, if its probability reaches the threshold.
    pub fn intent_at(&self, threshold: f32) -> Option<&Scored> {
        self.ranking.first().filter(|best| best.probability >= threshold)
    }
}
