//! Finds entities by a linear-chain random field learned from marked sentences.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::EntityFinder;
use super::confidence::Confidence;
use super::features::{features, features_hiding};
use super::labels::{Labels, TokenSpan};
use super::lattice::{Lattice, Transitions, best_path};
use super::learn::{Lesson, Weights};
use super::tokens::Tokenised;
use crate::features::PlainHash;
use crate::random::Random;
use crate::{AnnotatedText, Entity};

/// With fewer messages than this, features that occur once are kept and words are hidden now and then.
const FEW_MESSAGES: usize = 1000;
/// Share of the words outside of entities that are hidden together with those inside.
const HIDDEN: f32 = 0.5;
/// One of so many messages checks instead of teaching, until the probabilities are calibrated.
const HELD_OUT: usize = 8;

/// What may be taken off the score of `O`; likeliest tags alone miss more entities than they make up.
const BOLDNESS: [f32; 8] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8];
/// Fewer held-out entities than this say nothing about boldness.
const FEW_ENTITIES: usize = 100;

/// A trained tagger of entities.
#[derive(Debug, Clone)]
pub struct EntityTagger {
    facts: TaggerFacts,
    /// Hashes of the known features, sorted; their places are rows of the weights.
    pub(crate) hashes: Vec<u32>,
    pub(crate) weights: Weights,
    rows: HashMap<u32, u32, PlainHash>,
    transitions: Transitions,
}

/// What a bundle's `frontdesk.json` says about its tagger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaggerFacts {
    /// Names of the entities, sorted.
    entities: Vec<String>,
    confidence: Confidence,
    /// Taken off the score of `O` when the best tags are chosen.
    boldness: f32,
}

impl TaggerFacts {
    /// The tags of these entities; nothing where the facts cannot be used.
    pub(crate) fn labels(&self) -> Option<Labels> {
        let sound = self.confidence.is_sound() && self.boldness.is_finite();
        let named = !self.entities.is_empty() && self.entities.iter().all(|name| !name.is_empty());
        (sound && named).then(|| Labels::new(self.entities.len()))
    }
}

impl EntityTagger {
    /// Learns from marked messages, given the known values; nothing comes of messages without a mark.
    ///
    /// Also tells the F1 of whole entities on the messages that were held out.
    pub fn train(messages: &[AnnotatedText], finder: &EntityFinder, seed: u64) -> Option<(Self, f32)> {
        let mut entities: Vec<String> =
            messages.iter().flat_map(|message| &message.mentions).map(|mention| mention.entity.clone()).collect();
        entities.sort();
        entities.dedup();
        if entities.is_empty() {
            return None;
        }
        let mut read: Vec<Read> = messages.par_iter().map(|message| Read::new(message, &entities, finder)).collect();
        let mut random = Random::new(seed, 6);
        if messages.len() < FEW_MESSAGES {
            read.iter_mut().zip(messages).for_each(|(read, message)| read.hide(message, finder, &mut random));
        }
        read.retain(|message| !message.features.is_empty());
        random.shuffle(&mut read);
        let (checks, lessons) = read.split_at(read.len() / HELD_OUT);
        let judge = Self::fit(lessons, &entities, seed);
        let (boldness, confidence, f1) = judge.judge(checks);
        let mut tagger = Self::fit(&read, &entities, seed);
        (tagger.facts.boldness, tagger.facts.confidence) = (boldness, confidence);
        Some((tagger, f1))
    }

    /// From facts, hashes of features, and the weights whose rows they name.
    pub(crate) fn new(facts: TaggerFacts, hashes: Vec<u32>, weights: Weights) -> Self {
        let rows = hashes.iter().copied().zip(0..).collect();
        let transitions = weights.transitions();
        Self { facts, hashes, weights, rows, transitions }
    }

    /// What is stored beside the weights.
    pub(crate) fn facts(&self) -> TaggerFacts {
        self.facts.clone()
    }

    /// Names of the entities it has learned.
    pub fn entities(&self) -> &[String] {
        &self.facts.entities
    }

    fn fit(messages: &[Read], entities: &[String], seed: u64) -> Self {
        let hashes = vocabulary(messages);
        let rows = hashes.iter().copied().zip(0..).collect();
        let labels = Labels::new(entities.len());
        let lesson = |message: &Read| Lesson {
            rows: known(&rows, &message.features),
            hiding: (!message.hiding.is_empty()).then(|| known(&rows, &message.hiding)),
            labels: labels.encode(&message.spans, message.features.len()),
        };
        let lessons: Vec<Lesson> = messages.par_iter().map(lesson).collect();
        let weights = Weights::learn(&lessons, labels, hashes.len(), seed);
        let facts = TaggerFacts { entities: entities.to_vec(), confidence: Confidence::default(), boldness: 0.0 };
        Self::new(facts, hashes, weights)
    }

    /// On messages that were not learned from: the boldness of the highest F1, the confidence, and the F1.
    fn judge(mut self, messages: &[Read]) -> (f32, Confidence, f32) {
        let there: usize = messages.iter().map(|message| message.spans.len()).sum();
        let mut best = (0.0, Vec::new(), -1.0);
        for boldness in BOLDNESS.into_iter().take(if there < FEW_ENTITIES { 1 } else { BOLDNESS.len() }) {
            self.facts.boldness = boldness;
            let judged = self.judged(messages);
            let right = judged.iter().filter(|(_, right)| *right).count();
            let f1 = 2.0 * right as f32 / (judged.len() + there).max(1) as f32;
            if f1 > best.2 {
                best = (boldness, judged, f1);
            }
        }
        (best.0, Confidence::fit(&best.1), best.2)
    }

    /// The field's own probability of each entity it finds, and whether it is right.
    fn judged(&self, messages: &[Read]) -> Vec<(f64, bool)> {
        let found: Vec<_> = messages.par_iter().map(|message| self.spans(&message.features)).collect();
        let rows = found.iter().zip(messages);
        rows.flat_map(|(found, message)| found.iter().map(|(span, own)| (*own, message.spans.contains(span)))).collect()
    }

    /// The best spans with the field's own probability of each.
    fn spans(&self, features: &[Vec<u32>]) -> Vec<(TokenSpan, f64)> {
        let scores = self.weights.scores(&known(&self.rows, features));
        let mut bold = scores.clone();
        bold.iter_mut().step_by(self.weights.labels.len()).for_each(|outside| *outside -= self.facts.boldness);
        let spans = self.weights.labels.decode(&best_path(&self.transitions, &bold));
        if spans.is_empty() {
            return Vec::new();
        }
        let lattice = Lattice::new(&self.transitions, &scores);
        spans.into_iter().map(|span| (span.clone(), lattice.probability(&span))).collect()
    }

    /// Known values and learned entities in the order they occur; where they overlap the known value stays.
    pub fn find(&self, message: &str, finder: &EntityFinder) -> Vec<Entity> {
        let mut found = finder.find(message);
        let tagged = self.tag(message, &found);
        let is_free = |new: &Entity| found.iter().all(|old| new.end <= old.start || old.end <= new.start);
        let mut more: Vec<Entity> = tagged.into_iter().filter(is_free).collect();
        for entity in &mut more {
            entity.sensitive = finder.is_sensitive(&entity.entity);
        }
        found.append(&mut more);
        found.sort_by_key(|entity| entity.start);
        found
    }

    /// Learned entities alone, given the known values.
    fn tag(&self, message: &str, listed: &[Entity]) -> Vec<Entity> {
        let tokenised = Tokenised::new(message);
        let spans = self.spans(&features(&tokenised, listed));
        let entity = |(span, own): (TokenSpan, f64)| {
            let tokens = &tokenised.tokens[span.tokens];
            let (start, end) = (tokens.first()?.original.start, tokens.last()?.original.end);
            let text = message.get(start..end)?.to_owned();
            let (entity, probability) =
                (self.facts.entities[span.entity].clone(), self.facts.confidence.probability(own));
            Some(Entity { entity, value: text.clone(), text, start, end, sensitive: false, probability })
        };
        spans.into_iter().filter_map(entity).collect()
    }
}

/// A marked message as features and spans of its tokens.
struct Read {
    features: Vec<Vec<u32>>,
    /// Features that do not tell the words of the entities, so that their surroundings are learned; none where there
    /// are so many messages that this only takes away.
    hiding: Vec<Vec<u32>>,
    spans: Vec<TokenSpan>,
}

impl Read {
    /// Marks that touch no token, or one that is marked already, are left out.
    fn new(message: &AnnotatedText, entities: &[String], finder: &EntityFinder) -> Self {
        let tokenised = Tokenised::new(&message.text);
        let mut spans: Vec<TokenSpan> = Vec::new();
        for mention in &message.mentions {
            let tokens = tokenised.touched(&(mention.start..mention.end));
            let free = spans.iter().all(|span| tokens.end <= span.tokens.start || span.tokens.end <= tokens.start);
            if let (Ok(entity), true) = (entities.binary_search(&mention.entity), free && !tokens.is_empty()) {
                spans.push(TokenSpan { entity, tokens });
            }
        }
        spans.sort_by_key(|span| span.tokens.start);
        let listed = finder.find(&message.text);
        Self { features: features(&tokenised, &listed), hiding: Vec::new(), spans }
    }

    fn hide(&mut self, message: &AnnotatedText, finder: &EntityFinder, random: &mut Random) {
        let tokenised = Tokenised::new(&message.text);
        let mut hidden: Vec<bool> = tokenised.tokens.iter().map(|_| random.uniform() < HIDDEN).collect();
        self.spans.iter().for_each(|span| hidden[span.tokens.clone()].fill(true));
        self.hiding = features_hiding(&hidden, &tokenised, &finder.find(&message.text));
    }
}

/// The features worth a row, sorted.
fn vocabulary(messages: &[Read]) -> Vec<u32> {
    let least = if messages.len() < FEW_MESSAGES { 1 } else { 2 };
    let mut all: Vec<u32> = messages.iter().flat_map(|read| read.features.iter().flatten().copied()).collect();
    all.par_sort_unstable();
    all.chunk_by(|a, b| a == b).filter(|same| same.len() >= least).map(|same| same[0]).collect()
}

/// Each token's known features as rows.
fn known(rows: &HashMap<u32, u32, PlainHash>, features: &[Vec<u32>]) -> Vec<Vec<u32>> {
    features.iter().map(|hashes| hashes.iter().filter_map(|hash| rows.get(hash).copied()).collect()).collect()
}
