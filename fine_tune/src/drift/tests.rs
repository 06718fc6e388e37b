//! Planted changes are found, and two halves of the same log are not told apart.

use super::*;

fn talk(messages: &[(&str, &str)]) -> Talk {
    let mut talk = Talk::default();
    for (text, intent) in messages {
        talk.texts.push((*text).to_owned());
        talk.words.push(vocabulary::words(text));
        talk.intents.push((*intent).to_owned());
    }
    talk
}

/// A log in which one of so many customers asks about a recall and the others about parcels or refunds.
fn log(n: usize, one_in: usize, shift: usize) -> Vec<Talk> {
    let one = |n: usize| match n {
        n if (n + shift).is_multiple_of(one_in) => talk(&[("the charger was recalled", "recall")]),
        n if n % 2 == 0 => talk(&[("where is my parcel", "order"), ("thank you so much", "thanks")]),
        _ => talk(&[("refund the money", "refund")]),
    };
    (0..n).map(one).collect()
}

#[test]
fn a_new_intent_and_its_words_are_found() {
    let drift = drift(&[log(100, 1000, 1), log(100, 3, 0)], Source::Labels, 17);
    assert!(drift.is_significant() && drift.mix.unwrap().p < 0.01);
    assert_eq!((drift.intents[0].name.as_str(), drift.intents[0].shares[0]), ("recall", 0.0));
    assert!(drift.rising.iter().any(|word| word.word == "recalled"), "{:?}", drift.rising);
    assert!(drift.mix.unwrap().divergence > drift.mix.unwrap().by_chance);
}

#[test]
fn every_intent_of_a_message_is_counted() {
    let log = |further: &str| {
        let line = |n: usize| {
            let intents = if n.is_multiple_of(2) { serde_json::json!(["order", further]) } else { "order".into() };
            let key = if n.is_multiple_of(2) { "intents" } else { "intent" };
            format!("{}\n", serde_json::json!({"conversation_id": n, "role": "customer", "text": "it", key: intents}))
        };
        let source = crate::source::Source::new("log".to_owned(), &(0..60).map(line).collect::<String>());
        crate::logs::read(&source).0.iter().map(Talk::new).collect::<Vec<Talk>>()
    };
    let drift = drift(&[log("invoice"), log("recall")], Source::Labels, 17);
    let share = |name: &str| drift.intents.iter().find(|change| change.name == name).unwrap().shares;
    assert_eq!(share("invoice"), [1.0 / 3.0, 0.0]);
    assert_eq!(share("recall"), [0.0, 1.0 / 3.0]);
    assert!(drift.mix.unwrap().is_significant());
}

#[test]
fn without_labels_a_new_matter_is_a_group_of_its_own_whichever_language_it_is_told_in() {
    let parcel = ["where is my parcel", "我的快递到哪了", "my package has not come", "包裹怎么还没到"];
    let recall =
        ["is this charger recalled", "充电器是不是被召回了", "the charger recall, is mine in it", "召回的充电器怎么办"];
    let asked = |n: usize| if n < 80 || n.is_multiple_of(2) { parcel[n / 2 % 4] } else { recall[n / 2 % 4] };
    let line =
        |n: usize| format!("{}\n", serde_json::json!({"conversation_id": n, "role": "customer", "text": asked(n)}));
    let source = crate::source::Source::new("log".to_owned(), &(0..160).map(line).collect::<String>());
    let (conversations, _) = crate::logs::read(&source);
    let mut talks: Vec<Talk> = conversations.iter().map(Talk::new).collect();
    group(&mut talks, &matters(&conversations, &model::SentenceEncoder::shipped().unwrap()));
    let after = talks.split_off(80);
    let drift = drift(&[talks, after], Source::Groups, 17);
    assert_eq!((drift.intents.len(), drift.intents_from.as_deref()), (2, Some("groups")), "{:?}", drift.intents);
    let new = drift.intents.iter().find(|change| change.shares[0] == 0.0).unwrap();
    assert!((new.shares[1] - 0.5).abs() < 1e-9 && new.p < 0.01, "{new:?}");
    assert!(report::table(&drift).contains("groups        have changed *"));
}

#[test]
fn two_logs_of_the_same_kind_are_not_told_apart() {
    let drift = drift(&[log(100, 10, 0), log(100, 10, 3)], Source::Labels, 17);
    assert!(!drift.is_significant(), "{drift:?}");
    assert!(drift.rising.is_empty() && drift.falling.is_empty());
    assert_eq!(drift.unanswered, None);
}

#[test]
fn one_talkative_customer_is_no_drift() {
    // Sixty messages, but one conversation: exchanging messages instead of conversations would call this a change.
    let mut after = log(30, 1000, 1);
    after.push(talk(&[("the charger was recalled", "recall"); 60]));
    let drift = drift(&[log(31, 1000, 1), after], Source::Labels, 17);
    assert!(!drift.mix.unwrap().is_significant(), "{drift:?}");
}

#[test]
fn more_unanswered_messages_are_told_with_their_chance() {
    let unanswered = |share: usize| {
        let mut log = log(60, 1000, 1);
        log.iter_mut().enumerate().for_each(|(n, talk)| talk.unanswered = usize::from(n % share == 0));
        log
    };
    let drift = drift(&[unanswered(20), unanswered(2)], Source::Model, 17);
    let change = drift.unanswered.clone().unwrap();
    assert!(change.shares[0] < 0.05 && change.shares[1] > 0.3 && change.p < 0.01, "{change:?}");
    assert!(drift.is_significant());
}

#[test]
fn shares_alike_do_not_diverge_and_shares_apart_diverge_by_one_bit() {
    assert!(divergence(&[vec![0.5, 0.5], vec![0.5, 0.5]]).abs() < 1e-12);
    assert!((divergence(&[vec![1.0, 0.0], vec![0.0, 1.0]]) - 1.0).abs() < 1e-12);
    assert_eq!(divergence(&[vec![], vec![]]), 0.0);
}

#[test]
fn the_report_reads_well() {
    let drift = drift(&[log(60, 1000, 1), log(60, 3, 0)], Source::Labels, 17);
    insta::assert_snapshot!(report::table(&drift));
    assert!(report::page(&drift).contains("recalled") && !report::page(&drift).contains("http"));
}
