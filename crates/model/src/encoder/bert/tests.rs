//! The encoder against its oracle, its gradients against finite differences, and both on any number of threads.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::bert::{BertModel, Config, HiddenAct};

use super::optimiser::Found;
use super::*;
use crate::random::Random;
use crate::table::Step;

pub(super) const MESSAGES: [&[u32]; 4] = [&[3, 7, 1, 9, 4], &[8, 2, 5], &[], &[6]];

pub(super) fn config(hidden_act: &str) -> BertConfig {
    let json = format!(
        r#"{{"model_type": "bert", "vocab_size": 12, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 6, "hidden_act": "{hidden_act}"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// The oracle with random weights, and the same weights as ours.
pub(super) fn pair(config: &BertConfig) -> (BertModel, Bert, Table) {
    let weights = VarMap::new();
    let builder = VarBuilder::from_varmap(&weights, DType::F32, &Device::Cpu);
    let json = serde_json::json!({
        "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers, "num_attention_heads": config.num_attention_heads,
        "intermediate_size": config.intermediate_size, "hidden_act": "gelu", "hidden_dropout_prob": 0.0,
        "max_position_embeddings": config.max_position_embeddings, "type_vocab_size": config.type_vocab_size,
        "initializer_range": 0.02, "layer_norm_eps": config.layer_norm_eps, "pad_token_id": 0,
    });
    let mut oracle_config: Config = serde_json::from_value(json).unwrap();
    oracle_config.hidden_act = match config.hidden_act.as_str() {
        "relu" => HiddenAct::Relu,
        "gelu" => HiddenAct::Gelu,
        _ => HiddenAct::GeluApproximate,
    };
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
    let (weights, words) = load_weights(&path, config).unwrap();
    assert_eq!(names.len(), weights.iter().count() + 1);
    (BertModel::load(builder, &oracle_config).unwrap(), Bert::new(config.clone(), weights).unwrap(), words)
}

#[test]
fn vectors_equal_those_of_candle_transformers() {
    for act in ["gelu", "gelu_new", "relu"] {
        let config = config(act);
        let (oracle, bert, words) = pair(&config);
        let vectors = bert.encode(&words, &MESSAGES);
        for (tokens, ours) in MESSAGES.iter().zip(vectors.chunks_exact(8)) {
            if tokens.is_empty() {
                assert_eq!(ours, [0.0; 8]);
                continue;
            }
            let ids = Tensor::new(*tokens, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
            let states = oracle.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap(); // [1, length, hidden]
            let theirs: Vec<f32> = states.mean(1).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
            for (a, b) in ours.iter().zip(&theirs) {
                assert!((a - b).abs() < 1e-5, "{act}: {a} {b}");
            }
        }
    }
}

#[test]
fn vectors_of_single_messages_are_the_same_from_weights_laid_out_for_them() {
    let config = config("gelu");
    let (_, mut bert, words) = pair(&config);
    let plain = bert.encode(&words, &MESSAGES);
    bert.prepare(Precision::Float);
    for (a, b) in plain.iter().zip(bert.encode(&words, &MESSAGES)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn vectors_in_eight_bits_point_where_the_exact_ones_do() {
    let config = config("gelu");
    let (_, mut bert, words) = pair(&config);
    let exact = bert.encode(&words, &MESSAGES);
    bert.prepare(Precision::EightBit);
    let found = bert.encode(&words, &MESSAGES);
    assert_ne!(exact, found);
    let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    for (a, b) in exact.chunks_exact(8).zip(found.chunks_exact(8)).filter(|(a, _)| length(a) > 0.0) {
        let cosine = a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() / (length(a) * length(b));
        assert!(cosine > 0.99, "{cosine}");
    }
}

#[test]
fn in_eight_bits_no_float_of_a_dense_layer_is_kept_and_floats_near_it_can_be_made_again() {
    let config = config("gelu");
    let (_, mut bert, words) = pair(&config);
    let exact = bert.clone();
    bert.prepare(Precision::EightBit);
    let hidden = config.hidden_size;
    let biases = 3 * hidden + hidden + config.intermediate_size + hidden;
    let small = (6 + 2) * hidden + 2 * hidden + 2 * (biases + 4 * hidden);
    assert_eq!(bert.weights.values.len(), small);
    let bytes = bert.encode(&words, &MESSAGES);
    bert.widen();
    assert_eq!(bert.weights.plan, exact.weights.plan);
    for (found, exact) in bert.weights.values.iter().zip(&exact.weights.values) {
        assert!((found - exact).abs() < 0.01, "{found} {exact}");
    }
    bert.prepare(Precision::EightBit);
    for (a, b) in bytes.iter().zip(bert.encode(&words, &MESSAGES)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn messages_beyond_one_pass_are_encoded_as_if_alone() {
    let config = config("gelu");
    let (_, bert, words) = pair(&config);
    let many: Vec<&[u32]> = MESSAGES.iter().copied().cycle().take(400).collect();
    let together = bert.encode(&words, &many);
    for (tokens, vector) in many.iter().zip(together.chunks_exact(8)) {
        for (a, b) in vector.iter().zip(bert.encode(&words, &[tokens])) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

/// A direction for each vector, so that the loss is a sum of products with it.
pub(super) fn direction() -> Vec<f32> {
    let mut random = Random::new(2, 1);
    (0..MESSAGES.len() * 8).map(|_| random.normal()).collect()
}

fn loss(vectors: &[f32]) -> f64 {
    vectors.iter().zip(direction()).map(|(a, b)| f64::from(a * b)).sum()
}

#[test]
fn gradients_of_every_weight_agree_with_finite_differences() {
    for (act, dropout) in [("gelu", Dropout::NONE), ("gelu_new", Dropout::NONE), ("gelu", Dropout::new(0.2, 5))] {
        let config = config(act);
        let (_, mut bert, words) = pair(&config);
        let mut trainer = HostTrainer::default();
        trainer.forward(&bert, &words, &MESSAGES, dropout);
        trainer.backward(&bert, &words, &direction());
        let gradients = trainer.gradients().to_vec();
        for part in bert.weights.plan.clone().parts.iter() {
            let range = part.range.clone();
            let steepest = range.max_by(|a, b| gradients[*a].abs().total_cmp(&gradients[*b].abs())).unwrap();
            let expected = f64::from(gradients[steepest]);
            // A key's bias moves all scores of a row alike, which changes nothing.
            assert!(expected.abs() > 1e-4 || part.name.ends_with("key.bias"), "{act}: {} has no gradient", part.name);
            let before = bert.weights.values[steepest];
            let mut moved = |by: f32| {
                bert.weights.values[steepest] = before + by;
                loss(&trainer.forward(&bert, &words, &MESSAGES, dropout))
            };
            let slope = (moved(2e-3) - moved(-2e-3)) / 4e-3;
            moved(0.0);
            bert.weights.values[steepest] = before;
            assert!(
                (slope - expected).abs() < 2e-3 + 0.02 * expected.abs(),
                "{act}: {} has {expected} instead of {slope}",
                part.name
            );
        }
    }
}

#[test]
fn gradients_of_states_are_those_of_the_vectors_that_they_make() {
    let config = config("gelu");
    let (_, bert, words) = pair(&config);
    let mut trainer = HostTrainer::default();
    let vectors = trainer.forward(&bert, &words, &MESSAGES, Dropout::NONE);
    trainer.backward(&bert, &words, &direction());
    let expected = trainer.gradients().to_vec();
    let states = trainer.states(&bert, &words, &MESSAGES, Dropout::NONE).to_vec();
    assert_eq!(states, bert.states(&words, &MESSAGES));
    let mut rows = states.chunks_exact(8);
    for (tokens, vector) in MESSAGES.iter().zip(vectors.chunks_exact(8)) {
        let own: Vec<&[f32]> = rows.by_ref().take(tokens.len()).collect();
        for (at, value) in vector.iter().enumerate() {
            let mean = own.iter().map(|row| row[at]).sum::<f32>() / tokens.len().max(1) as f32;
            assert!((value - mean).abs() < 1e-5);
        }
    }
    let spread: Vec<f32> = MESSAGES
        .iter()
        .zip(direction().chunks_exact(8))
        .flat_map(|(tokens, row)| tokens.iter().flat_map(|_| row.iter().map(|value| value / tokens.len() as f32)))
        .collect();
    let found = trainer.state_gradients(&bert, &spread);
    for (a, b) in expected.iter().zip(found) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn gradients_of_words_agree_with_finite_differences() {
    let config = config("gelu");
    let (_, bert, words) = pair(&config);
    let mut trainer = HostTrainer::default();
    trainer.forward(&bert, &words, &MESSAGES, Dropout::NONE);
    let Found { rows, sums, .. } = trainer.backward(&bert, &words, &direction());
    assert_eq!(rows, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (row, sums) in rows.iter().zip(sums.chunks_exact(8)) {
        for (column, expected) in sums.iter().enumerate() {
            let moved = |by: f32| {
                let mut values = words.values().to_vec();
                values[*row as usize * 8 + column] += by;
                loss(&bert.encode(&Table::from_values(values, 8), &MESSAGES))
            };
            let slope = (moved(2e-3) - moved(-2e-3)) / 4e-3;
            let expected = f64::from(*expected);
            assert!((slope - expected).abs() < 2e-3 + 0.02 * expected.abs(), "{row}: {expected} {slope}");
        }
    }
}

#[test]
fn a_batch_in_pieces_gives_the_gradients_of_the_whole() {
    let mut wide = config("gelu");
    (wide.hidden_size, wide.intermediate_size, wide.vocab_size) = (24, 48, 300);
    let (_, bert, words) = pair(&wide);
    let messages: Vec<Vec<u32>> = (0..60).map(|i| (0..i % 7).map(|j| (i * 7 + j * 13) % 300).collect()).collect();
    let messages: Vec<&[u32]> = messages.iter().map(Vec::as_slice).collect();
    let gradients = |most_tokens: Option<usize>| {
        let mut trainer = HostTrainer::limited(most_tokens);
        let vectors = trainer.forward(&bert, &words, &messages, Dropout::new(0.1, 3));
        let Found { rows, sums, .. } = trainer.backward(&bert, &words, &vectors);
        (vectors, rows, sums, trainer.gradients().to_vec())
    };
    let whole = gradients(None);
    let alike = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + a.abs()));
    for most_tokens in [1, 10, 33, 100] {
        let pieces = gradients(Some(most_tokens));
        assert_eq!(pieces.1, whole.1);
        let same = [(&pieces.0, &whole.0), (&pieces.2, &whole.2), (&pieces.3, &whole.3)];
        assert!(same.iter().all(|(a, b)| alike(a, b)), "{most_tokens}");
    }
    assert!(gradients(Some(1000)) == whole);
}

/// All weights after a few steps with dropout on a number of threads.
fn trained_on(threads: usize) -> (Vec<f32>, Vec<f32>) {
    let mut wide = config("gelu");
    (wide.hidden_size, wide.intermediate_size, wide.vocab_size) = (96, 320, 300);
    let (_, mut bert, mut words) = pair(&wide);
    let messages: Vec<Vec<u32>> = (0..60).map(|i| (0..1 + i % 6).map(|j| (i * 7 + j * 13) % 300).collect()).collect();
    let messages: Vec<&[u32]> = messages.iter().map(Vec::as_slice).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut trainer = HostTrainer::default();
        for step in 1..4 {
            let vectors = trainer.forward(&bert, &words, &messages, Dropout::new(0.1, step));
            trainer.step(&mut bert, &mut words, &vectors, Step::new(1e-3, 0.01, step));
        }
    });
    (bert.weights.values, words.values().to_vec())
}

#[test]
fn training_does_not_depend_on_the_number_of_threads() {
    let one = trained_on(1);
    assert!(one == trained_on(2));
    assert!(one == trained_on(5));
}

#[test]
fn steps_go_downhill_and_lower_layers_move_less() {
    let (_, mut bert, mut words) = pair(&config("gelu"));
    let (before, words_before) = (bert.clone(), words.clone());
    let mut trainer = HostTrainer::default();
    let mut losses = Vec::new();
    for step in 1..=20 {
        losses.push(loss(&trainer.forward(&bert, &words, &MESSAGES, Dropout::NONE)));
        trainer.step(&mut bert, &mut words, &direction(), Step::new(1e-2, 0.0, step));
        if step == 1 {
            let moved = |name: &str| {
                let part = bert.weights.plan.parts.iter().find(|part| part.name == name).unwrap();
                (bert.weights.values[part.range.start] - before.weights.values[part.range.start]).abs()
            };
            let (top, bottom) =
                (moved("encoder.layer.1.output.dense.weight"), moved("encoder.layer.0.output.dense.weight"));
            assert!((top - 1e-2).abs() < 1e-4 && (bottom - 9e-3).abs() < 1e-4, "{top} {bottom}");
            assert_eq!(words.row(11), words_before.row(11));
            assert!((words.row(3)[0] - words_before.row(3)[0]).abs() > 1e-4);
        }
    }
    assert!(losses[19] < losses[0] - 1.0, "{losses:?}");
}
