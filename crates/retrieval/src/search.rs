//! One search: candidates from tantivy, compared in memory, best first, each with its probability.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::collector::{Collector, TopDocs};
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query as TantivyQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader, Term};
use text::Language;

use crate::analysis::{self, Kind, Token};
use crate::calibration::{Calibration, Evidence, NEAR};
use crate::emphasis::Emphasis;
use crate::features::{self, Features, Query, Sense};
use crate::meaning::{Meaning, Reader};
use crate::ratings::{Ratings, Said};
use crate::schema::Fields;
use crate::spelling::{self, Lexicon, Reading, Vocabulary};
use crate::synonyms::Synonyms;
use crate::table::{Alike, Row, Table, fingerprint};
use crate::{FaqEntry, Link};

/// Wordings that tantivy proposes.
const WORDING_CANDIDATES: usize = 96;
/// Entries that tantivy proposes for their answers.
const ANSWER_CANDIDATES: usize = 48;
/// Entries that are compared because they are near in meaning.
const MEANT_CANDIDATES: usize = 32;
/// What is less alike than this is alike by chance.
const LEAST_LIKENESS: f32 = 0.25;
/// Wordings of a proposed entry that are compared even where they were not proposed themselves.
const COMPARED_WORDINGS: usize = 16;
/// Candidates are found by at most this many distinct terms, the most telling ones; all are compared.
const MAX_TERMS: usize = 32;
/// Fewest terms that are looked for however many entries hold them.
const FEWEST_TERMS: usize = 6;
/// Entries that hold one of the terms, each counted for every term: those after the fewest that would go beyond are not
/// looked for.
const MOST_LOOKED_AT: u64 = 60_000;
/// What is beyond this many bytes of a message is not searched.
const MAX_MESSAGE_BYTES: usize = 4096;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The message, as typed.
    pub text: String,
    /// The customer's language; entries written in it come first where they are otherwise alike. Without it the message
    /// tells, unless it mixes both.
    pub language: Option<Language>,
    /// How many hits at most.
    pub top: usize,
    /// The day (`YYYY-MM-DD`) on which entries must be valid; without it all are searched.
    pub today: Option<String>,
    /// The channel that entries must serve on; without it all are searched.
    pub channel: Option<String>,
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
    /// What to read further.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Calibrated probability that this entry answers the message, what customers said of it included.
    pub probability: f32,
    /// What the order was made by but for what customers said; comparable only within one search.
    pub score: f32,
}

/// A state of the index that searches see whole: tantivy's files and the table that belongs to them.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) table: Table,
    pub(crate) reader: Reader,
    pub(crate) revision: u64,
    pub(crate) synonyms: Arc<Synonyms>,
    pub(crate) ratings: Arc<Ratings>,
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
    /// The entry's number, which decides between equals.
    number: u64,
    pub(crate) ordinal: usize,
    pub(crate) features: Features,
    pub(crate) score: f32,
}

/// An entry at its place among the hits.
pub(crate) struct Ranked {
    /// Its place among the candidates, from 0.
    pub(crate) place: usize,
    pub(crate) entry: FaqEntry,
    /// The probability by how well it matches alone.
    pub(crate) by_match: f32,
    /// What customers said of it after questions like this one.
    pub(crate) said: Option<Said>,
    pub(crate) probability: f32,
}

/// A message after analysis, with everything it was compared to.
pub(crate) struct Found {
    pub(crate) reading: Reading,
    pub(crate) tokens: Vec<Token>,
    pub(crate) query: Query,
    /// Best first.
    pub(crate) candidates: Vec<Candidate>,
}

impl Snapshot {
    /// The hits for a query, best first.
    pub(crate) fn search(&self, query: &SearchQuery, calibration: &Calibration) -> tantivy::Result<Vec<Hit>> {
        let found = self.find(query, HeldOut::Nothing, calibration.emphasis)?;
        let ranked = self.ranked(&found, calibration, query.top)?;
        Ok(ranked.into_iter().map(|one| hit(one, &found)).collect())
    }

    /// The best entries with their probabilities. Where customers rated some of those near the best after questions like
    /// this one, these are ordered by what the ratings make of their probabilities.
    pub(crate) fn ranked(&self, found: &Found, calibration: &Calibration, top: usize) -> tantivy::Result<Vec<Ranked>> {
        let near = if self.ratings.is_empty() { 0 } else { NEAR };
        let places = 0..found.candidates.len().min(top.max(near));
        let mut ranked = places
            .map(|place| {
                let entry = self.table.entry(found.candidates[place].row)?;
                let by_match = calibration.probability(&Evidence::of(found, place));
                let said = if place < near { self.ratings.said(&entry.id, &found.query) } else { None };
                let probability = said.map_or(by_match, |said| said.updated(by_match));
                Ok(Ranked { place, entry, by_match, said, probability })
            })
            .collect::<tantivy::Result<Vec<Ranked>>>()?;
        if ranked.iter().any(|one| one.said.is_some()) {
            let near = near.min(ranked.len());
            ranked[..near].sort_by(|one, other| other.probability.total_cmp(&one.probability));
        }
        ranked.truncate(top);
        Ok(ranked)
    }

    /// A message analysed as a search does it.
    pub(crate) fn analysed(&self, message: &str) -> tantivy::Result<Query> {
        let normalised = text::normalise(&self.read(message)?.text);
        let ids = analysis::distinct_ids(&analysis::tokens(normalised.as_str()));
        let sense = Sense { fingerprint: 0, language: None, meaning: Meaning::default() };
        Ok(Query::new(&ids, sense, &self.table))
    }

    /// What counts for how much here: meaning for nothing where nobody reads it.
    pub(crate) fn emphasis(&self, learned: Emphasis) -> Emphasis {
        if self.reader.is_some() { learned } else { Emphasis { meaning: 0.0, ..learned } }
    }

    /// Analyses a message and ranks what may answer it.
    pub(crate) fn find(&self, query: &SearchQuery, held_out: HeldOut, learned: Emphasis) -> tantivy::Result<Found> {
        let emphasis = self.emphasis(learned);
        let reading = self.read(&query.text)?;
        let normalised = text::normalise(&reading.text);
        let tokens = analysis::tokens(normalised.as_str());
        let ids = analysis::distinct_ids(&tokens);
        let sense = Sense {
            fingerprint: fingerprint(normalised.as_str()),
            language: query.language.or_else(|| plainly_in(&reading.text)),
            meaning: Meaning::of(&reading.meant, &self.reader),
        };
        let compared = Query::new(&ids, sense, &self.table);
        let mut proposed = self.propose(&tokens, &compared)?;
        proposed.extend(self.alike(&compared.meaning)?);
        proposed.sort_unstable();
        proposed.dedup();
        let mut candidates = Vec::new();
        for wordings in proposed.chunk_by(|one, other| one.0 == other.0) {
            let row = self.table.row(wordings[0].0)?;
            let valid = query.today.as_deref().is_none_or(|today| row.is_valid_on(today));
            if valid && row.serves(query.channel.as_deref()) {
                candidates.extend(self.compare(&compared, &row, wordings, held_out));
            }
        }
        candidates.iter_mut().for_each(|candidate| candidate.score = emphasis.score(&candidate.features));
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.number.cmp(&other.number)));
        Ok(Found { reading, tokens, query: compared, candidates })
    }

    /// A message as it is searched.
    pub(crate) fn read(&self, message: &str) -> tantivy::Result<Reading> {
        let lexicon = Lexicon {
            vocabulary: Vocabulary::new(&self.searcher, self.fields.spelling),
            table: &self.table,
            synonyms: &self.synonyms,
        };
        spelling::read(cut(message), &lexicon)
    }

    /// Compares a message with an entry of which some wordings were proposed; none where all of it is held out.
    fn compare(&self, query: &Query, row: &Row, proposed: &[(usize, usize)], held_out: HeldOut) -> Option<Candidate> {
        let place = proposed[0].0;
        let further = proposed.iter().map(|&(_, ordinal)| ordinal).filter(|&ordinal| ordinal >= COMPARED_WORDINGS);
        let (ordinal, nearest) = (0..row.wordings.len().min(COMPARED_WORDINGS))
            .chain(further.filter(|&ordinal| ordinal < row.wordings.len()))
            .filter(|&ordinal| !held_out.hides(place, ordinal))
            .map(|ordinal| (ordinal, features::wording_features(query, &self.table, row, ordinal)))
            .reduce(|best, other| if other.1.is_above(&best.1) { other } else { best })?;
        let features = match held_out {
            HeldOut::Wording(held, wording) if held == place => {
                features::features(query, &self.table, row, &row.together_without(wording), nearest)
            }
            _ => features::features(query, &self.table, row, &row.together, nearest),
        };
        Some(Candidate { row: place, number: row.number, ordinal, features, score: 0.0 })
    }

    /// The wordings (row, ordinal) that are nearest in meaning.
    pub(crate) fn alike(&self, meaning: &Meaning) -> tantivy::Result<Vec<(usize, usize)>> {
        let counted = |Alike { row, ordinal, likeness }| match ordinal {
            Some(ordinal) => (likeness, (row, ordinal)),
            None => (features::as_whole(likeness), (row, 0)),
        };
        let mut found: Vec<(f32, (usize, usize))> = self.table.alike(meaning)?.into_iter().map(counted).collect();
        found.retain(|(likeness, _)| *likeness >= LEAST_LIKENESS);
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut seen = HashSet::new();
        found.retain(|(_, (row, _))| seen.len() < MEANT_CANDIDATES && seen.insert(*row));
        Ok(found.into_iter().map(|(_, place)| place).collect())
    }

    /// Wordings (row, ordinal) worth comparing.
    fn propose(&self, tokens: &[Token], query: &Query) -> tantivy::Result<Vec<(usize, usize)>> {
        let terms = chosen_terms(tokens, query, &self.table);
        let mut proposed = Vec::new();
        for (field, limit) in [(self.fields.question, WORDING_CANDIDATES), (self.fields.answer, ANSWER_CANDIDATES)] {
            let Some(any) = any_of(field, &terms) else { continue };
            for (_, address) in self.searcher.search(any.as_ref(), &unpruned(limit))? {
                proposed.push(self.table.row_of(address)?);
            }
        }
        Ok(proposed)
    }
}

/// The language of a message that is in one alone.
fn plainly_in(message: &str) -> Option<Language> {
    text::detect_language(message).filter(|found| !found.mixed).map(|found| found.language)
}

/// The best by score, all looked at: leaving out blocks that cannot be among them costs more than it saves where a message
/// has dozens of terms, as a misspelt one has.
fn unpruned(limit: usize) -> impl Collector<Fruit = Vec<(Score, DocAddress)>> {
    TopDocs::with_limit(limit).tweak_score(|_: &SegmentReader| |_: DocId, score: Score| score)
}

/// Distinct indexed terms with the weight of their kind, the most telling ones where there are too many or where so many
/// entries hold them that to look at all would take long. Letter groups find what was misspelt, and are not needed where
/// every word is known.
fn chosen_terms(tokens: &[Token], query: &Query, table: &Table) -> Vec<(f32, String)> {
    let by_id = analysis::by_id(tokens);
    let misspelt = tokens.iter().any(|token| token.kind == Kind::Stem && table.is_unknown(token.id()));
    let wanted = |token: &&Token| misspelt || token.kind != Kind::Gram;
    let mut weighted: Vec<(f32, &Token)> = query
        .tokens
        .iter()
        .filter_map(|(id, weight)| Some((*weight, *by_id.get(id).filter(|token| wanted(token))?)))
        .collect();
    weighted.sort_by(|one, other| other.0.total_cmp(&one.0));
    weighted.truncate(MAX_TERMS);
    let mut looked_at = 0;
    let enough = weighted.iter().position(|(_, token)| {
        looked_at += table.n_holders(token.id());
        looked_at > MOST_LOOKED_AT
    });
    weighted.truncate(enough.map_or(MAX_TERMS, |place| place.max(FEWEST_TERMS)));
    weighted.into_iter().map(|(_, token)| (features::kind_weight(token.kind), token.term())).collect()
}

fn any_of(field: Field, terms: &[(f32, String)]) -> Option<Box<dyn TantivyQuery>> {
    let clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = terms
        .iter()
        .map(|(boost, term)| {
            let term = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
            let boosted: Box<dyn TantivyQuery> = Box::new(BoostQuery::new(Box::new(term), *boost));
            (Occur::Should, boosted)
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

fn hit(ranked: Ranked, found: &Found) -> Hit {
    let Ranked { place, entry, probability, .. } = ranked;
    let candidate = &found.candidates[place];
    Hit {
        matched_question: entry.wording(candidate.ordinal).to_owned(),
        id: entry.id,
        question: entry.question,
        answer: entry.answer,
        language: entry.language,
        category: entry.category,
        links: entry.links,
        probability,
        score: candidate.score,
    }
}
