//! What a small student learns from a teacher that knows four topics.

use std::path::PathBuf;

use half::f16;

use super::*;
use crate::{BaseSource, Classifier, Control, Depth, Example, TrainOptions, TrainingSet, train};

const TOPICS: [&str; 4] = ["parcel delivery late", "refund money back", "包裹 快递 物流", "退款 退钱"];
const DIM: usize = 16;

/// Sentences of each topic, and the vectors of a teacher by whom English and Chinese topics are the same two.
fn lesson() -> (Vec<Line>, Vec<[u8; 2]>) {
    let (mut lines, mut vectors) = (Vec::new(), Vec::new());
    for at in 0..240 {
        let topic = at % TOPICS.len();
        let words: Vec<&str> = TOPICS[topic].split(' ').collect();
        let text = format!("{} {} number {at}", words[at / 4 % words.len()], words[at / 12 % words.len()]);
        lines.push(Line { text, times: 1, same: None });
        let value = |place: usize| match place {
            0 | 1 => f32::from(u8::from(topic % 2 == place)),
            // Each language has a direction of its own, which says nothing.
            2 | 3 => 3.0 * f32::from(u8::from(topic / 2 == place - 2)),
            _ => ((at * 7 + place * 13) % 11) as f32 / 100.0,
        };
        vectors.extend((0..DIM).map(|place| f16::from_f32(value(place)).to_le_bytes()));
    }
    (lines, vectors)
}

const AVERAGED: Architecture =
    Architecture::Averaged(Shape { vocabulary: 600, pairs: 64, filters: 0, width: 32, inner: 48, layers: 1 });
const CONVOLUTION: Architecture =
    Architecture::Averaged(Shape { vocabulary: 600, pairs: 0, filters: 6, width: 32, inner: 48, layers: 1 });
const TRANSFORMER: Architecture =
    Architecture::Transformer(TransformerShape { vocabulary: 600, width: 32, inner: 48, layers: 2, heads: 4 });
const ALL: [Architecture; 3] = [AVERAGED, CONVOLUTION, TRANSFORMER];

fn options(architecture: Architecture) -> DistilOptions {
    DistilOptions { architecture, epochs: 12, batch_size: 48, learning_rate: 1e-2, ..DistilOptions::default() }
}

fn learn(state: &Path, watch: &mut dyn FnMut(&DistilProgress) -> Control) -> Result<SentenceEncoder, Error> {
    learn_as(AVERAGED, state, watch)
}

fn learn_as(
    architecture: Architecture,
    state: &Path,
    watch: &mut dyn FnMut(&DistilProgress) -> Control,
) -> Result<SentenceEncoder, Error> {
    let (lines, vectors) = lesson();
    let rows: Vec<Option<u32>> = (0..lines.len() as u32).map(Some).collect();
    let teacher = Teacher { dim: DIM, vectors: &vectors, rows: &rows };
    distil(&lines, &[teacher], &options(architecture), (state, "key"), watch)
}

fn state() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("student");
    (folder, path)
}

fn cosine(encoder: &SentenceEncoder, [a, b]: [&str; 2]) -> f32 {
    let vectors = encoder.encode(&[a, b]);
    let (a, b) = vectors.split_at(encoder.dim());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn what_means_the_same_to_the_teacher_lies_near_in_another_language_too() {
    for architecture in ALL {
        let (_folder, state) = state();
        let mut losses = Vec::new();
        let encoder = learn_as(architecture, &state, &mut |progress| {
            losses.push(progress.loss);
            Control::Continue
        })
        .expect("a student");
        assert!(losses.last() < losses.first(), "{architecture:?}: {losses:?}");
        for same in [["parcel late", "delivery parcel"], ["parcel delivery", "快递 物流"], ["refund", "退钱"]] {
            let other = [same[0], if same[0].contains("parcel") { "退款 退钱" } else { "包裹 物流" }];
            let (near, far) = (cosine(&encoder, same), cosine(&encoder, other));
            assert!(near > far + 0.3, "{architecture:?}: {same:?} {near}, {other:?} {far}");
        }
    }
}

#[test]
fn an_encoder_read_from_its_folder_gives_the_same_vectors() {
    for architecture in ALL {
        let (folder, state) = state();
        let encoder = learn_as(architecture, &state, &mut |_| Control::Continue).expect("a student");
        let dir = folder.path().join("base");
        encoder.save(&dir).expect("saved");
        let read = SentenceEncoder::open(&dir).expect("read");
        let texts = ["parcel late", "退款", "🙂 é 龘", "", &"late ".repeat(4000), "Ｒefund NOW"];
        assert_eq!(encoder.encode(&texts), read.encode(&texts), "{architecture:?}");
        let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let lengths: Vec<f32> = read.encode(&texts).chunks_exact(read.dim()).map(length).collect();
        let is_one = |at: &usize| (lengths[*at] - 1.0).abs() < 1e-4;
        assert!(lengths[3] == 0.0 && [0, 1, 2, 4].iter().all(is_one), "{architecture:?}: {lengths:?}");
        assert_eq!(read.encode(&["Ｒefund NOW"]), read.encode(&["refund now"]), "{architecture:?}");
    }
}

#[test]
fn a_run_that_was_stopped_ends_with_the_same_student() {
    for architecture in ALL {
        let (_whole, state_of_whole) = state();
        let whole = learn_as(architecture, &state_of_whole, &mut |_| Control::Continue).expect("a student");
        let (_broken, state) = state();
        let mut reports = 0;
        learn_as(architecture, &state, &mut |_| {
            reports += 1;
            if reports == 2 { Control::Stop } else { Control::Continue }
        })
        .expect("half a student");
        let mut first = None;
        let rest = learn_as(architecture, &state, &mut |progress| {
            first.get_or_insert(progress.step);
            Control::Continue
        });
        assert!(first > Some(40), "{architecture:?} goes on after step 40: {first:?}");
        let texts = ["parcel late", "退款 退钱"];
        assert_eq!(whole.encode(&texts), rest.expect("a student").encode(&texts), "{architecture:?}");
    }
}

#[test]
fn another_run_is_not_continued_and_a_damaged_one_is_told_of() {
    let (_folder, state) = state();
    learn(&state, &mut |_| Control::Stop).expect("a start");
    let (lines, vectors) = lesson();
    let rows = vec![None; lines.len()];
    let teacher = Teacher { dim: DIM, vectors: &vectors, rows: &rows };
    let error = distil(&lines, &[teacher], &options(AVERAGED), (&state, "other"), &mut |_| Control::Continue);
    assert!(error.is_err_and(|error| error.to_string().contains("other texts, teachers or options")));
    fs::write(&state, "{").expect("damaged");
    let error = learn(&state, &mut |_| Control::Continue);
    assert!(error.is_err_and(|error| error.to_string().contains("is damaged")));
}

#[test]
fn a_folder_whose_files_do_not_fit_together_is_refused_by_name() {
    let (folder, state) = state();
    let encoder = learn(&state, &mut |_| Control::Stop).expect("a start");
    let change = |file: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let dir = folder.path().join("changed");
        let _ = fs::remove_dir_all(&dir);
        encoder.save(&dir).expect("saved");
        let path = dir.join(file);
        fs::write(&path, change(fs::read(&path).expect("a file"))).expect("changed");
        SentenceEncoder::open(&dir).expect_err("refused").to_string()
    };
    let swap = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace(from, to).into_bytes()
    };
    let wider = change("config.json", &swap("\"hidden_size\": 32", "\"hidden_size\": 33"));
    assert!(wider.contains("model.safetensors") && wider.contains("embeddings.weight.bytes has shape"), "{wider}");
    let huge = change("config.json", &swap("\"hidden_size\": 32", "\"hidden_size\": 99999999"));
    assert!(huge.contains("sizes that no sentence encoder has"), "{huge}");
    let lacking = change("config.json", &swap("hidden_size", "hidden"));
    assert!(lacking.contains("config.json") && lacking.contains("hidden_size"), "{lacking}");
    let cut = change("model.safetensors", &|bytes| bytes[..bytes.len() / 2].to_vec());
    assert!(cut.contains("is damaged"), "{cut}");
    let empty = change("tokenizer.json", &|_| Vec::new());
    assert!(empty.contains("is no tokenizer"), "{empty}");
}

#[test]
fn nothing_to_learn_from_is_said() {
    let (_folder, state) = state();
    let error = distil(&[], &[], &options(AVERAGED), (&state, "key"), &mut |_| Control::Continue);
    assert!(error.is_err_and(|error| error.to_string().contains("no line of text or no teacher")));
}

/// Two intents in English alone.
fn english() -> TrainingSet {
    let example = |at: usize| {
        let (text, intent) = [("parcel late", "delivery"), ("refund money", "refund")][at % 2];
        Example::new(format!("{text} {at}"), Some(intent))
    };
    TrainingSet { train: (0..60).map(example).collect(), ..TrainingSet::default() }
}

#[test]
fn a_bot_that_was_taught_in_english_understands_chinese_by_its_base() {
    for architecture in ALL {
        understands_chinese(architecture);
    }
}

fn understands_chinese(architecture: Architecture) {
    let (folder, state) = state();
    let dir = folder.path().join("base");
    learn_as(architecture, &state, &mut |_| Control::Continue).expect("a student").save(&dir).expect("saved");
    let options =
        TrainOptions { base: Some(BaseSource::Folder(dir)), depth: Some(Depth::Frozen), ..TrainOptions::default() };
    let classifier = train(&english(), &options, &mut |_| Control::Continue).expect("a classifier");
    let intents = |classifier: &Classifier| -> Vec<String> {
        let predictions = classifier.predict(&["快递 物流", "退款 退钱", "parcel late", "refund money"]);
        predictions.into_iter().map(|found| found.ranking[0].intent.clone()).collect()
    };
    assert_eq!(intents(&classifier), ["delivery", "refund", "delivery", "refund"], "{architecture:?}");
    assert_eq!(classifier.info().depth, Some(Depth::Frozen));
    let saved = folder.path().join("model");
    classifier.save(&saved).expect("saved");
    let read = Classifier::load(&saved).expect("read");
    let texts = ["快递", "parcel 退款", "", "🙂"];
    assert_eq!(classifier.predict(&texts), read.predict(&texts), "{architecture:?}");
    if architecture == TRANSFORMER {
        return;
    }
    let config = fs::read_to_string(saved.join("config.json")).expect("a file");
    fs::write(saved.join("config.json"), config.replace("\"hidden_size\": 32", "\"hidden_size\": 16"))
        .expect("changed");
    let error = Classifier::load(&saved).expect_err("refused").to_string();
    assert!(error.contains("embeddings.weight.bytes has shape"), "{error}");
}

#[test]
fn a_base_that_stays_refuses_to_be_tuned_and_to_read_a_prefix() {
    let (folder, state) = state();
    let dir = folder.path().join("base");
    learn(&state, &mut |_| Control::Stop).expect("a start").save(&dir).expect("saved");
    let base = Some(BaseSource::Folder(dir));
    for (options, said) in [
        (
            TrainOptions { depth: Some(Depth::Full), ..TrainOptions::default() },
            "option depth: this base stays as it is",
        ),
        (
            TrainOptions { prefix: Some("query: ".into()), ..TrainOptions::default() },
            "option prefix: this base reads none",
        ),
        (
            TrainOptions { precision: crate::Precision::EightBit, ..TrainOptions::default() },
            "option precision: this base is always in 8 bits",
        ),
    ] {
        let options = TrainOptions { base: base.clone(), ..options };
        let error = train(&english(), &options, &mut |_| Control::Continue).expect_err("refused").to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}
