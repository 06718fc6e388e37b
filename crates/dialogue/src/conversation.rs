//! What the bot remembers of a conversation between two turns.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::{Action, Language};

/// The state kept between turns; stored as JSON with sensitive slots masked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// The language of the page, then of the last message that showed one.
    pub language: Option<Language>,
    /// Where the customer writes, such as `widget`; entries of the FAQ may be limited to channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How many customer messages have been decided.
    pub turn: u32,
    /// What the customer has told us, by slot or entity name.
    pub slots: IndexMap<String, SlotValue>,
    /// The form being filled.
    pub form: Option<ActiveForm>,
    /// The question asked to tell meanings apart, waiting for its answer.
    pub clarification: Option<Clarification>,
    /// The intent that was last answered.
    pub last_intent: Option<String>,
    /// The FAQ entry that was last answered.
    pub last_faq: Option<String>,
    /// The FAQ entries answered so far, the latest last; enough of them not to offer one again.
    pub answered_faq: Vec<String>,
    /// The last message that stood on its own, for follow-ups that lean on it.
    pub last_question: Option<String>,
    /// What the bot did last.
    pub last_action: Option<Action>,
    /// Messages in a row that were not understood.
    pub failures: u32,
    /// Messages in a row that were clearly negative.
    pub angry_turns: u32,
    /// Whether a person has the conversation.
    pub handed_over: HandoffState,
}

/// Who has the conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// The bot answers.
    #[default]
    Bot,
    /// A person was asked for; the bot still answers what it is sure of.
    Waiting,
    /// A person has taken over; the bot is silent.
    Person,
}

/// One thing the customer told us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SlotValue {
    /// The canonical value, such as `phone_case`.
    pub value: String,
    /// What a customer may be shown, such as `手机壳`.
    pub text: String,
    /// Kept masked on disk and in replies.
    #[serde(default)]
    pub sensitive: bool,
}

impl SlotValue {
    /// What a reply may show: sensitive values keep only their end.
    pub fn shown(&self) -> String {
        if self.sensitive { mask(&self.text) } else { self.text.clone() }
    }

    /// Whether the value has been on disk and is known only by its end.
    pub(crate) fn is_masked(&self) -> bool {
        self.sensitive && self.value.starts_with(MASK)
    }
}

impl Serialize for SlotValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Kept<'a> {
            value: &'a str,
            text: &'a str,
            sensitive: bool,
        }
        let (value, text);
        let kept = if self.sensitive {
            (value, text) = (mask(&self.value), mask(&self.text));
            Kept { value: &value, text: &text, sensitive: true }
        } else {
            Kept { value: &self.value, text: &self.text, sensitive: false }
        };
        kept.serialize(serializer)
    }
}

const MASK: &str = "•••";

/// Shows only the last four characters, and none of a value shorter than eight.
fn mask(value: &str) -> String {
    if value.starts_with(MASK) {
        return value.to_owned();
    }
    let n_chars = value.chars().count();
    let kept = if n_chars >= 8 { 4 } else { 0 };
    let end: String = value.chars().skip(n_chars - kept).collect();
    format!("{MASK}{end}")
}

/// A form that is being filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveForm {
    /// The intent the form belongs to.
    pub intent: String,
    /// The slot that was asked for.
    pub slot: String,
    /// How many answers for this slot were not valid.
    pub attempts: u32,
}

/// A question that offered meanings to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clarification {
    /// What was offered, in order.
    pub options: Vec<ClarifyOption>,
}

/// One meaning that was offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClarifyOption {
    /// What the customer saw.
    pub title: String,
    /// What it stands for.
    pub target: Target,
}

/// What a chosen option leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An intent's template or form.
    Intent(String),
    /// An FAQ entry, by id.
    Faq(String),
}
