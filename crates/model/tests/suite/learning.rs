//! What a trained classifier knows, that training repeats itself, and that bad data is refused or borne.

use model::Sentiment;

use crate::shop::{SHOP, best, predict};

#[test]
fn intents_of_new_messages_are_told_in_both_languages() {
    for (text, intent) in [
        ("where is my toaster", "order status"),
        ("please refund the broken one", "退款"),
        ("我的快递到哪了呀", "order status"),
        ("能开一张发票吗", "invoice"),
        ("还有货吗", "stock"),
    ] {
        assert_eq!(best(&SHOP, text), intent, "{text}");
    }
}

#[test]
fn probabilities_are_ordered_and_sum_to_being_in_scope() {
    for text in ["where is my lamp", "讲个笑话", "", "🙂🙂", "refund invoice stock"] {
        let prediction = predict(&SHOP, text);
        let sum: f32 = prediction.ranking.iter().map(|scored| scored.probability).sum();
        assert!((sum - prediction.in_scope).abs() < 1e-4, "{text}: {sum} {}", prediction.in_scope);
        assert!(prediction.ranking.is_sorted_by(|a, b| a.probability >= b.probability));
        assert!((0.0..=1.0).contains(&prediction.in_scope));
    }
}

#[test]
fn strange_messages_are_less_in_scope_than_familiar_ones() {
    let familiar = predict(&SHOP, "where is my lamp").in_scope;
    for text in ["what is the capital of Spain", "给我讲个鬼故事", "zzzz qqqq", ""] {
        assert!(predict(&SHOP, text).in_scope < familiar / 2.0, "{text}");
    }
}

#[test]
fn moods_are_told_apart() {
    for (text, mood) in [
        ("this is terrible, it is broken", Sentiment::Negative),
        ("thank you, I love it", Sentiment::Positive),
        ("太差了", Sentiment::Negative),
    ] {
        let told = predict(&SHOP, text).sentiment.unwrap();
        assert_eq!(told.sentiment, mood, "{text}");
        assert!((0.34..=1.0).contains(&told.probability), "{told:?}");
    }
}
