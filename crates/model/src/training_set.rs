//! The labelled messages a classifier learns from.

use serde::{Deserialize, Serialize};

use crate::{Gazetteer, Sentiment};

/// One labelled message; no intent means that the bot should not claim to understand it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// What the customer wrote.
    pub text: String,
    /// The intent's name, or `None` for out of scope.
    pub intent: Option<String>,
    /// Further intents of the same message; where any row has some, the model tells several apart in one message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// How much this row counts, 1 for an authored example.
    pub weight: f32,
}

impl Example {
    /// An example of full weight.
    pub fn new(text: impl Into<String>, intent: Option<&str>) -> Self {
        Self { text: text.into(), intent: intent.map(str::to_owned), also: Vec::new(), weight: 1.0 }
    }
}

/// A message with its entities marked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnotatedText {
    /// What the customer wrote.
    pub text: String,
    /// Marked stretches of it, without overlaps.
    pub mentions: Vec<Mention>,
}

/// A marked stretch of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The entity's name.
    pub entity: String,
    /// First byte in the message.
    pub start: usize,
    /// One past the last byte in the message.
    pub end: usize,
}

/// What a teacher says of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taught {
    /// The message.
    pub text: String,
    /// Intents with their probabilities; `None` is out of scope.
    pub says: Vec<(Option<String>, f32)>,
    /// How much that counts beside the message's label, where it has one; 1 for the teacher's word alone.
    pub share: f32,
    /// How much the message counts, where it has no label: 1 as an authored example.
    pub weight: f32,
}

/// Everything a classifier is made from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TrainingSet {
    /// Rows to learn from.
    pub train: Vec<Example>,
    /// Rows to stop early and calibrate on; when empty, a stratified share of `train` is held out.
    pub validation: Vec<Example>,
    /// What a teacher says of rows of `train`, and of further messages, which are learned from and never held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taught: Vec<Taught>,
    /// General messages that bots are seldom made for: not learned, but where the rows hold few out of scope they teach
    /// how such messages look.
    #[serde(default)]
    pub general: Vec<String>,
    /// Messages with their sentiment; when empty the classifier has no sentiment head.
    pub sentiment: Vec<(String, Sentiment)>,
    /// Messages with their entities marked, those that hold none too; when none is marked there is no tagger.
    pub annotated: Vec<AnnotatedText>,
    /// Lists, synonyms and patterns of entities, carried in the bundle.
    pub gazetteer: Gazetteer,
    /// Codes of the bot's languages.
    pub languages: Vec<String>,
}
