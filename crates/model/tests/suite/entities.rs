//! The gazetteer: reading `entities.yml` and finding values in messages.

use model::{Entity, Gazetteer};
use proptest::prelude::*;

use crate::shop::ENTITIES;

fn found(text: &str) -> Vec<(String, String, String)> {
    let entities = Gazetteer::parse_yaml(ENTITIES).unwrap().find(text);
    entities.iter().for_each(|entity| assert_eq!(&text[entity.start..entity.end], entity.text));
    entities.into_iter().map(|Entity { entity, value, text, .. }| (entity, value, text)).collect()
}

fn check(text: &str, expected: &[(&str, &str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(e, v, t)| ((*e).into(), (*v).into(), (*t).into())).collect();
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn listed_values_are_found_in_any_writing() {
    check("我买了手机壳和保护壳", &[("product", "phone_case", "手机壳"), ("product", "phone_case", "保护壳")]);
    check("My Phone  COVER broke", &[("product", "phone_case", "Phone  COVER")]);
    check("ｐｈｏｎｅ ｃａｓｅ", &[("product", "phone_case", "ｐｈｏｎｅ ｃａｓｅ")]);
    check("手機殼壞了", &[("product", "phone_case", "手機殼")]);
    check("phone cases", &[]);
    check("megaphone case", &[]);
}

#[test]
fn patterns_are_found_in_order_without_overlaps() {
    check(
        "订单AB12345678，电话13812345678",
        &[("order_number", "AB12345678", "AB12345678"), ("phone", "13812345678", "13812345678")],
    );
    check("ＡＢ１２３４５６７８", &[("order_number", "AB12345678", "ＡＢ１２３４５６７８")]);
    check("138123456789", &[]);
    check("", &[]);
}

#[test]
fn sensitive_values_are_marked() {
    let entities = Gazetteer::parse_yaml(ENTITIES).unwrap().find("13812345678 AB12345678");
    assert_eq!(entities.iter().map(|entity| entity.sensitive).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn problems_name_their_line() {
    for (yaml, line, part) in [
        ("entities:\n  - name: a\n    patterns: ['[']\n", 2, "cannot be used"),
        ("entities:\n  - name: a\n    value: x\n", 3, "value"),
        ("entities:\n  - values: [a]\n", 2, "name"),
        ("entities: [", 1, ""),
    ] {
        let error = Gazetteer::parse_yaml(yaml).unwrap_err();
        let model::Error::Gazetteer { line: found, problem } = &error else { panic!("{error}") };
        assert_eq!((*found, problem.contains(part)), (line, true), "{yaml} {error}");
    }
    assert_eq!(Gazetteer::parse_yaml("").unwrap(), Gazetteer::default());
    assert_eq!(Gazetteer::parse_yaml("entities:\n").unwrap(), Gazetteer::default());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(yaml in "(entities:\n)?([ \\-:a-z\\[\\]{}'\"*&!|>#\n]|name|patterns|values){0,40}") {
        if let Ok(gazetteer) = Gazetteer::parse_yaml(&yaml) {
            gazetteer.find("phone case 手机壳");
        }
    }

    #[test]
    fn whatever_is_listed_is_found_again(words in prop::collection::vec("[a-z]{3,8}|[一-龥]{2,5}", 1..6), at in any::<prop::sample::Index>()) {
        let yaml = format!("entities:\n  - name: thing\n    values: [{}]\n", words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(", "));
        let gazetteer = Gazetteer::parse_yaml(&yaml).unwrap();
        let word = at.get(&words);
        let message = format!("give me {word}, please");
        let entities = gazetteer.find(&message);
        prop_assert!(entities.iter().any(|entity| message[entity.start..entity.end].contains(word.as_str()) || entity.text.len() >= word.len()), "{entities:?}");
    }

    #[test]
    fn found_entities_never_overlap_and_lie_on_characters(text in "[a-zA-Z0-9１-９ 手机壳殼機🙂ﬁ]{0,60}") {
        let entities = Gazetteer::parse_yaml(ENTITIES).unwrap().find(&text);
        for pair in entities.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for entity in entities {
            prop_assert_eq!(&text[entity.start..entity.end], entity.text.as_str());
        }
    }
}
