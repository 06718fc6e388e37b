use std::fs;

use clap::Parser as _;
use serde_json::{Map, Value, json};

use super::*;
use crate::args::TrainArgs;

#[derive(clap::Parser)]
struct Train {
    #[command(flatten)]
    arguments: TrainArgs,
}

#[derive(clap::Parser)]
struct Optimise {
    #[command(flatten)]
    arguments: OptimiseArgs,
}

/// A folder with a bot of two intents, a tiny checkpoint of two layers, and messages that neither has seen.
struct Home(tempfile::TempDir);

const HIDDEN: usize = 8;
const INNER: usize = 16;

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write_bot("bot", ["order", "refund"]);
        home.write_base();
        let test = ["where is my sofa", "refund my sofa please"].iter().zip(["order", "refund"]).map(row);
        fs::write(home.path("test.jsonl"), test.cycle().take(8).collect::<String>()).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn word(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn write_bot(&self, name: &str, intents: [&str; 2]) {
        let things = ["lamp", "kettle", "jacket", "headset", "book", "chair", "desk", "cup"];
        let forms = [("where is my {}", 0), ("track the {}", 0), ("refund my {}", 1), ("money back for the {}", 1)];
        let rows = forms.iter().flat_map(|(form, intent)| {
            things.map(|thing| row((&form.replace("{}", thing).as_str(), intents[*intent])))
        });
        let folder = self.path(name);
        fs::create_dir_all(folder.join("intents")).unwrap();
        fs::write(folder.join("bot.toml"), "name = \"shop\"\nlanguages = [\"en\"]\n").unwrap();
        fs::write(folder.join("intents/all.jsonl"), rows.collect::<String>()).unwrap();
    }

    /// Made-up weights and a vocabulary of letters, in Latin script and in Cyrillic.
    fn write_base(&self) {
        let letters: Vec<char> = ('a'..='z').chain('а'..='я').collect();
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(str::to_owned);
        let pieces = letters.iter().flat_map(|letter| [letter.to_string(), format!("##{letter}")]);
        let pieces: Vec<String> = special.into_iter().chain(pieces).collect();
        let vocabulary: Map<String, Value> = pieces.iter().cloned().zip((0..).map(Value::from)).collect();
        let base = self.path("base");
        fs::create_dir_all(&base).unwrap();
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": vocabulary},
        });
        fs::write(base.join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let config = json!({
            "model_type": "bert", "vocab_size": pieces.len(), "hidden_size": HIDDEN, "num_hidden_layers": 2,
            "num_attention_heads": 2, "intermediate_size": INNER, "max_position_embeddings": 32,
        });
        fs::write(base.join("config.json"), config.to_string()).unwrap();
        fs::write(base.join("model.safetensors"), tensors(&shapes(pieces.len()))).unwrap();
    }

    fn train(&self, depth: &str) -> String {
        let model = self.word(depth);
        let words = ["train", &self.word("bot"), "--out", &model, "--base", &self.word("base"), "--depth", depth];
        let words = words.into_iter().chain(["--epochs", "3", "--json"]);
        crate::run_train(Train::try_parse_from(words).unwrap().arguments).unwrap();
        model
    }

    fn optimise(&self, words: &[&str]) -> anyhow::Result<Optimised> {
        optimise(&Optimise::try_parse_from(["optimise"].iter().chain(words))?.arguments, None)
    }

    fn refusal(&self, words: &[&str]) -> String {
        format!("{:#}", self.optimise(words).unwrap_err())
    }
}

fn row((text, intent): (&&str, &str)) -> String {
    format!("{}\n", json!({"text": text, "intent": intent}))
}

fn shapes(n_tokens: usize) -> Vec<(String, Vec<usize>)> {
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![n_tokens, HIDDEN]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![32, HIDDEN]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, HIDDEN]),
    ];
    let mut add = |name: String, weight: Vec<usize>| {
        shapes.push((format!("{name}.bias"), vec![weight[0]]));
        shapes.push((format!("{name}.weight"), weight));
    };
    add("embeddings.LayerNorm".into(), vec![HIDDEN]);
    for layer in ["encoder.layer.0", "encoder.layer.1"] {
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            add(format!("{layer}.{part}"), vec![HIDDEN, HIDDEN]);
        }
        add(format!("{layer}.attention.output.LayerNorm"), vec![HIDDEN]);
        add(format!("{layer}.intermediate.dense"), vec![INNER, HIDDEN]);
        add(format!("{layer}.output.dense"), vec![HIDDEN, INNER]);
        add(format!("{layer}.output.LayerNorm"), vec![HIDDEN]);
    }
    shapes
}

/// A safetensors file: the length of its header, the header, and the numbers.
fn tensors(shapes: &[(String, Vec<usize>)]) -> Vec<u8> {
    let (mut header, mut numbers) = (Map::new(), Vec::new());
    for (name, shape) in shapes {
        let start = numbers.len();
        let middle = f32::from(u8::from(name.ends_with("LayerNorm.weight")));
        for i in 0..shape.iter().product() {
            numbers.extend((middle + 0.3 * ((i * i + start) as f32 * 0.37).sin()).to_le_bytes());
        }
        let described = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, numbers.len()]});
        header.insert(name.clone(), described);
    }
    let header = Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &numbers].concat()
}

/// All bytes of a folder, by file.
fn bytes(folder: &str) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn every_step_is_a_row_and_only_the_last_model_is_left() {
    let home = Home::new();
    let (model, light, bot) = (home.train("frozen"), home.word("light"), home.word("bot"));
    let before = bytes(&model);
    let steps = ["--vocabulary", "keep-used", "--layers", "1", "--precision", "eight-bit"];
    let report = home.optimise(&[&[model.as_str(), "--out", &light, "--bot", &bot], &steps[..]].concat()).unwrap();
    let names: Vec<&str> = report.steps.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(names, ["as trained", "120 → 55 tokens", "2 → 1 layers", "8 bits"]);
    assert!(report.steps.iter().skip(1).zip(&report.steps).all(|(after, before)| after.disk_bytes < before.disk_bytes));
    assert!(report.steps.iter().all(|step| step.accuracy > 0.5 && step.message_ms > 0.0), "{report:?}");
    assert!((report.steps[1].lost).abs() < 1e-9, "held-out messages are read as before");
    assert_eq!(report.judged_on, JudgedOn::HeldOut);
    let loaded = Classifier::load(light.as_ref()).unwrap();
    assert_eq!(loaded.info().version, report.steps[3].version);
    assert_eq!((loaded.layers(), loaded.info().features.n_tokens), (Some(1), 55));
    assert!(bytes(&model) == before, "the model that was made lighter has changed");
    let left: Vec<_> = fs::read_dir(home.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("steps")), "{left:?}");
    assert!(home.refusal(&[&model, "--out", &light, "--layers", "1"]).contains("exists already"));
}

#[test]
fn where_the_base_knows_the_rows_others_must_calibrate_what_is_made_of_it() {
    let home = Home::new();
    let (model, light, bot) = (home.train("full"), home.word("light"), home.word("bot"));
    let words = [model.as_str(), "--out", &light, "--bot", &bot, "--precision", "eight-bit"];
    let error = home.refusal(&words);
    assert!(error.contains("--test FILE") && error.contains("has learned the labels"), "{error}");
    assert!(!home.path("light").exists());
    let report = home.optimise(&[&words[..], &["--test", &home.word("test.jsonl")]].concat()).unwrap();
    assert_eq!((report.judged_on, report.rows), (JudgedOn::Test, Some(8)));
    assert_eq!(report.steps.len(), 2);
    let [before, after] =
        [&model, &light].map(|model| Classifier::load(model.as_ref()).unwrap().info().calibration.clone());
    assert_ne!(before, after, "the calibration of the heavier model is not taken over");
    assert!((8..=9).contains(&after.curve.len()), "{:?}", after.curve);
}

#[test]
fn what_cannot_be_done_is_refused_with_the_way_out() {
    let home = Home::new();
    let (model, light, test) = (home.train("frozen"), home.word("light"), home.word("test.jsonl"));
    let start = [model.as_str(), "--out", &light];
    home.write_bot("other", ["order", "returns"]);
    for (words, reasons) in [
        (&["--layers", "1"][..], ["--bot", "--test FILE"]),
        (&["--layers", "2", "--test", &test], ["has 2 layers", "at most 1"]),
        (&["--vocabulary", "100000"], ["120 tokens", "fewer"]),
        (&["--vocabulary", "some"], ["keep-used", "8000"]),
        (&["--layers", "1", "--bot", &home.word("other")], ["only the", "train again"]),
        (&["--layers", "1", "--bot", &home.word("nowhere")], ["nowhere", "frontdesk init"]),
        (&[], ["--vocabulary", "--precision"]),
    ] {
        let error = home.refusal(&[&start, words].concat());
        assert!(reasons.iter().all(|reason| error.contains(reason)), "{words:?}: {error}");
        assert!(!home.path("light").exists());
    }
    let plain = home.word("plain");
    let words = ["train", &home.word("bot"), "--out", &plain, "--epochs", "2", "--json"];
    crate::run_train(Train::try_parse_from(words).unwrap().arguments).unwrap();
    let error = home.refusal(&[&plain, "--out", &light, "--layers", "1"]);
    assert!(error.contains("no base") && error.contains("train with --base"), "{error}");
    assert!(home.refusal(&[&home.word("nothing"), "--out", &light, "--layers", "1"]).contains("is no folder"));
}

#[test]
fn a_distilled_model_needs_no_base_and_learns_from_logs_too() {
    let home = Home::new();
    let (model, light, bot) = (home.train("frozen"), home.word("light"), home.word("bot"));
    let turn = |text: &str| json!({"conversation_id": "c", "role": "customer", "text": text}).to_string();
    fs::write(home.path("march.jsonl"), ["track my sofa", "refund the sofa"].map(turn).join("\n")).unwrap();
    let words = [&model, "--out", &light, "--bot", &bot, "--logs", &home.word("march.jsonl"), "--distil"];
    let report = home.optimise(&[&words[..], &["--test", &home.word("test.jsonl")]].concat()).unwrap();
    assert_eq!(report.steps[1].step, "distilled");
    assert!(report.steps[1].disk_bytes > 0 && report.steps[1].accuracy > 0.5, "{report:?}");
    let student = Classifier::load(light.as_ref()).unwrap();
    assert_eq!(student.layers(), None);
    assert!(student.info().version.ends_with("-distilled"), "{}", student.info().version);
    let error = home.refusal(&[&model, "--out", &home.word("other"), "--bot", &bot, "--distil"]);
    assert!(error.contains("--test"), "the teacher knows the bot's rows: {error}");
    let both = home.refusal(&[&model, "--out", &home.word("other"), "--bot", &bot, "--distil", "--layers", "1"]);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn the_table_reads_well() {
    let step = |step: &str, disk_bytes, memory_bytes, accuracy, lost| Step {
        step: step.into(),
        version: "v1".into(),
        disk_bytes,
        memory_bytes,
        message_ms: 5.3149,
        accuracy,
        lost,
        calibration_error: 0.0123,
        answered: 0.9,
        wrong: 0.025,
    };
    let optimised = Optimised {
        model: "model".into(),
        light: "light".into(),
        judged_on: JudgedOn::Test,
        rows: Some(1668),
        steps: vec![
            step("as trained", 83_200_000, Some(290_400_000), 0.94, 0.0),
            step("30522 → 8000 tokens", 65_900_000, None, 0.9395, 0.0005),
        ],
    };
    insta::assert_snapshot!(report::table(&optimised));
}
