//! The curve's points, what it advises, and what is held out.

use super::*;
use crate::Place;

fn row(n: usize, intent: &str, conversation: Option<String>) -> Row {
    let text = format!("{intent} number {n}x");
    let place = Place::new("a", n);
    Row {
        text,
        intent: Some(intent.to_owned()),
        also: Vec::new(),
        origin: Origin::Authored,
        weight: 1.0,
        place,
        conversation,
    }
}

fn point(trained_on: usize, accuracy: f64) -> CurvePoint {
    CurvePoint { per_intent: 1, trained_on, accuracy, interval: [0.0, 1.0], coverage: 0.5, error: 0.0 }
}

fn advice(points: &[CurvePoint]) -> String {
    LearningCurve { tested_on: 9, points: points.to_vec(), last_doubling: last_doubling(points) }.advice()
}

#[test]
fn the_advice_follows_from_the_last_doubling() {
    assert!(advice(&[point(100, 0.80), point(200, 0.84)]).contains("+4.0 points: writing more still pays"));
    assert!(advice(&[point(100, 0.90), point(400, 0.91)]).contains("+0.5 points: more of the same hardly pays"));
    assert!(advice(&[point(100, 0.90)]).contains("too few sizes"));
}

#[test]
fn smaller_sets_are_parts_of_larger_ones() {
    let rows: Vec<Row> = (0..30).map(|n| row(n, if n % 3 == 0 { "a" } else { "b" }, None)).collect();
    let ranks = ranks(&rows, 1);
    for (intent, n) in [("a", 10), ("b", 20)] {
        let mut of_intent: Vec<usize> = Vec::new();
        for (row, rank) in rows.iter().zip(&ranks) {
            if row.intent.as_deref() == Some(intent) {
                of_intent.push(*rank);
            }
        }
        of_intent.sort_unstable();
        assert_eq!(of_intent, (0..n).collect::<Vec<_>>());
    }
}

#[test]
fn a_curve_is_drawn_from_few_examples_to_all() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bot.toml"), "name = \"Shop\"\nlanguages = [\"en\"]\n").unwrap();
    let mut bot = BotRows::load(folder.path(), &DataOptions::default()).unwrap();
    bot.rows = (0..40).map(|n| row(n, if n % 2 == 0 { "parcel" } else { "refund" }, None)).collect();
    let (learned, tested) = hold_out(&bot, 1);
    assert_eq!((learned.len(), tested.len()), (32, 8));
    let options = TrainOptions { epochs: Some(4), refit: false, ..TrainOptions::default() };
    let curve = curve(&bot, &learned, &tested, &options).unwrap();
    let sizes: Vec<usize> = curve.points.iter().map(|point| point.per_intent).collect();
    assert_eq!(sizes, [2, 5, 10, 16]);
    assert!(curve.points.last().unwrap().accuracy > 0.9, "{curve:?}");
    assert!(page("<curve>", &curve).unwrap().contains("<svg") && table(&curve).contains("tested on 8 messages"));
}
