//! Finds entities by a linear-chain random field, over features of the words and what a base makes of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::EntityFinder;
use super::confidence::Confidence;
use super::features::features;
use super::labels::{Labels, TokenSpan};
use super::lattice::{Lattice, Transitions, best_path};
use super::learn::Weights;
use super::pieces::{Form, Seen};
use super::read::known;
use super::tokens::Tokenised;
use crate::Entity;
use crate::features::PlainHash;

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
    /// The form of messages that the bundle's base reads for it; nothing where it has learned without a base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Form>,
}

impl TaggerFacts {
    /// Facts of a tagger that is not calibrated yet.
    pub(super) fn new(entities: Vec<String>, form: Option<Form>) -> Self {
        Self { entities, confidence: Confidence::default(), boldness: 0.0, form }
    }

    /// The tags of these entities; nothing where the facts cannot be used.
    pub(crate) fn labels(&self) -> Option<Labels> {
        let sound = self.confidence.is_sound() && self.boldness.is_finite();
        let named = !self.entities.is_empty() && self.entities.iter().all(|name| !name.is_empty());
        (sound && named).then(|| Labels::new(self.entities.len()))
    }
}

impl EntityTagger {
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

    /// The same tagger with what held-out messages taught about it.
    pub(super) fn calibrated(mut self, boldness: f32, confidence: Confidence) -> Self {
        (self.facts.boldness, self.facts.confidence) = (boldness, confidence);
        self
    }

    /// The scores of each token's tags from its hashed features and what a base saw.
    pub(super) fn scores(&self, features: &[Vec<u32>], seen: Option<Seen<'_>>) -> Vec<f32> {
        self.weights.scores(&known(&self.rows, features), seen)
    }

    /// The best spans with the field's own probability of each.
    pub(super) fn spans(&self, scores: &[f32], boldness: f32) -> Vec<(TokenSpan, f64)> {
        let mut bold = scores.to_vec();
        bold.iter_mut().step_by(self.weights.labels.len()).for_each(|outside| *outside -= boldness);
        let spans = self.weights.labels.decode(&best_path(&self.transitions, &bold));
        if spans.is_empty() {
            return Vec::new();
        }
        let lattice = Lattice::new(&self.transitions, scores);
        spans.into_iter().map(|span| (span.clone(), lattice.probability(&span))).collect()
    }

    /// How messages are to be cut for the base it has learned with; nothing without one.
    pub(crate) fn form(&self) -> Option<Form> {
        self.facts.form
    }

    /// Known values and learned entities in the order they occur; where they overlap the known value stays.
    ///
    /// What a base saw of the message is left out; a tagger that has learned with one needs it.
    pub fn find(&self, message: &str, finder: &EntityFinder) -> Vec<Entity> {
        self.find_seen(&Tokenised::new(message), finder, None)
    }

    /// The same, given what a base saw of the message.
    pub(crate) fn find_seen(
        &self,
        message: &Tokenised<'_>,
        finder: &EntityFinder,
        seen: Option<Seen<'_>>,
    ) -> Vec<Entity> {
        let mut found = finder.find(message.original);
        let tagged = self.tag(message, &found, seen);
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
    fn tag(&self, message: &Tokenised<'_>, listed: &[Entity], seen: Option<Seen<'_>>) -> Vec<Entity> {
        let scores = self.scores(&features(message, listed), seen);
        let spans = self.spans(&scores, self.facts.boldness);
        let entity = |(span, own): (TokenSpan, f64)| {
            let tokens = &message.tokens[span.tokens];
            let (start, end) = (tokens.first()?.original.start, tokens.last()?.original.end);
            let text = message.original.get(start..end)?.to_owned();
            let (entity, probability) =
                (self.facts.entities[span.entity].clone(), self.facts.confidence.probability(own));
            Some(Entity { entity, value: text.clone(), text, start, end, sensitive: false, probability })
        };
        spans.into_iter().filter_map(entity).collect()
    }
}
