//! `train --search`: tries a small grid of settings by successive halving and keeps the best.
//! Every trial is judged on the rows that its own training held out; no other row is looked at.

mod kept;

use std::time::Instant;

use model::{Control, Depth, Progress, TrainOptions, TrainingSet};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::terminal::{columns, percent};

pub(crate) use kept::Kept;

/// One in so many settings goes on to the next round.
const KEPT: usize = 3;
/// The share of the usual epochs that the trials of each round learn for.
const ROUNDS: [f32; 2] = [0.25, 0.5];
/// Multiples of the usual epochs that the last round tries with the best settings.
const LENGTHS: [u32; 2] = [1, 2];
/// Multiples of the usual learning rate.
const RATES: [f32; 3] = [1.0, 0.5, 2.0];
/// Shares dropped from the joined features of a model without a base.
const DROPOUTS: [f32; 3] = [0.5, 0.3, 0.7];
/// How much a lower loss counts against a higher accuracy.
const LOSS_SHARE: f64 = 0.01;

/// What the user has settled already, and the search leaves alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settled {
    pub(crate) dropout: bool,
}

/// One setting that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The round, from 1: each has fewer settings and more epochs.
    pub round: usize,
    /// How much of the base is trained, where there is one.
    pub depth: Option<Depth>,
    /// The highest learning rate.
    pub learning_rate: f32,
    /// The share of joined features that is dropped.
    pub dropout: f32,
    /// Passes over the data.
    pub epochs: u32,
    /// Share of held-out messages whose best intent is right.
    pub accuracy: f64,
    /// Mean cross-entropy on them.
    pub loss: f64,
    /// How many they are.
    pub held_out: usize,
    /// Time taken, in seconds.
    pub seconds: f64,
}

impl Trial {
    fn score(&self) -> f64 {
        self.accuracy - LOSS_SHARE * self.loss
    }
}

/// What a search ends with.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The options to train with: the best that were tried.
    pub(crate) options: TrainOptions,
    pub(crate) trials: Vec<Trial>,
}

impl Found {
    /// What was tried, as a table, and what is kept.
    pub(crate) fn render(&self) -> String {
        let with_base = self.options.has_transformer();
        let row = |trial: &Trial| {
            let depth = trial.depth.map_or("-", depth_name);
            let (rate, dropout) = (format!("{}", trial.learning_rate), format!("{}", trial.dropout));
            let (round, epochs) = (trial.round.to_string(), trial.epochs.to_string());
            let measured = [percent(trial.accuracy), format!("{:.3}", trial.loss), format!("{:.0} s", trial.seconds)];
            let choice = if with_base { depth.to_owned() } else { dropout };
            [vec![round, choice, rate, epochs], measured.to_vec()].concat()
        };
        let rows: Vec<Vec<String>> = self.trials.iter().map(row).collect();
        let choice = if with_base { "depth" } else { "dropout" };
        let table = columns(&["round", choice, "learning rate", "epochs", "held out", "loss", "time"], &rows);
        let Some(best) = self.trials.iter().max_by(|a, b| a.accuracy.total_cmp(&b.accuracy)) else {
            return "the search was stopped before anything was tried to its end\n".into();
        };
        let doubt = 1.96 * (best.accuracy * (1.0 - best.accuracy) / best.held_out.max(1) as f64).sqrt();
        let TrainOptions { learning_rate, dropout, epochs, depth, .. } = &self.options;
        let choice = depth.filter(|_| with_base).map_or(format!("dropout {dropout}"), |depth| depth_name(depth).into());
        format!(
            "{table}kept: {choice}, learning rate {}, {} epochs; less than {} between two rows can be chance\n\n",
            learning_rate.unwrap_or_default(),
            epochs.unwrap_or_default(),
            percent(doubt)
        )
    }
}

fn depth_name(depth: Depth) -> &'static str {
    match depth {
        Depth::Frozen => "frozen",
        Depth::FewShot => "few-shot",
        Depth::Full => "full",
    }
}

/// A search while it runs.
struct Search<'a> {
    set: &'a TrainingSet,
    watch: &'a mut dyn FnMut(&Progress) -> Control,
    kept: &'a mut Kept,
    started: Instant,
    trials: Vec<Trial>,
    /// Epochs of all trials that are done, and of all that are planned.
    epochs: [u32; 2],
    /// Epochs that an earlier run has done.
    before: u32,
    stopped: bool,
}

/// Tries settings around the given ones; whoever watches can end it, and then gets the best so far. Trials that are kept
/// from an earlier run are not done again.
pub(crate) fn search(
    set: &TrainingSet,
    options: &TrainOptions,
    settled: Settled,
    kept: &mut Kept,
    watch: &mut dyn FnMut(&Progress) -> Control,
) -> Result<Found, Error> {
    let only_intents;
    let set = if set.train.is_empty() {
        set
    } else {
        only_intents = TrainingSet { sentiment: Vec::new(), annotated: Vec::new(), ..set.clone() };
        &only_intents
    };
    let mut settings = settings(set, options, settled);
    let lengths = if options.epochs.is_some() { &LENGTHS[..1] } else { &LENGTHS };
    let planned = planned(set, &settings, lengths);
    let (started, trials) = (Instant::now(), Vec::new());
    let mut search = Search { set, watch, kept, started, trials, epochs: [0, planned], before: 0, stopped: false };
    for (round, share) in (1..).zip(ROUNDS) {
        let scaled = |options: &TrainOptions| scaled(set, options, share);
        settings = search.round(round, settings, scaled)?;
    }
    let best = settings.swap_remove(0);
    let last: Vec<TrainOptions> = lengths.iter().map(|length| scaled(set, &best, *length as f32)).collect();
    let found = search.round(ROUNDS.len() + 1, last, TrainOptions::clone)?.swap_remove(0);
    let options = if search.epochs[0] == 0 { options.clone() } else { found };
    Ok(Found { options, trials: search.trials })
}

/// The settings to begin with, the usual ones first: what stands first wins where scores are equal.
fn settings(set: &TrainingSet, options: &TrainOptions, settled: Settled) -> Vec<TrainOptions> {
    let depths = match (options.has_transformer(), options.depth) {
        (false, _) => vec![None],
        (true, Some(depth)) => vec![Some(depth)],
        (true, None) => {
            let usual = options.depth_on(set);
            let others = [Depth::Frozen, Depth::FewShot, Depth::Full].into_iter().filter(|depth| *depth != usual);
            std::iter::once(usual).chain(others).map(Some).collect()
        }
    };
    let dropouts = if options.base.is_some() || settled.dropout { vec![options.dropout] } else { DROPOUTS.to_vec() };
    let mut settings = Vec::new();
    for depth in depths {
        // A head over a base that stays is learned at a rate of its own.
        let rates = match (options.learning_rate, depth) {
            (Some(_), _) | (_, Some(Depth::Frozen)) => &RATES[..1],
            _ => &RATES[..],
        };
        for (dropout, rate) in dropouts.iter().flat_map(|dropout| rates.iter().map(move |rate| (*dropout, *rate))) {
            let learning_rate = options.learning_rate.unwrap_or(options.highest_rate() * rate);
            settings.push(TrainOptions { depth, dropout, learning_rate: Some(learning_rate), ..options.clone() });
        }
    }
    settings
}

/// The same settings for a share of their usual epochs.
fn scaled(set: &TrainingSet, options: &TrainOptions, share: f32) -> TrainOptions {
    let usual = options.epochs_on(set);
    TrainOptions { epochs: Some(((usual as f32 * share).round() as u32).max(1)), ..options.clone() }
}

fn epochs(options: &TrainOptions) -> u32 {
    options.epochs.unwrap_or(1)
}

/// Epochs of all rounds, taken to be as long for every setting.
fn planned(set: &TrainingSet, settings: &[TrainOptions], lengths: &[u32]) -> u32 {
    let (mut left, mut total) = (settings.len(), 0);
    for share in ROUNDS {
        total += settings[..left].iter().map(|options| epochs(&scaled(set, options, share))).sum::<u32>();
        left = left.div_ceil(KEPT);
    }
    total + lengths.iter().map(|length| epochs(&scaled(set, &settings[0], *length as f32))).sum::<u32>()
}

impl Search<'_> {
    /// Tries each setting as `prepare` makes it; returns the best of them, best first.
    fn round(
        &mut self,
        round: usize,
        settings: Vec<TrainOptions>,
        prepare: impl Fn(&TrainOptions) -> TrainOptions,
    ) -> Result<Vec<TrainOptions>, Error> {
        let kept = settings.len().div_ceil(KEPT);
        let mut scored: Vec<(f64, TrainOptions)> = Vec::new();
        for options in settings {
            let trial = self.trial_once(round, &prepare(&options))?;
            // What was not tried to its end stands behind all that was, in the order that it came in.
            scored.push((trial.map_or(f64::NEG_INFINITY, |trial| trial.score()), options));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(scored.into_iter().take(kept).map(|(_, options)| options).collect())
    }

    /// The trial as an earlier run has done it, or done now; nothing where the search has ended.
    fn trial_once(&mut self, round: usize, options: &TrainOptions) -> Result<Option<Trial>, Error> {
        let trial = match self.kept.of(round, options) {
            Some(trial) => {
                self.before += trial.epochs;
                trial
            }
            None if self.stopped || self.kept.is_ended() => return Ok(None),
            None => match self.trial(round, options)? {
                Some(trial) => {
                    self.kept.put(&trial);
                    trial
                }
                None => {
                    self.kept.end();
                    return Ok(None);
                }
            },
        };
        self.epochs[0] += trial.epochs;
        self.trials.push(trial.clone());
        Ok(Some(trial))
    }

    /// Trains once and judges on what was held out; nothing where somebody asked to stop meanwhile.
    fn trial(&mut self, round: usize, options: &TrainOptions) -> Result<Option<Trial>, Error> {
        let begun = Instant::now();
        let [done, planned] = self.epochs;
        let mut loss = f64::INFINITY;
        let mut stopped = false;
        let trial_options = TrainOptions { refit: false, folds: 1, ..options.clone() };
        let classifier = model::train(self.set, &trial_options, &mut |progress| {
            if let Some(held_out) = progress.validation {
                loss = loss.min(f64::from(held_out.loss));
            }
            let share = f64::from(progress.epoch) / f64::from(progress.epochs.max(1));
            let so_far = f64::from(done) + share * f64::from(epochs(options));
            let pace = self.started.elapsed().as_secs_f64() / (so_far - f64::from(self.before)).max(f64::MIN_POSITIVE);
            let left = pace * (f64::from(planned) - so_far);
            let control = (self.watch)(&Progress { seconds_left: left.max(0.0) as f32, ..*progress });
            stopped |= control == Control::Stop;
            control
        })?;
        self.stopped = stopped;
        if stopped {
            return Ok(None);
        }
        let metrics = &classifier.info().metrics;
        let Some(accuracy) = metrics.get("accuracy") else {
            return Err(Error::TooLittle(
                "a search judges by messages that are held out, and there are too few: write at least four examples \
                 for an intent"
                    .into(),
            ));
        };
        Ok(Some(Trial {
            round,
            depth: options.depth,
            learning_rate: options.learning_rate.unwrap_or_default(),
            dropout: options.dropout,
            epochs: epochs(options),
            accuracy: f64::from(*accuracy),
            loss,
            held_out: metrics.get("held_out_rows").map_or(0, |rows| *rows as usize),
            seconds: begun.elapsed().as_secs_f64(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use model::Example;

    use super::*;

    fn set() -> TrainingSet {
        let forms = ["where is my", "I want my money back for the", "do you have another", "please repair the"];
        let things = ["lamp", "kettle", "jacket", "phone", "chair", "table", "clock", "radio", "mirror", "basket"];
        let rows =
            forms.iter().flat_map(|form| things.map(|thing| Example::new(format!("{form} {thing}"), Some(form))));
        TrainingSet { train: rows.collect(), ..TrainingSet::default() }
    }

    fn found(options: &TrainOptions, settled: Settled, watch: &mut dyn FnMut(&Progress) -> Control) -> Found {
        search(&set(), options, settled, &mut Kept::default(), watch).unwrap()
    }

    #[test]
    fn each_round_has_fewer_settings_and_more_epochs_and_the_best_is_kept() {
        let mut left = Vec::new();
        let found = found(&TrainOptions::default(), Settled::default(), &mut |progress| {
            left.push(progress.seconds_left);
            Control::Continue
        });
        let count = |round| found.trials.iter().filter(|trial| trial.round == round).count();
        assert_eq!([1, 2, 3].map(count), [9, 3, 2]);
        let epochs: Vec<u32> = found.trials.iter().map(|trial| trial.epochs).collect();
        assert!(epochs.is_sorted() && epochs[0] < epochs[13], "{epochs:?}");
        let last = &found.trials[12..];
        let best = if last[1].score() > last[0].score() { &last[1] } else { &last[0] };
        assert_eq!(found.options.epochs, Some(best.epochs));
        assert_eq!(found.options.learning_rate, Some(best.learning_rate));
        assert!(found.options.refit && found.options.folds > 1);
        assert!(left.iter().all(|left| left.is_finite() && *left >= 0.0), "{left:?}");
        assert!(found.render().contains("kept: dropout"), "{}", found.render());
    }

    #[test]
    fn what_is_settled_is_not_searched_and_the_same_seed_finds_the_same() {
        let options = TrainOptions { learning_rate: Some(0.002), epochs: Some(4), ..TrainOptions::default() };
        let once = || found(&options, Settled { dropout: true }, &mut |_| Control::Continue);
        let (first, second) = (once(), once());
        assert_eq!(first.options, second.options);
        let seen: Vec<_> =
            first.trials.iter().map(|trial| (trial.learning_rate, trial.dropout, trial.epochs)).collect();
        assert_eq!(seen, [(0.002, 0.5, 1), (0.002, 0.5, 2), (0.002, 0.5, 4)]);
    }

    #[test]
    fn a_search_that_is_stopped_keeps_the_best_so_far() {
        let none = found(&TrainOptions::default(), Settled::default(), &mut |_| Control::Stop);
        let mut trials = 0;
        let found = found(&TrainOptions::default(), Settled::default(), &mut |progress| {
            trials += usize::from(progress.epoch == 1);
            if trials == 4 { Control::Stop } else { Control::Continue }
        });
        assert_eq!((trials, found.trials.len()), (4, 3));
        let best = found.trials.iter().map(Trial::score).fold(f64::MIN, f64::max);
        let kept = found.trials.iter().find(|trial| trial.score() >= best).unwrap();
        assert_eq!(found.options.dropout, kept.dropout);
        assert_eq!(none.options, TrainOptions::default());
    }

    #[test]
    fn without_messages_to_hold_out_there_is_nothing_to_search_by() {
        let set = TrainingSet { train: vec![Example::new("hello", Some("greet"))], ..TrainingSet::default() };
        let mut kept = Kept::default();
        let error = search(&set, &TrainOptions::default(), Settled::default(), &mut kept, &mut |_| Control::Continue);
        assert!(error.unwrap_err().to_string().contains("at least four examples"));
    }

    /// A search over settings that are few, watched until `trials` of them have begun; how many began comes with it.
    fn broken_off(folder: &std::path::Path, set: &TrainingSet, trials: usize, end: Control) -> (Found, usize) {
        let options = TrainOptions { learning_rate: Some(0.002), epochs: Some(4), ..TrainOptions::default() };
        let mut kept = Kept::open(folder, set, &options).unwrap();
        let mut begun = 0;
        let found = search(set, &options, Settled::default(), &mut kept, &mut |progress| {
            begun += usize::from(progress.epoch == 1 && progress.validation.is_some());
            assert!(progress.seconds_left.is_finite() && progress.seconds_left >= 0.0);
            if begun <= trials { Control::Continue } else { end }
        });
        (found.unwrap(), begun)
    }

    fn without_times(found: &Found) -> (TrainOptions, Vec<Trial>) {
        let trials = found.trials.iter().map(|trial| Trial { seconds: 0.0, ..trial.clone() });
        (found.options.clone(), trials.collect())
    }

    #[test]
    fn a_search_that_broke_off_does_no_finished_trial_again_and_finds_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let whole = broken_off(&folder.path().join("whole"), &set(), 99, Control::Continue);
        let path = folder.path().join("broken");
        let broken = std::panic::catch_unwind(|| {
            let options = TrainOptions { learning_rate: Some(0.002), epochs: Some(4), ..TrainOptions::default() };
            let mut kept = Kept::open(&path, &set(), &options).unwrap();
            let mut epochs = 0;
            let _ = search(&set(), &options, Settled::default(), &mut kept, &mut |progress| {
                epochs += usize::from(progress.validation.is_some());
                assert!(epochs < 4, "the lights go out");
                Control::Continue
            });
        });
        assert!(broken.is_err());
        let (found, begun) = broken_off(&path, &set(), 99, Control::Continue);
        assert_eq!(without_times(&found), without_times(&whole.0));
        assert_eq!(whole.1 - begun, 3, "three trials were done");
        let (again, begun) = broken_off(&path, &set(), 99, Control::Continue);
        assert_eq!((without_times(&again), begun), (without_times(&found), 0));
        let mut other = set();
        other.train.push(Example::new("one more", Some("where is my")));
        assert_eq!(broken_off(&path, &other, 99, Control::Continue).1, whole.1, "other data is another search");
    }

    #[test]
    fn a_search_that_was_ended_by_hand_stays_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = broken_off(folder.path(), &set(), 2, Control::Stop);
        let (second, begun) = broken_off(folder.path(), &set(), 99, Control::Continue);
        assert_eq!((without_times(&second), begun), (without_times(&first), 0));
        Kept::remove(folder.path()).unwrap();
        assert!(broken_off(folder.path(), &set(), 99, Control::Continue).1 > 2);
    }
}
