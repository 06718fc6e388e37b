//! Why an entry has its place for a message: which terms matched where, and what each feature gave.

use serde::{Deserialize, Serialize};

use crate::SearchQuery;
use crate::analysis::{Token, by_id};
use crate::bag::Bag;
use crate::calibration::{Calibration, NEAR};
use crate::emphasis::Emphasis;
use crate::features::{self, NAMES};
use crate::search::{Found, HeldOut, Ranked, Snapshot};
use crate::spelling::Rewording;
use crate::table::Row;

/// A word tells a little less once one more entry holds it; this much more is enough all the same.
const MARGIN: f32 = 1.05;

/// How the score and probability of one entry came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The entry's id.
    pub id: String,
    /// Place among the hits, from 1.
    pub place: usize,
    /// What the message was searched as, where that is not what was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Which of its words were read otherwise, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewordings: Vec<Rewording>,
    /// The wording that was compared.
    pub matched_question: String,
    /// Calibrated probability that the entry answers the message, what customers said included.
    pub probability: f32,
    /// What customers said of the entry after questions like the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratings: Option<RatingsShare>,
    /// Sum of the features' shares.
    pub score: f32,
    /// What each comparison gave, largest first.
    pub features: Vec<FeatureShare>,
    /// Terms of the message found in the entry, most telling first.
    pub terms: Vec<TermMatch>,
    /// Terms of the message that the entry lacks, most telling first.
    pub missing: Vec<String>,
    /// What would put it first; none where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_win: Option<ToWin>,
}

/// What customers said of an entry after questions like the message, each counted by how alike the question is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatingsShare {
    /// How many found it helpful.
    pub helpful: f32,
    /// How many did not.
    pub unhelpful: f32,
    /// The probability without them.
    pub without: f32,
}

/// What would put an entry before the one that is first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToWin {
    /// The entry that is first.
    pub ahead: String,
    /// How much its score is higher; nothing where ratings alone put it first.
    pub gap: f32,
    /// Words of the message that would be enough in one more similar question beside those of it that the entry's nearest
    /// has, the most telling first; empty where none are, only the message itself as a similar question.
    pub words: Vec<String>,
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
    let found = snapshot.find(query, HeldOut::Nothing, calibration.emphasis).ok()?;
    let emphasis = snapshot.emphasis(calibration.emphasis);
    let at = found.candidates.iter().position(|candidate| candidate.row == number)?;
    let candidate = &found.candidates[at];
    let ranked = snapshot.ranked(&found, calibration, at.max(NEAR) + 1).ok()?;
    let place = ranked.iter().position(|one| one.place == at)?;
    let (first, ours) = (&ranked[0], &ranked[place]);
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
        read_as: (found.reading.text != query.text).then(|| found.reading.text.clone()),
        rewordings: found.reading.rewordings.clone(),
        matched_question: entry.wording(candidate.ordinal).to_owned(),
        probability: ours.probability,
        ratings: ours.said.map(|said| RatingsShare {
            helpful: said.helpful,
            unhelpful: said.unhelpful,
            without: ours.by_match,
        }),
        score: candidate.score,
        features: shares(&candidate.features, emphasis),
        terms,
        missing,
        to_win: (place > 0).then(|| to_win(snapshot, &found, (first, ours), emphasis)),
    })
}

/// Tries one more similar question with more and more of the words that the entry lacks.
fn to_win(snapshot: &Snapshot, found: &Found, (ahead, ours): (&Ranked, &Ranked), emphasis: Emphasis) -> ToWin {
    let (first, candidate) = (&found.candidates[ahead.place], &found.candidates[ours.place]);
    let mut words: Vec<&Token> = Vec::new();
    let mut enough = false;
    // One that matches better and is behind for its ratings no word would put first.
    let row = snapshot.table.row(candidate.row).ok().filter(|_| candidate.score <= first.score);
    if let Some(row) = row {
        let mut lacking = lacking(snapshot, found, &row);
        while !enough && !lacking.is_empty() {
            words.push(lacking.remove(0));
            let brought: Vec<Token> = words.iter().flat_map(|word| with_pieces(word, &found.tokens)).collect();
            let with = features::with_words(&found.query, &snapshot.table, &row, candidate, &Bag::of(&brought));
            enough = emphasis.score(&with) > first.score * MARGIN;
        }
    }
    let words = if enough { words.into_iter().map(Token::term).collect() } else { Vec::new() };
    ToWin { ahead: ahead.entry.id.clone(), gap: (first.score - candidate.score).max(0.0), words }
}

/// A word with those pieces of the message's words that stand in it.
fn with_pieces<'a>(word: &'a Token, tokens: &'a [Token]) -> impl Iterator<Item = Token> + 'a {
    let pieces = tokens.iter().filter(|token| !token.is_word() && word.text.contains(&token.text));
    std::iter::once(word).chain(pieces).cloned()
}

/// Words of the message that other entries hold and this one does not, the most telling first.
fn lacking<'a>(snapshot: &Snapshot, found: &'a Found, row: &Row) -> Vec<&'a Token> {
    let names = by_id(&found.tokens);
    let mut lacking: Vec<(f32, &Token)> = found
        .query
        .tokens
        .iter()
        .filter(|(id, _)| !row.together.contains(*id) && !snapshot.table.is_unknown(*id))
        .filter_map(|(id, weight)| Some((*weight, *names.get(id).filter(|token| token.is_word())?)))
        .collect();
    lacking.sort_by(|one, other| other.0.total_cmp(&one.0));
    lacking.into_iter().map(|(_, token)| token).collect()
}

fn shares(values: &[f32], emphasis: Emphasis) -> Vec<FeatureShare> {
    let mut shares: Vec<FeatureShare> = NAMES
        .iter()
        .zip(values.iter().zip(emphasis.weights()))
        .map(|(name, (&value, weight))| FeatureShare { name: (*name).to_owned(), value, share: value * weight })
        .collect();
    shares.sort_by(|one, other| other.share.total_cmp(&one.share));
    shares
}
