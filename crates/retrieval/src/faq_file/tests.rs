use proptest::prelude::*;

use super::{FaqFormat, parse_faq, read_faq, write_faq};
use crate::{Error, FaqEntry};

const TABLE: &str = "问题;答案;相似问;语言;分类\n多久发货？;\"两天;内\";什么时候发货|几天能寄出;zh;配送\n";

fn check(bytes: &[u8]) {
    let imported = parse_faq(bytes, FaqFormat::Csv).expect("readable");
    assert_eq!(imported.problems, vec![]);
    assert_eq!(imported.entries.len(), 1);
    let entry = &imported.entries[0];
    assert_eq!(entry.question, "多久发货？");
    assert_eq!(entry.answer, "两天;内");
    assert_eq!(entry.similar, ["什么时候发货", "几天能寄出"]);
    assert_eq!((entry.language.as_deref(), entry.category.as_deref()), (Some("zh"), Some("配送")));
}

#[test]
fn a_chinese_table_reads_the_same_in_every_encoding() {
    check(TABLE.as_bytes());
    check(&[b"\xef\xbb\xbf", TABLE.as_bytes()].concat());
    check(&encoding_rs::GBK.encode(TABLE).0);
    check(&encoding_rs::GB18030.encode(TABLE).0);
    let utf16: Vec<u8> = "\u{feff}".chars().chain(TABLE.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    check(&utf16);
    let big_endian: Vec<u8> = "\u{feff}".chars().chain(TABLE.chars()).flat_map(|c| (c as u16).to_be_bytes()).collect();
    check(&big_endian);
}

#[test]
fn tabs_and_header_case_are_understood() {
    let imported =
        parse_faq(b"QUESTION\tAnswer\tEnabled\nHow long?\tTwo days\tno\n", FaqFormat::Csv).expect("readable");
    assert_eq!(imported.entries[0].question, "How long?");
    assert!(!imported.entries[0].enabled);
}

#[test]
fn every_wrong_row_is_named_by_its_line() {
    let text = "{\"id\":\"a\",\"question\":\"q\",\"answer\":\"x\"}\n\nnot json\n{\"id\":\"a\",\"question\":\"r\",\"answer\":\"x\"}\n{\"question\":\" \",\"answer\":\"\"}\n{\"question\":\"q\",\"answer\":\"\",\"valid_from\":\"tomorrow\"}\n";
    let imported = parse_faq(text.as_bytes(), FaqFormat::Jsonl).expect("readable");
    let lines: Vec<usize> = imported.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4, 5, 6]);
    assert!(imported.problems[1].message.contains("already on line 1"));
    assert!(imported.problems[3].message.contains("2026-01-31"));
}

#[test]
fn a_file_with_one_wrong_row_is_refused_whole() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("faq.csv"), "question,answer\nq,a\n,b\n").expect("writable");
    let error = read_faq(dir.path()).expect_err("the second row is wrong");
    assert!(matches!(&error, Error::Rows { problems, .. } if problems.len() == 1));
    assert!(error.to_string().contains("faq.csv: line 3"), "{error}");
}

#[test]
fn a_table_without_an_answer_column_says_which_names_it_takes() {
    let error = parse_faq("question,notes\nq,a\n".as_bytes(), FaqFormat::Csv).expect_err("no answers");
    assert!(error.to_string().contains("答案"), "{error}");
}

#[test]
fn a_quote_that_is_never_closed_is_named_by_the_line_it_opens_on() {
    let check = |text: &str, line: Option<&str>| match parse_faq(text.as_bytes(), FaqFormat::Csv) {
        Ok(_) => assert_eq!(line, None, "{text}"),
        Err(error) => assert!(line.is_some_and(|line| error.to_string().contains(line)), "{text}: {error}"),
    };
    check("question,answer\nq,a\n\"r,b\ns,c\n", Some("line 3"));
    check("question,answer\n\"two\nlines\",\"it\"\"s\"\nq,\"never", Some("line 4"));
    check("question,answer\n\"two\nlines\",\"it\"\"s\"\n5\" screen,a\n", None);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert!(parse_faq(b"\x00\x01\xff\xfe\x00\xff\xff\xff", FaqFormat::Csv).is_err());
}

fn trimmed() -> impl Strategy<Value = String> {
    "[a-z问题;,|\\\\\"\n ]{0,12}".prop_map(|text| text.trim().to_owned())
}

fn entry() -> impl Strategy<Value = FaqEntry> {
    let similar = proptest::collection::vec(trimmed().prop_filter("not empty", |text| !text.is_empty()), 0..4);
    let date = proptest::option::of("20[0-9]{2}-0[1-9]-1[0-9]");
    let language = proptest::option::of(prop_oneof![Just("zh".to_owned()), Just("en".to_owned())]);
    (trimmed(), similar, "[a-z答案;,|\\\\\"\n ]{0,20}", language, date, any::<bool>()).prop_map(
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
    #[test]
    fn export_then_import_changes_nothing(mut entries in proptest::collection::vec(entry(), 0..6)) {
        for (number, entry) in entries.iter_mut().enumerate() {
            entry.id = format!("faq-{number}");
        }
        for format in [FaqFormat::Csv, FaqFormat::Jsonl] {
            let imported = parse_faq(&write_faq(&entries, format), format).expect("readable");
            prop_assert_eq!(&imported.problems, &vec![]);
            prop_assert_eq!(&imported.entries, &entries);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_faq(&bytes, FaqFormat::Csv);
        let _ = parse_faq(&bytes, FaqFormat::Jsonl);
    }
}
