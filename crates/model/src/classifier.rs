//! The trained classifier: from a message to calibrated probabilities.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokenizers::Tokenizer;

use crate::bundle;
use crate::calibration::Calibration;
use crate::encoder::bert::BertConfig;
use crate::features::Featuriser;
use crate::info::FeatureInfo;
use crate::neighbours::Neighbours;
use crate::network::{Input, Network, Plain};
use crate::scope::Evidence;
use crate::sentiment::SentimentHead;
use crate::train::{MAX_TOKENS, Reader};
use crate::{
    BundleInfo, Depth, Entity, EntityFinder, EntityTagger, Error, FORMAT_VERSION, Gazetteer, Prediction, Scored,
    TrainOptions, TrainingSet,
};

/// A trained classifier, ready to serve from many threads.
#[derive(Debug, Clone)]
pub struct Classifier {
    parts: Arc<Parts>,
    info: BundleInfo,
    gazetteer: Gazetteer,
    finder: EntityFinder,
    /// Thresholds found before, by the bits of their rate: each is asked for with every message.
    thresholds: Arc<Mutex<BTreeMap<u32, f32>>>,
}

impl Classifier {
    pub(crate) fn new(parts: Parts, info: BundleInfo, gazetteer: Gazetteer) -> Self {
        let finder = EntityFinder::new(&gazetteer);
        Self { parts: Arc::new(parts), info, gazetteer, finder, thresholds: Arc::default() }
    }

    /// Loads a bundle, refusing one that is damaged or of another version.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        let (parts, info, gazetteer) = bundle::load(dir)?;
        Ok(Self::new(parts, info, gazetteer))
    }

    /// Saves a bundle into a new folder: all of it or nothing, and safe on the disk when this returns.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        bundle::save(dir, &self.parts, &self.info, &self.gazetteer)
    }

    /// Classifies messages: a base's encoder takes them together, all else one after another on this thread.
    pub fn predict(&self, texts: &[&str]) -> Vec<Prediction> {
        let normalised: Vec<_> = texts.iter().map(|text| text::normalise(text)).collect();
        let inputs: Vec<Input> = normalised.iter().map(|text| self.parts.read(text.as_str())).collect();
        let scores = self.parts.scores(&inputs);
        let texts = texts.iter().zip(&normalised).map(|(original, text)| (*original, text.as_str()));
        texts.zip(scores).map(|((original, text), scores)| self.prediction(original, text, scores)).collect()
    }

    fn prediction(&self, original: &str, normalised: &str, scores: Scores) -> Prediction {
        let mut ranking: Vec<Scored> = self
            .intents()
            .iter()
            .zip(&scores.probabilities)
            .map(|(intent, probability)| Scored { intent: intent.clone(), probability: *probability })
            .collect();
        ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let temperature = self.parts.calibration.sentiment_temperature;
        Prediction {
            ranking,
            in_scope: scores.in_scope,
            sentiment: self.parts.sentiment.as_ref().map(|head| head.predict(normalised, temperature)),
            entities: self.entities(original),
        }
    }

    fn entities(&self, original: &str) -> Vec<Entity> {
        match &self.parts.tagger {
            None => self.finder.find(original),
            Some(tagger) => tagger.find(original, &self.finder),
        }
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
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
        let mut known = self.thresholds.lock().unwrap_or_else(PoisonError::into_inner);
        *known
            .entry(accepted_error_rate.to_bits())
            .or_insert_with(|| self.parts.calibration.threshold(accepted_error_rate))
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
    /// Normalised texts of the neighbours, in their order; none in bundles from before they were kept.
    pub examples: Vec<String>,
    pub intents: Vec<String>,
    pub sentiment: Option<SentimentHead>,
    pub tagger: Option<EntityTagger>,
    pub calibration: Calibration,
    /// Put before each text for the token encoder.
    pub prefix: String,
    /// How much of the base was trained, where there was one.
    pub depth: Option<Depth>,
    pub metrics: BTreeMap<String, f32>,
}

/// Calibrated probabilities of one message.
pub(crate) struct Scores {
    /// One for each intent, in their order.
    pub probabilities: Vec<f32>,
    pub in_scope: f32,
}

impl Parts {
    pub(crate) fn read(&self, text: &str) -> Input {
        Reader {
            featuriser: &self.featuriser,
            tokenizer: &self.tokenizer,
            prefix: &self.prefix,
            bert: self.network.base(),
        }
        .read(text)
    }

    /// Probabilities of messages that have been read.
    pub(crate) fn scores(&self, inputs: &[Input]) -> Vec<Scores> {
        // Shapes were checked when the network was made or loaded; without logits nothing is claimed.
        let none = || vec![vec![0.0; self.network.outputs]; inputs.len()];
        let logits = self.network.logits(&self.plain, &inputs.iter().collect::<Vec<_>>()).unwrap_or_else(|_| none());
        inputs.iter().zip(&logits).map(|(input, logits)| self.score(input, logits)).collect()
    }

    fn score(&self, input: &Input, logits: &[f32]) -> Scores {
        let (inside, rest) = logits.split_at(self.intents.len());
        let evidence = Evidence {
            logits: inside,
            none: rest.first().copied(),
            similarity: self.neighbours.nearest(&input.features, None).any,
            known: input.features.known,
        };
        let in_scope = self.calibration.scope.probability(&evidence.signals(None));
        let mut probabilities = softmax(evidence.logits, self.calibration.temperature);
        for probability in &mut probabilities {
            *probability *= in_scope;
        }
        Scores { probabilities, in_scope }
    }

    fn heads(&self) -> Vec<String> {
        let heads = [
            ("intent", !self.intents.is_empty()),
            ("sentiment", self.sentiment.is_some()),
            ("entities", self.tagger.is_some()),
        ];
        heads.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
    }

    pub(crate) fn classifier(self, set: &TrainingSet, options: &TrainOptions) -> Classifier {
        let fingerprint = fingerprint(set);
        let rates = [0.01f32, 0.02, 0.05, 0.1, 0.2];
        let info = BundleInfo {
            format_version: FORMAT_VERSION,
            version: options.version.clone().unwrap_or_else(|| version(options, &fingerprint)),
            trained_at: options.trained_at.clone(),
            heads: self.heads(),
            features: FeatureInfo {
                encoder: self.network.kind,
                n_ngrams: self.featuriser.len(),
                n_tokens: self.tokenizer.get_vocab_size(true),
                prefix: self.prefix.clone(),
                max_tokens: self.network.base().map_or(MAX_TOKENS, BertConfig::max_tokens),
            },
            calibration: self.calibration.clone(),
            thresholds: rates.iter().map(|rate| (rate.to_string(), self.calibration.threshold(*rate))).collect(),
            accepted_error_rate: options.accepted_error_rate,
            data_fingerprint: fingerprint,
            metrics: self.metrics.clone(),
            depth: self.depth,
            base_licence: options.base_licence.clone(),
            precision: options.precision,
            options: Some(TrainOptions {
                depth: self.depth,
                epochs: Some(options.epochs_on(set)),
                learning_rate: Some(options.highest_rate()),
                ..options.of_the_result()
            }),
            languages: set.languages.clone(),
            n_examples: set.train.len() + set.validation.len(),
        };
        Classifier::new(self, info, set.gazetteer.clone())
    }
}

/// The time of training, then a hash of data and options: sorts by time, and differs where anything differs.
fn version(options: &TrainOptions, fingerprint: &str) -> String {
    let time: String = options.trained_at.chars().filter(char::is_ascii_alphanumeric).collect();
    let hash = hex(Sha256::new().chain_update(fingerprint).chain_update(format!("{options:?}")));
    if time.is_empty() { hash[..12].to_owned() } else { format!("{time}-{}", &hash[..8]) }
}

pub(crate) fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 over all rows, in hexadecimal.
pub(crate) fn fingerprint(set: &TrainingSet) -> String {
    let mut hasher = Sha256::new();
    let mut add = |part: &[u8]| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    for example in set.train.iter().chain(&set.validation) {
        add(example.text.as_bytes());
        add(example.intent.as_deref().unwrap_or("").as_bytes());
        add(&example.weight.to_le_bytes());
    }
    for (text, sentiment) in &set.sentiment {
        add(text.as_bytes());
        add(&[*sentiment as u8]);
    }
    for message in &set.annotated {
        add(message.text.as_bytes());
        for mention in &message.mentions {
            add(mention.entity.as_bytes());
            add(&[mention.start as u64, mention.end as u64].map(u64::to_le_bytes).concat());
        }
    }
    hex(hasher)
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
