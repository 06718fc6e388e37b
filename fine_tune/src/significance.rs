//! Whether a difference between two models on the same messages can be chance: the paired bootstrap.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Resamples on one thread at a time; each block has a stream of its own, so that threads do not change the result.
const BLOCK: usize = 250;
/// The confidence of intervals and of "significant".
pub(crate) const CONFIDENCE: f64 = 0.95;

/// What resampling the messages says about a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The mean difference over the messages, second minus first.
    pub mean: f64,
    /// The interval that holds it with 95 % confidence.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How likely a difference at least as large is by chance (two-sided).
    pub p: f64,
    /// Resamples drawn.
    pub resamples: usize,
    /// The start of their randomness.
    pub seed: u64,
}

impl Difference {
    /// Resamples the messages with replacement; `each` is the difference on each message, mostly -1, 0 or 1.
    ///
    /// The p-value follows Efron and Tibshirani's shifted bootstrap: the share of resamples, moved to a mean of zero,
    /// that lie as far out as the observed mean. A result of zero is told as one in the number of resamples.
    pub(crate) fn bootstrap(each: &[f64], resamples: usize, seed: u64) -> Self {
        let n = each.len();
        if n == 0 || resamples == 0 {
            return Self { p: 1.0, resamples, seed, ..Self::default() };
        }
        let mean = each.iter().sum::<f64>() / n as f64;
        let block = |block: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(block as u64));
            let count = BLOCK.min(resamples - block * BLOCK);
            let draw = move |_| (0..n).map(|_| each[random.random_range(0..n)]).sum::<f64>() / n as f64;
            (0..count).map(draw).collect::<Vec<f64>>()
        };
        let mut means: Vec<f64> = (0..resamples.div_ceil(BLOCK)).into_par_iter().flat_map_iter(block).collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[((resamples as f64 * share) as usize).min(resamples - 1)];
        let as_far = means.iter().filter(|value| (*value - mean).abs() >= mean.abs() - 1e-12).count();
        let tail = (1.0 - CONFIDENCE) / 2.0;
        Self {
            mean,
            low: at(tail),
            high: at(1.0 - tail),
            p: if mean == 0.0 { 1.0 } else { as_far.max(1) as f64 / resamples as f64 },
            resamples,
            seed,
        }
    }

    /// Whether chance is an unlikely explanation.
    pub fn is_significant(&self) -> bool {
        self.p < 1.0 - CONFIDENCE
    }
}

/// The 95 % interval of a share (Wilson, 1927); everything is possible when nothing was counted.
pub(crate) fn wilson(part: usize, whole: usize) -> [f64; 2] {
    if whole == 0 {
        return [0.0, 1.0];
    }
    let (n, z) = (whole as f64, 1.96_f64);
    let share = part as f64 / n;
    let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(better: usize, worse: usize, same: usize) -> Vec<f64> {
        let of = |value: f64, n: usize| std::iter::repeat_n(value, n);
        of(1.0, better).chain(of(-1.0, worse)).chain(of(0.0, same)).collect()
    }

    #[test]
    fn many_messages_for_the_better_are_significant_and_few_are_not() {
        let clear = Difference::bootstrap(&each(40, 10, 950), 10_000, 1);
        assert!(clear.is_significant() && clear.low > 0.0 && clear.p < 0.001, "{clear:?}");
        // Exact sign test of 6 against 3: p = 0.51.
        let unclear = Difference::bootstrap(&each(6, 3, 991), 10_000, 1);
        assert!(!unclear.is_significant() && unclear.low < 0.0 && unclear.p > 0.2, "{unclear:?}");
        let worse = Difference::bootstrap(&each(10, 40, 950), 10_000, 1);
        assert!(worse.is_significant() && worse.high < 0.0);
    }

    #[test]
    fn the_interval_is_that_of_the_normal_approximation() {
        let found = Difference::bootstrap(&each(60, 40, 900), 10_000, 3);
        // Variance of the mean: (0.1 - 0.02²) / 1000.
        let deviation = ((0.1 - 0.0004_f64) / 1000.0).sqrt();
        assert!((found.low - (0.02 - 1.96 * deviation)).abs() < 0.002, "{found:?}");
        assert!((found.high - (0.02 + 1.96 * deviation)).abs() < 0.002, "{found:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_result_on_any_number_of_threads() {
        let rows = each(5, 4, 91);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let one = alone.install(|| Difference::bootstrap(&rows, 1000, 7));
        assert_eq!(one, Difference::bootstrap(&rows, 1000, 7));
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        let [low, high] = wilson(8, 10);
        assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3, "{low} {high}");
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }

    #[test]
    fn no_difference_and_no_messages_are_never_significant() {
        assert!(!Difference::bootstrap(&each(0, 0, 50), 1000, 1).is_significant());
        assert!(!Difference::bootstrap(&[], 1000, 1).is_significant());
    }
}
