//! Marked messages made ready to be learned from.

use std::collections::HashMap;

use half::f16;
use half::vec::HalfFloatVecExt as _;
use rayon::prelude::*;

use super::EntityFinder;
use super::features::{features, features_hiding};
use super::labels::TokenSpan;
use super::pieces::{Cutter, Pieces};
use super::tokens::Tokenised;
use crate::AnnotatedText;
use crate::encoder::bert::Bert;
use crate::features::PlainHash;
use crate::random::Random;
use crate::table::Table;

/// With fewer messages than this, features that occur once are kept and words are hidden now and then.
pub(super) const FEW_MESSAGES: usize = 1000;
/// Share of the words outside of entities that are hidden together with those inside.
const HIDDEN: f32 = 0.5;
/// Messages that a base sees at a time.
const SEEN: usize = 64;

/// A marked message as features and spans of its tokens.
pub(super) struct Read {
    pub(super) features: Vec<Vec<u32>>,
    /// Features that do not tell the words of the entities, so that their surroundings are learned; none where there
    /// are so many messages that this only takes away.
    pub(super) hiding: Vec<Vec<u32>>,
    pub(super) spans: Vec<TokenSpan>,
    /// What a base reads, and its states of that once it has seen it.
    pub(super) pieces: Pieces,
    pub(super) states: Vec<f16>,
}

/// Keeps a base's states of messages.
pub(super) fn see(read: &mut [Read], bert: &Bert, words: &Table) {
    for some in read.chunks_mut(SEEN) {
        let ids: Vec<&[u32]> = some.iter().map(|read| read.pieces.ids.as_slice()).collect();
        let states = bert.states(words, &ids);
        let mut at = 0;
        for read in some {
            let len = read.pieces.ids.len() * bert.config.hidden_size;
            read.states = Vec::from_f32_slice(&states[at..at + len]);
            at += len;
        }
    }
}

impl Read {
    /// Marks that touch no token, or one that is marked already, are left out.
    pub(super) fn new(
        message: &AnnotatedText,
        entities: &[String],
        finder: &EntityFinder,
        cutter: Option<&Cutter<'_>>,
    ) -> Self {
        let tokenised = Tokenised::new(&message.text);
        let mut spans: Vec<TokenSpan> = Vec::new();
        for mention in &message.mentions {
            let tokens = tokenised.touched(&(mention.start..mention.end));
            let free = spans.iter().all(|span| tokens.end <= span.tokens.start || span.tokens.end <= tokens.start);
            if let (Ok(entity), true) = (entities.binary_search(&mention.entity), free && !tokens.is_empty()) {
                spans.push(TokenSpan { entity, tokens });
            }
        }
        spans.sort_by_key(|span| span.tokens.start);
        let listed = finder.find(&message.text);
        let pieces = cutter.map(|cutter| cutter.cut(&tokenised)).unwrap_or_default();
        Self { features: features(&tokenised, &listed), hiding: Vec::new(), spans, pieces, states: Vec::new() }
    }

    pub(super) fn hide(&mut self, message: &AnnotatedText, finder: &EntityFinder, random: &mut Random) {
        let tokenised = Tokenised::new(&message.text);
        let mut hidden: Vec<bool> = tokenised.tokens.iter().map(|_| random.uniform() < HIDDEN).collect();
        self.spans.iter().for_each(|span| hidden[span.tokens.clone()].fill(true));
        self.hiding = features_hiding(&hidden, &tokenised, &finder.find(&message.text));
    }
}

/// The features worth a row, sorted.
pub(super) fn vocabulary(messages: &[Read]) -> Vec<u32> {
    let least = if messages.len() < FEW_MESSAGES { 1 } else { 2 };
    let mut all: Vec<u32> = messages.iter().flat_map(|read| read.features.iter().flatten().copied()).collect();
    all.par_sort_unstable();
    all.chunk_by(|a, b| a == b).filter(|same| same.len() >= least).map(|same| same[0]).collect()
}

/// Each token's known features as rows.
pub(super) fn known(rows: &HashMap<u32, u32, PlainHash>, features: &[Vec<u32>]) -> Vec<Vec<u32>> {
    features.iter().map(|hashes| hashes.iter().filter_map(|hash| rows.get(hash).copied()).collect()).collect()
}
