//! The one source of randomness in training: seeded, the same on every machine.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A place in a stream of random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RandomState {
    seed: [u8; 32],
    drawn: u64,
}

/// A seeded stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// A stream of its own for each purpose of a run.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Where the stream stands.
    pub(crate) fn state(&self) -> RandomState {
        // No training draws more numbers than 64 bits count.
        RandomState { seed: self.0.get_seed(), drawn: self.0.get_word_pos() as u64 }
    }

    /// The stream that goes on from a state.
    pub(crate) fn go_on(state: RandomState) -> Self {
        let mut stream = ChaCha8Rng::from_seed(state.seed);
        stream.set_word_pos(u128::from(state.drawn));
        Self(stream)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0.random::<f32>()
    }

    /// Sixty-four random bits, as a seed for choices made elsewhere.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.random()
    }

    /// Normal with deviation 1, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// Shuffles by Fisher and Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.0.random_range(0..=i as u64) as usize;
            items.swap(i, j);
        }
    }

    /// A dropout mask: zero with the given probability, else scaled so that the mean stays.
    pub(crate) fn dropout_mask(&mut self, len: usize, probability: f32) -> Vec<f32> {
        let keep = 1.0 / (1.0 - probability);
        (0..len).map(|_| if self.uniform() < probability { 0.0 } else { keep }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_goes_on_where_it_was_left() {
        for drawn in [0, 1, 15, 16, 63, 64, 1001] {
            let mut stream = Random::new(17, 5);
            stream.dropout_mask(drawn, 0.5);
            let mut later = Random::go_on(stream.state());
            let next = |stream: &mut Random| [stream.bits(), u64::from(stream.uniform().to_bits()), stream.bits()];
            assert_eq!(next(&mut stream), next(&mut later), "{drawn}");
        }
    }
}
