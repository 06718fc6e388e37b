//! Tiles multiplied with the instructions of a processor, which the caller has asked for.

use std::arch::x86_64::{
    __m256, __m512, _mm256_fmadd_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm512_fmadd_ps, _mm512_set1_ps,
    _mm512_setzero_ps,
};
use std::mem::transmute;

use super::{Ahead, Block, Kernel, MOST_ROWS, WIDTH, shorten};

pub(super) struct Avx512;
pub(super) struct Avx2;

impl Kernel for Avx512 {
    const ROWS: usize = MOST_ROWS;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]) {
        // SAFETY: this kernel is chosen only where the processor has AVX-512.
        unsafe { avx512(block, rows, ahead, out) }
    }
}

impl Kernel for Avx2 {
    const ROWS: usize = 6;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]) {
        // SAFETY: this kernel is chosen only where the processor has AVX2 and FMA.
        unsafe { avx2(block, rows, ahead, out) }
    }
}

#[target_feature(enable = "avx512f")]
fn avx512<const R: usize>(block: &Block<'_>, mut rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]) {
    shorten(&mut rows, block.tile.len());
    let mut sums: [[__m512; 2]; R] = [[_mm512_setzero_ps(); 2]; R];
    for (k, weights) in block.tile.iter().enumerate() {
        ahead.fetch(k);
        // SAFETY: both are 32 floats.
        let halves: [__m512; 2] = unsafe { transmute(weights.0) };
        for row in 0..R {
            let value = _mm512_set1_ps(rows[row][k]);
            sums[row] =
                [_mm512_fmadd_ps(value, halves[0], sums[row][0]), _mm512_fmadd_ps(value, halves[1], sums[row][1])];
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        // SAFETY: both are 32 floats.
        let sums: [f32; WIDTH] = unsafe { transmute(sums) };
        block.write(row, &sums, out);
    }
}

/// Half of a tile after the other: its sums fill the registers.
#[target_feature(enable = "avx2,fma")]
fn avx2<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]) {
    let (low, high) = (half::<R, 0>(block, rows, ahead), half::<R, 1>(block, rows, ahead));
    for (row, halves) in low.into_iter().zip(high).enumerate() {
        // SAFETY: both are 32 floats.
        let sums: [f32; WIDTH] = unsafe { transmute(halves) };
        block.write(row, &sums, out);
    }
}

/// The sums of the first half (0) or the second (1) of a tile's outputs.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn half<const R: usize, const HALF: usize>(block: &Block<'_>, mut rows: [&[f32]; R], ahead: Ahead) -> [[__m256; 2]; R] {
    shorten(&mut rows, block.tile.len());
    let mut sums: [[__m256; 2]; R] = [[_mm256_setzero_ps(); 2]; R];
    for (k, weights) in block.tile.iter().enumerate() {
        if HALF == 0 {
            ahead.fetch(k);
        }
        // SAFETY: both are 32 floats.
        let quarters: [[__m256; 2]; 2] = unsafe { transmute(weights.0) };
        let [first, second] = quarters[HALF];
        for row in 0..R {
            let value = _mm256_set1_ps(rows[row][k]);
            sums[row] = [_mm256_fmadd_ps(value, first, sums[row][0]), _mm256_fmadd_ps(value, second, sums[row][1])];
        }
    }
    sums
}
