//! A student of sums: a table of rows with a way back of its own, convolutions and dense layers with candle's.

use std::sync::Arc;

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};

use super::{Body, Learned, put_words, take_words};
use crate::columns::{Columns, Stored};
use crate::dense::Dense;
use crate::random::Random;
use crate::sentence::averaged::{Averaged, Layer, Shape};
use crate::sentence::convolution::Sizes;
use crate::sentence::loss::unit;
use crate::sentence::pool::Pool;
use crate::table::{Step, Table, Uses};
use crate::{Error, sentence};

/// A table of rows and what works on their sums.
pub(super) struct Sums {
    shape: Shape,
    words: Table,
    learned: Learned,
    pass: Pass,
}

/// What a step back needs of the pass before it.
#[derive(Default)]
struct Pass(Vec<Summed>);

/// Weighted rows, and where the gradients of their sums are found.
struct Summed {
    rows: Vec<Vec<(u32, f32)>>,
    leaf: Var,
}

impl Pass {
    /// Sums of rows `[sums, width]` as a leaf.
    fn sums(&mut self, words: &Table, rows: Vec<Vec<(u32, f32)>>) -> Result<Tensor, Error> {
        let lent: Vec<&[(u32, f32)]> = rows.iter().map(Vec::as_slice).collect();
        let leaf = Var::from_tensor(&Tensor::from_vec(words.sums(&lent), (rows.len(), words.dim()), &Device::Cpu)?)?;
        let tensor = leaf.as_tensor().clone();
        self.0.push(Summed { rows, leaf });
        Ok(tensor)
    }
}

/// Dense weights that know nothing: the way past a layer is all there is at first.
pub(super) fn fresh(shape: Shape, random: &mut Random) -> Result<Dense, Error> {
    let mut dense = Dense::default();
    for layer in 0..shape.layers {
        let [up, up_bias, down, down_bias] = Layer::names(layer, shape);
        let deviation = (1.0 / shape.width as f32).sqrt();
        dense.add_drawn(&up.0, (shape.width, shape.inner), || random.normal() * deviation)?;
        dense.add_constant(&up_bias.0, shape.inner, 0.0)?;
        dense.add(&down.0, vec![0.0; shape.inner * shape.width], (shape.inner, shape.width))?;
        dense.add_constant(&down_bias.0, shape.width, 0.0)?;
    }
    if shape.filters > 0 {
        let sizes = Sizes::new(shape);
        let [filters, biases, down, down_bias] = sizes.names();
        let deviation = (1.0 / shape.width as f32).sqrt();
        dense.add_drawn(filters.0, (shape.width, sizes.products()), || random.normal() * deviation)?;
        dense.add_constant(biases.0, sizes.biases(), 0.0)?;
        dense.add(down.0, vec![0.0; sizes.found() * shape.width], down.1)?;
        dense.add_constant(down_bias.0, shape.width, 0.0)?;
    }
    Ok(dense)
}

impl Sums {
    pub(super) fn new(shape: Shape, words: Table, learned: Learned) -> Self {
        Self { shape, words, learned, pass: Pass::default() }
    }

    /// Vectors of length sqrt(width) with what the convolutions find added.
    fn convolved(&mut self, x: &Tensor, sentences: &[Vec<u32>]) -> Result<Tensor, Error> {
        let mut ids: Vec<u32> = sentences.concat();
        ids.sort_unstable();
        ids.dedup();
        let place = |id: &u32| ids.binary_search(id).expect("every token is among all tokens") as u32;
        let messages = sentences.iter().map(|tokens| tokens.iter().map(place).collect()).collect();
        // Each token's row meets the filters once, however often it comes.
        let rows = self.pass.sums(&self.words, ids.iter().map(|id| vec![(*id, 1.0)]).collect())?;
        let dense = &self.learned.dense;
        let [filters, biases, down, down_bias] = Sizes::new(self.shape).names().map(|(name, _)| dense.get(name));
        let products = self.scaled(&rows)?.matmul(filters?)?;
        let found = products.apply_op2(biases?, Pool { messages })?;
        Ok((self.scaled(x)? + found.matmul(down?)?.broadcast_add(down_bias?)?)?)
    }

    fn scaled(&self, x: &Tensor) -> Result<Tensor, Error> {
        Ok((unit(x)? * (self.shape.width as f64).sqrt())?)
    }
}

impl Body for Sums {
    fn forward(&mut self, sentences: &[Vec<u32>]) -> Result<Tensor, Error> {
        self.pass = Pass::default();
        let rows = sentences.iter().map(|tokens| self.shape.read(tokens)).collect();
        let mut x = self.pass.sums(&self.words, rows)?;
        if self.shape.filters > 0 {
            x = self.convolved(&x, sentences)?;
        }
        for layer in 0..self.shape.layers {
            let dense = &self.learned.dense;
            let [up, up_bias, down, down_bias] = Layer::names(layer, self.shape).map(|(name, _)| dense.get(&name));
            let scaled = self.scaled(&x)?;
            let inner = scaled.matmul(up?)?.broadcast_add(up_bias?)?.gelu()?;
            x = (scaled + inner.matmul(down?)?.broadcast_add(down_bias?)?)?;
        }
        Ok(x)
    }

    fn update(&mut self, gradients: &GradStore, step: Step) -> Result<(), Error> {
        self.learned.update(gradients, step)?;
        // Rows move once for all sums that they are in.
        let (mut rows, mut sums) = (Vec::new(), Vec::new());
        for Summed { rows: summed, leaf } in &self.pass.0 {
            if let Some(gradient) = gradients.get(leaf) {
                rows.extend(summed.iter().map(Vec::as_slice));
                sums.extend(gradient.flatten_all()?.to_vec1::<f32>()?);
            }
        }
        if !rows.is_empty() {
            self.words.update(&Uses::new(&rows), &sums, &step);
        }
        Ok(())
    }

    fn served(&self) -> Result<sentence::Body, Error> {
        let averaged = Averaged::new(self.shape, self.words.values(), |name| self.learned.dense.values(name))?;
        Ok(sentence::Body::Averaged(Arc::new(averaged)))
    }

    fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        put_words(&self.words, columns);
        self.learned.put(columns)
    }

    fn take(&mut self, stored: &Stored) -> Result<(), Error> {
        take_words(&mut self.words, stored)?;
        self.learned.take(stored)
    }
}
