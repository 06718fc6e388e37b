//! A BERT encoder in plain numbers: messages packed without padding, forward and back by hand.
//! Word embeddings stay outside, in a table whose touched rows alone are updated.

mod attention;
mod backward;
mod bytes;
mod config;
mod dropout;
mod forward;
mod kernels;
mod matrix;
mod optimiser;
mod packed;
mod tiles;
mod weights;

pub(crate) use config::BertConfig;
pub(crate) use dropout::Dropout;
pub(crate) use optimiser::Trainer;
pub(crate) use weights::{WORDS, Weights, load_weights};

use std::sync::Arc;

use bytes::Bytes;
use forward::{LayerTape, Tape};
use kernels::Activation;
use tiles::Tiles;
use weights::Linear;

use crate::Precision;
use crate::table::Table;

/// Tokens that inference takes at a time.
const TOKENS: usize = 512;

/// A BERT's configuration with its dense weights.
#[derive(Debug, Clone)]
pub(crate) struct Bert {
    pub config: BertConfig,
    pub weights: Weights,
    activation: Activation,
    ready: Option<Arc<Ready>>,
}

/// The four dense parts of each layer once more, laid out for serving.
#[derive(Debug)]
enum Ready {
    /// For few rows at a time; more of them go by the weights as they stand.
    Float(Vec<[Tiles; 4]>),
    EightBit(Vec<[Bytes; 4]>),
}

impl Bert {
    /// Puts an encoder together; fails with what is wrong about its configuration.
    pub(crate) fn new(config: BertConfig, weights: Weights) -> Result<Self, String> {
        config.check()?;
        let activation = config.activation()?;
        Ok(Self { config, weights, activation, ready: None })
    }

    /// Gets ready to serve: weights are laid out once more, until the next training step.
    pub(crate) fn prepare(&mut self, precision: Precision) {
        let values = &self.weights.values;
        let tiles = |linear: Linear| Tiles::new(&values[linear.weight()], linear.of);
        let bytes = |linear: Linear| Bytes::new(&values[linear.weight()], linear.of);
        let layers = self.weights.plan.layers.iter();
        let layers = layers.map(|layer| [layer.qkv, layer.attended, layer.inner, layer.outer]);
        self.ready = Some(Arc::new(match precision {
            Precision::Float => Ready::Float(layers.map(|parts| parts.map(tiles)).collect()),
            Precision::EightBit => Ready::EightBit(layers.map(|parts| parts.map(bytes)).collect()),
        }));
    }

    /// Vectors of messages [messages, hidden]: means over each message's tokens of the last hidden states.
    pub(crate) fn encode(&self, words: &Table, messages: &[&[u32]]) -> Vec<f32> {
        let mut tape = Tape { layers: vec![LayerTape::default()], ..Tape::default() };
        let mut vectors = Vec::with_capacity(messages.len() * self.config.hidden_size);
        let mut rest = messages;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest, TOKENS));
            vectors.extend(tape.forward(self, words, now, Dropout::NONE));
            rest = later;
        }
        vectors
    }
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
