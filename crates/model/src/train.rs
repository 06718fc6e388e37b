//! Training from a set to a classifier: fit, calibrate on held-out rows, fit again on all rows.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Instant;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use tokenizers::Tokenizer;

use crate::calibration::Calibration;
use crate::classifier::Parts;
use crate::dense::AdamW;
use crate::encoder::bert::{BertConfig, Trainer};
use crate::features::{Features, Featuriser};
use crate::judgement::{Verdict, judge};
use crate::linear::{Linear, LinearRow};
use crate::neighbours::Neighbours;
use crate::network::{Base, Batch, Input, Learner, Network, Rates, Sizes, best};
use crate::random::Random;
use crate::sentiment::SentimentHead;
use crate::split::{Row, Rows};
use crate::table::Step;
use crate::{
    Classifier, Control, Depth, EncoderKind, EntityFinder, EntityTagger, Error, Progress, TrainOptions, TrainingSet,
    Validation, bundle, contrast, tokens,
};

/// Sets smaller than this keep n-grams that occur in one text only.
const FEW_ROWS: usize = 400;
/// Most training examples that a message is compared with.
const MAX_NEIGHBOURS: usize = 20_000;
/// Held-out rows that thresholds are found on: where one share of the rows is fewer, others are held out in turn.
const ENOUGH_HELD_OUT: usize = 1500;
/// Log-odds of a message's being in scope where there is no scope.
const NO_SCOPE: f32 = -20.0;
/// Highest learning rate of a pretrained encoder.
const BASE_RATE: f32 = 5e-5;
/// Highest learning rate of a head over a pretrained encoder.
const HEAD_RATE: f32 = 3e-3;
/// Steps of an encoder between two reports.
const REPORT_STEPS: u64 = 50;
/// Most of a base's vector that is dropped before the head.
const DROPOUT_OVER_BASE: f32 = 0.1;
/// Tokens of a message that the light encoders read.
pub(crate) const MAX_TOKENS: usize = 64;

/// Trains a classifier; the same set, options and seed give the same weights.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    check(options)?;
    match options.threads {
        None => train_here(set, options, watch),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| Error::Option { option: "threads", problem: error.to_string() })?;
            train_in(&pool, set, options, watch)
        }
    }
}

/// Trains on the pool's threads, while the watcher, which need not be able to change threads, is called on this one.
fn train_in(
    pool: &rayon::ThreadPool,
    set: &TrainingSet,
    options: &TrainOptions,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    let (tell, told) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    std::thread::scope(|scope| {
        let learner = scope.spawn(move || {
            pool.install(move || {
                train_here(set, options, &mut |progress| match tell.send(*progress) {
                    Ok(()) => answered.recv().unwrap_or(Control::Stop),
                    Err(_) => Control::Stop,
                })
            })
        });
        for progress in told {
            // A learner that is gone has nothing left to be told.
            let _ = answer.send(watch(&progress));
        }
        learner.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn check(options: &TrainOptions) -> Result<(), Error> {
    let refuse = |option, problem: &str| Err(Error::Option { option, problem: problem.to_owned() });
    let share = |value: f32| (0.0..1.0).contains(&value);
    match options {
        options if options.batch_size == 0 => refuse("batch_size", "must be at least 1"),
        options if options.threads == Some(0) => refuse("threads", "must be at least 1"),
        options if !share(options.dropout) => refuse("dropout", "must be at least 0 and below 1"),
        options if !share(options.feature_dropout) => refuse("feature_dropout", "must be at least 0 and below 1"),
        options if !share(options.label_smoothing) => refuse("label_smoothing", "must be at least 0 and below 1"),
        options if !share(options.warmup) => refuse("warmup", "must be at least 0 and below 1"),
        options if options.learning_rate.is_some_and(|rate| !(rate > 0.0 && rate < 1.0)) => {
            refuse("learning_rate", "must be above 0 and below 1")
        }
        options if !(0.0..=1.0).contains(&options.weight_decay) => refuse("weight_decay", "must be between 0 and 1"),
        options if options.encoder == EncoderKind::Bert && options.base.is_none() => {
            refuse("encoder", "a BERT encoder needs a base; give a folder with --base")
        }
        _ => Ok(()),
    }
}

fn train_here(
    set: &TrainingSet,
    options: &TrainOptions,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    let mut watcher = Watcher::new(watch);
    if set.train.is_empty() && set.annotated.iter().any(|message| !message.mentions.is_empty()) {
        let mut parts = without_intents(options)?;
        finish(&mut parts, set, options, watcher.started);
        return Ok(parts.classifier(set, options));
    }
    let rows = Rows::new(set, options.validation_share, options.seed)?;
    let (mut parts, best_epoch) = learn(&rows, options, &mut watcher)?;
    let threshold = parts.calibration.threshold(options.accepted_error_rate);
    let coverage = parts.calibration.coverage(threshold);
    parts.metrics.extend([
        ("best_epoch".into(), best_epoch as f32),
        ("threshold".into(), threshold),
        ("coverage".into(), coverage),
        ("n_examples".into(), (rows.train.len() + rows.held_out.len()) as f32),
    ]);
    finish(&mut parts, set, options, watcher.started);
    Ok(parts.classifier(set, options))
}

/// Trains the heads that do not depend on intents.
fn finish(parts: &mut Parts, set: &TrainingSet, options: &TrainOptions, started: Instant) {
    if let Some((head, temperature, accuracy)) = SentimentHead::train(&set.sentiment, options.seed) {
        parts.sentiment = Some(head);
        parts.calibration.sentiment_temperature = temperature;
        parts.metrics.insert("sentiment_accuracy".into(), accuracy);
    }
    if let Some((tagger, f1)) = EntityTagger::train(&set.annotated, &EntityFinder::new(&set.gazetteer), options.seed) {
        parts.tagger = Some(tagger);
        parts.metrics.insert("entity_f1".into(), f1);
    }
    parts.metrics.insert("seconds".into(), started.elapsed().as_secs_f32());
}

/// A network that knows no intent and takes nothing for one.
fn without_intents(options: &TrainOptions) -> Result<Parts, Error> {
    let tokenizer = tokens::train_vocabulary(std::iter::empty())?;
    let sizes = Sizes { ngrams: 0, tokens: 0, outputs: 1 };
    let network = Network::new(EncoderKind::Ngrams, sizes, None, &mut Random::new(options.seed, 2))?;
    let featuriser = Featuriser::fit(std::iter::empty(), 1);
    let fitted = Fitted { featuriser, tokenizer, network, best_epoch: 0, prefix: String::new() };
    let mut parts = fitted.parts(&[], &[])?;
    parts.calibration.scope.bias = NO_SCOPE;
    Ok(parts)
}

/// Fits and calibrates on rows held out in turn, then fits again on all rows; returns the best epoch too.
fn learn(rows: &Rows, options: &TrainOptions, watcher: &mut Watcher<'_>) -> Result<(Parts, u32), Error> {
    let folds = rows.folds(if options.base.is_none() { ENOUGH_HELD_OUT } else { 0 }, options.seed);
    let n_all = rows.train.len() + rows.held_out.len();
    let refit = options.refit && !rows.held_out.is_empty();
    let depth = options.depth.unwrap_or(Depth::usual(n_all, rows.intents.len()));
    let plan = Plan::new(depth, rows.train.len(), options);
    let n_later = |done: usize| {
        let later: usize = folds[done..].iter().map(|fold| fold.train.len()).sum();
        later + if refit { n_all } else { 0 }
    };
    let (mut judged, mut first) = (Vec::new(), None);
    for (index, fold) in folds.iter().enumerate() {
        let checks = if index == 0 { &fold.held_out[..] } else { &[] };
        watcher.later = n_later(index + 1);
        let lesson = Lesson { train: &fold.train, held_out: checks, intents: &rows.intents };
        let learned = Learned::fit(lesson, &plan, watcher)?;
        judged.extend(judge(&learned.parts, learned.linear.as_ref(), &fold.held_out)?);
        if first.is_none() {
            watcher.stop_after = Some(learned.best_epoch).filter(|epoch| *epoch > 0);
            first = Some(learned);
        }
        if watcher.stopped {
            break;
        }
    }
    let mut learned = first.expect("there is always a first fold");
    let best_epoch = learned.best_epoch;
    if refit && !watcher.stopped {
        watcher.later = 0;
        let all: Vec<Row> = rows.train.iter().chain(&rows.held_out).cloned().collect();
        learned = Learned::fit(Lesson { train: &all, held_out: &[], intents: &rows.intents }, &plan, watcher)?;
    }
    let verdict = Verdict::of(&judged, rows.intents.len());
    let Learned { mut parts, linear, .. } = learned;
    if let Some(linear) = linear {
        parts.network.widen(&linear, verdict.scale)?;
        parts.plain = parts.network.plain()?;
    }
    parts.calibration = verdict.calibration;
    parts.metrics = verdict.metrics;
    parts.depth = options.base.as_ref().map(|_| depth);
    Ok((parts, best_epoch))
}

/// What one fit gives: a network with its readers, and the linear classifiers beside it.
struct Learned {
    parts: Parts,
    linear: Option<Linear>,
    best_epoch: u32,
}

impl Learned {
    fn fit(lesson: Lesson<'_>, plan: &Plan<'_>, watcher: &mut Watcher<'_>) -> Result<Self, Error> {
        let mut fitted = Fitted::new(lesson, plan.options)?;
        let features: Vec<Features> =
            lesson.train.par_iter().map(|row| fitted.featuriser.features(&row.text)).collect();
        let (n_features, n_outputs) = (fitted.featuriser.len(), fitted.network.outputs);
        let linear = || {
            let rows: Vec<LinearRow<'_>> = features
                .iter()
                .zip(lesson.train)
                .map(|(features, row)| LinearRow { features, class: row.label, weight: row.weight })
                .collect();
            Linear::fit(&rows, n_features, n_outputs, plan.options.seed)
        };
        // The watcher stays on this thread; the linear classifiers take another where there is one.
        let linear = std::thread::scope(|scope| {
            let beside = (rayon::current_num_threads() > 1).then(|| scope.spawn(linear));
            fitted.learn(lesson, plan, watcher)?;
            Ok::<_, Error>(match beside {
                Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                None => linear(),
            })
        })?;
        let best_epoch = fitted.best_epoch;
        Ok(Self { parts: fitted.parts(lesson.train, lesson.intents)?, linear, best_epoch })
    }
}

/// Rows to learn from and rows to check on, with the intents they are labelled by.
#[derive(Debug, Clone, Copy)]
struct Lesson<'a> {
    train: &'a [Row],
    held_out: &'a [Row],
    intents: &'a [String],
}

/// A network with what reads texts for it.
struct Fitted {
    featuriser: Featuriser,
    tokenizer: Tokenizer,
    network: Network,
    best_epoch: u32,
    prefix: String,
}

/// What training starts from: a base with its tokenizer and prefix, or nothing.
struct Start {
    base: Option<(Base, Tokenizer)>,
    prefix: String,
}

impl Start {
    fn open(options: &TrainOptions) -> Result<Self, Error> {
        let Some(dir) = &options.base else {
            return Ok(Self { base: None, prefix: String::new() });
        };
        let (base, tokenizer, prefix) = bundle::load_base(dir)?;
        Ok(Self { base: Some((base, tokenizer)), prefix: options.prefix.clone().unwrap_or(prefix) })
    }
}

impl Fitted {
    fn new(lesson: Lesson<'_>, options: &TrainOptions) -> Result<Self, Error> {
        let Lesson { train, intents, .. } = lesson;
        let texts = || train.iter().map(|row| row.text.as_str());
        let featuriser = Featuriser::fit(texts(), if train.len() < FEW_ROWS { 1 } else { 2 });
        let Start { base, prefix } = Start::open(options)?;
        let (base, tokenizer) = match base {
            None => (None, tokens::train_vocabulary(texts())?),
            Some((base, tokenizer)) => (Some(base), tokenizer),
        };
        let none = intents.len() as u32;
        let outputs = intents.len() + usize::from(train.iter().any(|row| row.label == none));
        let sizes = Sizes { ngrams: featuriser.n_ngrams(), tokens: tokenizer.get_vocab_size(true), outputs };
        let network = Network::new(options.encoder, sizes, base, &mut Random::new(options.seed, 2))?;
        Ok(Self { featuriser, tokenizer, network, best_epoch: 0, prefix })
    }

    /// Runs the stages of the plan and makes the network ready to serve.
    fn learn(&mut self, lesson: Lesson<'_>, plan: &Plan<'_>, watcher: &mut Watcher<'_>) -> Result<(), Error> {
        for index in 0..plan.stages.len() {
            if watcher.stopped {
                break;
            }
            self.run(lesson, plan, index, watcher)?;
        }
        self.network.finish();
        self.network.round();
        self.network.prepare(plan.options.precision);
        Ok(())
    }

    /// Runs one stage of the plan.
    fn run(
        &mut self,
        lesson: Lesson<'_>,
        plan: &Plan<'_>,
        index: usize,
        watcher: &mut Watcher<'_>,
    ) -> Result<(), Error> {
        let Lesson { train, held_out, .. } = lesson;
        let stage = plan.stages[index];
        let before: u32 = plan.stages[..index].iter().map(|stage| stage.epochs).sum();
        let (mut inputs, mut checks) = (self.read(train), self.read(held_out));
        if stage.kind == StageKind::Head {
            self.encode(&mut inputs);
            self.encode(&mut checks);
        }
        let mut pass = Pass {
            network: &mut self.network,
            learner: Learner {
                optimiser: AdamW::default(),
                trainer: Trainer::default(),
                random: Random::new(plan.options.seed, 5 + index as u64),
            },
            train,
            inputs: &inputs,
            plan,
            stage,
            order: (0..train.len()).collect(),
            step: 0,
            unreported: 0,
        };
        let mut best_score: Option<(f32, Network)> = None;
        for epoch in 1..=stage.epochs {
            let place = Progress {
                epoch: before + epoch,
                epochs: plan.stages.iter().map(|stage| stage.epochs).sum(),
                ..Progress::default()
            };
            let mut progress = pass.epoch(place, watcher)?;
            if !checks.is_empty() && stage.kind != StageKind::Compare {
                progress.validation = Some(validate(pass.network, &checks, held_out)?);
            }
            let control = watcher.report(progress, pass.unreported);
            pass.unreported = 0;
            if stage.kind == StageKind::Head {
                // Over vectors that stay, the last head is as good as any; few held-out rows would choose by chance.
                self.best_epoch = epoch;
            } else if let Some(validation) = progress.validation {
                let score = validation.accuracy - 0.01 * validation.loss;
                if best_score.as_ref().is_none_or(|(best, _)| score > *best) {
                    best_score = Some((score, pass.network.snapshot()?));
                    self.best_epoch = epoch;
                } else if epoch >= self.best_epoch + plan.options.patience {
                    break;
                }
            }
            if control == Control::Stop
                || watcher.stopped
                || (index + 1 == plan.stages.len() && watcher.stop_after == Some(epoch))
            {
                break;
            }
        }
        if let Some((_, network)) = best_score {
            self.network = network;
        }
        Ok(())
    }

    /// Gives each input the pretrained encoder's vector, where there is an encoder.
    fn encode(&self, inputs: &mut [Input]) {
        let Some(vectors) = self.network.encode(&inputs.iter().collect::<Vec<_>>()) else {
            return;
        };
        for (input, vector) in inputs.iter_mut().zip(vectors.chunks_exact(self.network.tokens.dim())) {
            input.vector = vector.to_vec();
        }
    }

    fn read(&self, rows: &[Row]) -> Vec<Input> {
        let reader = Reader {
            featuriser: &self.featuriser,
            tokenizer: &self.tokenizer,
            prefix: &self.prefix,
            bert: self.network.base(),
        };
        rows.par_iter().map(|row| reader.read(&row.text)).collect()
    }

    fn parts(self, train: &[Row], intents: &[String]) -> Result<Parts, Error> {
        let inside: Vec<&Row> = train.iter().filter(|row| (row.label as usize) < intents.len()).collect();
        let step = inside.len().div_ceil(MAX_NEIGHBOURS).max(1);
        let shown: Vec<&Row> = inside.into_iter().step_by(step).collect();
        let kept: Vec<_> = shown.iter().map(|row| (self.featuriser.features(&row.text), row.label)).collect();
        let examples: Vec<_> = kept.iter().map(|(features, label)| (features.rows.as_slice(), *label)).collect();
        Ok(Parts {
            neighbours: Neighbours::new(self.featuriser.n_ngrams(), &examples),
            examples: shown.into_iter().map(|row| row.text.clone()).collect(),
            plain: self.network.plain()?,
            featuriser: self.featuriser,
            tokenizer: self.tokenizer,
            network: self.network,
            intents: intents.to_vec(),
            sentiment: None,
            tagger: None,
            calibration: Calibration::default(),
            prefix: self.prefix,
            depth: None,
            metrics: BTreeMap::new(),
        })
    }
}

/// What turns a normalised text into a network's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub featuriser: &'a Featuriser,
    pub tokenizer: &'a Tokenizer,
    pub prefix: &'a str,
    pub bert: Option<&'a BertConfig>,
}

impl Reader<'_> {
    pub(crate) fn read(&self, text: &str) -> Input {
        let tokens = match self.bert {
            None => tokens::encode(self.tokenizer, text, MAX_TOKENS, false),
            Some(config) => {
                tokens::encode(self.tokenizer, &format!("{}{text}", self.prefix), config.max_tokens(), true)
            }
        };
        Input { features: self.featuriser.features(text), tokens, vector: Vec::new() }
    }
}

/// Passes over the data in order, each stage going on from what the one before has learnt.
struct Plan<'a> {
    stages: Vec<Stage>,
    options: &'a TrainOptions,
}

#[derive(Debug, Clone, Copy)]
struct Stage {
    kind: StageKind,
    epochs: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StageKind {
    /// The encoder learns by comparing rows.
    Compare,
    /// All but a pretrained encoder learns.
    Head,
    /// Everything learns.
    Whole,
}

impl<'a> Plan<'a> {
    fn new(depth: Depth, rows: usize, options: &'a TrainOptions) -> Self {
        let asked = |usual: u32| options.epochs.unwrap_or(usual).max(1);
        let head = (200_000 / rows.max(1)).clamp(15, 40) as u32;
        let stage = |kind, epochs| Stage { kind, epochs };
        let stages = match (&options.base, depth) {
            (None, _) => vec![stage(StageKind::Whole, asked(head))],
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
struct Pass<'a> {
    network: &'a mut Network,
    learner: Learner,
    train: &'a [Row],
    inputs: &'a [Input],
    plan: &'a Plan<'a>,
    stage: Stage,
    order: Vec<usize>,
    step: u64,
    /// Rows done since the last report.
    unreported: usize,
}

impl Pass<'_> {
    /// One pass, or less when somebody asks to stop; returns its loss and how many rows came out right.
    fn epoch(&mut self, place: Progress, watcher: &mut Watcher<'_>) -> Result<Progress, Error> {
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

fn batch<'a>(rows: &[&Row], inputs: &'a [Input], outputs: usize, smoothing: f32) -> Result<Batch<'a>, Error> {
    let total: f32 = rows.iter().map(|row| row.weight).sum();
    let mut targets = vec![0.0; rows.len() * outputs];
    for (target, row) in targets.chunks_exact_mut(outputs).zip(rows) {
        let share = row.weight / total;
        target.fill(share * smoothing / outputs as f32);
        target[row.label as usize] += share * (1.0 - smoothing);
    }
    Ok(Batch {
        inputs: inputs.iter().collect(),
        labels: rows.iter().map(|row| row.label).collect(),
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
    stopped: bool,
    stop_after: Option<u32>,
    /// Rows of the fits still to come.
    later: usize,
}

impl<'a> Watcher<'a> {
    fn new(watch: &'a mut dyn FnMut(&Progress) -> Control) -> Self {
        Self { watch, started: Instant::now(), examples_done: 0.0, stopped: false, stop_after: None, later: 0 }
    }

    fn report(&mut self, mut progress: Progress, rows: usize) -> Control {
        self.examples_done += rows as f32;
        let seconds = self.started.elapsed().as_secs_f32();
        progress.examples_per_second = self.examples_done / seconds.max(1e-6);
        let last = self.stop_after.unwrap_or(progress.epochs);
        let examples_left = last.saturating_sub(progress.epoch) as usize * rows + last as usize * self.later;
        progress.seconds_left = examples_left as f32 / progress.examples_per_second;
        let control = (self.watch)(&progress);
        self.stopped |= control == Control::Stop;
        control
    }
}
