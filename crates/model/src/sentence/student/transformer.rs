//! A student of attention: our own BERT from random weights, its mean over tokens for a vector.

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};

use super::{Body, put_words, take_words};
use crate::columns::{Columns, Stored};
use crate::encoder::bert::{Bert, BertConfig, Dropout, HostTrainer, Kept, Weights};
use crate::network::Transformer;
use crate::random::Random;
use crate::table::{Step, Table};
use crate::{Error, sentence};

/// Deviation of fresh weights, as BERT's own.
const DEVIATION: f32 = 0.02;
/// Most tokens of a sentence that have a place.
const POSITIONS: usize = 128;
/// Columns of a checkpoint.
const NAMES: [&str; 3] = ["bert.values", "bert.first", "bert.second"];

/// The sizes of a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransformerShape {
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
    /// Values of a state, and of a vector.
    pub width: usize,
    /// Values within a feed-forward block.
    pub inner: usize,
    /// Layers of attention, each with a feed-forward block.
    pub layers: usize,
    /// Heads that share the width among them.
    pub heads: usize,
}

impl TransformerShape {
    fn config(self) -> BertConfig {
        BertConfig {
            model_type: "bert".into(),
            vocab_size: self.vocabulary,
            hidden_size: self.width,
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            intermediate_size: self.inner,
            max_position_embeddings: POSITIONS,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            hidden_act: "gelu".into(),
        }
    }
}

/// A BERT with its words while it learns.
pub(super) struct Attentive {
    bert: Bert,
    words: Table,
    trainer: HostTrainer,
    /// The vectors of the last pass.
    leaf: Option<Var>,
}

impl Attentive {
    pub(super) fn new(shape: TransformerShape, words: Table, random: &mut Random) -> Result<Self, Error> {
        let config = shape.config();
        let weights = Weights::collect(&config, Kept::All, |name, sizes| {
            let len = sizes.iter().product();
            Ok(match (sizes.len(), name.ends_with("weight")) {
                (1, norm) => vec![f32::from(u8::from(norm)); len],
                _ => (0..len).map(|_| random.normal() * DEVIATION).collect(),
            })
        })?;
        let bert = Bert::new(config, weights).map_err(|problem| Error::Option { option: "student", problem })?;
        Ok(Self { bert, words, trainer: HostTrainer::default(), leaf: None })
    }
}

impl Body for Attentive {
    fn forward(&mut self, sentences: &[Vec<u32>]) -> Result<Tensor, Error> {
        let most = self.bert.config.max_tokens();
        let messages: Vec<&[u32]> = sentences.iter().map(|tokens| &tokens[..tokens.len().min(most)]).collect();
        let means = self.trainer.forward(&self.bert, &self.words, &messages, Dropout::NONE);
        let means = Tensor::from_vec(means, (messages.len(), self.words.dim()), &Device::Cpu)?;
        Ok(self.leaf.insert(Var::from_tensor(&means)?).as_tensor().clone())
    }

    fn update(&mut self, gradients: &GradStore, step: Step) -> Result<(), Error> {
        if let Some(gradient) = self.leaf.as_ref().and_then(|leaf| gradients.get(leaf)) {
            let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
            self.trainer.step(&mut self.bert, &mut self.words, &gradient, step);
        }
        Ok(())
    }

    fn served(&self) -> Result<sentence::Body, Error> {
        let mut words = Table::from_values(self.words.values().to_vec(), self.words.dim());
        words.round();
        let mut bert = self.bert.clone();
        bert.weights.values.iter_mut().for_each(|value| *value = crate::table::rounded(*value));
        Ok(sentence::Body::Transformer(Box::new(Transformer { bert, words }), String::new()))
    }

    fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        put_words(&self.words, columns);
        let [first, second] = self.trainer.moments();
        let parts = [&self.bert.weights.values, first, second];
        NAMES.into_iter().zip(parts).for_each(|(name, values)| columns.floats(name, values));
        Ok(())
    }

    fn take(&mut self, stored: &Stored) -> Result<(), Error> {
        take_words(&mut self.words, stored)?;
        let [values, first, second] = NAMES.map(|name| stored.floats(name));
        let (values, first, second) = (values?, first?, second?);
        let fits = |moments: &[f32]| moments.is_empty() || moments.len() == values.len();
        if values.len() != self.bert.weights.values.len() || !fits(&first) || !fits(&second) {
            return Err(stored.damaged());
        }
        self.bert.weights.values = values;
        self.trainer.put_back([first, second]);
        Ok(())
    }
}
