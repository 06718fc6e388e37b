//! How deep training goes into a pretrained encoder, and how exactly it computes when it serves.

use serde::{Deserialize, Serialize};

/// Rows per intent, on average, below which an encoder is taught by comparing rows rather than by their labels.
const FEW_PER_INTENT: usize = 20;
/// Rows above which an encoder is left as it is, unless told otherwise: teaching it would take hours.
const MANY_ROWS: usize = 100_000;

/// How much of a base is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// The encoder stays as it is; a head learns over its vectors: seconds.
    Frozen,
    /// The encoder learns to tell intents apart by comparing rows, as in SetFit (Tunstall et al., 2022); then a head.
    FewShot,
    /// Encoder and head learn together, lower layers more slowly.
    Full,
}

/// How exactly a trained base computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// In 32-bit floats.
    #[default]
    Float,
    /// Dense layers in 8 bits, weights and states alike: faster, a little less exact.
    EightBit,
}

impl Depth {
    /// What suits an amount of data.
    pub(crate) fn usual(rows: usize, intents: usize) -> Self {
        if rows > MANY_ROWS {
            Self::Frozen
        } else if rows < FEW_PER_INTENT * intents {
            Self::FewShot
        } else {
            Self::Full
        }
    }
}
