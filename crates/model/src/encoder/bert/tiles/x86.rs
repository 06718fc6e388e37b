//! Tiles multiplied with the instructions of a processor, which the caller has asked for.

use std::arch::x86_64::{
    __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::{Ahead, Kernel, MOST_ROWS, Step, WIDTH};

pub(super) struct Avx512;
pub(super) struct Avx2;

impl Kernel for Avx512 {
    const ROWS: usize = MOST_ROWS;

    fn sums<const R: usize>(tile: &[Step], rows: [&[f32]; R], ahead: Ahead) -> [[f32; WIDTH]; R] {
        // SAFETY: this kernel is chosen only where the processor has AVX-512.
        unsafe { avx512(tile, rows, ahead) }
    }
}

impl Kernel for Avx2 {
    const ROWS: usize = 6;

    fn sums<const R: usize>(tile: &[Step], rows: [&[f32]; R], ahead: Ahead) -> [[f32; WIDTH]; R] {
        // SAFETY: this kernel is chosen only where the processor has AVX2 and FMA.
        unsafe { avx2(tile, rows, ahead) }
    }
}

#[target_feature(enable = "avx512f")]
fn avx512<const R: usize>(tile: &[Step], rows: [&[f32]; R], ahead: Ahead) -> [[f32; WIDTH]; R] {
    let rows = rows.map(|row| &row[..tile.len()]);
    let mut sums: [[__m512; 2]; R] = [[_mm512_setzero_ps(); 2]; R];
    for (k, weights) in tile.iter().enumerate() {
        ahead.fetch(k);
        // SAFETY: sixteen floats lie behind either pointer.
        let halves = unsafe { [_mm512_loadu_ps(weights.0.as_ptr()), _mm512_loadu_ps(weights.0[16..].as_ptr())] };
        for row in 0..R {
            let value = _mm512_set1_ps(rows[row][k]);
            sums[row] =
                [_mm512_fmadd_ps(value, halves[0], sums[row][0]), _mm512_fmadd_ps(value, halves[1], sums[row][1])];
        }
    }
    let mut out = [[0.0; WIDTH]; R];
    for (out, halves) in out.iter_mut().zip(sums) {
        for (out, half) in out.chunks_exact_mut(16).zip(halves) {
            // SAFETY: sixteen floats lie behind the pointer.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), half) };
        }
    }
    out
}

/// Half of a tile after the other: its sums fill the registers.
#[target_feature(enable = "avx2,fma")]
fn avx2<const R: usize>(tile: &[Step], rows: [&[f32]; R], ahead: Ahead) -> [[f32; WIDTH]; R] {
    let rows = rows.map(|row| &row[..tile.len()]);
    let mut out = [[0.0; WIDTH]; R];
    for from in [0, 16] {
        let mut sums: [[__m256; 2]; R] = [[_mm256_setzero_ps(); 2]; R];
        for (k, weights) in tile.iter().enumerate() {
            if from == 0 {
                ahead.fetch(k);
            }
            let weights = &weights.0[from..from + 16];
            // SAFETY: eight floats lie behind either pointer.
            let halves = unsafe { [_mm256_loadu_ps(weights.as_ptr()), _mm256_loadu_ps(weights[8..].as_ptr())] };
            for row in 0..R {
                let value = _mm256_set1_ps(rows[row][k]);
                sums[row] =
                    [_mm256_fmadd_ps(value, halves[0], sums[row][0]), _mm256_fmadd_ps(value, halves[1], sums[row][1])];
            }
        }
        for (out, halves) in out.iter_mut().zip(sums) {
            for (out, half) in out[from..from + 16].chunks_exact_mut(8).zip(halves) {
                // SAFETY: eight floats lie behind the pointer.
                unsafe { _mm256_storeu_ps(out.as_mut_ptr(), half) };
            }
        }
    }
    out
}
