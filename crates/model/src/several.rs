//! Several intents in one message: the probability of each by itself, where the training rows have more than one.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::logistic::{self, Number};

/// The numbers before anything is known: an intent's own share of the message.
const SHARES: [Number; 3] = [number(1.0), number(0.0), number(1.0)];
/// Probabilities that are tried as the least of an intent that is named.
const LEAST: [f32; 13] = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];

/// Log-odds of an intent: `share · log softmax + own · logit + shift` over the logits of all intents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeveralIntents {
    /// What the intent's share among all counts.
    pub share: f32,
    /// What its own logit counts.
    pub own: f32,
    /// Added to both.
    pub shift: f32,
    /// The least probability of an intent that is named: the one of the highest F1 on held-out messages.
    pub least: f32,
}

/// A held-out message: its logits, and whether it has each of the intents.
pub(crate) struct Heard {
    pub logits: Vec<f32>,
    pub has: Vec<bool>,
}

impl SeveralIntents {
    /// Fits on held-out messages of which some have several intents; `None` where there are none to fit on.
    pub(crate) fn fit(messages: &[Heard]) -> Option<Self> {
        if messages.iter().all(|message| !message.has.contains(&true)) {
            return None;
        }
        let read = |message: &Heard| -> Vec<logistic::Row> {
            terms(&message.logits).zip(&message.has).map(|(terms, has)| (terms, *has, 1.0)).collect()
        };
        let rows: Vec<logistic::Row> = messages.par_iter().flat_map_iter(read).collect();
        let numbers = logistic::fit(&rows, SHARES);
        let [share, own, shift] = numbers.map(|number| number as f32);
        let fitted = Self { share, own, shift, least: 0.5 };
        Some(Self { least: fitted.best_least(messages), ..fitted })
    }

    /// The least probability of the highest F1 over all named intents.
    fn best_least(&self, messages: &[Heard]) -> f32 {
        let said: Vec<(Vec<f32>, &[bool])> =
            messages.iter().map(|message| (self.probabilities(&message.logits), &message.has[..])).collect();
        let f1 = |least: f32| {
            let (mut hits, mut named, mut there) = (0, 0, 0);
            for (probability, has) in said.iter().flat_map(|(said, has)| said.iter().zip(*has)) {
                named += usize::from(*probability >= least);
                there += usize::from(*has);
                hits += usize::from(*probability >= least && *has);
            }
            2.0 * hits as f32 / (named + there).max(1) as f32
        };
        // Of equals the one nearest to a half, which needs no held-out row to be believed.
        let rank = |least: &f32| f1(*least) - 0.01 * (least - 0.5).abs();
        LEAST.into_iter().max_by(|a, b| rank(a).total_cmp(&rank(b))).unwrap_or(0.5)
    }

    /// The probability of each intent, whichever others the message has; they do not sum to one.
    pub(crate) fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        let numbers = [self.share, self.own, self.shift].map(f64::from);
        terms(logits).map(|terms| logistic::probability(&numbers, &terms) as f32).collect()
    }

    /// Whether it gives numbers.
    pub(crate) fn is_sound(&self) -> bool {
        [self.share, self.own, self.shift].iter().all(|number| number.is_finite()) && (0.0..=1.0).contains(&self.least)
    }
}

/// What the three numbers are multiplied with, for each intent.
fn terms(logits: &[f32]) -> impl Iterator<Item = [f64; 3]> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all = highest + logits.iter().map(|logit| (logit - highest).exp()).sum::<f32>().ln();
    logits.iter().map(move |logit| [f64::from(logit - all), f64::from(*logit), 1.0])
}

/// A number that is free to move from where it starts.
const fn number(start: f64) -> Number {
    Number { start, inertia: 1.0, least: f64::NEG_INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn each_intent_gets_its_own_probability_and_the_least_tells_them_apart() {
        let mut random = Random::new(5, 0);
        let mut message = || {
            let has: Vec<bool> = (0..6).map(|_| random.uniform() < 0.3).collect();
            let logits = has.iter().map(|has| if *has { 2.0 } else { -2.0 } + random.normal()).collect();
            Heard { logits, has }
        };
        let messages: Vec<Heard> = (0..400).map(|_| message()).collect();
        let several = SeveralIntents::fit(&messages).expect("some have intents");
        let fresh: Vec<Heard> = (0..200).map(|_| message()).collect();
        let pairs = fresh.iter().flat_map(|heard| several.probabilities(&heard.logits).into_iter().zip(&heard.has));
        let right = pairs.clone().filter(|(said, has)| (*said >= several.least) == **has).count();
        assert!(right as f32 > 0.95 * 1200.0, "{right} of 1200 with {several:?}");
        let (said, is) = pairs.fold((0.0, 0.0), |sum, (said, has)| (sum.0 + said, sum.1 + f32::from(u8::from(*has))));
        assert!((said / is - 1.0).abs() < 0.1, "{said} expected, {is} there");
    }

    #[test]
    fn nothing_is_fitted_on_nothing() {
        assert_eq!(SeveralIntents::fit(&[]), None);
        assert_eq!(SeveralIntents::fit(&[Heard { logits: vec![0.0; 3], has: vec![false; 3] }]), None);
    }
}
