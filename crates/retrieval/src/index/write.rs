//! Edits: analysed, written as one commit with what was counted, then shown to searches.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::{Index, IndexWriter, TantivyError, Term};

use super::directory::CachedDirectory;
use super::documents::{self, AT_A_TIME};
use super::{CommitPayload, FaqIndex, name, settings};
use crate::schema::{self, FORMAT_VERSION};
use crate::search::Snapshot;
use crate::table::{Counts, CountsFile, Meanings, Row, RowTokens, Table};
use crate::{CalibrationReport, Change, Error, FaqEntry};

/// What documents may take before they are written as a segment; a limit, not an allocation.
const WRITER_BYTES: usize = 60_000_000;

/// An entry on its way into the index.
struct Analysed<'a> {
    entry: &'a FaqEntry,
    row: Row,
    tokens: RowTokens,
}

impl FaqIndex {
    /// Applies edits in order as one commit; they are searchable, or nothing changed, when it returns.
    pub fn apply(&self, changes: &[Change], revision: u64) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        if self.waits_for_its_encoder() {
            return Err(Error::OtherEncoder { path: self.dir.clone().unwrap_or_default() });
        }
        if revision < before.revision {
            return Err(Error::StaleRevision { given: revision, current: before.revision });
        }
        let mut counts = before.table.counts.clone();
        let latest = latest(changes);
        let puts: Vec<&FaqEntry> = latest.iter().filter_map(|(_, entry)| *entry).collect();
        let mut analysed = self.analysed(&puts);
        self.commit(&mut writer, revision, &mut counts, |open, counts| {
            for (id, _) in &latest {
                let old = before.table.row_by_id(id)?.map(|row| before.table.row(row)).transpose()?;
                if let Some(old) = &old {
                    open.delete_term(Term::from_field_text(self.fields.id, id));
                    counts.remove(old);
                }
                if let Some(mut new) = analysed.remove(id) {
                    new.row.number = old.map_or_else(|| counts.next_number(), |old| old.number);
                    self.put(open, counts, &new)?;
                }
            }
            Ok(())
        })?;
        self.publish(counts, revision)
    }

    /// Makes the index hold exactly these entries, then learns the probabilities anew.
    pub fn replace_all(&self, entries: &[FaqEntry], revision: u64) -> Result<CalibrationReport, Error> {
        {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(dir) = &self.dir
                && self.index.load_metas().is_err()
            {
                *writer = None;
                begin_anew(dir)?;
            }
            let mut counts = Counts::default();
            self.commit(&mut writer, revision, &mut counts, |open, counts| {
                open.delete_all_documents()?;
                let enabled = entries.iter().filter(|entry| entry.enabled);
                let mut seen = HashSet::new();
                let mut last: Vec<&FaqEntry> = enabled.rev().filter(|entry| seen.insert(entry.id.as_str())).collect();
                last.reverse();
                for entries in last.chunks(AT_A_TIME) {
                    if self.stopping.load(Ordering::Relaxed) {
                        return Err(Error::Stopped);
                    }
                    let mut analysed = self.analysed(entries);
                    for entry in entries {
                        let Some(mut new) = analysed.remove(entry.id.as_str()) else { continue };
                        new.row.number = counts.next_number();
                        self.put(open, counts, &new)?;
                    }
                }
                Ok(())
            })?;
            let waited = self.waits_for_its_encoder();
            self.publish(counts, revision)?;
            if waited {
                self.begin_with_usual_probabilities();
            }
        }
        self.calibrate()
    }

    /// Analyses entries side by side.
    fn analysed<'a>(&self, entries: &[&'a FaqEntry]) -> HashMap<&'a str, Analysed<'a>> {
        let analyse = |&entry: &&'a FaqEntry| {
            let (row, tokens) = Row::new(entry, Meanings::of(entry, &self.reads));
            (entry.id.as_str(), Analysed { entry, row, tokens })
        };
        let all = || entries.par_iter().map(analyse).collect();
        match readers() {
            Some(readers) => readers.install(all),
            None => all(),
        }
    }

    /// Adds an entry, all of whose documents come to stand side by side in one segment.
    fn put(&self, writer: &IndexWriter, counts: &mut Counts, new: &Analysed<'_>) -> Result<(), Error> {
        counts.add(&new.row);
        let documents = documents::documents(self.fields, new.entry, &new.row, &new.tokens);
        writer.run(documents.into_iter().map(UserOperation::Add))?;
        Ok(())
    }

    /// Runs edits and commits them with the revision; after a failure the writer is dropped, and with it the edits.
    fn commit(
        &self,
        writer: &mut Option<IndexWriter>,
        revision: u64,
        counts: &mut Counts,
        edit: impl FnOnce(&IndexWriter, &mut Counts) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut open = match writer.take() {
            Some(open) => open,
            None => self.new_writer()?,
        };
        edit(&open, counts)?;
        let mut prepared = open.prepare_commit()?;
        let payload = CommitPayload { revision, format: FORMAT_VERSION, encoder: name(&self.reads) };
        prepared.set_payload(&serde_json::to_string(&payload).expect("numbers and a name always serialise"));
        let number = prepared.opstamp();
        counts.settle(number);
        let file = self.dir.as_deref().map(CountsFile);
        if let Some(file) = &file {
            file.save(counts, number)?;
        }
        prepared.commit()?;
        if let Some(file) = &file {
            file.forget_others(counts, number);
        }
        *writer = Some(open);
        Ok(())
    }

    fn new_writer(&self) -> Result<IndexWriter, Error> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_BYTES)
            .build();
        let writer: IndexWriter = self.index.writer_with_options(options).map_err(|error| match error {
            TantivyError::LockFailure(..) => Error::Locked { path: self.dir.clone().unwrap_or_default() },
            other => Error::Engine(other),
        })?;
        let mut policy = LogMergePolicy::default();
        // Single edits are merged among themselves often, the bulk of the FAQ seldom.
        policy.set_min_layer_size(256);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        // A process that was killed, or a commit that failed, leaves files that no commit names and whose names the
        // next commit would take again.
        writer.garbage_collect_files().wait()?;
        Ok(writer)
    }

    fn publish(&self, counts: Counts, revision: u64) -> Result<(), Error> {
        self.reader.reload()?;
        let (searcher, fields, reader) = (self.reader.searcher(), self.fields, self.reads.clone());
        let before = self.snapshot();
        let table = Table::open(searcher.clone(), fields, counts, Some(&before.table))?;
        let (synonyms, ratings) = (Arc::clone(&before.synonyms), Arc::clone(&before.ratings));
        let snapshot = Snapshot { searcher, fields, table, reader, revision, synonyms, ratings };
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }
}
/// Threads of their own, as far as there can be any: what answers a message meanwhile and shares its work among threads does
/// not wait behind hundreds of entries.
fn readers() -> Option<&'static ThreadPool> {
    static READERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || ThreadPoolBuilder::new().thread_name(|number| format!("faq-reader-{number}")).build();
    READERS.get_or_init(|| start().ok()).as_ref()
}

/// Lays out an empty index where somebody has deleted the folder under a running service, or what names its files.
fn begin_anew(dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(dir).map_err(|source| Error::io(dir, source))?;
    Index::create(CachedDirectory::open(dir)?, schema::build().0, settings())?;
    Ok(())
}

/// The last change of each entry, by its id: what it becomes, or none where it goes.
fn latest(changes: &[Change]) -> Vec<(&str, Option<&FaqEntry>)> {
    let mut seen = HashSet::new();
    let changed = changes.iter().rev().map(|change| match change {
        Change::Put(entry) => (entry.id.as_str(), entry.enabled.then_some(entry)),
        Change::Delete(id) => (id.as_str(), None),
    });
    let mut latest: Vec<_> = changed.filter(|(id, _)| seen.insert(*id)).collect();
    latest.reverse();
    latest
}
