//! A BERT that was distilled here as others read it: Hugging Face layout, 16-bit floats.

use candle_core::{DType, Device, Tensor};
use serde_json::{Value, json};

use crate::Error;
use crate::encoder::bert::{Bert, WORDS, tensors as dense};
use crate::network::Transformer;

/// `config.json`.
pub(super) fn config(bert: &Bert) -> Value {
    let mut config = json!(bert.config);
    config["architectures"] = json!(["BertModel"]);
    config["torch_dtype"] = json!("float16");
    config
}

/// Every weight with its name in a checkpoint.
pub(super) fn tensors(base: &Transformer) -> Result<Vec<(String, Tensor)>, Error> {
    let words = Tensor::from_slice(base.words.values(), (base.words.len(), base.words.dim()), &Device::Cpu)?;
    let all = dense(&base.bert)?.into_iter().chain([(WORDS.to_owned(), words)]);
    all.map(|(name, tensor)| Ok((name, tensor.to_dtype(DType::F16)?))).collect()
}
