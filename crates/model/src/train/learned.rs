//! One training as a whole: fits on rows while others are held out, the verdict on those, and the fit on all rows.

use rayon::prelude::*;

use super::fitted::Fitted;
use super::pass::Plan;
use super::watcher::Watcher;
use crate::classifier::Parts;
use crate::features::Features;
use crate::judgement::{Verdict, judge};
use crate::linear::{Linear, LinearRow};
use crate::split::{Row, Rows};
use crate::{Depth, Error, TrainOptions};

/// Held-out rows that thresholds are found on: where one share of the rows is fewer, others are held out in turn.
const ENOUGH_HELD_OUT: usize = 1500;

/// Fits and calibrates on rows held out in turn, then fits again on all rows; returns the best epoch too.
pub(super) fn learn(rows: &Rows, options: &TrainOptions, watcher: &mut Watcher<'_>) -> Result<(Parts, u32), Error> {
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
        // What was stopped half-way says nothing about the model, but the first fit is all there is.
        if watcher.stopped && first.is_some() {
            break;
        }
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
        let lesson = Lesson { train: &all, held_out: &[], intents: &rows.intents };
        let again = Learned::fit(lesson, &plan, watcher)?;
        if !watcher.stopped {
            learned = again;
        }
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
                .map(|(features, row)| LinearRow { features, class: row.label, also: &row.also, weight: row.weight })
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
pub(super) struct Lesson<'a> {
    pub(super) train: &'a [Row],
    pub(super) held_out: &'a [Row],
    pub(super) intents: &'a [String],
}
