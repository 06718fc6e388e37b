//! Tiles in 8 bits multiplied with the instructions of a processor, which the caller has asked for.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm512_dpbusd_epi32, _mm512_set1_epi32,
    _mm512_setzero_si512,
};
use std::mem::transmute;

use super::super::tiles::{MOST_ROWS, shorten};
use super::{Ahead, Block, Kernel, Pass, QUAD, WIDTH};

pub(super) struct Vnni;
pub(super) struct AvxVnni;
pub(super) struct Avx2;

impl Kernel for Vnni {
    const ROWS: usize = MOST_ROWS;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], pass: Pass<'_>) {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { vnni(block, rows, pass) }
    }
}

impl Kernel for AvxVnni {
    const ROWS: usize = 6;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], pass: Pass<'_>) {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { avx_vnni(block, rows, pass) }
    }
}

impl Kernel for Avx2 {
    const ROWS: usize = 4;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], pass: Pass<'_>) {
        // SAFETY: this kernel is chosen only where the processor has the instructions.
        unsafe { avx2(block, rows, pass) }
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni<const R: usize>(block: &Block<'_>, mut rows: [&[[u8; QUAD]]; R], mut pass: Pass<'_>) {
    shorten(&mut rows, block.tile.len());
    let mut sums: [[__m512i; 2]; R] = [[_mm512_setzero_si512(); 2]; R];
    for (k, weights) in block.tile.iter().enumerate() {
        pass.ahead.fetch(k);
        // SAFETY: both are 128 bytes.
        let halves: [__m512i; 2] = unsafe { transmute(weights.0) };
        for row in 0..R {
            let bytes = _mm512_set1_epi32(i32::from_le_bytes(rows[row][k]));
            sums[row] = [
                _mm512_dpbusd_epi32(sums[row][0], bytes, halves[0]),
                _mm512_dpbusd_epi32(sums[row][1], bytes, halves[1]),
            ];
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        // SAFETY: both are 32 whole numbers.
        let totals: [i32; WIDTH] = unsafe { transmute(sums) };
        block.write(row, &totals, &mut pass);
    }
}

/// A product with registers of half a step: half of a tile after the other, whose sums fill the registers. The one who
/// asks gives the instructions, and how four bytes of a row by those of eight outputs are added to their sums.
macro_rules! by_halves {
    ($name:ident, $features:literal, |$sum:ident, $bytes:ident, $weights:ident| $added:expr) => {
        #[target_feature(enable = $features)]
        fn $name<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], mut pass: Pass<'_>) {
            #[inline(never)]
            #[target_feature(enable = $features)]
            fn half<const R: usize, const HALF: usize>(
                block: &Block<'_>,
                mut rows: [&[[u8; QUAD]]; R],
                ahead: Ahead,
            ) -> [[__m256i; 2]; R] {
                shorten(&mut rows, block.tile.len());
                let mut sums: [[__m256i; 2]; R] = [[_mm256_setzero_si256(); 2]; R];
                for (k, weights) in block.tile.iter().enumerate() {
                    if HALF == 0 {
                        ahead.fetch(k);
                    }
                    // SAFETY: both are 128 bytes.
                    let quarters: [[__m256i; 2]; 2] = unsafe { transmute(weights.0) };
                    for row in 0..R {
                        let $bytes = _mm256_set1_epi32(i32::from_le_bytes(rows[row][k]));
                        for (total, $weights) in sums[row].iter_mut().zip(quarters[HALF]) {
                            let $sum = *total;
                            *total = $added;
                        }
                    }
                }
                sums
            }
            let (low, high) = (half::<R, 0>(block, rows, pass.ahead), half::<R, 1>(block, rows, pass.ahead));
            for (row, halves) in low.into_iter().zip(high).enumerate() {
                // SAFETY: both are 32 whole numbers.
                let totals: [i32; WIDTH] = unsafe { transmute(halves) };
                block.write(row, &totals, &mut pass);
            }
        }
    };
}

by_halves!(avx_vnni, "avx2,avxvnni", |sum, bytes, weights| _mm256_dpbusd_avx_epi32(sum, bytes, weights));

by_halves!(avx2, "avx2", |sum, bytes, weights| {
    _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), _mm256_set1_epi16(1)))
});
