//! What the index keeps in memory of every entry: its text, its tokens, and how common each token is.
//! A table is never changed in place once searched; an edit makes a copy that shares the rows.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use text::Language;

use crate::FaqEntry;
use crate::analysis::{self, Token};
use crate::bag::Bag;
use crate::meaning::{Meaning, Near, Reader};
use crate::schema::MAX_WORDINGS;
use crate::spelling;

/// Characters of an answer that its meaning is read from.
const ANSWER_BEGINNING: usize = 400;

/// One entry with everything that searching needs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) entry: FaqEntry,
    pub(crate) language: Option<Language>,
    /// The question, then the similar questions.
    pub(crate) wordings: Vec<Wording>,
    /// All wordings poured together.
    pub(crate) together: Bag,
    pub(crate) answer: Bag,
    pub(crate) answer_meaning: Meaning,
    pub(crate) category: Bag,
}

/// One way to ask the question.
#[derive(Debug)]
pub(crate) struct Wording {
    pub(crate) bag: Bag,
    /// Hash of the text without spaces and punctuation.
    pub(crate) fingerprint: u64,
    pub(crate) meaning: Meaning,
}

/// What the parts of an entry mean.
#[derive(Debug)]
pub(crate) struct Meanings {
    pub(crate) answer: Meaning,
    /// In the order of the wordings.
    pub(crate) wordings: Vec<Meaning>,
}

/// The ordinal that an answer's vector has in place of a wording's.
pub(crate) const ANSWER_ORDINAL: u16 = u16::MAX;

/// The tokens of an entry as they go into tantivy.
#[derive(Debug)]
pub(crate) struct RowTokens {
    pub(crate) wordings: Vec<Vec<Token>>,
    pub(crate) answer: Vec<Token>,
    pub(crate) category: Vec<Token>,
    /// What its words are found by when they are misspelt.
    pub(crate) spellings: BTreeSet<String>,
}

impl Meanings {
    /// Reads an entry.
    pub(crate) fn of(entry: &FaqEntry, reader: &Reader) -> Self {
        let wordings = wordings(entry).map(|wording| Meaning::of(&spelling::asked(wording), reader)).collect();
        Self { answer: Meaning::of(beginning(&entry.answer), reader), wordings }
    }

    /// Takes them as they were written down, the answer's first; none where the bytes are not theirs.
    pub(crate) fn from_bytes(bytes: &[u8], entry: &FaqEntry) -> Option<Self> {
        let n = wordings(entry).count();
        if bytes.is_empty() {
            return Some(Self { answer: Meaning::default(), wordings: vec![Meaning::default(); n] });
        }
        let dim = bytes.len() / (n + 1);
        let mut vectors = bytes.chunks_exact(dim.max(1)).map(Meaning::from_bytes);
        let answer = vectors.next()?;
        let read = Self { answer, wordings: vectors.collect() };
        (bytes.len() == dim * (n + 1) && read.wordings.len() == n).then_some(read)
    }
}

/// The wordings of an entry that are indexed, the question first.
fn wordings(entry: &FaqEntry) -> impl Iterator<Item = &String> {
    std::iter::once(&entry.question).chain(&entry.similar).take(MAX_WORDINGS)
}

impl Row {
    /// Analyses an entry once, for the index and for the table.
    pub(crate) fn new(entry: FaqEntry, meanings: Meanings) -> (Self, RowTokens) {
        let named = entry.language.as_deref().and_then(Language::parse);
        let language = named.or_else(|| text::detect_language(&entry.question).map(|found| found.language));
        let mut found = Vec::new();
        let mut tokens = Vec::new();
        let mut spellings = BTreeSet::new();
        let mut analyse = |normalised: &str| {
            let words = text::search_words(normalised);
            spellings.extend(spelling::spellings(&words));
            analysis::tokens_of(normalised, &words)
        };
        for (wording, meaning) in wordings(&entry).zip(meanings.wordings) {
            let normalised = text::normalise(wording);
            let asked = text::without_courtesies(normalised.as_str());
            let terms = analyse(asked);
            found.push(Wording { bag: Bag::of(&terms), fingerprint: fingerprint(asked), meaning });
            tokens.push(terms);
        }
        let answer = analyse(text::normalise(&entry.answer).as_str());
        let category =
            entry.category.as_deref().map(|text| analyse(text::normalise(text).as_str())).unwrap_or_default();
        let row = Self {
            language,
            together: Bag::union(found.iter().map(|wording| &wording.bag)),
            wordings: found,
            answer: Bag::of(&answer),
            answer_meaning: meanings.answer,
            category: Bag::of(&category),
            entry,
        };
        (row, RowTokens { wordings: tokens, answer, category, spellings })
    }

    /// All wordings but one poured together.
    pub(crate) fn together_without(&self, ordinal: usize) -> Bag {
        let others = self.wordings.iter().enumerate().filter(|(other, _)| *other != ordinal);
        Bag::union(others.map(|(_, wording)| &wording.bag))
    }

    /// The vectors to write down, the answer's first; nothing where nobody read the entry.
    pub(crate) fn meanings(&self) -> Vec<u8> {
        let wordings = self.wordings.iter().map(|wording| &wording.meaning);
        std::iter::once(&self.answer_meaning).chain(wordings).flat_map(Meaning::bytes).collect()
    }

    /// The text of a wording; ordinal 0 is the question.
    pub(crate) fn wording_text(&self, ordinal: usize) -> &str {
        match ordinal.checked_sub(1) {
            None => &self.entry.question,
            Some(similar) => &self.entry.similar[similar],
        }
    }
}

/// What says what an answer is about.
fn beginning(answer: &str) -> &str {
    &answer[..answer.char_indices().nth(ANSWER_BEGINNING).map_or(answer.len(), |(at, _)| at)]
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
    wordings: Statistics,
    together: Statistics,
    answers: Statistics,
    /// Of all wordings and the answer as one text.
    whole: Statistics,
    pub(crate) near: Near,
}

/// What is known of the texts of one kind; empty texts are not counted.
#[derive(Debug, Clone, Default)]
struct Statistics {
    n_texts: u32,
    n_tokens: u64,
    /// How many texts hold a token; empty for wordings, where those of all wordings together tell more.
    holders: HashMap<u32, u32>,
}

impl Statistics {
    fn count_length(&mut self, length: u32, sign: i32) {
        if length > 0 {
            self.n_texts = self.n_texts.saturating_add_signed(sign);
            self.n_tokens = self.n_tokens.saturating_add_signed(i64::from(sign) * i64::from(length));
        }
    }

    fn count(&mut self, bag: &Bag, sign: i32) {
        self.count_length(bag.length(), sign);
        self.count_ids(bag.ids(), sign);
    }

    fn count_ids(&mut self, ids: impl Iterator<Item = u32>, sign: i32) {
        for id in ids {
            let count = self.holders.entry(id).or_insert(0);
            *count = count.saturating_add_signed(sign);
            if *count == 0 {
                self.holders.remove(&id);
            }
        }
    }

    fn mean_length(&self) -> f32 {
        self.n_tokens as f32 / self.n_texts.max(1) as f32
    }

    fn weight(&self, id: u32) -> f32 {
        let found = self.holders.get(&id).copied().unwrap_or(0) as f32;
        (1.0 + (self.n_texts as f32 - found + 0.5) / (found + 0.5)).ln()
    }
}

/// Mean numbers of tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeanLengths {
    pub(crate) wording: f32,
    pub(crate) together: f32,
    pub(crate) answer: f32,
    pub(crate) whole: f32,
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
        let row = Arc::new(row);
        if let Some(old) = self.rows[number].replace(Arc::clone(&row)) {
            self.count(&old, -1);
            self.near.remove(number as u32);
        }
        self.count(&row, 1);
        self.near.add((number as u32, ANSWER_ORDINAL), &row.answer_meaning);
        for (ordinal, wording) in (0..ANSWER_ORDINAL).zip(&row.wordings) {
            self.near.add((number as u32, ordinal), &wording.meaning);
        }
    }

    /// Takes an entry out; false when there was none.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.numbers.remove(id) else { return false };
        if let Some(old) = self.rows[number as usize].take() {
            self.count(&old, -1);
            self.near.remove(number);
        }
        self.free.push(number);
        true
    }

    /// Finds the unused numbers again after the rows were put one by one.
    pub(crate) fn find_free(&mut self) {
        self.free = (0..self.rows.len() as u32).filter(|&number| self.rows[number as usize].is_none()).collect();
    }

    /// How much a token tells in a question: large for rare ones.
    pub(crate) fn question_weight(&self, id: u32) -> f32 {
        self.together.weight(id)
    }

    /// How much a token tells in an answer.
    pub(crate) fn answer_weight(&self, id: u32) -> f32 {
        self.answers.weight(id)
    }

    /// How much a token tells in an entry.
    pub(crate) fn whole_weight(&self, id: u32) -> f32 {
        self.whole.weight(id)
    }

    /// Whether no entry holds the token.
    pub(crate) fn is_unknown(&self, id: u32) -> bool {
        !self.whole.holders.contains_key(&id)
    }

    pub(crate) fn mean_lengths(&self) -> MeanLengths {
        MeanLengths {
            wording: self.wordings.mean_length(),
            together: self.together.mean_length(),
            answer: self.answers.mean_length(),
            whole: self.whole.mean_length(),
        }
    }

    fn count(&mut self, row: &Row, sign: i32) {
        for wording in &row.wordings {
            self.wordings.count_length(wording.bag.length(), sign);
        }
        self.together.count(&row.together, sign);
        self.answers.count(&row.answer, sign);
        self.whole.count_length(row.together.length() + row.answer.length(), sign);
        let further = row.answer.ids().filter(|id| !row.together.contains(*id));
        self.whole.count_ids(row.together.ids().chain(further), sign);
    }
}
