//! What a comparison says of answers that are written down here.

use super::*;

fn answer(text: &str, intent: Option<&str>, said: &str, probability: f64) -> Answer {
    let judged = Judged {
        text: text.to_owned(),
        intent: intent.map(str::to_owned),
        said: said.to_owned(),
        probability,
        in_scope: probability,
    };
    Answer { answered: probability >= 0.5, judged }
}

/// Ten messages about orders and two out of scope; B gets `n_better` of the wrong ones right and spoils `n_worse`.
fn two_models(n_better: usize, n_worse: usize) -> Comparison {
    let right = |n: usize| answer(&format!("order {n}"), Some("order"), "order", 0.9);
    let wrong = |n: usize| answer(&format!("order {n}"), Some("order"), "refund", 0.8);
    let outside = |n: usize, probability| answer(&format!("weather {n}"), None, "order", probability);
    let a = (0..50).map(right).chain((50..100).map(wrong)).chain([outside(0, 0.1), outside(1, 0.9)]);
    let b = (0..50 - n_worse).map(right).chain((50 - n_worse..50).map(wrong)).chain((50..50 + n_better).map(right));
    let b = b.chain((50 + n_better..100).map(wrong)).chain([outside(0, 0.1), outside(1, 0.1)]);
    compare(&[a.collect(), b.collect()], 2000, 17)
}

#[test]
fn a_better_model_is_no_no_and_a_worse_one_is() {
    assert!(!two_models(20, 2).is_worse());
    assert!(!two_models(1, 2).is_worse());
    assert!(two_models(0, 20).is_worse());
}

#[test]
fn every_changed_message_is_named_for_better_or_worse() {
    let comparison = two_models(3, 2);
    assert_eq!(comparison.accuracy, [0.5, 0.51]);
    let order = &comparison.intents[0];
    assert_eq!((order.intent.as_deref(), order.better.len(), order.worse.len()), (Some("order"), 3, 2));
    let outside = &comparison.intents[1];
    assert_eq!((outside.intent.as_deref(), outside.better.len()), (None, 1));
    assert_eq!(outside.better[0].said, [Some("order".to_owned()), None]);
}

#[test]
fn the_report_reads_well() {
    let names = ["old".to_owned(), "<new>".to_owned()];
    let comparison = two_models(5, 1);
    insta::assert_snapshot!(report::table(&names, &comparison));
    let page = report::page(&names, &comparison);
    assert!(page.contains("order 50") && !page.contains("<new>") && !page.contains("http"));
}

#[test]
fn nothing_to_compare_is_no_reason_to_refuse() {
    let comparison = compare(&[Vec::new(), Vec::new()], 100, 1);
    assert!(!comparison.is_worse() && comparison.intents.is_empty());
}
