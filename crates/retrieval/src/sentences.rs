//! Picks the sentences of a long answer that speak to the message.

use std::collections::{HashMap, HashSet};

use crate::analysis::{distinct_ids, tokens};

/// The sentences of an answer nearest to the query, in the answer's order; the first where none is near.
pub fn best_sentences(query: &str, answer: &str, limit: usize) -> Vec<String> {
    let sentences = text::sentences(answer);
    let mut chosen: Vec<usize> = if sentences.len() <= limit {
        (0..sentences.len()).collect()
    } else {
        ranked(query, &sentences).into_iter().take(limit).collect()
    };
    chosen.sort_unstable();
    chosen.into_iter().map(|index| sentences[index].to_owned()).collect()
}

/// Sentence numbers, nearest to the query first; equals keep the answer's order.
fn ranked(query: &str, sentences: &[&str]) -> Vec<usize> {
    let ids = |text: &str| distinct_ids(&tokens(text::normalise(text).as_str()));
    let query: HashSet<u32> = ids(query).into_iter().collect();
    let found: Vec<Vec<u32>> = sentences.iter().map(|sentence| ids(sentence)).collect();
    let mut holders: HashMap<u32, usize> = HashMap::new();
    for &id in found.iter().flatten() {
        *holders.entry(id).or_insert(0) += 1;
    }
    let total = sentences.len() as f32;
    let score = |index: usize| {
        let shared = found[index].iter().filter(|id| query.contains(id));
        let gain: f32 = shared.map(|id| (1.0 + total / holders[id] as f32).ln()).sum();
        // Long sentences match by length alone, so length is held against them a little.
        gain / (5.0 + found[index].len() as f32).sqrt()
    };
    let mut order: Vec<(f32, usize)> = (0..sentences.len()).map(|index| (score(index), index)).collect();
    order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    order.into_iter().map(|(_, index)| index).collect()
}
