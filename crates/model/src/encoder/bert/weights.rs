//! A BERT's dense weights as one run of numbers, and where each stands in it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device};

use super::config::BertConfig;
use crate::Error;
use crate::table::Table;

/// Name of the word embeddings in a checkpoint.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";

/// One named weight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub name: String,
    pub shape: Vec<usize>,
    pub range: Range<usize>,
}

/// A dense layer: its weight [out, of] and, right after it, its bias [out].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    at: usize,
    pub out: usize,
    pub of: usize,
}

impl Linear {
    pub(super) fn weight(self) -> Range<usize> {
        self.at..self.at + self.out * self.of
    }

    pub(super) fn bias(self) -> Range<usize> {
        let end = self.weight().end;
        end..end + self.out
    }
}

/// A layer norm: its weight and, right after it, its bias, of one length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Norm {
    at: usize,
    pub len: usize,
}

impl Norm {
    pub(super) fn weight(self) -> Range<usize> {
        self.at..self.at + self.len
    }

    pub(super) fn bias(self) -> Range<usize> {
        self.at + self.len..self.at + 2 * self.len
    }

    pub(super) fn both(self) -> Range<usize> {
        self.at..self.at + 2 * self.len
    }
}

/// Where the weights of one transformer layer stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layer {
    /// Query, key and value, one under the other.
    pub qkv: Linear,
    pub attended: Linear,
    pub attended_norm: Norm,
    pub inner: Linear,
    pub outer: Linear,
    pub norm: Norm,
}

/// Where every weight stands.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub parts: Vec<Part>,
    pub(super) positions: Range<usize>,
    pub(super) kinds: Range<usize>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Plan {
    pub(crate) fn new(config: &BertConfig) -> Self {
        let mut end = 0;
        let part = |(name, shape): (String, Vec<usize>)| {
            let start = end;
            end += shape.iter().product::<usize>();
            Part { name, shape, range: start..end }
        };
        let parts: Vec<Part> = config.shapes().into_iter().map(part).collect();
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let mut at = parts[0].range.len() + parts[1].range.len();
        let norm = |at: &mut usize| {
            *at += 2 * hidden;
            Norm { at: *at - 2 * hidden, len: hidden }
        };
        let linear = |at: &mut usize, out: usize, of: usize| {
            *at += out * (of + 1);
            Linear { at: *at - out * (of + 1), out, of }
        };
        let first = norm(&mut at);
        let layers = (0..config.num_hidden_layers)
            .map(|_| Layer {
                qkv: linear(&mut at, 3 * hidden, hidden),
                attended: linear(&mut at, hidden, hidden),
                attended_norm: norm(&mut at),
                inner: linear(&mut at, inner, hidden),
                outer: linear(&mut at, hidden, inner),
                norm: norm(&mut at),
            })
            .collect();
        Self { positions: parts[0].range.clone(), kinds: parts[1].range.clone(), norm: first, layers, parts }
    }

    /// Numbers in all.
    pub(crate) fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }
}

/// All dense weights.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub plan: Arc<Plan>,
    pub values: Vec<f32>,
}

impl Weights {
    /// Puts weights together from a source of each by name and shape.
    pub(crate) fn collect(
        config: &BertConfig,
        mut take: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let plan = Plan::new(config);
        let mut values = Vec::with_capacity(plan.len());
        for part in &plan.parts {
            values.extend(take(&part.name, &part.shape)?);
        }
        Ok(Self { plan: Arc::new(plan), values })
    }

    /// Each weight with its numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Part, &[f32])> {
        self.plan.parts.iter().map(|part| (part, &self.values[part.range.clone()]))
    }
}

/// Takes a checkpoint's tensors apart into word table and dense weights, checking shapes and values.
pub(crate) fn load_weights(path: &Path, config: &BertConfig) -> Result<(Weights, Table), Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
        .map_err(|error| Error::bundle(path, format!("is no readable safetensors file: {error}")))?;
    let take = |name: &str, shape: &[usize]| -> Result<Vec<f32>, Error> {
        let tensor = tensors
            .get(name)
            .or_else(|| tensors.get(&format!("bert.{name}")))
            .ok_or_else(|| Error::bundle(path, format!("lacks the tensor {name}")))?;
        if tensor.dims() != shape {
            return Err(Error::bundle(
                path,
                format!("tensor {name} has shape {:?}, config.json says {shape:?}", tensor.dims()),
            ));
        }
        let values: Vec<f32> = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::bundle(path, format!("tensor {name} holds values that are not numbers")));
        }
        Ok(values)
    };
    let words = take(WORDS, &[config.vocab_size, config.hidden_size])?;
    Ok((Weights::collect(config, take)?, Table::from_values(words, config.hidden_size)))
}
