//! The passes of one stage over its rows, from the start or from a checkpoint.

use std::borrow::Cow;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::checkpoint::Moment;
use super::fitted::Reader;
use super::learned::Lesson;
use super::place::At;
use super::plan::{HEAD_RATE, Plan, Stage, StageKind};
use super::watcher::Watcher;
use crate::dense::AdamW;
use crate::encoder::bert::Trainer;
use crate::features::Features;
use crate::network::{Batch, Input, Learner, Network, Rates, best};
use crate::random::{Random, RandomState};
use crate::split::Row;
use crate::table::Step;
use crate::{Control, Error, Progress, Validation, contrast};

/// Steps of an encoder between two reports.
const REPORT_STEPS: u64 = 50;
/// Steps of a light encoder between two reports.
const REPORT_LIGHT_STEPS: u64 = 1000;
/// Most of a base's vector that is dropped before the head.
const DROPOUT_OVER_BASE: f32 = 0.1;

/// Rows as a network sees them: kept, or read anew each time where they are very many.
pub(super) enum Inputs<'a> {
    Kept(&'a [Input]),
    Read(Reader<'a>, &'a [Row]),
}

impl Inputs<'_> {
    fn get(&self, index: usize) -> Cow<'_, Input> {
        match self {
            Self::Kept(inputs) => Cow::Borrowed(&inputs[index]),
            Self::Read(reader, rows) => Cow::Owned(reader.read(&rows[index].text)),
        }
    }
}

/// The passes of one stage over its rows.
pub(super) struct Pass<'a> {
    pub(super) network: &'a mut Network,
    pub(super) learner: Learner,
    pub(super) lesson: Lesson<'a>,
    /// The lesson's rows to learn from, and to check on, as the network sees them.
    pub(super) inputs: Inputs<'a>,
    pub(super) checks: &'a [Input],
    pub(super) plan: &'a Plan<'a>,
    /// The stage of the plan.
    pub(super) index: usize,
    pub(super) at: At,
    /// The order of rows and the source of randomness when the epoch began.
    pub(super) begun: (Vec<usize>, RandomState),
    pub(super) order: Vec<usize>,
    /// Mean loss of the epoch so far, times the rows seen.
    pub(super) loss: f32,
    /// Rows done since the last report.
    unreported: usize,
    /// The best state so far with its score, where there are rows to check on.
    pub(super) best: Option<(f32, Network)>,
    pub(super) best_epoch: u32,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        (network, trainer): (&'a mut Network, Trainer),
        lesson: Lesson<'a>,
        (plan, index): (&'a Plan<'a>, usize),
        (inputs, checks): (Inputs<'a>, &'a [Input]),
    ) -> Self {
        let random = Random::new(plan.options.seed, 5 + index as u64);
        let order: Vec<usize> = (0..lesson.train.len()).collect();
        Self {
            network,
            begun: (order.clone(), random.state()),
            learner: Learner { optimiser: AdamW::default(), trainer, random },
            lesson,
            inputs,
            checks,
            plan,
            index,
            at: At { epoch: 1, ..At::default() },
            order,
            loss: 0.0,
            unreported: 0,
            best: None,
            best_epoch: 0,
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.plan.stages[self.index]
    }

    /// All epochs from where it stands, or fewer when nothing gets better or somebody asks to stop.
    pub(super) fn run(&mut self, watcher: &mut Watcher<'_>) -> Result<(), Error> {
        while self.at.epoch <= self.stage().epochs {
            let progress = self.epoch(watcher)?;
            self.bring_back()?;
            let control = watcher.report(progress, std::mem::take(&mut self.unreported));
            let hopeful = self.judge(progress)?;
            let enough = self.index + 1 == self.plan.stages.len() && watcher.stop_after == Some(self.at.epoch);
            if control == Control::Stop || watcher.stopped || !hopeful || enough {
                break;
            }
            let At { epoch, step, .. } = self.at;
            self.at = At { epoch: epoch + 1, step, ..At::default() };
            self.loss = 0.0;
            self.begun = (self.order.clone(), self.learner.random.state());
            watcher.keep(self, Moment::EpochEnd)?;
        }
        Ok(())
    }

    /// Remembers the state if it is the best so far; the answer is whether a better one may come.
    fn judge(&mut self, progress: Progress) -> Result<bool, Error> {
        let epoch = self.at.epoch;
        if self.stage().kind == StageKind::Head {
            // Over vectors that stay, the last head is as good as any; few held-out rows would choose by chance.
            self.best_epoch = epoch;
        } else if let Some(validation) = progress.validation {
            let score = validation.accuracy - 0.01 * validation.loss;
            if self.best.as_ref().is_none_or(|(best, _)| score > *best) {
                self.best = Some((score, self.network.snapshot()?));
                self.best_epoch = epoch;
            } else {
                return Ok(epoch < self.best_epoch + self.plan.options.patience);
            }
        }
        Ok(true)
    }

    /// The rest of an epoch, or less when somebody asks to stop; returns how it went.
    fn epoch(&mut self, watcher: &mut Watcher<'_>) -> Result<Progress, Error> {
        let batches = self.batches();
        let steps = batches.len() as u64 * u64::from(self.stage().epochs);
        for chunk in &batches[self.at.batches.min(batches.len())..] {
            self.step(chunk, steps)?;
            let slow = self.plan.options.base.is_some() && self.stage().kind != StageKind::Head;
            if self.at.step.is_multiple_of(if slow { REPORT_STEPS } else { REPORT_LIGHT_STEPS }) {
                let control = watcher.report(self.progress(steps), std::mem::take(&mut self.unreported));
                if control == Control::Stop {
                    break;
                }
            }
            if watcher.is_due(Moment::WithinEpoch) {
                self.bring_back()?;
                watcher.keep(self, Moment::WithinEpoch)?;
            }
        }
        let mut progress = self.progress(steps);
        if !self.checks.is_empty() && self.stage().kind != StageKind::Compare {
            progress.validation = Some(self.validate()?);
        }
        Ok(progress)
    }

    /// Makes the network's weights those that a device has.
    fn bring_back(&mut self) -> Result<(), Error> {
        self.network.bring_back(&mut self.learner.trainer)
    }

    fn validate(&mut self) -> Result<Validation, Error> {
        let rows = self.lesson.held_out;
        if let (Trainer::Device(_), StageKind::Whole) = (&self.learner.trainer, self.stage().kind) {
            let mut checks = self.checks.to_vec();
            self.network.bring_vectors(&mut self.learner.trainer, &mut checks)?;
            return validate(self.network, &checks, rows);
        }
        validate(self.network, self.checks, rows)
    }

    /// The epoch's batches; those of an epoch that is continued are the same as when it began.
    fn batches(&mut self) -> Vec<Vec<usize>> {
        let now = (self.at.batches > 0).then(|| self.learner.random.clone());
        if now.is_some() {
            self.order.clone_from(&self.begun.0);
            self.learner.random = Random::go_on(self.begun.1);
        }
        let size = self.plan.options.batch_size;
        let batches = match self.stage().kind {
            StageKind::Compare => contrast::batches(self.lesson.train, 2 * size, &mut self.learner.random),
            _ => {
                self.learner.random.shuffle(&mut self.order);
                self.order.chunks(size).map(<[usize]>::to_vec).collect()
            }
        };
        if let Some(now) = now {
            self.learner.random = now;
        }
        batches
    }

    fn step(&mut self, chunk: &[usize], steps: u64) -> Result<(), Error> {
        self.at.step += 1;
        let height = schedule(self.at.step, steps, self.plan.options.warmup);
        let (loss, right) = match self.stage().kind {
            StageKind::Compare => (self.compare(chunk, height)?, 0),
            _ => self.classify(chunk, height)?,
        };
        self.loss += loss * chunk.len() as f32;
        self.at.batches += 1;
        self.at.right += right;
        self.at.seen += chunk.len();
        self.unreported += chunk.len();
        Ok(())
    }

    fn progress(&self, steps: u64) -> Progress {
        let seen = self.at.seen as f32;
        Progress {
            epoch: self.plan.epochs_before(self.index) + self.at.epoch,
            epochs: self.plan.epochs(),
            step: self.at.step,
            steps,
            loss: self.loss / seen,
            train_accuracy: self.at.right as f32 / seen,
            ..Progress::default()
        }
    }

    fn compare(&mut self, chunk: &[usize], height: f32) -> Result<f32, Error> {
        let options = self.plan.options;
        let group: Vec<_> = chunk.iter().map(|index| (self.inputs.get(*index), &self.lesson.train[*index])).collect();
        let group: Vec<_> = group.iter().map(|(input, row)| (&**input, *row)).collect();
        let rate = options.highest_rate();
        let step = Step::new(rate * height, options.weight_decay, self.at.step);
        let seed = self.learner.random.bits();
        contrast::step(self.network, &mut self.learner.trainer, &group, seed, step)
    }

    fn classify(&mut self, chunk: &[usize], height: f32) -> Result<(f32, usize), Error> {
        let options = self.plan.options;
        let tokens_dropout = if options.base.is_some() { 0.0 } else { options.feature_dropout };
        let shares = (options.feature_dropout, tokens_dropout);
        let read: Vec<Cow<'_, Input>> = chunk.par_iter().map(|index| self.inputs.get(*index)).collect();
        let random = &mut self.learner.random;
        let thinned: Vec<Input> = read.iter().map(|input| thin(input, shares, random)).collect();
        let rows: Vec<&Row> = chunk.iter().map(|index| &self.lesson.train[*index]).collect();
        // Over vectors that stay the head is a plain regression; beside a base little is dropped.
        let over_base = options.base.is_some();
        let smoothing = if over_base && self.stage().kind == StageKind::Head { 0.0 } else { options.label_smoothing };
        let batch = batch(&rows, &thinned, self.network.outputs, smoothing)?;
        let (fresh, base) = self.peaks();
        let rates = Rates {
            step: Step::new(fresh * height, options.weight_decay, self.at.step),
            base: Step::new(base * height, options.weight_decay, self.at.step),
            dropout: if over_base { options.dropout.min(DROPOUT_OVER_BASE) } else { options.dropout },
        };
        self.network.step(&batch, &mut self.learner, &rates)
    }

    /// Highest learning rates of the head's weights and of a base's.
    fn peaks(&self) -> (f32, f32) {
        let options = self.plan.options;
        match (&options.base, self.stage().kind) {
            (None, _) => (options.highest_rate(), 0.0),
            (Some(_), StageKind::Head) => (self.plan.head_rate, 0.0),
            (Some(_), _) => (0.3 * HEAD_RATE, options.highest_rate()),
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
        if let Some(taught) = &row.target {
            target.iter_mut().zip(taught.iter()).for_each(|(value, taught)| *value = share * taught);
            continue;
        }
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

fn validate(network: &Network, inputs: &[Input], rows: &[Row]) -> Result<Validation, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Example;
    use crate::features::Featuriser;
    use crate::split::labelled;
    use crate::tokens;

    #[test]
    fn rows_that_are_read_anew_are_the_rows_that_would_be_kept() {
        let texts = ["where is my parcel", "我要退款", "call me at 13912345678", "😀", "where is my refund"];
        let rows = labelled(&texts.map(|text| Example::new(text, None)), &[]);
        let featuriser = Featuriser::fit(rows.iter().map(|row| row.text.as_str()), 1);
        let tokenizer = tokens::train_vocabulary(rows.iter().map(|row| row.text.as_str())).unwrap();
        let reader = Reader { featuriser: &featuriser, tokenizer: &tokenizer, prefix: "", bert: None, most: 64 };
        let kept: Vec<Input> = rows.iter().map(|row| reader.read(&row.text)).collect();
        for index in 0..rows.len() {
            let [one, other] = [Inputs::Kept(&kept), Inputs::Read(reader, &rows)].map(|inputs| {
                let input = inputs.get(index).into_owned();
                (input.features, input.tokens)
            });
            assert_eq!(one, other);
            assert!(!one.0.rows.is_empty());
        }
    }
}
