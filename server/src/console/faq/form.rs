//! The form of an entry: filled from a version, checked, turned into the next one, and compared with another.

use retrieval::FaqEntry;
use serde::Deserialize;
use store::{FaqDraft, FaqRecord};

use super::super::diff::{Piece, pieces};
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
    /// The version that is edited; 0 for a new entry.
    pub(super) version: i64,
    /// The unanswered question that this entry answers.
    pub(super) resolves: String,
    /// The draft that this entry is made of, and the days it was made from.
    pub(super) draft: String,
    pub(super) draft_days: String,
    /// The button that saves and switches on.
    pub(super) publish: String,
}

impl EntryForm {
    pub(super) fn of(record: &FaqRecord) -> Self {
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
            version: record.version,
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
        };
        entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))
    }
}

/// How one field differs.
pub(super) struct Change {
    pub(super) field: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// The fields in which two versions differ.
pub(super) fn changes(old: &EntryForm, new: &EntryForm, t: &'static Words) -> Vec<Change> {
    let on = |form: &EntryForm| if form.enabled.is_empty() { t.off } else { t.on };
    let fields = [
        (t.question, old.question.as_str(), new.question.as_str()),
        (t.similar_questions, &old.similar, &new.similar),
        (t.answer, &old.answer, &new.answer),
        (t.language, &old.language, &new.language),
        (t.category, &old.category, &new.category),
        (t.valid_from, &old.valid_from, &new.valid_from),
        (t.valid_until, &old.valid_until, &new.valid_until),
        (t.enabled, on(old), on(new)),
    ];
    let plain = |text: &str| text.replace("\r\n", "\n");
    let differing =
        fields.into_iter().map(|(field, old, new)| (field, plain(old), plain(new))).filter(|(_, old, new)| old != new);
    differing.map(|(field, old, new)| Change { field, pieces: pieces(&old, &new) }).collect()
}
