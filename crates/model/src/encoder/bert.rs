//! A BERT encoder in plain numbers: messages packed without padding, forward and back by hand.
//! Word embeddings stay outside, in a table whose touched rows alone are updated. `device` trains the same encoder on
//! candle tensors.

mod attention;
mod backward;
mod bytes;
mod config;
mod device;
mod dropout;
mod forward;
mod kernels;
pub(crate) mod matrix;
mod optimiser;
mod packed;
mod stored;
mod tiles;
mod trainer;
mod weights;

pub(crate) use config::BertConfig;
pub(crate) use dropout::Dropout;
pub(crate) use optimiser::HostTrainer;
pub(crate) use stored::{collect_bytes, is_in_bytes, tensors};
pub(crate) use tiles::Tiles;
pub(crate) use trainer::Trainer;
pub(crate) use weights::{Kept, WORDS, Weights, load_weights};

use std::sync::Arc;

use bytes::Bytes;
use forward::{LayerTape, Tape};
use kernels::Activation;
use rayon::prelude::*;
use weights::{Layer, Linear};

use crate::Precision;
use crate::table::Table;

/// Tokens that inference takes at a time.
const TOKENS: usize = 512;
/// The same with weights laid out for serving: what is in between stays in the cache nearest to its thread.
const SERVED_TOKENS: usize = 64;

/// A BERT's configuration with its dense weights.
#[derive(Debug, Clone)]
pub(crate) struct Bert {
    pub config: BertConfig,
    pub weights: Weights,
    activation: Activation,
    ready: Option<Arc<Ready>>,
}

/// The four dense parts of each layer, laid out for serving.
#[derive(Debug)]
enum Ready {
    /// Once more, for few rows at a time; more of them go by the weights as they stand.
    Float(Vec<[Tiles; 4]>),
    /// In place of the floats.
    EightBit(Vec<[Bytes; 4]>),
}

impl Bert {
    /// Puts an encoder together; fails with what is wrong about its configuration.
    pub(crate) fn new(config: BertConfig, weights: Weights) -> Result<Self, String> {
        config.check()?;
        let activation = config.activation()?;
        Ok(Self { config, weights, activation, ready: None })
    }

    /// An encoder whose dense layers are known in 8 bits alone.
    pub(crate) fn in_bytes(config: BertConfig, small: Weights, layers: Vec<[Bytes; 4]>) -> Result<Self, String> {
        let bert = Self::new(config, small)?;
        Ok(Self { ready: Some(Arc::new(Ready::EightBit(layers))), ..bert })
    }

    /// Gets ready to serve. In floats the weights are laid out once more, until the next training step; in 8 bits they
    /// take the place of the floats, which [`Bert::widen`] makes again.
    pub(crate) fn prepare(&mut self, precision: Precision) {
        if self.bytes().is_some() && precision == Precision::EightBit {
            return;
        }
        self.widen();
        let values = &self.weights.values;
        let tiles = |linear: Linear| Tiles::new(&values[linear.weight()], linear.of);
        let bytes = |linear: Linear| Bytes::new(&values[linear.weight()], linear.of);
        let layers = self.weights.plan.layers.iter().map(Layer::dense);
        self.ready = Some(Arc::new(match precision {
            Precision::Float => Ready::Float(layers.map(|parts| parts.map(tiles)).collect()),
            Precision::EightBit => Ready::EightBit(layers.map(|parts| parts.map(bytes)).collect()),
        }));
        if precision == Precision::EightBit {
            self.weights.shrink(&self.config);
        }
    }

    /// Makes floats again of weights that are known in 8 bits alone.
    pub(crate) fn widen(&mut self) {
        if let Some(layers) = self.bytes() {
            let floats = |bytes: &Bytes| bytes.floats();
            let layers: Vec<[Vec<f32>; 4]> = layers.iter().map(|parts| parts.each_ref().map(floats)).collect();
            self.weights.grow(&self.config, &layers);
            self.ready = None;
        }
    }

    /// The encoder with these of its layers alone, each in floats.
    pub(crate) fn with_layers(&self, layers: &[usize]) -> Self {
        let config = BertConfig { num_hidden_layers: layers.len(), ..self.config.clone() };
        let weights = self.weights.with_layers(&config, layers);
        Self { config, weights, activation: self.activation, ready: None }
    }

    /// The dense layers where they are known in 8 bits alone.
    fn bytes(&self) -> Option<&[[Bytes; 4]]> {
        match self.ready.as_deref() {
            Some(Ready::EightBit(layers)) => Some(layers),
            _ => None,
        }
    }

    /// Vectors of messages [messages, hidden]: means over each message's tokens of the last hidden states.
    pub(crate) fn encode(&self, words: &Table, messages: &[&[u32]]) -> Vec<f32> {
        self.each_pass(messages, |tape, now| tape.forward(self, words, now, Dropout::NONE))
    }

    /// The last states of messages, packed: [tokens, hidden].
    pub(crate) fn states(&self, words: &Table, messages: &[&[u32]]) -> Vec<f32> {
        self.each_pass(messages, |tape, now| {
            tape.run(self, words, now, Dropout::NONE);
            std::mem::take(&mut tape.hidden)
        })
    }

    /// What passes over some messages at a time give, one after another. With weights laid out for serving each thread
    /// makes passes of its own, else all threads share in each.
    fn each_pass(&self, messages: &[&[u32]], pass: impl Fn(&mut Tape, &[&[u32]]) -> Vec<f32> + Sync) -> Vec<f32> {
        let tape = || Tape { layers: vec![LayerTape::default()], ..Tape::default() };
        let served = self.ready.is_some();
        let passes = passes(messages, if served { SERVED_TOKENS } else { TOKENS });
        if served && passes.len() > 1 {
            return passes.par_iter().map_init(tape, |tape, now| pass(tape, now)).collect::<Vec<_>>().concat();
        }
        let mut tape = tape();
        passes.into_iter().flat_map(|now| pass(&mut tape, now)).collect()
    }
}

/// Messages as inference takes them, some at a time.
fn passes<'a>(messages: &'a [&'a [u32]], most_tokens: usize) -> Vec<&'a [&'a [u32]]> {
    let (mut passes, mut rest) = (Vec::new(), messages);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(rest, most_tokens));
        passes.push(now);
        rest = later;
    }
    passes
}

/// How many messages from the first on have at most so many tokens together; one at least, where there is one.
fn fitting(messages: &[&[u32]], most_tokens: usize) -> usize {
    let mut tokens = 0;
    let fitting = messages.iter().take_while(|message| {
        tokens += message.len();
        tokens <= most_tokens
    });
    fitting.count().max(1).min(messages.len())
}

#[cfg(test)]
mod tests;
