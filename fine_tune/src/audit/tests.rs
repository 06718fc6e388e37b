//! Planted faults are found, with their evidence, and sound or strange data accuses nobody.

use super::*;
use crate::row::Origin;

const PLACES: [&str; 8] = ["Leeds", "York", "Bath", "Hull", "Ripon", "Truro", "Derby", "Wells"];

fn row(line: usize, text: &str, intent: &str) -> Row {
    let intent = (!intent.is_empty()).then(|| intent.to_owned());
    let place = Place::new("intents/a.jsonl", line);
    Row {
        text: text.to_owned(),
        intent,
        also: Vec::new(),
        origin: Origin::Authored,
        weight: 1.0,
        place,
        conversation: None,
    }
}

/// Three intents that nothing confuses, eight examples each.
fn sound() -> Vec<Row> {
    let patterns =
        [("order", "where is my parcel to"), ("refund", "give me my money back for"), ("营业时间", "几点开门")];
    let mut rows = Vec::new();
    for (intent, pattern) in patterns {
        for place in PLACES {
            rows.push(row(rows.len() + 1, &format!("{pattern} {place}"), intent));
        }
    }
    rows
}

fn find(rows: &[Row], asked: &[Row]) -> Audit {
    let encoder = SentenceEncoder::shipped().unwrap();
    audit(rows, asked, Some(&encoder), &Steps::new("auditing", STEPS))
}

fn kinds(audit: &Audit) -> Vec<Kind> {
    audit.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn sound_labels_are_not_accused() {
    let audit = find(&sound(), &[]);
    assert_eq!(kinds(&audit), []);
    assert_eq!((audit.messages, audit.judged), (24, 24));
    assert!((audit.found_again - 1.0).abs() < 1e-9 && audit.noise == 0.0);
}

#[test]
fn a_wrong_label_is_named_with_the_examples_it_reads_like() {
    let mut rows = sound();
    rows.push(row(25, "where is my parcel to Oxford", "refund"));
    let audit = find(&rows, &[]);
    let finding = audit.findings.iter().find(|finding| finding.kind == Kind::WrongLabel).unwrap();
    assert_eq!(finding.place, Place::new("intents/a.jsonl", 25));
    assert_eq!(finding.suggested.as_deref(), Some("order"));
    assert_eq!(finding.evidence.len(), 3);
    assert!(finding.evidence.iter().all(|one| one.intent.as_deref() == Some("order")));
    assert!(audit.noise > 0.0 && audit.noise < 0.2, "{}", audit.noise);
}

#[test]
fn almost_the_same_message_under_two_labels_is_named_once_with_both_places() {
    let mut rows = sound();
    rows.push(row(25, "Give me my money back, for York!", ""));
    let audit = find(&rows, &[]);
    let pairs: Vec<&Finding> = audit.findings.iter().filter(|one| one.kind == Kind::NearDuplicate).collect();
    assert_eq!(pairs.len(), 1);
    let places = [pairs[0].place.line, pairs[0].evidence[0].place.line];
    assert!(places.contains(&Some(25)) && places.contains(&Some(10)), "{places:?}");
    assert!(pairs[0].what.contains("`out of scope`"), "{}", pairs[0].what);
}

#[test]
fn two_intents_that_say_the_same_run_into_each_other() {
    let mut rows = sound();
    for (index, place) in PLACES.iter().chain(&PLACES).enumerate() {
        let intent = if (index + index / 8).is_multiple_of(2) { "cancel" } else { "stop" };
        rows.push(row(100 + index, &format!("please call the whole thing off {place} {}", index / 8), intent));
    }
    let audit = find(&rows, &[]);
    let overlap = audit.findings.iter().find(|finding| finding.kind == Kind::Overlap).unwrap();
    assert_eq!((overlap.intent.as_deref(), overlap.suggested.as_deref()), (Some("cancel"), Some("stop")));
    assert!(overlap.evidence.len() >= 2, "{overlap:?}");
}

/// Rows with two intents, some of one, and three whose second label is planted: another one, or one too many.
fn of_several() -> Vec<Row> {
    let says = [("order", "where is my parcel"), ("refund", "give me my money back"), ("hours", "when do you open")];
    let mut rows = Vec::new();
    for place in PLACES {
        for (intent, text) in says {
            rows.push(row(rows.len() + 1, &format!("{text} {place}"), intent));
            rows.push(row(rows.len() + 1, &format!("hello {place} {text}"), intent));
        }
        for (a, b) in [(0, 1), (1, 2), (2, 0)] {
            let (first, second) = (says[a], says[b]);
            let mut both = row(rows.len() + 1, &format!("{} {place} and {}", first.1, second.1), first.0);
            both.also = vec![second.0.to_owned()];
            rows.push(both);
        }
    }
    rows
}

#[test]
fn each_of_several_labels_is_judged_by_itself() {
    let sound = of_several();
    let audit = find(&sound, &[]);
    assert!(!kinds(&audit).contains(&Kind::WrongLabel), "{:?}", audit.findings);
    assert_eq!((audit.messages, audit.judged), (72, 72));
    assert!(audit.found_again > 0.95, "{}", audit.found_again);
    let order = audit.intents.iter().find(|intent| intent.intent.as_deref() == Some("order")).unwrap();
    assert_eq!(order.examples, 32, "sixteen of order alone and sixteen with another intent");

    let mut rows = sound;
    let planted = |line: usize, text: &str, also: &str| {
        let mut row = row(line, text, "order");
        row.also = vec![also.to_owned()];
        row
    };
    rows.push(planted(100, "where is my parcel Oxford and when do you open", "refund"));
    rows.push(planted(101, "hello Oxford where is my parcel", "hours"));
    let audit = find(&rows, &[]);
    let mut wrong: Vec<_> = audit.findings.iter().filter(|finding| finding.kind == Kind::WrongLabel).collect();
    wrong.sort_by_key(|finding| finding.place.line);
    let said: Vec<_> = wrong
        .iter()
        .map(|f| (f.place.line, f.intent.as_deref(), f.suggested.as_deref(), f.what.contains("alone")))
        .collect();
    let expected = [(Some(100), Some("refund"), Some("hours"), false), (Some(101), Some("hours"), Some("order"), true)];
    assert_eq!(said, expected, "{wrong:?}");
}

#[test]
fn a_test_that_reads_like_an_example_leaks() {
    let tests = [row(1, "Where is my parcel to York?", "order"), row(2, "quite another matter", "order")];
    let audit = find(&sound(), &tests);
    assert_eq!(kinds(&audit), [Kind::Leak]);
    assert_eq!((audit.findings[0].place.line, audit.findings[0].evidence[0].place.line), (Some(1), Some(2)));
}

#[test]
fn no_rows_one_intent_one_example_each_and_emoji_are_no_trouble() {
    assert_eq!(kinds(&find(&[], &[row(1, "a", "x")])), []);
    let one_intent: Vec<Row> = (0..20).map(|n| row(n, &format!("text {n} of many"), "only")).collect();
    let audit = find(&one_intent, &[]);
    assert_eq!((kinds(&audit), audit.judged), (vec![], 0));
    let one_each: Vec<Row> = (0..3000).map(|n| row(n, &format!("word{n} other{n}"), &format!("intent {n}"))).collect();
    assert_eq!(find(&one_each, &[]).judged, 0);
    let emoji: Vec<Row> = ["😀", "😀😀", "🎉", "!!!", "😡", "??"].iter().map(|text| row(1, text, "mood")).collect();
    assert_eq!(kinds(&find(&emoji, &[])), []);
    let long = row(1, &"very long ".repeat(10_000), "x");
    assert_eq!(kinds(&find(&[long, row(2, "short", "y")], &[])), []);
}

#[test]
fn the_report_reads_well() {
    let mut rows = sound();
    rows.push(row(25, "where is my parcel to Oxford", "refund"));
    rows.push(row(26, "几点开门 york", "order"));
    let audit = find(&rows, &[row(1, "give me my money back for Bath", "refund")]);
    insta::assert_snapshot!(table(&audit));
    let page = page("Check of <bot>", &[], Some(&audit));
    assert!(page.contains("Oxford") && !page.contains("<bot>") && !page.contains("http"));
}

#[test]
fn of_labels_changed_at_random_most_are_found_and_many_of_the_first_named_are_such() {
    let bot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/demo");
    let mut rows = crate::dataset::BotRows::load(&bot, &crate::DataOptions::default()).unwrap().rows;
    let intents: Vec<Option<String>> = rows.iter().map(|row| row.intent.clone()).collect();
    let mut changed = HashSet::new();
    for (index, row) in rows.iter_mut().enumerate() {
        row.place.line = Some(index);
        let other = &intents[index * 7919 % intents.len()];
        if index % 20 == 0 && *other != row.intent {
            row.intent = other.clone();
            changed.insert(index);
        }
    }
    let audit = find(&rows, &[]);
    let named = audit.findings.iter().filter(|finding| finding.kind == Kind::WrongLabel);
    let named: Vec<usize> = named.filter_map(|finding| finding.place.line).collect();
    let found = named.iter().filter(|line| changed.contains(line)).count();
    assert!(found * 2 > changed.len(), "{found} of {} changed labels were found", changed.len());
    let first = named.iter().take(50).filter(|line| changed.contains(line)).count();
    assert!(first >= 30, "{first} of the first 50 named were changed");
}
