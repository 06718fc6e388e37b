//! Bundles on disk: what was saved is what is loaded, and whatever does not fit is refused with its name.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use model::Classifier;
use tempfile::TempDir;

use crate::shop::{SHOP, set};

const TEXTS: [&str; 7] = [
    "deliver it to Berlin",
    "where is my lamp",
    "耳机能退钱吗",
    "AB12345678 手机壳 发票",
    "🙂",
    "",
    "what is the capital of Spain",
];

fn saved() -> (TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("models").join("v1");
    SHOP.save(&dir).unwrap();
    (home, dir)
}

fn refusal(dir: &Path) -> String {
    Classifier::load(dir).map(|_| ()).expect_err("a bundle like this must be refused").to_string()
}

fn edit_json(path: &Path, edit: impl Fn(&mut serde_json::Value)) {
    let mut json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    edit(&mut json);
    fs::write(path, serde_json::to_vec(&json).unwrap()).unwrap();
}

fn edit_tensors(dir: &Path, edit: impl Fn(&mut HashMap<String, Tensor>)) {
    let path = dir.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load_buffer(&fs::read(&path).unwrap(), &Device::Cpu).unwrap();
    edit(&mut tensors);
    candle_core::safetensors::save(&tensors, &path).unwrap();
}

#[test]
fn a_loaded_bundle_predicts_exactly_what_the_trained_one_did() {
    let (_home, dir) = saved();
    let loaded = Classifier::load(&dir).unwrap();
    assert_eq!(loaded.predict(&TEXTS), SHOP.predict(&TEXTS));
    assert_eq!(loaded.info(), SHOP.info());
    assert_eq!(loaded.intents(), SHOP.intents());
    for rate in [0.0, 0.01, 0.05, 0.2, 1.0] {
        assert_eq!(loaded.threshold(rate), SHOP.threshold(rate));
    }
}

#[test]
fn a_bundle_has_the_four_files_of_a_hugging_face_folder_and_nothing_is_left_beside_it() {
    let (home, dir) = saved();
    let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["config.json", "frontdesk.json", "model.safetensors", "tokenizer.json"]);
    assert_eq!(fs::read_dir(home.path().join("models")).unwrap().count(), 1);
    let config: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap();
    assert_eq!(config["id2label"]["3"], "退款");
    assert_eq!(config["label2id"]["order status"], 1);
}

#[test]
fn an_existing_folder_is_never_overwritten() {
    let (_home, dir) = saved();
    let before = fs::read(dir.join("model.safetensors")).unwrap();
    let error = SHOP.save(&dir).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), before);
}

#[test]
fn each_missing_or_empty_or_garbled_file_is_named() {
    for name in ["config.json", "frontdesk.json", "model.safetensors", "tokenizer.json"] {
        let (_home, dir) = saved();
        for damage in [Some(&b""[..]), Some(b"{\"a\": 1}"), Some(b"\xff\xfe\x00garbage"), None] {
            match damage {
                Some(bytes) => fs::write(dir.join(name), bytes).unwrap(),
                None => fs::remove_file(dir.join(name)).unwrap(),
            }
            let error = refusal(&dir);
            assert!(error.contains(name), "{name} {damage:?}: {error}");
        }
    }
    let error = refusal(Path::new("/nowhere/at/all"));
    assert!(error.contains("/nowhere/at/all") && error.contains("frontdesk train"), "{error}");
}

#[test]
fn truncated_weights_are_refused() {
    let (_home, dir) = saved();
    let path = dir.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    for share in [1, 3, 9] {
        fs::write(&path, &bytes[..bytes.len() * share / 10]).unwrap();
        assert!(refusal(&dir).contains("model.safetensors"));
    }
}

#[test]
fn another_format_version_is_refused_with_both_numbers() {
    let (_home, dir) = saved();
    edit_json(&dir.join("frontdesk.json"), |json| json["format_version"] = 99.into());
    let error = refusal(&dir);
    assert!(error.contains("99") && error.contains("reads 1") && error.contains("train the model again"), "{error}");
}

#[test]
fn missing_misshapen_and_nan_tensors_are_refused_by_name() {
    for name in [
        "head.weight",
        "ngrams.weight",
        "tokens.weight",
        "features.idf",
        "sentiment.weight",
        "entities.weight",
        "entities.steps",
    ] {
        let (_home, dir) = saved();
        edit_tensors(&dir, |tensors| {
            let tensor = &tensors[name];
            let bad = tensor.ones_like().unwrap().affine(f64::NAN, 0.0).unwrap();
            tensors.insert(name.into(), bad);
        });
        let error = refusal(&dir);
        assert!(error.contains(name) && error.contains("not numbers"), "{error}");
        edit_tensors(&dir, |tensors| {
            let shorter = tensors[name].narrow(0, 0, 1).unwrap().contiguous().unwrap();
            tensors.insert(name.into(), shorter);
        });
        let error = refusal(&dir);
        assert!(error.contains("model.safetensors") || error.contains("tokenizer.json"), "{error}");
        edit_tensors(&dir, |tensors| {
            tensors.remove(name);
        });
        let error = refusal(&dir);
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn labels_that_disagree_are_refused() {
    let (_home, dir) = saved();
    edit_json(&dir.join("config.json"), |json| json["label2id"]["invoice"] = 2.into());
    assert!(refusal(&dir).contains("disagree"));
    edit_json(&dir.join("config.json"), |json| {
        json["id2label"].as_object_mut().unwrap().remove("1");
    });
    assert!(refusal(&dir).contains("without a gap"));
}

#[test]
fn a_bundle_says_what_it_was_made_from_and_how_good_it_is() {
    let info = SHOP.info();
    assert_eq!(info.n_examples, set().train.len());
    assert_eq!(info.heads, ["intent", "sentiment", "entities"]);
    assert_eq!(info.languages, ["zh", "en"]);
    assert_eq!(info.data_fingerprint.len(), 64);
    assert!(info.version.starts_with("20260302T101112Z-"), "{}", info.version);
    for name in ["accuracy", "ece", "threshold", "coverage", "n_examples", "seconds", "sentiment_accuracy", "entity_f1"]
    {
        assert!(info.metrics.get(name).is_some_and(|value| value.is_finite()), "{name} in {:?}", info.metrics);
    }
}

#[test]
fn a_bundle_without_a_tagger_still_finds_listed_values() {
    let (_home, dir) = saved();
    edit_json(&dir.join("frontdesk.json"), |json| {
        json.as_object_mut().unwrap().remove("tagger");
    });
    edit_tensors(&dir, |tensors| tensors.retain(|name, _| !name.starts_with("entities.")));
    let loaded = Classifier::load(&dir).unwrap();
    assert_eq!(loaded.predict(&["手机壳 to Berlin"])[0].entities.len(), 1);
}

#[test]
fn a_tagger_that_does_not_fit_its_weights_is_refused() {
    for edit in [
        |tagger: &mut serde_json::Value| tagger["entities"] = serde_json::json!([]),
        |tagger: &mut serde_json::Value| tagger["entities"] = serde_json::json!(["a", "b"]),
        |tagger: &mut serde_json::Value| tagger["boldness"] = serde_json::json!("much"),
        |tagger: &mut serde_json::Value| tagger["confidence"] = serde_json::json!({}),
    ] {
        let (_home, dir) = saved();
        edit_json(&dir.join("frontdesk.json"), |json| edit(&mut json["tagger"]));
        let error = refusal(&dir);
        assert!(error.contains("model.safetensors") || error.contains("frontdesk.json"), "{error}");
    }
}
