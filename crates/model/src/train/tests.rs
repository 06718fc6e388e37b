//! Whole trainings of a base on candle tensors, which a GPU would run as well, against those in plain numbers.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use candle_core::{Device, Tensor};

use super::*;
use crate::encoder::bert::{BertConfig, WORDS};
use crate::{BaseSource, Example};

const INTENTS: [(&str, [&str; 3]); 3] = [
    ("order status", ["where is my {}", "track my {}", "has my {} shipped yet"]),
    ("refund", ["money back for the {}", "please refund the {}", "I return the {}"]),
    ("stock", ["do you have a {} in stock", "is the {} available", "any {} left in your store"]),
];
const THINGS: [&str; 5] = ["lamp", "phone case", "kettle", "jacket", "headset"];

fn set() -> TrainingSet {
    let rows = INTENTS.iter().flat_map(|(intent, patterns)| {
        let texts = patterns.iter().flat_map(|pattern| THINGS.map(|thing| pattern.replace("{}", thing)));
        texts.map(|text| Example::new(text, Some(intent)))
    });
    TrainingSet { train: rows.collect(), ..TrainingSet::default() }
}

/// A tiny checkpoint with made-up weights and the set's own vocabulary.
fn write_base(dir: &Path) {
    let words = train(&set(), &TrainOptions { epochs: Some(1), ..TrainOptions::default() }, &mut |_| Control::Continue);
    let words = words.unwrap();
    words.save(dir).unwrap();
    std::fs::remove_file(dir.join("frontdesk.json")).unwrap();
    let json = serde_json::json!({
        "model_type": "bert", "vocab_size": words.info().features.n_tokens, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 24,
    });
    std::fs::write(dir.join("config.json"), serde_json::to_vec(&json).unwrap()).unwrap();
    let config: BertConfig = serde_json::from_value(json).unwrap();
    let mut random = Random::new(1, 1);
    let mut tensors = HashMap::new();
    let shapes = [(WORDS.to_owned(), vec![config.vocab_size, config.hidden_size])];
    for (name, shape) in shapes.into_iter().chain(config.shapes()) {
        let middle = f32::from(u8::from(name.ends_with("LayerNorm.weight")));
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| middle + 0.2 * random.normal()).collect();
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    }
    candle_core::safetensors::save(&tensors, dir.join("model.safetensors")).unwrap();
}

fn options(base: &Path, depth: Depth, device: ComputeDevice) -> TrainOptions {
    let base = Some(BaseSource::Folder(base.to_owned()));
    TrainOptions { base, device, depth: Some(depth), epochs: Some(3), ..TrainOptions::default() }
}

#[test]
fn a_training_on_a_device_gives_the_model_that_the_processor_gives_but_for_rounding() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    for depth in [Depth::Frozen, Depth::FewShot, Depth::Full] {
        let [ours, theirs] = [ComputeDevice::Cpu, ComputeDevice::Tensors].map(|device| {
            let options = options(&base, depth, device);
            train(&set(), &options, &mut |_| Control::Continue).unwrap()
        });
        assert_eq!(ours.info().metrics["accuracy"], theirs.info().metrics["accuracy"], "{depth:?}");
        assert_eq!(ours.info().options, theirs.info().options);
        let texts = ["where is my kettle", "I want a refund", "any phone left", "hello"];
        let both = ours.predict(&texts).into_iter().zip(theirs.predict(&texts));
        for (a, b) in both.map(|(a, b)| (a.ranking[0].clone(), b.ranking[0].clone())) {
            assert_eq!(a.intent, b.intent, "{depth:?}");
            assert!((a.probability - b.probability).abs() < 0.02, "{depth:?}: {a:?} {b:?}");
        }
    }
}

#[test]
fn a_training_on_a_device_that_broke_off_goes_on_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let bytes = |classifier: &Classifier, name: &str| {
        classifier.save(&home.path().join(name)).unwrap();
        std::fs::read(home.path().join(name).join("model.safetensors")).unwrap()
    };
    for depth in [Depth::FewShot, Depth::Full] {
        let options = options(&base, depth, ComputeDevice::Tensors);
        let unbroken = train(&set(), &options, &mut |_| Control::Continue).unwrap();
        let folder = home.path().join("partial");
        let open = || Checkpoint::open(&folder, &set(), &options, Start::Continue).unwrap().every(Duration::ZERO);
        let (mut checkpoint, mut reports) = (open(), 0);
        let mut watch = |progress: &Progress| {
            reports += usize::from(progress.step > 1);
            // A crash that the test survives.
            if reports == 3 { std::panic::resume_unwind(Box::new("crash")) } else { Control::Continue }
        };
        let crash = catch_unwind(AssertUnwindSafe(|| train_with(&set(), &options, &mut checkpoint, &mut watch)));
        assert!(crash.is_err());
        drop(checkpoint);
        let mut checkpoint = open();
        assert!(checkpoint.continued().is_some());
        let again = train_with(&set(), &options, &mut checkpoint, &mut |_| Control::Continue).unwrap();
        checkpoint.remove().unwrap();
        let [unbroken, again] = [(&unbroken, "unbroken"), (&again, "again")]
            .map(|(classifier, name)| bytes(classifier, &format!("{name} {depth:?}")));
        assert!(unbroken == again, "{depth:?}");
    }
}

#[test]
fn a_bundle_does_not_say_what_it_was_trained_on() {
    let options = TrainOptions { device: ComputeDevice::Cuda, ..TrainOptions::default() };
    let json = serde_json::to_string(&options.of_the_result()).unwrap();
    assert!(!json.contains("device"), "{json}");
}
