//! `bot.toml`: who the bot is, what it may get wrong, when people are there.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Error, Language, Localised, OpeningHours};

const FILE: &str = "bot.toml";

/// A bot's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotConfig {
    /// What the bot is called.
    pub name: Localised<String>,
    /// The languages it answers in, the first one when nothing tells.
    pub languages: Vec<Language>,
    /// A free word for people who write its replies.
    #[serde(default)]
    pub tone: Option<String>,
    /// The share of answers that may be wrong; every threshold follows from it.
    #[serde(default = "default_error_rate")]
    pub accepted_error_rate: f32,
    /// When people are there; always, when missing.
    #[serde(default)]
    pub hours: Option<OpeningHours>,
    /// When to call a person.
    #[serde(default)]
    pub handoff: HandoffConfig,
    /// Where the bot is reachable.
    #[serde(default)]
    pub channels: IndexMap<String, serde_json::Value>,
    /// Values for `{name}` in templates and FAQ answers.
    #[serde(default)]
    pub values: IndexMap<String, Localised<String>>,
    /// What the widget says first.
    #[serde(default)]
    pub welcome: Option<Welcome>,
}

/// When to call a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandoffConfig {
    /// Messages in a row that were not understood before a person is called.
    pub after_failures: u32,
    /// Whether an angry customer gets a person at once.
    pub on_anger: bool,
}

impl Default for HandoffConfig {
    fn default() -> Self {
        Self { after_failures: 2, on_anger: true }
    }
}

/// What the widget says first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Welcome {
    /// The first message.
    pub text: Localised<String>,
    /// Questions to tap.
    pub suggestions: Localised<Vec<String>>,
}

fn default_error_rate() -> f32 {
    0.05
}

impl BotConfig {
    /// Reads `bot.toml`.
    pub fn parse(source: &str) -> Result<Self, Error> {
        let config: Self = toml::from_str(source).map_err(|error| {
            let line = error.span().map(|span| line_of(source, span.start));
            Error::new(FILE, line, error.message())
        })?;
        config.validate(source)?;
        Ok(config)
    }

    fn validate(&self, source: &str) -> Result<(), Error> {
        let fail = |key: &str, message: &str| Err(Error::new(FILE, line_with(source, key), message));
        if self.name.each().all(|(_, name)| name.trim().is_empty()) {
            return fail("name", "the name is empty; write what customers should see");
        }
        if self.languages.is_empty() {
            return fail("languages", "no language given; write languages = [\"zh\", \"en\"]");
        }
        let rate = self.accepted_error_rate;
        if !(rate > 0.0 && rate < 0.5) {
            return fail("accepted_error_rate", "accepted_error_rate must be above 0 and below 0.5, such as 0.05");
        }
        if self.handoff.after_failures == 0 {
            return fail("after_failures", "after_failures must be at least 1");
        }
        Ok(())
    }

    /// The language to answer in: the message's, else the conversation's, else the bot's first.
    pub fn language_for(&self, message: Option<Language>, before: Option<Language>) -> Language {
        [message, before]
            .into_iter()
            .flatten()
            .find(|language| self.languages.contains(language))
            .or_else(|| self.languages.first().copied())
            .unwrap_or(Language::English)
    }
}

/// The line, counted from 1, that holds the byte at `offset`.
fn line_of(source: &str, offset: usize) -> usize {
    let before = source.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

/// The first line that sets `key`.
fn line_with(source: &str, key: &str) -> Option<usize> {
    let position = source.lines().position(|line| line.trim_start().starts_with(key))?;
    Some(position + 1)
}
