//! Training from a set to a classifier: fit, calibrate on held-out rows, fit again on all rows.

use std::time::Instant;

use candle_core::{Device, Tensor};
use tokenizers::Tokenizer;

use crate::classifier::Parts;
use crate::dense::AdamW;
use crate::features::{Features, Featuriser};
use crate::network::{Batch, Input, Network, Sizes, best};
use crate::random::Random;
use crate::split::{Row, Rows};
use crate::table::Step;
use crate::{Classifier, Control, Error, Progress, TrainOptions, TrainingSet, Validation, tokens};

/// Tokens of a message that the light encoders read.
pub(crate) const MAX_TOKENS: usize = 64;

/// Trains a classifier; the same set, options and seed give the same weights.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    let rows = Rows::new(set, options.validation_share, options.seed)?;
    let mut watcher = Watcher::new(options, &rows, watch);
    let fitted = Fitted::fit(&rows.train, &rows.held_out, &rows.intents, options, &mut watcher)?;
    let mut parts = fitted.parts(&rows.train, rows.intents.clone());
    parts.calibrate(&rows.held_out)?;
    if options.refit && !rows.held_out.is_empty() && !watcher.stopped {
        let calibration = parts.calibration.clone();
        let all: Vec<Row> = rows.train.iter().chain(&rows.held_out).cloned().collect();
        let again = TrainOptions { epochs: Some(fitted.epochs), ..options.clone() };
        watcher.stop_after = Some(fitted.best_epoch);
        let fitted = Fitted::fit(&all, &[], &rows.intents, &again, &mut watcher)?;
        parts = fitted.parts(&all, rows.intents.clone());
        parts.calibration = calibration;
    }
    Ok(parts.classifier(set, options))
}

/// A network with what reads texts for it.
struct Fitted {
    featuriser: Featuriser,
    tokenizer: Tokenizer,
    network: Network,
    epochs: u32,
    best_epoch: u32,
}

impl Fitted {
    fn fit(
        train: &[Row],
        held_out: &[Row],
        intents: &[String],
        options: &TrainOptions,
        watcher: &mut Watcher<'_>,
    ) -> Result<Self, Error> {
        let texts = || train.iter().map(|row| row.text.as_str());
        let min_df = std::env::var("MINDF").map_or(if train.len() < 5000 { 1 } else { 2 }, |v| v.parse().unwrap());
        let featuriser = Featuriser::fit(texts(), min_df);
        let tokenizer = tokens::train_vocabulary(texts())?;
        let none = intents.len() as u32;
        let outputs = intents.len() + usize::from(train.iter().any(|row| row.label == none));
        let sizes = Sizes { ngrams: featuriser.len(), tokens: tokenizer.get_vocab_size(true), outputs };
        let mut random = Random::new(options.seed, 2);
        let network = Network::new(options.encoder, sizes, &mut random)?;
        let mut fitted = Self { featuriser, tokenizer, network, epochs: epochs(train.len(), options), best_epoch: 0 };
        fitted.run(train, held_out, options, watcher, &mut random)?;
        Ok(fitted)
    }

    fn run(
        &mut self,
        train: &[Row],
        held_out: &[Row],
        options: &TrainOptions,
        watcher: &mut Watcher<'_>,
        random: &mut Random,
    ) -> Result<(), Error> {
        let read = |rows: &[Row]| -> Vec<Input> {
            rows.iter().map(|row| read(&self.featuriser, &self.tokenizer, &row.text)).collect()
        };
        let (inputs, checks) = (read(train), read(held_out));
        let mut optimiser = AdamW::default();
        let mut order: Vec<usize> = (0..train.len()).collect();
        let steps = order.len().div_ceil(options.batch_size) as u64 * u64::from(self.epochs);
        let mut step = 0;
        let mut best_score: Option<(f32, Network)> = None;
        for epoch in 1..=self.epochs {
            random.shuffle(&mut order);
            let (mut loss, mut right, mut seen) = (0.0, 0, 0);
            for chunk in order.chunks(options.batch_size) {
                step += 1;
                let thinned: Vec<Input> =
                    chunk.iter().map(|index| thin(&inputs[*index], options.feature_dropout, random)).collect();
                let batch = batch(train, &thinned, chunk, self.network.outputs, options.label_smoothing)?;
                let settings = Step::new(rate(step, steps, options), options.weight_decay, step);
                let (batch_loss, batch_right) =
                    self.network.step(&batch, &mut optimiser, &settings, random, options.dropout)?;
                loss += batch_loss * chunk.len() as f32;
                right += batch_right;
                seen += chunk.len();
            }
            let validation = if checks.is_empty() { None } else { Some(validate(&self.network, &checks, held_out)?) };
            let control = watcher.report(Progress {
                epoch,
                epochs: self.epochs,
                step,
                steps,
                loss: loss / seen as f32,
                train_accuracy: right as f32 / seen as f32,
                validation,
                examples_per_second: 0.0,
                seconds_left: 0.0,
            });
            if let Some(validation) = validation {
                let score = validation.accuracy - 0.01 * validation.loss;
                if best_score.as_ref().is_none_or(|(best, _)| score > *best) {
                    best_score = Some((score, self.network.snapshot()?));
                    self.best_epoch = epoch;
                } else if epoch >= self.best_epoch + options.patience {
                    break;
                }
            }
            if control == Control::Stop || watcher.stop_after == Some(epoch) {
                break;
            }
        }
        if let Some((_, network)) = best_score {
            self.network = network;
        }
        self.network.finish();
        Ok(())
    }

    fn parts(&self, train: &[Row], intents: Vec<String>) -> Parts {
        Parts::new(self.featuriser.clone(), self.tokenizer.clone(), self.network.clone(), train, intents)
    }
}

/// A normalised text as the network sees it.
pub(crate) fn read(featuriser: &Featuriser, tokenizer: &Tokenizer, text: &str) -> Input {
    Input { features: featuriser.features(text), tokens: tokens::encode(tokenizer, text, MAX_TOKENS, false) }
}

fn epochs(rows: usize, options: &TrainOptions) -> u32 {
    options.epochs.unwrap_or((200_000 / rows.max(1)).clamp(15, 40) as u32).max(1)
}

/// The input with some of its n-grams and tokens left out, the rest scaled up.
fn thin(input: &Input, share: f32, random: &mut Random) -> Input {
    let scale = 1.0 / (1.0 - share);
    let rows = input
        .features
        .rows
        .iter()
        .filter(|_| random.uniform() >= share)
        .map(|(row, weight)| (*row, weight * scale))
        .collect();
    let tokens = input.tokens.iter().copied().filter(|_| random.uniform() >= share).collect();
    Input { features: Features { rows, known: input.features.known }, tokens }
}

/// Linear warm-up, then linear decay to zero.
fn rate(step: u64, steps: u64, options: &TrainOptions) -> f32 {
    let warmup = (steps as f32 * options.warmup).max(1.0);
    let peak = options.learning_rate.unwrap_or(3e-3);
    let step = step as f32;
    if step < warmup {
        peak * step / warmup
    } else {
        peak * (steps as f32 - step + 1.0).max(0.0) / (steps as f32 - warmup + 1.0).max(1.0)
    }
}

fn batch<'a>(
    rows: &[Row],
    inputs: &'a [Input],
    chunk: &[usize],
    outputs: usize,
    smoothing: f32,
) -> Result<Batch<'a>, Error> {
    let total: f32 = chunk.iter().map(|index| rows[*index].weight).sum();
    let mut targets = vec![0.0; chunk.len() * outputs];
    for (target, index) in targets.chunks_exact_mut(outputs).zip(chunk) {
        let share = rows[*index].weight / total;
        target.fill(share * smoothing / outputs as f32);
        target[rows[*index].label as usize] += share * (1.0 - smoothing);
    }
    Ok(Batch {
        inputs: inputs.iter().collect(),
        labels: chunk.iter().map(|index| rows[*index].label).collect(),
        targets: Tensor::from_vec(targets, (chunk.len(), outputs), &Device::Cpu)?,
    })
}

fn validate(network: &Network, inputs: &[Input], rows: &[Row]) -> Result<Validation, Error> {
    let logits = network.all_logits(&inputs.iter().collect::<Vec<_>>())?;
    let (mut loss, mut right) = (0.0, 0.0);
    for (logits, row) in logits.iter().zip(rows) {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
        loss += highest + sum.ln() - logits.get(row.label as usize).copied().unwrap_or(highest);
        right += f32::from(best(logits) == row.label as usize);
    }
    let n = rows.len() as f32;
    Ok(Validation { loss: loss / n, accuracy: right / n })
}

/// Passes progress on, and remembers that somebody asked to stop.
struct Watcher<'a> {
    watch: &'a mut dyn FnMut(&Progress) -> Control,
    started: Instant,
    examples_done: f32,
    rows: f32,
    stopped: bool,
    stop_after: Option<u32>,
}

impl<'a> Watcher<'a> {
    fn new(_options: &TrainOptions, rows: &Rows, watch: &'a mut dyn FnMut(&Progress) -> Control) -> Self {
        Self {
            watch,
            started: Instant::now(),
            examples_done: 0.0,
            rows: rows.train.len() as f32,
            stopped: false,
            stop_after: None,
        }
    }

    fn report(&mut self, mut progress: Progress) -> Control {
        self.examples_done += self.rows;
        let seconds = self.started.elapsed().as_secs_f32();
        progress.examples_per_second = self.examples_done / seconds.max(1e-6);
        progress.seconds_left = (progress.epochs - progress.epoch) as f32 * self.rows / progress.examples_per_second;
        let control = (self.watch)(&progress);
        self.stopped |= control == Control::Stop;
        control
    }
}
