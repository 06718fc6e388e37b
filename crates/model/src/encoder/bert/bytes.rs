//! Dense layers in 8 bits: weights scaled by output, rows scaled as they come, sums in whole numbers.

#[cfg(target_arch = "aarch64")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::kernels::round_rows;
use super::tiles::{Ahead, for_rows, passes};

/// Outputs of a tile: two registers of AVX-512, four of AVX2.
const WIDTH: usize = 32;
/// Inputs that one instruction multiplies and adds for each output.
const QUAD: usize = 4;

/// The weights of a tile's outputs for four inputs.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Step([[i8; QUAD]; WIDTH]);

/// A weight [out, of] as tiles of [of / 4, 32, 4]; what is missing at the edges is zero.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    values: Vec<Step>,
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
    AvxVnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Dot,
    Portable,
}

impl Path {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
                return Self::Vnni;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni") {
                return Self::AvxVnni;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("dotprod") {
            return Self::Dot;
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
    fn middle(self) -> u8 {
        self.largest() as u8 + 1
    }

    /// What a row's zero is multiplied as.
    fn zero(self) -> i32 {
        match self {
            #[cfg(target_arch = "aarch64")]
            Self::Dot => 0,
            _ => i32::from(self.middle()),
        }
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
        let step =
            |columns: &[&[i8]], at: usize| -> Step { Step(std::array::from_fn(|lane| quad(columns.get(lane), at))) };
        let tile = |columns: &[&[i8]]| -> Vec<Step> { (0..of.div_ceil(QUAD)).map(|at| step(columns, at)).collect() };
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
            whole.extend(tile.iter().flat_map(|step| step.0[out % WIDTH]).take(self.of));
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
        let n_rows = input.len() / self.of.max(1);
        let middle = self.path.middle();
        let mut bytes = vec![[middle; QUAD]; n_rows * quads];
        let mut scales = vec![0.0; n_rows];
        round_rows(
            input,
            [self.of, quads * QUAD],
            [self.path.largest(), f32::from(middle)],
            bytes.as_flattened_mut(),
            &mut scales,
        );
        let rows = Rows { bytes: &bytes, scales: &scales, bias, out };
        match self.path {
            #[cfg(target_arch = "x86_64")]
            Path::Vnni => self.product::<x86::Vnni>(rows),
            #[cfg(target_arch = "x86_64")]
            Path::AvxVnni => self.product::<x86::AvxVnni>(rows),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => self.product::<x86::Avx2>(rows),
            #[cfg(target_arch = "aarch64")]
            Path::Dot => self.product::<arm::Dot>(rows),
            Path::Portable => self.product::<Portable>(rows),
        }
    }

    /// Goes tile by tile, and through each for some rows at a time.
    fn product<K: Kernel>(&self, rows: Rows<'_>) {
        let Rows { bytes, scales, bias, out } = rows;
        let quads = self.of.div_ceil(QUAD).max(1);
        let all: Vec<&[Step]> = self.values.chunks_exact(quads).collect();
        for (index, tile) in all.iter().enumerate() {
            let next = all.get(index + 1).unwrap_or(tile);
            let block = Block { tile, ends: self.ends(bias, index) };
            for rows in passes(scales.len(), K::ROWS) {
                let ahead = Ahead::new(next, &rows, scales.len());
                let out = &mut out[rows.start * bias.len()..rows.end * bias.len()];
                let pass = Pass { bytes: &bytes[rows.start * quads..], scales: &scales[rows.clone()], out, ahead };
                for_rows!(rows.len(), block.multiply::<_, K>(pass));
            }
        }
    }

    /// How a tile's sums end.
    fn ends(&self, bias: &[f32], index: usize) -> Ends {
        let from = index * WIDTH;
        let zero = self.path.zero();
        let mut ends = Ends { from, offsets: [0; WIDTH], scales: [0.0; WIDTH], biases: [0.0; WIDTH] };
        let to = bias.len().min(from + WIDTH);
        ends.biases[..to - from].copy_from_slice(&bias[from..to]);
        ends.scales[..to - from].copy_from_slice(&self.scales[from..to]);
        for (offset, sum) in ends.offsets.iter_mut().zip(&self.sums[from..to]) {
            *offset = zero * sum;
        }
        ends
    }
}

/// The rows that come in and the rows that go out of a product.
struct Rows<'a> {
    bytes: &'a [[u8; QUAD]],
    scales: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

/// Some of the rows, and what to read meanwhile.
struct Pass<'a> {
    bytes: &'a [[u8; QUAD]],
    scales: &'a [f32],
    out: &'a mut [f32],
    ahead: Ahead,
}

/// How the sums of a tile's outputs become what goes out.
#[derive(Debug, Clone)]
struct Ends {
    /// The first of the outputs.
    from: usize,
    offsets: [i32; WIDTH],
    scales: [f32; WIDTH],
    biases: [f32; WIDTH],
}

impl Ends {
    /// Writes what goes out of a row that was scaled; plain loops, which are compiled for the caller's instructions.
    #[inline(always)]
    fn write(&self, totals: &[i32; WIDTH], scale: f32, out: &mut [f32]) {
        let end = |lane: usize| {
            let total = totals[lane].wrapping_sub(self.offsets[lane]) as f32;
            total * (scale * self.scales[lane]) + self.biases[lane]
        };
        if let Some(out) = out.as_mut_array::<WIDTH>() {
            for (lane, out) in out.iter_mut().enumerate() {
                *out = end(lane);
            }
        } else {
            for (lane, out) in out.iter_mut().enumerate() {
                *out = end(lane);
            }
        }
    }
}

/// One tile with how its sums end.
struct Block<'a> {
    tile: &'a [Step],
    ends: Ends,
}

impl Block<'_> {
    fn multiply<const R: usize, K: Kernel>(&self, pass: Pass<'_>) {
        let quads = self.tile.len();
        K::multiply::<R>(self, std::array::from_fn(|row| &pass.bytes[row * quads..][..quads]), pass);
    }

    /// Writes the outputs of a row of a pass.
    #[inline(always)]
    fn write(&self, row: usize, totals: &[i32; WIDTH], pass: &mut Pass<'_>) {
        let width = pass.out.len() / pass.scales.len();
        let columns = self.ends.from..width.min(self.ends.from + WIDTH);
        self.ends.write(totals, pass.scales[row], &mut pass.out[row * width..][columns]);
    }
}

/// How one tile is multiplied.
trait Kernel {
    /// Rows at a time, as many as the registers hold; at most [`super::tiles::MOST_ROWS`].
    const ROWS: usize;

    /// Some rows, each as long as the tile.
    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], pass: Pass<'_>);
}

/// For any processor.
struct Portable;

impl Kernel for Portable {
    const ROWS: usize = 4;

    fn multiply<const R: usize>(block: &Block<'_>, rows: [&[[u8; QUAD]]; R], mut pass: Pass<'_>) {
        for (row, bytes) in rows.into_iter().enumerate() {
            block.write(row, &portable(bytes, block.tile), &mut pass);
        }
    }
}

/// The sums of a row.
fn portable(row: &[[u8; QUAD]], tile: &[Step]) -> [i32; WIDTH] {
    let mut totals = [0; WIDTH];
    for (bytes, weights) in row.iter().zip(tile) {
        for (total, weights) in totals.iter_mut().zip(&weights.0) {
            *total += bytes.iter().zip(weights).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>();
        }
    }
    totals
}

/// The largest size among numbers; never zero.
fn largest(values: &[f32]) -> f32 {
    values.iter().fold(1e-9, |largest: f32, value| largest.max(value.abs()))
}

#[cfg(test)]
mod tests;
