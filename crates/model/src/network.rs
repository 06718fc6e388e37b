//! The network: n-gram tables and a token encoder, joined under one head.
//! The head is trained with candle, the light encoders too; a pretrained encoder goes forward and back by itself.

mod leaves;
mod serving;

use std::sync::Arc;

use candle_core::{D, Tensor, Var};
use rayon::prelude::*;

use crate::dense::{AdamW, Dense};
use crate::encoder::bert::{Bert, BertConfig, Dropout, Trainer};
use crate::encoder::cnn;
use crate::features::Features;
use crate::linear::Linear;
use crate::random::Random;
use crate::sentence::Averaged;
use crate::split::Row;
use crate::table::{Step, Table};
use crate::train::MAX_TOKENS;
use crate::{EncoderKind, Error, Precision, sentence};
use leaves::Leaves;
pub(crate) use serving::Plain;

/// Length of an n-gram's vector.
pub(crate) const NGRAM_DIM: usize = 128;
/// Length of a token's vector in the light encoders.
pub(crate) const TOKEN_DIM: usize = 64;
/// Deviation of a fresh table's values.
const TABLE_DEVIATION: f32 = 0.1;
const NORM_EPSILON: f32 = 1e-5;
/// Share of a pretrained encoder's states dropped while it is trained, and no more than the head's.
const BASE_DROPOUT: f32 = 0.1;
/// Messages that a pretrained encoder takes at a time.
const MESSAGES: usize = 256;

/// A message as the network sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input {
    pub features: Features,
    pub tokens: Vec<u32>,
    /// The pretrained encoder's vector, where it is known already and stays.
    pub vector: Vec<f32>,
}

/// What a fresh network is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub ngrams: usize,
    pub tokens: usize,
    pub outputs: usize,
}

/// A pretrained encoder.
#[derive(Debug)]
pub(crate) enum Base {
    Transformer(Box<Transformer>),
    Averaged(Arc<Averaged>),
}

/// A BERT with its words.
#[derive(Debug)]
pub(crate) struct Transformer {
    pub bert: Bert,
    pub words: Table,
}

/// All weights.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub kind: EncoderKind,
    pub ngrams: Table,
    /// Linear classifiers over n-grams, added to the logits; learned on their own.
    pub wide: Option<Table>,
    pub tokens: Table,
    pub dense: Dense,
    pub bert: Option<Bert>,
    /// A pretrained encoder that stays as it is.
    pub averaged: Option<Arc<Averaged>>,
    pub outputs: usize,
}

impl Network {
    /// A fresh network; a base brings its encoder's weights and words.
    pub(crate) fn new(kind: EncoderKind, sizes: Sizes, base: Option<Base>, random: &mut Random) -> Result<Self, Error> {
        let (kind, bert, words, averaged) = match base {
            None => (kind, None, Table::default(), None),
            Some(Base::Transformer(transformer)) => {
                let Transformer { bert, words } = *transformer;
                (EncoderKind::Bert, Some(bert), words, None)
            }
            Some(Base::Averaged(averaged)) => (EncoderKind::Averaged, None, Table::default(), Some(averaged)),
        };
        let mut dense = Dense::default();
        let encoded = match kind {
            EncoderKind::Bert => words.dim(),
            EncoderKind::Averaged => averaged.as_ref().map_or(0, |averaged| averaged.shape.width),
            EncoderKind::Ngrams => 0,
            EncoderKind::Cnn => cnn::OUT,
            _ => TOKEN_DIM,
        };
        if kind == EncoderKind::Cnn {
            cnn::add_weights(&mut dense, TOKEN_DIM, random)?;
        }
        let ngrams = ngram_dim(kind);
        for (part, len) in [("ngrams", ngrams), ("tokens", encoded)] {
            if len > 0 {
                dense.add_constant(&format!("head.{part}.norm.weight"), len, 1.0)?;
                dense.add_constant(&format!("head.{part}.norm.bias"), len, 0.0)?;
            }
        }
        let joined = ngrams + encoded;
        // Over a pretrained vector the head is a regression, which need not be told apart by chance.
        let deviation = if is_base(kind) { 0.0 } else { (1.0 / joined as f32).sqrt() };
        dense.add_drawn("head.weight", (joined, sizes.outputs), || random.normal() * deviation)?;
        dense.add_constant("head.bias", sizes.outputs, 0.0)?;
        Ok(Self {
            kind,
            ngrams: match ngrams {
                0 => Table::default(),
                dim => Table::random(sizes.ngrams, dim, TABLE_DEVIATION, random),
            },
            wide: None,
            tokens: match kind {
                EncoderKind::Bag | EncoderKind::Cnn => Table::random(sizes.tokens, TOKEN_DIM, TABLE_DEVIATION, random),
                EncoderKind::Ngrams | EncoderKind::Bert | EncoderKind::Averaged => words,
            },
            dense,
            bert,
            averaged,
            outputs: sizes.outputs,
        })
    }

    /// Whether an encoder came with weights from elsewhere.
    pub(crate) fn has_base(&self) -> bool {
        self.bert.is_some() || self.averaged.is_some()
    }

    /// What the pretrained encoder's checkpoint says of it.
    pub(crate) fn base(&self) -> Option<&BertConfig> {
        self.bert.as_ref().map(|bert| &bert.config)
    }

    /// Most tokens of a message that the token encoder reads.
    pub(crate) fn most_tokens(&self) -> usize {
        match (&self.bert, &self.averaged) {
            (Some(bert), _) => bert.config.max_tokens(),
            (None, Some(_)) => sentence::MAX_TOKENS,
            (None, None) => MAX_TOKENS,
        }
    }

    /// Length of what a token encoder makes of a message.
    pub(crate) fn encoded(&self) -> usize {
        match (self.kind, &self.averaged) {
            (EncoderKind::Cnn, _) => cnn::OUT,
            (_, Some(averaged)) => averaged.shape.width,
            _ => self.tokens.dim(),
        }
    }

    /// Names and shapes of the head's dense weights.
    pub(crate) fn head_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let encoded = self.encoded();
        let ngrams = ngram_dim(self.kind);
        let mut shapes = vec![
            ("head.weight".to_owned(), vec![ngrams + encoded, self.outputs]),
            ("head.bias".to_owned(), vec![self.outputs]),
        ];
        for (part, len) in [("ngrams", ngrams), ("tokens", encoded)] {
            if len > 0 {
                shapes.push((format!("head.{part}.norm.weight"), vec![len]));
                shapes.push((format!("head.{part}.norm.bias"), vec![len]));
            }
        }
        shapes
    }

    /// A copy that later steps do not change.
    pub(crate) fn snapshot(&self) -> Result<Self, Error> {
        let mut copy = self.clone();
        copy.dense = self.dense.snapshot()?;
        copy.finish();
        Ok(copy)
    }

    /// Forgets what only training needs.
    pub(crate) fn finish(&mut self) {
        self.tables_mut().for_each(Table::finish);
    }

    /// Lays a pretrained encoder's weights out for serving.
    pub(crate) fn prepare(&mut self, precision: Precision) {
        if let Some(bert) = &mut self.bert {
            bert.prepare(precision);
        }
    }

    /// Rounds the tables to what the bundle stores, so that a loaded network equals this one.
    pub(crate) fn round(&mut self) {
        self.tables_mut().for_each(Table::round);
    }

    fn tables_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        [&mut self.ngrams, &mut self.tokens].into_iter().chain(self.wide.as_mut())
    }

    /// One training step; returns the mean loss and how many examples came out right.
    pub(crate) fn step(
        &mut self,
        batch: &Batch<'_>,
        learner: &mut Learner,
        rates: &Rates,
    ) -> Result<(f32, usize), Error> {
        let Rates { step, base, dropout } = rates;
        let known = known_vectors(&batch.inputs);
        let frozen = known.is_some();
        let encoded = match known {
            Some(known) => Some(known),
            None if self.averaged.is_some() => self.encode(&batch.inputs),
            None => {
                let inside = Dropout::new(dropout.min(BASE_DROPOUT), learner.random.bits());
                let messages = tokens(&batch.inputs);
                let forward = |bert| learner.trainer.forward(bert, &self.tokens, &messages, inside);
                self.bert.as_ref().map(forward).transpose()?
            }
        };
        let leaves = Leaves::new(self, &batch.inputs, encoded)?;
        let logits = self.forward(&leaves, batch.inputs.len(), &mut |x| {
            let mask = learner.random.dropout_mask(x.elem_count(), *dropout);
            Ok((x * Tensor::from_vec(mask, x.shape(), x.device())?)?)
        })?;
        let log_probabilities = candle_nn::ops::log_softmax(&logits, D::Minus1)?;
        let loss = (&batch.targets * log_probabilities)?.sum_all()?.neg()?;
        let gradients = loss.backward()?;
        learner.optimiser.step(&self.dense, &gradients, *step)?;
        let of = |leaf: &Var| -> Result<Vec<f32>, Error> {
            let gradient = gradients.get(leaf).ok_or_else(|| candle_core::Error::Msg("no gradient".into()))?;
            Ok(gradient.flatten_all()?.to_vec1()?)
        };
        if let Some(ngrams) = &leaves.ngrams {
            self.ngrams.update(&leaves.ngram_uses, &of(ngrams)?, step);
        }
        match (&leaves.tokens, &mut self.bert) {
            (Some(_), _) if frozen || self.averaged.is_some() => {}
            (Some(tokens), Some(bert)) => learner.trainer.step(bert, &mut self.tokens, &of(&tokens.leaf)?, *base)?,
            (Some(tokens), None) => self.tokens.update(&tokens.uses, &of(&tokens.leaf)?, step),
            (None, _) => {}
        }
        let right = batch.count_right(&logits.to_vec2()?);
        Ok((loss.to_scalar()?, right))
    }

    fn forward(
        &self,
        leaves: &Leaves,
        batch: usize,
        dropout: &mut dyn FnMut(&Tensor) -> Result<Tensor, Error>,
    ) -> Result<Tensor, Error> {
        let mut joined = Vec::new();
        if let Some(ngrams) = &leaves.ngrams {
            joined.push(self.normed("ngrams", ngrams)?.relu()?);
        }
        if let Some(tokens) = &leaves.tokens {
            let words = tokens.leaf.as_tensor();
            joined.push(match self.kind {
                EncoderKind::Bert | EncoderKind::Averaged => self.normed("tokens", words)?,
                EncoderKind::Cnn => {
                    let words = words.reshape((batch, (), self.tokens.dim()))?;
                    let encoded = cnn::forward(&self.dense, &dropout(&words)?, &tokens.lengths)?;
                    self.normed("tokens", &encoded)?.relu()?
                }
                _ => self.normed("tokens", words)?.relu()?,
            });
        }
        let joined = dropout(&Tensor::cat(&joined, D::Minus1)?)?;
        Ok(joined.matmul(self.dense.get("head.weight")?)?.broadcast_add(self.dense.get("head.bias")?)?)
    }

    /// Layer norm of one part before it is joined.
    fn normed(&self, part: &str, x: &Tensor) -> Result<Tensor, Error> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        Ok(centred
            .broadcast_div(&(variance + f64::from(NORM_EPSILON))?.sqrt()?)?
            .broadcast_mul(self.dense.get(&format!("head.{part}.norm.weight"))?)?
            .broadcast_add(self.dense.get(&format!("head.{part}.norm.bias"))?)?)
    }

    /// Lets linear classifiers speak too, their margins times `scale`.
    pub(crate) fn widen(&mut self, linear: &Linear, scale: f32) -> Result<(), Error> {
        let bias = self.dense.values("head.bias")?;
        let bias: Vec<f32> = bias.iter().zip(&linear.bias).map(|(bias, margin)| bias + scale * margin).collect();
        let len = bias.len();
        self.dense.add("head.bias", bias, len)?;
        let mut wide = linear.weights.scaled(scale);
        wide.round();
        self.wide = Some(wide);
        Ok(())
    }

    /// Gives each input the pretrained encoder's vector, where there is an encoder, as its trainer makes it.
    pub(crate) fn bring_vectors(&self, trainer: &mut Trainer, inputs: &mut [Input]) -> Result<(), Error> {
        let all: Vec<&Input> = inputs.iter().collect();
        let vectors = match &self.bert {
            Some(bert) => Some(trainer.encode(bert, &self.tokens, &tokens(&all))?),
            None => self.encode(&all),
        };
        let vectors = vectors.unwrap_or_default();
        for (input, vector) in inputs.iter_mut().zip(vectors.chunks_exact(self.encoded().max(1))) {
            input.vector = vector.to_vec();
        }
        Ok(())
    }

    /// Gives the encoder the weights that its trainer has.
    pub(crate) fn bring_back(&mut self, trainer: &mut Trainer) -> Result<(), Error> {
        self.bert.as_mut().map_or(Ok(()), |bert| trainer.bring_back(bert))
    }

    /// The pretrained encoder's vectors of messages, one after another.
    pub(crate) fn encode(&self, inputs: &[&Input]) -> Option<Vec<f32>> {
        if let Some(averaged) = &self.averaged {
            return Some(inputs.par_iter().flat_map_iter(|input| averaged.encode(&input.tokens)).collect());
        }
        Some(self.bert.as_ref()?.encode(&self.tokens, &tokens(inputs)))
    }
}

/// Length of an n-gram's vector; beside a base n-grams vote directly alone, as vectors of their own only disturb.
pub(crate) fn ngram_dim(kind: EncoderKind) -> usize {
    if is_base(kind) { 0 } else { NGRAM_DIM }
}

/// Whether an encoder comes with weights from elsewhere.
fn is_base(kind: EncoderKind) -> bool {
    matches!(kind, EncoderKind::Bert | EncoderKind::Averaged)
}

/// Messages of one step with their targets: [batch, outputs], each row scaled by its share of the loss.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub inputs: Vec<&'a Input>,
    pub rows: Vec<&'a Row>,
    pub targets: Tensor,
}

impl Batch<'_> {
    fn count_right(&self, logits: &[Vec<f32>]) -> usize {
        logits.iter().zip(&self.rows).filter(|(logits, row)| row.has(best(logits))).count()
    }
}

/// What training keeps between steps.
#[derive(Debug)]
pub(crate) struct Learner {
    pub optimiser: AdamW,
    pub trainer: Trainer,
    pub random: Random,
}

/// How far one step goes in fresh weights and in a base's, and the share of features it drops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub step: Step,
    pub base: Step,
    pub dropout: f32,
}

/// Index of the largest value.
pub(crate) fn best(row: &[f32]) -> usize {
    row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index)
}

/// The vectors that the messages bring with them, if all do.
fn known_vectors(inputs: &[&Input]) -> Option<Vec<f32>> {
    let known = !inputs.is_empty() && inputs.iter().all(|input| !input.vector.is_empty());
    known.then(|| inputs.iter().flat_map(|input| &input.vector).copied().collect())
}

/// Tokens of each message.
fn tokens<'a>(inputs: &[&'a Input]) -> Vec<&'a [u32]> {
    inputs.iter().map(|input| input.tokens.as_slice()).collect()
}

fn averaged(tokens: &[u32]) -> Vec<(u32, f32)> {
    let weight = 1.0 / tokens.len().max(1) as f32;
    tokens.iter().map(|token| (*token, weight)).collect()
}
