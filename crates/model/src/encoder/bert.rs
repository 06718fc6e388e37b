//! A BERT encoder that can be trained whole: every operation here has a backward.
//! Word embeddings stay outside, in a table whose touched rows alone are updated.

use std::path::Path;

use candle_core::{D, DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::dense::Dense;
use crate::table::Table;

/// Name of the word embeddings in a checkpoint.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";
/// Most tokens of a message that are read.
const MAX_TOKENS: usize = 128;

/// The fields of a BERT `config.json` that decide the computation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BertConfig {
    #[serde(default)]
    pub model_type: String,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    #[serde(default = "small")]
    pub layer_norm_eps: f64,
    #[serde(default = "gelu")]
    pub hidden_act: String,
}

fn two() -> usize {
    2
}

fn small() -> f64 {
    1e-12
}

fn gelu() -> String {
    "gelu".into()
}

impl BertConfig {
    /// Reads and checks `config.json`.
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        let json = std::fs::read(path).map_err(Error::io(path))?;
        let config: Self = serde_json::from_slice(&json)
            .map_err(|error| Error::bundle(path, format!("is not the configuration of a BERT model: {error}")))?;
        config.check().map_err(|problem| Error::bundle(path, problem))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !["", "bert"].contains(&self.model_type.as_str()) {
            return Err(format!("model_type is {:?}; only bert can be fine-tuned", self.model_type));
        }
        if self.num_attention_heads == 0
            || self.hidden_size == 0
            || !self.hidden_size.is_multiple_of(self.num_attention_heads)
        {
            return Err(format!(
                "hidden_size {} cannot be shared among {} heads",
                self.hidden_size, self.num_attention_heads
            ));
        }
        if self.max_position_embeddings < 2 || self.type_vocab_size == 0 {
            return Err("max_position_embeddings or type_vocab_size is too small".into());
        }
        if !["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"].contains(&self.hidden_act.as_str()) {
            return Err(format!("hidden_act {:?} is not known; gelu, gelu_new and relu are", self.hidden_act));
        }
        Ok(())
    }

    /// Tokens of a message that are read.
    pub(crate) fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.max_position_embeddings)
    }

    /// Every dense weight with its shape, by the checkpoint's names.
    pub(crate) fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let mut shapes = vec![
            ("embeddings.position_embeddings.weight".into(), vec![self.max_position_embeddings, hidden]),
            ("embeddings.token_type_embeddings.weight".into(), vec![self.type_vocab_size, hidden]),
        ];
        let norm = |shapes: &mut Vec<_>, name: String| {
            shapes.push((format!("{name}.weight"), vec![hidden]));
            shapes.push((format!("{name}.bias"), vec![hidden]));
        };
        norm(&mut shapes, "embeddings.LayerNorm".into());
        for layer in 0..self.num_hidden_layers {
            let prefix = format!("encoder.layer.{layer}");
            for (name, out, of) in [
                ("attention.self.query", hidden, hidden),
                ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden),
                ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", inner, hidden),
                ("output.dense", hidden, inner),
            ] {
                shapes.push((format!("{prefix}.{name}.weight"), vec![out, of]));
                shapes.push((format!("{prefix}.{name}.bias"), vec![out]));
            }
            norm(&mut shapes, format!("{prefix}.attention.output.LayerNorm"));
            norm(&mut shapes, format!("{prefix}.output.LayerNorm"));
        }
        shapes
    }
}

/// Takes a checkpoint's tensors apart into word table and dense weights, checking shapes and values.
pub(crate) fn load_weights(path: &Path, config: &BertConfig, dense: &mut Dense) -> Result<Table, Error> {
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
    for (name, shape) in config.shapes() {
        dense.add(&name, take(&name, &shape)?, shape)?;
    }
    Ok(Table::from_values(words, config.hidden_size))
}

/// A BERT's configuration with its weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bert<'a> {
    pub config: &'a BertConfig,
    pub dense: &'a Dense,
}

/// What may be dropped from a tensor while training.
type Dropout<'a> = &'a mut dyn FnMut(&Tensor) -> Result<Tensor, Error>;

/// Hidden states [batch, len, hidden] with what is added to the attention scores of absent tokens.
#[derive(Debug, Clone, Copy)]
struct Padded<'a> {
    x: &'a Tensor,
    mask: &'a Tensor,
}

impl Bert<'_> {
    /// Mean over each message's tokens of the last hidden states; `words` is [batch, len, hidden], padding last.
    pub(crate) fn forward(&self, words: &Tensor, lengths: &[usize], dropout: Dropout<'_>) -> Result<Tensor, Error> {
        let (batch, len, _) = words.dims3()?;
        let positions = self.dense.get("embeddings.position_embeddings.weight")?.narrow(0, 0, len)?;
        let kind = self.dense.get("embeddings.token_type_embeddings.weight")?.narrow(0, 0, 1)?;
        let embedded = words.broadcast_add(&positions)?.broadcast_add(&kind)?;
        let mut x = dropout(&self.layer_norm("embeddings.LayerNorm", &embedded)?)?;
        let present: Vec<f32> =
            lengths.iter().flat_map(|length| (0..len).map(move |at| f32::from(at < (*length).max(1)))).collect();
        let present = Tensor::from_vec(present, (batch, len), words.device())?;
        // Absent tokens get a large negative score; infinity would give NaN where a row has no token.
        let mask = present.affine(1e9, -1e9)?.reshape((batch, 1, 1, len))?;
        for layer in 0..self.config.num_hidden_layers {
            x = self.layer(layer, Padded { x: &x, mask: &mask }, dropout)?;
        }
        let counts = present.sum_keepdim(1)?; // [batch, 1]
        let sum = x.broadcast_mul(&present.unsqueeze(2)?)?.sum(1)?; // [batch, hidden]
        Ok(sum.broadcast_div(&counts)?)
    }

    fn layer(&self, layer: usize, states: Padded<'_>, dropout: Dropout<'_>) -> Result<Tensor, Error> {
        let prefix = format!("encoder.layer.{layer}");
        let attended = self.attention(&prefix, states, dropout)?;
        let attended = dropout(&self.linear(&format!("{prefix}.attention.output.dense"), &attended)?)?;
        let x = self.layer_norm(&format!("{prefix}.attention.output.LayerNorm"), &(states.x + attended)?)?;
        let inner = self.linear(&format!("{prefix}.intermediate.dense"), &x)?;
        let inner = match self.config.hidden_act.as_str() {
            "relu" => inner.relu()?,
            "gelu" => inner.gelu_erf()?,
            _ => inner.gelu()?,
        };
        let outer = dropout(&self.linear(&format!("{prefix}.output.dense"), &inner)?)?;
        self.layer_norm(&format!("{prefix}.output.LayerNorm"), &(x + outer)?)
    }

    fn attention(&self, prefix: &str, states: Padded<'_>, dropout: Dropout<'_>) -> Result<Tensor, Error> {
        let Padded { x, mask } = states;
        let (batch, len, hidden) = x.dims3()?;
        let heads = self.config.num_attention_heads;
        let size = hidden / heads;
        let part = |name: &str| -> Result<Tensor, Error> {
            Ok(self
                .linear(&format!("{prefix}.attention.self.{name}"), x)?
                .reshape((batch, len, heads, size))?
                .transpose(1, 2)?
                .contiguous()?)
        };
        let (query, key, value) = (part("query")?, part("key")?, part("value")?); // [batch, heads, len, size]
        let scores = (query.matmul(&key.transpose(2, 3)?.contiguous()?)? * (size as f64).sqrt().recip())?;
        let scores = scores.broadcast_add(mask)?; // [batch, heads, len, len]
        let shares = dropout(&candle_nn::ops::softmax(&scores, D::Minus1)?)?;
        Ok(shares.matmul(&value)?.transpose(1, 2)?.contiguous()?.reshape((batch, len, hidden))?)
    }

    fn linear(&self, name: &str, x: &Tensor) -> Result<Tensor, Error> {
        let (batch, len, of) = x.dims3()?;
        Ok(x.reshape((batch * len, of))?
            .matmul(&self.dense.get(&format!("{name}.weight"))?.t()?)?
            .broadcast_add(self.dense.get(&format!("{name}.bias"))?)?
            .reshape((batch, len, ()))?)
    }

    fn layer_norm(&self, name: &str, x: &Tensor) -> Result<Tensor, Error> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        Ok(centred
            .broadcast_div(&(variance + self.config.layer_norm_eps)?.sqrt()?)?
            .broadcast_mul(self.dense.get(&format!("{name}.weight"))?)?
            .broadcast_add(self.dense.get(&format!("{name}.bias"))?)?)
    }
}

#[cfg(test)]
mod tests;
