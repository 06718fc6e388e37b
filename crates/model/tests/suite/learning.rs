//! What a trained classifier knows, that training repeats itself, and that bad data is refused or borne.

use model::{Classifier, Control, EncoderKind, Example, Sentiment, TrainOptions, TrainingSet, train};

use crate::shop::{SHOP, best, learn, options, predict, set};

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
fn probabilities_are_ordered_and_the_best_is_no_likelier_than_being_in_scope() {
    for text in ["where is my lamp", "讲个笑话", "", "🙂🙂", "refund invoice stock"] {
        let prediction = predict(&SHOP, text);
        let sum: f32 = prediction.ranking.iter().map(|scored| scored.probability).sum();
        assert!(sum > 0.0 && sum < 1.0 + 1e-4, "{text}: {sum}");
        assert!(prediction.ranking[0].probability <= prediction.in_scope, "{text}: {prediction:?}");
        assert!(prediction.ranking.is_sorted_by(|a, b| a.probability >= b.probability));
        assert!((0.0..=1.0).contains(&prediction.in_scope));
    }
}

#[test]
fn strange_messages_are_less_in_scope_than_familiar_ones() {
    let familiar = predict(&SHOP, "where is my lamp").in_scope;
    for text in ["what is the capital of Spain", "给我讲个鬼故事", "zzzz qqqq", ""] {
        let in_scope = predict(&SHOP, text).in_scope;
        assert!(in_scope < familiar, "{text}: {in_scope} against {familiar}");
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

#[test]
fn the_same_seed_gives_the_same_classifier_on_any_number_of_threads() {
    let texts = ["where is my lamp", "能退钱吗", "good morning"];
    let again = learn(&set(), &TrainOptions { threads: Some(1), ..options() });
    assert_eq!(again.predict(&texts), SHOP.predict(&texts));
    let other = learn(&set(), &TrainOptions { seed: 5, ..options() });
    assert_ne!(other.predict(&texts), SHOP.predict(&texts));
    assert_ne!(other.info().version, SHOP.info().version);
    assert_eq!(other.info().data_fingerprint, SHOP.info().data_fingerprint);
}

#[test]
fn stopping_ends_training_with_a_usable_classifier() {
    let mut reports = 0;
    let classifier = train(&set(), &options(), &mut |progress| {
        reports += 1;
        assert_eq!((progress.epoch, progress.epochs), (reports, 12));
        if reports == 3 { Control::Stop } else { Control::Continue }
    })
    .unwrap();
    assert_eq!(reports, 3);
    assert_eq!(classifier.predict(&["where is my lamp"])[0].ranking.len(), 4);
}

/// The shop without marked messages, whose learning has fits of its own.
fn intents_alone() -> TrainingSet {
    TrainingSet { annotated: Vec::new(), ..set() }
}

/// Trains until the given fit, counted from 1, reports its first epoch, and stops there; also tells how many fits began.
fn stopped_in(fit: usize) -> (Classifier, usize) {
    let mut fits = 0;
    let classifier = train(&intents_alone(), &options(), &mut |progress| {
        fits += usize::from(progress.epoch == 1);
        if fits == fit { Control::Stop } else { Control::Continue }
    });
    (classifier.unwrap(), fits)
}

#[test]
fn a_later_fit_that_is_stopped_half_way_changes_nothing_of_the_first() {
    let texts = ["where is my lamp", "能退钱吗", "good morning"];
    let first_only = learn(&intents_alone(), &TrainOptions { refit: false, ..options() });
    let (_, n_fits) = stopped_in(usize::MAX);
    assert!(n_fits > 2, "{n_fits}");
    let (at_refit, _) = stopped_in(n_fits);
    assert_eq!(at_refit.predict(&texts), first_only.predict(&texts));
    let (at_second_fold, _) = stopped_in(2);
    let rows = |classifier: &Classifier| classifier.info().metrics["held_out_rows"];
    assert!(rows(&at_second_fold) > 0.0 && rows(&at_second_fold) < rows(&first_only));
}

#[test]
fn every_light_encoder_learns_the_shop() {
    for encoder in [EncoderKind::Ngrams, EncoderKind::Bag, EncoderKind::Cnn] {
        let classifier = learn(&set(), &TrainOptions { encoder, ..options() });
        assert_eq!(classifier.info().features.encoder, encoder);
        assert!(classifier.info().metrics["accuracy"] > 0.8, "{encoder:?} {:?}", classifier.info().metrics);
        let home = tempfile::tempdir().unwrap();
        classifier.save(&home.path().join("m")).unwrap();
        let loaded = Classifier::load(&home.path().join("m")).unwrap();
        assert_eq!(loaded.predict(&["退钱"]), classifier.predict(&["退钱"]), "{encoder:?}");
    }
}

fn examples(rows: &[(&str, Option<&str>)]) -> TrainingSet {
    TrainingSet {
        train: rows.iter().map(|(text, intent)| Example::new(*text, *intent)).collect(),
        ..TrainingSet::default()
    }
}

#[test]
fn sets_without_anything_to_learn_are_refused() {
    for rows in [&[][..], &[("hello", None)], &[("", Some("a")), ("  ", Some("b"))]] {
        let error = train(&examples(rows), &options(), &mut |_| Control::Continue).unwrap_err().to_string();
        assert!(error.contains("no example with an intent") && error.contains("give at least one"), "{error}");
    }
}

#[test]
fn poor_sets_still_give_a_classifier() {
    let odd = "名 with space/и 'quotes'";
    for rows in [
        &[("hello", Some("greet"))][..],
        &[("hello", Some("greet")), ("hi", Some("greet")), ("hey there", Some("greet"))],
        &[("🙂", Some("happy")), ("😡", Some("angry"))],
        &[("🙂", Some("a")), ("🙂🙂", Some("a")), ("🙂🙂🙂", Some("b")), ("😡", Some("b")), ("🎉", None)],
        &[("退款", Some(odd)), ("refund", Some(odd)), ("你好", Some("greet"))],
        &[("same", Some("a")), ("same", Some("b")), ("same", None)],
    ] {
        let classifier = learn(&examples(rows), &options());
        for text in ["hello", "", "🙂", "没见过"] {
            let prediction = predict(&classifier, text);
            assert_eq!(prediction.ranking.len(), classifier.intents().len());
            assert!(prediction.ranking.iter().all(|scored| (0.0..=1.0).contains(&scored.probability)), "{rows:?}");
            assert_eq!((prediction.sentiment, prediction.entities.len()), (None, 0));
        }
        assert!((0.0..=1.0).contains(&classifier.threshold(0.05)));
        let home = tempfile::tempdir().unwrap();
        classifier.save(&home.path().join("m")).unwrap();
        let loaded = Classifier::load(&home.path().join("m")).unwrap();
        assert_eq!(loaded.predict(&["hello", "🙂"]), classifier.predict(&["hello", "🙂"]));
    }
}

#[test]
fn a_very_long_message_is_answered() {
    let long = "where is my lamp 我的耳机 ".repeat(4000);
    assert!(long.len() > 100_000);
    assert_eq!(predict(&SHOP, &long).ranking.len(), 4);
    let unbroken = "x".repeat(100_000);
    assert_eq!(predict(&SHOP, &unbroken).ranking.len(), 4);
}

#[test]
fn very_long_messages_are_learned_from_too() {
    let mut set = set();
    let long = ["where is my lamp ", "我的耳机到哪了"].map(|text| text.repeat(100_000 / text.len() + 1));
    set.train.extend(long.iter().map(|text| Example::new(text.as_str(), Some("order status"))));
    assert!(long.iter().all(|text| text.len() > 100_000));
    let classifier = learn(&set, &TrainOptions { epochs: Some(6), ..options() });
    assert_eq!(best(&classifier, "where is my kettle"), "order status");
    assert_eq!(best(&classifier, &long[0]), "order status");
}

#[test]
fn messages_in_a_language_that_was_not_learned_are_not_claimed() {
    let mut english = set();
    english.train.retain(|example| example.text.is_ascii());
    let classifier = learn(&english, &options());
    let threshold = classifier.threshold(0.05);
    for text in ["我的耳机到哪了", "能退钱吗", "Где мой заказ", "أين طلبي"] {
        let prediction = predict(&classifier, text);
        assert!(prediction.ranking[0].probability < threshold, "{text}: {prediction:?}");
    }
}

#[test]
fn of_ten_thousand_intents_none_is_claimed_wrongly() {
    let intents: Vec<String> = (0..10_000).map(|at| format!("intent {at}")).collect();
    let rows: Vec<Example> =
        intents.iter().map(|intent| Example::new(format!("the text of {intent}"), Some(intent))).collect();
    let set = TrainingSet { train: rows, ..TrainingSet::default() };
    let classifier = learn(&set, &TrainOptions { epochs: Some(1), ..options() });
    assert_eq!(predict(&classifier, "intent 77").ranking.len(), 10_000);
    let threshold = classifier.threshold(0.05);
    for (intent, example) in intents.iter().zip(&set.train).step_by(97) {
        let first = predict(&classifier, &example.text).ranking.remove(0);
        assert!(first.intent == *intent || first.probability < threshold, "{intent}: {first:?}");
    }
}

#[test]
fn rows_without_weight_teach_nothing() {
    let mut set = examples(&[("hello there", Some("greet")), ("refund please", Some("refund"))]);
    for weight in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        set.train.push(Example { weight, ..Example::new("bad row", Some("greet")) });
    }
    let classifier = learn(&set, &options());
    assert!(predict(&classifier, "hello there").ranking[0].probability.is_finite());
    assert_eq!(classifier.intents(), ["greet", "refund"]);
}

#[test]
fn a_training_that_cannot_keep_to_its_memory_is_refused_before_it_begins() {
    let little = TrainOptions { memory: Some(50_000_000), ..options() };
    let mut reports = 0;
    let refused = train(&set(), &little, &mut |_| {
        reports += 1;
        Control::Continue
    });
    let error = refused.unwrap_err().to_string();
    assert!(error.starts_with("option memory: ") && error.contains("50 MB") && reports == 0, "{error}");
    learn(&set(), &TrainOptions { memory: Some(2_000_000_000), epochs: Some(1), ..options() });
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let usual = options;
    for (options, name) in [
        (TrainOptions { batch_size: 0, ..usual() }, "batch_size"),
        (TrainOptions { threads: Some(0), ..usual() }, "threads"),
        (TrainOptions { dropout: 1.0, ..usual() }, "dropout"),
        (TrainOptions { feature_dropout: -0.1, ..usual() }, "feature_dropout"),
        (TrainOptions { label_smoothing: f32::NAN, ..usual() }, "label_smoothing"),
        (TrainOptions { warmup: 2.0, ..usual() }, "warmup"),
        (TrainOptions { learning_rate: Some(0.0), ..usual() }, "learning_rate"),
        (TrainOptions { weight_decay: 5.0, ..usual() }, "weight_decay"),
        (TrainOptions { encoder: EncoderKind::Bert, ..usual() }, "encoder"),
    ] {
        let error = train(&set(), &options, &mut |_| Control::Continue).unwrap_err().to_string();
        assert!(error.starts_with(&format!("option {name}: ")), "{error}");
    }
}
