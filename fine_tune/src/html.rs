//! The report of `eval` as one page that needs nothing else: tables, plots as SVG, light and dark.

use std::fmt::Write as _;

use crate::events::Curve;
use crate::slices::Slice;
use crate::web::{self, Cell, escape, percent};
use crate::{Error, Evaluation, plots};

/// The whole page.
pub(crate) fn page(title: &str, evaluation: &Evaluation, curve: Option<&Curve>) -> Result<String, Error> {
    let mut body = String::new();
    figures(&mut body, evaluation);
    confusions(&mut body, evaluation);
    let _ = write!(body, "<section class=\"plots\">");
    figure(&mut body, "Stated probability and how often it was right", &plots::calibration(evaluation)?);
    figure(&mut body, "Wrong answers by share of messages answered", &plots::coverage(evaluation)?);
    if let Some(curve) = curve.filter(|curve| !curve.epochs.is_empty()) {
        figure(&mut body, "Loss while learning", &plots::loss(curve)?);
        figure(&mut body, "Accuracy while learning", &plots::accuracy(curve)?);
    }
    let _ = write!(body, "</section>");
    slices(&mut body, evaluation);
    classes(&mut body, evaluation);
    Ok(web::page(title, &body))
}

fn figures(out: &mut String, evaluation: &Evaluation) {
    let point = &evaluation.operating_point;
    let auroc = evaluation.out_of_scope_auroc.map_or_else(|| "–".to_owned(), |area| format!("{area:.3}"));
    let cards = [
        ("Accuracy", percent(evaluation.accuracy), format!("of {} messages in scope", evaluation.in_scope)),
        ("Macro F1", percent(evaluation.averages.macro_.f1), format!("over {} intents", evaluation.classes.len())),
        ("Coverage", percent(point.coverage), format!("{} of {} answered", point.answered, evaluation.messages)),
        (
            "Wrong answers",
            percent(point.error),
            format!("{} of {}; {} accepted", point.wrong, point.answered, percent(point.accepted_error)),
        ),
        ("Calibration error", percent(evaluation.calibration_error), "expected, 15 bins".to_owned()),
        ("Out-of-scope AUROC", auroc, format!("{} messages out of scope", evaluation.messages - evaluation.in_scope)),
        ("Threshold", format!("{:.3}", point.threshold), "probability from which the bot answers".to_owned()),
    ];
    let _ = write!(out, "<dl class=\"cards\">");
    for (name, value, note) in cards {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>");
    }
    let _ = writeln!(out, "</dl>");
}

fn confusions(out: &mut String, evaluation: &Evaluation) {
    let _ = write!(out, "<h2>What is taken for what</h2>");
    if evaluation.confusions.is_empty() {
        let _ = write!(out, "<p>No intent was taken for another.</p>");
        return;
    }
    let _ = write!(
        out,
        "<div class=\"wide\"><table><thead><tr><th class=\"n\">Times</th><th>Is</th><th>Was taken for</th><th>Messages</th></tr></thead><tbody>"
    );
    for confusion in &evaluation.confusions {
        let examples: String = confusion.examples.iter().map(|text| format!("<li>{}</li>", escape(text))).collect();
        let (intent, predicted) = (escape(&confusion.intent), escape(&confusion.predicted));
        let _ = write!(
            out,
            "<tr><td class=\"n\">{}</td><td>{intent}</td><td>{predicted}</td><td><ul>{examples}</ul></td></tr>",
            confusion.count
        );
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

fn figure(out: &mut String, caption: &str, svg: &str) {
    let _ = writeln!(out, "<figure>{svg}<figcaption>{caption}</figcaption></figure>");
}

/// Kinds of messages side by side.
fn slices(out: &mut String, evaluation: &Evaluation) {
    let row = |slice: &Slice| {
        let [low, high] = slice.accuracy_interval.map(percent);
        let accuracy = match slice.in_scope {
            0 => "–".to_owned(),
            _ => format!("{} ({low} to {high})", percent(slice.accuracy)),
        };
        vec![
            Cell::text(slice.aspect.heading()),
            Cell::text(&slice.name),
            Cell::number(slice.messages),
            Cell::number(accuracy),
            Cell::number(percent(slice.abstention)),
            Cell::number(percent(slice.error)),
        ]
    };
    let rows: Vec<Vec<Cell>> = evaluation.slices.iter().map(row).collect();
    let head = ["By", "Messages that are", "Messages", "Accuracy (95 % interval)", "Not answered", "Wrong answers"];
    web::table(out, "Kinds of messages side by side", &head, &rows);
}

fn classes(out: &mut String, evaluation: &Evaluation) {
    let _ = write!(
        out,
        "<h2>By intent</h2><div class=\"wide\"><table><thead><tr><th>Intent</th><th class=\"n\">Precision</th><th class=\"n\">Recall</th><th class=\"n\">F1</th><th class=\"n\">Messages</th></tr></thead><tbody>"
    );
    let averages = &evaluation.averages;
    let means = [
        ("micro average", averages.micro),
        ("macro average", averages.macro_),
        ("weighted average", averages.weighted),
    ];
    let means = means.map(|(name, scores)| (name, scores, evaluation.in_scope));
    let classes = evaluation.classes.iter().map(|class| (class.intent.as_str(), class.scores, class.support));
    for (name, scores, support) in classes.chain(means) {
        let cells: String = [scores.precision, scores.recall, scores.f1]
            .map(|value| format!("<td class=\"n\">{}</td>", percent(value)))
            .concat();
        let _ = write!(out, "<tr><td>{}</td>{cells}<td class=\"n\">{support}</td></tr>", escape(name));
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use model::{Progress, Validation};

    use super::*;
    use crate::evaluate::tests::a_small_evaluation;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_escapes_what_customers_wrote() {
        let mut evaluation = a_small_evaluation();
        evaluation.confusions[0].examples.push("<script>alert(1)</script>".to_owned());
        let epoch = |epoch| Progress {
            epoch,
            epochs: 3,
            step: 1,
            steps: 3,
            loss: 1.0 / epoch as f32,
            train_accuracy: 0.5,
            validation: Some(Validation { loss: 0.7, accuracy: 0.6 }),
            examples_per_second: 1.0,
            seconds_left: 0.0,
        };
        let curve = Curve { epochs: (1..=3).map(epoch).collect(), ..Curve::default() };
        let page = page("model on <test>", &evaluation, Some(&curve)).unwrap();
        assert_eq!(page.matches("<svg").count(), 4);
        assert!(!page.contains("<script"));
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"));
        assert!(page.contains("我") || page.contains("退钱给我"));
    }
}
