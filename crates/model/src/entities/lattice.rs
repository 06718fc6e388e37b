//! A linear-chain conditional random field over one message: likelihood, marginals and the best tags.
//! Lafferty, McCallum and Pereira, 2001. Probabilities are scaled token by token, so that no length underflows.

use super::labels::{Labels, TokenSpan};

/// Scores this far below a token's best count as this far below: smaller ones would underflow.
const LOWEST: f64 = -300.0;
/// Largest size of a transition's score.
const STEEPEST: f64 = 50.0;
/// Backward values beyond this belong to tags whose probability is nil.
const LARGEST: f64 = 1e280;

/// Scores of one tag following another, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Transitions {
    labels: Labels,
    /// `[from, to]`; minus infinity where `to` may not follow.
    scores: Vec<f64>,
    /// The same, exponentiated.
    factors: Vec<f64>,
}

impl Transitions {
    /// From weights `[from, to]`; those of forbidden steps are ignored.
    pub(crate) fn new(labels: Labels, weights: &[f32]) -> Self {
        let n = labels.len();
        let score = |(index, weight): (usize, &f32)| {
            let allowed = labels.may_follow(index / n, index % n);
            if allowed { f64::from(*weight).clamp(-STEEPEST, STEEPEST) } else { f64::NEG_INFINITY }
        };
        let scores: Vec<f64> = weights.iter().enumerate().map(score).collect();
        Self { labels, factors: scores.iter().map(|score| score.exp()).collect(), scores }
    }

    fn from(&self, label: usize) -> &[f64] {
        let n = self.labels.len();
        &self.factors[label * n..][..n]
    }
}

/// The distribution over the tags of one message.
#[derive(Debug, Clone)]
pub(crate) struct Lattice<'a> {
    transitions: &'a Transitions,
    n: usize,
    /// `[token, tag]`: exponentiated scores, 1 for each token's best.
    factors: Vec<f64>,
    /// `[token, tag]`: probability of the tag given the tokens up to here.
    forward: Vec<f64>,
    /// `[token, tag]`: what turns that into the probability given all tokens.
    backward: Vec<f64>,
    /// What each token's forward values were divided by.
    scales: Vec<f64>,
    /// Logarithm of the sum over all allowed sequences of tags.
    log_partition: f64,
}

impl<'a> Lattice<'a> {
    /// From scores `[token, tag]`.
    pub(crate) fn new(transitions: &'a Transitions, scores: &[f32]) -> Self {
        let n = transitions.labels.len();
        let mut lattice = Self {
            transitions,
            n,
            factors: Vec::with_capacity(scores.len()),
            forward: Vec::with_capacity(scores.len()),
            backward: vec![0.0; scores.len()],
            scales: Vec::with_capacity(scores.len() / n),
            log_partition: 0.0,
        };
        for row in scores.chunks_exact(n) {
            let best = highest(row);
            lattice.log_partition += best;
            lattice.factors.extend(row.iter().map(|score| (f64::from(*score) - best).max(LOWEST).exp()));
        }
        lattice.run_forward();
        lattice.run_backward();
        lattice
    }

    fn run_forward(&mut self) {
        let labels = self.transitions.labels;
        let mut reach: Vec<f64> = (0..self.n).map(|label| f64::from(u8::from(labels.may_start(label)))).collect();
        for factors in self.factors.chunks_exact(self.n) {
            for (value, factor) in reach.iter_mut().zip(factors) {
                *value *= factor;
            }
            let scale: f64 = reach.iter().sum();
            self.scales.push(scale);
            self.log_partition += scale.ln();
            let start = self.forward.len();
            self.forward.extend(reach.iter().map(|value| value / scale));
            reach.fill(0.0);
            for (label, share) in self.forward[start..].iter().enumerate().filter(|(_, share)| **share > 0.0) {
                for (value, factor) in reach.iter_mut().zip(self.transitions.from(label)) {
                    *value += share * factor;
                }
            }
        }
    }

    fn run_backward(&mut self) {
        let (n, labels) = (self.n, self.transitions.labels);
        let Some(last) = self.scales.len().checked_sub(1) else { return };
        let ending: f64 =
            (0..n).filter(|label| labels.may_end(*label)).map(|label| self.forward[last * n + label]).sum();
        self.log_partition += ending.ln();
        for label in (0..n).filter(|label| labels.may_end(*label)) {
            self.backward[last * n + label] = 1.0 / ending;
        }
        for token in (0..last).rev() {
            let next = self.next(token);
            for label in 0..n {
                let sum: f64 = self.transitions.from(label).iter().zip(&next).map(|(a, b)| a * b).sum();
                self.backward[token * n + label] = sum.min(LARGEST);
            }
        }
    }

    /// What each tag of the token after this one contributes.
    fn next(&self, token: usize) -> Vec<f64> {
        let range = (token + 1) * self.n..(token + 2) * self.n;
        let factors = self.factors[range.clone()].iter().zip(&self.backward[range]);
        factors.map(|(factor, backward)| (factor * backward / self.scales[token + 1]).min(LARGEST)).collect()
    }

    /// Logarithm of the probability of a sequence of tags, for the scores the lattice was made from.
    pub(crate) fn log_likelihood(&self, scores: &[f32], labels: &[usize]) -> f64 {
        let tags = labels.iter().zip(scores.chunks_exact(self.n)).map(|(label, row)| f64::from(row[*label]));
        let steps = labels.windows(2).map(|pair| self.transitions.scores[pair[0] * self.n + pair[1]]);
        tags.sum::<f64>() + steps.sum::<f64>() - self.log_partition
    }

    /// Probability of each tag of each token, `[token, tag]`.
    pub(crate) fn marginals(&self) -> impl Iterator<Item = f64> {
        self.forward.iter().zip(&self.backward).map(|(forward, backward)| forward * backward)
    }

    /// Adds how often each step from tag to tag is expected, `[from, to]`.
    pub(crate) fn add_expected_steps(&self, sums: &mut [f64]) {
        for token in 0..self.scales.len().saturating_sub(1) {
            let next = self.next(token);
            for label in 0..self.n {
                let share = self.forward[token * self.n + label];
                let rows = sums[label * self.n..][..self.n].iter_mut().zip(self.transitions.from(label));
                rows.zip(&next).for_each(|((sum, factor), next)| *sum += share * factor * next);
            }
        }
    }

    /// Probability that exactly these tokens are this entity.
    pub(crate) fn probability(&self, span: &TokenSpan) -> f64 {
        let mut before: Option<(usize, f64)> = None;
        for (token, label) in span.tokens.clone().zip(self.transitions.labels.of_span(span)) {
            let here = token * self.n + label;
            let reached = match before {
                None => self.forward[here],
                Some((from, reached)) => {
                    reached * self.transitions.from(from)[label] * self.factors[here] / self.scales[token]
                }
            };
            before = Some((label, reached));
        }
        before.map_or(0.0, |(label, reached)| reached * self.backward[(span.tokens.end - 1) * self.n + label])
    }
}

/// The likeliest allowed tags for scores `[token, tag]` (Viterbi).
pub(crate) fn best_path(transitions: &Transitions, scores: &[f32]) -> Vec<usize> {
    let (n, labels) = (transitions.labels.len(), transitions.labels);
    let mut came_from: Vec<usize> = Vec::with_capacity(scores.len());
    let mut reach: Vec<f64> = Vec::new();
    for row in scores.chunks_exact(n) {
        let step = |to: usize| {
            if reach.is_empty() {
                return (0, if labels.may_start(to) { 0.0 } else { f64::NEG_INFINITY });
            }
            let from = |from: usize| reach[from] + transitions.scores[from * n + to];
            (1..n).fold((0, from(0)), |best, at| if from(at) > best.1 { (at, from(at)) } else { best })
        };
        let steps: Vec<(usize, f64)> = (0..n).map(step).collect();
        came_from.extend(steps.iter().map(|(from, _)| *from));
        let best = highest(row);
        reach = steps.iter().zip(row).map(|(step, score)| step.1 + (f64::from(*score) - best).max(LOWEST)).collect();
    }
    let ends = (0..n).filter(|label| labels.may_end(*label));
    let Some(last) = ends.filter(|_| !reach.is_empty()).max_by(|a, b| reach[*a].total_cmp(&reach[*b]).then(b.cmp(a)))
    else {
        return Vec::new();
    };
    let mut path = vec![last];
    for from in came_from.chunks_exact(n).skip(1).rev() {
        path.push(from[path[path.len() - 1]]);
    }
    path.reverse();
    path
}

fn highest(row: &[f32]) -> f64 {
    f64::from(row.iter().copied().fold(f32::MIN, f32::max))
}

#[cfg(test)]
mod tests;
