//! Progress on its way to whoever watches and to the checkpoint, and their wish to stop on its way back.

use std::time::Instant;

use super::checkpoint::{Checkpoint, Kept, Moment};
use super::pass::Pass;
use crate::columns::Columns;
use crate::{Control, Error, Progress};

/// Passes progress on, and remembers that somebody asked to stop.
pub(crate) struct Watcher<'a> {
    watch: &'a mut dyn FnMut(&Progress) -> Control,
    checkpoint: Option<&'a mut Checkpoint>,
    pub(super) started: Instant,
    /// When the part of training that runs began.
    since: Instant,
    examples_done: f32,
    pub(crate) stopped: bool,
    /// Whether the part that runs goes on unseen, as it began after somebody had asked to stop.
    unseen: bool,
    /// The epoch to stop after, once a first fit has told the best one.
    pub(super) stop_after: Option<u32>,
    /// Rows of the fit that runs.
    pub(super) rows: usize,
    /// Rows of the fits still to come.
    pub(super) later: usize,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(watch: &'a mut dyn FnMut(&Progress) -> Control, checkpoint: Option<&'a mut Checkpoint>) -> Self {
        let now = Instant::now();
        Self {
            watch,
            checkpoint,
            started: now,
            since: now,
            examples_done: 0.0,
            stopped: false,
            unseen: false,
            stop_after: None,
            rows: 0,
            later: 0,
        }
    }

    /// Begins a fit of so many rows in a part of training of its own, with so many rows of fits still to come.
    pub(crate) fn begin(&mut self, rows: usize, later: usize) {
        (self.since, self.examples_done, self.unseen) = (Instant::now(), 0.0, self.stopped);
        (self.rows, self.later, self.stop_after) = (rows, later, None);
    }

    /// Reports from a part that has begun; one that began after the wish to stop goes on to its end.
    pub(crate) fn tell(&mut self, progress: Progress, rows: usize) -> Control {
        if self.unseen { Control::Continue } else { self.report(progress, rows) }
    }

    /// What an earlier training left, if this one goes on from it.
    pub(super) fn kept(&mut self) -> Option<Kept> {
        self.checkpoint.as_mut()?.take()
    }

    /// Whether a checkpoint is due.
    pub(super) fn is_due(&self, moment: Moment) -> bool {
        self.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.is_due(moment))
    }

    /// Writes a checkpoint if one is due.
    pub(super) fn keep(&mut self, pass: &Pass<'_>, moment: Moment) -> Result<(), Error> {
        if !self.is_due(moment) {
            return Ok(());
        }
        let Some(checkpoint) = &mut self.checkpoint else { return Ok(()) };
        let mut columns = Columns::default();
        pass.put(&mut columns)?;
        pass.lesson.before.put(&mut columns)?;
        checkpoint.write(&columns, pass.place());
        Ok(())
    }

    /// Reports after `rows` more rows; the answer is whether to go on.
    pub(super) fn report(&mut self, mut progress: Progress, rows: usize) -> Control {
        self.examples_done += rows as f32;
        let seconds = self.since.elapsed().as_secs_f32();
        progress.examples_per_second = self.examples_done / seconds.max(1e-6);
        let last = self.stop_after.unwrap_or(progress.epochs);
        let examples_left = last.saturating_sub(progress.epoch) as usize * self.rows + last as usize * self.later;
        progress.seconds_left = match progress.epochs {
            0 => seconds / progress.step.max(1) as f32 * progress.steps.saturating_sub(progress.step) as f32,
            _ => examples_left as f32 / progress.examples_per_second,
        };
        if let Some(checkpoint) = self.checkpoint.as_mut().filter(|_| progress.validation.is_some()) {
            checkpoint.note(&progress);
        }
        let control = (self.watch)(&progress);
        self.stopped |= control == Control::Stop;
        control
    }
}
