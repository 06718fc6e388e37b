//! The comparison for a terminal and as a page.

use std::fmt::Write as _;

use super::{Change, Comparison, OUT_OF_SCOPE};
use crate::significance::Difference;
use crate::terminal::{columns, percent, quoted};
use crate::web::{self, Cell, cards};

/// Messages of a kind that are named for one intent on a terminal.
const NAMED: usize = 3;
/// Intents that are shown on a terminal.
const INTENTS: usize = 15;

/// The whole comparison for a terminal.
pub(super) fn table(names: &[String; 2], comparison: &Comparison) -> String {
    let mut out = format!("A  {}\nB  {}\n\n", names[0], names[1]);
    let row = |name: &str, values: [f64; 2], difference: &str| {
        vec![name.to_owned(), percent(values[0]), percent(values[1]), difference.to_owned()]
    };
    let rows = [
        row("best intent right", comparison.accuracy, &interval(&comparison.accuracy_difference)),
        row("served rightly", comparison.served, &interval(&comparison.served_difference)),
        row("answered", comparison.coverage, ""),
        row("wrong when answering", comparison.error, ""),
    ];
    out.push_str(&columns(&["", "A", "B", "B - A (95 % interval, p)"], &rows));
    let _ = writeln!(out, "\n{}", verdict(comparison));
    for intent in comparison.intents.iter().take(INTENTS) {
        let name = intent.intent.as_deref().unwrap_or(OUT_OF_SCOPE);
        let (better, worse) = (intent.better.len(), intent.worse.len());
        let _ = writeln!(out, "\n{name}: {better} better, {worse} worse of {}", intent.messages);
        for (sign, changes) in [("+", &intent.better), ("-", &intent.worse), ("·", &intent.other)] {
            changes.iter().take(NAMED).for_each(|change| {
                let _ = writeln!(out, "  {sign} {}", told(change));
            });
            if changes.len() > NAMED {
                let _ = writeln!(out, "  {sign} … and {} more", changes.len() - NAMED);
            }
        }
    }
    if comparison.intents.len() > INTENTS {
        let more = comparison.intents.len() - INTENTS;
        let _ = writeln!(out, "\n… and {more} more intents: --html FILE or --json lists all");
    }
    out
}

fn interval(difference: &Difference) -> String {
    let Difference { mean, low, high, p, .. } = difference;
    format!("{:+.2} ({:+.2} to {:+.2}, p = {p:.4})", mean * 100.0, low * 100.0, high * 100.0)
}

/// The answer in one sentence.
fn verdict(comparison: &Comparison) -> String {
    let (accuracy, served) = (&comparison.accuracy_difference, &comparison.served_difference);
    let changed = |kind: fn(&super::IntentChange) -> usize| comparison.intents.iter().map(kind).sum::<usize>();
    let (better, worse) = (changed(|intent| intent.better.len()), changed(|intent| intent.worse.len()));
    let counts = format!("{better} messages for the better, {worse} for the worse");
    let moved = |sign: f64| -> Vec<&str> {
        let of = |difference: &Difference| difference.mean * sign > 0.0 && difference.is_significant();
        let kinds = [(accuracy, "the best intent is right"), (served, "messages are served rightly")];
        kinds.into_iter().filter(|(difference, _)| of(difference)).map(|(_, what)| what).collect()
    };
    let (up, down) = (moved(1.0), moved(-1.0));
    let said = |word: &str, what: &[&str]| {
        format!(
            "B is {word}, and not by chance: {} {word_often}",
            what.join(" and "),
            word_often = if word == "worse" { "less often" } else { "more often" }
        )
    };
    let verdict = match (up.is_empty(), down.is_empty()) {
        (true, true) => "no difference that could not be chance".to_owned(),
        (_, false) => said("worse", &down),
        (false, true) => said("better", &up),
    };
    format!("{verdict}\n{counts}")
}

fn told(change: &Change) -> String {
    let said = |model: usize| change.said[model].as_deref().unwrap_or("(no answer)");
    let [a, b] = change.probability;
    format!("“{}”  {} ({a:.2}) → {} ({b:.2})", quoted(&change.text), said(0), said(1))
}

/// The whole comparison as a page.
pub(super) fn page(names: &[String; 2], comparison: &Comparison) -> String {
    let mut body = String::new();
    let both = |values: [f64; 2]| format!("{} → {}", web::percent(values[0]), web::percent(values[1]));
    cards(
        &mut body,
        &[
            ("Best intent right", both(comparison.accuracy), interval(&comparison.accuracy_difference)),
            ("Served rightly", both(comparison.served), interval(&comparison.served_difference)),
            ("Answered", both(comparison.coverage), format!("of {} messages", comparison.messages)),
            ("Wrong when answering", both(comparison.error), verdict(comparison)),
        ],
    );
    let mut rows = Vec::new();
    for intent in &comparison.intents {
        let list = |changes: &[Change]| Cell::List(changes.iter().map(told).collect());
        rows.push(vec![
            Cell::text(intent.intent.as_deref().unwrap_or(OUT_OF_SCOPE)),
            Cell::number(intent.messages),
            list(&intent.better),
            list(&intent.worse),
            list(&intent.other),
        ]);
    }
    let head = ["Intent", "Messages", "Better in B", "Worse in B", "Wrong in both, otherwise"];
    web::table(&mut body, "What changed", &head, &rows);
    web::page(&format!("{} against {}", names[1], names[0]), &body)
}
