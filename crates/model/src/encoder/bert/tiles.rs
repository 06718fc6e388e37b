//! Weights laid out once for messages that come alone: a product of few rows reads them from end to end.
#![allow(unsafe_code)]

/// Columns of a tile: one register of AVX-512, two of AVX2.
const WIDTH: usize = 16;

/// A weight [out, of] as tiles of [of, 16], one for every sixteen outputs; the last is filled up with zeros.
#[derive(Debug, Clone)]
pub(super) struct Tiles {
    values: Vec<[f32; WIDTH]>,
    of: usize,
}

/// The rows that come in and the rows that go out of a product.
struct Rows<'a> {
    input: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl Tiles {
    pub(super) fn new(weight: &[f32], of: usize) -> Self {
        let columns: Vec<&[f32]> = weight.chunks_exact(of.max(1)).collect();
        let tile = |columns: &[&[f32]]| -> Vec<[f32; WIDTH]> {
            (0..of).map(|k| std::array::from_fn(|lane| columns.get(lane).map_or(0.0, |column| column[k]))).collect()
        };
        Self { values: columns.chunks(WIDTH).flat_map(tile).collect(), of }
    }

    /// Writes `input · weightᵀ + bias`, on this thread.
    pub(super) fn multiply(&self, input: &[f32], bias: &[f32], out: &mut [f32]) {
        let rows = Rows { input, bias, out };
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return product::<8, x86::Avx512>(self, rows);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return product::<4, x86::Avx2>(self, rows);
            }
        }
        product::<4, Portable>(self, rows);
    }
}

/// How one tile is multiplied: for `R` rows at a time, as many as the registers hold.
trait Kernel {
    /// The sixteen sums of each row; a row is as long as the tile.
    fn sums<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R];
}

/// For any processor.
struct Portable;

impl Kernel for Portable {
    fn sums<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R] {
        let mut sums = [[0.0f32; WIDTH]; R];
        for (k, weights) in tile.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += row[k] * weight;
                }
            }
        }
        sums
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! With the instructions of a processor, which the caller has asked for.

    use std::arch::x86_64::{
        __m256, __m512, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::{Kernel, WIDTH};

    pub(super) struct Avx512;
    pub(super) struct Avx2;

    impl Kernel for Avx512 {
        fn sums<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R] {
            // SAFETY: this kernel is chosen only where the processor has AVX-512.
            unsafe { avx512(tile, rows) }
        }
    }

    impl Kernel for Avx2 {
        fn sums<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R] {
            // SAFETY: this kernel is chosen only where the processor has AVX2 and FMA.
            unsafe { avx2(tile, rows) }
        }
    }

    #[target_feature(enable = "avx512f")]
    fn avx512<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R] {
        let rows = rows.map(|row| &row[..tile.len()]);
        let mut sums: [__m512; R] = [_mm512_setzero_ps(); R];
        for (k, weights) in tile.iter().enumerate() {
            // SAFETY: sixteen floats lie behind the pointer.
            let weights = unsafe { _mm512_loadu_ps(weights.as_ptr()) };
            for row in 0..R {
                sums[row] = _mm512_fmadd_ps(_mm512_set1_ps(rows[row][k]), weights, sums[row]);
            }
        }
        let mut out = [[0.0; WIDTH]; R];
        for (out, sum) in out.iter_mut().zip(sums) {
            // SAFETY: sixteen floats lie behind the pointer.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
        }
        out
    }

    #[target_feature(enable = "avx2,fma")]
    fn avx2<const R: usize>(tile: &[[f32; WIDTH]], rows: [&[f32]; R]) -> [[f32; WIDTH]; R] {
        let rows = rows.map(|row| &row[..tile.len()]);
        let mut sums: [[__m256; 2]; R] = [[_mm256_setzero_ps(); 2]; R];
        for (k, weights) in tile.iter().enumerate() {
            // SAFETY: sixteen floats lie behind the pointer, eight behind its middle.
            let halves = unsafe { [_mm256_loadu_ps(weights.as_ptr()), _mm256_loadu_ps(weights[8..].as_ptr())] };
            for row in 0..R {
                let value = _mm256_set1_ps(rows[row][k]);
                sums[row] =
                    [_mm256_fmadd_ps(value, halves[0], sums[row][0]), _mm256_fmadd_ps(value, halves[1], sums[row][1])];
            }
        }
        let mut out = [[0.0; WIDTH]; R];
        for (out, [low, high]) in out.iter_mut().zip(sums) {
            // SAFETY: sixteen floats lie behind the pointer, eight behind its middle.
            unsafe {
                _mm256_storeu_ps(out.as_mut_ptr(), low);
                _mm256_storeu_ps(out[8..].as_mut_ptr(), high);
            }
        }
        out
    }
}

/// Goes tile by tile, and through each for `R` rows at a time, then four, then one.
fn product<const R: usize, K: Kernel>(tiles: &Tiles, rows: Rows<'_>) {
    let Rows { input, bias, out } = rows;
    for (index, tile) in tiles.values.chunks_exact(tiles.of.max(1)).enumerate() {
        let block = Block { tile, bias, columns: index * WIDTH..bias.len().min((index + 1) * WIDTH) };
        let (mut input, mut out) = (input, &mut *out);
        while !input.is_empty() {
            let left = input.len() / tiles.of;
            let rows = [R, 4, 1].into_iter().find(|rows| *rows <= left).unwrap_or(1);
            let (now, later) = input.split_at(rows * tiles.of);
            let (out_now, out_later) = out.split_at_mut(rows * bias.len());
            match rows {
                4 => block.multiply::<4, K>(now, out_now),
                1 => block.multiply::<1, K>(now, out_now),
                _ => block.multiply::<R, K>(now, out_now),
            }
            (input, out) = (later, out_later);
        }
    }
}

/// One tile with the outputs it makes.
struct Block<'a> {
    tile: &'a [[f32; WIDTH]],
    bias: &'a [f32],
    columns: std::ops::Range<usize>,
}

impl Block<'_> {
    fn multiply<const R: usize, K: Kernel>(&self, input: &[f32], out: &mut [f32]) {
        let of = self.tile.len();
        let sums = K::sums::<R>(self.tile, std::array::from_fn(|row| &input[row * of..][..of]));
        for (out, sums) in out.chunks_exact_mut(self.bias.len()).zip(&sums) {
            let out = out[self.columns.clone()].iter_mut();
            for ((out, sum), bias) in out.zip(sums).zip(&self.bias[self.columns.clone()]) {
                *out = sum + bias;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn products_equal_those_made_number_by_number() {
        let mut random = Random::new(3, 1);
        for (rows, out, of) in [(1, 5, 7), (3, 16, 8), (8, 33, 20), (23, 48, 31), (0, 4, 4)] {
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal()).collect() };
            let (weight, bias, input) = (draw(out * of), draw(out), draw(rows * of));
            let expected = |row: usize, column: usize| -> f32 {
                let (row, column_weights) = (&input[row * of..][..of], &weight[column * of..][..of]);
                row.iter().zip(column_weights).map(|(a, b)| a * b).sum::<f32>() + bias[column]
            };
            let check = |found: &[f32]| {
                for (at, found) in found.iter().enumerate() {
                    assert!((found - expected(at / out, at % out)).abs() < 1e-4, "{rows} {out} {of}");
                }
            };
            let tiles = Tiles::new(&weight, of);
            let mut found = vec![0.0; rows * out];
            tiles.multiply(&input, &bias, &mut found);
            check(&found);
            product::<4, Portable>(&tiles, Rows { input: &input, bias: &bias, out: &mut found });
            check(&found);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                product::<4, x86::Avx2>(&tiles, Rows { input: &input, bias: &bias, out: &mut found });
                check(&found);
            }
        }
    }
}
