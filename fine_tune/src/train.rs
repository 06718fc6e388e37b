//! `train`: reads the data, lets the model learn under watch, publishes the bundle and says what it is worth.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use model::{Checkpoint, Classifier, Continued, EncoderKind, Start, TrainOptions, TrainingSet};

use crate::args::{Base, Depth, Device, Encoder, LearningArgs, Precision, TrainArgs};
use crate::dataset::{BotData, DataOptions, load_bot_data, marked};
use crate::evaluate::{calibration, expected_calibration_error};
use crate::events::{Curve, TrainEvent, TrainMetrics};
use crate::search::{Kept, Settled, search};
use crate::watch::Watcher;
use crate::{DataReport, conll};

/// How far a training steps back whose user asked for low priority, from 1 to 19.
const LOW_PRIORITY: i32 = 10;
/// How long a training waits for another one that is about to leave its folder.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// From this share of tokens unknown to a base on, its user is told.
const MANY_UNKNOWN: f32 = 0.2;

/// Trains a bot's model; the folder appears whole or not at all.
pub fn run_train(arguments: TrainArgs) -> anyhow::Result<ExitCode> {
    let json = arguments.json;
    train(arguments).inspect_err(|error| {
        if json {
            TrainEvent::Error { message: format!("{error:#}") }.print();
        }
    })
}

fn train(arguments: TrainArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    if arguments.low_priority {
        rustix::process::nice(LOW_PRIORITY).context("cannot lower the priority of this process")?;
    }
    if !arguments.data_only {
        prepare(&arguments.out)?;
    }
    let options = training_options(&arguments);
    let data = read_data(&arguments, options.seed)?;
    tell(&arguments, TrainEvent::Data(Box::new(data.report.clone())), || data.report.render());
    if arguments.data_only {
        return Ok(ExitCode::SUCCESS);
    }
    let accepted_error_rate = arguments.accepted_error.unwrap_or(data.accepted_error_rate);
    let options = TrainOptions { accepted_error_rate, ..options };
    let mut watcher = Watcher::new(arguments.json, arguments.tensorboard.as_deref())?;
    let options = if arguments.search { searched(&arguments, &data.set, &options, &mut watcher)? } else { options };
    let mut checkpoint = open_checkpoint(&arguments, &data.set, &options)?;
    if let Some(continued) = checkpoint.continued() {
        tell(&arguments, told(&continued), || continuing(&continued));
        watcher.epochs = continued.reports;
    }
    let learned = model::train_with(&data.set, &options, &mut checkpoint, &mut |progress| watcher.see(progress));
    watcher.finish();
    let classifier = learned?;
    publish(&arguments, &data, &classifier, &watcher, started)?;
    Kept::remove(&partial(&arguments.out))?;
    checkpoint.remove()?;
    Ok(ExitCode::SUCCESS)
}

/// The best of a grid of settings.
fn searched(
    arguments: &TrainArgs,
    set: &TrainingSet,
    options: &TrainOptions,
    watcher: &mut Watcher,
) -> anyhow::Result<TrainOptions> {
    let settled = Settled { dropout: arguments.learning.dropout.is_some() };
    let folder = partial(&arguments.out);
    if arguments.fresh {
        Kept::remove(&folder)?;
    }
    let mut kept = Kept::open(&folder, set, options)?;
    if kept.found() > 0 {
        let trials = kept.found();
        let words = || format!("continuing the search after {trials} settings\n");
        tell(arguments, TrainEvent::SearchContinued { trials }, words);
    }
    let found = search(set, options, settled, &mut kept, &mut |progress| watcher.look(progress))?;
    watcher.begin_again();
    let kept = Box::new(TrainOptions { base: None, ..found.options.clone() });
    tell(arguments, TrainEvent::Searched { trials: found.trials.clone(), kept }, || found.render());
    Ok(found.options)
}

/// The folder beside the model's.
fn partial(out: &Path) -> PathBuf {
    let mut folder = out.as_os_str().to_owned();
    folder.push(".partial");
    folder.into()
}

/// Opens the folder beside the model's where the training keeps what it needs to go on.
fn open_checkpoint(arguments: &TrainArgs, set: &TrainingSet, options: &TrainOptions) -> anyhow::Result<Checkpoint> {
    let folder = &partial(&arguments.out);
    let start = if arguments.fresh { Start::Afresh } else { Start::Continue };
    let opened = match Checkpoint::open(folder, set, options, start) {
        Err(model::Error::InUse { .. }) if arguments.or_fresh => open_once_free(folder, set, options),
        opened => opened,
    };
    let checkpoint = match opened {
        Err(model::Error::Checkpoint { .. }) if arguments.or_fresh => {
            Checkpoint::open(folder, set, options, Start::Afresh)?
        }
        Err(error @ model::Error::Checkpoint { .. }) => bail!("{error}; --fresh starts from the beginning"),
        opened => opened?,
    };
    Ok(match arguments.checkpoint_seconds {
        Some(seconds) => checkpoint.every(Duration::from_secs(seconds.into())),
        None => checkpoint,
    })
}

/// Opens the folder as soon as a training that is about to end leaves it.
fn open_once_free(folder: &Path, set: &TrainingSet, options: &TrainOptions) -> Result<Checkpoint, model::Error> {
    let asked = Instant::now();
    loop {
        let opened = Checkpoint::open(folder, set, options, Start::Continue);
        if !matches!(opened, Err(model::Error::InUse { .. })) || asked.elapsed() > LONGEST_WAIT {
            return opened;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn told(continued: &Continued) -> TrainEvent {
    let Continued { epoch, epochs, fit, fits, .. } = *continued;
    TrainEvent::Continued { epoch, epochs, fit, fits, reports: continued.reports.len() }
}

fn continuing(continued: &Continued) -> String {
    let Continued { epoch, epochs, fit, fits, .. } = *continued;
    let fit = if fits > 1 { format!(" (fit {fit} of {fits})") } else { String::new() };
    match epoch {
        0 => format!("continuing in epoch 1 of {epochs}{fit}\n"),
        _ => format!("continuing after epoch {epoch} of {epochs}{fit}\n"),
    }
}

/// What the bot folder and the tagged sentences teach.
fn read_data(arguments: &TrainArgs, seed: u64) -> anyhow::Result<BotData> {
    let mut data = match &arguments.bot {
        Some(bot) => load_bot_data(bot, &data_options(arguments, seed))?,
        None => BotData { set: TrainingSet::default(), report: DataReport::default(), accepted_error_rate: 0.05 },
    };
    for file in &arguments.entities {
        data.set.annotated.extend(conll::open(file)?.into_iter().map(|sentence| sentence.message));
    }
    data.report.marked = marked(&data.set.annotated);
    Ok(data)
}

/// Refuses early what could not be saved in the end.
fn prepare(out: &Path) -> anyhow::Result<()> {
    if out.exists() {
        bail!("{} exists already; a model is never overwritten: give another --out or move it away", out.display());
    }
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    Ok(())
}

fn data_options(arguments: &TrainArgs, seed: u64) -> DataOptions {
    DataOptions {
        logs: if arguments.no_logs { Vec::new() } else { arguments.logs.clone() },
        own_logs: !arguments.no_logs,
        weak_threshold: arguments.weak_threshold,
        seed,
    }
}

fn training_options(arguments: &TrainArgs) -> TrainOptions {
    TrainOptions {
        base: match (&arguments.bot, &arguments.base) {
            (None, None) => None,
            (_, base) => Base::source(base.as_ref()),
        },
        prefix: arguments.prefix.clone(),
        depth: arguments.depth.map(|depth| match depth {
            Depth::Frozen => model::Depth::Frozen,
            Depth::FewShot => model::Depth::FewShot,
            Depth::Full => model::Depth::Full,
        }),
        precision: match arguments.precision {
            Some(Precision::EightBit) => model::Precision::EightBit,
            Some(Precision::Float) | None => model::Precision::Float,
        },
        device: match arguments.device {
            Some(Device::Cuda) => model::ComputeDevice::Cuda,
            Some(Device::Cpu) | None => model::ComputeDevice::Cpu,
        },
        trained_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ..learning_options(&arguments.learning)
    }
}

/// How a model learns, as the flags say.
pub(crate) fn learning_options(learning: &LearningArgs) -> TrainOptions {
    let usual = TrainOptions::default();
    let LearningArgs { encoder, epochs, batch_size, learning_rate, .. } = *learning;
    let LearningArgs { warmup, weight_decay, dropout, typos, label_smoothing, patience, .. } = *learning;
    let LearningArgs { seed, threads, memory, .. } = *learning;
    TrainOptions {
        encoder: match encoder {
            Some(Encoder::Bag) => EncoderKind::Bag,
            Some(Encoder::Cnn) => EncoderKind::Cnn,
            Some(Encoder::Ngrams) => EncoderKind::Ngrams,
            None => usual.encoder,
        },
        epochs,
        batch_size: batch_size.map_or(usual.batch_size, |size| size as usize),
        learning_rate: learning_rate.map(|rate| rate as f32),
        warmup: warmup.unwrap_or(usual.warmup),
        weight_decay: weight_decay.map_or(usual.weight_decay, |decay| decay as f32),
        dropout: dropout.unwrap_or(usual.dropout),
        typos,
        label_smoothing: label_smoothing.unwrap_or(usual.label_smoothing),
        patience: patience.unwrap_or(usual.patience),
        seed: seed.unwrap_or(usual.seed),
        threads: threads.map(usize::from),
        memory,
        ..usual
    }
}

fn publish(
    arguments: &TrainArgs,
    data: &BotData,
    classifier: &Classifier,
    watcher: &Watcher,
    started: Instant,
) -> anyhow::Result<()> {
    classifier.save(&arguments.out)?;
    let metrics = held_out(classifier, data, watcher, started.elapsed().as_secs_f64());
    let curve = Curve { epochs: watcher.epochs.clone(), metrics, data: data.report.clone() };
    curve.write(&arguments.out)?;
    let done = TrainEvent::Done {
        model: arguments.out.clone(),
        version: classifier.info().version.clone(),
        metrics,
        stopped: watcher.stopped,
        warnings: warnings(classifier, &metrics),
    };
    tell(arguments, done, || summary(arguments, &metrics, classifier, watcher));
    Ok(())
}

/// What makes a model less than it could be, and what to do.
fn warnings(classifier: &Classifier, metrics: &TrainMetrics) -> Vec<String> {
    let is_measured = metrics.held_out > 0 || classifier.intents().is_empty();
    let unmeasured = (!is_measured).then(|| {
        format!(
            "no message could be held out, so nothing is known of its accuracy, and to be safe it answers only from a \
             probability of {:.2} on: write at least four examples for an intent, better ten",
            metrics.threshold
        )
    });
    let unknown = classifier.info().metrics.get("unknown_tokens").filter(|share| **share >= MANY_UNKNOWN);
    let unknown = unknown.map(|share| {
        let share = share * 100.0;
        format!("the base does not know {share:.1} % of the words: is it made for these languages?")
    });
    unmeasured.into_iter().chain(unknown).collect()
}

/// Figures on held-out rows as they stood before the model was refitted on all rows: from its calibration.
fn held_out(classifier: &Classifier, data: &BotData, watcher: &Watcher, seconds: f64) -> TrainMetrics {
    let info = classifier.info();
    let points: Vec<(f64, bool)> = info.calibration.curve.iter().map(|(p, right)| (f64::from(*p), *right)).collect();
    let threshold = f64::from(classifier.threshold(info.accepted_error_rate));
    let answered: Vec<_> = points.iter().filter(|(probability, _)| *probability >= threshold).collect();
    let wrong = answered.iter().filter(|(_, right)| !right).count();
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let seen = watcher.epochs.iter().filter_map(|epoch| epoch.validation).map(|held_out| held_out.accuracy);
    let accuracy = info.metrics.get("accuracy").copied().unwrap_or_else(|| seen.fold(0.0, f32::max));
    TrainMetrics {
        held_out: info.metrics.get("held_out_rows").map_or(data.set.validation.len(), |rows| *rows as usize),
        accuracy: f64::from(accuracy),
        calibration_error: expected_calibration_error(&calibration(&points), points.len()),
        threshold,
        accepted_error: f64::from(info.accepted_error_rate),
        coverage: share(answered.len(), points.len()),
        error: share(wrong, answered.len()),
        seconds,
    }
}

fn summary(arguments: &TrainArgs, metrics: &TrainMetrics, classifier: &Classifier, watcher: &Watcher) -> String {
    let percent = |value: f64| format!("{:.1} %", value * 100.0);
    let out = arguments.out.display();
    let stopped = if watcher.stopped { " (stopped early: the best state so far)" } else { "" };
    let measured = [
        ("accuracy", format!("{} of {} held-out messages", percent(metrics.accuracy), metrics.held_out)),
        ("calibration error", percent(metrics.calibration_error)),
        ("threshold", format!("{:.2} for {} accepted error", metrics.threshold, percent(metrics.accepted_error))),
        ("coverage", format!("{} answered, {} of these wrong", percent(metrics.coverage), percent(metrics.error))),
    ];
    let entities = classifier.info().metrics.get("entity_f1");
    let mut rows = vec![("model", format!("{out}{stopped}"))];
    rows.extend(measured.into_iter().filter(|_| !classifier.intents().is_empty() && metrics.held_out > 0));
    rows.extend(entities.map(|f1| ("entities", format!("F1 {} on held-out messages", percent(f64::from(*f1))))));
    rows.push(("time", format!("{:.0} s", metrics.seconds)));
    rows.extend(warnings(classifier, metrics).into_iter().map(|warning| ("warning", warning)));
    let table: String = rows.iter().map(|(name, value)| format!("{name:<18} {value}\n")).collect();
    let measure =
        if classifier.intents().is_empty() { "--entities FILE.conll" } else { "--test FILE.jsonl --html report.html" };
    format!("{table}\nnext: measure it on messages it has not seen\n  frontdesk eval {out} {measure}\n")
}

fn tell(arguments: &TrainArgs, event: TrainEvent, words: impl FnOnce() -> String) {
    if arguments.json {
        event.print();
    } else {
        let _ = write!(std::io::stdout(), "{}", words());
    }
}

#[cfg(test)]
mod tests {
    use model::{Control, Example};

    use super::*;

    #[test]
    fn a_model_that_nothing_measured_says_what_to_write() {
        let rows = ["where is it", "money back", "when do you open"];
        let train = rows.map(|text| Example::new(text, Some(text))).to_vec();
        let set = TrainingSet { train, ..TrainingSet::default() };
        let classifier = model::train(&set, &TrainOptions::default(), &mut |_| Control::Continue).unwrap();
        assert_eq!(classifier.info().metrics.get("held_out_rows").copied().unwrap_or(0.0), 0.0);
        let said = warnings(&classifier, &TrainMetrics { threshold: 0.98, ..TrainMetrics::default() });
        assert!(said[0].contains("at least four examples") && said[0].contains("of 0.98 on"), "{said:?}");
        assert!(warnings(&classifier, &TrainMetrics { held_out: 5, ..TrainMetrics::default() }).is_empty());
    }
}
