//! Dense layers in 8 bits: weights scaled by output, rows scaled as they come, sums in whole numbers.
#![allow(unsafe_code)]

/// Outputs of a tile.
const WIDTH: usize = 16;
/// Rows that a tile is multiplied with at a time: each is a chain of sums of its own.
const ROWS: usize = 8;
/// Inputs that one instruction multiplies and adds for each output.
const QUAD: usize = 4;

/// A weight [out, of] as tiles of [of / 4, 16, 4]; what is missing at the edges is zero.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    values: Vec<[[i8; QUAD]; WIDTH]>,
    scales: Vec<f32>,
    /// Sum of each output's weights: rows come without sign, so that their middle must be taken off again.
    sums: Vec<i32>,
    of: usize,
    path: Path,
}

/// The instructions a product is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Path {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
                return Self::Vnni;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Largest size of a row's numbers; AVX2 adds two products in 16 bits, which hold no more.
    fn largest(self) -> f32 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 63.0,
            _ => 127.0,
        }
    }

    /// What a row's zero is stored as.
    fn middle(self) -> i32 {
        self.largest() as i32 + 1
    }
}

impl Bytes {
    pub(super) fn new(weight: &[f32], of: usize) -> Self {
        Self::with(Path::best(), weight, of)
    }

    fn with(path: Path, weight: &[f32], of: usize) -> Self {
        let columns = weight.chunks_exact(of.max(1));
        let scales: Vec<f32> = columns.clone().map(|column| largest(column) / 127.0).collect();
        let round = |(column, scale): (&[f32], &f32)| -> Vec<i8> {
            column.iter().map(|value| (value / scale).round() as i8).collect()
        };
        let whole: Vec<i8> = columns.zip(&scales).flat_map(round).collect();
        Self::laid_out(path, &whole, scales, of)
    }

    /// From whole numbers [out, of] and a scale for each output.
    pub(super) fn from_whole(whole: &[i8], scales: Vec<f32>, of: usize) -> Self {
        Self::laid_out(Path::best(), whole, scales, of)
    }

    fn laid_out(path: Path, whole: &[i8], scales: Vec<f32>, of: usize) -> Self {
        let columns: Vec<&[i8]> = whole.chunks_exact(of.max(1)).collect();
        let quad = |column: Option<&&[i8]>, at: usize| -> [i8; QUAD] {
            std::array::from_fn(|i| column.and_then(|column| column.get(at * QUAD + i)).copied().unwrap_or(0))
        };
        let tile = |columns: &[&[i8]]| -> Vec<[[i8; QUAD]; WIDTH]> {
            (0..of.div_ceil(QUAD)).map(|at| std::array::from_fn(|lane| quad(columns.get(lane), at))).collect()
        };
        Self {
            values: columns.chunks(WIDTH).flat_map(tile).collect(),
            sums: columns.iter().map(|column| column.iter().map(|value| i32::from(*value)).sum()).collect(),
            scales,
            of,
            path,
        }
    }

    /// The whole numbers [out, of].
    pub(super) fn whole(&self) -> Vec<i8> {
        let quads = self.of.div_ceil(QUAD);
        let mut whole = Vec::with_capacity(self.scales.len() * self.of);
        for out in 0..self.scales.len() {
            let tile = &self.values[out / WIDTH * quads..][..quads];
            whole.extend(tile.iter().flat_map(|row| row[out % WIDTH]).take(self.of));
        }
        whole
    }

    /// The weight [out, of] that the whole numbers stand for.
    pub(super) fn floats(&self) -> Vec<f32> {
        let whole = self.whole();
        let columns = whole.chunks_exact(self.of.max(1)).zip(&self.scales);
        columns.flat_map(|(column, scale)| column.iter().map(move |value| f32::from(*value) * scale)).collect()
    }

    /// What each output's whole numbers are scaled by.
    pub(super) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Writes `input · weightᵀ + bias` to about two digits, on this thread.
    pub(super) fn multiply(&self, input: &[f32], bias: &[f32], out: &mut [f32]) {
        let quads = self.of.div_ceil(QUAD);
        let (rows, scales) = self.rounded(input);
        let n_rows = scales.len();
        // Tile by tile, so that each is read from memory once.
        for (index, tile) in self.values.chunks_exact(quads.max(1)).enumerate() {
            let columns = index * WIDTH..bias.len().min((index + 1) * WIDTH);
            let weights = columns.clone().map(|column| (self.sums[column], self.scales[column], bias[column]));
            let mut write = |row: usize, totals: [i32; WIDTH]| {
                let out = out[row * bias.len()..][columns.clone()].iter_mut();
                for ((out, total), (sum, weight, bias)) in out.zip(totals).zip(weights.clone()) {
                    *out = (total - self.path.middle() * sum) as f32 * scales[row] * weight + bias;
                }
            };
            let row = |row: usize| &rows[row * quads..][..quads];
            let mut at = 0;
            while at + ROWS <= n_rows {
                let block: [&[[u8; QUAD]]; ROWS] = std::array::from_fn(|i| row(at + i));
                for (i, totals) in self.path.product(block, tile).into_iter().enumerate() {
                    write(at + i, totals);
                }
                at += ROWS;
            }
            for at in at..n_rows {
                let [totals] = self.path.product([row(at)], tile);
                write(at, totals);
            }
        }
    }

    /// Rows in 8 bits, each with what it is scaled by.
    fn rounded(&self, input: &[f32]) -> (Vec<[u8; QUAD]>, Vec<f32>) {
        let quads = self.of.div_ceil(QUAD);
        let middle = self.path.middle();
        let mut rows = vec![[middle as u8; QUAD]; input.len() / self.of.max(1) * quads];
        let scale = |(row, values): (&mut [[u8; QUAD]], &[f32])| {
            let scale = largest(values) / self.path.largest();
            let factor = 1.0 / scale;
            for (byte, value) in row.as_flattened_mut().iter_mut().zip(values) {
                *byte = (value * factor + middle as f32 + 0.5) as u8;
            }
            scale
        };
        let scales = rows.chunks_exact_mut(quads.max(1)).zip(input.chunks_exact(self.of.max(1))).map(scale).collect();
        (rows, scales)
    }
}

/// The largest size among numbers; never zero.
fn largest(values: &[f32]) -> f32 {
    values.iter().fold(1e-9, |largest: f32, value| largest.max(value.abs()))
}

impl Path {
    /// Some rows by one tile.
    fn product<const R: usize>(self, rows: [&[[u8; QUAD]]; R], tile: &[[[i8; QUAD]; WIDTH]]) -> [[i32; WIDTH]; R] {
        match self {
            // SAFETY: this path is only chosen where the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { vnni(rows, tile) },
            // SAFETY: this path is only chosen where the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => rows.map(|row| unsafe { avx2(row, tile) }),
            Self::Portable => rows.map(|row| portable(row, tile)),
        }
    }
}

fn portable(row: &[[u8; QUAD]], tile: &[[[i8; QUAD]; WIDTH]]) -> [i32; WIDTH] {
    let mut totals = [0; WIDTH];
    for (bytes, weights) in row.iter().zip(tile) {
        for (total, weights) in totals.iter_mut().zip(weights) {
            *total += bytes.iter().zip(weights).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>();
        }
    }
    totals
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni<const R: usize>(rows: [&[[u8; QUAD]]; R], tile: &[[[i8; QUAD]; WIDTH]]) -> [[i32; WIDTH]; R] {
    use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32};
    use std::arch::x86_64::{_mm512_setzero_si512, _mm512_storeu_si512};
    let rows = rows.map(|row| &row[..tile.len()]);
    let mut sums = [_mm512_setzero_si512(); R];
    for (k, weights) in tile.iter().enumerate() {
        // SAFETY: a tile's row holds the 64 bytes that are read.
        let weights = unsafe { _mm512_loadu_si512(weights.as_ptr().cast()) };
        for row in 0..R {
            let bytes = _mm512_set1_epi32(i32::from_le_bytes(rows[row][k]));
            sums[row] = _mm512_dpbusd_epi32(sums[row], bytes, weights);
        }
    }
    let mut totals = [[0; WIDTH]; R];
    for (totals, sum) in totals.iter_mut().zip(sums) {
        // SAFETY: the sixteen sums fill the 64 bytes that are written.
        unsafe { _mm512_storeu_si512(totals.as_mut_ptr().cast(), sum) };
    }
    totals
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(row: &[[u8; QUAD]], tile: &[[[i8; QUAD]; WIDTH]]) -> [i32; WIDTH] {
    use std::arch::x86_64::{_mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16};
    use std::arch::x86_64::{_mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256};
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); 2];
    for (bytes, weights) in row.iter().zip(tile) {
        let bytes = _mm256_set1_epi32(i32::from_le_bytes(*bytes));
        for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(8)) {
            // SAFETY: half a tile's row holds the 32 bytes that are read.
            let weights = unsafe { _mm256_loadu_si256(weights.as_ptr().cast()) };
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, weights), ones));
        }
    }
    let mut totals = [0; WIDTH];
    for (totals, sum) in totals.chunks_exact_mut(8).zip(sums) {
        // SAFETY: eight sums fill the 32 bytes that are written.
        unsafe { _mm256_storeu_si256(totals.as_mut_ptr().cast(), sum) };
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn products_in_eight_bits_are_near_the_exact_ones_on_every_path() {
        let mut paths = vec![Path::Portable, Path::best()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            paths.push(Path::Avx2);
        }
        let mut random = Random::new(3, 1);
        for (rows, out, of) in [(1, 5, 7), (3, 16, 64), (2, 33, 130), (0, 4, 4)] {
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal()).collect() };
            let (weight, bias, input) = (draw(out * of), draw(out), draw(rows * of));
            for path in &paths {
                let mut found = vec![0.0; rows * out];
                Bytes::with(*path, &weight, of).multiply(&input, &bias, &mut found);
                for (at, found) in found.iter().enumerate() {
                    let (row, column) = (&input[at / out * of..][..of], &weight[at % out * of..][..of]);
                    let exact = row.iter().zip(column).map(|(a, b)| a * b).sum::<f32>() + bias[at % out];
                    let error = (found - exact).abs() / (of as f32).sqrt();
                    assert!(error < 0.08, "{path:?}, {rows} by {out} by {of}: {found} is not near {exact}");
                }
            }
        }
    }

    #[test]
    fn whole_numbers_come_out_as_they_went_in() {
        for (out, of) in [(1, 1), (5, 7), (16, 64), (33, 130), (0, 4)] {
            let whole: Vec<i8> = (0..out * of).map(|i| (i * 37 % 255) as i8).collect();
            let scales: Vec<f32> = (0..out).map(|i| i as f32).collect();
            let bytes = Bytes::from_whole(&whole, scales.clone(), of);
            assert_eq!((bytes.whole(), bytes.scales()), (whole, &scales[..]), "{out} by {of}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_path_makes_the_same_whole_numbers() {
        let row: Vec<[u8; QUAD]> = (0u8..13).map(|i| [i * 9, 127, 255 - (i * 3), i]).collect();
        let small: Vec<[u8; QUAD]> = row.iter().map(|quad| quad.map(|byte| byte / 2)).collect();
        let weight = |i: usize, lane: usize| ((i * 37 + lane * 91) % 255) as i32 - 127;
        let tile: Vec<[[i8; QUAD]; WIDTH]> = (0..13)
            .map(|i| std::array::from_fn(|lane| std::array::from_fn(|at| weight(i * QUAD + at, lane) as i8)))
            .collect();
        assert_eq!(Path::best().product([&small[..]; 3], &tile), [portable(&small, &tile); 3]);
        if Path::best() == Path::Vnni {
            assert_eq!(Path::Vnni.product([&row[..]; ROWS], &tile), [portable(&row, &tile); ROWS]);
        }
        if is_x86_feature_detected!("avx2") {
            assert_eq!(Path::Avx2.product([&small[..]], &tile), [portable(&small, &tile)]);
        }
    }
}
