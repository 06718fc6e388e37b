//! Messages with several intents: each is named with its own probability, and models of one intent name none beside it.

use model::{Classifier, Example, TrainingSet};

use crate::shop::{SHOP, learn, options, predict};

const REFUND: [&str; 5] = ["refund the {}", "money back for the {}", "我要退{}", "退款：{}", "return the {}"];
const INVOICE: [&str; 5] = ["an invoice for the {}", "send a receipt", "开{}的发票", "要一张发票", "bill for the {}"];
const STATUS: [&str; 5] = ["where is the {}", "track my {}", "{}到哪了", "查{}的物流", "has the {} shipped"];
const THINGS: [&str; 4] = ["lamp", "kettle", "台灯", "jacket"];

/// Each wish alone, and any two of them in one message.
fn set() -> TrainingSet {
    let groups = [("refund", REFUND), ("invoice", INVOICE), ("status", STATUS)];
    let mut train = Vec::new();
    for (at, (intent, forms)) in groups.iter().enumerate() {
        let (other, others) = &groups[(at + 1) % groups.len()];
        for thing in THINGS {
            for (form, second) in forms.iter().zip(others) {
                let [form, second] = [form, second].map(|form| form.replace("{}", thing));
                let both = Example::new(format!("{form}, {second}"), Some(intent));
                train.push(Example { also: vec![(*other).to_owned()], ..both });
                train.push(Example::new(form, Some(intent)));
            }
        }
    }
    TrainingSet { train, ..TrainingSet::default() }
}

fn named(classifier: &Classifier, text: &str) -> Vec<String> {
    let mut named: Vec<String> =
        predict(classifier, text).several.unwrap().into_iter().map(|scored| scored.intent).collect();
    named.sort();
    named
}

#[test]
fn two_wishes_in_one_message_are_both_named_and_survive_the_bundle() {
    let classifier = learn(&set(), &options());
    let home = tempfile::tempdir().unwrap();
    classifier.save(&home.path().join("model")).unwrap();
    let loaded = Classifier::load(&home.path().join("model")).unwrap();
    for (text, intents) in [
        ("please refund the headset, and send a receipt", &["invoice", "refund"][..]),
        ("track my headset", &["status"]),
        ("查耳机的物流，我要退耳机", &["refund", "status"]),
    ] {
        assert_eq!(named(&classifier, text), intents, "{text}");
        let prediction = predict(&classifier, text);
        assert_eq!(predict(&loaded, text), prediction);
        let several = prediction.several.unwrap();
        assert!(several.is_sorted_by(|a, b| a.probability >= b.probability), "{several:?}");
        assert!(several.iter().all(|scored| (0.0..=1.0).contains(&scored.probability)), "{several:?}");
    }
}

#[test]
fn a_model_of_one_intent_a_message_names_none_beside_it() {
    assert_eq!(predict(&SHOP, "where is my lamp").several, None);
}
