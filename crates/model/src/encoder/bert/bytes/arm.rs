//! Tiles in 8 bits multiplied with the dot products of 64-bit ARM, which the caller has asked for.
#![allow(unsafe_code)]

use std::arch::aarch64::{int8x16_t, int32x4_t, vdupq_n_s32, vreinterpretq_s8_s32};
use std::arch::asm;
use std::mem::transmute;

use super::super::tiles::shorten;
use super::{Ahead, Block, Kernel, Pass, QUAD, WIDTH};

/// Registers of half a tile's outputs.
const HALF: usize = 4;
/// Takes the middle off four numbers of a row, which are multiplied with their sign.
const SIGNS: u32 = 0x8080_8080;

pub(super) struct Dot;

impl Kernel for Dot {
    const ROWS: usize = 6;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], pass: Pass<'_>) {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { dot(block, rows, pass) }
    }
}

#[target_feature(enable = "dotprod")]
fn dot<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], mut pass: Pass<'_>) {
    let (low, high) = (half::<R, 0>(block, rows, pass.ahead), half::<R, 1>(block, rows, pass.ahead));
    for (row, halves) in low.into_iter().zip(high).enumerate() {
        // SAFETY: both are 32 whole numbers.
        let totals: [i32; WIDTH] = unsafe { transmute([halves.0, halves.1]) };
        block.write(row, &totals, &mut pass);
    }
}

/// The sums of the first half (0) or the second (1) of a tile's outputs, which fill the registers.
#[inline(never)]
#[target_feature(enable = "dotprod")]
fn half<const R: usize, const WHICH: usize>(
    block: &Block<'_>,
    mut rows: [&[[u8; QUAD]]; R],
    ahead: Ahead,
) -> [[int32x4_t; HALF]; R] {
    shorten(&mut rows, block.tile.len());
    let mut sums = [[vdupq_n_s32(0); HALF]; R];
    for (k, weights) in block.tile.iter().enumerate() {
        if WHICH == 0 {
            ahead.fetch(k);
        }
        // SAFETY: both are 128 bytes.
        let halves: [[int8x16_t; HALF]; 2] = unsafe { transmute(weights.0) };
        for row in 0..R {
            let bytes = u32::from_le_bytes(rows[row][k]) ^ SIGNS;
            let bytes = vreinterpretq_s8_s32(vdupq_n_s32(bytes.cast_signed()));
            for (sum, weights) in sums[row].iter_mut().zip(halves[WHICH]) {
                *sum = added(*sum, weights, bytes);
            }
        }
    }
    sums
}

/// Adds the products of four numbers by four to each of four sums. The library has no stable name for this instruction.
#[inline]
#[target_feature(enable = "dotprod")]
fn added(mut sum: int32x4_t, weights: int8x16_t, bytes: int8x16_t) -> int32x4_t {
    // SAFETY: it works on registers alone, and the processor has it.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {weights:v}.16b, {bytes:v}.16b",
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            bytes = in(vreg) bytes,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}
