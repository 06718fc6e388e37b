//! Dropout whose choices follow from a seed and a place, so that the way back needs no stored mask.

use super::forward::ROWS;
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
    /// Rows and messages of the same step that came before.
    before: [usize; 2],
}

impl Dropout {
    /// Drops nothing.
    pub(crate) const NONE: Self = Self { seed: 0, threshold: 0, before: [0; 2] };

    /// Drops a share, which must be below 1, by the choices of a seed.
    pub(crate) fn new(share: f32, seed: u64) -> Self {
        Self { seed, threshold: (share * 65_536.0) as u16, before: [0; 2] }
    }

    pub(super) fn is_none(self) -> bool {
        self.threshold == 0
    }

    /// What is kept is multiplied by this.
    pub(super) fn scale(self) -> f32 {
        65_536.0 / (65_536.0 - f32::from(self.threshold))
    }

    /// The same choices for messages that come after so many rows and messages of the same step.
    pub(super) fn after(self, rows: usize, messages: usize) -> Self {
        Self { before: [rows, messages], ..self }
    }

    /// Drops from rows of one width in a layer, which begin with a chunk of rows.
    pub(super) fn rows(self, place: Place, [layer, chunk, width]: [usize; 3], values: &mut [f32]) {
        if self.is_none() {
            return;
        }
        let mut row = self.before[0] + chunk * ROWS;
        let mut rest = values;
        while !rest.is_empty() {
            let inside = row % ROWS;
            let (now, later) = rest.split_at_mut(((ROWS - inside) * width).min(rest.len()));
            self.apply(place, [layer, row / ROWS, 0], inside * width, now);
            row += ROWS - inside;
            rest = later;
        }
    }

    /// Drops from the shares of a message's head in a layer.
    pub(super) fn shares(self, [layer, message, head]: [usize; 3], values: &mut [f32]) {
        if !self.is_none() {
            self.apply(Place::Shares, [layer, self.before[1] + message, head], 0, values);
        }
    }

    /// Drops from numbers that are known by their place, three counts and how many come before them.
    fn apply(self, place: Place, counts: [usize; 3], before: usize, values: &mut [f32]) {
        let key = counts.iter().fold(mixed(self.seed ^ place as u64), |key, count| mixed(key ^ *count as u64));
        // Four numbers share one draw.
        drop_out(values, key.wrapping_add(before as u64 / 4), self.threshold, self.scale());
    }
}
