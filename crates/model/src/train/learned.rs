//! One training as a whole: fits on rows while others are held out, the verdict on those, and the fit on all rows.

use rayon::prelude::*;

use super::checkpoint::Kept;
use super::fitted::Fitted;
use super::memory::Sizes;
use super::place::{Changed, put_network};
use super::plan::{MANY_ROWS, Plan};
use super::watcher::Watcher;
use crate::classifier::Parts;
use crate::columns::Columns;
use crate::features::Features;
use crate::judgement::{HeldOut, Judged, Verdict, judge, stored};
use crate::linear::{Linear, LinearRow};
use crate::split::{Fold, Row, Rows};
use crate::typos;
use crate::{Error, TrainOptions};

/// Held-out rows that thresholds are found on: where one share of the rows is fewer, others are held out in turn.
const ENOUGH_HELD_OUT: usize = 1500;
/// The first fit's network among the columns of a checkpoint.
pub(super) const FIRST: &str = "first";

/// Fits and calibrates on rows held out in turn, then fits again on all rows; returns the best epoch too.
pub(super) fn learn(rows: &Rows, options: &TrainOptions, watcher: &mut Watcher<'_>) -> Result<(Parts, u32), Error> {
    let course = Course::new(rows, options);
    let mut kept = watcher.kept();
    let mut before = Before { fits: course.fits(), ..Before::default() };
    if let Some(kept) = &kept {
        course.go_on(&mut before, kept)?;
    }
    for fit in before.fit..course.fits() {
        before.fit = fit;
        watcher.later = course.rows_after(fit);
        watcher.stop_after = before.best_epoch.filter(|epoch| *epoch > 0);
        let learned = course.fit(&before, kept.take().as_ref(), watcher)?;
        // What was stopped half-way says nothing about the model, but the first fit is all there is.
        if watcher.stopped && before.learned.is_some() {
            break;
        }
        course.judge(&mut before, learned)?;
        if watcher.stopped {
            break;
        }
    }
    let Before { judged, general, learned, best_epoch, .. } = before;
    let Learned { mut parts, linear, .. } = learned.expect("there is always a first fit");
    let held_out = HeldOut { judged: &judged, general: &general, ..HeldOut::default() };
    let verdict = Verdict::of(held_out, rows.intents.len());
    if let Some(linear) = linear {
        parts.network.widen(&linear, verdict.scale)?;
        parts.plain = parts.network.plain()?;
    }
    parts.calibration = verdict.calibration;
    parts.metrics.extend(verdict.metrics);
    parts.depth = options.base.as_ref().map(|_| course.plan.depth);
    Ok((parts, best_epoch.unwrap_or(0)))
}

/// The fits of a training: one for each fold, and a last one on all rows unless none was held out.
struct Course<'a> {
    intents: &'a [String],
    general: &'a [Row],
    folds: Vec<Fold>,
    all: Option<Vec<Row>>,
    plan: Plan<'a>,
}

impl<'a> Course<'a> {
    fn new(rows: &'a Rows, options: &'a TrainOptions) -> Self {
        let mut folds = rows.folds(if options.has_transformer() { 0 } else { ENOUGH_HELD_OUT }, options.seed);
        folds.truncate(options.folds);
        let all = || rows.train.iter().chain(&rows.held_out).chain(&rows.further).cloned().collect();
        let n_all = rows.train.len() + rows.held_out.len();
        let again = options.refit && !rows.held_out.is_empty() && (options.has_transformer() || n_all <= MANY_ROWS);
        let depth = options.depth_for(n_all, rows.intents.len());
        Self {
            intents: &rows.intents,
            general: &rows.general,
            folds,
            all: again.then(all),
            plan: Plan::new(depth, rows.train.len(), options),
        }
    }

    fn fits(&self) -> usize {
        self.folds.len() + usize::from(self.all.is_some())
    }

    /// Rows of all fits that come after one.
    fn rows_after(&self, fit: usize) -> usize {
        let rows: usize = (fit + 1..self.fits()).map(|fit| self.lesson(fit).0.len()).sum();
        (rows as f32 * (1.0 + self.plan.options.share_of_typos())) as usize
    }

    /// The rows as a fit learns them, those with typing errors behind the others.
    fn with_typos(&self, train: &[Row]) -> Vec<Row> {
        [train, &typos::copies(train, self.plan.options.share_of_typos(), self.plan.options.seed)].concat()
    }

    /// Rows that a fit learns from, and those that only the first one stops by.
    fn lesson(&self, fit: usize) -> (&[Row], &[Row]) {
        match (self.folds.get(fit), &self.all) {
            (Some(fold), _) if fit == 0 => (&fold.train, &fold.held_out),
            (Some(fold), _) => (&fold.train, &[]),
            (None, all) => (all.as_deref().unwrap_or_default(), &[]),
        }
    }

    fn fit(&self, before: &Before, kept: Option<&Kept>, watcher: &mut Watcher<'_>) -> Result<Learned, Error> {
        let (train, held_out) = self.lesson(before.fit);
        let rows = self.with_typos(train);
        let lesson = Lesson { train: &rows, n_own: train.len(), held_out, intents: self.intents, before };
        Learned::new(lesson, &self.plan, |fitted| fitted.learn(lesson, &self.plan, kept, watcher))
    }

    /// Judges the rows that a fit has not learned from, and keeps the fit itself if it is the first or the last.
    fn judge(&self, before: &mut Before, learned: Learned) -> Result<(), Error> {
        if let Some(fold) = self.folds.get(before.fit) {
            before.judged.extend(judge(&learned.parts, learned.linear.as_ref(), &fold.held_out)?);
            if before.learned.is_some() {
                return Ok(());
            }
            before.best_epoch = Some(learned.best_epoch);
            before.general = judge(&learned.parts, learned.linear.as_ref(), self.general)?;
        }
        before.learned = Some(learned);
        Ok(())
    }

    /// Puts back what an earlier training had done before the fit that it was in.
    fn go_on(&self, before: &mut Before, kept: &Kept) -> Result<(), Error> {
        let Kept { stored, place } = kept;
        if place.fit >= self.fits() || place.stage >= self.plan.stages.len() {
            return Err(stored.damaged());
        }
        before.fit = place.fit;
        before.best_epoch = place.first_best;
        if place.fit > 0 {
            before.judged = stored::take(stored)?;
            let (train, held_out) = self.lesson(0);
            let rows = self.with_typos(train);
            let lesson = Lesson { train: &rows, n_own: train.len(), held_out, intents: self.intents, before };
            let first = Learned::new(lesson, &self.plan, |fitted| fitted.relearn(&self.plan, kept))?;
            before.general = judge(&first.parts, first.linear.as_ref(), self.general)?;
            before.learned = Some(first);
        }
        Ok(())
    }
}

/// What was done before a fit.
#[derive(Default)]
pub(super) struct Before {
    /// The fit that comes now, from 0, and how many are planned.
    pub(super) fit: usize,
    pub(super) fits: usize,
    judged: Vec<Judged>,
    /// What the first fit says of general messages.
    general: Vec<Judged>,
    learned: Option<Learned>,
    /// The best epoch of the first fit.
    pub(super) best_epoch: Option<u32>,
}

impl Before {
    /// Adds all that is needed to go on after it.
    pub(super) fn put<'a>(&'a self, columns: &mut Columns<'a>) -> Result<(), Error> {
        let Some(learned) = &self.learned else {
            return Ok(());
        };
        stored::put(&self.judged, columns);
        put_network(columns, FIRST, &learned.parts.network, Changed::All)
    }
}

/// What one fit gives: a network with its readers, and the linear classifiers beside it.
struct Learned {
    parts: Parts,
    linear: Option<Linear>,
    best_epoch: u32,
}

impl Learned {
    /// Fits the linear classifiers, and the network in the way that is given.
    fn new(
        lesson: Lesson<'_>,
        plan: &Plan<'_>,
        learn: impl FnOnce(&mut Fitted) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut fitted = Fitted::new(lesson, plan.options)?;
        let (n_features, n_outputs) = (fitted.featuriser.len(), fitted.network.outputs);
        // Of very many rows the linear classifiers learn from an even selection, as they keep all of them as numbers.
        let step = lesson.train.len().div_ceil(MANY_ROWS).max(1);
        let heard: Vec<&Row> = lesson.train.iter().step_by(step).collect();
        let is_wide = Linear::fits(heard.len(), n_features, n_outputs);
        let features = heard.par_iter().map(|row| fitted.featuriser.features(&row.text));
        let features: Vec<Features> = if is_wide { features.collect() } else { Vec::new() };
        if let Some(limit) = plan.options.memory {
            let sizes = Sizes::new(lesson.train, &fitted.featuriser, &fitted.network);
            fitted.most_tokens = sizes.most_tokens(limit, plan)?;
        }
        let linear = || {
            let rows: Vec<LinearRow<'_>> = features
                .iter()
                .zip(&heard)
                .map(|(features, row)| LinearRow { features, class: row.label, also: &row.also, weight: row.weight })
                .collect();
            Linear::fit(&rows, n_features, n_outputs, plan.options.seed)
        };
        // The watcher stays on this thread; the linear classifiers take another where there is one.
        let linear = std::thread::scope(|scope| {
            let beside = (rayon::current_num_threads() > 1).then(|| scope.spawn(linear));
            learn(&mut fitted)?;
            Ok::<_, Error>(match beside {
                Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                None => linear(),
            })
        })?;
        let best_epoch = fitted.best_epoch;
        Ok(Self { parts: fitted.parts(&lesson.train[..lesson.n_own], lesson.intents)?, linear, best_epoch })
    }
}

/// Rows to learn from and rows to check on, with the intents they are labelled by.
#[derive(Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) train: &'a [Row],
    /// How many of them, from the first on, are as they were written.
    pub(super) n_own: usize,
    pub(super) held_out: &'a [Row],
    pub(super) intents: &'a [String],
    pub(super) before: &'a Before,
}
