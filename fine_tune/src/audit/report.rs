//! The audit for a terminal.

use std::fmt::Write as _;

use super::{Audit, Finding, Kind, name};
use crate::terminal::{columns, percent, quoted};

/// Findings of a kind that are shown; the page and the JSON hold all.
const SHOWN: usize = 10;
/// Intents that are shown.
const INTENTS: usize = 8;

impl Kind {
    /// Every kind, in the order of reports.
    pub(super) const ALL: [Self; 5] =
        [Self::WrongLabel, Self::NearDuplicate, Self::Overlap, Self::HardToRecognise, Self::Leak];

    /// The heading over findings of this kind.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::WrongLabel => "labels that are likely wrong",
            Self::NearDuplicate => "almost the same under two labels",
            Self::Overlap => "intents that run into each other",
            Self::HardToRecognise => "intents that are hard to recognise",
            Self::Leak => "tests that are also learned from",
        }
    }
}

/// The whole audit.
pub(crate) fn table(audit: &Audit) -> String {
    let mut out = summary(audit);
    for kind in Kind::ALL {
        let of_kind: Vec<&Finding> = audit.findings.iter().filter(|finding| finding.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{} ({})", kind.heading(), of_kind.len());
        of_kind.iter().take(SHOWN).for_each(|finding| one(&mut out, finding));
        if of_kind.len() > SHOWN {
            let _ = writeln!(out, "  … and {} more: --html FILE or --json lists all", of_kind.len() - SHOWN);
        }
    }
    intents(&mut out, audit);
    out
}

fn summary(audit: &Audit) -> String {
    let looked = if audit.messages < audit.of && audit.messages >= super::MOST_MESSAGES {
        format!("{} of {} messages", audit.messages, audit.of)
    } else {
        format!("{} different messages", audit.messages)
    };
    if audit.judged == 0 {
        return format!(
            "labels  {looked}; too few of each intent, or too many intents, to judge labels by cross-validation\n"
        );
    }
    format!(
        "labels  {looked}, {} cross-validated: {} are found again, {} are likely labelled wrong\n",
        audit.judged,
        percent(audit.found_again),
        percent(audit.noise)
    )
}

fn one(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "  {}: {}", finding.place, finding.what);
    for evidence in
        finding.evidence.iter().filter(|_| finding.kind != Kind::NearDuplicate && finding.kind != Kind::Leak)
    {
        let intent = name(evidence.intent.as_deref());
        let _ = writeln!(out, "      {intent}: “{}” ({})", quoted(&evidence.text), evidence.place);
    }
    let _ = writeln!(out, "      → {}", finding.mend);
}

/// The intents that need work most.
fn intents(out: &mut String, audit: &Audit) {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let weak = audit.intents.iter().filter(|intent| intent.found_again.is_some());
    let rows: Vec<Vec<String>> = weak
        .take(INTENTS)
        .map(|intent| {
            let shares = [intent.found_again, intent.precision, intent.noise].map(share);
            let mut row = vec![name(intent.intent.as_deref()).to_owned(), intent.examples.to_string()];
            row.extend(shares);
            row
        })
        .collect();
    if !rows.is_empty() {
        let _ = writeln!(out, "\nthe intents that need work most");
        out.push_str(&columns(&["intent", "examples", "found again", "precision", "likely wrong"], &rows));
    }
}
