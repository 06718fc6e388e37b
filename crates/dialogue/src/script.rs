//! All that a decision needs of a bot: settings, templates, forms.

use crate::fill::fill;
use crate::sentences;
use crate::{BotConfig, Form, Forms, Language, OpeningHours, Template, Templates};

/// A bot as the policy sees it.
#[derive(Debug, Clone)]
pub struct Script {
    /// Settings.
    pub config: BotConfig,
    /// Prepared replies.
    pub templates: Templates,
    /// Slots that intents need.
    pub forms: Forms,
}

impl Script {
    /// Puts a bot together.
    pub fn new(config: BotConfig, templates: Templates, forms: Forms) -> Self {
        Self { config, templates, forms }
    }

    /// The prepared reply of an intent; the bot's own sentences are not intents.
    pub fn template(&self, intent: &str) -> Option<&Template> {
        self.templates.get(intent).filter(|_| !intent.starts_with('_'))
    }

    /// The form of an intent.
    pub fn form(&self, intent: &str) -> Option<&Form> {
        self.forms.get(intent)
    }

    /// A value of `bot.toml`, or the opening hours in words.
    pub fn value(&self, name: &str, language: Language) -> Option<String> {
        if let Some(value) = self.config.values.get(name) {
            return value.get(language).cloned();
        }
        match name {
            "opening_hours" => Some(self.opening_hours(language)),
            "bot_name" => self.config.name.get(language).cloned(),
            _ => None,
        }
    }

    /// The opening hours in words.
    pub fn opening_hours(&self, language: Language) -> String {
        match &self.config.hours {
            Some(hours) => hours.describe(language),
            None => OpeningHours::always(language).to_owned(),
        }
    }

    /// Whether people are there at `now`.
    pub fn is_open(&self, now: jiff::Timestamp) -> bool {
        let hours = self.config.hours.as_ref();
        hours.is_none_or(|hours| hours.is_open(now))
    }

    /// The day at `now` where the bot is, as `YYYY-MM-DD`.
    pub fn today(&self, now: jiff::Timestamp) -> String {
        let hours = self.config.hours.as_ref();
        let date = hours.map_or_else(|| jiff::tz::TimeZone::UTC.to_datetime(now).date(), |hours| hours.date(now));
        date.to_string()
    }

    /// A fixed moment within opening hours, for conversations that name no time.
    pub fn open_moment(&self) -> jiff::Timestamp {
        // A Monday morning; any fixed moment does.
        let start = jiff::Timestamp::from_second(1_772_416_800).unwrap_or_default();
        let hours = self.config.hours.as_ref();
        hours.and_then(|hours| hours.next_open(start)).unwrap_or(start)
    }

    /// One of the bot's own sentences: as the bot's author wrote it, else built in.
    ///
    /// `extra` are values only this sentence has; the answer is never empty.
    pub fn sentence(&self, name: &str, language: Language, turn: u32, extra: &[(&str, &str)]) -> String {
        let value = |wanted: &str| {
            let own = extra.iter().find(|(name, _)| *name == wanted);
            own.map(|(_, value)| (*value).to_owned()).or_else(|| self.value(wanted, language))
        };
        let authored = self.templates.get(name);
        authored
            .and_then(|template| template.replies.exact(language)?.at(turn))
            .and_then(|text| fill(text, value).ok())
            .or_else(|| fill(sentences::built_in(name, language, turn), value).ok())
            .filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| sentences::LAST_RESORT[language as usize].to_owned())
    }
}
