//! Training from a BERT checkpoint, and refusing folders that are none.

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::bert::{BertModel, Config};
use model::{Classifier, Depth, EncoderKind, Precision, TrainOptions, train};

use crate::shop::{SHOP, best, learn, options, set};

/// A tiny checkpoint with made-up weights, the shop's vocabulary and a prefix for queries.
pub(crate) fn write_base(dir: &Path) {
    SHOP.save(dir).unwrap();
    fs::remove_file(dir.join("frontdesk.json")).unwrap();
    let json = serde_json::json!({
        "model_type": "bert", "vocab_size": SHOP.info().features.n_tokens, "hidden_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 32, "hidden_act": "gelu", "hidden_dropout_prob": 0.0,
        "max_position_embeddings": 24, "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    });
    fs::write(dir.join("config.json"), serde_json::to_vec(&json).unwrap()).unwrap();
    fs::write(dir.join("config_sentence_transformers.json"), r#"{"prompts": {"query": "query: "}}"#).unwrap();
    let weights = VarMap::new();
    let config: Config = serde_json::from_value(json).unwrap();
    BertModel::load(VarBuilder::from_varmap(&weights, DType::F32, &Device::Cpu), &config).unwrap();
    for (name, var) in weights.data().lock().unwrap().iter() {
        let middle = f32::from(u8::from(name.ends_with("LayerNorm.weight")));
        let values: Vec<f32> = (0..var.elem_count()).map(|i| middle + 0.2 * ((i * i) as f32 * 0.37).sin()).collect();
        var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    weights.save(dir.join("model.safetensors")).unwrap();
}

pub(crate) fn from(base: &Path) -> TrainOptions {
    TrainOptions { base: Some(base.to_owned()), epochs: Some(15), base_licence: Some("MIT".into()), ..options() }
}

fn refusal(base: &Path) -> String {
    train(&set(), &from(base), &mut |_| model::Control::Continue).expect_err("no base").to_string()
}

#[test]
fn a_model_trained_from_a_base_is_loaded_as_it_was_saved() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let trained = learn(&set(), &from(&base));
    let info = trained.info();
    assert_eq!((info.features.encoder, info.features.prefix.as_str()), (EncoderKind::Bert, "query: "));
    assert_eq!((info.features.max_tokens, info.base_licence.as_deref()), (24, Some("MIT")));
    assert!(info.metrics["accuracy"] > 0.6, "{:?}", info.metrics);
    trained.save(&home.path().join("model")).unwrap();
    let loaded = Classifier::load(&home.path().join("model")).unwrap();
    let long = "where is my lamp ".repeat(50);
    let texts = ["where is my lamp", "耳机能退钱吗", "", "🙂", &long];
    assert_eq!(loaded.predict(&texts), trained.predict(&texts));
}

#[test]
fn a_base_learns_at_every_depth_and_the_bundle_says_at_which() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    for depth in [Depth::Frozen, Depth::FewShot, Depth::Full] {
        let trained = learn(&set(), &TrainOptions { depth: Some(depth), ..from(&base) });
        assert_eq!(trained.info().depth, Some(depth));
        assert_eq!(best(&trained, "where is my kettle"), "order status", "{depth:?}");
        let folder = home.path().join(format!("{depth:?}"));
        trained.save(&folder).unwrap();
        let words = fs::read(folder.join("model.safetensors")).unwrap();
        let words = candle_core::safetensors::load_buffer(&words, &Device::Cpu).unwrap();
        let weight = "encoder.layer.0.output.dense.weight";
        let before = candle_core::safetensors::load(base.join("model.safetensors"), &Device::Cpu).unwrap();
        let [before, after] = [&before[weight], &words[weight]].map(|tensor| tensor.to_vec2::<f32>().unwrap());
        assert_eq!(before == after, depth == Depth::Frozen, "{depth:?}");
    }
}

#[test]
fn a_model_in_eight_bits_is_loaded_as_it_was_saved_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let options = from(&home.path().join("base"));
    let options = TrainOptions { precision: Precision::EightBit, depth: Some(Depth::Frozen), ..options };
    let trained = learn(&set(), &options);
    trained.save(&home.path().join("model")).unwrap();
    let loaded = Classifier::load(&home.path().join("model")).unwrap();
    assert_eq!(loaded.info().precision, Precision::EightBit);
    assert_eq!(
        loaded.predict(&["where is my lamp", "耳机能退钱吗"]),
        trained.predict(&["where is my lamp", "耳机能退钱吗"])
    );
    assert_eq!(best(&loaded, "where is my kettle"), "order status");
}

#[test]
fn training_from_a_base_does_not_depend_on_the_number_of_threads() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let predict = |threads| {
        let options = from(&home.path().join("base"));
        let options = TrainOptions { threads: Some(threads), epochs: Some(2), refit: false, ..options };
        learn(&set(), &options).predict(&["where is my lamp", "耳机能退钱吗"])
    };
    assert_eq!(predict(1), predict(3));
}

#[test]
fn folders_that_are_no_base_are_refused_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    assert!(refusal(&home.path().join("nothing")).contains("is no folder"));
    let base = home.path().join("base");
    write_base(&base);
    let path = base.join("config.json");
    let config = fs::read_to_string(&path).unwrap();
    for (edit, reason) in [
        (config.replace("\"bert\"", "\"roberta\""), "only bert"),
        (config.replace("\"gelu\"", "\"silu\""), "silu"),
        (config.replace("\"num_attention_heads\":2", "\"num_attention_heads\":3"), "3 heads"),
        (config.replace("\"hidden_size\":16", "\"hidden_size\":32"), "has shape"),
        (config.replace("\"num_hidden_layers\":1", "\"num_hidden_layers\":2"), "lacks the tensor encoder.layer.1"),
        ("{}".into(), "vocab_size"),
    ] {
        fs::write(&path, edit).unwrap();
        let error = refusal(&base);
        assert!(error.contains(reason), "{reason}: {error}");
    }
    let fewer = SHOP.info().features.n_tokens;
    fs::write(&path, config.replace(&format!("\"vocab_size\":{fewer}"), "\"vocab_size\":7")).unwrap();
    assert!(refusal(&base).contains("has shape"));
    fs::write(&path, &config).unwrap();
    fs::write(base.join("model.safetensors"), b"short").unwrap();
    assert!(refusal(&base).contains("model.safetensors"));
}

/// Changes one tensor of a checkpoint.
fn edit(base: &Path, name: &str, change: impl Fn(&Tensor) -> Tensor) {
    let path = base.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let changed = change(&tensors[name]);
    tensors.insert(name.to_owned(), changed);
    candle_core::safetensors::save(&tensors, &path).unwrap();
}

#[test]
fn weights_that_are_no_numbers_and_tokenizers_of_other_models_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    for name in ["embeddings.word_embeddings.weight", "encoder.layer.0.output.dense.bias"] {
        let _ = fs::remove_dir_all(&base);
        write_base(&base);
        edit(&base, name, |tensor| tensor.affine(f64::NAN, 0.0).unwrap());
        let error = refusal(&base);
        assert!(error.contains(name) && error.contains("not numbers"), "{error}");
    }
    for (factor, complaint) in [(20, "they do not belong together"), (0, "more tokens than the")] {
        let _ = fs::remove_dir_all(&base);
        write_base(&base);
        let rows = if factor == 0 { 20 } else { factor * SHOP.info().features.n_tokens };
        let path = base.join("config.json");
        let config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let mut config = config;
        config["vocab_size"] = rows.into();
        fs::write(&path, serde_json::to_vec(&config).unwrap()).unwrap();
        let dim = config["hidden_size"].as_u64().unwrap() as usize;
        edit(&base, "embeddings.word_embeddings.weight", |_| {
            Tensor::zeros((rows, dim), DType::F32, &Device::Cpu).unwrap()
        });
        let error = refusal(&base);
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn a_base_that_does_not_know_the_language_is_told_by_the_share_of_unknown_tokens() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let options = TrainOptions { depth: Some(Depth::Frozen), ..from(&home.path().join("base")) };
    let known = learn(&set(), &options).info().metrics["unknown_tokens"];
    let mut greek = set();
    for example in &mut greek.train {
        example.text = example.text.chars().map(|c| if c.is_alphabetic() { 'ω' } else { c }).collect();
    }
    let unknown = learn(&greek, &options).info().metrics["unknown_tokens"];
    assert!(known < 0.3 && unknown > 0.6, "{known} {unknown}");
}
