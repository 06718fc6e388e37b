//! Picks the sentences of a long answer that speak to the message.

use std::collections::{HashMap, HashSet};

use crate::analysis::{distinct_ids, tokens};
use crate::meaning::{Meaning, Reader};

/// Sentences of an answer that are compared; what stands below is seldom the point.
const MOST_COMPARED: usize = 64;

/// The sentences of an answer nearest to the query by words and by meaning, in the answer's order; the first where none
/// is near.
pub(crate) fn best_sentences(query: &str, answer: &str, limit: usize, reader: &Reader) -> Vec<String> {
    let sentences = text::sentences(answer);
    let mut chosen: Vec<usize> = if sentences.len() <= limit {
        (0..sentences.len()).collect()
    } else {
        ranked(query, &sentences[..sentences.len().min(MOST_COMPARED)], reader).into_iter().take(limit).collect()
    };
    chosen.sort_unstable();
    chosen.into_iter().map(|index| sentences[index].to_owned()).collect()
}

/// Sentence numbers, nearest to the query first; equals keep the answer's order.
fn ranked(query: &str, sentences: &[&str], reader: &Reader) -> Vec<usize> {
    let by_words = by_words(query, sentences);
    let most = by_words.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let asked = Meaning::of(query, reader);
    let meant = |sentence: &str| if asked.is_empty() { 0.0 } else { asked.likeness(&Meaning::of(sentence, reader)) };
    let scored = by_words.iter().zip(sentences).map(|(words, sentence)| words / most + meant(sentence));
    let mut order: Vec<(f32, usize)> = scored.zip(0..).collect();
    order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    order.into_iter().map(|(_, index)| index).collect()
}

/// How much of the query's words each sentence holds, rare ones counting for more.
fn by_words(query: &str, sentences: &[&str]) -> Vec<f32> {
    let ids = |text: &str| distinct_ids(&tokens(text::normalise(text).as_str()));
    let query: HashSet<u32> = ids(query).into_iter().collect();
    let found: Vec<Vec<u32>> = sentences.iter().map(|sentence| ids(sentence)).collect();
    let mut holders: HashMap<u32, usize> = HashMap::new();
    for &id in found.iter().flatten() {
        *holders.entry(id).or_insert(0) += 1;
    }
    let total = sentences.len() as f32;
    let score = |found: &Vec<u32>| {
        let shared = found.iter().filter(|id| query.contains(id));
        let gain: f32 = shared.map(|id| (1.0 + total / holders[id] as f32).ln()).sum();
        // Long sentences match by length alone, so length is held against them a little.
        gain / (5.0 + found.len() as f32).sqrt()
    };
    found.iter().map(score).collect()
}
