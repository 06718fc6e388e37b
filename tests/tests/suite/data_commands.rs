//! The commands for whoever looks after the data: explain, audit, compare, mine, queue, drift.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Home, copy_folder, corner_shop, frontdesk, frontdesk_with, word};

/// A model of the corner shop's bot.
fn model(home: &Home) -> std::path::PathBuf {
    let model = home.beside("model");
    frontdesk(["train", word(corner_shop()), "--out", word(&model)]).check(0);
    model
}

/// One-turn conversations with an agent's reply, each question asked in several words.
fn write_log(path: &Path, questions: &[&str], reply: &str) {
    let mut log = String::new();
    for (index, question) in questions.iter().enumerate() {
        for (second, role, text) in [(0, "customer", *question), (30, "agent", reply)] {
            let time = format!("2026-03-0{}T10:0{index}:{second:02}Z", 1 + index % 9);
            let turn = serde_json::json!({"conversation_id": format!("{}-{index}", path.display()), "time": time, "role": role, "text": text});
            writeln!(log, "{turn}").unwrap();
        }
    }
    std::fs::write(path, log).unwrap();
}

const REPAIRS: [&str; 7] = [
    "can you repair my broken umbrella",
    "do you repair umbrellas",
    "umbrella repair please",
    "my umbrella is broken, can you repair it",
    "how much is an umbrella repair",
    "is umbrella repair possible",
    "who can repair an umbrella",
];

#[test]
fn a_classification_is_explained_by_words_and_examples_when_asked() {
    let home = Home::empty();
    let model = model(&home);
    let asked = b"{\"text\": \"hello, WHERE is my parcel?\"}\n";
    let plain = frontdesk_with(["predict", word(&model)], asked).check(0).json_lines();
    assert!(plain[0].get("explanation").is_none(), "{plain:?}");
    let explained = frontdesk_with(["predict", word(&model), "--explain"], asked).check(0).json_lines();
    let explanation = &explained[0]["explanation"];
    let words: Vec<&str> = explanation["words"].as_array().unwrap().iter().filter_map(|w| w["text"].as_str()).collect();
    assert_eq!(words, ["hello", "WHERE", "is", "my", "parcel"]);
    let nearest = explanation["nearest"].as_array().unwrap();
    assert!(!nearest.is_empty() && nearest.iter().all(|near| near["intent"].is_string()), "{explanation}");
}

#[test]
fn a_wrong_label_is_named_with_its_line() {
    let home = Home::empty();
    let bot = home.beside("bot");
    copy_folder(corner_shop(), &bot);
    let planted = bot.join("intents/planted.jsonl");
    std::fs::write(&planted, "{\"text\": \"where is my parcel, please track it\", \"intent\": \"thanks\"}\n").unwrap();
    let named = |words: &[&str]| -> usize {
        let all: Vec<&str> = ["check", word(&bot), "--json"].iter().chain(words).copied().collect();
        let findings = frontdesk(all).check(0).json_lines();
        findings.iter().filter(|finding| finding.to_string().contains("planted.jsonl")).count()
    };
    assert!(named(&[]) >= 1);
    assert_eq!(named(&["--no-audit"]), 0);
}

#[test]
fn a_model_is_no_better_and_no_worse_than_itself() {
    let home = Home::empty();
    let (model, file) = (model(&home), home.beside("test.jsonl"));
    std::fs::write(&file, "{\"text\": \"track my parcel\", \"intent\": \"order_status\"}\n").unwrap();
    let compared = frontdesk(["compare", word(&model), word(&model), "--test", word(&file), "--json"]).check(0);
    let report: Value = serde_json::from_str(&compared.stdout).unwrap();
    assert_eq!(report["accuracy_difference"]["mean"], 0.0);
    assert_eq!(report["intents"].as_array().map(Vec::len), Some(0));
    frontdesk(["compare", word(&model), word(&home.beside("nothing")), "--test", word(&file)]).check(2);
}

#[test]
fn logs_become_a_draft_that_is_a_sound_bot_and_a_list_to_label() {
    let home = Home::empty();
    let (log, later, drafts) = (home.beside("march.jsonl"), home.beside("april.jsonl"), home.beside("drafts"));
    write_log(&log, &REPAIRS, "We repair umbrellas within a week.");
    let others = ["hello", "thank you", "where is my parcel", "track my parcel", "hi there", "thanks a lot"];
    write_log(&later, &others, "You are welcome.");
    let mined = frontdesk(["mine", word(&log), "--out", word(&drafts), "--json"]).check(0);
    let report: Value = serde_json::from_str(&mined.stdout).unwrap();
    let group = &report["groups"][0];
    assert!(group["words"].to_string().contains("umbrella"), "{report}");
    assert!(group["replies"].to_string().contains("within a week"), "{report}");
    frontdesk(["check", word(&drafts), "--no-audit"]).check(0);
    frontdesk(["mine", word(&log), "--out", word(&drafts)]).check(2);
    let queue = frontdesk(["queue", word(corner_shop()), "--logs", word(&log), "--top", "3", "--json"]).check(0);
    let listed = queue.json_lines();
    assert!(!listed.is_empty() && listed.len() <= 3 && listed.iter().all(|row| row["line"].is_u64()), "{listed:?}");
    let drift = frontdesk(["drift", "--before", word(&log), "--after", word(&later), "--json"]).check(0);
    let changed: Value = serde_json::from_str(&drift.stdout).unwrap();
    assert!(changed["vocabulary"]["p"].as_f64().unwrap() < 0.05, "other words are no chance: {changed}");
    let same = frontdesk(["drift", "--before", word(&log), "--after", word(&log), "--json"]).check(0);
    let unchanged: Value = serde_json::from_str(&same.stdout).unwrap();
    assert!(unchanged["vocabulary"]["p"].as_f64().unwrap() > 0.5, "a log does not differ from itself: {unchanged}");
    std::fs::write(&log, "no log\n").unwrap();
    frontdesk(["mine", word(&log)]).check(2);
}
