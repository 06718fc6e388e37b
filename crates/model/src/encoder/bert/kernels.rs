//! The innermost loops between matrix products, compiled for several instruction sets; the best is chosen at run time.
#![allow(unsafe_code)]

use crate::table::Step;

/// What stands between the two halves of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// Exact, by the error function.
    Gelu,
    /// By the hyperbolic tangent.
    GeluTanh,
    /// Zero below zero.
    Relu,
}

/// A loop compiled as it stands, for AVX2 and for AVX-512.
macro_rules! fastest {
    ($(#[$meta:meta])* fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        pub(super) fn $name($($argument: $kind),*) {
            #[inline(always)]
            fn portable($($argument: $kind),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($argument: $kind),*) {
                    portable($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($argument: $kind),*) {
                    portable($($argument),*);
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has the instructions this was compiled for.
                    return unsafe { avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has the instructions this was compiled for.
                    return unsafe { avx2($($argument),*) };
                }
            }
            portable($($argument),*);
        }
    };
}

/// Independent sums, so that a long sum is made side by side.
const LANES: usize = 16;

#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let mut totals = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (total, value) in totals.iter_mut().zip(chunk) {
            *total += value;
        }
    }
    totals.iter().sum::<f32>() + rest
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut totals = [0.0; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        for ((total, a), b) in totals.iter_mut().zip(a).zip(b) {
            *total += a * b;
        }
    }
    totals.iter().sum::<f32>() + rest
}

/// The largest size among numbers; never zero.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b.abs() > a { b.abs() } else { a };
    let mut largest = [1e-9; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(1e-9, |largest, value| larger(largest, *value));
    for chunk in chunks {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            *largest = larger(*largest, *value);
        }
    }
    largest.into_iter().fold(rest, larger)
}

/// The exponential to about 1e-7 of itself, after Cephes; no branches, so that loops over it run side by side.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for factor in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + factor;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (p * r * r + r + 1.0) * power
}

/// The exact GELU and its slope; the error function by Abramowitz and Stegun 7.1.26, good to 1.5e-7.
#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    let bell = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let mut p = 1.061_405_4;
    for factor in [-1.453_152, 1.421_413_7, -0.284_496_72, 0.254_829_6] {
        p = p * t + factor;
    }
    let tail = 0.5 * p * t * bell;
    let share = if x < 0.0 { tail } else { 1.0 - tail };
    // The bell's height is 1 / sqrt(2 pi).
    (x * share, share + x * bell * 0.398_942_3)
}

/// GELU by the hyperbolic tangent, and its slope.
#[inline(always)]
fn gelu_tanh(x: f32) -> (f32, f32) {
    const SCALE: f32 = 0.797_884_6;
    const CUBIC: f32 = 0.044_715;
    let inner = SCALE * (x + CUBIC * x * x * x);
    let tanh = 1.0 - 2.0 / (exp(2.0 * inner) + 1.0);
    let slope = SCALE * (1.0 + 3.0 * CUBIC * x * x);
    (0.5 * x * (1.0 + tanh), 0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * slope)
}

fastest! {
    /// Activates: `slopes` holds what comes in, and afterwards the slope at it.
    fn activate(kind: Activation, slopes: &mut [f32], out: &mut [f32]) {
        match kind {
            Activation::Gelu => slopes.iter_mut().zip(out).for_each(|(x, y)| (*y, *x) = gelu(*x)),
            Activation::GeluTanh => slopes.iter_mut().zip(out).for_each(|(x, y)| (*y, *x) = gelu_tanh(*x)),
            Activation::Relu => {
                slopes.iter_mut().zip(out).for_each(|(x, y)| (*y, *x) = (x.max(0.0), f32::from(*x > 0.0)));
            }
        }
    }
}

fastest! {
    /// Multiplies number by number.
    fn scale_by(values: &mut [f32], factors: &[f32]) {
        for (value, factor) in values.iter_mut().zip(factors) {
            *value *= factor;
        }
    }
}

fastest! {
    /// Adds number by number.
    fn add(values: &mut [f32], others: &[f32]) {
        for (value, other) in values.iter_mut().zip(others) {
            *value += other;
        }
    }
}

fastest! {
    /// Rows in bytes: the largest number of a row is brought to `size`, zero stands at `middle`, and `scales` tells what
    /// a byte above the middle is worth. Rows are `[of, wide]` long before and after; what is too wide stays as it is.
    fn round_rows(
        rows: &[f32],
        widths: [usize; 2],
        target: [f32; 2],
        bytes: &mut [u8],
        scales: &mut [f32],
    ) {
        let ([of, wide], [size, middle]) = (widths, target);
        // Adding it rounds to a whole number, which then stands in the lowest bits.
        let round = 12_582_912.0 + middle;
        for ((row, bytes), scale) in rows.chunks_exact(of.max(1)).zip(bytes.chunks_exact_mut(wide.max(1))).zip(scales) {
            let largest = largest(row);
            *scale = largest / size;
            let factor = size / largest;
            for (byte, value) in bytes.iter_mut().zip(row) {
                *byte = (value * factor + round).to_bits() as u8;
            }
        }
    }
}

fastest! {
    /// Softmax of each row of the given length.
    fn softmax(rows: &mut [f32], len: usize) {
        for row in rows.chunks_exact_mut(len) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
            row.iter_mut().for_each(|value| *value = exp(*value - highest));
            let scale = 1.0 / sum(row);
            row.iter_mut().for_each(|value| *value *= scale);
        }
    }
}

fastest! {
    /// From gradients of a softmax's outcome to gradients of what went in, scaled.
    fn softmax_backward(gradients: &mut [f32], shares: &[f32], len: usize, scale: f32) {
        for (gradient, share) in gradients.chunks_exact_mut(len).zip(shares.chunks_exact(len)) {
            let mean = dot(gradient, share);
            for (gradient, share) in gradient.iter_mut().zip(share) {
                *gradient = scale * share * (*gradient - mean);
            }
        }
    }
}

fastest! {
    /// Brings each row to mean 0 and deviation 1 in place, then scales and shifts it into `out`.
    fn normalise(rows: &mut [f32], scales: &mut [f32], weights: [&[f32]; 2], epsilon: f32, out: &mut [f32]) {
        let [weight, bias] = weights;
        let len = weight.len();
        for ((row, scale), out) in rows.chunks_exact_mut(len).zip(scales).zip(out.chunks_exact_mut(len)) {
            let mean = sum(row) / len as f32;
            row.iter_mut().for_each(|value| *value -= mean);
            *scale = 1.0 / (dot(row, row) / len as f32 + epsilon).sqrt();
            for (((value, out), weight), bias) in row.iter_mut().zip(out).zip(weight).zip(bias) {
                *value *= *scale;
                *out = *value * weight + bias;
            }
        }
    }
}

fastest! {
    /// From gradients of normalised rows to gradients of what went in, in place; adds up those of weight and bias.
    fn normalise_backward(
        gradients: &mut [f32],
        normal: &[f32],
        scales: &[f32],
        weight: &[f32],
        totals: [&mut [f32]; 2],
    ) {
        let [weights, biases] = totals;
        let len = weight.len();
        let rows = gradients.chunks_exact_mut(len).zip(normal.chunks_exact(len)).zip(scales);
        for ((gradient, normal), scale) in rows {
            for (((gradient, normal), weights), biases) in
                gradient.iter().zip(normal).zip(weights.iter_mut()).zip(biases.iter_mut())
            {
                *weights += gradient * normal;
                *biases += gradient;
            }
            gradient.iter_mut().zip(weight).for_each(|(gradient, weight)| *gradient *= weight);
            let mean = sum(gradient) / len as f32;
            let along = dot(gradient, normal) / len as f32;
            for (gradient, normal) in gradient.iter_mut().zip(normal) {
                *gradient = scale * (*gradient - mean - normal * along);
            }
        }
    }
}

fastest! {
    /// Zeroes numbers at random, scaling the others up; the same key always zeroes the same.
    fn drop_out(values: &mut [f32], key: u64, threshold: u16, scale: f32) {
        for (index, four) in (0u64..).zip(values.chunks_mut(4)) {
            let bits = mixed(key.wrapping_add(index));
            for (lane, value) in four.iter_mut().enumerate() {
                let dropped = ((bits >> (16 * lane)) as u16) < threshold;
                *value *= if dropped { 0.0 } else { scale };
            }
        }
    }
}

/// Spreads the bits of a number over all 64, after splitmix64.
#[inline(always)]
pub(super) fn mixed(key: u64) -> u64 {
    let mut state = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

fastest! {
    /// AdamW on a run of weights, each gradient scaled.
    fn adam(values: &mut [f32], moments: [&mut [f32]; 2], gradients: &[f32], scale: f32, step: &Step) {
        let [first, second] = moments;
        for (((value, m), v), gradient) in values.iter_mut().zip(first).zip(second).zip(gradients) {
            step.apply(value, [m, v], gradient * scale);
        }
    }
}

fastest! {
    /// Adds the sum of squares to `total`.
    fn add_squares(values: &[f32], total: &mut f64) {
        *total += f64::from(dot(values, values));
    }
}
