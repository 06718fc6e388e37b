//! Weights laid out once for serving: a product reads them from end to end, a tile ahead of where it multiplies.
#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

/// Columns of a tile: two registers of AVX-512, four of AVX2.
const WIDTH: usize = 32;

/// The weights of a tile's outputs for one input.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
struct Step([f32; WIDTH]);

/// A weight [out, of] as tiles of [of, 32], one for every 32 outputs; the last is filled up with zeros.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tiles {
    values: Vec<Step>,
    of: usize,
}

/// The rows that come in and the rows that go out of a product.
struct Rows<'a> {
    input: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl Tiles {
    pub(crate) fn new(weight: &[f32], of: usize) -> Self {
        let columns: Vec<&[f32]> = weight.chunks_exact(of.max(1)).collect();
        let step = |columns: &[&[f32]], k: usize| -> Step {
            Step(std::array::from_fn(|lane| columns.get(lane).map_or(0.0, |column| column[k])))
        };
        let tile = |columns: &[&[f32]]| -> Vec<Step> { (0..of).map(|k| step(columns, k)).collect() };
        Self { values: columns.chunks(WIDTH).flat_map(tile).collect(), of }
    }

    /// Writes `input · weightᵀ + bias`, on this thread.
    pub(crate) fn multiply(&self, input: &[f32], bias: &[f32], out: &mut [f32]) {
        let rows = Rows { input, bias, out };
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return product::<x86::Avx512>(self, rows);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return product::<x86::Avx2>(self, rows);
            }
        }
        #[cfg(target_arch = "aarch64")]
        return product::<arm::Neon>(self, rows);
        #[cfg(not(target_arch = "aarch64"))]
        product::<Portable>(self, rows);
    }
}

/// How one tile is multiplied.
trait Kernel {
    /// Rows at a time, as many as the registers hold; at most [`MOST_ROWS`].
    const ROWS: usize;

    /// Some rows, each as long as the tile.
    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], ahead: Ahead, out: &mut [f32]);
}

/// For any processor.
struct Portable;

impl Kernel for Portable {
    const ROWS: usize = 4;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[f32]; R], _: Ahead, out: &mut [f32]) {
        let mut sums = [[0.0f32; WIDTH]; R];
        for (k, weights) in block.tile.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                for (sum, weight) in sums.iter_mut().zip(&weights.0) {
                    *sum += row[k] * weight;
                }
            }
        }
        sums.iter().enumerate().for_each(|(row, sums)| block.write(row, sums, out));
    }
}

/// Rows that any kernel takes at a time.
pub(super) const MOST_ROWS: usize = 12;

/// Calls a function that takes the number of rows, 1 to [`MOST_ROWS`], as a constant.
macro_rules! for_rows {
    ($rows:expr, $object:ident.$function:ident::<_, $kernel:ty>($($argument:expr),*)) => {
        match $rows {
            1 => $object.$function::<1, $kernel>($($argument),*),
            2 => $object.$function::<2, $kernel>($($argument),*),
            3 => $object.$function::<3, $kernel>($($argument),*),
            4 => $object.$function::<4, $kernel>($($argument),*),
            5 => $object.$function::<5, $kernel>($($argument),*),
            6 => $object.$function::<6, $kernel>($($argument),*),
            7 => $object.$function::<7, $kernel>($($argument),*),
            8 => $object.$function::<8, $kernel>($($argument),*),
            9 => $object.$function::<9, $kernel>($($argument),*),
            10 => $object.$function::<10, $kernel>($($argument),*),
            11 => $object.$function::<11, $kernel>($($argument),*),
            _ => $object.$function::<12, $kernel>($($argument),*),
        }
    };
}
pub(super) use for_rows;

/// Cuts rows into passes of at most `most`, none much smaller than another.
pub(super) fn passes(rows: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let n = rows.div_ceil(most);
    (0..n).map(move |pass| pass * rows / n..(pass + 1) * rows / n)
}

/// Weights that will be needed next, read into the cache while others are multiplied: memory is slow to begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    from: *const i8,
    bytes_a_step: usize,
}

impl Ahead {
    /// Shares `next` out among passes over all rows, and among the steps of each.
    pub(super) fn new<T>(next: &[T], pass: &Range<usize>, rows: usize) -> Self {
        let size = size_of::<T>();
        let from = next.as_ptr().cast::<i8>().wrapping_add(pass.start * next.len() / rows * size);
        Self { from, bytes_a_step: (size * pass.len()).div_ceil(rows) }
    }

    /// Begins to read what falls to a step.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn fetch(self, step: usize) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let from = self.from.wrapping_add(step.wrapping_mul(self.bytes_a_step));
        // SAFETY: nothing is read into the program; an address beyond the weights is passed over.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(from);
            _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(64));
        }
    }

    /// Begins to read what falls to a step.
    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    pub(super) fn fetch(self, step: usize) {
        let from = self.from.wrapping_add(step.wrapping_mul(self.bytes_a_step));
        // SAFETY: nothing is read into the program; an address beyond the weights is passed over.
        unsafe {
            std::arch::asm!("prfm pldl1keep, [{}]", in(reg) from, options(nostack, preserves_flags, readonly));
            std::arch::asm!("prfm pldl1keep, [{}, #64]", in(reg) from, options(nostack, preserves_flags, readonly));
        }
    }
}

/// Gives every row the same length, in a way that lets the compiler see that nothing is read beyond it.
#[inline(always)]
pub(super) fn shorten<T, const R: usize>(rows: &mut [&[T]; R], len: usize) {
    for row in rows {
        *row = &row[..len];
    }
}

/// Goes tile by tile, and through each for some rows at a time.
fn product<K: Kernel>(tiles: &Tiles, rows: Rows<'_>) {
    let Rows { input, bias, out } = rows;
    let of = tiles.of.max(1);
    let n_rows = input.len() / of;
    let all: Vec<&[Step]> = tiles.values.chunks_exact(of).collect();
    for (index, tile) in all.iter().enumerate() {
        let next = all.get(index + 1).unwrap_or(tile);
        let block = Block { tile, bias, columns: index * WIDTH..bias.len().min((index + 1) * WIDTH) };
        for rows in passes(n_rows, K::ROWS) {
            let ahead = Ahead::new(next, &rows, n_rows);
            let out = &mut out[rows.start * bias.len()..rows.end * bias.len()];
            let input = &input[rows.start * of..rows.end * of];
            for_rows!(rows.len(), block.multiply::<_, K>(input, ahead, out));
        }
    }
}

/// One tile with the outputs it makes.
struct Block<'a> {
    tile: &'a [Step],
    bias: &'a [f32],
    columns: Range<usize>,
}

impl Block<'_> {
    fn multiply<const R: usize, K: Kernel>(&self, input: &[f32], ahead: Ahead, out: &mut [f32]) {
        let of = self.tile.len();
        K::multiply::<R>(self, std::array::from_fn(|row| &input[row * of..][..of]), ahead, out);
    }

    /// Writes the outputs of a row; plain loops, which are compiled for the caller's instructions.
    #[inline(always)]
    fn write(&self, row: usize, sums: &[f32; WIDTH], out: &mut [f32]) {
        let out = &mut out[row * self.bias.len()..][self.columns.clone()];
        let bias = &self.bias[self.columns.clone()];
        if let (Some(out), Some(bias)) = (out.as_mut_array::<WIDTH>(), bias.as_array::<WIDTH>()) {
            for lane in 0..WIDTH {
                out[lane] = sums[lane] + bias[lane];
            }
        } else {
            for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
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
        for (rows, out, of) in [(1, 5, 7), (3, 32, 8), (8, 33, 20), (12, 64, 16), (23, 48, 31), (0, 4, 4)] {
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal()).collect() };
            let (weight, bias, input) = (draw(out * of), draw(out), draw(rows * of));
            let expected = |row: usize, column: usize| -> f32 {
                let (row, column_weights) = (&input[row * of..][..of], &weight[column * of..][..of]);
                row.iter().zip(column_weights).map(|(a, b)| a * b).sum::<f32>() + bias[column]
            };
            let tiles = Tiles::new(&weight, of);
            let check = |multiply: &dyn Fn(&Tiles, Rows<'_>)| {
                let mut found = vec![0.0; rows * out];
                multiply(&tiles, Rows { input: &input, bias: &bias, out: &mut found });
                for (at, found) in found.iter().enumerate() {
                    assert!((found - expected(at / out, at % out)).abs() < 1e-4, "{rows} {out} {of}");
                }
            };
            check(&|tiles, rows| tiles.multiply(rows.input, rows.bias, rows.out));
            check(&product::<Portable>);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                check(&product::<x86::Avx2>);
            }
        }
    }

    #[test]
    fn passes_take_every_row_once_and_no_more_than_they_may() {
        for (rows, sizes) in [(0, vec![]), (1, vec![1]), (12, vec![12]), (13, vec![6, 7]), (25, vec![8, 8, 9])] {
            let found: Vec<Range<usize>> = passes(rows, MOST_ROWS).collect();
            assert_eq!(found.iter().map(ExactSizeIterator::len).collect::<Vec<_>>(), sizes);
            assert!(found.iter().flat_map(Clone::clone).eq(0..rows));
        }
    }
}
