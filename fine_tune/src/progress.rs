//! How far a long command is and how long it still takes, on standard error: a bar for people, a line now and then
//! where nobody looks on.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Seconds between two lines where standard error is no terminal.
const QUIET: Duration = Duration::from_secs(10);

/// Counts steps of equal length; can be told from many threads.
#[derive(Debug)]
pub(crate) struct Steps {
    what: &'static str,
    total: u64,
    started: Instant,
    bar: Option<ProgressBar>,
    /// Steps that were done before it began.
    before: u64,
    /// Steps done, and when a line was last written.
    state: Mutex<(u64, Instant)>,
}

impl Steps {
    pub(crate) fn new(what: &'static str, total: usize) -> Self {
        Self::after(what, 0, total)
    }

    /// The same where some steps were done by an earlier run.
    pub(crate) fn after(what: &'static str, before: usize, total: usize) -> Self {
        let (before, total, started) = (before as u64, total as u64, Instant::now());
        let bar = std::io::stderr().is_terminal().then(|| bar(what, total));
        if let Some(bar) = &bar {
            bar.set_position(before);
            bar.reset_eta();
        }
        Self { what, total, started, bar, before, state: Mutex::new((before, started)) }
    }

    /// One step more is done.
    pub(crate) fn step(&self) {
        let Ok(done) = self.state.lock().map(|state| state.0) else { return };
        self.reach(done as usize + 1);
    }

    /// So many steps are done; what is behind already is no step back.
    pub(crate) fn reach(&self, done: usize) {
        let Ok(mut state) = self.state.lock() else { return };
        state.0 = state.0.max(done as u64).min(self.total);
        if let Some(bar) = &self.bar {
            bar.set_position(state.0);
            return;
        }
        if state.1.elapsed() >= QUIET && state.0 < self.total {
            state.1 = Instant::now();
            let _ = writeln!(
                std::io::stderr(),
                "{}",
                line(self.what, [self.before, state.0, self.total], self.started.elapsed())
            );
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {percent:>3}%  {msg} · {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style.progress_chars("━╸─")).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn line(what: &str, [before, done, total]: [u64; 3], taken: Duration) -> String {
    let left = taken.mul_f64((total - done) as f64 / (done - before).max(1) as f64);
    format!("{what}: {done} of {total} · {} left", HumanDuration(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_time_taken() {
        assert_eq!(line("folds", [0, 2, 6], Duration::from_secs(30)), "folds: 2 of 6 · 60 seconds left");
        assert_eq!(line("folds", [0, 0, 6], Duration::from_secs(0)), "folds: 0 of 6 · 0 seconds left");
        assert_eq!(line("folds", [3, 4, 6], Duration::from_secs(30)), "folds: 4 of 6 · 60 seconds left");
    }
}
