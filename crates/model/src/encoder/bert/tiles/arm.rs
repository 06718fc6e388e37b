//! Tiles multiplied with NEON, which every 64-bit ARM processor has.

use std::arch::aarch64::{float32x4_t, vdupq_n_f32, vfmaq_n_f32};
use std::mem::transmute;

use super::{Ahead, Block, Kernel, WIDTH, shorten};

/// Registers of half a tile's outputs.
const HALF: usize = 4;

pub(super) struct Neon;

impl Kernel for Neon {
    const ROWS: usize = 6;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]) {
        let (low, high) = (half::<R, 0>(block, rows, ahead), half::<R, 1>(block, rows, ahead));
        for (row, halves) in low.into_iter().zip(high).enumerate() {
            // SAFETY: both are 32 floats.
            let sums: [f32; WIDTH] = unsafe { transmute([halves.0, halves.1]) };
            block.write(row, &sums, out);
        }
    }
}

/// The sums of the first half (0) or the second (1) of a tile's outputs, which fill the registers.
#[inline(never)]
fn half<const R: usize, const WHICH: usize>(
    block: &Block<'_>,
    mut rows: [&[f32]; R],
    ahead: Ahead,
) -> [[float32x4_t; HALF]; R] {
    shorten(&mut rows, block.tile.len());
    // SAFETY: every processor of this kind has NEON.
    let nothing = unsafe { vdupq_n_f32(0.0) };
    let mut sums = [[nothing; HALF]; R];
    for (k, weights) in block.tile.iter().enumerate() {
        if WHICH == 0 {
            ahead.fetch(k);
        }
        // SAFETY: both are 32 floats.
        let halves: [[float32x4_t; HALF]; 2] = unsafe { transmute(weights.0) };
        for row in 0..R {
            for (sum, weights) in sums[row].iter_mut().zip(halves[WHICH]) {
                // SAFETY: every processor of this kind has NEON.
                *sum = unsafe { vfmaq_n_f32(*sum, weights, rows[row][k]) };
            }
        }
    }
    sums
}
