//! Where autograd ends in a training step.

use candle_core::{Device, Tensor, Var};

use super::{Input, Network, averaged};
use crate::encoder::cnn;
use crate::table::{Table, Uses};
use crate::{EncoderKind, Error};

/// Sums over tables and a pretrained encoder's vectors, as the variables where autograd ends and their own
/// way back begins.
pub(super) struct Leaves {
    pub(super) ngram_uses: Uses,
    pub(super) ngrams: Option<Var>,
    pub(super) tokens: Option<TokenLeaf>,
}

pub(super) struct TokenLeaf {
    pub(super) leaf: Var,
    pub(super) uses: Uses,
    pub(super) lengths: Vec<usize>,
}

impl Leaves {
    /// `encoded` holds a pretrained encoder's vectors of the messages.
    pub(super) fn new(network: &Network, inputs: &[&Input], encoded: Option<Vec<f32>>) -> Result<Self, Error> {
        let rows: Vec<&[(u32, f32)]> = inputs.iter().map(|input| input.features.rows.as_slice()).collect();
        let var = |values: Vec<f32>, dim: usize| -> Result<Var, Error> {
            let rows = values.len() / dim.max(1);
            Ok(Var::from_tensor(&Tensor::from_vec(values, (rows, dim), &Device::Cpu)?)?)
        };
        let leaf = |table: &Table, rows: &[&[(u32, f32)]]| var(table.sums(rows), table.dim());
        let lengths: Vec<usize> = inputs.iter().map(|input| input.tokens.len()).collect();
        let tokens = match (network.kind, encoded) {
            (EncoderKind::Ngrams, _) => None,
            (_, Some(vectors)) => {
                Some(TokenLeaf { leaf: var(vectors, network.encoded())?, uses: Uses::default(), lengths })
            }
            (kind, None) => {
                let rows = match kind {
                    EncoderKind::Bag => inputs.iter().map(|input| averaged(&input.tokens)).collect(),
                    _ => padded(inputs, cnn::MIN_TOKENS),
                };
                let rows: Vec<&[(u32, f32)]> = rows.iter().map(Vec::as_slice).collect();
                Some(TokenLeaf { leaf: leaf(&network.tokens, &rows)?, uses: Uses::new(&rows), lengths })
            }
        };
        Ok(Self {
            ngram_uses: Uses::new(&rows),
            ngrams: (network.ngrams.dim() > 0).then(|| leaf(&network.ngrams, &rows)).transpose()?,
            tokens,
        })
    }
}

/// One sum of a single token for each position of a padded batch; padding sums nothing.
fn padded(inputs: &[&Input], least: usize) -> Vec<Vec<(u32, f32)>> {
    let len = inputs.iter().map(|input| input.tokens.len()).max().unwrap_or(0).max(least);
    inputs
        .iter()
        .flat_map(|input| (0..len).map(|at| input.tokens.get(at).map(|token| (*token, 1.0)).into_iter().collect()))
        .collect()
}
