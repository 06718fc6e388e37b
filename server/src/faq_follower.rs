//! The index's only writer: applies every FAQ revision of the store to the index, in order, and tells who waits for it.
//! A lost, damaged or foreign index is rebuilt from the store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use assistant::meaning;
use retrieval::{Change, FaqEntry, FaqIndex, Link};
use store::{FaqRecord, Store};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::error::ApiError;

/// Changes applied with one commit.
const BATCH: usize = 500;
/// The last resort when neither a signal nor a notification arrives.
const POLL: Duration = Duration::from_secs(2);
/// How long an editor waits for a saved change to become searchable.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps the index level with the store.
#[derive(Debug)]
pub struct FaqFollower {
    wake: Arc<Notify>,
    searchable: watch::Receiver<i64>,
    worker: JoinHandle<()>,
}

impl FaqFollower {
    /// Opens or rebuilds the index, brings it level with the store and begins to follow.
    pub async fn start(store: Store, folder: &Path) -> anyhow::Result<(Self, Arc<FaqIndex>)> {
        let mut step = Step { index: Arc::new(open(&store, folder).await?), store };
        if let Err(error) = step.catch_up_wholly().await {
            tracing::warn!(error = format!("{error:#}"), "the index takes no changes; rebuilding it");
            step.index = Arc::new(FaqIndex::in_memory_with(meaning()));
            step.index = Arc::new(clear_and_rebuild(&step.store, folder).await?);
            step.catch_up_wholly().await?;
        }
        let index = Arc::clone(&step.index);
        let wake = Arc::new(Notify::new());
        let (announce, searchable) = watch::channel(revision_of(&index));
        let worker = tokio::spawn(follow(step, Arc::clone(&wake), announce));
        Ok((Self { wake, searchable, worker }, index))
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

    /// The revision that searches see.
    pub fn searchable_revision(&self) -> i64 {
        *self.searchable.borrow()
    }

    /// Whether the worker still runs.
    pub fn is_alive(&self) -> bool {
        !self.worker.is_finished()
    }
}

impl Drop for FaqFollower {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

/// One look at the store and what it brings into the index.
#[derive(Debug)]
struct Step {
    store: Store,
    index: Arc<FaqIndex>,
}

impl Step {
    async fn catch_up_wholly(&mut self) -> anyhow::Result<()> {
        while self.catch_up().await? > 0 {}
        Ok(())
    }

    /// Applies the next changes and says how many there were.
    async fn catch_up(&mut self) -> anyhow::Result<usize> {
        let from = revision_of(&self.index);
        let changes = self.store.faq_changes_since(from, BATCH).await.context("cannot read the FAQ's changes")?;
        let Some((to, _)) = changes.last() else { return Ok(0) };
        let (to, count) = (u64::try_from(*to)?, changes.len());
        let changes: Vec<Change> = changes.into_iter().map(|(_, record)| change(record)).collect();
        let index = Arc::clone(&self.index);
        tokio::task::spawn_blocking(move || index.apply(&changes, to))
            .await?
            .context("cannot apply the FAQ's changes to the index")?;
        metrics::gauge!("frontdesk_index_revision").set(to as f64);
        Ok(count)
    }
}

async fn follow(mut step: Step, wake: Arc<Notify>, announce: watch::Sender<i64>) {
    let mut revisions = step.store.revisions();
    loop {
        match step.catch_up().await {
            Ok(0) => {
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

/// Opens the index, or builds it anew when it is missing, damaged, or ahead of a restored store.
async fn open(store: &Store, folder: &Path) -> anyhow::Result<FaqIndex> {
    let newest = store.revision().await?;
    let opened = FaqIndex::open_with(folder, meaning());
    match opened.and_then(|index| index.verify().map(|()| index)) {
        Ok(index) if revision_of(&index) <= newest => return Ok(index),
        Ok(index) => {
            tracing::warn!(index = index.revision(), store = newest, "the index is ahead of the store; rebuilding it");
        }
        Err(error) if folder.exists() => tracing::warn!(%error, "the index cannot be opened; rebuilding it"),
        Err(_) => tracing::info!("building the index"),
    }
    clear_and_rebuild(store, folder).await
}

async fn clear_and_rebuild(store: &Store, folder: &Path) -> anyhow::Result<FaqIndex> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear the index {}", folder.display()))?;
    }
    let revision = store.revision().await?;
    let entries: Vec<FaqEntry> = store.faq_all().await.context("cannot read the FAQ")?.into_iter().map(entry).collect();
    let folder = folder.to_owned();
    let built = tokio::task::spawn_blocking(move || {
        let index = FaqIndex::create_with(&folder, meaning())?;
        index.replace_all(&entries, u64::try_from(revision).unwrap_or_default())?;
        Ok::<_, retrieval::Error>(index)
    });
    built.await?.context("cannot build the index")
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
