//! What a checkpoint's `config.json` says of its encoder, and the shapes that follow from it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kernels::Activation;
use crate::Error;

/// Most tokens of a message that are read.
const MAX_TOKENS: usize = 128;

/// Largest number that a size may be.
const MAX_SIZE: usize = 1 << 17;

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

    /// What makes the computation impossible, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
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
        let sizes = [
            self.hidden_size,
            self.num_hidden_layers,
            self.intermediate_size,
            self.max_position_embeddings,
            self.type_vocab_size,
        ];
        if sizes.iter().any(|size| *size > MAX_SIZE) {
            return Err(format!("has a size above {MAX_SIZE}: {sizes:?}"));
        }
        if self.max_position_embeddings < 2 || self.type_vocab_size == 0 {
            return Err("max_position_embeddings or type_vocab_size is too small".into());
        }
        self.activation().map(|_| ())
    }

    /// What stands between the two halves of a feed-forward block.
    pub(super) fn activation(&self) -> Result<Activation, String> {
        match self.hidden_act.as_str() {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            other => Err(format!("hidden_act {other:?} is not known; gelu, gelu_new and relu are")),
        }
    }

    /// Tokens of a message that are read.
    pub(crate) fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.max_position_embeddings)
    }

    /// Every dense weight with its shape, by the checkpoint's names, in the order in which they are computed with;
    /// query, key and value stand together, weights before biases, so that one product makes all three.
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
        let linear = |shapes: &mut Vec<_>, name: String, [out, of]: [usize; 2]| {
            shapes.push((format!("{name}.weight"), vec![out, of]));
            shapes.push((format!("{name}.bias"), vec![out]));
        };
        for layer in 0..self.num_hidden_layers {
            let prefix = format!("encoder.layer.{layer}");
            let attention = ["query", "key", "value"].map(|name| format!("{prefix}.attention.self.{name}"));
            shapes.extend(attention.iter().map(|name| (format!("{name}.weight"), vec![hidden, hidden])));
            shapes.extend(attention.iter().map(|name| (format!("{name}.bias"), vec![hidden])));
            linear(&mut shapes, format!("{prefix}.attention.output.dense"), [hidden, hidden]);
            norm(&mut shapes, format!("{prefix}.attention.output.LayerNorm"));
            linear(&mut shapes, format!("{prefix}.intermediate.dense"), [inner, hidden]);
            linear(&mut shapes, format!("{prefix}.output.dense"), [hidden, inner]);
            norm(&mut shapes, format!("{prefix}.output.LayerNorm"));
        }
        shapes
    }
}
