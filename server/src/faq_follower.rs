//! The index's only writer: applies every FAQ revision of the store to the index, in order, and tells who waits for it.
//! A lost, damaged or foreign index is rebuilt from the store.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use retrieval::{Change, FaqEntry, FaqIndex, Link};
use store::{FaqRecord, Store};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::error::ApiError;
use crate::faq_encoder::FaqEncoder;

/// Changes applied with one commit; while more are waiting twice as many each time, since a commit costs more than its rows.
const BATCH: usize = 500;
const LARGEST_BATCH: usize = 8_000;
/// Steps that take longer are made smaller again.
const LONGEST_STEP: Duration = Duration::from_secs(3);
/// The last resort when neither a signal nor a notification arrives.
const POLL: Duration = Duration::from_secs(2);
/// How long an editor waits for a saved change to become searchable.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a start waits for the index to be level with the store; one that is built anew may take longer, and the
/// service answers without the FAQ meanwhile, and says so where it is asked whether it is ready.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// An index that takes no changes so many times in a row is built anew.
const FAILURES: u32 = 3;

/// Keeps the index level with the store.
#[derive(Debug)]
pub struct FaqFollower {
    wake: Arc<Notify>,
    searchable: watch::Receiver<i64>,
    rebuilding: Arc<AtomicBool>,
    building: Arc<FaqIndex>,
    worker: JoinHandle<()>,
}

impl FaqFollower {
    /// Opens the index, or begins to build it anew, brings it level with the store and begins to follow.
    pub async fn start(store: Store, folder: &Path, encoder: FaqEncoder) -> anyhow::Result<(Self, Arc<FaqIndex>)> {
        let newest = store.revision().await?;
        let (index, to_rebuild) = match open(newest, folder, &encoder) {
            Some(index) => (index, false),
            None => (to_build(newest, folder, &encoder)?, true),
        };
        let (index, wake) = (Arc::new(index), Arc::new(Notify::new()));
        let (announce, mut searchable) = watch::channel(if to_rebuild { -1 } else { revision_of(&index) });
        let rebuilding = Arc::new(AtomicBool::new(to_rebuild));
        let step = Step {
            index: Arc::clone(&index),
            store,
            failures: 0,
            batch: BATCH,
            rebuilding: Arc::clone(&rebuilding),
            calibrating: Arc::default(),
        };
        let worker = tokio::spawn(follow(step, Arc::clone(&wake), announce));
        let building = Arc::clone(&index);
        if tokio::time::timeout(START_PATIENCE, searchable.wait_for(|seen| *seen >= newest)).await.is_err() {
            tracing::warn!(
                "the index is not level with the store yet; answers from the FAQ are missing or old until it is"
            );
        }
        Ok((Self { wake, searchable, rebuilding, building, worker }, index))
    }

    /// Waits until a search sees `revision`, so that what an editor saved is what the next customer gets.
    pub async fn wait_until_searchable(&self, revision: i64) -> Result<(), ApiError> {
        self.wake.notify_one();
        let mut searchable = self.searchable.clone();
        let reached = tokio::time::timeout(PATIENCE, searchable.wait_for(|seen| *seen >= revision)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ApiError::IndexBehind),
        }
    }

    /// The revision that searches see, and those to come.
    pub fn searchable(&self) -> watch::Receiver<i64> {
        self.wake.notify_one();
        self.searchable.clone()
    }

    /// The revision that searches see.
    pub fn searchable_revision(&self) -> i64 {
        (*self.searchable.borrow()).max(0)
    }

    /// Whether the index is being built anew, so that entries are not found, or as they were.
    pub fn is_rebuilding(&self) -> bool {
        self.rebuilding.load(Ordering::Relaxed)
    }

    /// Whether the worker still runs.
    pub fn is_alive(&self) -> bool {
        !self.worker.is_finished()
    }
}

impl Drop for FaqFollower {
    fn drop(&mut self) {
        self.worker.abort();
        // A build goes on where nobody can abort it; the next start begins it anew.
        self.building.stop();
    }
}

/// One look at the store and what it brings into the index.
#[derive(Debug)]
struct Step {
    store: Store,
    index: Arc<FaqIndex>,
    /// How often in a row the index took no changes.
    failures: u32,
    /// How many changes are read next.
    batch: usize,
    rebuilding: Arc<AtomicBool>,
    /// Whether the probabilities are being learned.
    calibrating: Arc<AtomicBool>,
}

impl Step {
    /// Applies the next changes and says how many there were.
    async fn catch_up(&mut self) -> anyhow::Result<usize> {
        if self.rebuilding.load(Ordering::Relaxed) {
            return self.rebuild().await;
        }
        let from = revision_of(&self.index);
        let changes = self.store.faq_changes_since(from, self.batch).await.context("cannot read the FAQ's changes")?;
        let Some((to, _)) = changes.last() else { return Ok(0) };
        let (to, count) = (u64::try_from(*to)?, changes.len());
        let changes: Vec<Change> = changes.into_iter().map(|(_, record)| change(record)).collect();
        let (index, started) = (Arc::clone(&self.index), Instant::now());
        if let Err(error) = tokio::task::spawn_blocking(move || index.apply(&changes, to)).await? {
            self.failures += 1;
            self.rebuilding.store(self.failures >= FAILURES, Ordering::Relaxed);
            return Err(error).context("cannot apply the FAQ's changes to the index");
        }
        self.failures = 0;
        let more_wait = count == self.batch && started.elapsed() < LONGEST_STEP;
        self.batch = if more_wait { (2 * count).min(LARGEST_BATCH) } else { BATCH };
        metrics::gauge!("frontdesk_index_revision").set(to as f64);
        Ok(count)
    }

    /// Builds the index anew from all entries of the store, while searches see what they saw before.
    async fn rebuild(&mut self) -> anyhow::Result<usize> {
        let started = Instant::now();
        let revision = u64::try_from(self.store.revision().await?)?;
        let records = self.store.faq_all().await.context("cannot read the FAQ")?;
        let entries: Vec<FaqEntry> = records.into_iter().map(entry).collect();
        let (index, count) = (Arc::clone(&self.index), entries.len());
        // Where it fails, the changes are tried again first.
        self.failures = 0;
        let built = tokio::task::spawn_blocking(move || index.replace_all(&entries, revision)).await?;
        let cannot_follow = self.index.revision() == 0 || self.index.waits_for_its_encoder();
        self.rebuilding.store(built.is_err() && cannot_follow, Ordering::Relaxed);
        built.context("cannot build the index")?;
        tracing::info!(entries = count, revision, seconds = started.elapsed().as_secs_f64(), "built the index anew");
        metrics::gauge!("frontdesk_index_revision").set(revision as f64);
        Ok(count.max(1))
    }

    /// Learns the probabilities again where the entries have changed much since, beside the work.
    fn calibrate(&self) {
        if !self.index.is_calibration_due() || self.calibrating.swap(true, Ordering::Relaxed) {
            return;
        }
        let (index, calibrating) = (Arc::clone(&self.index), Arc::clone(&self.calibrating));
        tokio::task::spawn_blocking(move || {
            match index.calibrate() {
                Ok(report) => {
                    tracing::info!(questions = report.n_examples, "learned the FAQ's probabilities");
                    calibrating.store(false, Ordering::Relaxed);
                }
                // It would fail again at every look: those that are known stay until the next start.
                Err(error) => tracing::error!(%error, "the FAQ's probabilities cannot be learned"),
            }
        });
    }

    /// Compares the files of an index that was opened without with their checksums, beside the work.
    fn verify(&self) {
        let (index, rebuilding) = (Arc::clone(&self.index), Arc::clone(&self.rebuilding));
        tokio::task::spawn_blocking(move || {
            if let Err(error) = index.verify() {
                tracing::error!(%error, "building the index anew; searches see the old one until then");
                rebuilding.store(true, Ordering::Relaxed);
            }
        });
    }
}

async fn follow(mut step: Step, wake: Arc<Notify>, announce: watch::Sender<i64>) {
    let mut revisions = step.store.revisions();
    step.verify();
    loop {
        match step.catch_up().await {
            Ok(0) => {
                step.calibrate();
                tokio::select! {
                    () = wake.notified() => {}
                    _ = revisions.changed() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Ok(_) => {
                announce.send_replace(revision_of(&step.index));
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the index does not follow the FAQ; trying again");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

/// Opens the index; none where it is missing, empty, damaged, of another encoder, or ahead of a restored store.
fn open(newest: i64, folder: &Path, encoder: &FaqEncoder) -> Option<FaqIndex> {
    match FaqIndex::open_with(folder, encoder.reads.clone()) {
        Ok(index) if is_of_store(&index, newest) => return Some(index),
        Ok(index) => {
            tracing::warn!(
                index = index.revision(),
                store = newest,
                "the index is not of this store; building it anew"
            );
        }
        Err(error) if folder.exists() => tracing::warn!(%error, "the index cannot be opened; building it anew"),
        Err(_) => tracing::info!("building the index"),
    }
    None
}

/// The index that is to be built anew: one that another encoder made, which answers by words meanwhile, or else an empty one.
fn to_build(newest: i64, folder: &Path, encoder: &FaqEncoder) -> anyhow::Result<FaqIndex> {
    match FaqIndex::open_by_words(folder, encoder.reads.clone()) {
        Ok(index) if index.waits_for_its_encoder() && is_of_store(&index, newest) => {
            encoder.keep(folder)?;
            tracing::info!("entries are found by words alone until then");
            Ok(index)
        }
        _ => empty(folder, encoder),
    }
}

fn is_of_store(index: &FaqIndex, newest: i64) -> bool {
    (i64::from(newest > 0)..=newest).contains(&revision_of(index))
}

fn empty(folder: &Path, encoder: &FaqEncoder) -> anyhow::Result<FaqIndex> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear the index {}", folder.display()))?;
    }
    let index = FaqIndex::create_with(folder, encoder.reads.clone()).context("cannot make an index")?;
    encoder.keep(folder)?;
    Ok(index)
}

fn revision_of(index: &FaqIndex) -> i64 {
    i64::try_from(index.revision()).unwrap_or(i64::MAX)
}

fn change(record: FaqRecord) -> Change {
    if record.deleted || !record.enabled { Change::Delete(record.id) } else { Change::Put(entry(record)) }
}

/// A stored entry as the index takes it.
pub fn entry(record: FaqRecord) -> FaqEntry {
    FaqEntry {
        id: record.id,
        question: record.question,
        similar: record.similar,
        answer: record.answer,
        language: record.language,
        category: record.category,
        valid_from: record.valid_from,
        valid_until: record.valid_until,
        enabled: record.enabled,
        channels: record.channels,
        links: record.links.into_iter().map(|link| Link { title: link.title, url: link.url }).collect(),
    }
}
