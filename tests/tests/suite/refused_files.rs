//! Files that cannot be taken: the command says which file, which line, what is wrong and how to mend it, and ends with 2 or 1.

use std::path::Path;

use crate::harness::{Home, copy_folder, corner_shop, frontdesk, word};

/// A copy of the corner shop with one file replaced.
fn shop_with(home: &Home, file: &str, content: &[u8]) -> std::path::PathBuf {
    let bot = home.beside("bot");
    let _ = std::fs::remove_dir_all(&bot);
    copy_folder(corner_shop(), &bot);
    let path = bot.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    bot
}

/// Fails unless the words name the place and hold nothing of the inside.
fn check_words(words: &str, file: &str, line: Option<usize>) {
    let name = Path::new(file).file_name().unwrap().to_str().unwrap();
    assert!(words.contains(name), "{file} is not named: {words}");
    if let Some(line) = line {
        let number = line.to_string();
        let named = words.split(|character: char| !character.is_ascii_digit()).any(|digits| digits == number);
        assert!(named, "line {line} of {file} is not named: {words}");
    }
    for inside in ["panicked", "RUST_BACKTRACE", "unwrap"] {
        assert!(!words.contains(inside), "{words}");
    }
}

#[test]
fn a_bot_folder_that_cannot_be_used_is_refused_with_file_and_line() {
    let home = Home::empty();
    for (file, content, line) in [
        ("bot.toml", "name = \"Shop\nlanguages = [\"en\"]\n", Some(1)),
        ("bot.toml", "name = \"Shop\"\nlanguages = []\n", Some(2)),
        ("bot.toml", "name = \"Shop\"\nlanguages = [\"en\"]\naccepted_error_rate = 7\n", Some(3)),
        ("bot.toml", "name = \"Shop\"\nlanguages = [\"en\"]\ncolour = \"red\"\n", Some(3)),
        ("intents/broken.yml", "nlu:\n  - intent: a\n    examples: |\n      - one\n  - intent: [\n", None),
        ("intents/broken.jsonl", "{\"text\": \"one\", \"intent\": \"a\"}\n{\"text\": \"two\", \"intent\": \n", Some(2)),
        ("intents/wrong.jsonl", "{\"text\": 7, \"intent\": \"a\"}\n", Some(1)),
        ("templates.yml", "templates:\n  - intent: greet\n    replies: {zh: [}\n", None),
        ("forms.yml", "forms:\n  - intent: order_status\n    slots:\n      - name: x\n        pattern: \"[\"\n", None),
        ("entities.yml", "entities:\n  - name: x\n    patterns: [\"(\"]\n", None),
        ("golden/broken.yml", "conversations:\n  - name: x\n    turns: 7\n", None),
        ("faq.jsonl", "{\"question\": \"Q?\", \"answer\": \"A.\"}\n{\"question\": \"Q?\"\n", Some(2)),
    ] {
        let bot = shop_with(&home, file, content.as_bytes());
        let checked = frontdesk(["check", word(&bot)]);
        assert!([1, 2].contains(&checked.code), "{file}: {content}\n{checked:?}");
        check_words(&format!("{}{}", checked.stdout, checked.stderr), file, line);
    }
    frontdesk(["check", word(corner_shop())]).check(0);
}

#[test]
fn a_bot_that_cannot_be_served_is_refused_before_anything_is_changed() {
    let home = Home::trained();
    for (file, content) in [
        ("bot.toml", &b"name = \"Shop\n"[..]),
        ("templates.yml", b"templates: 7\n"),
        ("faq.jsonl", b"{\"question\": \"Q?\"\n"),
        ("bot.toml", b"name = \"\xc4\xe3\xba\xc3\"\nlanguages = [\"zh\"]\n"),
    ] {
        let bot = shop_with(&home, file, content);
        let refused = frontdesk(["serve", "--home", word(home.path()), "--bot", word(&bot), "--port", "0"]).check(2);
        check_words(&refused.stderr, file, None);
    }
    let exported = frontdesk(["faq", "export", "--home", word(home.path()), "--format", "jsonl"]).check(0);
    assert_eq!(exported.json_lines().len(), 16, "the home's FAQ is as it was");
}

#[test]
fn duplicate_and_broken_rows_of_an_faq_file_are_named() {
    let home = Home::trained();
    for (name, content, line) in [
        ("twice.csv", &b"id,question,answer\na,Q?,A.\na,Q2?,A2.\n"[..], Some(3)),
        ("empty.csv", b"id,question,answer\na,,A.\n", Some(2)),
        ("twice.jsonl", b"{\"id\":\"a\",\"question\":\"Q?\",\"answer\":\"A.\"}\n{\"id\":\"a\",\"question\":\"Q2?\",\"answer\":\"A2.\"}\n", Some(2)),
        ("broken.jsonl", b"{\"question\":\"Q?\",\"answer\":\"A.\"}\nnot json\n", Some(2)),
        ("columns.csv", b"frage,antwort\nF?,A.\n", None),
    ] {
        let file = home.beside(name);
        std::fs::write(&file, content).unwrap();
        let refused = frontdesk(["faq", "import", "--home", word(home.path()), word(&file), "--strict"]);
        assert!([1, 2].contains(&refused.code), "{name}: {refused:?}");
        check_words(&format!("{}{}", refused.stdout, refused.stderr), name, line);
    }
    let exported = frontdesk(["faq", "export", "--home", word(home.path()), "--format", "jsonl"]).check(0);
    assert_eq!(exported.json_lines().len(), 16, "nothing of what was refused is kept");
}

#[test]
fn a_gbk_file_is_imported_as_it_was_meant() {
    let home = Home::trained();
    let file = home.beside("gbk.csv");
    // The row "hat-zh,卖帽子吗？,卖。" in GBK.
    std::fs::write(&file, b"id,question,answer\nhat-zh,\xc2\xf4\xc3\xb1\xd7\xd3\xc2\xf0\xa3\xbf,\xc2\xf4\xa1\xa3\n")
        .unwrap();
    frontdesk(["faq", "import", "--home", word(home.path()), word(&file)]).check(0);
    let exported = frontdesk(["faq", "export", "--home", word(home.path()), "--format", "jsonl"]).check(0);
    assert!(exported.stdout.contains("卖帽子吗？"), "{}", exported.stdout);
}

#[test]
fn logs_that_cannot_be_read_are_named_with_their_line() {
    let home = Home::empty();
    let logs = home.beside("march.jsonl");
    std::fs::write(&logs, "{\"conversation_id\":\"c\",\"time\":\"2026-03-02T10:11:12+08:00\",\"role\":\"customer\",\"text\":\"hello\"}\n{\"conversation_id\":\n").unwrap();
    let trained = frontdesk([
        "train",
        word(corner_shop()),
        "--out",
        word(&home.beside("model")),
        "--logs",
        word(&logs),
        "--data-only",
    ]);
    check_words(&format!("{}{}", trained.stdout, trained.stderr), "march.jsonl", Some(2));
}
