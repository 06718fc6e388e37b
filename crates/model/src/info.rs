//! What `frontdesk.json` holds about a bundle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::{Depth, EncoderKind, Precision, TrainOptions};

/// The bundle format this build writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// Facts about a bundle, as stored in `frontdesk.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BundleInfo {
    /// Version of the bundle format.
    pub format_version: u32,
    /// Name of this model, unique per training data and options.
    pub version: String,
    /// When it was trained, RFC 3339, empty when not told.
    pub trained_at: String,
    /// Heads present: `intent`, `sentiment` and `entities`, those that were trained.
    pub heads: Vec<String>,
    /// How texts become features.
    pub features: FeatureInfo,
    /// How scores become probabilities.
    pub calibration: Calibration,
    /// Thresholds by accepted error rate, for reading; `Classifier::threshold` computes any other.
    pub thresholds: BTreeMap<String, f32>,
    /// The accepted error rate training was asked for.
    pub accepted_error_rate: f32,
    /// SHA-256 of the training rows.
    pub data_fingerprint: String,
    /// Held-out figures by name.
    pub metrics: BTreeMap<String, f32>,
    /// Licence of the base's weights, when there is a base.
    pub base_licence: Option<String>,
    /// How much of the base was trained, when there is a base.
    #[serde(default)]
    pub depth: Option<Depth>,
    /// How exactly the base's encoder computes.
    #[serde(default)]
    pub precision: Precision,
    /// How it learned, with every choice made; none in bundles from before that was written down.
    #[serde(default)]
    pub options: Option<TrainOptions>,
    /// Codes of the bot's languages.
    pub languages: Vec<String>,
    /// Labelled rows the model was made from.
    pub n_examples: usize,
}

/// How texts become features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureInfo {
    /// The token encoder.
    pub encoder: EncoderKind,
    /// Known n-grams.
    pub n_ngrams: usize,
    /// Tokens in the vocabulary.
    pub n_tokens: usize,
    /// Put before each text for the encoder.
    pub prefix: String,
    /// Tokens read of each message.
    pub max_tokens: usize,
}
