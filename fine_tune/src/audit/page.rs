//! The audit as a page: every problem of the files, every finding with its evidence, every intent.

use super::{Audit, Finding, Kind, name};
use crate::web::{Cell, cards, page as web_page, percent, table};
use crate::{Problem, Severity};

/// The whole page; without an audit it holds the problems alone.
pub(crate) fn page(title: &str, problems: &[Problem], audit: Option<&Audit>) -> String {
    let mut body = String::new();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let mut figures = vec![
        ("Errors", errors.to_string(), "in the files".to_owned()),
        ("Warnings", (problems.len() - errors).to_string(), "in the files".to_owned()),
    ];
    if let Some(audit) = audit {
        figures.extend([
            ("Messages", audit.messages.to_string(), format!("different ones of {}", audit.of)),
            ("Found again", percent(audit.found_again), format!("of {} cross-validated", audit.judged)),
            ("Likely wrong labels", percent(audit.noise), "of those cross-validated".to_owned()),
            ("Findings", audit.findings.len().to_string(), "by the label audit".to_owned()),
        ]);
    }
    cards(&mut body, &figures);
    if !problems.is_empty() {
        let rows: Vec<Vec<Cell>> = problems.iter().map(problem).collect();
        table(&mut body, "In the files", &["", "Where", "What", "Mend"], &rows);
    }
    audit.into_iter().for_each(|audit| findings(&mut body, audit));
    web_page(title, &body)
}

fn problem(problem: &Problem) -> Vec<Cell> {
    let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
    let cells = [severity.to_owned(), problem.place.to_string(), problem.what.clone(), problem.mend.clone()];
    cells.map(Cell::text).to_vec()
}

fn findings(body: &mut String, audit: &Audit) {
    for kind in Kind::ALL {
        let of_kind = audit.findings.iter().filter(|finding| finding.kind == kind);
        let rows: Vec<Vec<Cell>> = of_kind.map(finding).collect();
        if !rows.is_empty() {
            let heading = format!("{}{}", kind.heading()[..1].to_uppercase(), &kind.heading()[1..]);
            table(body, &heading, &["Sure", "Where", "What", "Evidence", "Mend"], &rows);
        }
    }
    let share = |share: Option<f64>| Cell::number(share.map_or_else(|| "–".to_owned(), percent));
    let rows: Vec<Vec<Cell>> = audit
        .intents
        .iter()
        .map(|intent| {
            let name = Cell::text(name(intent.intent.as_deref()));
            let shares = [intent.found_again, intent.precision, intent.noise].map(share);
            [name, Cell::number(intent.examples)].into_iter().chain(shares).collect()
        })
        .collect();
    table(body, "Intents", &["Intent", "Examples", "Found again", "Precision", "Likely wrong"], &rows);
}

fn finding(finding: &Finding) -> Vec<Cell> {
    let shown = |evidence: &super::Evidence| {
        format!("{}: “{}” ({})", name(evidence.intent.as_deref()), evidence.text, evidence.place)
    };
    vec![
        Cell::number(percent(finding.certainty)),
        Cell::text(finding.place.to_string()),
        Cell::text(&finding.what),
        Cell::List(finding.evidence.iter().map(shown).collect()),
        Cell::text(&finding.mend),
    ]
}
