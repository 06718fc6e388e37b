//! Training from a BERT checkpoint, and refusing folders that are none.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::bert::{BertModel, Config};
use model::{
    BaseSource, Classifier, ComputeDevice, Control, Depth, EncoderKind, Precision, Progress, TrainOptions, TrainingSet,
    train,
};

use crate::shop::{SHOP, best, learn, marked, options, predict, set};

/// A tiny checkpoint with made-up weights, the shop's vocabulary and a prefix for queries.
pub(crate) fn write_base(dir: &Path) {
    SHOP.save(dir).unwrap();
    fs::remove_file(dir.join("frontdesk.json")).unwrap();
    write_checkpoint(dir, SHOP.info().features.n_tokens, 1);
}

/// Configuration and made-up weights of a tiny checkpoint.
pub(crate) fn write_checkpoint(dir: &Path, n_tokens: usize, n_layers: usize) {
    let json = serde_json::json!({
        "model_type": "bert", "vocab_size": n_tokens, "hidden_size": 16, "num_hidden_layers": n_layers,
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
    TrainOptions {
        base: Some(BaseSource::Folder(base.to_owned())),
        epochs: Some(15),
        base_licence: Some("MIT".into()),
        ..options()
    }
}

fn refusal(base: &Path) -> String {
    train(&set(), &from(base), &mut |_| Control::Continue).expect_err("no base").to_string()
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
fn a_device_that_has_nothing_to_do_is_refused() {
    let refused = |options: &TrainOptions| train(&set(), options, &mut |_| Control::Continue).unwrap_err().to_string();
    for base in [None, Some(BaseSource::Shipped)] {
        let error = refused(&TrainOptions { base, device: ComputeDevice::Cuda, ..options() });
        assert!(error.starts_with("option device: ") && error.contains("--base"), "{error}");
    }
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_device_that_the_program_was_not_built_for_is_refused_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let options = TrainOptions { device: ComputeDevice::Cuda, ..from(&base) };
    let error = train(&set(), &options, &mut |_| Control::Continue).unwrap_err().to_string();
    assert!(error.starts_with("option device: ") && error.contains("--features cuda"), "{error}");
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

/// A model in 8 bits over a tiny base, saved.
fn in_eight_bits(home: &Path) -> Classifier {
    write_base(&home.join("base"));
    let precision = Precision::EightBit;
    let options = TrainOptions { precision, depth: Some(Depth::Frozen), ..from(&home.join("base")) };
    let trained = learn(&set(), &options);
    trained.save(&home.join("model")).unwrap();
    trained
}

fn tensors(folder: &Path) -> HashMap<String, Tensor> {
    candle_core::safetensors::load_buffer(&fs::read(folder.join("model.safetensors")).unwrap(), &Device::Cpu).unwrap()
}

#[test]
fn a_model_in_eight_bits_is_stored_in_eight_bits_and_loaded_as_it_was_saved() {
    let home = tempfile::tempdir().unwrap();
    let trained = in_eight_bits(home.path());
    let loaded = Classifier::load(&home.path().join("model")).unwrap();
    assert_eq!(loaded.info().precision, Precision::EightBit);
    let texts = ["where is my lamp", "耳机能退钱吗", "", "🙂"];
    assert_eq!(loaded.predict(&texts), trained.predict(&texts));
    assert_eq!(best(&loaded, "where is my kettle"), "order status");
    let stored = tensors(&home.path().join("model"));
    assert!(!stored.contains_key("encoder.layer.0.output.dense.weight"));
    assert_eq!(stored["encoder.layer.0.output.dense.weight.bytes"].dtype(), DType::U8);
    loaded.save(&home.path().join("again")).unwrap();
    let files = ["model", "again"].map(|name| fs::read(home.path().join(name).join("model.safetensors")).unwrap());
    assert!(files[0] == files[1], "saving what was loaded changes it");
}

#[test]
fn a_model_in_eight_bits_that_was_stored_in_floats_still_loads() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    learn(&set(), &TrainOptions { depth: Some(Depth::Frozen), ..from(&base) }).save(&home.path().join("old")).unwrap();
    let path = home.path().join("old").join("frontdesk.json");
    let json = fs::read_to_string(&path).unwrap().replace("\"precision\":\"float\"", "\"precision\":\"eight-bit\"");
    fs::write(&path, json).unwrap();
    let old = Classifier::load(&home.path().join("old")).unwrap();
    old.save(&home.path().join("new")).unwrap();
    let new = Classifier::load(&home.path().join("new")).unwrap();
    let size = |name: &str| fs::metadata(home.path().join(name).join("model.safetensors")).unwrap().len();
    assert!(size("new") < size("old"));
    let texts = ["where is my lamp", "耳机能退钱吗"];
    assert_eq!(new.predict(&texts), old.predict(&texts));
    assert_eq!(best(&old, "where is my kettle"), "order status");
}

#[test]
fn damaged_weights_in_eight_bits_are_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    in_eight_bits(home.path());
    let folder = home.path().join("model");
    let sound = tensors(&folder);
    for (name, damage) in [
        ("encoder.layer.0.output.dense.weight.bytes", None),
        ("encoder.layer.0.attention.self.key.weight.scales", None),
        ("encoder.layer.0.attention.self.key.weight.bytes", Some((DType::F32, 1.0))),
        ("encoder.layer.0.intermediate.dense.weight.scales", Some((DType::F32, f64::NAN))),
    ] {
        let mut tensors = sound.clone();
        let tensor = tensors.remove(name).unwrap();
        if let Some((dtype, factor)) = damage {
            tensors.insert(name.into(), tensor.to_dtype(dtype).unwrap().affine(factor, 0.0).unwrap());
        }
        candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
        let error = Classifier::load(&folder).expect_err("the weights are damaged").to_string();
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[test]
fn a_model_in_eight_bits_can_be_the_base_of_another() {
    let home = tempfile::tempdir().unwrap();
    in_eight_bits(home.path());
    let options = TrainOptions { depth: Some(Depth::Frozen), ..from(&home.path().join("model")) };
    assert_eq!(best(&learn(&set(), &options), "where is my kettle"), "order status");
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

/// Rewrites a saved tensor file without, or with another shape of, one tensor.
fn edit_tensor(dir: &Path, name: &str, edit: impl FnOnce(Tensor) -> Option<Tensor>) {
    let path = dir.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let tensor = tensors.remove(name).unwrap();
    tensors.extend(edit(tensor).map(|tensor| (name.to_owned(), tensor)));
    candle_core::safetensors::save(&tensors, path).unwrap();
}

#[test]
fn entities_are_learned_with_a_base_at_every_depth_and_loaded_as_they_were_saved() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let alone = TrainingSet { annotated: marked(), ..TrainingSet::default() };
    for depth in [Depth::Frozen, Depth::Full] {
        let trained = learn(&alone, &TrainOptions { depth: Some(depth), ..from(&base) });
        assert_eq!(
            (trained.info().depth, trained.info().heads.as_slice()),
            (Some(depth), &["entities".to_owned()][..])
        );
        let folder = home.path().join(format!("{depth:?}"));
        trained.save(&folder).unwrap();
        let loaded = Classifier::load(&folder).unwrap();
        let long = "ship it to Madrid please ".repeat(40);
        let texts = ["ship it to Madrid please", "可以寄到广州吗", "", "🙂", &long];
        let found = loaded.predict(&texts);
        assert_eq!(found, trained.predict(&texts));
        assert_eq!(found[0].entities[0].text, "Madrid", "{depth:?}");
        assert!(found[0].ranking.is_empty() && found[0].intent_at(0.0).is_none());
        let weight = "encoder.layer.0.output.dense.weight";
        let [before, after] = [&base, &folder].map(|dir| {
            let tensors = candle_core::safetensors::load(dir.join("model.safetensors"), &Device::Cpu).unwrap();
            tensors[weight].to_vec2::<f32>().unwrap()
        });
        assert_eq!(before == after, depth == Depth::Frozen, "{depth:?}");
    }
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
fn intents_and_entities_of_one_base_are_told_together() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let options = TrainOptions { depth: Some(Depth::Frozen), ..from(&base) };
    let trained = learn(&set(), &options);
    let plain = learn(&TrainingSet { annotated: Vec::new(), ..set() }, &options);
    let text = "Ship it to Madrid please";
    let prediction = predict(&trained, text);
    assert_eq!(prediction.entities[0].text, "Madrid");
    for (with, without) in prediction.ranking.iter().zip(&predict(&plain, text).ranking) {
        assert_eq!(with.intent, without.intent);
        assert!((with.probability - without.probability).abs() < 1e-5);
    }
    let folder = home.path().join("model");
    trained.save(&folder).unwrap();
    assert_eq!(predict(&Classifier::load(&folder).unwrap(), text), prediction);
}

#[test]
fn a_bundle_whose_tagger_does_not_fit_its_base_is_refused() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let alone = TrainingSet { annotated: marked(), ..TrainingSet::default() };
    let options = TrainOptions { depth: Some(Depth::Frozen), ..from(&home.path().join("base")) };
    let trained = learn(&alone, &options);
    let refused = |name: &str, edit: fn(Tensor) -> Option<Tensor>| {
        let folder = home.path().join(name);
        trained.save(&folder).unwrap();
        edit_tensor(&folder, "entities.states", edit);
        Classifier::load(&folder).expect_err("no bundle").to_string()
    };
    assert!(refused("lacking", |_| None).contains("lacks the tensor entities.states"));
    let narrow = refused("narrow", |tensor| Some(tensor.narrow(1, 0, 8).unwrap()));
    assert!(narrow.contains("entities.states has shape"), "{narrow}");
    let broken = refused("broken", |tensor| Some((tensor.zeros_like().unwrap() / 0.0).unwrap()));
    assert!(broken.contains("not numbers"), "{broken}");
}

#[test]
fn learning_entities_tells_how_far_it_is_and_can_be_stopped() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let alone = TrainingSet { annotated: marked(), ..TrainingSet::default() };
    let options = TrainOptions { depth: Some(Depth::Full), ..from(&home.path().join("base")) };
    let run = |after: usize| {
        let mut seen: Vec<Progress> = Vec::new();
        let trained = train(&alone, &options, &mut |progress| {
            seen.push(*progress);
            if seen.len() == after { Control::Stop } else { Control::Continue }
        });
        (trained.unwrap(), seen)
    };
    let (_, whole) = run(0);
    assert!(whole.iter().all(|progress| progress.loss.is_finite() && progress.step <= progress.steps));
    assert!(whole.iter().any(|progress| progress.validation.is_some()));
    assert_eq!(whole.last().map(|progress| progress.step == progress.steps), Some(true));
    let (stopped, seen) = run(2);
    assert_eq!(seen.len(), 2);
    stopped.save(&home.path().join("model")).unwrap();
    let texts = ["ship it to Madrid please", "thank you"];
    assert_eq!(Classifier::load(&home.path().join("model")).unwrap().predict(&texts), stopped.predict(&texts));
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
