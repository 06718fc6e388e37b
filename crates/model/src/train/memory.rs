//! How much memory a training takes, by the sizes of its parts, and how much of a batch fits beside them at a time.
//! By sizes alone, so that the same training always goes in the same pieces.

use rayon::prelude::*;

use super::plan::{MANY_ROWS, Plan, StageKind};
use crate::encoder::bert::BertConfig;
use crate::features::Featuriser;
use crate::linear::Linear;
use crate::network::Network;
use crate::split::Row;
use crate::{Depth, Error};

/// Bytes of a number.
const NUMBER: u64 = 4;
/// What the program, its libraries and the stacks of its threads take.
const PROGRAM: u64 = 90 << 20;
/// What an allocator holds beside what it was asked for, in hundredths.
const SPARE: u64 = 110;
/// Copies of each text: as it came, as a row, in splits of the rows.
const TEXTS: u64 = 6;
/// Bytes that a row takes beside its text and features.
const ROW: u64 = 400;
/// Bytes of a feature of a row.
const FEATURE: u64 = 8;

/// The sizes that decide how much memory a fit takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    rows: u64,
    /// Bytes of all texts.
    text: u64,
    /// Features of all rows, once for each time that they are kept.
    features: u64,
    /// Values that the linear classifiers learn.
    linear: u64,
    outputs: u64,
    /// Values of tables and light encoders.
    light: u64,
    base: Option<Base>,
}

/// The sizes of a base.
#[derive(Debug, Clone, Copy)]
struct Base {
    dense: u64,
    words: u64,
    /// Numbers that go forward and back for one token, at most, and the longest message.
    token: u64,
    longest: u64,
}

impl Base {
    fn new(config: &BertConfig, network: &Network) -> Self {
        let [hidden, inner, layers, heads, longest] = [
            config.hidden_size,
            config.intermediate_size,
            config.num_hidden_layers,
            config.num_attention_heads,
            config.max_tokens(),
        ]
        .map(|size| size as u64);
        // Forward, each layer keeps these; back, one layer at a time needs three more rows and the widest once more.
        let layer = 8 * hidden + 2 * inner + heads * longest + 2;
        let token = layers * layer + 2 * hidden + 3 * hidden + inner.max(3 * hidden);
        let dense = network.bert.as_ref().map_or(0, |bert| bert.weights.values.len()) as u64;
        Self { dense, words: network.tokens.values().len() as u64, token, longest }
    }
}

/// Features that are kept: by the linear classifiers and the neighbours of one in `step` rows, by the network of all.
fn copies(features: u64, step: u64, [is_wide, is_kept]: [bool; 2]) -> u64 {
    features * u64::from(is_kept) + features / step * (1 + u64::from(is_wide))
}

impl Sizes {
    pub(super) fn new(train: &[Row], featuriser: &Featuriser, network: &Network) -> Self {
        let (rows, outputs) = (train.len() as u64, network.outputs as u64);
        let base = network.base().map(|config| Base::new(config, network));
        let step = train.len().div_ceil(MANY_ROWS).max(1);
        let heard = train.len().div_ceil(step);
        let is_wide = Linear::fits(heard, featuriser.len(), network.outputs);
        let is_kept = base.is_some() || train.len() <= MANY_ROWS;
        let count = |row: &Row| {
            let features = featuriser.features(&row.text);
            (features.rows.len() + features.pairs.len()) as u64
        };
        Self {
            rows,
            text: train.iter().map(|row| row.text.len() as u64).sum(),
            features: copies(train.par_iter().map(count).sum(), step as u64, [is_wide, is_kept]),
            linear: if is_wide { (featuriser.len() + heard) as u64 * outputs } else { 0 },
            outputs,
            light: match base {
                None => (network.ngrams.values().len() + network.tokens.values().len()) as u64,
                Some(_) => 0,
            },
            base,
        }
    }

    /// Bytes of all that does not depend on how much of a batch is taken at a time.
    fn fixed(&self, depth: Depth) -> u64 {
        // Values with two moments, the best state so far, and the first fit's while the last one runs.
        let light = 5 * self.light;
        let base = self.base.map_or(0, |Base { dense, words, .. }| match depth {
            // The first fit's twice, as it is laid out for serving, and the last one's, while it is read from its file.
            Depth::Frozen => 2 * dense + words + 3 * (dense + words),
            // The same for the first fit; then the last one's weights, gradients and moments.
            _ => 6 * dense + 4 * words,
        });
        let judged = 2 * self.rows * self.outputs;
        let numbers = light + base + judged + 2 * self.linear;
        PROGRAM + TEXTS * self.text + ROW * self.rows + FEATURE * self.features + NUMBER * numbers
    }

    /// Bytes that a training takes at least.
    fn least(&self, depth: Depth) -> u64 {
        let one = self.base.filter(|_| depth != Depth::Frozen).map_or(0, |base| NUMBER * base.token * base.longest);
        (self.fixed(depth) + one) * SPARE / 100
    }

    /// Tokens of a batch that fit a limit at a time, `None` where all do; or an error that names what would fit.
    pub(super) fn most_tokens(&self, limit: u64, plan: &Plan<'_>) -> Result<Option<usize>, Error> {
        let depth = plan.depth;
        if self.least(depth) > limit {
            return Err(self.refusal(limit, depth));
        }
        let Some(base) = self.base.filter(|_| plan.stages.iter().any(|stage| stage.kind != StageKind::Head)) else {
            return Ok(None);
        };
        let tokens = (limit * 100 / SPARE - self.fixed(depth)) / (NUMBER * base.token);
        let largest = 2 * plan.options.batch_size as u64 * base.longest;
        Ok((tokens < largest).then_some(tokens as usize))
    }

    fn refusal(&self, limit: u64, depth: Depth) -> Error {
        let needed = size(self.least(depth));
        let ways = match self.base {
            Some(_) if depth != Depth::Frozen && self.least(Depth::Frozen) <= limit => {
                format!("; the depth frozen needs {}", size(self.least(Depth::Frozen)))
            }
            Some(_) => "; a smaller base or none needs less".to_owned(),
            None => "; fewer rows or intents need less".to_owned(),
        };
        Error::Option {
            option: "memory",
            problem: format!("this training needs at least {needed}, and may take {}{ways}", size(limit)),
        }
    }
}

/// Bytes in the unit that people use.
fn size(bytes: u64) -> String {
    if bytes >= 1_000_000_000 {
        format!("{:.1} GB", bytes as f64 / 1e9)
    } else {
        format!("{} MB", bytes.div_ceil(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrainOptions;

    /// MiniLM on ten thousand short messages.
    fn sizes() -> Sizes {
        let base = Base { dense: 10_900_000, words: 11_700_000, token: 40_000, longest: 128 };
        Sizes {
            rows: 10_000,
            text: 600_000,
            features: 3_000_000,
            linear: 10_000_000,
            outputs: 77,
            light: 0,
            base: Some(base),
        }
    }

    fn most_tokens(limit: u64, depth: Depth) -> Result<Option<usize>, String> {
        let options = TrainOptions { base: Some(crate::BaseSource::Folder("base".into())), ..TrainOptions::default() };
        sizes().most_tokens(limit, &Plan::new(depth, 10_000, &options)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_more_memory_the_more_of_a_batch_is_taken_at_a_time() {
        let least = sizes().least(Depth::Full);
        let tokens = |more: u64| most_tokens(least + more, Depth::Full).expect("enough");
        assert!((128..140).contains(&tokens(0).expect("a limit")), "{:?}", tokens(0));
        assert!(tokens(100_000_000) > tokens(50_000_000));
        assert_eq!(tokens(4_000_000_000), None);
    }

    #[test]
    fn what_cannot_fit_is_refused_with_what_would() {
        let error = most_tokens(700_000_000, Depth::Full).expect_err("too little");
        assert!(error.contains("may take 700 MB") && error.contains("the depth frozen needs 6"), "{error}");
        assert_eq!(most_tokens(700_000_000, Depth::Frozen), Ok(None));
        assert!(most_tokens(1_000_000, Depth::Frozen).expect_err("none").contains("a smaller base or none"));
    }
}
