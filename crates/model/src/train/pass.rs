//! The plan of a fit, stage by stage, and one pass over its rows.

use candle_core::{Device, Tensor};

use super::watcher::Watcher;
use crate::features::Features;
use crate::network::{Batch, Input, Learner, Network, Rates, best};
use crate::random::Random;
use crate::split::Row;
use crate::table::Step;
use crate::{Control, Depth, Error, Progress, TrainOptions, Validation, contrast};

/// Highest learning rate of a pretrained encoder.
const BASE_RATE: f32 = 5e-5;
/// Highest learning rate of a head over a pretrained encoder.
const HEAD_RATE: f32 = 3e-3;
/// Steps of an encoder between two reports.
const REPORT_STEPS: u64 = 50;
/// Most of a base's vector that is dropped before the head.
const DROPOUT_OVER_BASE: f32 = 0.1;

/// Passes over the data in order, each stage going on from what the one before has learnt.
pub(super) struct Plan<'a> {
    pub(super) stages: Vec<Stage>,
    pub(super) options: &'a TrainOptions,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    pub(super) kind: StageKind,
    pub(super) epochs: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StageKind {
    /// The encoder learns by comparing rows.
    Compare,
    /// All but a pretrained encoder learns.
    Head,
    /// Everything learns.
    Whole,
}

impl<'a> Plan<'a> {
    pub(super) fn new(depth: Depth, rows: usize, options: &'a TrainOptions) -> Self {
        let asked = |usual: u32| options.epochs.unwrap_or(usual).max(1);
        // More passes from nothing than these learn wrong labels by heart; over vectors that stay they do no harm.
        let light = (50_000 / rows.max(1)).clamp(10, 25) as u32;
        let head = (200_000 / rows.max(1)).clamp(15, 40) as u32;
        let stage = |kind, epochs| Stage { kind, epochs };
        let stages = match (&options.base, depth) {
            (None, _) => vec![stage(StageKind::Whole, asked(light))],
            (Some(_), Depth::Frozen) => vec![stage(StageKind::Head, asked(head))],
            (Some(_), Depth::FewShot) => {
                vec![stage(StageKind::Compare, asked(8)), stage(StageKind::Head, head)]
            }
            (Some(_), Depth::Full) => {
                vec![stage(StageKind::Head, head), stage(StageKind::Whole, asked(5))]
            }
        };
        Self { stages, options }
    }
}

/// The passes of one stage over its rows.
pub(super) struct Pass<'a> {
    pub(super) network: &'a mut Network,
    pub(super) learner: Learner,
    pub(super) train: &'a [Row],
    pub(super) inputs: &'a [Input],
    pub(super) plan: &'a Plan<'a>,
    pub(super) stage: Stage,
    pub(super) order: Vec<usize>,
    pub(super) step: u64,
    /// Rows done since the last report.
    pub(super) unreported: usize,
}

impl Pass<'_> {
    /// One pass, or less when somebody asks to stop; returns its loss and how many rows came out right.
    pub(super) fn epoch(&mut self, place: Progress, watcher: &mut Watcher<'_>) -> Result<Progress, Error> {
        let options = self.plan.options;
        let batches = match self.stage.kind {
            StageKind::Compare => contrast::batches(self.train, 2 * options.batch_size, &mut self.learner.random),
            _ => {
                self.learner.random.shuffle(&mut self.order);
                self.order.chunks(options.batch_size).map(<[usize]>::to_vec).collect()
            }
        };
        let steps = batches.len() as u64 * u64::from(self.stage.epochs);
        let mut progress = place;
        let (mut loss, mut right, mut seen) = (0.0, 0, 0);
        for chunk in &batches {
            self.step += 1;
            let height = schedule(self.step, steps, options.warmup);
            let (batch_loss, batch_right) = match self.stage.kind {
                StageKind::Compare => (self.compare(chunk, height)?, 0),
                _ => self.classify(chunk, height)?,
            };
            loss += batch_loss * chunk.len() as f32;
            right += batch_right;
            seen += chunk.len();
            self.unreported += chunk.len();
            progress = Progress {
                step: self.step,
                steps,
                loss: loss / seen as f32,
                train_accuracy: right as f32 / seen as f32,
                ..place
            };
            let slow = self.plan.options.base.is_some() && self.stage.kind != StageKind::Head;
            if slow && self.step.is_multiple_of(REPORT_STEPS) {
                let control = watcher.report(progress, std::mem::take(&mut self.unreported));
                if control == Control::Stop {
                    break;
                }
            }
        }
        Ok(progress)
    }

    fn compare(&mut self, chunk: &[usize], height: f32) -> Result<f32, Error> {
        let options = self.plan.options;
        let group: Vec<_> = chunk.iter().map(|index| (&self.inputs[*index], &self.train[*index])).collect();
        let rate = options.learning_rate.unwrap_or(BASE_RATE);
        let step = Step::new(rate * height, options.weight_decay, self.step);
        let seed = self.learner.random.bits();
        contrast::step(self.network, &mut self.learner.trainer, &group, seed, step)
    }

    fn classify(&mut self, chunk: &[usize], height: f32) -> Result<(f32, usize), Error> {
        let options = self.plan.options;
        let tokens_dropout = if options.base.is_some() { 0.0 } else { options.feature_dropout };
        let shares = (options.feature_dropout, tokens_dropout);
        let random = &mut self.learner.random;
        let thinned: Vec<Input> = chunk.iter().map(|index| thin(&self.inputs[*index], shares, random)).collect();
        let rows: Vec<&Row> = chunk.iter().map(|index| &self.train[*index]).collect();
        // Over vectors that stay the head is a plain regression; beside a base little is dropped.
        let over_base = options.base.is_some();
        let smoothing = if over_base && self.stage.kind == StageKind::Head { 0.0 } else { options.label_smoothing };
        let batch = batch(&rows, &thinned, self.network.outputs, smoothing)?;
        let (fresh, base) = self.peaks();
        let rates = Rates {
            step: Step::new(fresh * height, options.weight_decay, self.step),
            base: Step::new(base * height, options.weight_decay, self.step),
            dropout: if over_base { options.dropout.min(DROPOUT_OVER_BASE) } else { options.dropout },
        };
        self.network.step(&batch, &mut self.learner, &rates)
    }

    /// Highest learning rates of the head's weights and of a base's.
    fn peaks(&self) -> (f32, f32) {
        let options = self.plan.options;
        match (&options.base, self.stage.kind) {
            (None, _) => (options.learning_rate.unwrap_or(3e-3), 0.0),
            (Some(_), StageKind::Head) => (HEAD_RATE, 0.0),
            (Some(_), _) => (0.3 * HEAD_RATE, options.learning_rate.unwrap_or(BASE_RATE)),
        }
    }
}

/// The input with some of its n-grams and tokens left out, the rest scaled up.
fn thin(input: &Input, shares: (f32, f32), random: &mut Random) -> Input {
    let (share, token_share) = shares;
    let scale = 1.0 / (1.0 - share);
    let rows = input
        .features
        .rows
        .iter()
        .filter(|_| random.uniform() >= share)
        .map(|(row, weight)| (*row, weight * scale))
        .collect();
    let tokens = input.tokens.iter().copied().filter(|_| random.uniform() >= token_share).collect();
    Input { features: Features { rows, ..Features::default() }, tokens, vector: input.vector.clone() }
}

/// Linear warm-up to 1, then linear decay to 0.
fn schedule(step: u64, steps: u64, warmup: f32) -> f32 {
    let (step, steps) = (step as f32, steps as f32);
    let rising = (steps * warmup).max(1.0);
    if step < rising { step / rising } else { (steps - step + 1.0).max(0.0) / (steps - rising + 1.0).max(1.0) }
}

fn batch<'a>(rows: &[&'a Row], inputs: &'a [Input], outputs: usize, smoothing: f32) -> Result<Batch<'a>, Error> {
    let total: f32 = rows.iter().map(|row| row.weight).sum();
    let mut targets = vec![0.0; rows.len() * outputs];
    for (target, row) in targets.chunks_exact_mut(outputs).zip(rows) {
        let share = row.weight / total;
        target.fill(share * smoothing / outputs as f32);
        let each = share * (1.0 - smoothing) / (1 + row.also.len()) as f32;
        row.labels().for_each(|label| target[label as usize] += each);
    }
    Ok(Batch {
        inputs: inputs.iter().collect(),
        rows: rows.to_vec(),
        targets: Tensor::from_vec(targets, (rows.len(), outputs), &Device::Cpu)?,
    })
}

pub(super) fn validate(network: &Network, inputs: &[Input], rows: &[Row]) -> Result<Validation, Error> {
    let logits = network.all_logits(&inputs.iter().collect::<Vec<_>>())?;
    let (mut loss, mut right) = (0.0, 0.0);
    for (logits, row) in logits.iter().zip(rows) {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
        loss += highest + sum.ln() - logits.get(row.label as usize).copied().unwrap_or(highest);
        right += f32::from(row.has(best(logits)));
    }
    let n = rows.len() as f32;
    Ok(Validation { loss: loss / n, accuracy: right / n })
}
