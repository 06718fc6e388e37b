//! A BERT's dense weights on a device, and their AdamW there: the formula and the rates of the processor's.

use std::ops::Range;

use candle_core::backprop::GradStore;
use candle_core::{Device, Error, Result, Tensor, Var};

use super::super::optimiser::slowness;
use super::super::weights::{Layer, Linear, Norm, Plan};
use super::super::{Bert, Weights};
use crate::table::{BETA1, BETA2, EPSILON, Step};

/// Weights that are computed with as one: where they stand among all, their shape, and how many layers lie above them.
struct Piece {
    range: Range<usize>,
    shape: Vec<usize>,
    above: usize,
}

impl Piece {
    fn linear(linear: Linear, above: usize) -> [Self; 2] {
        [
            Self { range: linear.weight(), shape: vec![linear.out, linear.of], above },
            Self { range: linear.bias(), shape: vec![linear.out], above },
        ]
    }

    fn norm(norm: Norm, above: usize) -> [Self; 2] {
        [norm.weight(), norm.bias()].map(|range| Self { range, shape: vec![norm.len], above })
    }

    fn table(range: &Range<usize>, hidden: usize, above: usize) -> Self {
        Self { range: range.clone(), shape: vec![range.len() / hidden, hidden], above }
    }

    fn layer(layer: &Layer, above: usize) -> Vec<Self> {
        let Layer { qkv, attended, attended_norm, inner, outer, norm } = *layer;
        let parts = [
            Self::linear(qkv, above),
            Self::linear(attended, above),
            Self::norm(attended_norm, above),
            Self::linear(inner, above),
            Self::linear(outer, above),
            Self::norm(norm, above),
        ];
        parts.into_iter().flatten().collect()
    }

    /// All weights, in the order in which they stand.
    fn all(plan: &Plan) -> Vec<Self> {
        let (hidden, layers) = (plan.norm.len, plan.layers.len());
        let mut all: Vec<Self> = [&plan.positions, &plan.kinds].map(|range| Self::table(range, hidden, layers)).into();
        all.extend(Self::norm(plan.norm, layers));
        all.extend(plan.layers.iter().enumerate().flat_map(|(index, layer)| Self::layer(layer, layers - 1 - index)));
        all
    }
}

/// Every dense weight on a device, with its two moments.
#[derive(Debug)]
pub(super) struct Placed {
    /// All weights end to end as on the processor, and their moments: [weights].
    values: Tensor,
    moments: [Tensor; 2],
    /// Each weight's share of the learning rate, and whether it decays: [weights].
    rates: Tensor,
    decays: Tensor,
    /// The same weights as the encoder computes with them.
    vars: Vec<Var>,
    ranges: Vec<Range<usize>>,
}

impl Placed {
    /// Takes weights to a device, with moments where there are some.
    pub(super) fn new(bert: &Bert, moments: &[Vec<f32>; 2], device: &Device) -> Result<Self> {
        let Weights { plan, values } = &bert.weights;
        let pieces = Piece::all(plan);
        let flat = |values: Vec<f32>| {
            let len = values.len();
            Tensor::from_vec(values, len, device)
        };
        let each = |value: &dyn Fn(&Piece) -> f32| {
            flat(pieces.iter().flat_map(|piece| std::iter::repeat_n(value(piece), piece.range.len())).collect())
        };
        let moments = moments.each_ref().map(|moments| match moments.len() {
            0 => flat(vec![0.0; values.len()]),
            _ => flat(moments.clone()),
        });
        let [first, second] = moments;
        let var = |piece: &Piece| {
            let values = &values[piece.range.clone()];
            Var::from_tensor(&Tensor::from_slice(values, piece.shape.as_slice(), device)?)
        };
        Ok(Self {
            values: flat(values.clone())?,
            moments: [first?, second?],
            rates: each(&|piece| slowness(piece.above))?,
            decays: each(&|piece| f32::from(u8::from(piece.shape.len() > 1)))?,
            vars: pieces.iter().map(var).collect::<Result<_>>()?,
            ranges: pieces.into_iter().map(|piece| piece.range).collect(),
        })
    }

    /// The weights, each remembering what is computed with it.
    pub(super) fn learning(&self) -> Vec<Tensor> {
        self.vars.iter().map(|var| var.as_tensor().clone()).collect()
    }

    /// The weights, to compute with alone.
    pub(super) fn fixed(&self) -> Vec<Tensor> {
        self.vars.iter().map(|var| var.as_detached_tensor()).collect()
    }

    /// Gradients of all weights end to end: [weights].
    pub(super) fn gradients(&self, found: &GradStore) -> Result<Tensor> {
        let of = |var: &Var| found.get(var).ok_or_else(|| Error::Msg("a weight has no gradient".into()))?.flatten_all();
        let gradients: Vec<Tensor> = self.vars.iter().map(of).collect::<Result<_>>()?;
        Ok(Tensor::cat(&gradients, 0)?.detach())
    }

    /// Moves all weights against their gradients times `scale`: [`Step::apply`] for all of them at a time.
    pub(super) fn descend(&mut self, gradients: &Tensor, scale: f32, step: Step) -> Result<()> {
        let [b1, b2] = [BETA1, BETA2].map(f64::from);
        let gradients = (gradients * f64::from(scale))?;
        let first = ((&self.moments[0] * b1)? + (&gradients * (1.0 - b1))?)?;
        let second = ((&self.moments[1] * b2)? + (gradients.sqr()? * (1.0 - b2))?)?;
        let [up1, up2] = step.corrections().map(f64::from);
        let direction = ((&first * up1)? / ((&second * up2)?.sqrt()? + f64::from(EPSILON))?)?;
        let decay = ((&self.values * &self.decays)? * f64::from(step.weight_decay))?;
        let way = ((direction + decay)? * &self.rates)?;
        self.values = (&self.values - (way * f64::from(step.learning_rate))?)?;
        self.moments = [first, second];
        for (var, range) in self.vars.iter().zip(&self.ranges) {
            var.set(&self.values.narrow(0, range.start, range.len())?.reshape(var.shape())?)?;
        }
        Ok(())
    }

    /// All weights, then their two moments, as the processor keeps them.
    pub(super) fn brought_back(&self) -> Result<[Vec<f32>; 3]> {
        let [first, second] = &self.moments;
        Ok([self.values.to_vec1()?, first.to_vec1()?, second.to_vec1()?])
    }
}
