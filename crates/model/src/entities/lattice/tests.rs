//! The lattice against the sum over every sequence, written out.

use super::*;
use crate::random::Random;

const N_ENTITIES: usize = 2;
const N: usize = 1 + 4 * N_ENTITIES;

fn numbers(count: usize, size: f32, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, 0);
    (0..count).map(|_| random.normal() * size).collect()
}

fn transitions(seed: u64) -> Transitions {
    Transitions::new(Labels::new(N_ENTITIES), &numbers(N * N, 1.0, seed))
}

/// Every allowed sequence of tags with its score.
fn sequences(transitions: &Transitions, scores: &[f32]) -> Vec<(Vec<usize>, f64)> {
    let labels = transitions.labels;
    let mut all: Vec<(Vec<usize>, f64)> = vec![(Vec::new(), 0.0)];
    for row in scores.chunks_exact(N) {
        let longer = |(path, score): &(Vec<usize>, f64)| {
            let (path, score, last) = (path.clone(), *score, path.last().copied());
            let may = move |to: &usize| last.map_or(labels.may_start(*to), |from| labels.may_follow(from, *to));
            let step = move |to| last.map_or(0.0, |from| transitions.scores[from * N + to]);
            let add = move |to| ([path.as_slice(), &[to]].concat(), score + step(to) + f64::from(row[to]));
            (0..N).filter(may).map(add).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.retain(|(path, _)| path.last().is_none_or(|last| labels.may_end(*last)));
    all
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
}

#[test]
fn sums_and_marginals_are_those_of_all_sequences() {
    for n_tokens in [1, 2, 5] {
        let (transitions, scores) = (transitions(1), numbers(n_tokens * N, 2.0, 2));
        let lattice = Lattice::new(&transitions, &scores);
        let all = sequences(&transitions, &scores);
        let total: f64 = all.iter().map(|(_, score)| score.exp()).sum();
        near(lattice.log_partition, total.ln());
        let mut marginals = vec![0.0; n_tokens * N];
        let mut steps = vec![0.0; N * N];
        for (path, score) in &all {
            near(lattice.log_likelihood(&scores, path), score - total.ln());
            path.iter().enumerate().for_each(|(token, label)| marginals[token * N + label] += score.exp() / total);
            path.windows(2).for_each(|pair| steps[pair[0] * N + pair[1]] += score.exp() / total);
        }
        lattice.marginals().zip(marginals).for_each(|(found, expected)| near(found, expected));
        let mut found = vec![0.0; N * N];
        lattice.add_expected_steps(&mut found);
        found.into_iter().zip(steps).for_each(|(found, expected)| near(found, expected));
    }
}

#[test]
fn a_spans_probability_is_that_of_all_sequences_that_hold_it() {
    let (transitions, scores) = (transitions(3), numbers(5 * N, 2.0, 4));
    let lattice = Lattice::new(&transitions, &scores);
    let all = sequences(&transitions, &scores);
    let total: f64 = all.iter().map(|(_, score)| score.exp()).sum();
    for (entity, tokens) in [(0, 0..1), (1, 1..3), (0, 1..5), (1, 4..5)] {
        let span = TokenSpan { entity, tokens };
        let with_it = all.iter().filter(|(path, _)| transitions.labels.decode(path).contains(&span));
        near(lattice.probability(&span), with_it.map(|(_, score)| score.exp()).sum::<f64>() / total);
    }
}

#[test]
fn the_best_path_is_the_best_of_all_sequences() {
    for seed in 0..40 {
        let (transitions, scores) = (transitions(seed), numbers((1 + seed as usize % 5) * N, 1.0, seed + 100));
        let all = sequences(&transitions, &scores);
        let best = all.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(path, _)| path.clone());
        assert_eq!(Some(best_path(&transitions, &scores)), best);
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let (weights, scores) = (numbers(N * N, 1.0, 5), numbers(4 * N, 2.0, 6));
    let labels = Labels::new(N_ENTITIES);
    let log_partition =
        |weights: &[f32], scores: &[f32]| Lattice::new(&Transitions::new(labels, weights), scores).log_partition;
    let slope = |values: &[f32], at: usize, value: &dyn Fn(&[f32]) -> f64| {
        let moved = |by: f32| {
            let mut values = values.to_vec();
            values[at] += by;
            (f64::from(values[at]), value(&values))
        };
        let (low, high) = (moved(-1e-2), moved(1e-2));
        (high.1 - low.1) / (high.0 - low.0)
    };
    let transitions = Transitions::new(labels, &weights);
    let lattice = Lattice::new(&transitions, &scores);
    let mut steps = vec![0.0; N * N];
    lattice.add_expected_steps(&mut steps);
    for (at, gradient) in lattice.marginals().enumerate() {
        let numeric = slope(&scores, at, &|scores| log_partition(&weights, scores));
        assert!((gradient - numeric).abs() < 1e-4, "score {at}: {gradient} and {numeric}");
    }
    for (at, gradient) in steps.iter().enumerate() {
        let numeric = slope(&weights, at, &|weights| log_partition(weights, &scores));
        assert!((gradient - numeric).abs() < 1e-4, "transition {at}: {gradient} and {numeric}");
    }
}

#[test]
fn the_longest_and_steepest_messages_stay_numbers() {
    let transitions = transitions(7);
    let mut scores = numbers(20_000 * N, 500.0, 8);
    scores[N] = 1e30;
    let lattice = Lattice::new(&transitions, &scores);
    assert!(lattice.log_partition.is_finite());
    assert!(lattice.marginals().all(|share| (0.0..=1.0 + 1e-9).contains(&share)));
    for row in lattice.marginals().collect::<Vec<_>>().chunks(N) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }
    assert_eq!(best_path(&transitions, &scores).len(), 20_000);
    assert!(best_path(&transitions, &[]).is_empty());
}
