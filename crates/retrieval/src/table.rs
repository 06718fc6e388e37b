//! What the index keeps in memory of every entry: its text, its tokens, and how common each token is.
//! A table is never changed in place once searched; an edit makes a copy that shares the rows.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use text::Language;

use crate::FaqEntry;
use crate::analysis::{self, Token};
use crate::schema::MAX_WORDINGS;

/// One entry with everything that searching needs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) entry: FaqEntry,
    pub(crate) language: Option<Language>,
    /// The question, then the similar questions.
    pub(crate) wordings: Vec<Wording>,
    /// Distinct tokens of the answer.
    pub(crate) answer: Vec<u32>,
    /// Distinct tokens of the category.
    pub(crate) category: Vec<u32>,
}

/// One way to ask the question.
#[derive(Debug)]
pub(crate) struct Wording {
    /// Distinct tokens, ascending.
    pub(crate) ids: Vec<u32>,
    /// Hash of the text without spaces and punctuation.
    pub(crate) fingerprint: u64,
}

/// The tokens of an entry as they go into tantivy.
#[derive(Debug)]
pub(crate) struct RowTokens {
    pub(crate) wordings: Vec<Vec<Token>>,
    pub(crate) answer: Vec<Token>,
    pub(crate) category: Vec<Token>,
}

impl Row {
    /// Analyses an entry once, for the index and for the table.
    pub(crate) fn new(entry: FaqEntry) -> (Self, RowTokens) {
        let named = entry.language.as_deref().and_then(Language::parse);
        let language = named.or_else(|| text::detect_language(&entry.question).map(|found| found.language));
        let mut wordings = Vec::new();
        let mut tokens = Vec::new();
        for wording in std::iter::once(&entry.question).chain(&entry.similar).take(MAX_WORDINGS) {
            let normalised = text::normalise(wording);
            let found = analysis::tokens(normalised.as_str());
            wordings
                .push(Wording { ids: analysis::distinct_ids(&found), fingerprint: fingerprint(normalised.as_str()) });
            tokens.push(found);
        }
        let analyse = |text: &str| analysis::tokens(text::normalise(text).as_str());
        let answer = analyse(&entry.answer);
        let category = entry.category.as_deref().map(analyse).unwrap_or_default();
        let row = Self {
            language,
            wordings,
            answer: analysis::distinct_ids(&answer),
            category: analysis::distinct_ids(&category),
            entry,
        };
        (row, RowTokens { wordings: tokens, answer, category })
    }

    /// The text of a wording; ordinal 0 is the question.
    pub(crate) fn wording_text(&self, ordinal: usize) -> &str {
        match ordinal.checked_sub(1) {
            None => &self.entry.question,
            Some(similar) => &self.entry.similar[similar],
        }
    }
}

/// A hash that is equal for texts that differ only in spaces and punctuation; 0 where nothing else is left.
pub(crate) fn fingerprint(normalised: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut any = false;
    for character in normalised.chars().filter(|character| character.is_alphanumeric()) {
        any = true;
        character.hash(&mut hasher);
    }
    if any { hasher.finish() } else { 0 }
}

/// All rows, found by row number or by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: Vec<Option<Arc<Row>>>,
    numbers: HashMap<Arc<str>, u32>,
    free: Vec<u32>,
    document_frequency: HashMap<u32, u32>,
    n_wordings: usize,
}

impl Table {
    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn row(&self, number: usize) -> Option<&Arc<Row>> {
        self.rows.get(number)?.as_ref()
    }

    pub(crate) fn number_of(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).map(|&number| number as usize)
    }

    /// Rows in the order of their numbers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &Arc<Row>)> {
        self.rows.iter().enumerate().filter_map(|(number, row)| Some((number, row.as_ref()?)))
    }

    /// The number that the entry has or will have.
    pub(crate) fn reserve(&mut self, id: &str) -> usize {
        if let Some(number) = self.number_of(id) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            (self.rows.len() - 1) as u32
        });
        self.numbers.insert(id.into(), number);
        number as usize
    }

    /// Puts the row at a number that was reserved for its id, or that the index says is its own.
    pub(crate) fn put(&mut self, number: usize, row: Row) {
        if self.rows.len() <= number {
            self.rows.resize(number + 1, None);
        }
        self.numbers.insert(row.entry.id.as_str().into(), number as u32);
        self.count(&row, 1);
        if let Some(old) = self.rows[number].replace(Arc::new(row)) {
            self.count(&old, -1);
        }
    }

    /// Takes an entry out; false when there was none.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.numbers.remove(id) else { return false };
        if let Some(old) = self.rows[number as usize].take() {
            self.count(&old, -1);
        }
        self.free.push(number);
        true
    }

    /// Finds the unused numbers again after the rows were put one by one.
    pub(crate) fn find_free(&mut self) {
        self.free = (0..self.rows.len() as u32).filter(|&number| self.rows[number as usize].is_none()).collect();
    }

    /// How much a token tells: large for rare ones.
    pub(crate) fn weight(&self, id: u32) -> f32 {
        let found = self.document_frequency.get(&id).copied().unwrap_or(0) as f32;
        let total = self.n_wordings as f32;
        (1.0 + (total - found + 0.5) / (found + 0.5)).ln()
    }

    /// Whether no wording holds the token.
    pub(crate) fn is_unknown(&self, id: u32) -> bool {
        !self.document_frequency.contains_key(&id)
    }

    fn count(&mut self, row: &Row, sign: i32) {
        for wording in &row.wordings {
            self.n_wordings = self.n_wordings.saturating_add_signed(sign as isize);
            for &id in &wording.ids {
                let count = self.document_frequency.entry(id).or_insert(0);
                *count = count.saturating_add_signed(sign);
                if *count == 0 {
                    self.document_frequency.remove(&id);
                }
            }
        }
    }
}
