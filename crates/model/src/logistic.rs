//! Logistic regression over three terms, as calibration needs it: few numbers, each with a value to start from.

use rayon::prelude::*;

/// Rounds over the three numbers; a further one moves them by less than their doubt.
const ROUNDS: usize = 100;
/// The most that a number moves at once.
const LONGEST: f64 = 0.5;
/// Rows whose sums one thread makes at a time; the same on every machine, so that the sums are.
const CHUNK: usize = 4096;

/// A row: its terms, whether it came true, and how much it counts.
pub(crate) type Row = ([f64; 3], bool, f64);

/// Where a number starts, how many rows' worth of evidence holds it there, and the least that it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    pub start: f64,
    pub inertia: f64,
    pub least: f64,
}

/// The numbers that make the rows likeliest, by one step of Newton at a time.
pub(crate) fn fit(rows: &[Row], numbers: [Number; 3]) -> [f64; 3] {
    let mut values = numbers.map(|number| number.start);
    for _ in 0..ROUNDS {
        for (at, number) in numbers.iter().enumerate() {
            let sums = |rows: &[Row]| {
                rows.iter().fold((0.0, 0.0), |(slope, bend), (terms, right, weight)| {
                    let (said, term) = (probability(&values, terms), terms[at]);
                    let error = said - f64::from(u8::from(*right));
                    (slope + weight * error * term, bend + weight * said * (1.0 - said) * term * term)
                })
            };
            let parts: Vec<(f64, f64)> = rows.par_chunks(CHUNK).map(sums).collect();
            let own = (number.inertia * (values[at] - number.start), number.inertia);
            let (slope, bend) = parts.into_iter().fold(own, |sum, part| (sum.0 + part.0, sum.1 + part.1));
            values[at] = (values[at] - (slope / bend).clamp(-LONGEST, LONGEST)).max(number.least);
        }
    }
    values
}

/// The probability that numbers give to terms.
pub(crate) fn probability(numbers: &[f64; 3], terms: &[f64; 3]) -> f64 {
    let log_odds: f64 = numbers.iter().zip(terms).map(|(number, term)| number * term).sum();
    1.0 / (1.0 + (-log_odds).exp())
}
