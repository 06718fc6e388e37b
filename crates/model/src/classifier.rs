//! The trained classifier: from a message to calibrated probabilities.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use crate::bundle;
use crate::calibration::Calibration;
use crate::encoder::bert::Bert;
use crate::entities::{Cutter, Form, Pieces, Seen, Tokenised};
use crate::features::Featuriser;
use crate::info::FeatureInfo;
use crate::neighbours::Neighbours;
use crate::network::{Input, Network, Plain};
use crate::scope::Evidence;
use crate::sentence::shipped;
use crate::sentiment::SentimentHead;
use crate::tokens::Tokenizer;
use crate::train::{Reader, tagged_pieces};
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
    /// The base's vectors of the examples, once somebody has asked for the nearest.
    meanings: Arc<OnceLock<Vec<f32>>>,
}

impl Classifier {
    pub(crate) fn new(parts: Parts, info: BundleInfo, gazetteer: Gazetteer) -> Self {
        let finder = EntityFinder::new(&gazetteer);
        Self { parts: Arc::new(parts), info, gazetteer, finder, thresholds: Arc::default(), meanings: Arc::default() }
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
        let mut inputs: Vec<Input> = normalised.iter().map(|text| self.parts.read(text.as_str())).collect();
        let entities = self.entities(texts, &mut inputs);
        if self.parts.sentiment.as_ref().is_some_and(|head| head.meaning.is_some()) {
            self.parts.bring_vectors(&mut inputs);
        }
        let scores = self.parts.scores(&inputs);
        let texts = normalised.iter().map(text::Normalised::as_str);
        let rows = texts.zip(&inputs).zip(scores.into_iter().zip(entities));
        rows.map(|((text, input), (scores, entities))| {
            let temperature = self.parts.calibration.sentiment_temperature;
            let sentiment = self.parts.sentiment.as_ref().map(|head| head.predict(text, &input.vector, temperature));
            Prediction { sentiment, entities, ..self.prediction(scores) }
        })
        .collect()
    }

    /// What the scores say of the intents; no sentiment and no entities yet.
    fn prediction(&self, scores: Scores) -> Prediction {
        let mut ranking: Vec<Scored> = self
            .intents()
            .iter()
            .zip(&scores.probabilities)
            .map(|(intent, probability)| Scored { intent: intent.clone(), probability: *probability })
            .collect();
        ranking.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let several = self.parts.calibration.several.map(|several| {
            let named = ranking.iter().take_while(|scored| scored.probability >= several.least);
            named.cloned().collect()
        });
        Prediction { ranking, in_scope: scores.in_scope, several, sentiment: None, entities: Vec::new() }
    }

    /// Entities of each message; where a base reads for them, the vectors that it gives of the messages are left with
    /// the inputs, so that intents need no pass of their own.
    fn entities(&self, texts: &[&str], inputs: &mut [Input]) -> Vec<Vec<Entity>> {
        let Some(tagger) = &self.parts.tagger else {
            return texts.iter().map(|text| self.finder.find(text)).collect();
        };
        let messages: Vec<Tokenised<'_>> = texts.iter().map(|text| Tokenised::new(text)).collect();
        let Some((cutter, bert)) = tagger.form().and_then(|form| self.parts.cutter(form)) else {
            return messages.iter().map(|message| tagger.find_seen(message, &self.finder, None)).collect();
        };
        let pieces: Vec<Pieces> = messages.iter().map(|message| cutter.cut(message)).collect();
        let ids: Vec<&[u32]> = pieces.iter().map(|pieces| pieces.ids.as_slice()).collect();
        let (states, hidden) = (bert.states(&self.parts.network.tokens, &ids), bert.config.hidden_size);
        let mut rest = states.as_slice();
        let rows = messages.iter().zip(&pieces).zip(inputs).map(|((message, pieces), input)| {
            let (states, later) = rest.split_at(pieces.ids.len() * hidden);
            rest = later;
            input.vector = mean(states, hidden);
            tagger.find_seen(message, &self.finder, Some(Seen { pieces, states }))
        });
        rows.collect()
    }

    /// A classifier of other parts, with the same entities; the bundle's facts follow the parts' calibration.
    pub(crate) fn with_parts(&self, parts: Parts, mut info: BundleInfo) -> Self {
        info.calibration = parts.calibration.clone();
        info.thresholds = thresholds(&parts.calibration);
        info.metrics = parts.metrics.clone();
        Self::new(parts, info, self.gazetteer.clone())
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The base's vectors of the examples, one after another; worked out once.
    pub(crate) fn meanings(&self, work_out: impl FnOnce() -> Vec<f32>) -> &[f32] {
        self.meanings.get_or_init(work_out)
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
            most: self.network.most_tokens(),
        }
        .read(text)
    }

    /// What cuts messages for the base, with its encoder; nothing without a base.
    pub(crate) fn cutter(&self, form: Form) -> Option<(Cutter<'_>, &Bert)> {
        let bert = self.network.bert.as_ref()?;
        let limit = tagged_pieces(form, &bert.config);
        Some((Cutter { tokenizer: &self.tokenizer, prefix: &self.prefix, limit, form }, bert))
    }

    /// Gives inputs the base's vectors, where there is a base and they do not bring them along.
    pub(crate) fn bring_vectors(&self, inputs: &mut [Input]) {
        if inputs.iter().all(|input| !input.vector.is_empty()) {
            return;
        }
        if let Some(vectors) = self.network.encode(&inputs.iter().collect::<Vec<_>>()) {
            let vectors = vectors.chunks_exact(self.network.encoded());
            inputs.iter_mut().zip(vectors).for_each(|(input, vector)| input.vector = vector.to_vec());
        }
    }

    /// Probabilities of messages that have been read.
    pub(crate) fn scores(&self, inputs: &[Input]) -> Vec<Scores> {
        let logits = self.network.logits(&self.plain, &inputs.iter().collect::<Vec<_>>());
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
        let (probabilities, in_scope) = self.calibration.probabilities(inside, &evidence.signals(None));
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
        let info = BundleInfo {
            format_version: FORMAT_VERSION,
            version: options.version.clone().unwrap_or_else(|| version(options, &fingerprint)),
            trained_at: options.trained_at.clone(),
            heads: self.heads(),
            features: FeatureInfo {
                encoder: self.network.kind,
                n_ngrams: self.featuriser.len(),
                n_tokens: self.tokenizer.len(),
                prefix: self.prefix.clone(),
                max_tokens: self.network.most_tokens(),
            },
            calibration: self.calibration.clone(),
            thresholds: thresholds(&self.calibration),
            accepted_error_rate: options.accepted_error_rate,
            data_fingerprint: fingerprint,
            metrics: self.metrics.clone(),
            depth: self.depth,
            base_licence: options.base_licence.clone().or_else(|| shipped::licence(options.base.as_ref())),
            precision: options.precision,
            options: Some(TrainOptions {
                depth: self.depth,
                epochs: Some(options.epochs_on(set)),
                learning_rate: Some(options.highest_rate()),
                typos: Some(options.share_of_typos()),
                ..options.of_the_result()
            }),
            languages: set.languages.clone(),
            n_examples: set.train.len() + set.validation.len(),
        };
        Classifier::new(self, info, set.gazetteer.clone())
    }
}

/// The mean of rows, zero where there is none.
fn mean(rows: &[f32], dim: usize) -> Vec<f32> {
    let mut mean = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let share = 1.0 / (rows.len() / dim).max(1) as f32;
    mean.iter_mut().for_each(|value| *value *= share);
    mean
}

/// Thresholds at some error rates, for reading.
fn thresholds(calibration: &Calibration) -> BTreeMap<String, f32> {
    let rates = [0.01f32, 0.02, 0.05, 0.1, 0.2];
    rates.iter().map(|rate| (rate.to_string(), calibration.threshold(*rate))).collect()
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
        example.also.iter().for_each(|intent| add(intent.as_bytes()));
        add(&example.weight.to_le_bytes());
    }
    for taught in &set.taught {
        add(taught.text.as_bytes());
        taught.says.iter().for_each(|(_, probability)| add(&probability.to_le_bytes()));
    }
    set.general.iter().for_each(|text| add(text.as_bytes()));
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
