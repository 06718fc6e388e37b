//! Words that customers say more or less than before, by log odds with a prior of both logs together (Monroe, Colaresi
//! and Quinn, 2008): rare words do not win by chance.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::telling;

/// Words that are compared.
const USUAL: usize = 3000;
/// Words that are shown each way.
const SHOWN: usize = 15;
/// How sure a change must be, in standard deviations.
const CLEAR: f64 = 3.0;

/// A word that is said more or less than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The word.
    pub word: String,
    /// Share of messages with it before and after.
    pub shares: [f64; 2],
    /// How clear the change is, in standard deviations.
    pub z: f64,
}

/// The telling words of a message.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    telling::words(text::normalise(text).as_str()).into_iter().collect()
}

/// The words that are said most: what few customers say tells nothing of all.
pub(super) fn usual<'a>(messages: impl Iterator<Item = &'a BTreeSet<String>>) -> HashSet<&'a String> {
    let mut counts: HashMap<&String, usize> = HashMap::new();
    messages.flatten().for_each(|word| *counts.entry(word).or_default() += 1);
    let mut counts: Vec<(&String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts.into_iter().take(USUAL).map(|(word, _)| word).collect()
}

/// The words that clearly rise and fall, clearest first.
pub(super) fn moved(
    talks: &[Counts],
    names: &[String],
    n_before: usize,
    messages: [usize; 2],
) -> (Vec<Word>, Vec<Word>) {
    let sums = |talks: &[Counts]| {
        let mut sums = vec![0.0; names.len()];
        talks.iter().flatten().for_each(|(word, count)| sums[*word as usize] += count);
        sums
    };
    let (before, after) = (sums(&talks[..n_before]), sums(&talks[n_before..]));
    let totals = [before.iter().sum::<f64>(), after.iter().sum::<f64>()];
    let all = totals[0] + totals[1];
    // The prior weighs as much as a tenth of the words.
    let strength = (all / 10.0).max(1.0);
    let word = |index: usize| {
        let prior = (before[index] + after[index]) / all * strength;
        let odds = |count: f64, total: f64| ((count + prior) / (total + strength - count - prior).max(1e-9)).ln();
        let difference = odds(after[index], totals[1]) - odds(before[index], totals[0]);
        let deviation = (1.0 / (before[index] + prior) + 1.0 / (after[index] + prior)).sqrt();
        let share = |count: f64, n: usize| count / n.max(1) as f64;
        Word {
            word: names[index].clone(),
            shares: [share(before[index], messages[0]), share(after[index], messages[1])],
            z: difference / deviation,
        }
    };
    let mut moved: Vec<Word> = (0..names.len()).map(word).filter(|word| word.z.abs() >= CLEAR).collect();
    moved.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()).then(a.word.cmp(&b.word)));
    let (rising, falling): (Vec<Word>, Vec<Word>) = moved.into_iter().partition(|word| word.z > 0.0);
    (rising.into_iter().take(SHOWN).collect(), falling.into_iter().take(SHOWN).collect())
}
