//! Folds for cross-validation: every label is spread evenly, and messages that read the same stay together.

use std::collections::{BTreeMap, HashMap};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// The fold of each row, from 0; `rows` are (what reads the same, label).
pub(crate) fn folds<L: Ord + Clone>(rows: &[(&str, L)], n_folds: usize, seed: u64) -> Vec<usize> {
    let mut by_label: BTreeMap<L, Vec<&str>> = BTreeMap::new();
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for (text, label) in rows {
        if seen.insert(text, ()).is_none() {
            by_label.entry(label.clone()).or_default().push(text);
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of: HashMap<&str, usize> = HashMap::new();
    let mut next = 0;
    for mut texts in by_label.into_values() {
        texts.shuffle(&mut random);
        for text in texts {
            fold_of.insert(text, next % n_folds);
            next += 1;
        }
    }
    rows.iter().map(|(text, _)| fold_of[text]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_evenly_and_the_same_text_is_in_one_fold() {
        let texts: Vec<String> = (0..50).map(|n| format!("t{}", n % 40)).collect();
        let rows: Vec<(&str, usize)> = texts.iter().enumerate().map(|(n, text)| (text.as_str(), n % 2)).collect();
        let folds = folds(&rows, 5, 1);
        for fold in 0..5 {
            let of = |label| (0..40).filter(|n| folds[*n] == fold && rows[*n].1 == label).count();
            assert_eq!((of(0), of(1)), (4, 4));
        }
        assert!((40..50).all(|n| folds[n] == folds[n - 40]));
    }
}
