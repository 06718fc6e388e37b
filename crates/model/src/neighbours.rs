//! How near a message is to the training examples: cosine over n-gram weights, by an inverted index.

use crate::features::Features;
use crate::table::rounded;

/// N-grams in more examples than this, and in more than one in `COMMON_SHARE`, say little and are left out.
const COMMON: usize = 100;
const COMMON_SHARE: usize = 25;

/// Examples for each n-gram, with the n-gram's weight in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbours {
    pub starts: Vec<u32>,
    pub entries: Vec<(u32, f32)>,
    pub common: Vec<bool>,
    pub labels: Vec<u32>,
}

/// The nearest examples of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Nearest {
    /// Similarity to the nearest example of all.
    pub any: f32,
    /// Similarity to the nearest example of another intent than the asked one.
    pub other: f32,
}

impl Neighbours {
    /// Indexes examples with their labels.
    pub(crate) fn new(n_rows: usize, examples: &[(&[(u32, f32)], u32)]) -> Self {
        let mut starts = vec![0u32; n_rows + 1];
        for (rows, _) in examples {
            for (row, _) in *rows {
                starts[*row as usize + 1] += 1;
            }
        }
        let limit = COMMON.max(examples.len() / COMMON_SHARE) as u32;
        let mut common = vec![false; n_rows];
        for row in 0..n_rows {
            common[row] = starts[row + 1] > limit;
            let count = if common[row] { 0 } else { starts[row + 1] };
            starts[row + 1] = starts[row] + count;
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, 0.0); starts[n_rows] as usize];
        for (example, (rows, _)) in (0u32..).zip(examples) {
            let scale = rare_length(rows, &common).recip();
            for (row, weight) in rows.iter().filter(|(row, _)| !common[*row as usize]) {
                let at = &mut next[*row as usize];
                entries[*at as usize] = (example, rounded(*weight * scale));
                *at += 1;
            }
        }
        Self { starts, entries, common, labels: examples.iter().map(|(_, label)| *label).collect() }
    }

    /// Whether stored parts fit together for a model of `n_rows` n-grams.
    pub(crate) fn is_sound(&self, n_rows: usize) -> bool {
        self.starts.len() == n_rows + 1
            && self.common.len() == n_rows
            && self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self.starts.last().is_some_and(|end| *end as usize == self.entries.len())
            && self.entries.iter().all(|(example, _)| (*example as usize) < self.labels.len())
    }

    /// How near the nearest examples are; `label` is the intent that [`Nearest::other`] leaves out.
    pub(crate) fn nearest(&self, features: &Features, label: Option<u32>) -> Nearest {
        let mut nearest = Nearest::default();
        for (value, own) in self.similarities(features).into_iter().zip(&self.labels) {
            nearest.any = nearest.any.max(value);
            if Some(*own) != label {
                nearest.other = nearest.other.max(value);
            }
        }
        nearest
    }

    /// The `n` nearest examples with their similarities, the nearest first; those that share nothing are left out.
    pub(crate) fn ranked(&self, features: &Features, n: usize) -> Vec<(usize, f32)> {
        ranked(self.similarities(features), n)
    }

    /// Cosine to each example over the n-grams that are not common.
    fn similarities(&self, features: &Features) -> Vec<f32> {
        let mut similarities = vec![0.0f32; self.labels.len()];
        let scale = rare_length(&features.rows, &self.common).recip();
        for (row, weight) in &features.rows {
            let range = self.starts[*row as usize] as usize..self.starts[*row as usize + 1] as usize;
            for (example, stored) in &self.entries[range] {
                similarities[*example as usize] += weight * scale * stored;
            }
        }
        similarities
    }
}

/// The `n` highest similarities with their places, the highest first; those not above zero are left out.
pub(crate) fn ranked(similarities: Vec<f32>, n: usize) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = similarities.into_iter().enumerate().collect();
    ranked.retain(|(_, similarity)| *similarity > 0.0);
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(n);
    ranked
}

/// Length of a message's vector without common n-grams; never zero.
fn rare_length(rows: &[(u32, f32)], common: &[bool]) -> f32 {
    let squares: f32 = rows.iter().filter(|(row, _)| !common[*row as usize]).map(|(_, weight)| weight * weight).sum();
    squares.sqrt().max(1e-6)
}
