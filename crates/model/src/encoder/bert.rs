//! A BERT encoder in plain numbers: messages packed without padding, forward and back by hand.
//! Word embeddings stay outside, in a table whose touched rows alone are updated.

mod attention;
mod backward;
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

use forward::{LayerTape, Tape};
use kernels::Activation;
use tiles::Tiles;
use weights::Linear;

use crate::table::Table;

/// Tokens that inference takes at a time.
const TOKENS: usize = 512;

/// A BERT's configuration with its dense weights.
#[derive(Debug, Clone)]
pub(crate) struct Bert {
    pub config: BertConfig,
    pub weights: Weights,
    activation: Activation,
    /// The dense layers of each layer once more, laid out for messages that come alone.
    tiles: Option<Arc<Vec<[Tiles; 4]>>>,
}

impl Bert {
    /// Puts an encoder together; fails with what is wrong about its configuration.
    pub(crate) fn new(config: BertConfig, weights: Weights) -> Result<Self, String> {
        config.check()?;
        let activation = config.activation()?;
        Ok(Self { config, weights, activation, tiles: None })
    }

    /// Gets ready to serve: weights are laid out once more, until the next training step.
    pub(crate) fn prepare(&mut self) {
        let values = &self.weights.values;
        let tiles = |linear: Linear| Tiles::new(&values[linear.weight()], linear.of);
        let layers = self.weights.plan.layers.iter();
        let tiles = layers.map(|layer| [layer.qkv, layer.attended, layer.inner, layer.outer].map(tiles)).collect();
        self.tiles = Some(Arc::new(tiles));
    }

    /// Vectors of messages [messages, hidden]: means over each message's tokens of the last hidden states.
    pub(crate) fn encode(&self, words: &Table, messages: &[&[u32]]) -> Vec<f32> {
        let mut tape = Tape { layers: vec![LayerTape::default()], ..Tape::default() };
        let mut vectors = Vec::with_capacity(messages.len() * self.config.hidden_size);
        let mut rest = messages;
        while !rest.is_empty() {
            let mut tokens = 0;
            let fitting = rest.iter().take_while(|message| {
                tokens += message.len();
                tokens <= TOKENS
            });
            let (now, later) = rest.split_at(fitting.count().max(1));
            vectors.extend(tape.forward(self, words, now, Dropout::NONE));
            rest = later;
        }
        vectors
    }
}

#[cfg(test)]
mod tests;
