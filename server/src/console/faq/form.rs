//! The form of an entry: filled from a version, checked, turned into the next one, and compared with another.

use dialogue::Language;
use retrieval::{CHANNELS, FaqEntry, Link};
use serde::Deserialize;
use store::{FaqDraft, FaqRecord};

use super::super::diff::{Piece, pieces};
use super::super::trace::language_name;
use super::super::words::Words;
use crate::error::ApiError;
use crate::faq_import::draft_of_entry;

/// The form of an entry, as it is typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EntryForm {
    pub(super) question: String,
    /// One a line.
    pub(super) similar: String,
    pub(super) answer: String,
    pub(super) language: String,
    pub(super) category: String,
    pub(super) valid_from: String,
    pub(super) valid_until: String,
    /// A ticked box sends `on`.
    pub(super) enabled: String,
    /// Their names with commas between; everywhere when empty.
    pub(super) channels: String,
    /// A title and an address a line.
    pub(super) links: String,
    /// The version that is edited; 0 for a new entry.
    pub(super) version: i64,
    /// The unanswered question that this entry answers.
    pub(super) resolves: String,
    /// The draft that this entry is made of, and the days it was made from.
    pub(super) draft: String,
    pub(super) draft_days: String,
    /// The version of the edit that waits; 0 where there is none.
    pub(super) pending: i64,
    /// What is done with an edit that waits: `draft` or `review`.
    pub(super) step: String,
    /// The button that saves and switches on.
    pub(super) publish: String,
}

impl EntryForm {
    pub(super) fn of(record: &FaqRecord) -> Self {
        Self::of_draft(&FaqDraft::from(record), record.version)
    }

    /// The form over the version that was the newest when the draft was begun.
    pub(super) fn of_draft(record: &FaqDraft, version: i64) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            question: record.question.clone(),
            similar: record.similar.join("\n"),
            answer: record.answer.clone(),
            language: text(&record.language),
            category: text(&record.category),
            valid_from: text(&record.valid_from),
            valid_until: text(&record.valid_until),
            enabled: if record.enabled { "on".to_owned() } else { String::new() },
            channels: record.channels.join(", "),
            links: record
                .links
                .iter()
                .map(|link| format!("{} {}", link.title, link.url))
                .collect::<Vec<_>>()
                .join("\n"),
            version,
            ..Self::default()
        }
    }

    /// What a person must mend before the entry can be kept.
    pub(super) fn problem(&self, t: &'static Words) -> Option<&'static str> {
        let dates = !self.valid_from.is_empty() && !self.valid_until.is_empty();
        match self {
            _ if self.question.trim().is_empty() => Some(t.question_is_empty),
            _ if self.answer.trim().is_empty() => Some(t.answer_is_empty),
            _ if dates && self.valid_from > self.valid_until => Some(t.dates_are_reversed),
            _ => None,
        }
    }

    /// Writes a question among the similar ones, unless it is there or is the question.
    pub(super) fn offer_similar(&mut self, question: &str) {
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = self.similar.lines().chain([self.question.as_str()]).any(|line| line.trim() == question);
        if question.is_empty() || known {
            return;
        }
        if !self.similar.is_empty() && !self.similar.ends_with('\n') {
            self.similar.push('\n');
        }
        self.similar.push_str(&question);
    }

    pub(super) fn draft(&self, id: String) -> Result<FaqDraft, ApiError> {
        self.entry(id).map(draft_of_entry)
    }

    /// The entry as it stands in the form, checked.
    pub(super) fn entry(&self, id: String) -> Result<FaqEntry, ApiError> {
        let some = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let entry = FaqEntry {
            id,
            question: self.question.clone(),
            similar: self.similar.lines().filter_map(some).collect(),
            answer: self.answer.replace("\r\n", "\n"),
            language: some(&self.language),
            category: some(&self.category),
            valid_from: some(&self.valid_from),
            valid_until: some(&self.valid_until),
            enabled: !self.enabled.is_empty() || !self.publish.is_empty(),
            channels: self.channels.split(',').filter_map(some).collect(),
            links: self.links.lines().map(str::trim).filter(|line| !line.is_empty()).map(Link::of_line).collect(),
        };
        entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))
    }
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Question,
    Similar,
    Answer,
    Language,
    Category,
    ValidFrom,
    ValidUntil,
    Enabled,
    Channels,
    Links,
}

impl Field {
    pub(super) const ALL: [Self; 10] = [
        Self::Question,
        Self::Similar,
        Self::Answer,
        Self::Language,
        Self::Category,
        Self::ValidFrom,
        Self::ValidUntil,
        Self::Enabled,
        Self::Channels,
        Self::Links,
    ];

    /// What the form calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Similar => "similar",
            Self::Answer => "answer",
            Self::Language => "language",
            Self::Category => "category",
            Self::ValidFrom => "valid_from",
            Self::ValidUntil => "valid_until",
            Self::Enabled => "enabled",
            Self::Channels => "channels",
            Self::Links => "links",
        }
    }

    /// Whether each of its lines stands on its own.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Similar | Self::Links)
    }

    /// What people call it.
    pub(super) fn title(self, t: &'static Words) -> &'static str {
        t.of_field(self.name())
    }

    /// Its value as it stands in a form, with plain line ends.
    pub(super) fn value(self, form: &EntryForm) -> String {
        let value = match self {
            Self::Question => &form.question,
            Self::Similar => &form.similar,
            Self::Answer => &form.answer,
            Self::Language => &form.language,
            Self::Category => &form.category,
            Self::ValidFrom => &form.valid_from,
            Self::ValidUntil => &form.valid_until,
            Self::Enabled => &form.enabled,
            Self::Channels => &form.channels,
            Self::Links => &form.links,
        };
        value.replace("\r\n", "\n")
    }

    pub(super) fn put(self, form: &mut EntryForm, value: String) {
        *match self {
            Self::Question => &mut form.question,
            Self::Similar => &mut form.similar,
            Self::Answer => &mut form.answer,
            Self::Language => &mut form.language,
            Self::Category => &mut form.category,
            Self::ValidFrom => &mut form.valid_from,
            Self::ValidUntil => &mut form.valid_until,
            Self::Enabled => &mut form.enabled,
            Self::Channels => &mut form.channels,
            Self::Links => &mut form.links,
        } = value;
    }

    /// A value of it as people read it.
    pub(super) fn shown(self, value: &str, t: &'static Words) -> String {
        match self {
            Self::Enabled => if value.is_empty() { t.off } else { t.on }.to_owned(),
            Self::Language => Language::parse(value).map_or("", |language| language_name(language, t)).to_owned(),
            Self::Channels => channel_names(value, t),
            _ => value.to_owned(),
        }
    }
}

/// Channels as people call them.
pub(super) fn channel_names(channels: &str, t: &'static Words) -> String {
    if channels.trim().is_empty() {
        return t.everywhere.to_owned();
    }
    let names = channels.split(',').map(|channel| t.one_of("channel", channel.trim()));
    names.collect::<Vec<_>>().join(t.list_comma)
}

/// What an entry may be limited to, as a form sends it and as people read it; everywhere comes first.
pub(super) fn channel_choices(t: &'static Words) -> Vec<(String, String)> {
    let sets = (0..1_u32 << CHANNELS.len()).map(|set| {
        let chosen = CHANNELS.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
        chosen.map(|(_, channel)| *channel).collect::<Vec<_>>()
    });
    let proper = sets.filter(|set| set.len() < CHANNELS.len()).map(|set| set.join(", "));
    proper.map(|set| (set.clone(), channel_names(&set, t))).collect()
}

/// How one field differs.
pub(super) struct Change {
    pub(super) field: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// The fields in which two versions differ.
pub(super) fn changes(old: &EntryForm, new: &EntryForm, t: &'static Words) -> Vec<Change> {
    let shown = Field::ALL.map(|field| (field, field.shown(&field.value(old), t), field.shown(&field.value(new), t)));
    let differing = shown.into_iter().filter(|(_, old, new)| old != new);
    differing.map(|(field, old, new)| Change { field: field.title(t), pieces: pieces(&old, &new) }).collect()
}
