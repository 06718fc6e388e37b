//! What other choosers would have got, told from what chance showed: where a chooser would have shown a question that
//! chance did show, what the customer did counts (Li, Chu, Langford and Wang 2011, "Unbiased Offline Evaluation of
//! Contextual-bandit-based News Article Recommendation Algorithms"). The count is by question, not by list.

use super::learner::{Example, Learner};
use super::random::Random;
use super::{Features, Policy, choose, placed};

/// Questions a chooser must have in common with chance before its rate says anything.
pub const LEAST_SHOWN: usize = 200;
/// Offers after which what was learned is learned anew.
const LESSON: usize = 25;
/// The quantile of the normal distribution for intervals that hold 95 % of the time.
const Z: f64 = 1.96;

/// One offer as it was logged.
#[derive(Clone, Debug)]
pub struct LoggedOffer {
    /// Chance chose what was shown.
    pub random: bool,
    /// All that could have been shown.
    pub pool: Vec<Features>,
    /// Places in the pool of what was shown, the first one first.
    pub shown: Vec<usize>,
    /// Which of those shown was chosen and answered.
    pub chosen: Option<usize>,
}

impl LoggedOffer {
    /// Each question that was shown, as something to learn from.
    pub fn examples(&self) -> impl Iterator<Item = Example> + '_ {
        self.shown.iter().enumerate().filter_map(|(place, &at)| {
            let features = placed(self.pool.get(at)?, place);
            Some(Example { features, chosen: self.chosen == Some(place) })
        })
    }
}

/// How often questions of one chooser are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyRate {
    pub policy: Policy,
    /// Questions that it and chance both showed.
    pub shown: usize,
    /// Those of them that customers chose.
    pub chosen: usize,
    /// The rate, and where it lies with 95 % confidence (Wilson's interval).
    pub rate: f64,
    pub low: f64,
    pub high: f64,
}

/// The comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Offers in the log, and those that chance made.
    pub offers: usize,
    pub random_offers: usize,
    /// Fixed, random, learned.
    pub rates: Vec<PolicyRate>,
}

impl Replay {
    /// Whether every chooser was seen often enough.
    pub fn is_enough(&self) -> bool {
        self.rates.iter().all(|rate| rate.shown >= LEAST_SHOWN)
    }
}

/// Goes through the log in its order. The learned chooser knows at each offer what had come before, and no more.
pub fn replay(log: &[LoggedOffer], seed: u64) -> Replay {
    let mut random = Random::new(seed);
    let mut learner = Learner::default();
    let mut seen: Vec<Example> = Vec::new();
    let mut counts = [Policy::Fixed, Policy::Random, Policy::Learned].map(|policy| (policy, 0, 0));
    for (number, offer) in log.iter().enumerate() {
        if number % LESSON == 0 {
            learner = Learner::default();
            learner.learn(&seen);
        }
        if offer.random {
            for (policy, shown, chosen) in &mut counts {
                let both = match policy {
                    Policy::Random => offer.shown.clone(),
                    other => choose(*other, &offer.pool, offer.shown.len(), &learner, &mut random),
                };
                let common = offer.shown.iter().enumerate().filter(|(_, at)| both.contains(at));
                for (place, _) in common {
                    *shown += 1;
                    *chosen += usize::from(offer.chosen == Some(place));
                }
            }
        }
        seen.extend(offer.examples());
    }
    Replay {
        offers: log.len(),
        random_offers: log.iter().filter(|offer| offer.random).count(),
        rates: counts.into_iter().map(|(policy, shown, chosen)| rate(policy, shown, chosen)).collect(),
    }
}

fn rate(policy: Policy, shown: usize, chosen: usize) -> PolicyRate {
    let n = shown as f64;
    if shown == 0 {
        return PolicyRate { policy, shown, chosen, rate: 0.0, low: 0.0, high: 1.0 };
    }
    let rate = chosen as f64 / n;
    let middle = (rate + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    PolicyRate { policy, shown, chosen, rate, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}
