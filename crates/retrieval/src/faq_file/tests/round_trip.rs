//! What is exported is imported again without any change.

use proptest::prelude::*;

use super::{entries, import};
use crate::{Answers, CHANNELS, ExportFormat, FaqEntry, FaqFormat, Link, parse_faq, write_faq};

const FORMATS: [(ExportFormat, &str); 3] =
    [(ExportFormat::Csv, "faq.csv"), (ExportFormat::Jsonl, "faq.jsonl"), (ExportFormat::Xlsx, "faq.xlsx")];

const URL: &str = "https://shop.example/a?b=1,2;3|4";

#[test]
fn odd_entries_come_back_as_they_were() {
    let texts = [
        "plain",
        "a \"quoted\", one; with\ttabs",
        "two\nlines\n\nand a third ",
        "👩‍👩‍👧 emoji 🎉",
        "=HYPERLINK(\"http://x\")",
        "+86 10",
        "-5 degrees",
        "@SUM(A1)",
        "'quoted'",
        "'=kept",
        "''-kept",
        "'0123",
        "0123",
        "1.0",
        "#N/A",
        "_x000D_ _x0041_",
        "\r\nwindows\r\nlines",
        "＝全角",
        "a|b\\c\\nd",
        "<b>&amp;</b>",
        "\u{a0}nbsp\u{a0}",
        "true",
        "2026-01-05",
    ];
    let made = texts.iter().enumerate().map(|(number, text)| FaqEntry {
        similar: vec![format!("{text} again"), "-x".to_owned()],
        category: Some(format!("={number}/b")),
        valid_until: Some("2026-12-31".to_owned()),
        enabled: number % 2 == 0,
        channels: CHANNELS[number % 3..].iter().map(|&channel| channel.to_owned()).collect(),
        links: (0..number % 3).map(|link| Link { title: format!("=表 {link}, \"a\""), url: URL.to_owned() }).collect(),
        ..FaqEntry::new(&format!("id-{number}"), &format!("{} q", text.trim()), text)
    });
    let made: Vec<FaqEntry> = made.map(|entry| entry.checked().expect("a good entry")).collect();
    for (format, name) in FORMATS {
        let bytes = write_faq(&made, format).expect("writable");
        let read = entries(&bytes, name);
        for (made, read) in made.iter().zip(&read) {
            // Ends of lines within a similar question are spaces for all that it matters.
            let bare = |entry: &FaqEntry| FaqEntry {
                similar: entry.similar.iter().map(|one| one.replace("\r\n", "\n")).collect(),
                ..entry.clone()
            };
            assert_eq!(bare(read), bare(made), "{name}");
        }
        assert_eq!(read.len(), made.len(), "{name}");
    }
}

#[test]
fn no_cell_of_an_exported_table_is_a_formula() {
    let entry = FaqEntry::new("-1", "=cmd|' /C calc'!A0", "@SUM(1)");
    let csv = String::from_utf8(write_faq(&[entry], ExportFormat::Csv).expect("writable")).expect("UTF-8");
    let row = csv.lines().nth(1).expect("a row");
    assert!(row.starts_with("'-1,'=cmd|' /C calc'!A0,,'@SUM(1),"), "{row}");
}

#[test]
fn an_answer_that_fits_no_cell_is_named_with_the_way_out() {
    let entry = FaqEntry::new("long", "q", &"a".repeat(40_000));
    let error = write_faq(std::slice::from_ref(&entry), ExportFormat::Xlsx).expect_err("too long");
    assert!(error.to_string().contains("`long`") && error.to_string().contains("csv"), "{error}");
    assert_eq!(
        import(&write_faq(&[entry], ExportFormat::Csv).expect("writable"), "a.csv").expect("read").entries.len(),
        1
    );
}

fn trimmed() -> impl Strategy<Value = String> {
    "[a-z问题;,|\\\\\"'=+@\n -]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn entry() -> impl Strategy<Value = FaqEntry> {
    let similar = proptest::collection::vec(trimmed().prop_filter("not empty", |text| !text.is_empty()), 0..4);
    let date = proptest::option::of("20[0-9]{2}-0[1-9]-1[0-9]");
    let language = proptest::option::of(prop_oneof![Just("zh".to_owned()), Just("en".to_owned())]);
    (trimmed(), similar, "[a-z答案;,|\\\\\"'=+@\r\n -]{0,20}", language, date, any::<bool>()).prop_map(
        |(question, similar, answer, language, valid_from, enabled)| FaqEntry {
            similar,
            language,
            valid_from,
            enabled,
            ..FaqEntry::new("", &format!("q{question}"), &answer)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn export_then_import_changes_nothing(mut entries in proptest::collection::vec(entry(), 0..6)) {
        for (number, entry) in entries.iter_mut().enumerate() {
            entry.id = format!("faq-{number}");
        }
        for (format, name) in FORMATS {
            let bytes = write_faq(&entries, format).expect("writable");
            let imported = parse_faq(&bytes, FaqFormat::detect(&bytes, Some(name)).expect("known"), Answers::Optional).expect("readable");
            prop_assert_eq!(&imported.problems, &vec![]);
            prop_assert_eq!(&imported.entries, &entries);
        }
    }
}
