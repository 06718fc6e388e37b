//! One FAQ entry as written by a person, in the shape that files, the wire and the index share.

use serde::{Deserialize, Deserializer, Serialize};

/// A question people ask, other ways to ask it, and the answer a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaqEntry {
    /// Stable name of the entry; made from its content when a file gives none.
    #[serde(default, deserialize_with = "null_is_default")]
    pub id: String,
    /// The question in its main wording.
    pub question: String,
    /// Other wordings of the same question.
    #[serde(default, deserialize_with = "null_is_default")]
    pub similar: Vec<String>,
    /// The answer, Markdown-safe text.
    pub answer: String,
    /// `zh` or `en`; detected from the question where missing.
    #[serde(default)]
    pub language: Option<String>,
    /// Free path such as `shipping/delivery`.
    #[serde(default)]
    pub category: Option<String>,
    /// First day (`YYYY-MM-DD`) on which the entry may be shown.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Last day (`YYYY-MM-DD`) on which the entry may be shown.
    #[serde(default)]
    pub valid_until: Option<String>,
    /// Disabled entries are kept in files and left out of the index.
    #[serde(default = "enabled_by_default", deserialize_with = "null_is_enabled")]
    pub enabled: bool,
    /// Where the entry serves, of [`CHANNELS`]; everywhere when empty.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// What customers may read further.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// Where customers write: the chat window, Rasa's REST channel, and programs of the operator's own.
pub const CHANNELS: [&str; 3] = ["widget", "rasa", "api"];

/// A page or file beside an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What customers read; the address's host where a file gives none.
    #[serde(default, deserialize_with = "null_is_default")]
    pub title: String,
    /// An `https` address.
    pub url: String,
}

impl FaqEntry {
    /// An enabled entry with nothing but what is required.
    pub fn new(id: &str, question: &str, answer: &str) -> Self {
        Self {
            id: id.to_owned(),
            question: question.to_owned(),
            similar: Vec::new(),
            answer: answer.to_owned(),
            language: None,
            category: None,
            valid_from: None,
            valid_until: None,
            enabled: true,
            channels: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Whether the entry serves on a channel; one that is not named is anywhere.
    pub fn serves(&self, channel: Option<&str>) -> bool {
        serves(&self.channels, channel)
    }

    /// Whether the entry may be shown on `today` (`YYYY-MM-DD`); both ends are included.
    pub fn is_valid_on(&self, today: &str) -> bool {
        is_within(self.valid_from.as_deref(), self.valid_until.as_deref(), today)
    }

    /// The text of a wording; ordinal 0 is the question.
    pub(crate) fn wording(&self, ordinal: usize) -> &str {
        ordinal.checked_sub(1).and_then(|similar| self.similar.get(similar)).unwrap_or(&self.question)
    }
}

/// Whether a day lies between two, both included; a missing one does not limit.
pub(crate) fn is_within(from: Option<&str>, until: Option<&str>, today: &str) -> bool {
    from.is_none_or(|from| from <= today) && until.is_none_or(|until| today <= until)
}

/// Whether what is limited to channels, or to none, serves on one; one that is not named is anywhere.
pub(crate) fn serves(channels: &[String], channel: Option<&str>) -> bool {
    channels.is_empty() || channel.is_none_or(|channel| channels.iter().any(|one| one == channel))
}

/// One edit of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly every change carries an entry; a box would help none of them")]
pub enum Change {
    /// Adds the entry, or replaces the one with the same id.
    Put(FaqEntry),
    /// Removes the entry with this id; an unknown id changes nothing.
    Delete(String),
}

fn enabled_by_default() -> bool {
    true
}

fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn null_is_enabled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.unwrap_or(true))
}
