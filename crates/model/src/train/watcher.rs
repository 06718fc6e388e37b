//! Progress on its way to whoever watches, and their wish to stop on its way back.

use std::time::Instant;

use crate::{Control, Progress};

/// Passes progress on, and remembers that somebody asked to stop.
pub(super) struct Watcher<'a> {
    watch: &'a mut dyn FnMut(&Progress) -> Control,
    pub(super) started: Instant,
    examples_done: f32,
    pub(super) stopped: bool,
    /// The epoch to stop after, once a first fit has told the best one.
    pub(super) stop_after: Option<u32>,
    /// Rows of the fit that runs.
    pub(super) rows: usize,
    /// Rows of the fits still to come.
    pub(super) later: usize,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(watch: &'a mut dyn FnMut(&Progress) -> Control) -> Self {
        Self { watch, started: Instant::now(), examples_done: 0.0, stopped: false, stop_after: None, rows: 0, later: 0 }
    }

    /// Reports after `rows` more rows; the answer is whether to go on.
    pub(super) fn report(&mut self, mut progress: Progress, rows: usize) -> Control {
        self.examples_done += rows as f32;
        let seconds = self.started.elapsed().as_secs_f32();
        progress.examples_per_second = self.examples_done / seconds.max(1e-6);
        let last = self.stop_after.unwrap_or(progress.epochs);
        let examples_left = last.saturating_sub(progress.epoch) as usize * self.rows + last as usize * self.later;
        progress.seconds_left = examples_left as f32 / progress.examples_per_second;
        let control = (self.watch)(&progress);
        self.stopped |= control == Control::Stop;
        control
    }
}
