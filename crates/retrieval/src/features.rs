//! What is compared between a message and an entry, and the weights that make one score of it.
//! The weights are the same for every index and language.

use text::Language;

use crate::analysis::{Kind, kind_of};
use crate::table::{Row, Table};

/// How many features rank an entry.
pub(crate) const N_FEATURES: usize = 14;

/// Names of the features, in order.
pub(crate) const NAMES: [&str; N_FEATURES] = [
    "units of the message found",
    "units of the question found",
    "units shared",
    "words of the message found",
    "words of the question found",
    "words shared",
    "letter groups of the message found",
    "letter groups of the question found",
    "letter groups shared",
    "same text",
    "answer holds the message's words",
    "answer adds what the question lacks",
    "category holds the message's words",
    "same language",
];

/// Weight of each feature in the score.
pub(crate) const WEIGHTS: [f32; N_FEATURES] = [1.0, 0.5, 1.0, 1.0, 0.5, 1.0, 0.5, 0.5, 1.0, 2.0, 0.5, 0.5, 0.2, 0.3];

pub(crate) const SAME_TEXT: usize = 9;
pub(crate) const SAME_LANGUAGE: usize = 13;

/// Feature values, each between 0 and 1.
pub(crate) type Features = [f32; N_FEATURES];

/// The weighted sum of features.
pub(crate) fn score(features: &Features) -> f32 {
    features.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// Units are Han characters and English stems, words Han words and English stems, shapes bigrams and 4-grams.
const N_VIEWS: usize = 3;

fn views(id: u32) -> [bool; N_VIEWS] {
    match kind_of(id) {
        Kind::Character => [true, false, false],
        Kind::Word => [false, true, false],
        Kind::Stem => [true, true, false],
        Kind::Bigram | Kind::Gram => [false, false, true],
    }
}

/// A message as it is compared.
#[derive(Debug)]
pub(crate) struct Query {
    /// Distinct tokens, ascending, each with its weight in this index.
    pub(crate) tokens: Vec<(u32, f32)>,
    mass: [f32; N_VIEWS],
    /// Share of the word mass that no wording of the index holds.
    pub(crate) unknown: f32,
    pub(crate) fingerprint: u64,
    pub(crate) language: Option<Language>,
}

impl Query {
    pub(crate) fn new(ids: &[u32], fingerprint: u64, language: Option<Language>, table: &Table) -> Self {
        let tokens: Vec<(u32, f32)> = ids.iter().map(|&id| (id, table.weight(id))).collect();
        let mut mass = [0.0; N_VIEWS];
        let mut unknown = 0.0;
        for &(id, weight) in &tokens {
            add(&mut mass, id, weight);
            if views(id)[1] && table.is_unknown(id) {
                unknown += weight;
            }
        }
        let unknown = share(unknown, mass[1]);
        Self { tokens, mass, unknown, fingerprint, language }
    }

    /// The query's tokens that are also among `ids`.
    pub(crate) fn shared<'a>(&'a self, ids: &'a [u32]) -> impl Iterator<Item = (u32, f32)> + 'a {
        let mut rest = ids;
        self.tokens.iter().copied().filter(move |&(id, _)| {
            let at = rest.partition_point(|&other| other < id);
            rest = &rest[at..];
            rest.first() == Some(&id)
        })
    }
}

fn add(mass: &mut [f32; N_VIEWS], id: u32, weight: f32) {
    for (sum, belongs) in mass.iter_mut().zip(views(id)) {
        if belongs {
            *sum += weight;
        }
    }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// Compares a message with one wording of an entry.
pub(crate) fn features(query: &Query, table: &Table, row: &Row, ordinal: usize) -> Features {
    let wording = &row.wordings[ordinal];
    let mut features = [0.0; N_FEATURES];
    let mut shared = [0.0; N_VIEWS];
    for (id, weight) in query.shared(&wording.ids) {
        add(&mut shared, id, weight);
    }
    let mut theirs = [0.0; N_VIEWS];
    for &id in &wording.ids {
        add(&mut theirs, id, table.weight(id));
    }
    for view in 0..N_VIEWS {
        features[view * 3] = share(shared[view], query.mass[view]);
        features[view * 3 + 1] = share(shared[view], theirs[view]);
        features[view * 3 + 2] = share(shared[view], (query.mass[view] * theirs[view]).sqrt());
    }
    features[SAME_TEXT] = f32::from(query.fingerprint != 0 && query.fingerprint == wording.fingerprint);
    let (in_answer, added) = answer_share(query, row, &wording.ids);
    features[10] = in_answer;
    features[11] = added;
    features[12] = word_share(query, &row.category);
    features[SAME_LANGUAGE] = match (query.language, row.language) {
        (Some(asked), Some(written)) => f32::from(asked == written),
        _ => 0.5,
    };
    features
}

/// Share of the message's word mass that the answer holds, and that only the answer holds.
fn answer_share(query: &Query, row: &Row, wording: &[u32]) -> (f32, f32) {
    let (mut found, mut added) = (0.0, 0.0);
    for (id, weight) in query.shared(&row.answer).filter(|&(id, _)| views(id)[1]) {
        found += weight;
        if wording.binary_search(&id).is_err() {
            added += weight;
        }
    }
    (share(found, query.mass[1]), share(added, query.mass[1]))
}

fn word_share(query: &Query, ids: &[u32]) -> f32 {
    let found: f32 = query.shared(ids).filter(|&(id, _)| views(id)[1]).map(|(_, weight)| weight).sum();
    share(found, query.mass[1])
}
