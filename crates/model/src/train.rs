//! Training from a set to a classifier.

use std::collections::BTreeMap;

use crate::info::FeatureInfo;
use crate::{BundleInfo, Classifier, Control, EncoderKind, Error, FORMAT_VERSION, Progress, TrainOptions, TrainingSet};

/// Trains a classifier.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    _watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    let mut counts: BTreeMap<String, f32> = BTreeMap::new();
    for example in &set.train {
        if let Some(intent) = &example.intent {
            *counts.entry(intent.clone()).or_default() += 1.0;
        }
    }
    if counts.is_empty() {
        return Err(Error::Data {
            found: "no example with an intent".into(),
            remedy: "add examples to intents/*.yml".into(),
        });
    }
    let total: f32 = counts.values().sum();
    let info = BundleInfo {
        format_version: FORMAT_VERSION,
        version: "0".into(),
        trained_at: options.trained_at.clone(),
        heads: vec!["intent".into()],
        features: FeatureInfo {
            encoder: EncoderKind::Ngrams,
            n_ngrams: 0,
            n_tokens: 0,
            prefix: String::new(),
            max_tokens: 0,
        },
        calibration: crate::calibration::Calibration::default(),
        thresholds: BTreeMap::new(),
        accepted_error_rate: options.accepted_error_rate,
        data_fingerprint: String::new(),
        metrics: BTreeMap::new(),
        base_licence: None,
        languages: set.languages.clone(),
        n_examples: set.train.len(),
    };
    let priors = counts.values().map(|n| n / total).collect();
    Ok(Classifier::new(info, counts.into_keys().collect(), priors))
}
