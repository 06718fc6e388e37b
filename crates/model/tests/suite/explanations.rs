//! What spoke for an answer is named in the customer's own words.

use model::{BaseSource, Classifier, TrainOptions};

use crate::shop::{SHOP, learn, options, set};

fn strongest(message: &str) -> String {
    let explanation = SHOP.explain(message).expect("there are intents");
    let strongest = explanation.words.into_iter().max_by(|a, b| a.effect.total_cmp(&b.effect));
    strongest.map_or_else(String::new, |word| word.text)
}

#[test]
fn the_telling_word_is_named_as_the_customer_wrote_it() {
    for (message, word) in [("can I get an INVOICE please", "INVOICE"), ("你好,我要退款啊", "退款")] {
        assert_eq!(strongest(message), word, "{message}");
    }
}

#[test]
fn words_stand_in_order_within_the_message_and_the_nearest_examples_are_of_the_intent() {
    let message = "Where is my ｌａｍｐ, 我的台灯到哪了?";
    let explanation = SHOP.explain(message).expect("there are intents");
    assert_eq!(explanation.intent, "order status");
    let mut end = 0;
    for word in &explanation.words {
        assert!(word.start >= end && word.effect.is_finite(), "{word:?}");
        assert_eq!(&message[word.start..word.end], word.text);
        end = word.end;
    }
    assert_eq!(explanation.nearest.len(), 3);
    assert!(explanation.nearest.is_sorted_by(|a, b| a.similarity >= b.similarity));
    assert!(explanation.nearest.iter().all(|near| near.intent == "order status"), "{:?}", explanation.nearest);
}

#[test]
fn over_the_shipped_base_the_nearest_examples_mean_the_same_in_whichever_words_or_language() {
    let options = TrainOptions { base: Some(BaseSource::Shipped), epochs: Some(1), ..options() };
    let classifier = learn(&set(), &options);
    for (message, intent) in [("我那盏灯寄到什么地方了", "order status"), ("give me back what I paid", "退款")]
    {
        let nearest = classifier.explain(message).expect("there are intents").nearest;
        assert_eq!(nearest.len(), 3);
        assert!(nearest.iter().all(|near| near.intent == intent && near.similarity > 0.4), "{message}: {nearest:?}");
    }
    let same = classifier.explain("台灯能开发票吗").expect("there are intents").nearest;
    assert!((same[0].similarity - 1.0).abs() < 1e-3, "the very example is the nearest: {same:?}");
}

#[test]
fn a_loaded_bundle_explains_as_the_trained_one_did_and_nothing_panics_on_odd_messages() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let dir = home.path().join("model");
    SHOP.save(&dir).expect("writable");
    let loaded = Classifier::load(&dir).expect("a good bundle");
    let long = "退款 refund ".repeat(2000);
    for message in ["", " ", "?!", "😀😀", "where is my lamp", "\u{200b}退\u{200b}款", &long] {
        assert_eq!(loaded.explain(message), SHOP.explain(message), "{message}");
    }
}
