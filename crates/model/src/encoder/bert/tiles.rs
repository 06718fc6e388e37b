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
                // SAFETY: the processor has the instructions this was compiled for.
                return unsafe { avx512(self, rows) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the processor has the instructions this was compiled for.
                return unsafe { avx2(self, rows) };
            }
        }
        product::<4>(self, rows, |a, b, c| a * b + c);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(tiles: &Tiles, rows: Rows<'_>) {
    product::<8>(tiles, rows, f32::mul_add);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(tiles: &Tiles, rows: Rows<'_>) {
    product::<6>(tiles, rows, f32::mul_add);
}

/// Goes tile by tile, and through each for `R` rows at a time, as many as the registers hold.
#[inline(always)]
fn product<const R: usize>(tiles: &Tiles, rows: Rows<'_>, add_product: impl Fn(f32, f32, f32) -> f32 + Copy) {
    let Rows { input, bias, out } = rows;
    for (index, tile) in tiles.values.chunks_exact(tiles.of).enumerate() {
        let columns = index * WIDTH..bias.len().min((index + 1) * WIDTH);
        let blocks = input.chunks(R * tiles.of).zip(out.chunks_mut(R * bias.len()));
        for (input, out) in blocks {
            let block = Block { tile, bias, columns: columns.clone() };
            if input.len() == R * tiles.of {
                block.multiply::<R>(input, out, add_product);
                continue;
            }
            let (mut input, mut out) = (input, out);
            while !input.is_empty() {
                let rows = if input.len() >= 4 * tiles.of { 4 } else { 1 };
                let (now, later) = input.split_at(rows * tiles.of);
                let (out_now, out_later) = out.split_at_mut(rows * bias.len());
                match rows {
                    4 => block.multiply::<4>(now, out_now, add_product),
                    _ => block.multiply::<1>(now, out_now, add_product),
                }
                (input, out) = (later, out_later);
            }
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
    #[inline(always)]
    fn multiply<const R: usize>(
        &self,
        input: &[f32],
        out: &mut [f32],
        add_product: impl Fn(f32, f32, f32) -> f32 + Copy,
    ) {
        let of = self.tile.len();
        let rows: [&[f32]; R] = std::array::from_fn(|row| &input[row * of..][..of]);
        let mut sums = [[0.0f32; WIDTH]; R];
        for (k, weights) in self.tile.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                let value = row[k];
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = add_product(value, *weight, *sum);
                }
            }
        }
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
            product::<4>(&tiles, Rows { input: &input, bias: &bias, out: &mut found }, |a, b, c| a * b + c);
            check(&found);
        }
    }
}
