//! A sentence encoder while it learns: a table of rows with a way back of its own, dense layers with candle's.

use candle_core::{Device, Tensor, Var};

use super::averaged::{Averaged, Layer, Shape};
use super::loss::{self, unit};
use crate::Error;
use crate::columns::{Columns, Stored};
use crate::dense::{AdamW, Dense};
use crate::random::Random;
use crate::table::{Step, Table, Uses};

/// Deviation of a fresh row's values.
const ROW_DEVIATION: f32 = 0.05;
/// What is alike is told at this temperature.
const TEMPERATURE: f64 = 0.05;
/// How much the relations among sentences count beside each sentence's own vector.
const RELATIONS: f64 = 1.0;
/// Fewer sentences of a batch than this say nothing about relations.
const FEWEST: usize = 8;

/// What a teacher says of some sentences of a batch.
pub(super) struct Says {
    /// Places of the sentences in the batch.
    pub rows: Vec<u32>,
    /// Vectors of length 1, one after another.
    pub vectors: Vec<f32>,
    pub dim: usize,
}

/// An encoder with all that its training keeps between steps.
pub(super) struct Student {
    pub shape: Shape,
    words: Table,
    dense: Dense,
    optimiser: AdamW,
}

fn teacher_name(teacher: usize) -> String {
    format!("teacher.{teacher}.weight")
}

impl Student {
    /// A student that knows nothing, with a matrix from its vectors to those of each teacher.
    pub(super) fn new(shape: Shape, teachers: &[usize], seed: u64) -> Result<Self, Error> {
        let mut random = Random::new(seed, 11);
        let mut dense = Dense::default();
        for layer in 0..shape.layers {
            let [up, up_bias, down, down_bias] = Layer::names(layer, shape);
            let deviation = (1.0 / shape.width as f32).sqrt();
            dense.add_drawn(&up.0, (shape.width, shape.inner), || random.normal() * deviation)?;
            dense.add_constant(&up_bias.0, shape.inner, 0.0)?;
            // The way past a layer is all there is at first.
            dense.add(&down.0, vec![0.0; shape.inner * shape.width], (shape.inner, shape.width))?;
            dense.add_constant(&down_bias.0, shape.width, 0.0)?;
        }
        for (teacher, dim) in teachers.iter().enumerate() {
            let deviation = (1.0 / shape.width as f32).sqrt();
            dense.add_drawn(&teacher_name(teacher), (shape.width, *dim), || random.normal() * deviation)?;
        }
        let words = Table::random(shape.rows(), shape.width, ROW_DEVIATION, &mut random);
        Ok(Self { shape, words, dense, optimiser: AdamW::default() })
    }

    /// One step towards the teachers on a batch of sentences' tokens; the answer is the loss before it.
    pub(super) fn step(&mut self, sentences: &[Vec<u32>], said: &[Says], step: Step) -> Result<f32, Error> {
        let rows: Vec<Vec<(u32, f32)>> = sentences.iter().map(|tokens| self.shape.read(tokens)).collect();
        let rows: Vec<&[(u32, f32)]> = rows.iter().map(Vec::as_slice).collect();
        let sums = Tensor::from_vec(self.words.sums(&rows), (rows.len(), self.shape.width), &Device::Cpu)?;
        let leaf = Var::from_tensor(&sums)?;
        let vectors = self.forward(leaf.as_tensor())?;
        let loss = self.loss(&vectors, said)?;
        let gradients = loss.backward()?;
        self.optimiser.step(&self.dense, &gradients, step)?;
        if let Some(gradient) = gradients.get(&leaf) {
            self.words.update(&Uses::new(&rows), &gradient.flatten_all()?.to_vec1::<f32>()?, &step);
        }
        Ok(loss.to_scalar()?)
    }

    /// Vectors of length 1 from sums of rows `[n, width]`.
    fn forward(&self, sums: &Tensor) -> Result<Tensor, Error> {
        let mut x = sums.clone();
        for layer in 0..self.shape.layers {
            let [up, up_bias, down, down_bias] = Layer::names(layer, self.shape).map(|(name, _)| self.dense.get(&name));
            let scaled = (unit(&x)? * (self.shape.width as f64).sqrt())?;
            let inner = scaled.matmul(up?)?.broadcast_add(up_bias?)?.gelu()?;
            x = (scaled + inner.matmul(down?)?.broadcast_add(down_bias?)?)?;
        }
        unit(&x)
    }

    fn loss(&self, vectors: &Tensor, said: &[Says]) -> Result<Tensor, Error> {
        let mut sum = Tensor::zeros((), vectors.dtype(), &Device::Cpu)?;
        for (teacher, Says { rows, vectors: target, dim }) in said.iter().enumerate() {
            if rows.len() < FEWEST {
                continue;
            }
            let mine = vectors.index_select(&Tensor::from_slice(rows, rows.len(), &Device::Cpu)?, 0)?;
            let target = Tensor::from_slice(target, (rows.len(), *dim), &Device::Cpu)?;
            let told = unit(&mine.matmul(self.dense.get(&teacher_name(teacher))?)?)?;
            let share = rows.len() as f64 / vectors.dim(0)? as f64;
            let relations = (loss::relations(&mine, &target, TEMPERATURE)? * RELATIONS)?;
            sum = (sum + ((loss::apart(&told, &target)? + relations)? * share)?)?;
        }
        Ok(sum)
    }

    /// The encoder as it is now, for serving.
    pub(super) fn averaged(&self) -> Result<Averaged, Error> {
        let mut layers = Vec::with_capacity(self.shape.layers);
        for layer in 0..self.shape.layers {
            let [up, up_bias, down, down_bias] =
                Layer::names(layer, self.shape).map(|(name, _)| self.dense.values(&name));
            layers.push(Layer { up: up?, up_bias: up_bias?, down: down?, down_bias: down_bias? });
        }
        Ok(Averaged::new(self.shape, self.words.values(), layers))
    }

    /// Adds all that is needed to go on from here.
    pub(super) fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        for (part, values) in ["values", "first", "second"].into_iter().zip(self.words.state()) {
            columns.floats(format!("words.{part}"), values);
        }
        for (name, _) in self.dense.iter() {
            let [first, second] = self.optimiser.moments(name);
            columns.floats(format!("{name}.values"), self.dense.values(name)?);
            columns.floats(format!("{name}.first"), first);
            columns.floats(format!("{name}.second"), second);
        }
        Ok(())
    }

    /// Puts back what [`Student::put`] wrote.
    pub(super) fn take(&mut self, stored: &Stored) -> Result<(), Error> {
        let read = |name: &str, part: &str| stored.floats(&format!("{name}.{part}"));
        let words = [read("words", "values")?, read("words", "first")?, read("words", "second")?];
        self.words.put_back(words).ok_or_else(|| stored.damaged())?;
        let names: Vec<String> = self.dense.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            self.dense.put_back(&name, read(&name, "values")?).ok_or_else(|| stored.damaged())?;
            self.optimiser.put_back(&name, [read(&name, "first")?, read(&name, "second")?]);
        }
        Ok(())
    }
}
