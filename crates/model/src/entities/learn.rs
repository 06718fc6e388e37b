//! Learns a random field's weights from lessons, pass by pass, beside a base that stays or learns too.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

use super::descent::{Batch, Descent, Outcome, Rates, View, sums};
use super::labels::Labels;
use super::lattice::Transitions;
use super::pieces::{Pieces, Seen};
use super::projection::Projection;
use crate::encoder::bert::{Bert, Dropout, Trainer};
use crate::random::Random;
use crate::table::{Step, Table};
use crate::train::Watcher;
use crate::{Control, Progress, Validation};

/// Messages that are checked at a time.
const CHECKED: usize = 32;
/// Highest rates of what a base's states say, and of a base that is tuned; they rise first and then shrink.
const STATES_RATE: f32 = 1e-3;
const BASE_RATE: f32 = 1e-4;
const WARMUP: f32 = 0.1;
const DECAY: f32 = 0.01;
/// Share of a base's states left out, and of what stands between them.
const STATES_DROPOUT: f32 = 0.1;
const BASE_DROPOUT: f32 = 0.1;
/// Share of features left out at random; the rest counts for more.
const DROPOUT: f32 = 0.3;
/// How often a message is learned from with words hidden, where it can be.
const HIDING: f32 = 0.2;
/// Strength of the penalty, shared by all messages, and the most of it that one takes.
const PENALTY: f32 = 2.0;
const MOST_PENALTY: f32 = 2e-3;

/// A part of learning with a schedule of its own.
#[derive(Debug, Clone, Copy)]
struct Stage {
    /// Whether a base's encoder learns too.
    tunes: bool,
    /// Messages to learn from, passes times messages, and the fewest and most passes.
    messages: usize,
    epochs: (usize, usize),
    /// Messages of a step.
    batch: usize,
    /// The first step's size for features; later ones shrink to nothing.
    rate: f32,
    /// Steps between two reports.
    report: u64,
}

/// All there is to learn where no encoder does.
const FIELD: Stage = Stage { tunes: false, messages: 20_000, epochs: (20, 80), batch: 8, rate: 0.05, report: 1000 };
/// Before an encoder is tuned, the field learns over its states as they are, so that it says something of use.
const BEFORE_TUNING: Stage = Stage { messages: 10_000, epochs: (5, 40), ..FIELD };
const TUNING: Stage = Stage { tunes: true, messages: 15_000, epochs: (4, 15), batch: 16, rate: 0.01, report: 25 };

/// A message to learn from: each token's rows of the table, and its tag.
#[derive(Debug, Clone)]
pub(crate) struct Lesson {
    pub rows: Vec<Vec<u32>>,
    /// The same with words hidden, taken instead now and then.
    pub hiding: Option<Vec<Vec<u32>>>,
    pub labels: Vec<usize>,
    /// What a base reads of it; nothing without a base.
    pub pieces: Pieces,
    /// The base's states of the pieces, `[pieces, hidden]`, as the base is before it is tuned.
    pub states: Vec<f16>,
}

impl Lesson {
    /// The message with some features left out, and its words now and then.
    fn thinned(&self, random: &mut Random) -> View<'_> {
        let rows = self.hiding.as_ref().filter(|_| random.uniform() < HIDING).unwrap_or(&self.rows);
        let mut thin = |rows: &Vec<u32>| rows.iter().copied().filter(|_| random.uniform() >= DROPOUT).collect();
        View { rows: rows.iter().map(&mut thin).collect(), labels: &self.labels, pieces: &self.pieces }
    }

    fn whole(&self) -> View<'_> {
        View { rows: self.rows.clone(), labels: &self.labels, pieces: &self.pieces }
    }
}

/// What there is to learn from beside features.
#[derive(Debug)]
pub(crate) enum Beside<'a> {
    Nothing,
    /// States of so many numbers that lessons bring with them.
    Kept(usize),
    /// A base's encoder that learns too.
    Tuned(&'a mut Bert, &'a mut Table),
}

impl Beside<'_> {
    fn hidden(&self) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Kept(hidden) => Some(*hidden),
            Self::Tuned(bert, _) => Some(bert.config.hidden_size),
        }
    }

    /// States of lessons at a stage, with nothing dropped.
    fn states(&self, lessons: &[Lesson], stage: Stage) -> Vec<f32> {
        match self {
            Self::Tuned(bert, words) if stage.tunes => {
                let ids: Vec<&[u32]> = lessons.iter().map(|lesson| lesson.pieces.ids.as_slice()).collect();
                bert.states(words, &ids)
            }
            _ => lessons.iter().flat_map(|lesson| lesson.states.to_f32_vec()).collect(),
        }
    }
}

/// How long and how fast an encoder is tuned, where somebody has said so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    pub epochs: Option<u32>,
    pub base_rate: Option<f32>,
}

/// What one fit learns from.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    pub lessons: &'a [Lesson],
    /// Lessons that are only looked at, after each pass.
    pub checks: &'a [Lesson],
    pub labels: Labels,
    /// Features are rows below this.
    pub n_features: usize,
    pub pace: Pace,
    pub seed: u64,
}

/// The weights of a linear-chain random field.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    pub labels: Labels,
    /// `[feature, tag]`.
    pub table: Table,
    /// `[from, to]` in one row.
    pub steps: Table,
    /// What a base's states say, where there is a base.
    pub projection: Option<Projection>,
}

impl Weights {
    /// Learns a course; an encoder beside it is moved too.
    pub(crate) fn learn(course: &Course<'_>, beside: Beside<'_>, watcher: &mut Watcher<'_>) -> Self {
        let descent = Descent::new(course.labels, course.n_features, beside.hidden());
        let mut pass = Pass {
            course,
            beside,
            descent,
            trainer: Trainer::default(),
            random: Random::new(course.seed, 7),
            stage: FIELD,
            step: 0,
            seen: 0,
        };
        pass.run(watcher);
        let (descent, n) = (pass.descent, course.labels.len());
        let table = Table::from_values(descent.values(), n);
        let steps = Table::from_values(descent.steps, n * n);
        let mut weights = Self { labels: course.labels, table, steps, projection: descent.projection };
        weights.table.round();
        weights.steps.round();
        weights.projection.iter_mut().for_each(|projection| projection.table.round());
        weights
    }

    /// The scores of steps from tag to tag, made ready.
    pub(crate) fn transitions(&self) -> Transitions {
        Transitions::new(self.labels, self.steps.row(0))
    }

    /// The scores of each token's tags, `[token, tag]`, from its features' rows and what a base saw of the message.
    pub(crate) fn scores(&self, rows: &[Vec<u32>], seen: Option<Seen<'_>>) -> Vec<f32> {
        let n = self.labels.len();
        let mut scores = sums(self.table.values(), n, rows);
        if let (Some(projection), Some(Seen { pieces, states })) = (&self.projection, seen) {
            pieces.gather(&projection.said(states), &mut scores, n);
        }
        scores
    }
}

/// The passes of one fit over its lessons.
struct Pass<'a> {
    course: &'a Course<'a>,
    beside: Beside<'a>,
    descent: Descent,
    trainer: Trainer,
    random: Random,
    stage: Stage,
    /// Steps of the stage so far, and lessons.
    step: u64,
    seen: usize,
}

impl Pass<'_> {
    fn run(&mut self, watcher: &mut Watcher<'_>) {
        let stages: &[Stage] = if let Beside::Tuned(..) = self.beside { &[BEFORE_TUNING, TUNING] } else { &[FIELD] };
        for stage in stages {
            (self.stage, self.step, self.seen) = (*stage, 0, 0);
            if self.passes(watcher) == Control::Stop {
                break;
            }
        }
    }

    /// The passes of one stage.
    fn passes(&mut self, watcher: &mut Watcher<'_>) -> Control {
        let stage = self.stage;
        let n = self.course.lessons.len().max(1);
        let asked = self.course.pace.epochs.filter(|_| stage.tunes).map(|epochs| epochs.max(1) as usize);
        let epochs = asked.unwrap_or((stage.messages / n).clamp(stage.epochs.0, stage.epochs.1));
        let steps = (epochs * n.div_ceil(stage.batch)) as u64;
        let mut order: Vec<usize> = (0..self.course.lessons.len()).collect();
        for epoch in 1..=epochs {
            self.random.shuffle(&mut order);
            let place = Progress { epoch: epoch as u32, epochs: epochs as u32, steps, ..Progress::default() };
            let (mut sum, mut seen, mut unreported) = (Outcome::default(), 0, 0);
            for chunk in order.chunks(stage.batch) {
                sum.add(&self.learn(chunk, epochs * n));
                (seen, unreported) = (seen + chunk.len(), unreported + chunk.len());
                if self.step.is_multiple_of(stage.report)
                    && watcher.tell(self.progress(place, &sum, seen), std::mem::take(&mut unreported)) == Control::Stop
                {
                    return Control::Stop;
                }
            }
            let progress = Progress { validation: self.validate(), ..self.progress(place, &sum, seen) };
            if watcher.tell(progress, unreported) == Control::Stop {
                return Control::Stop;
            }
        }
        Control::Continue
    }

    /// One step on some lessons, of so many to come in all passes.
    fn learn(&mut self, chunk: &[usize], total: usize) -> Outcome {
        self.step += 1;
        let share = self.seen as f32 / total as f32;
        let left = 1.0 - share;
        let height = (share / WARMUP).min(left / (1.0 - WARMUP)).min(1.0);
        let (lessons, stage) = (self.course.lessons, self.stage);
        let views: Vec<View<'_>> = chunk.iter().map(|index| lessons[*index].thinned(&mut self.random)).collect();
        let mut states = match &mut self.beside {
            Beside::Tuned(bert, words) if stage.tunes => {
                let ids: Vec<&[u32]> = views.iter().map(|view| view.pieces.ids.as_slice()).collect();
                let inside = Dropout::new(BASE_DROPOUT, self.random.bits());
                self.trainer.states(bert, words, &ids, inside).to_vec()
            }
            _ => chunk.iter().flat_map(|index| lessons[*index].states.to_f32_vec()).collect(),
        };
        let mask = self.random.dropout_mask(states.len(), STATES_DROPOUT);
        multiply(&mut states, &mask);
        let penalty = (PENALTY / lessons.len().max(1) as f32).min(MOST_PENALTY);
        let rates = Rates { rate: stage.rate * left, penalty, step: Step::new(STATES_RATE * height, DECAY, self.step) };
        let mut outcome = self.descent.step(&Batch { views, factor: 1.0 / (1.0 - DROPOUT), states }, &rates);
        if let (Beside::Tuned(bert, words), true) = (&mut self.beside, stage.tunes) {
            multiply(&mut outcome.states, &mask);
            let rate = self.course.pace.base_rate.unwrap_or(BASE_RATE);
            self.trainer.step_states(bert, words, &outcome.states, Step::new(rate * height, DECAY, self.step));
        }
        self.seen += chunk.len();
        outcome
    }

    fn progress(&self, place: Progress, sum: &Outcome, seen: usize) -> Progress {
        let loss = (sum.loss / seen.max(1) as f64) as f32;
        Progress { step: self.step, loss, train_accuracy: sum.right as f32 / sum.tokens.max(1) as f32, ..place }
    }

    /// The checks' mean loss, and the share of their tokens whose likeliest tag is right; nothing without checks.
    fn validate(&self) -> Option<Validation> {
        let mut sum = Outcome::default();
        for lessons in self.course.checks.chunks(CHECKED) {
            let views = lessons.iter().map(Lesson::whole).collect();
            sum.add(&self.descent.judge(&Batch {
                views,
                factor: 1.0,
                states: self.beside.states(lessons, self.stage),
            }));
        }
        let loss = (sum.loss / self.course.checks.len().max(1) as f64) as f32;
        let accuracy = sum.right as f32 / sum.tokens.max(1) as f32;
        (!self.course.checks.is_empty()).then_some(Validation { loss, accuracy })
    }
}

fn multiply(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}
