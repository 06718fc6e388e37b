//! Tables as text: encodings, separators, headers, and the columns of other programs.

use super::{entries, import, problems, questions_and_answers};
use crate::faq_file::{Answers, Layout, read_faq};
use crate::{Error, FaqEntry, FaqFormat, parse_faq};

const TABLE: &str = "问题;答案;相似问;语言;分类\n多久发货？;\"两天;内\";什么时候发货|几天能寄出;zh;配送\n";

fn check(bytes: &[u8]) {
    let entries = entries(bytes, "faq.csv");
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
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
    let marked = format!("\u{feff}{TABLE}");
    check(&marked.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    check(&marked.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
}

#[test]
fn tabs_and_header_case_are_understood() {
    let entries = entries(b"QUESTION\tAnswer\tEnabled\nHow long?\tTwo days\tno\n", "faq.tsv");
    assert_eq!(entries[0].question, "How long?");
    assert!(!entries[0].enabled);
}

#[test]
fn what_spreadsheets_add_is_understood() {
    let table = "sep=;\r\n公司常见问题;;;;;\r\n\u{a0}问题（必填） ;答案*;生效日期;启用;备注;\r\n\
        '0086 是什么？;'=1+1;2026年1月5日;1.0;只给自己看;\r\n;;;;;\r\n\u{200b} 第二个？\u{a0};好;46027;;;\r\n";
    let imported = import(table.as_bytes(), "faq.csv").expect("readable");
    assert_eq!(imported.problems, vec![]);
    assert_eq!(imported.ignored_columns, ["备注"]);
    let rows: Vec<_> =
        imported.entries.iter().map(|one| (&*one.question, &*one.answer, one.valid_from.as_deref())).collect();
    assert_eq!(rows, [("0086 是什么？", "=1+1", Some("2026-01-05")), ("第二个？", "好", Some("2026-01-05"))]);
}

#[test]
fn every_wrong_row_is_named_by_its_line_and_leaves_the_others() {
    let text = "{\"id\":\"a\",\"question\":\"q\",\"answer\":\"x\"}\n\nnot json\n\
        {\"id\":\"a\",\"question\":\"r\",\"answer\":\"x\"}\n{\"question\":\" \",\"answer\":\"\"}\n\
        {\"question\":\"q\",\"answer\":\"y\",\"valid_from\":\"tomorrow\"}\n{\"question\":\"s\",\"answer\":\" \"}\n\
        {\"question\":\"t\",\"answer\":\"z\"}\n{\"question\":\"t\",\"answer\":\"z\"}\n";
    let imported = import(text.as_bytes(), "faq.jsonl").expect("readable");
    let lines: Vec<usize> = imported.problems.iter().map(|problem| problem.place.number).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 9]);
    let said: Vec<String> = imported.problems.iter().map(ToString::to_string).collect();
    assert!(said[1].contains("already on line 1"), "{said:?}");
    assert!(said[3].contains("2026-01-31"), "{said:?}");
    assert!(said[4].contains("`answer` is empty"), "{said:?}");
    assert!(said[5].contains("this question is already on line 8"), "{said:?}");
    assert_eq!(questions_and_answers(&imported.entries), [("q", "x"), ("t", "z")]);
}

#[test]
fn lines_are_counted_as_editors_do_however_they_end() {
    let text = "sep=;\nour questions;\n;\nquestion;answer\na;x\n\"b\nover two lines\";y\n\nc;\nd;z\ne;\n";
    for ending in ["\n", "\r\n"] {
        let imported = import(text.replace('\n', ending).as_bytes(), "faq.csv").expect("readable");
        let lines: Vec<usize> = imported.problems.iter().map(|problem| problem.place.number).collect();
        assert_eq!(lines, [9, 11], "{ending:?}");
    }
}

#[test]
fn the_demo_bots_spreadsheet_is_taken_but_for_its_two_wrong_rows() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo/import/questions_from_excel.csv");
    let imported = import(&std::fs::read(path).expect("it is there"), "questions_from_excel.csv").expect("readable");
    assert_eq!(imported.problems.iter().map(|problem| problem.place.number).collect::<Vec<_>>(), [9, 10]);
    let entry = |question: &str| imported.entries.iter().find(|entry| entry.question == question).expect("it is taken");
    assert_eq!(imported.entries.len(), 5);
    assert_eq!(entry("怎么给礼品卡充值").similar, ["礼品卡能充值吗", "礼品卡余额不够怎么办"]);
    assert_eq!(entry("怎么给礼品卡充值").valid_from.as_deref(), Some("2026-04-01"));
    assert_eq!(entry("发票抬头写错了怎么改").valid_from.as_deref(), Some("2026-04-01"), "a day as Excel counts it");
    assert_eq!(entry("门店营业时间").answer, "每天 10:00 到 21:30");
}

#[test]
fn the_same_is_said_in_chinese() {
    let imported = import("问题,答案\n好吗？,\n".as_bytes(), "faq.csv").expect("readable");
    let problem = &imported.problems[0];
    let said = (problem.place_in(text::Language::Chinese), problem.fault.in_language(text::Language::Chinese));
    assert_eq!(said, ("第 2 行".to_owned(), "`answer` 是空的".to_owned()));
}

#[test]
fn a_failed_formula_is_no_answer() {
    assert_eq!(
        problems(b"question,answer\nq,#NAME?\nr,ok\n", "faq.csv"),
        ["line 2: `answer` is a formula that failed (#NAME?); write the text itself"]
    );
}

#[test]
fn a_bot_is_not_served_from_a_file_with_a_wrong_row() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("faq.csv"), "question,answer\nq,a\n,b\n").expect("writable");
    let error = read_faq(dir.path()).expect_err("the second row is wrong");
    assert!(matches!(&error, Error::Rows { problems, .. } if problems.len() == 1));
    assert!(error.to_string().contains("faq.csv: line 3"), "{error}");
}

#[test]
fn a_table_without_an_answer_column_says_which_names_it_takes() {
    let error = parse_faq(b"question,notes\nq,a\n", FaqFormat::Csv, Answers::Required).expect_err("no answers");
    assert!(error.to_string().contains("答案") && error.to_string().contains("question | notes"), "{error}");
}

#[test]
fn a_quote_that_is_never_closed_is_named_by_the_line_it_opens_on() {
    let check = |text: &str, line: Option<&str>| match parse_faq(text.as_bytes(), FaqFormat::Csv, Answers::Required) {
        Ok(_) => assert_eq!(line, None, "{text}"),
        Err(error) => assert!(line.is_some_and(|line| error.to_string().contains(line)), "{text}: {error}"),
    };
    check("question,answer\nq,a\n\"r,b\ns,c\n", Some("line 3"));
    check("question,answer\n\"two\nlines\",\"it\"\"s\"\nq,\"never", Some("line 4"));
    check("question,answer\n\"two\nlines\",\"it\"\"s\"\n5\" screen,a\n", None);
    check("sep=,\nquestion,answer\nq,a\n\"r,b\n", Some("line 4"));
}

#[test]
fn rows_of_one_qna_id_are_wordings_of_one_question() {
    let table = "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n\
        How long is shipping?\tTwo days.\\nNo more.\tEditorial\tcategory:shipping|lang:en\t[]\tFalse\t[]\t7\n\
        When does it arrive?\tTwo days.\\nNo more.\tEditorial\tcategory:shipping|lang:en\t[]\tFalse\t[]\t7\n\
        And abroad?\tTen days.\tEditorial\t\t[]\tTrue\t[]\t8\n";
    let imported = import(table.as_bytes(), "qna.tsv").expect("readable");
    assert_eq!((imported.layout, imported.problems), (Layout::QnaMaker, vec![]));
    let [shipping, abroad] = imported.entries.as_slice() else { panic!("two entries: {:?}", imported.entries) };
    assert_eq!(
        (&*shipping.id, &*shipping.question, &*shipping.answer),
        ("qna-7", "How long is shipping?", "Two days.\nNo more.")
    );
    assert_eq!(shipping.similar, ["When does it arrive?"]);
    assert_eq!(shipping.category.as_deref(), Some("shipping"));
    assert!(shipping.enabled && !abroad.enabled, "an answer that only follows another one is not given by itself");
}

#[test]
fn what_a_table_has_no_column_for_stays_as_it_is() {
    let known = FaqEntry {
        similar: vec!["r".to_owned()],
        category: Some("c".to_owned()),
        valid_from: Some("2026-03-01".to_owned()),
        enabled: false,
        ..FaqEntry::new("own-name", "q", "old")
    };
    let filled = |table: &str, name: &str| {
        let imported = import(table.as_bytes(), name).expect("readable");
        imported.left_open[0].filled_from(imported.entries[0].clone(), &known)
    };
    let renewed = FaqEntry { answer: "new".to_owned(), ..known.clone() };
    assert_eq!(filled("question,answer\nq,new\n", "a.csv"), renewed);
    let said = filled("id,question,answer,similar,enabled,category\n7,q,new,,yes,\n", "a.csv");
    let expected =
        FaqEntry { id: "7".to_owned(), similar: Vec::new(), category: None, enabled: true, ..renewed.clone() };
    assert_eq!(said, expected, "an empty cell says that there is nothing");
    let until = filled("id,question,answer,valid_until\n7,q,new,2026-02-01\n", "a.csv");
    assert_eq!((until.valid_from, until.valid_until.as_deref()), (None, Some("2026-02-01")), "the file's day counts");
    let line = "{\"id\":\"7\",\"question\":\"q\",\"answer\":\"new\"}\n";
    assert_eq!(filled(line, "a.jsonl"), FaqEntry::new("7", "q", "new"), "a line is a whole entry");
    let qna = "Question\tAnswer\tIsContextOnly\tQnaId\nq\tnew\tFalse\t7\n";
    let expected = FaqEntry { id: "qna-7".to_owned(), similar: Vec::new(), enabled: true, ..renewed };
    assert_eq!(filled(qna, "qna.tsv"), expected, "its rows are all the wordings");
}

#[test]
fn fast_gpt_has_any_number_of_indexes_behind_the_answer() {
    let table = "q,a,indexes\n怎么退货？,七天内可退。,退货流程,我要退货\nHow to pay?,By card.\n";
    let imported = import(table.as_bytes(), "fastgpt.csv").expect("readable");
    assert_eq!((imported.layout, imported.problems), (Layout::FastGpt, vec![]));
    assert_eq!(imported.entries[0].similar, ["退货流程", "我要退货"]);
    assert_eq!(questions_and_answers(&imported.entries)[1], ("How to pay?", "By card."));
}

#[test]
fn max_kb_has_questions_one_a_line_and_titles_that_may_be_missing() {
    let table = "分段标题（选填）,分段内容（必填，问题答案）,问题（选填，单元格内一行一个）\n\
        退货,七天内可退。,\"怎么退货？\n能退吗\"\n,次日发货。,\"多久发货？\n什么时候寄\"\n,没有问题,\n";
    let imported = import(table.as_bytes(), "maxkb.csv").expect("readable");
    assert_eq!(imported.layout, Layout::MaxKb);
    assert_eq!(questions_and_answers(&imported.entries), [("退货", "七天内可退。"), ("多久发货？", "次日发货。")]);
    assert_eq!(imported.entries[0].similar, ["怎么退货？", "能退吗"]);
    assert_eq!(imported.entries[1].similar, ["什么时候寄"]);
    assert_eq!(imported.problems[0].to_string(), "line 6: neither a title nor a question");
}

#[test]
fn the_kind_of_a_nameless_text_is_told_by_what_it_holds() {
    let check = |text: &str, format| assert_eq!(FaqFormat::detect(text.as_bytes(), None), Ok(format), "{text}");
    check("question,answer\nq,\"# Title\nnlu:\n\"\n", FaqFormat::Csv);
    check("{\"question\": \"q\", \"answer\": \"a\"}\n", FaqFormat::Jsonl);
    check("<!-- x -->\n<html><h1>q</h1>", FaqFormat::Html);
    check("version: \"3.1\"\nnlu:\n- intent: a/b\n", FaqFormat::Rasa);
    check("[Home](x)\n\n# Title\n\n| question | answer |\n|---|---|\n", FaqFormat::Markdown);
    check("frage,antwort\n", FaqFormat::Csv);
}
