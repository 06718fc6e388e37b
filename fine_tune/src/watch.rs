//! Who looks on while a model learns: the terminal, a program that reads JSON lines, TensorBoard.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use model::{Control, Progress};
use tensorboard_rs::summary_writer::SummaryWriter;

use crate::Error;
use crate::events::TrainEvent;
use crate::interrupt::Interrupt;

/// Takes every report of a training run.
pub(crate) struct Watcher {
    view: View,
    tensorboard: Option<SummaryWriter>,
    interrupt: Interrupt,
    /// The report that ended each epoch.
    pub(crate) epochs: Vec<Progress>,
    /// Whether somebody stopped it.
    pub(crate) stopped: bool,
}

enum View {
    Json,
    Bar(ProgressBar),
    Lines,
}

impl Watcher {
    pub(crate) fn new(json: bool, tensorboard: Option<&Path>) -> Result<Self, Error> {
        let view = match (json, std::io::stderr().is_terminal()) {
            (true, _) => View::Json,
            (false, true) => View::Bar(bar()),
            (false, false) => View::Lines,
        };
        let tensorboard = tensorboard.map(event_files).transpose()?;
        let interrupt = Interrupt::listen().map_err(Error::disk("listen for signals on", "this process"))?;
        Ok(Self { view, tensorboard, interrupt, epochs: Vec::new(), stopped: false })
    }

    /// Shows one report of the training and keeps it; the answer is whether to go on.
    pub(crate) fn see(&mut self, progress: &Progress) -> Control {
        if let Some(writer) = &mut self.tensorboard {
            write_scalars(writer, progress);
        }
        if progress.validation.is_some() {
            self.epochs.push(*progress);
        }
        let control = self.look(progress);
        self.stopped |= control == Control::Stop;
        control
    }

    /// Takes a wish to stop as granted: what comes now is stopped by another.
    pub(crate) fn begin_again(&mut self) {
        self.interrupt.forget();
    }

    /// Shows one report; the answer is whether to go on.
    pub(crate) fn look(&self, progress: &Progress) -> Control {
        match &self.view {
            View::Json => TrainEvent::Progress(*progress).print(),
            View::Bar(bar) => show(bar, progress),
            View::Lines if progress.validation.is_some() => {
                let _ = writeln!(std::io::stderr(), "{}", line(progress));
            }
            View::Lines => {}
        }
        if self.interrupt.is_asked() { Control::Stop } else { Control::Continue }
    }

    pub(crate) fn finish(&mut self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
        if let Some(writer) = &mut self.tensorboard {
            writer.flush();
        }
    }
}

fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:24} {percent:>3}%  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style.progress_chars("━╸─"))
}

fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.steps.max(1));
    bar.set_position(progress.step);
    bar.set_message(line(progress));
}

fn line(progress: &Progress) -> String {
    let Progress { epoch, epochs, loss, train_accuracy, examples_per_second, seconds_left, .. } = progress;
    let accuracy = train_accuracy * 100.0;
    let held_out = progress
        .validation
        .map_or_else(String::new, |held_out| format!(" · held out {:.1} %", held_out.accuracy * 100.0));
    let left = HumanDuration(Duration::from_secs_f32(seconds_left.clamp(0.0, 1e6)));
    if *epochs == 0 {
        return format!("reading messages for the sentiment · {examples_per_second:.0} examples/s · {left} left");
    }
    format!(
        "epoch {epoch}/{epochs} · loss {loss:.3} · accuracy {accuracy:.1} %{held_out} · {examples_per_second:.0} examples/s · {left} left"
    )
}

/// A writer of event files; the folder is proved writable first, as the writer itself only panics.
fn event_files(folder: &Path) -> Result<SummaryWriter, Error> {
    std::fs::create_dir_all(folder).map_err(Error::disk("make", folder))?;
    let probe = folder.join(".frontdesk-probe");
    std::fs::write(&probe, b"")
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(Error::disk("write into", folder))?;
    Ok(SummaryWriter::new(folder))
}

fn write_scalars(writer: &mut SummaryWriter, progress: &Progress) {
    if progress.epochs == 0 {
        return;
    }
    let step = usize::try_from(progress.step).unwrap_or(usize::MAX);
    writer.add_scalar("loss/train", progress.loss, step);
    writer.add_scalar("accuracy/train", progress.train_accuracy, step);
    writer.add_scalar("speed/examples_per_second", progress.examples_per_second, step);
    if let Some(held_out) = progress.validation {
        writer.add_scalar("loss/held_out", held_out.loss, step);
        writer.add_scalar("accuracy/held_out", held_out.accuracy, step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_for_the_sentiment_is_told_as_such_and_is_no_epoch() {
        let told =
            line(&Progress { step: 1, steps: 4, examples_per_second: 90.0, seconds_left: 8.0, ..Progress::default() });
        assert_eq!(told, "reading messages for the sentiment · 90 examples/s · 8 seconds left");
    }

    #[test]
    fn event_files_hold_whole_records() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = event_files(folder.path()).unwrap();
        let held_out = model::Validation { loss: 0.5, accuracy: 0.75 };
        write_scalars(
            &mut writer,
            &Progress {
                epoch: 1,
                epochs: 2,
                step: 3,
                steps: 6,
                loss: 1.5,
                train_accuracy: 0.5,
                validation: Some(held_out),
                examples_per_second: 10.0,
                seconds_left: 1.0,
            },
        );
        writer.flush();
        drop(writer);
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert!(path.file_name().unwrap().to_string_lossy().contains("tfevents"));
        let bytes = std::fs::read(path).unwrap();
        let (mut at, mut records) = (0, Vec::new());
        while at < bytes.len() {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            records.push(bytes[at + 12..at + 12 + length].to_vec());
            at += 12 + length + 4;
        }
        assert_eq!(at, bytes.len());
        let holds =
            |needle: &[u8]| records.iter().any(|record| record.windows(needle.len()).any(|part| part == needle));
        assert!(holds(b"brain.Event:2") && holds(b"loss/train") && holds(b"accuracy/held_out"));
        assert!(holds(&0.75_f32.to_le_bytes()));
    }
}
