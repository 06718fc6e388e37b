//! The report of `eval` for a terminal, in the layout of scikit-learn's `classification_report` with four digits.

use std::fmt::Write as _;

use crate::evaluate::{Averages, Scores};
use crate::slices::{Aspect, Slice};
use crate::terminal::{columns, pad, percent, quoted, width};
use crate::{EntityEvaluation, Evaluation};

/// Confusion pairs shown on a terminal; the page and the JSON hold more.
const PAIRS: usize = 10;

/// The whole report.
pub(crate) fn table(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    classes(&mut out, evaluation);
    figures(&mut out, evaluation);
    several(&mut out, evaluation);
    slices(&mut out, evaluation);
    confusions(&mut out, evaluation);
    out
}

/// The report on entities.
pub(crate) fn entity_table(evaluation: &EntityEvaluation) -> String {
    let mut out = format!("tokens of {} sentences\n", evaluation.sentences);
    for (title, scores) in [("", &evaluation.tokens), ("\nwhole entities\n", &evaluation.entities)] {
        out.push_str(title);
        let rows: Vec<_> = scores.rows.iter().map(|row| (row.name.as_str(), row.scores, row.support)).collect();
        score_table(&mut out, &rows, &scores.averages, scores.support);
    }
    out
}

fn classes(out: &mut String, evaluation: &Evaluation) {
    let rows: Vec<_> =
        evaluation.classes.iter().map(|class| (class.intent.as_str(), class.scores, class.support)).collect();
    score_table(out, &rows, &evaluation.averages, evaluation.in_scope);
}

/// Name, scores and support of each row, then the means.
fn score_table(out: &mut String, rows: &[(&str, Scores, usize)], averages: &Averages, support: usize) {
    let wide = rows.iter().map(|(name, _, _)| width(name)).max().unwrap_or(0).max("weighted avg".len());
    let _ = writeln!(out, "{}  precision    recall  f1-score   support\n", pad("", wide));
    for (name, scores, support) in rows {
        row(out, &right(name, wide), scores, *support);
    }
    let _ = writeln!(out);
    let all = [("micro avg", averages.micro), ("macro avg", averages.macro_), ("weighted avg", averages.weighted)];
    for (name, scores) in all {
        row(out, &right(name, wide), &scores, support);
    }
}

/// The name flush right, as scikit-learn has it.
fn right(name: &str, wide: usize) -> String {
    format!("{}{name}", " ".repeat(wide.saturating_sub(width(name))))
}

fn row(out: &mut String, name: &str, scores: &Scores, support: usize) {
    let Scores { precision, recall, f1 } = scores;
    let _ = writeln!(out, "{name}     {precision:>6.4}    {recall:>6.4}    {f1:>6.4}   {support:>7}");
}

fn figures(out: &mut String, evaluation: &Evaluation) {
    let point = &evaluation.operating_point;
    let auroc = evaluation.out_of_scope_auroc.map_or_else(
        || "needs messages both in and out of scope".to_owned(),
        |area| {
            format!("{area:.4} ({} in scope, {} out)", evaluation.in_scope, evaluation.messages - evaluation.in_scope)
        },
    );
    let mut lines = vec![
        ("accuracy", format!("{} of {} messages in scope", percent(evaluation.accuracy), evaluation.in_scope)),
        ("out-of-scope AUROC", auroc),
        ("calibration error", format!("{} (expected, 15 bins)", percent(evaluation.calibration_error))),
        ("threshold", format!("{:.3} for {} accepted error", point.threshold, percent(point.accepted_error))),
        ("coverage", format!("{} ({} of {} answered)", percent(point.coverage), point.answered, evaluation.messages)),
        ("error when answering", format!("{} ({} of {} wrong)", percent(point.error), point.wrong, point.answered)),
    ];
    if let Some(refused) = point.refused {
        lines.push(("out of scope refused", percent(refused)));
    }
    if !evaluation.unknown_intents.is_empty() {
        lines.push(("unknown to the model", evaluation.unknown_intents.join(", ")));
    }
    let _ = writeln!(out);
    for (name, value) in lines {
        let _ = writeln!(out, "{name:<21} {value}");
    }
}

/// The set of named intents beside the set that is there.
fn several(out: &mut String, evaluation: &Evaluation) {
    let Some(several) = &evaluation.several else {
        return;
    };
    let all_right = percent(several.all_right);
    let _ = writeln!(out, "\nseveral intents in one message: all of them right, and no other named, in {all_right}");
    let rows: Vec<_> =
        several.classes.iter().map(|class| (class.intent.as_str(), class.scores, class.support)).collect();
    score_table(out, &rows, &several.averages, several.support);
}

/// Kinds of messages side by side.
fn slices(out: &mut String, evaluation: &Evaluation) {
    for aspect in [Aspect::Language, Aspect::Length, Aspect::Manner] {
        let of_aspect = evaluation.slices.iter().filter(|slice| slice.aspect == aspect);
        let rows: Vec<Vec<String>> = of_aspect.map(slice).collect();
        if !rows.is_empty() {
            let head = [aspect.heading(), "messages", "accuracy", "95 % interval", "not answered", "wrong answers"];
            let _ = write!(out, "\n{}", columns(&head, &rows));
        }
    }
}

fn slice(slice: &Slice) -> Vec<String> {
    let [low, high] = slice.accuracy_interval.map(|share| share * 100.0);
    let (accuracy, interval) = match slice.in_scope {
        0 => ("–".to_owned(), "–".to_owned()),
        _ => (percent(slice.accuracy), format!("{low:.1} to {high:.1}")),
    };
    let name = pad(&slice.name, "dialectal".len());
    vec![name, slice.messages.to_string(), accuracy, interval, percent(slice.abstention), percent(slice.error)]
}

fn confusions(out: &mut String, evaluation: &Evaluation) {
    if evaluation.confusions.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nmost confused");
    for confusion in evaluation.confusions.iter().take(PAIRS) {
        let example = confusion.examples.first().map_or_else(String::new, |text| format!("  “{}”", quoted(text)));
        let _ = writeln!(out, "{:>4}  {} → {}{example}", confusion.count, confusion.intent, confusion.predicted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::tests::a_small_evaluation;

    #[test]
    fn the_report_reads_well() {
        insta::assert_snapshot!(table(&a_small_evaluation()));
    }
}
