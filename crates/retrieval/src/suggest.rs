//! Questions to offer while somebody still types, and questions near one that was just answered. Both read the snapshot
//! that searches read, so that an edit is offered as soon as it is found.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tantivy::Term;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Query as TantivyQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use text::Language;

use crate::SearchQuery;
use crate::analysis::{self, Kind, is_han};
use crate::calibration::Calibration;
use crate::meaning::Meaning;
use crate::search::{HeldOut, Snapshot};
use crate::table::{Row, fingerprint};

/// What is typed beyond this many characters says no more about how the question goes on.
const MOST_TYPED: usize = 120;
/// Wordings with the typed words that are looked at.
const WORDINGS: usize = 64;
/// Words that an unfinished one may become; commoner ones first.
const COMPLETIONS: usize = 48;
/// Letters that a word's ending may have more than its stem, and letters that a stem is left with.
const ENDING: usize = 3;
const SHORTEST_STEM: usize = 4;
/// Han characters, or letters, from which on a beginning means something.
const TELLING: (usize, usize) = (2, 4);
/// Entries that are less likely meant than this are not offered for their meaning.
const LEAST_PROBABILITY: f32 = 0.05;

/// Questions less alike than this have little to do with each other, and how many are read to know.
const LEAST_LIKENESS: f32 = 0.45;
const MOST_READ: usize = 16;

/// What somebody has typed so far.
#[derive(Debug, Clone, Default)]
pub struct SuggestQuery {
    /// The text in the field, as typed.
    pub typed: String,
    /// The visitor's language; entries written in it come first.
    pub language: Option<Language>,
    /// How many suggestions at most.
    pub limit: usize,
    /// The day (`YYYY-MM-DD`) on which entries must be valid; without it all are offered.
    pub today: Option<String>,
    /// Where the customer writes; without it entries of all channels are offered.
    pub channel: Option<String>,
}

/// Which entries lie near one that was answered.
#[derive(Debug, Clone, Default)]
pub struct RelatedQuery {
    /// The entry that was answered.
    pub faq_id: String,
    /// Entries that are not to be offered again.
    pub known: Vec<String>,
    /// The language to stay in.
    pub language: Option<Language>,
    /// How many at most.
    pub limit: usize,
    /// The day on which entries must be valid; without it all are offered.
    pub today: Option<String>,
    /// Where the customer writes; without it entries of all channels are offered.
    pub channel: Option<String>,
}

/// A question that can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The entry that answers it.
    pub id: String,
    /// The question: the wording that goes on as typed, else the entry's main one.
    pub question: String,
}

/// How well a wording goes on from what was typed; better ones are larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It holds the words, in any order.
    Words,
    /// It holds what was typed as it stands.
    Inside,
    /// It begins with it.
    Beginning,
}

/// What was typed, taken apart.
#[derive(Debug)]
struct Typed {
    /// Letters, digits and characters only, in plain form.
    bare: String,
    /// Terms of the finished words.
    finished: Vec<String>,
    /// The word that the cursor stands in.
    unfinished: Option<String>,
}

/// A wording that goes on from what was typed.
#[derive(Debug)]
struct Found {
    id: String,
    question: String,
    other_language: bool,
    fit: Fit,
}

/// Questions that go on from what was typed, then those that mean something near it.
pub(crate) fn suggest(snapshot: &Snapshot, query: &SuggestQuery, calibration: &Calibration) -> Vec<Suggestion> {
    let query = SuggestQuery { typed: query.typed.chars().take(MOST_TYPED).collect(), ..query.clone() };
    let typed = Typed::parse(&query.typed);
    let language = typed_language(&query);
    let mut picked = Picked::new(query.limit);
    let mut found = literal(snapshot, &typed, &query, language).unwrap_or_else(|error| {
        tracing::error!(%error, "suggestions for what was typed failed");
        Vec::new()
    });
    // Stable, so that tantivy's order decides between equals.
    found.sort_by_key(|found| (found.other_language, std::cmp::Reverse(found.fit)));
    found.into_iter().for_each(|found| picked.add(found.id, found.question));
    if !picked.is_full() && typed.is_telling() {
        meant(snapshot, &query, language, calibration).into_iter().for_each(|one| picked.add(one.id, one.question));
    }
    picked.suggestions
}

/// Entries near another, nearest first: in meaning where somebody reads it, else by words.
pub(crate) fn related(
    snapshot: &Snapshot,
    query: &RelatedQuery,
    calibration: &Calibration,
) -> tantivy::Result<Vec<Suggestion>> {
    let mut picked = Picked::new(query.limit);
    let Some(number) = snapshot.table.row_by_id(&query.faq_id)? else { return Ok(Vec::new()) };
    let answered = snapshot.table.entry(number)?;
    let known: HashSet<&str> = query.known.iter().map(String::as_str).collect();
    for number in near(snapshot, &answered.question, calibration)? {
        let row = snapshot.table.row(number)?;
        let spoken = query.language.is_none_or(|language| row.language.is_none_or(|of| of == language));
        if picked.is_full() || !spoken || !may_be_shown(&row, query.today.as_deref(), query.channel.as_deref()) {
            continue;
        }
        let entry = snapshot.table.entry(number)?;
        let same = entry.id == query.faq_id || entry.answer == answered.answer;
        if !same && !known.contains(entry.id.as_str()) {
            picked.add(entry.id, entry.question);
        }
    }
    Ok(picked.suggestions)
}

/// Rows near a question.
fn near(snapshot: &Snapshot, question: &str, calibration: &Calibration) -> tantivy::Result<Vec<usize>> {
    let meaning = Meaning::of(question, &snapshot.reader);
    if !meaning.is_empty() {
        return near_in_meaning(snapshot, &meaning);
    }
    let query = SearchQuery { text: question.to_owned(), ..SearchQuery::default() };
    let found = snapshot.find(&query, HeldOut::Nothing, calibration.emphasis)?;
    Ok(found.candidates.iter().map(|candidate| candidate.row).collect())
}

/// Rows whose main question means something near, nearest first: an entry whose answer alone is near reads as a surprise.
fn near_in_meaning(snapshot: &Snapshot, meaning: &Meaning) -> tantivy::Result<Vec<usize>> {
    let mut near = Vec::new();
    for (number, _) in snapshot.alike(meaning)?.into_iter().take(MOST_READ) {
        let row = snapshot.table.row(number)?;
        let likeness = row.wordings.first().map_or(0.0, |question| meaning.likeness(&question.meaning));
        near.extend((likeness >= LEAST_LIKENESS).then_some((likeness, number)));
    }
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    Ok(near.into_iter().map(|(_, row)| row).collect())
}

/// The language to put first: that of the text where it shows one for certain, else the visitor's.
fn typed_language(query: &SuggestQuery) -> Option<Language> {
    let shown = text::detect_language(&query.typed).filter(|found| found.confident && !found.mixed);
    shown.map(|found| found.language).or(query.language)
}

impl Typed {
    fn parse(typed: &str) -> Self {
        let normalised = text::normalise(typed);
        let plain = normalised.as_str().trim();
        let in_a_word = typed.chars().next_back().is_some_and(is_letter);
        let cut = if in_a_word { plain.trim_end_matches(is_letter).len() } else { plain.len() };
        let (before, last) = plain.split_at(cut);
        let finished = analysis::tokens(before)
            .into_iter()
            .filter(|token| matches!(token.kind, Kind::Character | Kind::Stem))
            .map(|token| token.text)
            .collect();
        Self { bare: bare(plain), finished, unfinished: Some(last.to_owned()).filter(|last| !last.is_empty()) }
    }

    /// Whether enough stands there to look for what is meant.
    fn is_telling(&self) -> bool {
        let n_han = self.bare.chars().filter(|&character| is_han(character)).count();
        n_han >= TELLING.0 || self.bare.chars().count() >= TELLING.1
    }

    fn fit(&self, wording: &str) -> Fit {
        let wording = bare(text::normalise(wording).as_str());
        match wording.find(&self.bare) {
            Some(0) => Fit::Beginning,
            Some(_) => Fit::Inside,
            None => Fit::Words,
        }
    }
}

/// Wordings that hold every finished word and one that begins like the unfinished one.
fn literal(
    snapshot: &Snapshot,
    typed: &Typed,
    query: &SuggestQuery,
    language: Option<Language>,
) -> tantivy::Result<Vec<Found>> {
    let Some(holding) = holding(snapshot, typed)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (_, address) in snapshot.searcher.search(&holding, &TopDocs::with_limit(WORDINGS).order_by_score())? {
        let (number, ordinal) = snapshot.table.row_of(address)?;
        let row = snapshot.table.row(number)?;
        if !may_be_shown(&row, query.today.as_deref(), query.channel.as_deref()) {
            continue;
        }
        let entry = snapshot.table.entry(number)?;
        let fit = typed.fit(entry.wording(ordinal));
        let shown = if fit == Fit::Beginning { entry.wording(ordinal) } else { &entry.question };
        found.push(Found {
            question: shown.to_owned(),
            id: entry.id,
            other_language: language.is_some() && row.language.is_some() && row.language != language,
            fit,
        });
    }
    Ok(found)
}

/// The question to tantivy; none where nothing can be asked for.
fn holding(snapshot: &Snapshot, typed: &Typed) -> tantivy::Result<Option<BooleanQuery>> {
    let term = |text: &str| -> Box<dyn TantivyQuery> {
        let term = Term::from_field_text(snapshot.fields.question, text);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    };
    let mut all: Vec<Box<dyn TantivyQuery>> = typed.finished.iter().map(|text| term(text)).collect();
    if let Some(beginning) = &typed.unfinished {
        let completions = completions(snapshot, beginning)?;
        let is_only_word = all.is_empty();
        // A word as short as "i" may be finished and too common to be indexed: then the words before it decide.
        if is_only_word || !analysis::tokens(beginning).is_empty() {
            all.push(Box::new(BooleanQuery::union(completions.iter().map(|text| term(text)).collect())));
        }
    }
    Ok(Some(all).filter(|all| !all.is_empty()).map(BooleanQuery::intersection))
}

/// Indexed words that an unfinished one may become. Words are indexed by their stems, so that one nearly written out may
/// be longer than its own.
fn completions(snapshot: &Snapshot, beginning: &str) -> tantivy::Result<Vec<String>> {
    let mut left = beginning;
    for _ in 0..=ENDING {
        let words = words_beginning(snapshot, left)?;
        let shorter = left.char_indices().next_back().map_or("", |(at, _)| &left[..at]);
        if !words.is_empty() || shorter.chars().count() < SHORTEST_STEM {
            return Ok(words);
        }
        left = shorter;
    }
    Ok(Vec::new())
}

/// Indexed words that begin so, the commonest first.
fn words_beginning(snapshot: &Snapshot, beginning: &str) -> tantivy::Result<Vec<String>> {
    let mut found: Vec<(u32, String)> = Vec::new();
    for segment in snapshot.searcher.segment_readers() {
        let index = segment.inverted_index(snapshot.fields.question)?;
        let mut words = index.terms().range().ge(beginning).into_stream()?;
        while words.advance() && words.key().starts_with(beginning.as_bytes()) {
            if let Ok(word) = std::str::from_utf8(words.key()) {
                found.push((words.value().doc_freq, word.to_owned()));
            }
        }
    }
    found.sort_by_key(|(frequency, _)| std::cmp::Reverse(*frequency));
    let mut seen = HashSet::new();
    let words = found.into_iter().map(|(_, word)| word).filter(|word| seen.insert(word.clone()));
    Ok(words.take(COMPLETIONS).collect())
}

/// Entries that mean something near what was typed.
fn meant(
    snapshot: &Snapshot,
    query: &SuggestQuery,
    language: Option<Language>,
    calibration: &Calibration,
) -> Vec<Suggestion> {
    let search = SearchQuery {
        text: query.typed.clone(),
        language,
        top: query.limit * 3,
        today: query.today.clone(),
        channel: query.channel.clone(),
    };
    let mut hits = snapshot.search(&search, calibration).unwrap_or_default();
    hits.retain(|hit| hit.probability >= LEAST_PROBABILITY);
    let other = |written: &Option<String>| {
        let written = written.as_deref().and_then(Language::parse);
        language.is_some() && written.is_some() && written != language
    };
    hits.sort_by_key(|hit| other(&hit.language));
    hits.into_iter().map(|hit| Suggestion { id: hit.id, question: hit.question }).collect()
}

fn may_be_shown(row: &Row, today: Option<&str>, channel: Option<&str>) -> bool {
    today.is_none_or(|today| row.is_valid_on(today)) && row.serves(channel)
}

/// A letter or digit of a word that is written letter by letter.
fn is_letter(character: char) -> bool {
    character.is_alphanumeric() && !is_han(character)
}

/// A plain text without spaces and punctuation.
fn bare(plain: &str) -> String {
    plain.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Suggestions so far: each entry once, each text once.
struct Picked {
    limit: usize,
    suggestions: Vec<Suggestion>,
    ids: HashSet<String>,
    texts: HashSet<u64>,
}

impl Picked {
    fn new(limit: usize) -> Self {
        Self { limit, suggestions: Vec::new(), ids: HashSet::new(), texts: HashSet::new() }
    }

    fn is_full(&self) -> bool {
        self.suggestions.len() >= self.limit
    }

    fn add(&mut self, id: String, question: String) {
        let text = fingerprint(text::normalise(&question).as_str());
        if !self.is_full() && !self.ids.contains(&id) && self.texts.insert(text) {
            self.ids.insert(id.clone());
            self.suggestions.push(Suggestion { id, question });
        }
    }
}

#[cfg(test)]
mod tests;
