//! A BERT's dense weights as one run of numbers, and where each stands in it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device};

use super::config::BertConfig;
use super::stored;
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

impl Part {
    /// Whether this is the weight of a dense layer, or a share of one.
    pub(super) fn is_dense(&self) -> bool {
        self.shape.len() == 2 && self.name.starts_with("encoder.")
    }
}

/// Which weights a run of numbers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Every one.
    All,
    /// All but the weights of dense layers, which stand elsewhere in 8 bits.
    Small,
}

/// A dense layer: its weight [out, of], where that is kept, and right after it its bias [out].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    at: usize,
    bias: usize,
    pub out: usize,
    pub of: usize,
}

impl Linear {
    pub(super) fn weight(self) -> Range<usize> {
        self.at..self.at + self.out * self.of
    }

    pub(super) fn bias(self) -> Range<usize> {
        self.bias..self.bias + self.out
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

impl Layer {
    /// The dense parts in the order in which they are computed with.
    pub(super) fn dense(&self) -> [Linear; 4] {
        [self.qkv, self.attended, self.inner, self.outer]
    }
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
    pub(super) fn new(config: &BertConfig, kept: Kept) -> Self {
        let mut end = 0;
        let part = |(name, shape): (String, Vec<usize>)| {
            let mut part = Part { name, shape, range: end..end };
            if kept == Kept::All || !part.is_dense() {
                end += part.shape.iter().product::<usize>();
                part.range.end = end;
            }
            part
        };
        let parts: Vec<Part> = config.shapes().into_iter().map(part).collect();
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let mut at = parts[0].range.len() + parts[1].range.len();
        let norm = |at: &mut usize| {
            *at += 2 * hidden;
            Norm { at: *at - 2 * hidden, len: hidden }
        };
        let linear = |at: &mut usize, out: usize, of: usize| {
            let bias = *at + if kept == Kept::All { out * of } else { 0 };
            let linear = Linear { at: *at, bias, out, of };
            *at = bias + out;
            linear
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

    /// Where the first layer's weights begin.
    fn layers_start(&self) -> usize {
        self.norm.both().end
    }

    /// Numbers in all.
    pub(crate) fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }
}

/// Dense weights, all or the small ones.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub plan: Arc<Plan>,
    pub values: Vec<f32>,
}

impl Weights {
    /// Puts weights together from a source of each by name and shape.
    pub(crate) fn collect(
        config: &BertConfig,
        kept: Kept,
        mut take: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, Error>,
    ) -> Result<Self, Error> {
        let plan = Plan::new(config, kept);
        let mut values = Vec::with_capacity(plan.len());
        for part in plan.parts.iter().filter(|part| kept == Kept::All || !part.is_dense()) {
            values.extend(take(&part.name, &part.shape)?);
        }
        Ok(Self { plan: Arc::new(plan), values })
    }

    /// Each weight that is kept with its numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Part, &[f32])> {
        let kept = self.plan.parts.iter().filter(|part| !part.range.is_empty());
        kept.map(|part| (part, &self.values[part.range.clone()]))
    }

    /// The weights of a configuration with these of the layers alone; all are kept.
    pub(super) fn with_layers(&self, config: &BertConfig, layers: &[usize]) -> Self {
        let plan = Plan::new(config, Kept::All);
        // Every layer's weights stand in one run, and what is not of a layer stands before the first.
        let (start, end) = (self.plan.layers_start(), self.plan.len());
        let size = (end - start) / self.plan.layers.len().max(1);
        let mut values = self.values[..start].to_vec();
        for layer in layers {
            values.extend_from_slice(&self.values[start + layer * size..][..size]);
        }
        Self { plan: Arc::new(plan), values }
    }

    /// Forgets the weights of dense layers.
    pub(super) fn shrink(&mut self, config: &BertConfig) {
        let plan = Plan::new(config, Kept::Small);
        let mut values = Vec::with_capacity(plan.len());
        for (_, numbers) in self.iter().filter(|(part, _)| !part.is_dense()) {
            values.extend_from_slice(numbers);
        }
        *self = Self { plan: Arc::new(plan), values };
    }

    /// Takes the weights of dense layers back, layer by layer in the order of [`Layer`].
    pub(super) fn grow(&mut self, config: &BertConfig, dense: &[[Vec<f32>; 4]]) {
        let plan = Plan::new(config, Kept::All);
        let mut values = vec![0.0; plan.len()];
        let both = plan.parts.iter().zip(&self.plan.parts);
        for (part, small) in both.filter(|(_, small)| !small.range.is_empty()) {
            values[part.range.clone()].copy_from_slice(&self.values[small.range.clone()]);
        }
        for (layer, dense) in plan.layers.iter().zip(dense) {
            for (linear, weight) in layer.dense().into_iter().zip(dense) {
                values[linear.weight()].copy_from_slice(weight);
            }
        }
        *self = Self { plan: Arc::new(plan), values };
    }
}

/// Takes a checkpoint's tensors apart into word table and dense weights, checking shapes and values; weights that a
/// bundle stores in 8 bits become floats again.
pub(crate) fn load_weights(path: &Path, config: &BertConfig) -> Result<(Weights, Table), Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
        .map_err(|error| Error::bundle(path, format!("is no readable safetensors file: {error}")))?;
    let find = |name: &str| tensors.get(name).or_else(|| tensors.get(&format!("bert.{name}")));
    let take = |name: &str, shape: &[usize]| -> Result<Vec<f32>, Error> {
        let floats = stored::widened(name, |name| find(name).cloned())?;
        let tensor = floats.as_ref().or_else(|| find(name));
        let tensor = tensor.ok_or_else(|| Error::bundle(path, format!("lacks the tensor {name}")))?;
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
    Ok((Weights::collect(config, Kept::All, take)?, Table::from_values(words, config.hidden_size)))
}
