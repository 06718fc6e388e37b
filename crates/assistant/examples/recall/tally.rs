//! Sums up searches: recall, calibration, coverage, speed.

pub(crate) const HEADER: &str =
    "set\tby\tqueries\trecall@1\trecall@3\trecall@5\tMRR@10\tcalibration error\tp50 ms\tp99 ms";
const N_BINS: usize = 10;

#[derive(Default)]
pub(crate) struct Tally {
    within: [usize; 5],
    reciprocal: f64,
    /// Probability of the first hit and whether it was right.
    judged: Vec<(f32, bool)>,
    seconds: Vec<f64>,
}

impl Tally {
    pub(crate) fn add(&mut self, place: Option<usize>, probability: Option<f32>, seconds: f64) {
        for (limit, count) in self.within.iter_mut().enumerate() {
            *count += usize::from(place.is_some_and(|place| place <= limit));
        }
        self.reciprocal += place.map_or(0.0, |place| 1.0 / (place + 1) as f64);
        self.judged.extend(probability.map(|probability| (probability, place == Some(0))));
        self.seconds.push(seconds);
    }

    /// What is answered, and how often wrongly, at the threshold for an accepted error rate.
    pub(crate) fn print_coverage(&self, accepted: f32, threshold: f32) {
        let answered = self.judged.iter().filter(|(probability, _)| *probability >= threshold);
        let n_answered = answered.clone().count();
        let n_wrong = answered.filter(|(_, right)| !right).count();
        println!(
            "accepted error {:.0} %: threshold {threshold:.3}, {:.1} % answered, {:.1} % of those wrongly",
            100.0 * accepted,
            100.0 * n_answered as f64 / self.seconds.len().max(1) as f64,
            100.0 * n_wrong as f64 / n_answered.max(1) as f64,
        );
    }

    pub(crate) fn print(mut self, set: &str, by: &str) {
        let n = self.seconds.len().max(1) as f64;
        self.seconds.sort_by(f64::total_cmp);
        let milliseconds =
            |hundredth: usize| self.seconds.get(self.seconds.len() * hundredth / 100).map_or(0.0, |s| s * 1000.0);
        let percent = |count: usize| 100.0 * count as f64 / n;
        println!(
            "{set}\t{by}\t{n}\t{:.2}\t{:.2}\t{:.2}\t{:.4}\t{}\t{:.3}\t{:.3}",
            percent(self.within[0]),
            percent(self.within[2]),
            percent(self.within[4]),
            self.reciprocal / n,
            self.calibration_error().map_or("–".to_owned(), |error| format!("{error:.3}")),
            milliseconds(50),
            milliseconds(99),
        );
    }

    /// Mean distance between probability and outcome over ten bins; none without probabilities.
    fn calibration_error(&self) -> Option<f64> {
        let mut bins = [(0.0, 0.0); N_BINS];
        for &(probability, right) in &self.judged {
            let bin = &mut bins[((probability * N_BINS as f32) as usize).min(N_BINS - 1)];
            bin.0 += f64::from(probability);
            bin.1 += f64::from(u8::from(right));
        }
        let error: f64 = bins.iter().map(|bin| (bin.0 - bin.1).abs()).sum();
        (!self.judged.is_empty()).then(|| error / self.judged.len() as f64)
    }
}
