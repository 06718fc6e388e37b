//! The trials of a search that are done, on the disk, so that a search that broke off does not begin anew.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use model::{TrainOptions, TrainingSet};
use serde::{Deserialize, Serialize};

use super::Trial;
use crate::Error;
use crate::events::write_whole;

/// Changes whenever an earlier build's trials would come out otherwise.
const FORMAT: u32 = 1;
const FILE: &str = "search.json";

/// What a search has found so far.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Where it is written down; nowhere in a search that nobody continues.
    path: Option<PathBuf>,
    facts: Facts,
    /// Trials that an earlier run has done.
    found: usize,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Facts {
    format: u32,
    /// What the search is told apart by: its data, options and base.
    key: String,
    trials: Vec<Trial>,
    /// Whether somebody ended the search early.
    is_ended: bool,
}

impl Kept {
    /// Opens what an earlier search left in a training's folder; one of other data or options is begun anew.
    pub(crate) fn open(folder: &Path, set: &TrainingSet, options: &TrainOptions) -> Result<Self, Error> {
        let path = folder.join(FILE);
        std::fs::create_dir_all(folder).map_err(Error::disk("make", folder))?;
        let key = model::training_key(set, options)?;
        let read = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Facts>(&bytes).ok());
        let facts = read.filter(|facts| facts.format == FORMAT && facts.key == key);
        let mut facts = facts.unwrap_or_else(|| Facts { format: FORMAT, key, ..Facts::default() });
        facts.trials.iter_mut().for_each(Trial::restore);
        Ok(Self { path: Some(path), found: facts.trials.len(), facts })
    }

    /// How many trials an earlier run has done.
    pub(crate) fn found(&self) -> usize {
        self.found
    }

    /// Whether somebody ended the search in an earlier run.
    pub(super) fn is_ended(&self) -> bool {
        self.facts.is_ended
    }

    /// What came of the same trial before.
    pub(super) fn of(&self, round: usize, options: &TrainOptions) -> Option<Trial> {
        self.facts.trials.iter().find(|trial| trial.is_of(round, options)).cloned()
    }

    /// Writes down one more trial.
    pub(super) fn put(&mut self, trial: &Trial) {
        self.facts.trials.push(trial.clone());
        self.write();
    }

    /// Writes down that somebody ended the search.
    pub(super) fn end(&mut self) {
        self.facts.is_ended = true;
        self.write();
    }

    /// A failure costs the chance to continue, not the search.
    fn write(&self) {
        let Some(path) = &self.path else { return };
        let written = serde_json::to_vec_pretty(&self.facts).map_err(std::io::Error::from);
        if let Err(error) = written.map_err(Error::disk("write", path)).and_then(|bytes| write_whole(path, &bytes)) {
            let _ = writeln!(std::io::stderr(), "warning: the search could not be continued after a crash: {error}");
        }
    }

    /// Forgets all of it, once what was trained is safe elsewhere or is to begin anew.
    pub(crate) fn remove(folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::disk("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

impl Trial {
    fn is_of(&self, round: usize, options: &TrainOptions) -> bool {
        self.round == round
            && self.depth == options.depth
            && self.learning_rate == options.learning_rate.unwrap_or_default()
            && self.dropout == options.dropout
            && self.epochs == super::epochs(options)
    }

    /// Figures as they were before they were written in decimals: they come from numbers of half the width.
    fn restore(&mut self) {
        for value in [&mut self.accuracy, &mut self.loss] {
            *value = f64::from(*value as f32);
        }
    }
}
