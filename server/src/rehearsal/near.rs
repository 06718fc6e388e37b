//! Entries that an entry duplicates or contradicts: those that the index would give for its own wordings if it were not there.

use std::collections::BTreeSet;

use retrieval::{FaqEntry, FaqIndex, Hit, SearchQuery};
use serde::Serialize;
use text::Language;
use utoipa::ToSchema;

/// Wordings of the entry that are looked up.
const MOST_WORDINGS: usize = 24;
const HITS: usize = 5;
/// Entries that are named at most.
const MOST_NEAR: usize = 8;
/// Answers at least so alike in meaning, with the same numbers in them, say the same.
const SAME_ANSWER: f32 = 0.8;

/// How an entry stands to the one that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// The same question with the same answer.
    Duplicate,
    /// The same question with another answer.
    Contradiction,
}

/// An entry that answers what the written one asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NearEntry {
    pub id: String,
    pub question: String,
    pub answer: String,
    pub relation: Relation,
    /// The wording of the written entry that it answers best, and its own nearest one.
    pub wording: String,
    pub matched: String,
    /// How likely it is the right answer to that wording.
    pub probability: f32,
}

/// Finds them on an index without the written entry.
pub(super) fn find(index: &FaqIndex, entry: &FaqEntry, threshold: f32) -> Vec<NearEntry> {
    let language = language_of(entry.language.as_deref(), &entry.question);
    let mut near: Vec<NearEntry> = Vec::new();
    for wording in std::iter::once(&entry.question).chain(&entry.similar).take(MOST_WORDINGS) {
        let query = SearchQuery { text: wording.clone(), language, top: HITS, ..SearchQuery::default() };
        for hit in index.search(&query) {
            let same_words = normalised(&hit.matched_question) == normalised(wording);
            let same_language = language_of(hit.language.as_deref(), &hit.question) == language;
            if same_language && (same_words || hit.probability >= threshold) {
                note(&mut near, entry, wording, hit);
            }
        }
    }
    near.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    near.truncate(MOST_NEAR);
    near
}

/// Keeps the wording that speaks most for an entry.
fn note(near: &mut Vec<NearEntry>, entry: &FaqEntry, wording: &str, hit: Hit) {
    let known = near.iter_mut().find(|known| known.id == hit.id);
    if let Some(known) = known {
        if hit.probability > known.probability {
            known.probability = hit.probability;
            wording.clone_into(&mut known.wording);
            known.matched = hit.matched_question;
        }
        return;
    }
    let same = say_the_same(&entry.answer, &hit.answer);
    near.push(NearEntry {
        relation: if same { Relation::Duplicate } else { Relation::Contradiction },
        id: hit.id,
        question: hit.question,
        answer: hit.answer,
        wording: wording.to_owned(),
        matched: hit.matched_question,
        probability: hit.probability,
    });
}

fn language_of(written: Option<&str>, question: &str) -> Option<Language> {
    written.and_then(Language::parse).or_else(|| text::detect_language(question).map(|detected| detected.language))
}

fn normalised(text: &str) -> String {
    text::normalise(text).as_str().chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Whether two answers say the same: in the same words, or with the same numbers and nearly the same meaning.
fn say_the_same(one: &str, other: &str) -> bool {
    if normalised(one) == normalised(other) {
        return true;
    }
    let Some(encoder) = assistant::meaning() else { return false };
    let (one_meaning, other_meaning) = (encoder.encode(one), encoder.encode(other));
    let likeness: f32 = one_meaning.iter().zip(&other_meaning).map(|(a, b)| a * b).sum();
    likeness >= SAME_ANSWER && numbers(one) == numbers(other)
}

fn numbers(text: &str) -> BTreeSet<String> {
    let normalised = text::normalise(text);
    let digits = normalised.as_str().split(|character: char| !character.is_ascii_digit());
    digits.filter(|digits| !digits.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> FaqIndex {
        let index = FaqIndex::in_memory_with(assistant::meaning());
        let entry = |id: &str, question: &str, answer: &str| FaqEntry::new(id, question, answer);
        let entries = [
            entry("returns", "How long can I return an item?", "You can return unused items within 7 days."),
            entry("parking", "Is there parking near the shop?", "Yes, behind the shop."),
            entry("returns-zh", "退货期限是多久？", "7 天内可以退货。"),
            entry("hours", "When do you open?", "At nine."),
        ];
        index.replace_all(&entries, 1).unwrap();
        index
    }

    fn check(question: &str, answer: &str, expected: &[(&str, Relation)]) {
        let index = index();
        let near = find(&index, &FaqEntry::new("new", question, answer), index.threshold(0.1));
        let found: Vec<_> = near.iter().map(|near| (near.id.as_str(), near.relation)).collect();
        assert_eq!(found, expected, "{question}: {near:?}");
    }

    #[test]
    fn the_same_question_with_another_answer_is_a_contradiction_and_with_the_same_one_a_duplicate() {
        check("how long can I return an item", "Within 30 days.", &[("returns", Relation::Contradiction)]);
        check(
            "How long can I return an item?",
            "you can return unused items within 7 days",
            &[("returns", Relation::Duplicate)],
        );
        check("退货期限多久", "30 天内。", &[("returns-zh", Relation::Contradiction)]);
        check("Do you sell umbrellas?", "Yes, red ones.", &[]);
    }

    #[test]
    fn other_numbers_are_another_answer() {
        assert!(say_the_same("Within 7 days.", "within ７ days"));
        assert!(!say_the_same("You can return items within 7 days.", "You can return items within 30 days."));
    }
}
