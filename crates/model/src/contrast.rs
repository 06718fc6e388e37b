//! Teaching an encoder by comparison: rows of one intent are drawn together, rows of different ones apart.

use candle_core::{D, Device, Tensor, Var};

use crate::Error;
use crate::encoder::bert::{Dropout, Trainer};
use crate::network::{Input, Network};
use crate::random::Random;
use crate::split::Row;
use crate::table::Step;

/// Divides cosines: the lower, the more the hardest comparisons count.
const TEMPERATURE: f64 = 0.1;
const DROPOUT: f32 = 0.1;
/// What stands for minus infinity among logits.
const NEVER: f32 = -1e9;

/// Groups of rows to compare: each row once, in pairs of one label, `size` rows at a time.
pub(crate) fn batches(rows: &[Row], size: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    random.shuffle(&mut order);
    order.sort_by_key(|index| rows[*index].label);
    let mut pairs: Vec<Vec<usize>> = order
        .chunk_by(|a, b| rows[*a].label == rows[*b].label)
        .flat_map(|same| same.chunks(2).map(<[usize]>::to_vec))
        .collect();
    random.shuffle(&mut pairs);
    pairs.chunks((size / 2).max(2)).map(<[Vec<usize>]>::concat).collect()
}

/// One step of the encoder on a group of rows; returns the mean loss.
pub(crate) fn step(
    network: &mut Network,
    trainer: &mut Trainer,
    group: &[(&Input, &Row)],
    seed: u64,
    step: Step,
) -> Result<f32, Error> {
    let Some(bert) = &mut network.bert else {
        return Ok(0.0);
    };
    let messages: Vec<&[u32]> = group.iter().map(|(input, _)| input.tokens.as_slice()).collect();
    let vectors = trainer.forward(bert, &network.tokens, &messages, Dropout::new(DROPOUT, seed))?;
    let vectors = Var::from_tensor(&Tensor::from_vec(vectors, (group.len(), bert.config.hidden_size), &Device::Cpu)?)?;
    let labels: Vec<u32> = group.iter().map(|(_, row)| row.label).collect();
    let loss = loss(&vectors, &labels)?;
    if let Some(gradient) = loss.backward()?.get(&vectors) {
        trainer.step(bert, &mut network.tokens, &gradient.flatten_all()?.to_vec1::<f32>()?, step)?;
    }
    Ok(loss.to_scalar()?)
}

/// The supervised contrastive loss of Khosla et al., 2020: how surprised a softmax over cosines is by a row's own kind.
fn loss(vectors: &Tensor, labels: &[u32]) -> Result<Tensor, Error> {
    let n = labels.len();
    let lengths = (vectors.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?; // [n, 1]
    let unit = vectors.broadcast_div(&lengths)?;
    let cosines = (unit.matmul(&unit.t()?)? / TEMPERATURE)?; // [n, n]
    let square = |value: &dyn Fn(usize, usize) -> f32| -> Result<Tensor, Error> {
        let values: Vec<f32> = (0..n * n).map(|at| value(at / n, at % n)).collect();
        Ok(Tensor::from_vec(values, (n, n), &Device::Cpu)?)
    };
    let itself = square(&|a, b| if a == b { NEVER } else { 0.0 })?;
    let logs = candle_nn::ops::log_softmax(&(cosines + itself)?, D::Minus1)?;
    let kin = |a: usize| labels.iter().filter(|label| **label == labels[a]).count() - 1;
    let with_kin = (0..n).filter(|a| kin(*a) > 0).count().max(1);
    let shares = square(&|a, b| {
        if a != b && labels[a] == labels[b] { 1.0 / (kin(a) * with_kin) as f32 } else { 0.0 }
    })?;
    Ok((logs * shares)?.sum_all()?.neg()?)
}
