//! Dropout whose choices follow from a seed and a place, so that the way back needs no stored mask.

use super::kernels::{drop_out, mixed};

/// What is dropped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Embedded tokens.
    Embedded,
    /// Shares of attention.
    Shares,
    /// What attention gives to the next state.
    Attended,
    /// What the feed-forward block gives to the next state.
    Outer,
}

/// The share dropped in one step, and the seed of its choices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    seed: u64,
    threshold: u16,
}

impl Dropout {
    /// Drops nothing.
    pub(crate) const NONE: Self = Self { seed: 0, threshold: 0 };

    /// Drops a share, which must be below 1, by the choices of a seed.
    pub(crate) fn new(share: f32, seed: u64) -> Self {
        Self { seed, threshold: (share * 65_536.0) as u16 }
    }

    pub(super) fn is_none(self) -> bool {
        self.threshold == 0
    }

    /// Drops from numbers that are known by their place and three counts, such as layer, message and head.
    pub(super) fn apply(self, place: Place, counts: [usize; 3], values: &mut [f32]) {
        if self.is_none() {
            return;
        }
        let key = counts.iter().fold(mixed(self.seed ^ place as u64), |key, count| mixed(key ^ *count as u64));
        let scale = 65_536.0 / (65_536.0 - f32::from(self.threshold));
        drop_out(values, key, self.threshold, scale);
    }
}
