//! Why an entry has its place for a message: which terms matched where, and what each feature gave.

use serde::{Deserialize, Serialize};

use crate::SearchQuery;
use crate::analysis::by_id;
use crate::calibration::{Calibration, Evidence};
use crate::features::{NAMES, weights};
use crate::search::{HeldOut, Snapshot};

/// How the score and probability of one entry came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The entry's id.
    pub id: String,
    /// Place among the hits, from 1.
    pub place: usize,
    /// The wording that was compared.
    pub matched_question: String,
    /// Calibrated probability that the entry answers the message.
    pub probability: f32,
    /// Sum of the features' shares.
    pub score: f32,
    /// What each comparison gave, largest first.
    pub features: Vec<FeatureShare>,
    /// Terms of the message found in the entry, most telling first.
    pub terms: Vec<TermMatch>,
    /// Terms of the message that the entry lacks, most telling first.
    pub missing: Vec<String>,
}

/// One comparison and what it adds to the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureShare {
    /// What was compared.
    pub name: String,
    /// Result between 0 and 1.
    pub value: f32,
    /// Part of the score.
    pub share: f32,
}

/// One term and the fields that hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermMatch {
    /// The term as it is indexed; English words are stemmed.
    pub term: String,
    /// How much the term tells in this index: large for rare ones.
    pub weight: f32,
    /// `question` or `similar`, `answer`, `category`.
    pub fields: Vec<String>,
}

pub(crate) fn explain(
    snapshot: &Snapshot,
    query: &SearchQuery,
    faq_id: &str,
    calibration: &Calibration,
) -> Option<Explanation> {
    let number = snapshot.table.row_by_id(faq_id).ok()??;
    let row = snapshot.table.row(number).ok()?;
    let entry = snapshot.table.entry(number).ok()?;
    let found = snapshot.find(query, HeldOut::Nothing, calibration.meaning).ok()?;
    let place = found.candidates.iter().position(|candidate| candidate.row == number)?;
    let candidate = &found.candidates[place];
    let wording_field = if candidate.ordinal == 0 { "question" } else { "similar" };
    let holders =
        [(wording_field, &row.wordings[candidate.ordinal].bag), ("answer", &row.answer), ("category", &row.category)];
    let names = by_id(&found.tokens);
    let mut weighted = found.query.tokens.clone();
    weighted.sort_by(|one, other| other.1.total_cmp(&one.1));
    let (mut terms, mut missing) = (Vec::new(), Vec::new());
    for (id, weight) in weighted {
        let Some(token) = names.get(&id).filter(|token| token.is_word()) else { continue };
        let fields: Vec<String> =
            holders.iter().filter(|(_, bag)| bag.contains(id)).map(|(name, _)| (*name).to_owned()).collect();
        if fields.is_empty() {
            missing.push(token.term());
        } else {
            terms.push(TermMatch { term: token.term(), weight, fields });
        }
    }
    Some(Explanation {
        id: faq_id.to_owned(),
        place: place + 1,
        matched_question: entry.wording(candidate.ordinal).to_owned(),
        probability: calibration.probability(&Evidence::of(&found, place)),
        score: candidate.score,
        features: shares(&candidate.features, snapshot.meaning_weight(calibration.meaning)),
        terms,
        missing,
    })
}

fn shares(values: &[f32], meaning: f32) -> Vec<FeatureShare> {
    let mut shares: Vec<FeatureShare> = NAMES
        .iter()
        .zip(values.iter().zip(weights(meaning)))
        .map(|(name, (&value, weight))| FeatureShare { name: (*name).to_owned(), value, share: value * weight })
        .collect();
    shares.sort_by(|one, other| other.share.total_cmp(&one.share));
    shares
}
