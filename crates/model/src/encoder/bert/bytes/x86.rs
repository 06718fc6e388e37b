//! Tiles in 8 bits multiplied with the instructions of a processor, which the caller has asked for.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::super::tiles::MOST_ROWS;
use super::{Ahead, Ends, Kernel, Scaled, Step, WIDTH};

pub(super) struct Vnni;
pub(super) struct Avx2;

impl Kernel for Vnni {
    const ROWS: usize = MOST_ROWS;

    fn outputs<const R: usize>(tile: &[Step], rows: Scaled<'_, R>, ends: &Ends, ahead: Ahead) -> [[f32; WIDTH]; R] {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { vnni(tile, rows, ends, ahead) }
    }
}

impl Kernel for Avx2 {
    const ROWS: usize = 4;

    fn outputs<const R: usize>(tile: &[Step], rows: Scaled<'_, R>, ends: &Ends, ahead: Ahead) -> [[f32; WIDTH]; R] {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { avx2(tile, rows, ends, ahead) }
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni<const R: usize>(tile: &[Step], (rows, scales): Scaled<'_, R>, ends: &Ends, ahead: Ahead) -> [[f32; WIDTH]; R] {
    let rows = rows.map(|row| &row[..tile.len()]);
    let mut sums: [[__m512i; 2]; R] = [[_mm512_setzero_si512(); 2]; R];
    for (k, weights) in tile.iter().enumerate() {
        ahead.fetch(k);
        // SAFETY: a step holds the 128 bytes that are read.
        let halves = unsafe {
            [_mm512_loadu_si512(weights.0.as_ptr().cast()), _mm512_loadu_si512(weights.0[16..].as_ptr().cast())]
        };
        for row in 0..R {
            let bytes = _mm512_set1_epi32(i32::from_le_bytes(rows[row][k]));
            sums[row] = [
                _mm512_dpbusd_epi32(sums[row][0], bytes, halves[0]),
                _mm512_dpbusd_epi32(sums[row][1], bytes, halves[1]),
            ];
        }
    }
    let mut found = [[0.0; WIDTH]; R];
    for row in 0..R {
        let mut totals = [0; WIDTH];
        for (totals, half) in totals.chunks_exact_mut(16).zip(sums[row]) {
            // SAFETY: the sixteen sums fill the 64 bytes that are written.
            unsafe { _mm512_storeu_si512(totals.as_mut_ptr().cast(), half) };
        }
        ends.finish(&totals, scales[row], &mut found[row]);
    }
    found
}

/// Half of a tile after the other: its sums fill the registers.
#[target_feature(enable = "avx2")]
fn avx2<const R: usize>(tile: &[Step], (rows, scales): Scaled<'_, R>, ends: &Ends, ahead: Ahead) -> [[f32; WIDTH]; R] {
    let rows = rows.map(|row| &row[..tile.len()]);
    let ones = _mm256_set1_epi16(1);
    let mut totals = [[0; WIDTH]; R];
    for from in [0, 16] {
        let mut sums: [[__m256i; 2]; R] = [[_mm256_setzero_si256(); 2]; R];
        for (k, weights) in tile.iter().enumerate() {
            if from == 0 {
                ahead.fetch(k);
            }
            let weights = &weights.0[from..from + 16];
            // SAFETY: half of a step holds the 64 bytes that are read.
            let halves = unsafe {
                [_mm256_loadu_si256(weights.as_ptr().cast()), _mm256_loadu_si256(weights[8..].as_ptr().cast())]
            };
            for row in 0..R {
                let bytes = _mm256_set1_epi32(i32::from_le_bytes(rows[row][k]));
                for (sum, half) in sums[row].iter_mut().zip(halves) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, half), ones));
                }
            }
        }
        for (totals, halves) in totals.iter_mut().zip(sums) {
            for (totals, half) in totals[from..from + 16].chunks_exact_mut(8).zip(halves) {
                // SAFETY: the eight sums fill the 32 bytes that are written.
                unsafe { _mm256_storeu_si256(totals.as_mut_ptr().cast(), half) };
            }
        }
    }
    let mut found = [[0.0; WIDTH]; R];
    for row in 0..R {
        ends.finish(&totals[row], scales[row], &mut found[row]);
    }
    found
}
