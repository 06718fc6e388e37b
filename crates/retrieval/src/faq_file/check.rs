//! What every entry of every format must keep to, whoever wrote it.

use std::collections::HashMap;

use super::extras::{tidy_channels, tidy_links};
use super::fault::RowFault;
use super::left_open::LeftOpen;
use super::place::{Place, RowProblem};
use super::table::Column;
use super::{ImportedFaq, Row};
use crate::FaqEntry;

/// Longer ids are refused.
const MAX_ID_BYTES: usize = 200;
/// Longer questions are refused.
const MAX_QUESTION_KIB: usize = 16;
/// Longer answers are refused.
const MAX_ANSWER_KIB: usize = 256;
/// More other wordings are refused.
const MAX_SIMILAR: usize = 1000;

/// Whether an entry may be without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// A bot could not reply with it.
    Required,
    /// It is only to be found.
    Optional,
}

/// Sorts the good rows from the wrong ones, and names those that an earlier row makes wrong.
pub(super) fn check_rows(rows: Vec<Row>, answers: Answers) -> ImportedFaq {
    let mut imported = ImportedFaq::default();
    let mut places: HashMap<String, Place> = HashMap::new();
    for Row { place, entry, absent } in rows {
        let is_named = entry.as_ref().is_ok_and(|entry| !is_blank(&entry.id));
        match entry.and_then(|entry| check_row(entry, answers, &places)) {
            Err(fault) => imported.problems.push(RowProblem { place, fault }),
            Ok(entry) => {
                places.insert(entry.id.clone(), place);
                imported.entries.push(entry);
                imported.left_open.push(LeftOpen::new(is_named, absent));
            }
        }
    }
    imported
}

fn check_row(entry: FaqEntry, answers: Answers, places: &HashMap<String, Place>) -> Result<FaqEntry, RowFault> {
    let named = !is_blank(&entry.id);
    let entry = tidy(entry)?;
    if answers == Answers::Required && is_blank(&entry.answer) {
        return Err(RowFault::Blank(Column::Answer));
    }
    match places.get(&entry.id).cloned() {
        Some(first) if named => Err(RowFault::IdTwice { id: entry.id, first }),
        Some(first) => Err(RowFault::QuestionTwice { first }),
        None => Ok(entry),
    }
}

impl FaqEntry {
    /// The entry trimmed and completed, checked as a file's row is; else what is wrong with it.
    pub fn checked(self) -> Result<Self, RowFault> {
        tidy(self)
    }
}

fn tidy(mut entry: FaqEntry) -> Result<FaqEntry, RowFault> {
    entry.question = trim(&entry.question).to_owned();
    entry.id = trim(&entry.id).to_owned();
    if entry.question.is_empty() {
        return Err(RowFault::Blank(Column::Question));
    }
    entry.similar = entry.similar.iter().map(|one| trim(one).to_owned()).filter(|one| !one.is_empty()).collect();
    entry.language = tidy_language(entry.language)?;
    entry.category = entry.category.map(|one| trim(&one).to_owned()).filter(|one| !one.is_empty());
    entry.valid_from = tidy_day(Column::ValidFrom, entry.valid_from)?;
    entry.valid_until = tidy_day(Column::ValidUntil, entry.valid_until)?;
    if let (Some(from), Some(until)) = (&entry.valid_from, &entry.valid_until)
        && from > until
    {
        return Err(RowFault::DaysCrossed { from: from.clone(), until: until.clone() });
    }
    entry.channels = tidy_channels(entry.channels)?;
    entry.links = tidy_links(entry.links)?;
    if entry.id.is_empty() {
        entry.id = made_id("faq", &entry.question);
    }
    check_texts(&entry)?;
    Ok(entry)
}

fn check_texts(entry: &FaqEntry) -> Result<(), RowFault> {
    if entry.id.chars().any(char::is_control) || entry.id.len() > MAX_ID_BYTES {
        return Err(RowFault::Id { limit: MAX_ID_BYTES });
    }
    if entry.similar.len() > MAX_SIMILAR {
        return Err(RowFault::TooMany { limit: MAX_SIMILAR });
    }
    let category = entry.category.as_deref().unwrap_or_default();
    let texts = [
        (Column::Question, entry.question.as_str(), MAX_QUESTION_KIB),
        (Column::Answer, entry.answer.as_str(), MAX_ANSWER_KIB),
        (Column::Category, category, MAX_QUESTION_KIB),
    ];
    let similar = entry.similar.iter().map(|one| (Column::Similar, one.as_str(), MAX_QUESTION_KIB));
    for (column, text, limit_kib) in texts.into_iter().chain(similar) {
        if text.len() > limit_kib * 1024 {
            return Err(RowFault::TooLong { column, limit_kib });
        }
        if text.contains('\0') {
            return Err(RowFault::Nul(column));
        }
    }
    Ok(())
}

/// Without the blanks at both ends, those that people cannot see included.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}')
    })
}

pub(super) fn is_blank(text: &str) -> bool {
    trim(text).is_empty()
}

/// An id that stays the same as long as the words do (64-bit FNV-1a).
pub(super) fn made_id(kind: &str, words: &str) -> String {
    let hash = words
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{kind}-{hash:016x}")
}

fn tidy_language(language: Option<String>) -> Result<Option<String>, RowFault> {
    let Some(language) = language.map(|one| trim(&one).to_lowercase()).filter(|one| !one.is_empty()) else {
        return Ok(None);
    };
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    match primary {
        "zh" | "chinese" | "中文" | "汉语" | "简体中文" | "中" => Ok(Some("zh".to_owned())),
        "en" | "english" | "英文" | "英语" | "英" => Ok(Some("en".to_owned())),
        _ => Err(RowFault::Language(language)),
    }
}

/// Takes `2026-1-31`, `2026/1/31`, `2026.1.31`, `2026年1月31日`, each also with a time, and a spreadsheet's day number.
fn tidy_day(column: Column, day: Option<String>) -> Result<Option<String>, RowFault> {
    let Some(value) = day.map(|one| trim(&one).to_owned()).filter(|one| !one.is_empty()) else {
        return Ok(None);
    };
    let date = value.split([' ', 'T']).next().unwrap_or_default();
    let dashed = date.trim_end_matches('日').replace(['/', '.', '年', '月'], "-");
    let parts: Vec<&str> = dashed.split('-').collect();
    let day = match parts.as_slice() {
        [year, month, day] => format!("{year}-{month:0>2}-{day:0>2}").parse::<jiff::civil::Date>().ok(),
        [serial] => serial.parse().ok().and_then(day_of_serial),
        _ => None,
    };
    day.map(|day| Some(day.to_string())).ok_or(RowFault::Day { column, value })
}

/// The day that a spreadsheet counts from the end of 1899; only days from 1982 to 2119, lest a year be taken for one.
fn day_of_serial(serial: i64) -> Option<jiff::civil::Date> {
    let days = (30_000..=80_000).contains(&serial).then_some(serial)?;
    jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()
}
