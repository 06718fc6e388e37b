//! A folder where a training keeps what it needs to go on after a crash, and whose it is.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::Place;
use crate::classifier::{fingerprint, hex};
use crate::columns::{Columns, Stored};
use crate::sentence::shipped;
use crate::{BaseSource, Error, Progress, TrainOptions, TrainingSet};

/// Time between two checkpoints at the ends of epochs, and within one.
const AT_EPOCH_END: Duration = Duration::from_secs(20);
const WITHIN_EPOCH: Duration = Duration::from_secs(120);
/// Training goes on for so many times as long as the last checkpoint took to write: they cost a twentieth at most.
const THRIFT: u32 = 20;
/// Changes whenever an earlier build's checkpoint would be continued otherwise than it began.
const FORMAT: u32 = 1;

const STATE: &str = "state";
const LOCK: &str = "lock";

/// What becomes of a checkpoint that an earlier training left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// It is continued; one of other data or options is refused.
    Continue,
    /// It is removed.
    Afresh,
}

/// A moment at which a checkpoint can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    EpochEnd,
    WithinEpoch,
}

/// Where an earlier training is continued.
#[derive(Debug, Clone, PartialEq)]
pub struct Continued {
    /// Epochs that are done of the fit that was running.
    pub epoch: u32,
    /// Planned epochs of that fit.
    pub epochs: u32,
    /// The fit that was running, from 1.
    pub fit: usize,
    /// Planned fits.
    pub fits: usize,
    /// The reports that ended the epochs so far.
    pub reports: Vec<Progress>,
}

/// What a training is told apart by: it is continued where all three are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    data: String,
    options: String,
    base: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    format: u32,
    key: Key,
    place: Place,
    reports: Vec<Progress>,
}

/// A place on the disk for a training's state; only one training at a time may use it.
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    key: Key,
    /// Held for as long as this lives.
    _lock: File,
    found: Option<(Stored, Facts)>,
    reports: Vec<Progress>,
    pace: [Duration; 2],
    written: Instant,
    cost: Duration,
    /// How many times as long as the last checkpoint took to write it waits for the next.
    thrift: u32,
}

impl Checkpoint {
    /// Opens the folder for a training, made where it is missing. Refuses one that another training uses now, and to
    /// continue one that was begun with other data, options or another base.
    pub fn open(folder: &Path, set: &TrainingSet, options: &TrainOptions, start: Start) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let lock = lock(folder)?;
        let key = Key::new(set, options)?;
        let state = folder.join(STATE);
        if start == Start::Afresh {
            remove_file(&state)?;
        }
        let found = if state.exists() { Some(find(&state, &key)?) } else { None };
        let reports = found.as_ref().map_or_else(Vec::new, |(_, facts)| facts.reports.clone());
        let pace = [AT_EPOCH_END, WITHIN_EPOCH];
        let (folder, written, cost) = (folder.to_owned(), Instant::now(), Duration::ZERO);
        Ok(Self { folder, key, _lock: lock, found, reports, pace, written, cost, thrift: THRIFT })
    }

    /// The same, written at the first chance after so long a time, however long that takes.
    #[must_use]
    pub fn every(mut self, pause: Duration) -> Self {
        self.pace = [pause; 2];
        self.thrift = 0;
        self
    }

    /// Where the training goes on, if an earlier one left something.
    pub fn continued(&self) -> Option<Continued> {
        let (_, Facts { place, reports, .. }) = self.found.as_ref()?;
        Some(Continued {
            epoch: place.epochs_done,
            epochs: place.epochs,
            fit: place.fit + 1,
            fits: place.fits,
            reports: reports.clone(),
        })
    }

    /// Removes what was written, once what was trained is safe elsewhere.
    pub fn remove(self) -> Result<(), Error> {
        remove_file(&self.folder.join(STATE))
    }

    /// What an earlier training left; given once.
    pub(super) fn take(&mut self) -> Option<Kept> {
        let (stored, facts) = self.found.take()?;
        Some(Kept { stored, place: facts.place })
    }

    /// Notes a report that ended an epoch.
    pub(super) fn note(&mut self, progress: &Progress) {
        let Progress { loss, examples_per_second, seconds_left, .. } = *progress;
        let held_out = progress.validation.map_or(0.0, |held_out| held_out.loss);
        // What is no number would not come back from the file.
        if [loss, examples_per_second, seconds_left, held_out].iter().all(|value| value.is_finite()) {
            self.reports.push(*progress);
        }
    }

    /// Whether enough time has gone by since the last one.
    pub(super) fn is_due(&self, moment: Moment) -> bool {
        self.written.elapsed() >= self.pace[moment as usize].max(self.cost * self.thrift)
    }

    /// Writes a checkpoint in place of the last; a failure costs the chance to continue, not the training.
    pub(super) fn write(&mut self, columns: &Columns<'_>, place: Place) {
        let begun = Instant::now();
        let facts = Facts { format: FORMAT, key: self.key.clone(), place, reports: self.reports.clone() };
        if let Err(error) = columns.write(&self.folder.join(STATE), &facts) {
            tracing::warn!(%error, "no checkpoint could be written; the training goes on without");
        }
        self.cost = begun.elapsed();
        self.written = Instant::now();
    }
}

impl Drop for Checkpoint {
    /// A folder that holds nothing to go on from goes away.
    fn drop(&mut self) {
        if !self.folder.join(STATE).exists() {
            let _ = fs::remove_file(self.folder.join(LOCK));
            // Whatever else somebody put there stays.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// A checkpoint that is continued.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) stored: Stored,
    pub(super) place: Place,
}

/// What a training is told apart by, in hexadecimal: the same for the same data, options and base, whatever the time,
/// threads and memory.
pub fn training_key(set: &TrainingSet, options: &TrainOptions) -> Result<String, Error> {
    let Key { data, options, base } = Key::new(set, options)?;
    Ok(hex([data, options, base]
        .iter()
        .fold(Sha256::new(), |hasher, part| hasher.chain_update(part).chain_update([0]))))
}

impl Key {
    fn new(set: &TrainingSet, options: &TrainOptions) -> Result<Self, Error> {
        Ok(Self {
            data: fingerprint(set),
            options: hex(Sha256::new().chain_update(format!("{:?}", options.of_the_result()))),
            base: options.base.as_ref().map(base_hash).transpose()?.unwrap_or_default(),
        })
    }
}

/// SHA-256 over the files of a base that decide what is learned.
fn base_hash(base: &BaseSource) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    let BaseSource::Folder(base) = base else {
        shipped::contents().iter().for_each(|contents| hasher.update(contents));
        return Ok(hex(hasher));
    };
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let path = base.join(name);
        // What is missing is told of when the base is loaded.
        if path.exists() {
            let mut file = File::open(&path).map_err(Error::io(&path))?;
            std::io::copy(&mut file, &mut HashWriter(&mut hasher)).map_err(Error::io(&path))?;
        }
    }
    Ok(hex(hasher))
}

/// A hash that can be written into.
struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::io(&path)(error)),
    }
}

fn find(state: &Path, key: &Key) -> Result<(Stored, Facts), Error> {
    let stored = Stored::open(state)?;
    let facts: Facts = stored.facts()?;
    let other = match &facts.key {
        _ if facts.format != FORMAT => "by another build",
        found if found.data != key.data => "with other data",
        found if found.base != key.base => "from another base",
        found if found.options != key.options => "with other options",
        _ => return Ok((stored, facts)),
    };
    let problem = format!("belongs to a training that was begun {other}, and cannot be continued by this one");
    Err(Error::Checkpoint { path: state.to_owned(), problem })
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}
