use super::{Calibration, CurvePoint, Evidence, Example, N_EVIDENCE, fit};

fn example(score: f32, right: bool) -> Example {
    let mut evidence = [0.0; N_EVIDENCE];
    evidence[0] = 1.0;
    evidence[1] = score;
    Example { evidence: Evidence(evidence), right, weight: 1.0, first: true }
}

/// Right in proportion to the score, 0 to 10.
fn honest_examples() -> Vec<Example> {
    (0..1000).map(|index| example((index % 11) as f32, (index * 7919) % 10 < (index % 11))).collect()
}

#[test]
fn without_examples_the_default_stands() {
    assert_eq!(fit(&[], &Calibration::usual(true)).0, Calibration::usual(true));
}

#[test]
fn probabilities_follow_what_was_seen() {
    let (calibration, report) = fit(&honest_examples(), &Calibration::usual(false));
    for score in [1, 5, 9] {
        let seen: Vec<bool> =
            (0..1000).filter(|index| index % 11 == score).map(|index| (index * 7919) % 10 < score).collect();
        let share = seen.iter().filter(|right| **right).count() as f32 / seen.len() as f32;
        let said = calibration.probability(&example(score as f32, true).evidence);
        assert!((said - share).abs() < 0.12, "score {score}: said {said}, seen {share}");
    }
    assert!(report.calibration_error.is_some_and(|error| error < 0.05), "{report:?}");
}

#[test]
fn a_smaller_accepted_error_asks_for_more() {
    let (calibration, _) = fit(&honest_examples(), &Calibration::usual(false));
    for calibration in [calibration, Calibration::usual(true)] {
        let thresholds: Vec<f32> =
            [0.5, 0.2, 0.1, 0.05, 0.01, 0.0].iter().map(|rate| calibration.threshold(*rate)).collect();
        assert!(thresholds.is_sorted(), "{thresholds:?}");
        assert!(thresholds.iter().all(|threshold| (0.0..=1.0).contains(threshold)));
    }
}

#[test]
fn separable_examples_keep_finite_weights() {
    let examples: Vec<Example> = (0..200).map(|index| example(index as f32 * 100.0, index > 100)).collect();
    let (calibration, _) = fit(&examples, &Calibration::usual(false));
    assert!(calibration.probability(&examples[199].evidence) > 0.9);
    assert!(calibration.weights.iter().all(|weight| weight.is_finite()));
}

#[test]
fn what_changed_much_since_it_was_learned_from_is_learned_from_again() {
    let never = Calibration::usual(false);
    assert!(!never.is_old(0, 0), "an index that holds nothing teaches nothing");
    assert!(never.is_old(1, 1));
    let learned = never.at(100);
    assert!(!learned.is_old(119, 50) && learned.is_old(120, 50));
    assert!(!learned.is_old(199, 1000) && learned.is_old(200, 1000), "a tenth of a large index");
}

#[test]
fn what_was_learned_with_other_features_is_not_believed() {
    let dir = tempfile::tempdir().expect("a folder");
    let learned = Calibration { n_examples: 7, ..Calibration::usual(true) };
    learned.save(dir.path()).expect("written");
    assert_eq!(Calibration::load(dir.path(), true), learned);
    let path = dir.path().join("calibration.json");
    let written = std::fs::read_to_string(&path).expect("read");
    let older =
        [written.replace("\"features\":2", "\"features\":1"), written.replace("\"answers\":1.0,\"features\":2,", "")];
    for older in older {
        assert_ne!(older, written);
        std::fs::write(&path, older).expect("written");
        assert_eq!(Calibration::load(dir.path(), true), Calibration::usual(true));
    }
}

#[test]
fn what_is_likelier_wrong_than_right_is_no_answer_however_easy_the_questions_were() {
    let curve = vec![CurvePoint { threshold: 0.2, error_rate: 0.01 }];
    let lenient = Calibration { curve, ..Calibration::usual(false) };
    assert_eq!((lenient.threshold(0.1), lenient.threshold(0.6)), (0.5, 0.2));
}
