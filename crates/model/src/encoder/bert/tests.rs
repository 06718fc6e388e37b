//! The encoder against its oracle, and its gradients against finite differences.
#![allow(clippy::unwrap_used)]

use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::bert::{BertModel, Config};

use super::*;
use crate::random::Random;

const IDS: [[u32; 5]; 2] = [[3, 7, 1, 9, 4], [8, 2, 5, 0, 0]];
const LENGTHS: [usize; 2] = [5, 3];

fn config(hidden_act: &str) -> BertConfig {
    let json = format!(
        r#"{{"model_type": "bert", "vocab_size": 12, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 6, "hidden_act": "{hidden_act}"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// The oracle with random weights, and the same weights as ours.
fn pair(config: &BertConfig) -> (BertModel, Dense, Table) {
    let weights = VarMap::new();
    let builder = VarBuilder::from_varmap(&weights, DType::F32, &Device::Cpu);
    let json = serde_json::json!({
        "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers, "num_attention_heads": config.num_attention_heads,
        "intermediate_size": config.intermediate_size, "hidden_act": "gelu", "hidden_dropout_prob": 0.0,
        "max_position_embeddings": config.max_position_embeddings, "type_vocab_size": config.type_vocab_size,
        "initializer_range": 0.02, "layer_norm_eps": config.layer_norm_eps, "pad_token_id": 0,
    });
    let oracle_config: Config = serde_json::from_value(json).unwrap();
    BertModel::load(builder.clone(), &oracle_config).unwrap();
    let mut random = Random::new(1, 1);
    let mut names: Vec<_> = weights.data().lock().unwrap().keys().cloned().collect();
    names.sort();
    for name in &names {
        let var = weights.data().lock().unwrap()[name].clone();
        let values: Vec<f32> = (0..var.elem_count()).map(|_| random.normal() * 0.4).collect();
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    weights.save(&path).unwrap();
    let mut dense = Dense::default();
    let words = load_weights(&path, config, &mut dense).unwrap();
    assert_eq!(names.len(), dense.iter().count() + 1);
    (BertModel::load(builder, &oracle_config).unwrap(), dense, words)
}

fn embedded(words: &Table) -> Tensor {
    let rows: Vec<f32> = IDS.as_flattened().iter().flat_map(|id| words.row(*id).to_vec()).collect();
    Tensor::from_vec(rows, (2, 5, words.dim()), &Device::Cpu).unwrap()
}

fn encode(config: &BertConfig, dense: &Dense, words: &Tensor) -> Tensor {
    Bert { config, dense }.forward(words, &LENGTHS, &mut |x| Ok(x.clone())).unwrap()
}

#[test]
fn vectors_equal_those_of_candle_transformers() {
    let config = config("gelu");
    let (oracle, dense, words) = pair(&config);
    let ours: Vec<Vec<f32>> = encode(&config, &dense, &embedded(&words)).to_vec2().unwrap();
    for (index, (ids, length)) in IDS.iter().zip(LENGTHS).enumerate() {
        let ids = Tensor::new(&ids[..length], &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let states = oracle.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap(); // [1, length, hidden]
        let theirs: Vec<f32> = states.mean(1).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
        for (a, b) in ours[index].iter().zip(&theirs) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}

#[test]
fn every_weight_gets_a_gradient() {
    for act in ["gelu", "gelu_new", "relu"] {
        let config = config(act);
        let (_, dense, words) = pair(&config);
        let words = candle_core::Var::from_tensor(&embedded(&words)).unwrap();
        let gradients = encode(&config, &dense, &words).sqr().unwrap().sum_all().unwrap().backward().unwrap();
        assert!(gradients.get(&words).is_some());
        for (name, var) in dense.iter() {
            let gradient = gradients.get(var).unwrap_or_else(|| panic!("{act}: {name} has no gradient"));
            let size: f32 = gradient.abs().unwrap().sum_all().unwrap().to_scalar().unwrap();
            // A key's bias moves all scores of a row alike, which changes nothing.
            assert!(size > 1e-6 || name.ends_with("key.bias"), "{act}: {name} has the gradient 0");
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let config = config("gelu");
    let (_, dense, words) = pair(&config);
    let words = embedded(&words);
    let mut random = Random::new(2, 1);
    let direction: Vec<f32> = (0..16).map(|_| random.normal()).collect();
    let direction = Tensor::from_vec(direction, (2, 8), &Device::Cpu).unwrap();
    let loss = || (encode(&config, &dense, &words) * &direction).unwrap().sum_all().unwrap();
    let value = || loss().to_scalar::<f32>().unwrap();
    let gradients = loss().backward().unwrap();
    for (name, var) in dense.iter() {
        let gradient: Vec<f32> = gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let before: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
        let steepest = (0..gradient.len()).max_by(|a, b| gradient[*a].abs().total_cmp(&gradient[*b].abs())).unwrap();
        let moved = |by: f32| {
            let mut values = before.clone();
            values[steepest] += by;
            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
            value()
        };
        let slope = (moved(5e-3) - moved(-5e-3)) / 1e-2;
        moved(0.0);
        let expected = gradient[steepest];
        assert!((slope - expected).abs() < 2e-3 + 0.03 * expected.abs(), "{name}: {slope} instead of {expected}");
    }
}
