//! Training from a set to a classifier: what is asked for, on which threads, and the heads that depend on no intent.

mod checkpoint;
mod fitted;
mod learned;
mod memory;
mod pass;
mod place;
mod plan;
mod resume;
#[cfg(test)]
mod tests;
mod watcher;

use std::sync::mpsc;

use rayon::prelude::*;

pub use checkpoint::{Checkpoint, Continued, Start, training_key};
pub(crate) use fitted::Reader;
pub(crate) use watcher::Watcher;

use crate::classifier::Parts;
use crate::encoder::bert::BertConfig;
use crate::entities::{Base, Checks, Cutter, Encoder, Form, Pace, School};
use crate::features::Featuriser;
use crate::network::{Input, Network, Sizes};
use crate::random::Random;
use crate::sentiment::{SentimentHead, Trained};
use crate::split::Rows;
use crate::{
    Classifier, ComputeDevice, Control, Depth, EncoderKind, EntityFinder, EntityTagger, Error, Precision, Progress,
    TrainOptions, TrainingSet, tokens,
};
use fitted::{Fitted, Origin};
use learned::learn;

/// Log-odds of a message's being in scope where there is no scope.
const NO_SCOPE: f32 = -20.0;
/// Tokens of a message that the light encoders read.
pub(crate) const MAX_TOKENS: usize = 64;
/// Most pieces of a message that a base reads for the tagger alone.
const MAX_PIECES: usize = 512;

/// Messages with a sentiment that a base reads between two reports.
const SENTIMENTS: usize = 256;

/// Trains a classifier; the same set, options and seed give the same weights.
pub fn train(
    set: &TrainingSet,
    options: &TrainOptions,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    train_on(set, options, None, watch)
}

/// Trains a classifier, and writes down now and then what is needed to go on after a crash; goes on from what is
/// written down already. Both give the weights that a training without a break gives, to the last bit.
pub fn train_with(
    set: &TrainingSet,
    options: &TrainOptions,
    checkpoint: &mut Checkpoint,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    train_on(set, options, Some(checkpoint), watch)
}

fn train_on(
    set: &TrainingSet,
    options: &TrainOptions,
    checkpoint: Option<&mut Checkpoint>,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    check(options)?;
    check_device(set, options)?;
    match options.threads {
        None => train_here(set, options, checkpoint, watch),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| Error::Option { option: "threads", problem: error.to_string() })?;
            watch_from_outside(watch, |watch| pool.install(|| train_here(set, options, checkpoint, watch)))
        }
    }
}

/// Works on another thread, while the watcher, which need not be able to change threads, is called on this one.
fn watch_from_outside<T: Send>(
    watch: &mut dyn FnMut(&Progress) -> Control,
    work: impl FnOnce(&mut (dyn FnMut(&Progress) -> Control + Send)) -> T + Send,
) -> T {
    let (tell, told) = mpsc::channel();
    let (answer, answered) = mpsc::channel();
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            work(&mut move |progress| match tell.send(*progress) {
                Ok(()) => answered.recv().unwrap_or(Control::Stop),
                Err(_) => Control::Stop,
            })
        });
        for progress in told {
            // A worker that is gone has nothing left to be told.
            let _ = answer.send(watch(&progress));
        }
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn check(options: &TrainOptions) -> Result<(), Error> {
    let refuse = |option, problem: &str| Err(Error::Option { option, problem: problem.to_owned() });
    if options.base.is_some() && !options.has_transformer() {
        match options {
            options if options.depth.is_some_and(|depth| depth != Depth::Frozen) => {
                return refuse("depth", "this base stays as it is; leave the depth out, or say frozen");
            }
            options if options.prefix.is_some() => return refuse("prefix", "this base reads none; leave it out"),
            options if options.precision != Precision::Float => {
                return refuse("precision", "this base is always in 8 bits; leave it out");
            }
            _ => {}
        }
    }
    let share = |value: f32| (0.0..1.0).contains(&value);
    match options {
        options if options.batch_size == 0 => refuse("batch_size", "must be at least 1"),
        options if options.threads == Some(0) => refuse("threads", "must be at least 1"),
        options if !share(options.dropout) => refuse("dropout", "must be at least 0 and below 1"),
        options if !share(options.feature_dropout) => refuse("feature_dropout", "must be at least 0 and below 1"),
        options if !(0.0..=1.0).contains(&options.typos.unwrap_or(0.0)) => refuse("typos", "must be between 0 and 1"),
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

/// Refuses a device that is not there, or that would have nothing to do.
fn check_device(set: &TrainingSet, options: &TrainOptions) -> Result<(), Error> {
    let refuse = |problem: &str| Err(Error::Option { option: "device", problem: problem.to_owned() });
    match options.device {
        ComputeDevice::Cpu => Ok(()),
        _ if !options.has_transformer() => {
            refuse("only a BERT base is trained on another device; leave it out, or give such a folder with --base")
        }
        _ if set.train.is_empty() => refuse("entities are learned on the processor; leave the device out"),
        device => device.open().map(|_| ()),
    }
}

fn train_here(
    set: &TrainingSet,
    options: &TrainOptions,
    checkpoint: Option<&mut Checkpoint>,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Classifier, Error> {
    let mut watcher = Watcher::new(watch, checkpoint);
    if set.train.is_empty() && set.annotated.iter().any(|message| !message.mentions.is_empty()) {
        let mut parts = without_intents(options, set.annotated.len())?;
        finish(&mut parts, set, options, &mut watcher);
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
    finish(&mut parts, set, options, &mut watcher);
    Ok(parts.classifier(set, options))
}

/// Trains the heads that do not depend on intents.
fn finish(parts: &mut Parts, set: &TrainingSet, options: &TrainOptions, watcher: &mut Watcher<'_>) {
    let mut encode = |texts: &[&str]| sentiment_vectors(parts, texts, watcher);
    if let Some(Trained { head, temperature, accuracy }) =
        SentimentHead::train(&set.sentiment, options.seed, &mut encode)
    {
        parts.sentiment = Some(head);
        parts.calibration.sentiment_temperature = temperature;
        parts.metrics.insert("sentiment_accuracy".into(), accuracy);
    }
    if let Some((tagger, f1)) = learn_entities(parts, set, options, watcher) {
        parts.tagger = Some(tagger);
        parts.metrics.insert("entity_f1".into(), f1);
    }
    parts.metrics.insert("seconds".into(), watcher.started.elapsed().as_secs_f32());
}

/// The base's vectors of normalised messages, as those of intents are made: nothing without a base or intents, or after
/// a wish to stop.
fn sentiment_vectors(parts: &Parts, texts: &[&str], watcher: &mut Watcher<'_>) -> Option<Vec<f32>> {
    if watcher.stopped || parts.intents.is_empty() || !parts.network.has_base() {
        return None;
    }
    watcher.begin(texts.len(), 0);
    let steps = texts.len().div_ceil(SENTIMENTS) as u64;
    let mut vectors = Vec::new();
    for (step, texts) in (1..).zip(texts.chunks(SENTIMENTS)) {
        let inputs: Vec<Input> = texts.par_iter().map(|text| parts.read(text)).collect();
        vectors.extend(parts.network.encode(&inputs.iter().collect::<Vec<_>>())?);
        let progress = Progress { step, steps, ..Progress::default() };
        if watcher.report(progress, texts.len()) == Control::Stop {
            return None;
        }
    }
    Some(vectors)
}

/// A tagger that reads with the base too, where there is one: over the states that intents are told by, or, where there
/// are no intents, over those of an encoder of its own. After a wish to stop it learns without a base, in seconds.
fn learn_entities(
    parts: &mut Parts,
    set: &TrainingSet,
    options: &TrainOptions,
    watcher: &mut Watcher<'_>,
) -> Option<(EntityTagger, f32)> {
    let alone = parts.intents.is_empty();
    let form = if alone { Form::Written } else { Form::Plain };
    let Parts { tokenizer, prefix, network, .. } = parts;
    let limit = network.base().map_or(0, |config| tagged_pieces(form, config));
    let words = &mut network.tokens;
    let base = network.bert.as_mut().filter(|_| !watcher.stopped).map(|bert| Base {
        cutter: Cutter { tokenizer, prefix, limit, form },
        encoder: match parts.depth {
            Some(Depth::Full) if alone => Encoder::Tuned(bert, words, options.precision),
            _ => Encoder::Kept(bert, words),
        },
    });
    let checks = if alone { Checks::Shown } else { Checks::Hidden };
    let finder = EntityFinder::new(&set.gazetteer);
    let pace = Pace { epochs: options.epochs, base_rate: options.learning_rate };
    School { finder: &finder, seed: options.seed, base, checks, pace }.teach(&set.annotated, watcher)
}

/// Most pieces of a message that a base reads for the tagger; no more than the intents where they share the pass.
pub(crate) fn tagged_pieces(form: Form, config: &BertConfig) -> usize {
    if form == Form::Plain { config.max_tokens() } else { config.max_position_embeddings.min(MAX_PIECES) }
}

/// A network that knows no intent and takes nothing for one; its base, if there is one, is the tagger's.
fn without_intents(options: &TrainOptions, messages: usize) -> Result<Parts, Error> {
    let Origin { base, prefix } = Origin::open(options)?;
    let (base, tokenizer) = match base {
        Some((base, tokenizer)) => (Some(base), tokenizer),
        None => (None, tokens::train_vocabulary(std::iter::empty())?),
    };
    let sizes = Sizes { ngrams: 0, tokens: 0, outputs: 1 };
    let mut network = Network::new(EncoderKind::Ngrams, sizes, base, &mut Random::new(options.seed, 2))?;
    network.round();
    network.prepare(options.precision);
    let featuriser = Featuriser::fit(std::iter::empty(), 1);
    let fitted = Fitted {
        featuriser,
        tokenizer,
        network,
        best_epoch: 0,
        prefix,
        most_tokens: None,
        device: None,
        unknown: None,
    };
    let mut parts = fitted.parts(&[], &[])?;
    parts.calibration.scope.bias = NO_SCOPE;
    let depth = options.depth.unwrap_or(Depth::for_entities(messages));
    // To compare rows takes intents.
    let depth = if depth == Depth::FewShot { Depth::Frozen } else { depth };
    parts.depth = options.base.as_ref().map(|_| depth);
    Ok(parts)
}
