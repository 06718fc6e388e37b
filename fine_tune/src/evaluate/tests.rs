//! The report's figures against what is worked out by hand.

use super::*;

fn judged(text: &str, intent: Option<&str>, said: &str, probability: f64) -> Judged {
    Judged {
        text: text.to_owned(),
        intent: intent.map(str::to_owned),
        said: said.to_owned(),
        probability,
        in_scope: probability,
    }
}

/// Ten messages, two of them out of scope.
pub(crate) fn a_small_evaluation() -> Evaluation {
    let rows = [
        judged("where is it", Some("order"), "order", 0.95),
        judged("我的快递呢", Some("order"), "order", 0.9),
        judged("track my 快递", Some("order"), "refund", 0.6),
        judged("money back", Some("refund"), "refund", 0.9),
        judged("退款", Some("refund"), "refund", 0.8),
        judged("退钱给我", Some("refund"), "order", 0.4),
        judged("opening hours", Some("营业时间"), "营业时间", 0.85),
        judged("几点开门", Some("营业时间"), "营业时间", 0.7),
        judged("what is love", None, "order", 0.3),
        judged("天气怎么样", None, "refund", 0.65),
    ];
    judge(&rows, 0.7, 0.05)
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn scores_are_what_the_definitions_say() {
    let evaluation = a_small_evaluation();
    close(evaluation.accuracy, 6.0 / 8.0);
    let order = &evaluation.classes[0];
    assert_eq!((order.intent.as_str(), order.support), ("order", 3));
    close(order.scores.precision, 2.0 / 3.0);
    close(order.scores.recall, 2.0 / 3.0);
    close(evaluation.averages.micro.f1, 0.75);
    close(evaluation.averages.macro_.f1, (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 3.0);
    close(evaluation.averages.weighted.f1, (3.0 * 2.0 / 3.0 + 3.0 * 2.0 / 3.0 + 2.0) / 8.0);
}

#[test]
fn the_scope_score_is_judged_by_pairs() {
    // Of 8 x 2 pairs the message in scope scores higher in 8 + 6: 0.6 and 0.4 lie below 0.65.
    close(a_small_evaluation().out_of_scope_auroc.unwrap(), 14.0 / 16.0);
    let tied = [judged("a", Some("x"), "x", 0.5), judged("b", None, "x", 0.5)];
    close(judge(&tied, 0.5, 0.05).out_of_scope_auroc.unwrap(), 0.5);
    assert_eq!(judge(&tied[..1], 0.5, 0.05).out_of_scope_auroc, None);
}

#[test]
fn coverage_and_error_are_those_at_the_threshold() {
    let point = a_small_evaluation().operating_point;
    assert_eq!((point.answered, point.wrong), (6, 0));
    close(point.coverage, 0.6);
    close(point.refused.unwrap(), 1.0);
    let all = judge(&[judged("a", None, "x", 0.5), judged("b", Some("x"), "x", 0.5)], 0.0, 0.05).operating_point;
    close(all.error, 0.5);
    close(all.refused.unwrap(), 0.0);
}

#[test]
fn stated_probabilities_that_come_true_have_no_calibration_error() {
    let rows: Vec<_> = (0..10).map(|n| judged("a", Some("x"), if n < 7 { "x" } else { "y" }, 0.7)).collect();
    close(judge(&rows, 0.5, 0.05).calibration_error, 0.0);
    let sure: Vec<_> = (0..10).map(|n| judged("a", Some("x"), if n < 7 { "x" } else { "y" }, 1.0)).collect();
    close(judge(&sure, 0.5, 0.05).calibration_error, 0.3);
}

#[test]
fn nothing_to_judge_gives_numbers_all_the_same() {
    let evaluation = judge(&[], 0.5, 0.05);
    close(evaluation.accuracy, 0.0);
    assert!(evaluation.classes.is_empty() && evaluation.coverage_curve.is_empty());
}
