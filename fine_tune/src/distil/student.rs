//! The student's part of a recipe: what it is made of, its sizes, how it learns.

use anyhow::bail;
use model::{Architecture, DistilOptions, Shape, TransformerShape};
use serde::{Deserialize, Serialize};

/// Filters of each width where a recipe names none.
const FILTERS: usize = 64;
/// Heads of attention where a recipe names none.
const HEADS: usize = 6;
/// Layers of attention where a recipe names none.
const ATTENTION_LAYERS: usize = 2;
/// Highest learning rate of a transformer where a recipe names none.
const TRANSFORMER_RATE: f32 = 1e-3;

/// The student's sizes and how it learns.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Student {
    /// What it is made of.
    pub architecture: Kind,
    /// Most pieces of the vocabulary.
    pub vocabulary: usize,
    /// Of `averaged` alone: rows that pairs of neighbouring pieces share; none where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<usize>,
    /// Of `convolution` alone: filters for each of the widths of one, two and three pieces; 64 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<usize>,
    /// Of `transformer` alone: heads that share the width; 6 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<usize>,
    /// Values of a piece's row, and of a vector.
    pub width: usize,
    /// Values within a dense layer or a feed-forward block.
    pub inner: usize,
    /// Dense layers, or layers of attention; where left out 1, of a transformer 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// Passes over all lines.
    pub epochs: u32,
    /// Sentences of a step.
    pub batch_size: usize,
    /// Highest learning rate; where left out 0.003, of a transformer 0.001.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f32>,
    /// Weight decay of the dense layers.
    pub weight_decay: f32,
    /// Share of sentences read with slips of the keyboard.
    pub noise: f32,
}

/// What a student is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sums of the pieces' rows, and dense layers over them.
    #[default]
    Averaged,
    /// The same with what convolutions over the pieces find.
    Convolution,
    /// A BERT, in Hugging Face layout.
    Transformer,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Averaged => "averaged",
            Self::Convolution => "convolution",
            Self::Transformer => "transformer",
        }
    }
}

impl Default for Student {
    fn default() -> Self {
        let DistilOptions { architecture, epochs, batch_size, weight_decay, noise, .. } = DistilOptions::default();
        let (vocabulary, width, inner) = match architecture {
            Architecture::Averaged(Shape { vocabulary, width, inner, .. })
            | Architecture::Transformer(TransformerShape { vocabulary, width, inner, .. }) => {
                (vocabulary, width, inner)
            }
        };
        Self {
            architecture: Kind::default(),
            vocabulary,
            pairs: None,
            filters: None,
            heads: None,
            width,
            inner,
            layers: None,
            epochs,
            batch_size,
            learning_rate: None,
            weight_decay,
            noise,
        }
    }
}

impl Student {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, given, owner) in [
            ("pairs", self.pairs.is_some(), Kind::Averaged),
            ("filters", self.filters.is_some(), Kind::Convolution),
            ("heads", self.heads.is_some(), Kind::Transformer),
        ] {
            if given && self.architecture != owner {
                let (owner, own) = (owner.name(), self.architecture.name());
                bail!("student.{name} belongs to the architecture {owner:?}, not to {own:?}; leave it out");
            }
        }
        let Self { vocabulary, width, inner, epochs, batch_size, noise, .. } = *self;
        let is_transformer = self.architecture == Kind::Transformer;
        let (layers, heads) = (self.layers(), self.heads.unwrap_or(HEADS));
        let within = [
            ("vocabulary", (1000..=200_000).contains(&vocabulary), "1000 to 200000"),
            ("pairs", self.pairs.is_none_or(|pairs| pairs <= 4_000_000), "0 to 4000000"),
            ("filters", self.filters.is_none_or(|filters| (1..=1024).contains(&filters)), "1 to 1024"),
            ("width", (8..=4096).contains(&width), "8 to 4096"),
            ("heads", !is_transformer || (heads >= 1 && width.is_multiple_of(heads)), "a divisor of student.width"),
            ("inner", (8..=8192).contains(&inner), "8 to 8192"),
            ("layers", layers <= 8 && (layers >= 1 || !is_transformer), "0 to 8, of a transformer 1 to 8"),
            ("epochs", epochs >= 1, "1 or more"),
            ("batch_size", (8..=16_384).contains(&batch_size), "8 to 16384"),
            ("learning_rate", self.learning_rate.is_none_or(|rate| rate > 0.0 && rate < 1.0), "above 0 and below 1"),
            ("noise", (0.0..=1.0).contains(&noise), "0 to 1"),
        ];
        match within.iter().find(|(_, sound, _)| !sound) {
            Some((name, _, range)) => bail!("student.{name} must be {range}"),
            None => Ok(()),
        }
    }

    fn layers(&self) -> usize {
        self.layers.unwrap_or(if self.architecture == Kind::Transformer { ATTENTION_LAYERS } else { 1 })
    }

    pub(super) fn options(&self, seed: u64) -> DistilOptions {
        let Self { vocabulary, width, inner, epochs, batch_size, weight_decay, noise, .. } = *self;
        let layers = self.layers();
        let sums = |pairs, filters| Architecture::Averaged(Shape { vocabulary, pairs, filters, width, inner, layers });
        let usual = DistilOptions::default().learning_rate;
        let (architecture, rate) = match self.architecture {
            Kind::Averaged => (sums(self.pairs.unwrap_or(0), 0), usual),
            Kind::Convolution => (sums(0, self.filters.unwrap_or(FILTERS)), usual),
            Kind::Transformer => {
                let heads = self.heads.unwrap_or(HEADS);
                let shape = TransformerShape { vocabulary, width, inner, layers, heads };
                (Architecture::Transformer(shape), TRANSFORMER_RATE)
            }
        };
        let learning_rate = self.learning_rate.unwrap_or(rate);
        DistilOptions { architecture, epochs, batch_size, learning_rate, weight_decay, noise, seed }
    }
}
