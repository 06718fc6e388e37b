//! The trained classifier: from a message to calibrated probabilities.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use tokenizers::Tokenizer;

use crate::calibration::Calibration;
use crate::features::Featuriser;
use crate::info::FeatureInfo;
use crate::neighbours::Neighbours;
use crate::network::{Input, Network, Plain, best};
use crate::scope::{self, Evidence};
use crate::split::Row;
use crate::train::{MAX_TOKENS, read};
use crate::{BundleInfo, Error, FORMAT_VERSION, Gazetteer, Prediction, Scored, TrainOptions, TrainingSet};

/// A trained classifier, ready to serve from many threads.
#[derive(Debug, Clone)]
pub struct Classifier {
    parts: Arc<Parts>,
    info: BundleInfo,
    gazetteer: Gazetteer,
}

impl Classifier {
    /// Loads a bundle.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        Err(Error::bundle(dir, "is no bundle"))
    }

    /// Saves a bundle.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        std::fs::create_dir(dir).map_err(Error::io(dir))
    }

    /// Classifies messages, one after another on this thread.
    pub fn predict(&self, texts: &[&str]) -> Vec<Prediction> {
        texts.iter().map(|text| self.predict_one(text)).collect()
    }

    fn predict_one(&self, original: &str) -> Prediction {
        let normalised = text::normalise(original);
        let scores = self.parts.scores(normalised.as_str());
        let mut ranking: Vec<Scored> = self
            .intents()
            .iter()
            .zip(&scores.probabilities)
            .map(|(intent, probability)| Scored { intent: intent.clone(), probability: *probability })
            .collect();
        ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        Prediction { ranking, in_scope: scores.in_scope, sentiment: None, entities: self.gazetteer.find(original) }
    }

    /// Facts about the bundle.
    pub fn info(&self) -> &BundleInfo {
        &self.info
    }

    /// Names of the intents.
    pub fn intents(&self) -> &[String] {
        &self.parts.intents
    }

    /// The threshold on the best intent's probability that keeps to an accepted error rate.
    pub fn threshold(&self, accepted_error_rate: f32) -> f32 {
        self.parts.calibration.threshold(accepted_error_rate)
    }
}

/// All that turns a normalised text into probabilities.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub featuriser: Featuriser,
    pub tokenizer: Tokenizer,
    pub network: Network,
    pub plain: Plain,
    pub neighbours: Neighbours,
    pub intents: Vec<String>,
    pub calibration: Calibration,
    pub metrics: BTreeMap<String, f32>,
}

struct Scores {
    probabilities: Vec<f32>,
    in_scope: f32,
}

impl Parts {
    pub(crate) fn new(
        featuriser: Featuriser,
        tokenizer: Tokenizer,
        network: Network,
        train: &[Row],
        intents: Vec<String>,
    ) -> Self {
        let inside: Vec<_> = train
            .iter()
            .filter(|row| (row.label as usize) < intents.len())
            .map(|row| (featuriser.features(&row.text), row.label))
            .collect();
        let examples: Vec<_> = inside.iter().map(|(features, label)| (features.rows.as_slice(), *label)).collect();
        let neighbours = Neighbours::new(featuriser.len(), &examples);
        let plain = network.plain().expect("a network has the weights it was made with");
        Self {
            featuriser,
            tokenizer,
            network,
            plain,
            neighbours,
            intents,
            calibration: Calibration::default(),
            metrics: BTreeMap::new(),
        }
    }

    fn evidence<'a>(&self, input: &Input, logits: &'a [f32], label: Option<u32>) -> (Evidence<'a>, f32) {
        let nearest = self.neighbours.nearest(&input.features, label);
        let (inside, rest) = logits.split_at(self.intents.len());
        let evidence = Evidence {
            logits: inside,
            none: rest.first().copied(),
            similarity: nearest.any,
            known: input.features.known,
        };
        (evidence, nearest.other)
    }

    fn scores(&self, text: &str) -> Scores {
        let input = read(&self.featuriser, &self.tokenizer, text);
        let logits = self.network.logits(&self.plain, &input);
        let (evidence, _) = self.evidence(&input, &logits, None);
        let in_scope = self.calibration.scope.probability(&evidence.signals(None));
        let mut probabilities = softmax(evidence.logits, self.calibration.temperature);
        for probability in &mut probabilities {
            *probability *= in_scope;
        }
        Scores { probabilities, in_scope }
    }

    /// Fits temperature, scope and curve on rows the network has not seen.
    pub(crate) fn calibrate(&mut self, held_out: &[Row]) -> Result<(), Error> {
        let none = self.intents.len() as u32;
        let judged: Vec<(Vec<f32>, u32, [f32; scope::SIGNALS], [f32; scope::SIGNALS])> = held_out
            .par_iter()
            .map(|row| {
                let input = read(&self.featuriser, &self.tokenizer, &row.text);
                let logits = self.network.logits(&self.plain, &input);
                let (evidence, other) = self.evidence(&input, &logits, Some(row.label));
                let left_out = Evidence { similarity: other, ..evidence }.signals(Some(row.label as usize));
                (evidence.logits.to_vec(), row.label, evidence.signals(None), left_out)
            })
            .collect();
        let (inside, outside): (Vec<_>, Vec<_>) = judged.iter().partition(|row| row.1 < none);
        self.calibration.fit_temperature(&inside.iter().map(|row| (row.0.as_slice(), row.1)).collect::<Vec<_>>());
        let signals = |rows: &[&(Vec<f32>, u32, [f32; scope::SIGNALS], [f32; scope::SIGNALS])]| {
            rows.iter().map(|row| row.2).collect::<Vec<_>>()
        };
        let left_out: Vec<_> = inside.iter().map(|row| row.3).collect();
        self.calibration.scope = scope::fit(&signals(&inside), &signals(&outside), &left_out);
        let points = judged.iter().map(|(logits, label, signals, _)| {
            let in_scope = self.calibration.scope.probability(signals);
            let probabilities = softmax(logits, self.calibration.temperature);
            let index = best(&probabilities);
            (probabilities.get(index).copied().unwrap_or(0.0) * in_scope, index == *label as usize)
        });
        let points: Vec<_> = points.collect();
        self.calibration.set_curve(points);
        Ok(())
    }

    pub(crate) fn classifier(self, set: &TrainingSet, options: &TrainOptions) -> Classifier {
        let info = BundleInfo {
            format_version: FORMAT_VERSION,
            version: options.version.clone().unwrap_or_default(),
            trained_at: options.trained_at.clone(),
            heads: vec!["intent".into()],
            features: FeatureInfo {
                encoder: self.network.kind,
                n_ngrams: self.featuriser.len(),
                n_tokens: self.tokenizer.get_vocab_size(true),
                prefix: String::new(),
                max_tokens: MAX_TOKENS,
            },
            calibration: self.calibration.clone(),
            thresholds: BTreeMap::new(),
            accepted_error_rate: options.accepted_error_rate,
            data_fingerprint: String::new(),
            metrics: self.metrics.clone(),
            base_licence: options.base_licence.clone(),
            languages: set.languages.clone(),
            n_examples: set.train.len(),
        };
        Classifier { parts: Arc::new(self), info, gazetteer: set.gazetteer.clone() }
    }
}

/// Probabilities of logits at a temperature.
pub(crate) fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = logits.iter().map(|logit| ((logit - highest) / temperature).exp()).collect();
    let sum: f32 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}
