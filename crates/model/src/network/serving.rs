//! A network that answers: its head in plain numbers, without autograd.

use rayon::prelude::*;

use super::{Input, MESSAGES, NGRAM_DIM, NORM_EPSILON, Network, averaged, is_base, known_vectors, ngram_dim};
use crate::encoder::cnn::PlainCnn;
use crate::features::Features;
use crate::table::Table;
use crate::{EncoderKind, Error};

impl Network {
    /// The network as it is now, for inference.
    pub(crate) fn plain(&self) -> Result<Plain, Error> {
        let norm = |part: &str| -> Result<Norm, Error> {
            Ok(Norm {
                weight: self.dense.values(&format!("head.{part}.norm.weight"))?,
                bias: self.dense.values(&format!("head.{part}.norm.bias"))?,
                // Over a pretrained vector the head is a regression.
                bent: !is_base(self.kind),
            })
        };
        let part = |name: &str, len: usize| if len > 0 { norm(name).map(Some) } else { Ok(None) };
        Ok(Plain {
            ngrams: part("ngrams", ngram_dim(self.kind))?,
            tokens: part("tokens", self.encoded())?,
            cnn: if self.kind == EncoderKind::Cnn { Some(PlainCnn::new(&self.dense)?) } else { None },
            weight: self.dense.values("head.weight")?,
            bias: self.dense.values("head.bias")?,
        })
    }

    /// Logits of messages: through a pretrained transformer together, else one after another on this thread.
    pub(crate) fn logits(&self, plain: &Plain, inputs: &[&Input]) -> Vec<Vec<f32>> {
        let vectors = self.transformed(inputs);
        inputs.iter().enumerate().map(|(at, input)| self.head_logits(plain, input, vectors.of(at))).collect()
    }

    /// A pretrained transformer's vectors of messages that do not bring them along.
    fn transformed(&self, inputs: &[&Input]) -> Vectors {
        let is_needed = self.bert.is_some() && known_vectors(inputs).is_none();
        let values = if is_needed { self.encode(inputs).unwrap_or_default() } else { Vec::new() };
        Vectors { values, dim: self.encoded() }
    }

    /// Logits of one message, given its vector where a transformer made one.
    fn head_logits(&self, plain: &Plain, input: &Input, vector: Option<&[f32]>) -> Vec<f32> {
        let mut logits = plain.bias.clone();
        if let Some(norm) = &plain.ngrams {
            let mut vector = vec![0.0; NGRAM_DIM];
            self.ngrams.add_to(&input.features.rows, &mut vector);
            norm.apply(&mut vector);
            add_product(&vector, &plain.weight, &mut logits);
        }
        if let Some(norm) = &plain.tokens {
            let mut vector = vector.map_or_else(|| self.vector(plain, input, norm.weight.len()), <[f32]>::to_vec);
            norm.apply(&mut vector);
            add_product(&vector, &plain.weight[ngram_dim(self.kind) * self.outputs..], &mut logits);
        }
        if let Some(wide) = &self.wide {
            add_wide(wide, &input.features, &mut logits);
        }
        logits
    }

    /// What the token encoder makes of a message, or made of it before.
    fn vector(&self, plain: &Plain, input: &Input, len: usize) -> Vec<f32> {
        if !input.vector.is_empty() {
            return input.vector.clone();
        }
        if let Some(averaged) = &self.averaged {
            return averaged.encode(&input.tokens);
        }
        let mut vector = vec![0.0; len];
        match &plain.cnn {
            Some(cnn) => cnn.forward(&self.tokens, &input.tokens, &mut vector),
            None => self.tokens.add_to(&averaged(&input.tokens), &mut vector),
        }
        vector
    }

    /// Logits of many messages, over all threads.
    pub(crate) fn all_logits(&self, inputs: &[&Input]) -> Result<Vec<Vec<f32>>, Error> {
        let plain = self.plain()?;
        let logits = |inputs: &[&Input]| -> Vec<Vec<f32>> {
            let vectors = self.transformed(inputs);
            let one = |(at, input): (usize, &&Input)| self.head_logits(&plain, input, vectors.of(at));
            inputs.par_iter().enumerate().map(one).collect()
        };
        Ok(inputs.chunks(MESSAGES).flat_map(logits).collect())
    }
}

/// Vectors of messages, one after another; none where nothing made them.
struct Vectors {
    values: Vec<f32>,
    dim: usize,
}

impl Vectors {
    fn of(&self, message: usize) -> Option<&[f32]> {
        self.values.get(message * self.dim..(message + 1) * self.dim).filter(|vector| !vector.is_empty())
    }
}

fn add_wide(wide: &Table, features: &Features, logits: &mut [f32]) {
    wide.add_to(&features.rows, logits);
    wide.add_to(&features.pairs, logits);
}

/// Dense weights as plain numbers.
#[derive(Debug, Clone)]
pub(crate) struct Plain {
    ngrams: Option<Norm>,
    tokens: Option<Norm>,
    cnn: Option<PlainCnn>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug, Clone)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    /// Whether what is below zero counts as zero.
    bent: bool,
}

impl Norm {
    fn apply(&self, x: &mut [f32]) {
        let n = x.len() as f32;
        let mean = x.iter().sum::<f32>() / n;
        let variance = x.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / n;
        let scale = (variance + NORM_EPSILON).sqrt().recip();
        for ((value, weight), bias) in x.iter_mut().zip(&self.weight).zip(&self.bias) {
            *value = (*value - mean) * scale * weight + bias;
            if self.bent {
                *value = value.max(0.0);
            }
        }
    }
}

/// Adds `vector · matrix` to `out`; the matrix stands row by row, one row for each input.
fn add_product(vector: &[f32], matrix: &[f32], out: &mut [f32]) {
    for (value, row) in vector.iter().zip(matrix.chunks_exact(out.len())) {
        if *value != 0.0 {
            for (total, weight) in out.iter_mut().zip(row) {
                *total += value * weight;
            }
        }
    }
}
