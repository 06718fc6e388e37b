//! The quick classifier that data is judged with: by words, and by meanings where there is a base. Seconds where the real
//! model takes minutes, and nearly as good.

use crate::linear::Linear;
use crate::regression::Regression;
use crate::vectors::Vector;

/// Tells classes apart by what messages say and mean.
#[derive(Debug, Clone)]
pub(crate) struct Yardstick {
    words: Linear,
    /// None where the vectors have no meanings.
    meaning: Option<Regression>,
}

impl Yardstick {
    /// Learns which class each vector belongs to; the same rows and seed give the same scores.
    pub(crate) fn fit(rows: &[(&Vector, u32)], n_terms: usize, n_classes: usize, seed: u64) -> Self {
        let has_meanings = rows.first().is_some_and(|(vector, _)| !vector.meaning.is_empty());
        Self {
            words: Linear::fit(rows, n_terms, n_classes, seed),
            meaning: has_meanings.then(|| Regression::fit(rows, n_classes, seed)),
        }
    }

    /// One score a class: the sum of what both say, too sure until it is divided by a temperature.
    pub(crate) fn logits(&self, vector: &Vector) -> Vec<f32> {
        let mut logits = self.words.logits(vector);
        if let Some(meaning) = &self.meaning {
            logits.iter_mut().zip(meaning.logits(vector)).for_each(|(logit, other)| *logit += other);
        }
        logits
    }
}
