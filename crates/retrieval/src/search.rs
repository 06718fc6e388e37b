//! One search: candidates from tantivy, compared in memory, best first, each with its probability.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query as TantivyQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};
use text::Language;

use crate::analysis::{self, Token};
use crate::calibration::{Calibration, Evidence};
use crate::features::{self, Features, Query};
use crate::schema::{Fields, split_slot};
use crate::table::{Row, Table, fingerprint};

/// Wordings that tantivy proposes.
const WORDING_CANDIDATES: usize = 64;
/// Entries that tantivy proposes for their answers.
const ANSWER_CANDIDATES: usize = 16;
/// Messages are searched by at most this many distinct terms.
const MAX_TERMS: usize = 96;
/// What is beyond this many bytes of a message is not searched.
const MAX_MESSAGE_BYTES: usize = 4096;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The message, as typed.
    pub text: String,
    /// The customer's language; entries written in it come first where they are otherwise alike.
    pub language: Option<Language>,
    /// How many hits at most.
    pub top: usize,
    /// The day (`YYYY-MM-DD`) on which entries must be valid; without it all are searched.
    pub today: Option<String>,
}

/// An entry that may answer the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The entry's id.
    pub id: String,
    /// The entry's question in its main wording.
    pub question: String,
    /// The wording that is nearest to the message.
    pub matched_question: String,
    /// The answer.
    pub answer: String,
    /// The entry's language as written in the entry.
    pub language: Option<String>,
    /// The entry's category.
    pub category: Option<String>,
    /// Calibrated probability that this entry answers the message.
    pub probability: f32,
    /// What the order was made by; comparable only within one search.
    pub score: f32,
}

/// A state of the index that searches see whole: tantivy's files and the table that belongs to them.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) table: Table,
    pub(crate) revision: u64,
}

/// What a held-out search must not find.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HeldOut {
    Nothing,
    Wording(usize, usize),
    Row(usize),
}

impl HeldOut {
    fn hides(self, row: usize, ordinal: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::Wording(held, wording) => held == row && wording == ordinal,
            Self::Row(held) => held == row,
        }
    }
}

/// An entry with the features of its best wording.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) row: usize,
    pub(crate) ordinal: usize,
    pub(crate) features: Features,
    pub(crate) score: f32,
}

/// A message after analysis, with everything it was compared to.
pub(crate) struct Found {
    pub(crate) tokens: Vec<Token>,
    pub(crate) query: Query,
    /// Best first.
    pub(crate) candidates: Vec<Candidate>,
}

impl Snapshot {
    /// The hits for a query, best first.
    pub(crate) fn search(&self, query: &SearchQuery, calibration: &Calibration) -> tantivy::Result<Vec<Hit>> {
        let found = self.find(query, HeldOut::Nothing)?;
        let hits = (0..found.candidates.len().min(query.top)).filter_map(|place| {
            let candidate = &found.candidates[place];
            let row = self.table.row(candidate.row)?;
            let probability = calibration.probability(&Evidence::of(&found, place));
            Some(hit(row, candidate, probability))
        });
        Ok(hits.collect())
    }

    /// Analyses a message and ranks what may answer it.
    pub(crate) fn find(&self, query: &SearchQuery, held_out: HeldOut) -> tantivy::Result<Found> {
        let normalised = text::normalise(cut(&query.text));
        let tokens = analysis::tokens(normalised.as_str());
        let ids = analysis::distinct_ids(&tokens);
        let compared = Query::new(&ids, fingerprint(normalised.as_str()), query.language, &self.table);
        let mut best: HashMap<usize, Candidate> = HashMap::new();
        for (number, ordinal) in self.propose(&tokens, &compared)? {
            let Some(row) = self.table.row(number) else { continue };
            if query.today.as_deref().is_some_and(|today| !row.entry.is_valid_on(today)) {
                continue;
            }
            if held_out.hides(number, ordinal) || ordinal >= row.wordings.len() {
                continue;
            }
            let features = features::features(&compared, &self.table, row, ordinal);
            let candidate = Candidate { row: number, ordinal, features, score: features::score(&features) };
            match best.get(&number) {
                Some(better) if better.score >= candidate.score => {}
                _ => drop(best.insert(number, candidate)),
            }
        }
        let mut candidates: Vec<Candidate> = best.into_values().collect();
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.row.cmp(&other.row)));
        Ok(Found { tokens, query: compared, candidates })
    }

    /// Wordings (row, ordinal) worth comparing.
    fn propose(&self, tokens: &[Token], query: &Query) -> tantivy::Result<Vec<(usize, usize)>> {
        let terms = chosen_terms(tokens, query);
        let mut proposed = Vec::new();
        for (field, limit) in [(self.fields.question, WORDING_CANDIDATES), (self.fields.answer, ANSWER_CANDIDATES)] {
            let Some(any) = any_of(field, &terms) else { continue };
            for (_, address) in self.searcher.search(any.as_ref(), &TopDocs::with_limit(limit).order_by_score())? {
                let reader = self.searcher.segment_reader(address.segment_ord);
                let slots = reader.fast_fields().u64("slot")?;
                proposed.extend(slots.first(address.doc_id).map(split_slot));
            }
        }
        Ok(proposed)
    }
}

/// Distinct indexed terms, the most telling ones where there are too many.
fn chosen_terms(tokens: &[Token], query: &Query) -> Vec<String> {
    let by_id = analysis::by_id(tokens);
    let mut weighted: Vec<(f32, String)> = query
        .tokens
        .iter()
        .filter_map(|(id, weight)| {
            by_id.get(id).filter(|token| token.is_indexed()).map(|token| (*weight, token.term()))
        })
        .collect();
    if weighted.len() > MAX_TERMS {
        weighted.sort_by(|one, other| other.0.total_cmp(&one.0));
        weighted.truncate(MAX_TERMS);
    }
    weighted.into_iter().map(|(_, term)| term).collect()
}

fn any_of(field: Field, terms: &[String]) -> Option<Box<dyn TantivyQuery>> {
    let clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = terms
        .iter()
        .map(|term| {
            let term = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(term) as Box<dyn TantivyQuery>)
        })
        .collect();
    if clauses.is_empty() { None } else { Some(Box::new(BooleanQuery::new(clauses))) }
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(MAX_MESSAGE_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

fn hit(row: &Row, candidate: &Candidate, probability: f32) -> Hit {
    Hit {
        id: row.entry.id.clone(),
        question: row.entry.question.clone(),
        matched_question: row.wording_text(candidate.ordinal).to_owned(),
        answer: row.entry.answer.clone(),
        language: row.entry.language.clone(),
        category: row.entry.category.clone(),
        probability,
        score: candidate.score,
    }
}
