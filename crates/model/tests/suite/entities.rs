//! The gazetteer: reading `entities.yml` and finding values in messages.

use model::{
    AnnotatedText, Classifier, Entity, EntityFinder, EntityTagger, Gazetteer, Mention, TrainOptions, TrainingSet,
};
use proptest::prelude::*;

use crate::shop::{self, ENTITIES, SHOP, learn, predict};

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

fn message(text: &str, entity: &str, part: &str) -> AnnotatedText {
    let start = text.find(part).unwrap();
    let mention = Mention { entity: entity.into(), start, end: start + part.len() };
    AnnotatedText { text: text.into(), mentions: vec![mention] }
}

#[test]
fn a_city_that_no_example_names_is_found_where_cities_stand() {
    for (text, city) in [("ship it to Madrid please", "Madrid"), ("可以寄到广州吗", "广州")] {
        let entities = predict(&SHOP, text).entities;
        let found: Vec<_> = entities.iter().map(|found| (found.entity.as_str(), found.text.as_str())).collect();
        assert_eq!(found, [("city", city)], "{text}");
        assert!(entities[0].probability > 0.5 && entities[0].probability < 1.0, "{entities:?}");
        assert_eq!(&text[entities[0].start..entities[0].end], city);
    }
    assert_eq!(predict(&SHOP, "thank you very much").entities, []);
}

#[test]
fn a_listed_value_wins_over_a_learned_one_and_both_are_given_where_they_are_apart() {
    let listed = EntityFinder::new(
        &Gazetteer::parse_yaml("entities:\n  - name: town\n    values: [{value: paris, zh: [巴黎]}]\n").unwrap(),
    );
    let texts =
        ["fly me to Rome tonight", "fly me to Oslo tonight", "fly me to Bonn tonight", "fly me to Lima tonight"];
    let lessons: Vec<_> = texts.iter().map(|text| message(text, "city", &text[10..14])).collect();
    let (tagger, _) = EntityTagger::train(&lessons, &listed, 1).unwrap();
    let names = |text: &str| -> Vec<(String, String)> {
        tagger.find(text, &listed).into_iter().map(|found| (found.entity, found.value)).collect()
    };
    assert_eq!(names("fly me to 巴黎 tonight"), [("town".into(), "paris".into())]);
    assert_eq!(
        names("巴黎? fly me to Rome tonight"),
        [("town".into(), "paris".into()), ("city".into(), "Rome".into())]
    );
}

#[test]
fn a_learned_entity_of_a_sensitive_name_is_masked_like_a_listed_one() {
    let yaml = "entities:\n  - name: account\n    sensitive: true\n    patterns: ['ZZ[0-9]+']\n";
    let finder = EntityFinder::new(&Gazetteer::parse_yaml(yaml).unwrap());
    let texts = ["my account is kite12", "my account is moon34", "my account is leaf56"];
    let lessons: Vec<_> = texts.iter().map(|text| message(text, "account", &text[14..])).collect();
    let (tagger, _) = EntityTagger::train(&lessons, &finder, 1).unwrap();
    let found = tagger.find("my account is rain78", &finder);
    assert!(found.len() == 1 && found[0].sensitive && found[0].text == "rain78", "{found:?}");
}

#[test]
fn nothing_marked_makes_no_tagger_and_odd_examples_do_no_harm() {
    let finder = EntityFinder::default();
    let plain = AnnotatedText { text: "hello there".into(), mentions: Vec::new() };
    assert!(EntityTagger::train(&[], &finder, 1).is_none());
    assert!(EntityTagger::train(std::slice::from_ref(&plain), &finder, 1).is_none());
    let one = message("call Ann", "name", "Ann");
    let beyond = Mention { entity: "name".into(), start: 90, end: 95 };
    let twice = Mention { entity: "other".into(), start: 6, end: 9 };
    let empty = AnnotatedText { text: " \u{200b}🙂".into(), mentions: vec![beyond.clone()] };
    let odd = AnnotatedText { text: "call Bob".into(), mentions: vec![twice.clone(), twice, beyond] };
    for lessons in [vec![one.clone()], vec![one, plain, empty, odd, AnnotatedText::default()]] {
        let (tagger, f1) = EntityTagger::train(&lessons, &finder, 1).unwrap();
        assert!(f1.is_finite());
        for text in ["", " ", "🙂🙂🙂", "call Ann", &"call Ann 好 ".repeat(20_000)] {
            for found in tagger.find(text, &finder) {
                assert!((0.0..=1.0).contains(&found.probability));
                assert_eq!(&text[found.start..found.end], found.text);
            }
        }
    }
}

#[test]
fn the_same_lessons_give_the_same_tagger_on_any_number_of_threads() {
    let lessons: Vec<_> =
        (0..40).map(|n| message(&format!("please call number {n} for Ann{n}"), "name", &format!("Ann{n}"))).collect();
    let learn = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (tagger, _) = pool.install(|| EntityTagger::train(&lessons, &EntityFinder::default(), 3)).unwrap();
        tagger.find("please call number 7 for Bob77", &EntityFinder::default())
    };
    let found = learn(1);
    assert!(!found.is_empty());
    assert_eq!(found, learn(3));
}

#[test]
fn a_model_of_entities_alone_is_saved_and_loaded_and_claims_no_intent() {
    let set = TrainingSet { annotated: shop::marked(), ..TrainingSet::default() };
    let classifier = learn(&set, &TrainOptions::default());
    assert_eq!(classifier.info().heads, ["entities"]);
    let dir = tempfile::tempdir().unwrap();
    classifier.save(&dir.path().join("model")).unwrap();
    let loaded = Classifier::load(&dir.path().join("model")).unwrap();
    let text = "ship it to Madrid please";
    let prediction = predict(&loaded, text);
    assert_eq!(prediction, predict(&classifier, text));
    assert_eq!(prediction.entities[0].text, "Madrid");
    assert!(prediction.ranking.is_empty() && prediction.in_scope < 0.01 && prediction.intent_at(0.0).is_none());
}
