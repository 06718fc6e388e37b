//! Which vectors lie near each other, without comparing all with all.

use std::collections::HashMap;

use crate::vectors::{Vector, cosine};

/// A vector that lies near another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    /// Which of the indexed vectors.
    pub(crate) index: usize,
    /// The cosine.
    pub(crate) likeness: f32,
}

/// Finds all vectors above one likeness, exactly: only the rarest terms are indexed, as many as two vectors that are
/// so alike must share one of (prefix filtering; Bayardo et al., 2007).
#[derive(Debug)]
pub(crate) struct NearIndex<'a> {
    vectors: &'a [Vector],
    least: f32,
    postings: HashMap<u32, Vec<u32>>,
}

impl<'a> NearIndex<'a> {
    pub(crate) fn new(vectors: &'a [Vector], least: f32) -> Self {
        let mut postings: HashMap<u32, Vec<u32>> = HashMap::new();
        for (index, vector) in (0..).zip(vectors) {
            for term in prefix(vector, least) {
                postings.entry(term).or_default().push(index);
            }
        }
        Self { vectors, least, postings }
    }

    /// All indexed vectors at least that near, nearest first.
    pub(crate) fn near(&self, vector: &Vector) -> Vec<Near> {
        let mut candidates: Vec<u32> =
            prefix(vector, self.least).filter_map(|term| self.postings.get(&term)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let near = |index: u32| Near { index: index as usize, likeness: cosine(vector, &self.vectors[index as usize]) };
        let mut found: Vec<Near> =
            candidates.into_iter().map(near).filter(|near| near.likeness >= self.least).collect();
        found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(a.index.cmp(&b.index)));
        found
    }
}

/// The rarest terms of a vector, until what is left is too short to reach the likeness; terms are numbered from the
/// most frequent on.
fn prefix(vector: &Vector, least: f32) -> impl Iterator<Item = u32> {
    let mut left: f32 = vector.iter().map(|(_, weight)| weight * weight).sum();
    vector
        .iter()
        .rev()
        .take_while(move |(_, weight)| {
            let goes_on = left.max(0.0).sqrt() >= least - 1e-4;
            left -= weight * weight;
            goes_on
        })
        .map(|(term, _)| *term)
}

/// The nearest few of the given vectors, nearest first, by comparing with each.
pub(crate) fn nearest<'a>(vector: &Vector, others: impl Iterator<Item = (usize, &'a Vector)>, n: usize) -> Vec<Near> {
    let mut found: Vec<Near> = others.map(|(index, other)| Near { index, likeness: cosine(vector, other) }).collect();
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(a.index.cmp(&b.index)));
    found.truncate(n);
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vectors::Vectoriser;

    proptest! {
        #[test]
        fn the_index_finds_what_comparing_all_with_all_finds(texts in prop::collection::vec("[ab ]{1,8}", 1..30)) {
            let vectoriser = Vectoriser::fit(texts.iter().map(String::as_str), 1);
            let vectors: Vec<Vector> = texts.iter().map(|text| vectoriser.vector(text)).collect();
            let index = NearIndex::new(&vectors, 0.8);
            for vector in vectors.iter().filter(|vector| !vector.is_empty()) {
                let all = nearest(vector, vectors.iter().enumerate(), vectors.len());
                // Likeness on the border may fall on either side by rounding.
                let sure: Vec<usize> =
                    all.iter().filter(|near| near.likeness > 0.8005).map(|near| near.index).collect();
                let found: Vec<usize> = index.near(vector).iter().map(|near| near.index).collect();
                prop_assert!(sure.iter().all(|one| found.contains(one)), "{sure:?} {found:?}");
            }
        }
    }
}
