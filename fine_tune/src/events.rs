//! What `train --json` prints, one JSON object a line, and the curve that stays beside the model.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::{Progress, TrainOptions};
use serde::{Deserialize, Serialize};

use crate::{DataReport, Error, Trial};

/// One line of `train --json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainEvent {
    /// The data is read.
    Data(Box<DataReport>),
    /// A search that broke off goes on.
    SearchContinued {
        /// Settings that were tried before.
        trials: usize,
    },
    /// Settings were searched.
    Searched {
        /// What was tried.
        trials: Vec<Trial>,
        /// What is learned with now.
        kept: Box<TrainOptions>,
    },
    /// A training that broke off goes on.
    Continued {
        /// Epochs that are done of the fit that was running.
        epoch: u32,
        /// Planned epochs of that fit.
        epochs: u32,
        /// The fit that was running, from 1.
        fit: usize,
        /// Planned fits.
        fits: usize,
        /// Reports of epochs' ends that stand; later ones come again.
        reports: usize,
    },
    /// Some steps are done.
    Progress(Progress),
    /// The model is saved.
    Done {
        /// Its folder.
        model: PathBuf,
        /// Its version.
        version: String,
        /// Figures on the held-out rows.
        metrics: TrainMetrics,
        /// Whether training was stopped before its planned end by the user.
        stopped: bool,
        /// What makes the model less than it could be, and what to do.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    /// Nothing was saved.
    Error {
        /// Why, and the way out.
        message: String,
    },
}

/// Figures on the rows that were held out; these rows also chose the epoch, the calibration and the threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainMetrics {
    /// Rows held out.
    pub held_out: usize,
    /// Share whose best intent is right, of those in scope.
    pub accuracy: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Probability from which the bot answers.
    pub threshold: f64,
    /// The accepted error rate it follows from.
    pub accepted_error: f64,
    /// Share of messages it answers.
    pub coverage: f64,
    /// Share of wrong ones among its answers.
    pub error: f64,
    /// Time taken, in seconds.
    pub seconds: f64,
}

impl TrainEvent {
    /// Prints the event as one line; a closed pipe does not stop training.
    pub(crate) fn print(&self) {
        if let Ok(line) = serde_json::to_string(self) {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        }
    }
}

/// The name of the curve's file in a bundle.
pub(crate) const CURVE_FILE: &str = "training.json";

/// The course of a training run: one point an epoch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Curve {
    /// The report that ended each epoch.
    pub epochs: Vec<Progress>,
    /// Figures on the held-out rows.
    pub metrics: TrainMetrics,
    /// The data it learned from.
    pub data: DataReport,
}

impl Curve {
    /// Reads a bundle's curve; models of other makes have none.
    pub fn read(model: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(model.join(CURVE_FILE)).ok()?).ok()
    }

    /// Writes it into a bundle, whole or not at all.
    pub(crate) fn write(&self, model: &Path) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        write_whole(&model.join(CURVE_FILE), &bytes.map_err(Error::disk("write", model))?)
    }
}

/// Writes a file beside its place, makes it durable and moves it there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        Error::disk("write", path)(error)
    })
}
