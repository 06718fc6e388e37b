//! How far a student's vectors are from its teachers': each by itself, and in how they lie to one another
//! (relational knowledge distillation, Park et al., 2019; similarities as distributions, as in Fang et al., 2021).

use candle_core::{D, Tensor};

use crate::Error;

/// Below this the square of a length counts as this.
const SMALLEST: f64 = 1e-12;
/// Taken off a sentence's likeness to itself, which says nothing.
const ITSELF: f32 = 1e4;

/// Vectors brought to length 1.
pub(super) fn unit(x: &Tensor) -> Result<Tensor, Error> {
    let square = x.sqr()?.sum_keepdim(D::Minus1)?;
    Ok(x.broadcast_div(&(square + SMALLEST)?.sqrt()?)?)
}

/// One less the mean cosine between vectors `[n, dim]` of length 1.
pub(super) fn apart(said: &Tensor, target: &Tensor) -> Result<Tensor, Error> {
    let cosine = (said * target)?.sum_all()?;
    Ok((1.0 - (cosine / said.dim(0)? as f64)?)?)
}

/// Mean divergence between what a teacher `[n, any]` and a student `[n, width]` take for alike among sentences; the
/// temperature says how much only the nearest count.
pub(super) fn relations(said: &Tensor, target: &Tensor, temperature: f64) -> Result<Tensor, Error> {
    let n = said.dim(0)?;
    let itself = Tensor::eye(n, said.dtype(), said.device())?.affine(f64::from(-ITSELF), 0.0)?;
    let likeness = |x: &Tensor| -> Result<Tensor, Error> { Ok(((x.matmul(&x.t()?)? / temperature)? + &itself)?) };
    let target = candle_nn::ops::softmax(&likeness(target)?, D::Minus1)?;
    let said = candle_nn::ops::log_softmax(&likeness(said)?, D::Minus1)?;
    let surprise = (&target * said)?.sum_all()?;
    let own = (&target * (target.clamp(1e-9, 1.0)?).log()?)?.sum_all()?;
    Ok(((own - surprise)? / n as f64)?)
}
