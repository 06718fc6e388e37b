//! The innermost loops of comparing vectors, compiled for several instruction sets; the best is chosen at run time.
#![allow(unsafe_code)]

use super::Signs;

/// The sum of products; values of one vector beyond the end of the other count for nothing.
pub(super) fn product(a: &[i8], b: &[i8]) -> i32 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: the processor has the instructions this was compiled for.
            return unsafe { x86::avx512(a, b) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the instructions this was compiled for.
            return unsafe { x86::avx2(a, b) };
        }
    }
    portable(a, b)
}

fn portable(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// How many signs of each vector differ from those asked for.
pub(super) fn differing(asked: &Signs, signs: &[Signs], differ: &mut [u16]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq") {
            // SAFETY: the processor has the instructions this was compiled for.
            return unsafe { x86::differing_avx512(asked, signs, differ) };
        }
        if is_x86_feature_detected!("popcnt") {
            // SAFETY: the processor has the instructions this was compiled for.
            return unsafe { x86::differing_popcnt(asked, signs, differ) };
        }
    }
    count_differing(asked, signs, differ);
}

#[inline(always)]
fn count_differing(asked: &Signs, signs: &[Signs], differ: &mut [u16]) {
    for (differ, signs) in differ.iter_mut().zip(signs) {
        *differ = asked.iter().zip(signs).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>() as u16;
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_loadu_si256,
        _mm256_madd_epi16, _mm256_setzero_si256, _mm512_add_epi32, _mm512_cvtepi8_epi16, _mm512_madd_epi16,
        _mm512_reduce_add_epi32, _mm512_setzero_si512,
    };
    use std::mem::transmute;

    use super::{Signs, count_differing, portable};

    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512vpopcntdq,popcnt")]
    pub(super) fn differing_avx512(asked: &Signs, signs: &[Signs], differ: &mut [u16]) {
        count_differing(asked, signs, differ);
    }

    #[target_feature(enable = "popcnt")]
    pub(super) fn differing_popcnt(asked: &Signs, signs: &[Signs], differ: &mut [u16]) {
        count_differing(asked, signs, differ);
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn avx512(a: &[i8], b: &[i8]) -> i32 {
        let ((blocks, rest), (others, other_rest)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
        let mut sums = _mm512_setzero_si512();
        for (block, other) in blocks.iter().zip(others) {
            // SAFETY: both point to 32 bytes.
            let wide = |bytes: &[i8; 32]| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) };
            let products = _mm512_madd_epi16(_mm512_cvtepi8_epi16(wide(block)), _mm512_cvtepi8_epi16(wide(other)));
            sums = _mm512_add_epi32(sums, products);
        }
        _mm512_reduce_add_epi32(sums) + portable(rest, other_rest)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(a: &[i8], b: &[i8]) -> i32 {
        let ((blocks, rest), (others, other_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
        let mut sums = _mm256_setzero_si256();
        for (block, other) in blocks.iter().zip(others) {
            // SAFETY: both point to 16 bytes.
            let wide = |bytes: &[i8; 16]| unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(wide(block)), _mm256_cvtepi8_epi16(wide(other)));
            sums = _mm256_add_epi32(sums, products);
        }
        // SAFETY: both are eight whole numbers.
        let sums: [i32; 8] = unsafe { transmute(sums) };
        sums.iter().sum::<i32>() + portable(rest, other_rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_signs_are_counted_alike_everywhere() {
        let signs = |seed: u64| -> Signs { std::array::from_fn(|at| seed.wrapping_mul(0x9e37_79b9 + at as u64 * 77)) };
        let all: Vec<Signs> = (0..37).map(signs).collect();
        let (mut found, mut expected) = (vec![0; 37], vec![0; 37]);
        differing(&signs(5), &all, &mut found);
        count_differing(&signs(5), &all, &mut expected);
        assert_eq!((&found, found[5]), (&expected, 0));
    }

    #[test]
    fn every_instruction_set_makes_the_same_sums() {
        for n in [0, 1, 31, 32, 33, 384, 1000] {
            let a: Vec<i8> = (0..n).map(|at| ((at * 37) % 255 - 127) as i8).collect();
            let b: Vec<i8> = (0..n + 3).map(|at| ((at * 91) % 255 - 127) as i8).collect();
            let exact: i32 = a.iter().zip(&b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            assert_eq!((product(&a, &b), portable(&b, &a)), (exact, exact), "{n}");
        }
    }
}
