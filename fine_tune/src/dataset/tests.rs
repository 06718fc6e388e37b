//! What becomes of a bot folder: what is learned, what is held out, what is left out and why.

use std::fs;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("bot.toml", "name = \"Shop\"\nlanguages = [\"zh\", \"en\"]\naccepted_error_rate = 0.1\n");
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self) -> Result<BotData, Error> {
        load_bot_data(self.0.path(), &DataOptions::default())
    }

    fn refusal(&self) -> String {
        self.load().unwrap_err().to_string().replace(&self.0.path().display().to_string(), "BOT")
    }
}

const INTENTS: &str = "nlu:\n  - intent: refund\n    examples: |\n      - 退款\n      - refund please\n  - intent: hours\n    examples: |\n      - opening hours\n      - 几点开门\n";

#[test]
fn a_bot_of_settings_and_intents_alone_is_enough() {
    let data = Folder::new(&[("intents/a.yml", INTENTS)]).load().unwrap();
    assert_eq!(data.set.train.len(), 4);
    assert_eq!(data.set.languages, ["zh", "en"]);
    assert!((data.accepted_error_rate - 0.1).abs() < 1e-6);
}

#[test]
fn logs_give_labels_and_authored_labels_win_over_them() {
    let logs = r#"{"conversation_id":"1","role":"customer","text":"退款","intent":"hours"}
{"conversation_id":"1","role":"customer","text":"give me my money back","intent":"refund"}
{"conversation_id":"2","role":"customer","text":"钱什么时候回来"}
{"conversation_id":"2","role":"agent","text":"退款会在 3 个工作日内原路退回。"}
"#;
    let templates = "templates:\n  - intent: refund\n    replies: {zh: 退款会在 3 个工作日内原路退回。}\n";
    let folder = Folder::new(&[("intents/a.yml", INTENTS), ("logs/a.jsonl", logs), ("templates.yml", templates)]);
    let data = folder.load().unwrap();
    let all: Vec<_> = data.set.train.iter().chain(&data.set.validation).collect();
    let of = |text: &str| all.iter().find(|row| row.text == text).map(|row| (row.intent.clone().unwrap(), row.weight));
    assert_eq!(of("退款"), Some(("refund".to_owned(), 1.0)));
    assert_eq!(of("give me my money back"), Some(("refund".to_owned(), 1.0)));
    let (intent, weight) = of("钱什么时候回来").unwrap();
    assert_eq!(intent, "refund");
    assert!(weight < 1.0);
    assert_eq!(data.report.conflicts.len(), 1);
    assert_eq!(data.report.by_origin[&Origin::Weak], 1);
}

#[test]
fn marked_examples_teach_entities_together_with_the_unmarked_ones() {
    let marked = "nlu:\n  - intent: where\n    examples: |\n      - 寄到[上海](city)\n      - where is my parcel\n";
    let data = Folder::new(&[("intents/a.yml", INTENTS), ("intents/b.yml", marked)]).load().unwrap();
    assert_eq!(data.set.annotated.len(), 6);
    assert_eq!(data.report.marked.get("city"), Some(&1));
    assert!(data.report.render().contains("entities marked: city 1"));
}

#[test]
fn every_problem_of_every_file_is_named_at_once() {
    let folder = Folder::new(&[("intents/a.yml", "nlu:\n  - intent: a\n"), ("intents/b.jsonl", "{}\n")]);
    insta::assert_snapshot!(folder.refusal());
}

#[test]
fn what_is_no_bot_says_how_to_make_one() {
    let folder = Folder::new(&[]);
    insta::assert_snapshot!(folder.refusal(), @"there is no example with an intent; a classifier needs two or more: add examples to intents/*.yml or intents/*.jsonl");
    fs::remove_file(folder.0.path().join("bot.toml")).unwrap();
    assert!(folder.refusal().contains("has no bot.toml"));
}
