//! The passes of one fit over its lessons, stage by stage: the field first, and where an encoder is tuned, both.

use half::slice::HalfFloatSliceExt as _;

use super::descent::{Batch, Descent, Outcome, Rates, View};
use super::learn::{Beside, Course, DROPOUT, Lesson};
use crate::encoder::bert::{Dropout, HostTrainer};
use crate::random::Random;
use crate::table::Step;
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

/// The passes of one fit over its lessons.
pub(super) struct Pass<'a> {
    course: &'a Course<'a>,
    beside: Beside<'a>,
    descent: Descent,
    trainer: HostTrainer,
    random: Random,
    stage: Stage,
    /// Steps of the stage so far, and lessons.
    step: u64,
    seen: usize,
}

impl<'a> Pass<'a> {
    pub(super) fn new(course: &'a Course<'a>, beside: Beside<'a>, descent: Descent) -> Self {
        let (trainer, random) = (HostTrainer::default(), Random::new(course.seed, 7));
        Self { course, beside, descent, trainer, random, stage: FIELD, step: 0, seen: 0 }
    }

    /// Learns all stages, or fewer when somebody asks to stop.
    pub(super) fn run(mut self, watcher: &mut Watcher<'_>) -> Descent {
        let stages: &[Stage] = if let Beside::Tuned(..) = self.beside { &[BEFORE_TUNING, TUNING] } else { &[FIELD] };
        for stage in stages {
            (self.stage, self.step, self.seen) = (*stage, 0, 0);
            if self.passes(watcher) == Control::Stop {
                break;
            }
        }
        self.descent
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
            sum.add(&self.descent.judge(&Batch { views, factor: 1.0, states: self.states(lessons) }));
        }
        let loss = (sum.loss / self.course.checks.len().max(1) as f64) as f32;
        let accuracy = sum.right as f32 / sum.tokens.max(1) as f32;
        (!self.course.checks.is_empty()).then_some(Validation { loss, accuracy })
    }

    /// States of lessons at this stage, with nothing dropped.
    fn states(&self, lessons: &[Lesson]) -> Vec<f32> {
        match &self.beside {
            Beside::Tuned(bert, words) if self.stage.tunes => {
                let ids: Vec<&[u32]> = lessons.iter().map(|lesson| lesson.pieces.ids.as_slice()).collect();
                bert.states(words, &ids)
            }
            _ => lessons.iter().flat_map(|lesson| lesson.states.to_f32_vec()).collect(),
        }
    }
}

fn multiply(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}
