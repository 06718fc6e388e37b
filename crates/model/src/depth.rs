//! How deep training goes into a pretrained encoder, and how exactly it computes when it serves.

use serde::{Deserialize, Serialize};

/// Rows per intent, on average, below which an encoder is taught by comparing rows rather than by their labels.
const FEW_PER_INTENT: usize = 20;
/// Marked messages above which an encoder is left as it is, unless told otherwise: teaching it would take hours.
const MANY_MESSAGES: usize = 100_000;

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
    /// What suits an amount of data. A head over vectors that stay is as accurate as a whole fine-tune on two of three sets
    /// that were compared, 0.7 points less on the third, and learned in a fifth to a tenth of the time.
    pub(crate) fn usual(rows: usize, intents: usize) -> Self {
        if rows < FEW_PER_INTENT * intents { Self::FewShot } else { Self::Frozen }
    }

    /// What suits so many messages with marked entities, where there are no intents.
    pub(crate) fn for_entities(messages: usize) -> Self {
        if messages > MANY_MESSAGES { Self::Frozen } else { Self::Full }
    }
}
