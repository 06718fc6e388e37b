//! A sentence encoder while it learns: a body that makes vectors, and what its teachers make of them.

mod sums;
mod transformer;

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::averaged::Shape;
use super::loss::{self, unit};
use crate::columns::{Columns, Stored};
use crate::dense::{AdamW, Dense};
use crate::random::Random;
use crate::table::{Step, Table};
use crate::{Error, sentence};
use sums::Sums;
use transformer::Attentive;
pub use transformer::TransformerShape;

/// Deviation of a fresh row's values.
const ROW_DEVIATION: f32 = 0.05;
/// What is alike is told at this temperature.
const TEMPERATURE: f64 = 0.05;
/// How much the relations among sentences count beside each sentence's own vector.
const RELATIONS: f64 = 1.0;
/// Fewer sentences of a batch than this say nothing about relations.
const FEWEST: usize = 8;

/// What a student is made of, and its sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Sums of rows with dense layers over them, and convolutions where the sizes say so.
    Averaged(Shape),
    /// A BERT, whose vector is the mean over its tokens.
    Transformer(TransformerShape),
}

impl Architecture {
    /// Most pieces of its vocabulary.
    pub(super) fn vocabulary(self) -> usize {
        match self {
            Self::Averaged(shape) => shape.vocabulary,
            Self::Transformer(shape) => shape.vocabulary,
        }
    }

    /// The same with a vocabulary of so many pieces.
    pub(super) fn with_vocabulary(self, vocabulary: usize) -> Self {
        match self {
            Self::Averaged(shape) => Self::Averaged(Shape { vocabulary, ..shape }),
            Self::Transformer(shape) => Self::Transformer(TransformerShape { vocabulary, ..shape }),
        }
    }

    fn width(self) -> usize {
        match self {
            Self::Averaged(shape) => shape.width,
            Self::Transformer(shape) => shape.width,
        }
    }

    fn rows(self) -> usize {
        match self {
            Self::Averaged(shape) => shape.rows(),
            Self::Transformer(shape) => shape.vocabulary,
        }
    }
}

/// What makes vectors of sentences, with all that its training keeps between steps.
trait Body {
    /// Vectors `[sentences, width]` of any length, from which the loss finds its way back.
    fn forward(&mut self, sentences: &[Vec<u32>]) -> Result<Tensor, Error>;

    /// Moves all weights, given the gradients of the loss of the last pass.
    fn update(&mut self, gradients: &GradStore, step: Step) -> Result<(), Error>;

    /// The encoder as it is now, for serving.
    fn served(&self) -> Result<sentence::Body, Error>;

    /// Adds all that is needed to go on from here.
    fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error>;

    /// Puts back what [`Body::put`] wrote.
    fn take(&mut self, stored: &Stored) -> Result<(), Error>;
}

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
    body: Box<dyn Body>,
    /// A matrix from its vectors to those of each teacher.
    teachers: Learned,
}

fn teacher_name(teacher: usize) -> String {
    format!("teacher.{teacher}.weight")
}

impl Student {
    /// A student that knows nothing, of teachers with vectors of these many values.
    pub(super) fn new(architecture: Architecture, teachers: &[usize], seed: u64) -> Result<Self, Error> {
        let mut random = Random::new(seed, 11);
        let width = architecture.width();
        let dense = match architecture {
            Architecture::Averaged(shape) => sums::fresh(shape, &mut random)?,
            Architecture::Transformer(_) => Dense::default(),
        };
        let mut matrices = Dense::default();
        for (teacher, dim) in teachers.iter().enumerate() {
            let deviation = (1.0 / width as f32).sqrt();
            matrices.add_drawn(&teacher_name(teacher), (width, *dim), || random.normal() * deviation)?;
        }
        let words = Table::random(architecture.rows(), width, ROW_DEVIATION, &mut random);
        let body: Box<dyn Body> = match architecture {
            Architecture::Averaged(shape) => Box::new(Sums::new(shape, words, Learned::new(dense))),
            Architecture::Transformer(shape) => Box::new(Attentive::new(shape, words, &mut random)?),
        };
        Ok(Self { body, teachers: Learned::new(matrices) })
    }

    /// One step towards the teachers on a batch of sentences' tokens; the answer is the loss before it.
    pub(super) fn step(&mut self, sentences: &[Vec<u32>], said: &[Says], step: Step) -> Result<f32, Error> {
        let vectors = unit(&self.body.forward(sentences)?)?;
        let loss = self.loss(&vectors, said)?;
        let gradients = loss.backward()?;
        self.teachers.update(&gradients, step)?;
        self.body.update(&gradients, step)?;
        Ok(loss.to_scalar()?)
    }

    fn loss(&self, vectors: &Tensor, said: &[Says]) -> Result<Tensor, Error> {
        let mut sum = Tensor::zeros((), vectors.dtype(), &Device::Cpu)?;
        for (teacher, Says { rows, vectors: target, dim }) in said.iter().enumerate() {
            if rows.len() < FEWEST {
                continue;
            }
            let mine = vectors.index_select(&Tensor::from_slice(rows, rows.len(), &Device::Cpu)?, 0)?;
            let target = Tensor::from_slice(target, (rows.len(), *dim), &Device::Cpu)?;
            let told = unit(&mine.matmul(self.teachers.dense.get(&teacher_name(teacher))?)?)?;
            let share = rows.len() as f64 / vectors.dim(0)? as f64;
            let relations = (loss::relations(&mine, &target, TEMPERATURE)? * RELATIONS)?;
            sum = (sum + ((loss::apart(&told, &target)? + relations)? * share)?)?;
        }
        Ok(sum)
    }

    /// The encoder as it is now, for serving.
    pub(super) fn served(&self) -> Result<sentence::Body, Error> {
        self.body.served()
    }

    /// Adds all that is needed to go on from here.
    pub(super) fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        self.teachers.put(columns)?;
        self.body.put(columns)
    }

    /// Puts back what [`Student::put`] wrote.
    pub(super) fn take(&mut self, stored: &Stored) -> Result<(), Error> {
        self.teachers.take(stored)?;
        self.body.take(stored)
    }
}

/// Dense weights with their optimiser.
struct Learned {
    dense: Dense,
    optimiser: AdamW,
}

impl Learned {
    fn new(dense: Dense) -> Self {
        Self { dense, optimiser: AdamW::default() }
    }

    fn update(&mut self, gradients: &GradStore, step: Step) -> Result<(), Error> {
        self.optimiser.step(&self.dense, gradients, step)
    }

    fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        for (name, _) in self.dense.iter() {
            let [first, second] = self.optimiser.moments(name);
            columns.floats(format!("{name}.values"), self.dense.values(name)?);
            columns.floats(format!("{name}.first"), first);
            columns.floats(format!("{name}.second"), second);
        }
        Ok(())
    }

    fn take(&mut self, stored: &Stored) -> Result<(), Error> {
        let read = |name: &str, part: &str| stored.floats(&format!("{name}.{part}"));
        let names: Vec<String> = self.dense.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            self.dense.put_back(&name, read(&name, "values")?).ok_or_else(|| stored.damaged())?;
            self.optimiser.put_back(&name, [read(&name, "first")?, read(&name, "second")?]);
        }
        Ok(())
    }
}

/// Parts of a table as a checkpoint names them.
const WORDS: [&str; 3] = ["words.values", "words.first", "words.second"];

fn put_words<'a>(words: &'a Table, columns: &mut Columns<'a>) {
    WORDS.into_iter().zip(words.state()).for_each(|(name, values)| columns.floats(name, values));
}

fn take_words(words: &mut Table, stored: &Stored) -> Result<(), Error> {
    let [values, first, second] = WORDS.map(|name| stored.floats(name));
    words.put_back([values?, first?, second?]).ok_or_else(|| stored.damaged())
}
