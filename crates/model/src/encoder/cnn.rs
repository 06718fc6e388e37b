//! Text CNN: windows of two, three and four tokens, a rectified maximum over positions.

use candle_core::{D, Tensor};

use crate::Error;
use crate::dense::Dense;
use crate::random::Random;
use crate::table::Table;

/// Window widths in tokens.
const WIDTHS: [usize; 3] = [1, 2, 3];
/// Filters for each width.
const FILTERS: usize = 64;
/// Tokens below which a message is padded, so that every window fits.
pub(crate) const MIN_TOKENS: usize = 3;
/// Length of the vector.
pub(crate) const OUT: usize = WIDTHS.len() * FILTERS;

/// Adds the filters.
pub(crate) fn add_weights(dense: &mut Dense, dim: usize, random: &mut Random) -> Result<(), Error> {
    for width in WIDTHS {
        let deviation = (2.0 / (width * dim) as f32).sqrt();
        dense.add_drawn(&weight_name(width), (width * dim, FILTERS), || random.normal() * deviation)?;
        dense.add_constant(&bias_name(width), FILTERS, 0.0)?;
    }
    Ok(())
}

/// Encodes padded token vectors [batch, len, dim] of messages with the given lengths.
pub(crate) fn forward(dense: &Dense, tokens: &Tensor, lengths: &[usize]) -> Result<Tensor, Error> {
    let (batch, len, _) = tokens.dims3()?;
    let mut parts = Vec::new();
    for width in WIDTHS {
        let positions = len + 1 - width;
        let shifted = (0..width).map(|at| tokens.narrow(1, at, positions)).collect::<Result<Vec<_>, _>>()?;
        let windows = Tensor::cat(&shifted, D::Minus1)?; // [batch, positions, width * dim]
        let scores = windows
            .reshape((batch * positions, ()))?
            .matmul(dense.get(&weight_name(width))?)?
            .broadcast_add(dense.get(&bias_name(width))?)?
            .relu()?
            .reshape((batch, positions, FILTERS))?;
        // A window counts when it starts within the message; after the rectifier zero is the least value.
        let mask: Vec<f32> = lengths
            .iter()
            .flat_map(|length| {
                let fitting = length.max(&MIN_TOKENS) + 1 - width;
                (0..positions).map(move |at| f32::from(at < fitting))
            })
            .collect();
        let mask = Tensor::from_vec(mask, (batch, positions, 1), tokens.device())?;
        parts.push(scores.broadcast_mul(&mask)?.max(1)?); // [batch, filters]
    }
    Ok(Tensor::cat(&parts, D::Minus1)?)
}

/// The filters as plain numbers.
#[derive(Debug, Clone)]
pub(crate) struct PlainCnn {
    weights: Vec<Vec<f32>>,
    biases: Vec<Vec<f32>>,
}

impl PlainCnn {
    pub(crate) fn new(dense: &Dense) -> Result<Self, Error> {
        Ok(Self {
            weights: WIDTHS.iter().map(|width| dense.values(&weight_name(*width))).collect::<Result<_, _>>()?,
            biases: WIDTHS.iter().map(|width| dense.values(&bias_name(*width))).collect::<Result<_, _>>()?,
        })
    }

    /// Encodes one message on this thread.
    pub(crate) fn forward(&self, table: &Table, tokens: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        let length = tokens.len().max(MIN_TOKENS);
        let mut scores = vec![0.0; FILTERS];
        for (index, width) in WIDTHS.iter().enumerate() {
            let best = &mut out[index * FILTERS..(index + 1) * FILTERS];
            for start in 0..length + 1 - width {
                scores.copy_from_slice(&self.biases[index]);
                for (offset, token) in tokens.iter().skip(start).take(*width).enumerate() {
                    let row = table.row(*token);
                    let weights = &self.weights[index][offset * row.len() * FILTERS..];
                    for (value, weights) in row.iter().zip(weights.chunks_exact(FILTERS)) {
                        for (score, weight) in scores.iter_mut().zip(weights) {
                            *score += value * weight;
                        }
                    }
                }
                for (best, score) in best.iter_mut().zip(&scores) {
                    *best = best.max(*score);
                }
            }
        }
    }
}

fn weight_name(width: usize) -> String {
    format!("cnn.{width}.weight")
}

fn bias_name(width: usize) -> String {
    format!("cnn.{width}.bias")
}
