//! The drift for a terminal and as a page.

use std::fmt::Write as _;

use super::{Change, Drift, SIGNIFICANT, Shift, Source, Word};
use crate::terminal::{columns, percent};
use crate::web::{self, Cell, cards};

/// Intents that are shown on a terminal.
const INTENTS: usize = 15;

/// The drift for a terminal.
pub(super) fn table(drift: &Drift) -> String {
    let [before, after] = drift.conversations;
    let mut out = format!(
        "before  {before} conversations, {} messages\nafter   {after} conversations, {} messages\n\n",
        drift.messages[0], drift.messages[1]
    );
    let mix = drift.mix.as_ref().map_or_else(|| "no labels in the logs and no groups; give --model".to_owned(), told);
    let unanswered = drift.unanswered.as_ref().map_or_else(
        || "needs --model".to_owned(),
        |change| {
            let [before, after] = change.shares.map(percent);
            format!("{before} → {after} (p = {:.4}){}", change.p, mark(change.p))
        },
    );
    let [name_of_one, name_of_all] = kind(drift);
    for (name, value) in [(name_of_all, mix), ("words", told(&drift.vocabulary)), ("not answered", unanswered)] {
        let _ = writeln!(out, "{name:<13} {value}");
    }
    if !drift.intents.is_empty() {
        let row = |change: &Change| {
            let shares = change.shares.map(percent);
            let moved = format!("{:+.1}", (change.shares[1] - change.shares[0]) * 100.0);
            let p = format!("{:.4}{}", change.p, if change.p < SIGNIFICANT { " *" } else { "  " });
            [change.name.clone()].into_iter().chain(shares).chain([moved, p]).collect()
        };
        let rows: Vec<Vec<String>> = drift.intents.iter().take(INTENTS).map(row).collect();
        let _ = write!(out, "\n{}", columns(&[name_of_one, "before", "after", "points", "p"], &rows));
    }
    for (heading, words) in [("said more", &drift.rising), ("said less", &drift.falling)] {
        if !words.is_empty() {
            let words: Vec<String> = words.iter().map(word).collect();
            let _ = writeln!(out, "\n{heading}: {}", words.join(" · "));
        }
    }
    out
}

/// What shares are told of, one and all of them.
fn kind(drift: &Drift) -> [&'static str; 2] {
    if drift.intents_from.as_deref() == Some(Source::Groups.name()) {
        ["group", "groups"]
    } else {
        ["intent", "intents"]
    }
}

fn mark(p: f64) -> &'static str {
    if p < SIGNIFICANT { " *" } else { "" }
}

fn told(shift: &Shift) -> String {
    let verdict = if shift.is_significant() { "have changed *" } else { "no change that could not be chance" };
    let Shift { divergence, by_chance, p } = shift;
    format!("{verdict} (divergence {divergence:.4}, by chance up to {by_chance:.4}, p = {p:.4})")
}

fn word(word: &Word) -> String {
    let [before, after] = word.shares.map(|share| share * 100.0);
    format!("{} {before:.1}→{after:.1} %", word.word)
}

/// The drift as a page.
pub(super) fn page(drift: &Drift) -> String {
    let mut body = String::new();
    let counts = |counts: [usize; 2]| format!("{} → {}", counts[0], counts[1]);
    let mut figures = vec![
        ("Conversations", counts(drift.conversations), "before → after".to_owned()),
        ("Messages", counts(drift.messages), "before → after".to_owned()),
    ];
    let shift = |shift: &Shift| (format!("{:.4}", shift.divergence), told(shift));
    if let Some((value, note)) = drift.mix.as_ref().map(shift) {
        let name = if kind(drift)[0] == "group" { "Groups moved by" } else { "Intents moved by" };
        figures.push((name, value, note));
    }
    let (value, note) = shift(&drift.vocabulary);
    figures.push(("Words moved by", value, note));
    if let Some(change) = &drift.unanswered {
        let [before, after] = change.shares.map(web::percent);
        figures.push(("Not answered", format!("{before} → {after}"), format!("p = {:.4}", change.p)));
    }
    cards(&mut body, &figures);
    let row = |name: &str, shares: [f64; 2], last: String| {
        let shares = shares.map(|share| Cell::number(web::percent(share)));
        [Cell::text(name)].into_iter().chain(shares).chain([Cell::number(last)]).collect::<Vec<Cell>>()
    };
    let intents: Vec<_> =
        drift.intents.iter().map(|change| row(&change.name, change.shares, format!("{:.4}", change.p))).collect();
    let (title, head) = if kind(drift)[0] == "group" { ("Groups", "Group") } else { ("Intents", "Intent") };
    web::table(&mut body, title, &[head, "Before", "After", "p"], &intents);
    for (heading, words) in [("Said more", &drift.rising), ("Said less", &drift.falling)] {
        let rows: Vec<_> = words.iter().map(|word| row(&word.word, word.shares, format!("{:+.1}", word.z))).collect();
        web::table(&mut body, heading, &["Word", "Before", "After", "Standard deviations"], &rows);
    }
    web::page("What has changed", &body)
}
