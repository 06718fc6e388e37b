//! Takes personal data out of a message before anything touches the disk.
//! Each kind has a finder that reads folded characters once, left to right; none can fail.

mod addresses;
mod emails;
mod fold;
mod numbers;
mod plates;
mod streets;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use fold::{Folded, may_hold_data};

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    Mobile,
    IdCard,
    BankCard,
    Email,
    Address,
    LicencePlate,
}

impl PersonalData {
    /// What stands in the redacted text in place of the data.
    pub fn placeholder(self) -> &'static str {
        match self {
            PersonalData::Mobile => "[mobile]",
            PersonalData::IdCard => "[id_card]",
            PersonalData::BankCard => "[bank_card]",
            PersonalData::Email => "[email]",
            PersonalData::Address => "[address]",
            PersonalData::LicencePlate => "[licence_plate]",
        }
    }
}

/// One piece of personal data and where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: PersonalData,
    /// Bytes in the original text.
    pub range: Range<usize>,
}

/// A text without its personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    pub text: String,
    /// In the order they stood in the original.
    pub findings: Vec<Finding>,
}

/// Finds one sort of data in folded characters: ranges of characters, in order, not overlapping.
type Finder = fn(&[char]) -> Vec<(PersonalData, Range<usize>)>;

/// In this order a piece that is found never makes room for one that an earlier finder refused,
/// so that redacting twice changes nothing more.
const FINDERS: [Finder; 5] = [emails::find, numbers::find, plates::find, addresses::find, streets::find];

/// Replaces personal data by what kind it was; redacting twice changes nothing more.
pub fn redact(text: &str) -> Redacted {
    if !may_hold_data(text) {
        return Redacted { text: text.to_owned(), findings: Vec::new() };
    }
    let folded = Folded::new(text);
    let mut found: Vec<(PersonalData, Range<usize>)> = Vec::new();
    for finder in FINDERS {
        let mut more = Vec::new();
        for gap in gaps(&found, folded.characters.len()) {
            let pieces = finder(&folded.characters[gap.clone()]);
            more.extend(pieces.into_iter().map(|(kind, range)| (kind, gap.start + range.start..gap.start + range.end)));
        }
        if !more.is_empty() {
            found.append(&mut more);
            found.sort_by_key(|(_, range)| range.start);
        }
    }
    let findings: Vec<Finding> =
        found.into_iter().map(|(kind, range)| Finding { kind, range: folded.original_range(&range) }).collect();
    Redacted { text: replaced(text, &findings), findings }
}

/// What lies between the pieces found so far.
fn gaps(found: &[(PersonalData, Range<usize>)], end: usize) -> Vec<Range<usize>> {
    let starts = std::iter::once(0).chain(found.iter().map(|(_, range)| range.end));
    let ends = found.iter().map(|(_, range)| range.start).chain(std::iter::once(end));
    starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end).collect()
}

fn replaced(text: &str, findings: &[Finding]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in findings {
        redacted.push_str(&text[copied..finding.range.start]);
        redacted.push_str(finding.kind.placeholder());
        copied = finding.range.end;
    }
    redacted.push_str(&text[copied..]);
    redacted
}

/// Hides a value but for its last four characters, at most half of it: "13812345678" becomes "•••5678".
pub fn mask(value: &str) -> String {
    let n_characters = value.chars().count();
    let shown = (n_characters / 2).min(4);
    std::iter::once("•••").flat_map(str::chars).chain(value.chars().skip(n_characters - shown)).collect()
}
