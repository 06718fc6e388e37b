//! What the YAML reader makes of good files and of broken ones.

use proptest::prelude::*;

use super::*;

fn parse(yaml: &str) -> Nlu {
    read(&Source::new("intents/a.yml".to_owned(), yaml))
}

const GOOD: &str = r#"version: "3.1"
# a comment
nlu:
  - intent: order_status
    examples: |
      - 我的快递到哪了
      - where is [AB12345678](order_number)

      - [手机壳]{"entity":"product","value":"phone_case"}呢
  - lookup: city
    examples: |
      - 武汉
  - synonym: phone_case
    examples: |
      - 保护壳
  - regex: order_number
    examples: |
      - [A-Z]{2}[0-9]{8}
  - intent: 换 货
    examples:
      - 换一个
      - text: exchange it
"#;

#[test]
fn examples_keep_their_lines() {
    let nlu = parse(GOOD);
    assert_eq!(nlu.problems, []);
    let rows: Vec<_> = nlu.rows.iter().map(|row| (row.place.line, row.text.as_str(), row.intent.as_deref())).collect();
    assert_eq!(
        rows,
        [
            (Some(6), "我的快递到哪了", Some("order_status")),
            (Some(7), "where is AB12345678", Some("order_status")),
            (Some(9), "手机壳呢", Some("order_status")),
            (Some(21), "换一个", Some("换 货")),
            (Some(22), "exchange it", Some("换 货")),
        ]
    );
}

#[test]
fn marks_are_kept_where_they_stand_in_the_message() {
    let marked: Vec<_> = parse(GOOD)
        .annotated
        .iter()
        .flat_map(|message| {
            message.mentions.iter().map(|m| (m.entity.clone(), message.text[m.start..m.end].to_owned()))
        })
        .collect();
    assert_eq!(marked, [("order_number".into(), "AB12345678".into()), ("product".into(), "手机壳".into())]);
    assert_eq!(parse(GOOD).annotated.len(), 5);
    let odd = parse("nlu:\n  - intent: a\n    examples:\n      - text: '[ 膜 ](x)[{\"entity\":\"y\"}]'\n");
    assert!(
        odd.annotated.iter().all(|message| message.mentions.iter().all(|m| message.text.get(m.start..m.end).is_some()))
    );
}

#[test]
fn lookups_synonyms_and_patterns_become_entities() {
    let nlu = parse(GOOD);
    let authored = Gazetteer {
        entities: vec![GazetteerEntity {
            name: "product".to_owned(),
            values: vec![GazetteerValue { value: "phone_case".to_owned(), forms: vec![] }],
            ..GazetteerEntity::default()
        }],
    };
    let mut all = authored.clone();
    merge(&mut all, settle_synonyms(&authored, nlu.gazetteer));
    let product = &all.entities[0];
    assert_eq!(product.values.len(), 1);
    assert_eq!(product.values[0].forms, ["手机壳", "保护壳"]);
    let city = all.entities.iter().find(|entity| entity.name == "city").unwrap();
    assert_eq!(city.values[0].forms, ["武汉"]);
    let order = all.entities.iter().find(|entity| entity.name == "order_number").unwrap();
    assert_eq!(order.patterns, ["[A-Z]{2}[0-9]{8}"]);
}

#[test]
fn windows_line_ends_are_no_trouble() {
    let nlu = parse(&GOOD.replace('\n', "\r\n"));
    assert_eq!(nlu.problems, []);
    assert_eq!(nlu.rows.len(), 5);
    assert!(nlu.rows.iter().all(|row| !row.text.contains('\r')));
}

#[test]
fn what_is_broken_is_named_with_its_line_and_the_rest_is_read() {
    let yaml = "nlu:\n  - intent: a\n    examples: |\n      - fine\n      forgot the dash\n      - [x]{\"entity\":}\n  - intent: b\n  - examples: |\n      - who am I\n  - intent: ''\n    examples: |\n      - hi\n  - intent: c\n    examples: |\n      -\n";
    let nlu = parse(yaml);
    assert_eq!(nlu.rows.len(), 1);
    let said: Vec<String> = nlu.problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn yaml_that_is_no_yaml_is_one_error_with_its_line() {
    let nlu = parse("nlu:\n  - intent: a\n   examples: |\n      - x\n");
    assert_eq!(nlu.problems.len(), 1);
    assert!(nlu.problems[0].place.line.is_some(), "{:?}", nlu.problems);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(yaml in "(nlu:\n)?[ \\-|:a\n\\[\\]{}\"'#&*!%@好]{0,80}") {
        let _ = parse(&yaml);
    }
}

#[test]
fn intents_joined_by_a_plus_sign_are_several_of_one_message() {
    let yaml = "nlu:\n  - intent: order_status+ 开发票 +order_status\n    examples: |\n      - where is it, and an invoice please\n  - intent: c++\n    examples: |\n      - pointers\n";
    let nlu = parse(yaml);
    assert_eq!(nlu.problems, []);
    let rows: Vec<Vec<Option<&str>>> = nlu.rows.iter().map(|row| row.labels().collect()).collect();
    assert_eq!(rows, [vec![Some("order_status"), Some("开发票")], vec![Some("c++")]]);
}
