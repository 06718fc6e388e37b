//! Which vectors lie near each other, without comparing all with all.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::vectors::{Vector, cosine};

/// Messages whose meanings are compared with all others at a time.
const BLOCK: usize = 128;

/// A vector that lies near another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    /// Which of the indexed vectors.
    pub(crate) index: usize,
    /// How alike they are, 1 for the same.
    pub(crate) likeness: f32,
}

/// Finds all vectors whose terms are above one likeness, exactly: only the rarest terms are indexed, as many as two vectors that are
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
            for term in prefix(&vector.terms, least) {
                postings.entry(term).or_default().push(index);
            }
        }
        Self { vectors, least, postings }
    }

    /// All indexed vectors at least that near, nearest first.
    pub(crate) fn near(&self, vector: &Vector) -> Vec<Near> {
        let mut candidates: Vec<u32> =
            prefix(&vector.terms, self.least).filter_map(|term| self.postings.get(&term)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let near = |index: u32| Near {
            index: index as usize,
            likeness: cosine(&vector.terms, &self.vectors[index as usize].terms),
        };
        let mut found: Vec<Near> =
            candidates.into_iter().map(near).filter(|near| near.likeness >= self.least).collect();
        found.sort_by(nearest_first);
        found
    }
}

/// The rarest terms of a vector, until what is left is too short to reach the likeness; terms are numbered from the
/// most frequent on.
fn prefix(terms: &[(u32, f32)], least: f32) -> impl Iterator<Item = u32> {
    let mut left: f32 = terms.iter().map(|(_, weight)| weight * weight).sum();
    terms
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
    let mut found: Vec<Near> = others.map(|(index, other)| Near { index, likeness: vector.likeness(other) }).collect();
    found.sort_by(nearest_first);
    found.truncate(n);
    found
}

/// For each vector the nearest `k` others by meaning that are at least so alike and `may` be named with it, nearest first;
/// all are compared with all.
pub(crate) fn nearest_by_meaning(
    vectors: &[Vector],
    k: usize,
    least: f32,
    may: impl Fn(usize, usize) -> bool + Sync,
) -> Vec<Vec<Near>> {
    let dim = vectors.first().map_or(0, |vector| vector.meaning.len());
    let all: Vec<f32> = vectors.iter().flat_map(|vector| &vector.meaning).copied().collect();
    let of_block = |(block, rows): (usize, &[f32])| -> Vec<Vec<Near>> {
        let likeness = model::products(rows, &all, dim);
        let of_row = |(row, likeness): (usize, &[f32])| {
            let row = block * BLOCK + row;
            let near = likeness.iter().enumerate().filter(|(_, likeness)| **likeness >= least);
            let near = near.filter(|(index, _)| *index != row && may(row, *index));
            let mut found: Vec<Near> = near.map(|(index, likeness)| Near { index, likeness: *likeness }).collect();
            if found.len() > k {
                found.select_nth_unstable_by(k, nearest_first);
                found.truncate(k);
            }
            found.sort_by(nearest_first);
            found
        };
        likeness.chunks_exact(vectors.len()).enumerate().map(of_row).collect()
    };
    all.par_chunks((BLOCK * dim).max(1)).enumerate().flat_map_iter(of_block).collect()
}

/// The nearest first, of those equally near the first one.
pub(crate) fn nearest_first(a: &Near, b: &Near) -> std::cmp::Ordering {
    b.likeness.total_cmp(&a.likeness).then(a.index.cmp(&b.index))
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
            for vector in vectors.iter().filter(|vector| !vector.terms.is_empty()) {
                let all = nearest(vector, vectors.iter().enumerate(), vectors.len());
                // Likeness on the border may fall on either side by rounding.
                let sure: Vec<usize> =
                    all.iter().filter(|near| near.likeness > 0.8005).map(|near| near.index).collect();
                let found: Vec<usize> = index.near(vector).iter().map(|near| near.index).collect();
                prop_assert!(sure.iter().all(|one| found.contains(one)), "{sure:?} {found:?}");
            }
        }

        #[test]
        fn comparing_meanings_in_blocks_finds_what_comparing_one_by_one_finds(
            rows in prop::collection::vec(prop::array::uniform3(-1.0f32..1.0), 0..300)
        ) {
            let meaning = |row: [f32; 3]| Vector { terms: Vec::new(), meaning: row.to_vec() };
            let vectors: Vec<Vector> = rows.into_iter().map(meaning).collect();
            let odd = |row: usize, other: usize| !(row + other).is_multiple_of(2);
            let found = nearest_by_meaning(&vectors, 4, 0.1, odd);
            prop_assert_eq!(found.len(), vectors.len());
            for (row, found) in found.iter().enumerate() {
                let others = vectors.iter().enumerate().filter(|(other, _)| odd(row, *other));
                let mut all = nearest(&vectors[row], others, 4);
                all.retain(|near| near.likeness >= 0.1);
                prop_assert_eq!(found.len(), all.len());
                for (found, expected) in found.iter().zip(&all) {
                    prop_assert!((found.likeness - expected.likeness).abs() < 1e-5, "{:?} {:?}", found, expected);
                }
            }
        }
    }
}
