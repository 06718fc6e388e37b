//! The passes of a distillation: which sentences come together, what their teachers say, and where it goes on after a
//! break.

use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::student::{Architecture, Says, Student};
use super::teacher::Teacher;
use super::{MAX_TOKENS, SentenceEncoder, Shape, noise, pieces};
use crate::columns::{Columns, Stored};
use crate::random::Random;
use crate::table::Step;
use crate::tokens::Tokenizer;
use crate::{Control, Error};

/// Share of the steps in which the rate rises.
const WARM_UP: f32 = 0.03;
/// Time between two checkpoints.
const PAUSE: Duration = Duration::from_secs(120);
/// Steps between two reports.
const REPORT_STEPS: u64 = 20;
/// How fast the reported loss follows the last one.
const FOLLOW: f32 = 0.02;

/// A sentence to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// How often it is read in each pass.
    pub times: u32,
    /// The line that means the same, such as its translation; their teachers' vectors are those of both.
    pub same: Option<usize>,
}

/// How a student learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistilOptions {
    /// What it is made of, and its sizes; the vocabulary is an upper bound.
    pub architecture: Architecture,
    /// Passes over all lines.
    pub epochs: u32,
    /// Sentences of a step.
    pub batch_size: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// Weight decay of dense weights.
    pub weight_decay: f32,
    /// Share of the sentences that the student reads with slips of the keyboard.
    pub noise: f32,
    /// Seed of everything that is left to chance.
    pub seed: u64,
}

impl Default for DistilOptions {
    fn default() -> Self {
        Self {
            architecture: Architecture::Averaged(Shape {
                vocabulary: 24_000,
                pairs: 0,
                filters: 0,
                width: 384,
                inner: 1024,
                layers: 1,
            }),
            epochs: 20,
            batch_size: 512,
            learning_rate: 3e-3,
            weight_decay: 0.01,
            noise: 0.3,
            seed: 1,
        }
    }
}

/// How far a distillation is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DistilProgress {
    /// Pass, from 1, and how many there are.
    pub epoch: u32,
    /// How many passes there are.
    pub epochs: u32,
    /// Steps done of all passes.
    pub step: u64,
    /// Steps of all passes.
    pub steps: u64,
    /// A moving mean of the loss.
    pub loss: f32,
    /// Sentences a second since it began or went on.
    pub rate: f32,
    /// Seconds left at that rate.
    pub seconds_left: f32,
}

/// Where a distillation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    step: u64,
    loss: f32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    key: String,
    place: Place,
    tokenizer: String,
}

/// Teaches a student to give the vectors of its teachers. What is needed to go on is written to `state` every few
/// minutes, and an earlier run of the same `key` goes on from there, with the same result as one without a break.
pub fn distil(
    lines: &[Line],
    teachers: &[Teacher<'_>],
    options: &DistilOptions,
    (state, key): (&Path, &str),
    watch: &mut dyn FnMut(&DistilProgress) -> Control,
) -> Result<SentenceEncoder, Error> {
    if lines.is_empty() || teachers.is_empty() {
        return Err(Error::Data {
            found: "no line of text or no teacher".into(),
            remedy: "give at least one of each".into(),
        });
    }
    let texts: Vec<String> = lines.par_iter().map(|line| text::normalise(&line.text).as_str().to_owned()).collect();
    let earlier = earlier(state, key)?;
    let tokenizer = match &earlier {
        Some((_, facts)) => facts.tokenizer()?,
        None => {
            let plain = matches!(options.architecture, Architecture::Transformer(_));
            pieces::learn(texts.iter().map(String::as_str), options.architecture.vocabulary(), plain)?
        }
    };
    let architecture = options.architecture.with_vocabulary(tokenizer.len());
    let dims: Vec<usize> = teachers.iter().map(|teacher| teacher.dim).collect();
    let mut student = Student::new(architecture, &dims, options.seed)?;
    let mut place = Place::default();
    if let Some((stored, facts)) = earlier {
        student.take(&stored)?;
        place = facts.place;
    }
    let means = teachers.iter().map(|teacher| teacher.means(&texts)).collect();
    let order = lines.iter().zip(0..).flat_map(|(line, at)| std::iter::repeat_n(at, line.times as usize)).collect();
    let mut course = Course { lines, texts: &texts, teachers, means, options, tokenizer: &tokenizer, order, place };
    course.run(&mut student, (state, key), watch)?;
    Ok(SentenceEncoder { body: student.served()?, tokenizer })
}

impl Facts {
    fn tokenizer(&self) -> Result<Tokenizer, Error> {
        Tokenizer::from_json(self.tokenizer.as_bytes(), Path::new("the checkpoint"))
    }
}

/// What an earlier run of the same key has left.
fn earlier(state: &Path, key: &str) -> Result<Option<(Stored, Facts)>, Error> {
    if !state.exists() {
        return Ok(None);
    }
    let stored = Stored::open(state)?;
    let facts: Facts = stored.facts()?;
    if facts.key == key { Ok(Some((stored, facts))) } else { Err(stored.other()) }
}

/// When a run began, at which step, and how many steps there are of all.
struct Clock {
    begun: Instant,
    first: u64,
    steps: u64,
}

/// All passes over the lines.
struct Course<'a> {
    lines: &'a [Line],
    texts: &'a [String],
    teachers: &'a [Teacher<'a>],
    means: Vec<[Vec<f32>; 2]>,
    options: &'a DistilOptions,
    tokenizer: &'a Tokenizer,
    /// Lines of a pass, before they are shuffled.
    order: Vec<usize>,
    place: Place,
}

impl Course<'_> {
    fn run(
        &mut self,
        student: &mut Student,
        (state, key): (&Path, &str),
        watch: &mut dyn FnMut(&DistilProgress) -> Control,
    ) -> Result<(), Error> {
        let size = self.options.batch_size;
        let steps_each = self.order.len().div_ceil(size) as u64;
        let clock =
            Clock { begun: Instant::now(), first: self.place.step, steps: steps_each * u64::from(self.options.epochs) };
        let mut written = Instant::now();
        let mut order = Vec::new();
        while self.place.step < clock.steps {
            let (epoch, at) = (self.place.step / steps_each, (self.place.step % steps_each) as usize);
            if order.is_empty() || at == 0 {
                order.clone_from(&self.order);
                Random::new(self.options.seed, 1000 + epoch).shuffle(&mut order);
            }
            let loss = self.step(student, &order[at * size..order.len().min((at + 1) * size)], clock.steps)?;
            let follow = if self.place.step == 0 { 1.0 } else { FOLLOW };
            self.place.loss += follow * (loss - self.place.loss);
            self.place.step += 1;
            let is_done = self.place.step == clock.steps;
            if !is_done && !self.place.step.is_multiple_of(REPORT_STEPS) {
                continue;
            }
            let stop = watch(&self.progress(epoch as u32 + 1, &clock)) == Control::Stop;
            if stop || is_done || written.elapsed() > PAUSE {
                self.keep(student, state, key)?;
                written = Instant::now();
            }
            if stop {
                break;
            }
        }
        Ok(())
    }

    fn progress(&self, epoch: u32, clock: &Clock) -> DistilProgress {
        let step = self.place.step;
        let each = clock.begun.elapsed().as_secs_f32() / (step - clock.first).max(1) as f32;
        DistilProgress {
            epoch,
            epochs: self.options.epochs,
            step,
            steps: clock.steps,
            loss: self.place.loss,
            rate: self.options.batch_size as f32 / each.max(1e-9),
            seconds_left: each * (clock.steps - step) as f32,
        }
    }

    /// One step on a batch of lines.
    fn step(&self, student: &mut Student, batch: &[usize], steps: u64) -> Result<f32, Error> {
        let sentences: Vec<Vec<u32>> = batch.par_iter().map(|line| self.read(*line)).collect();
        let said: Vec<Says> = self
            .teachers
            .iter()
            .zip(&self.means)
            .map(|(teacher, means)| teacher.says(batch, self.lines, self.texts, means))
            .collect();
        let number = self.place.step + 1;
        let (done, rising) = (number as f32 / steps as f32, WARM_UP);
        let height = if done < rising { done / rising } else { (1.0 - done) / (1.0 - rising) };
        let rate = self.options.learning_rate * height.max(1e-3);
        student.step(&sentences, &said, Step::new(rate, self.options.weight_decay, number))
    }

    /// Tokens of a line, as it is or with slips; each pass makes others.
    fn read(&self, line: usize) -> Vec<u32> {
        let text = &self.texts[line];
        let mut random = Random::new(self.options.seed ^ (self.place.step << 20), 5000 + line as u64);
        if random.uniform() < self.options.noise {
            return self.tokenizer.encode(&noise::hurried(text, &mut random), MAX_TOKENS, false);
        }
        self.tokenizer.encode(text, MAX_TOKENS, false)
    }

    fn keep(&self, student: &Student, state: &Path, key: &str) -> Result<(), Error> {
        let mut columns = Columns::default();
        student.put(&mut columns)?;
        let tokenizer = self.tokenizer.to_json()?;
        columns.write(state, &Facts { key: key.to_owned(), place: self.place, tokenizer })
    }
}
