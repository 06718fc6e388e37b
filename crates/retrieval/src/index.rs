//! The index on disk and in memory: opened, edited in place by its only writer, searched without waiting for edits.

mod calibrate;
mod copy;
mod directory;
mod documents;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term};

use self::directory::CachedDirectory;
use self::documents::AT_A_TIME;
use crate::calibration::Calibration;
use crate::meaning::{Encoder, Reader};
use crate::schema::{self, FORMAT_VERSION, Fields};
use crate::search::Snapshot;
use crate::table::{Meanings, Row, RowTokens, Table};
use crate::{
    CalibrationReport, Change, Error, Explanation, FaqEntry, Hit, RelatedQuery, SearchQuery, SuggestQuery, Suggestion,
};

/// tantivy's least; it is a limit, not an allocation.
const WRITER_BYTES: usize = 15_000_000;

/// A searchable FAQ that takes edits in place.
pub struct FaqIndex {
    /// None for an index in memory.
    dir: Option<PathBuf>,
    index: Index,
    reader: IndexReader,
    fields: Fields,
    /// Made with the first edit, so that an index that is only searched takes no write lock.
    writer: Mutex<Option<IndexWriter>>,
    reads: Reader,
    snapshot: RwLock<Arc<Snapshot>>,
    calibration: RwLock<Arc<Calibration>>,
}

impl std::fmt::Debug for FaqIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FaqIndex").field("dir", &self.dir).field("revision", &self.revision()).finish()
    }
}

/// What each commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CommitPayload {
    revision: u64,
    format: u32,
    /// The encoder that probabilities were learned with, where there was one.
    encoder: Option<String>,
}

impl FaqIndex {
    /// Makes an empty index at revision 0 in a folder that holds none.
    pub fn create(dir: &Path) -> Result<Self, Error> {
        Self::create_with(dir, None)
    }

    /// The same with an encoder, by which entries are found that mean the same in other words.
    pub fn create_with(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).map_err(|source| Error::io(dir, source))?;
        let (schema, fields) = schema::build();
        let index = Index::create(CachedDirectory::open(dir)?, schema, IndexSettings::default())?;
        Self::start(Some(dir), index, fields, reads)
    }

    /// An empty index that lives as long as the value.
    pub fn in_memory() -> Self {
        Self::in_memory_with(None)
    }

    /// The same with an encoder.
    pub fn in_memory_with(reads: Option<Arc<dyn Encoder>>) -> Self {
        let (schema, fields) = schema::build();
        Self::start(None, Index::create_in_ram(schema), fields, reads)
            .expect("an empty index in memory has no I/O to fail")
    }

    /// Opens an index and checks every file of it; `Error::Damaged` means rebuild.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_with(dir, None)
    }

    /// The same with an encoder, which has to be the one that the index was made with.
    pub fn open_with(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        if !dir.join("meta.json").is_file() {
            return Err(Error::NotAnIndex { path: dir.to_owned() });
        }
        let index = CachedDirectory::open(dir).and_then(Index::open).map_err(|error| Error::damaged(dir, error))?;
        let (schema, fields) = schema::build();
        if index.schema() != schema {
            return Err(Error::damaged(dir, "it was made by another version of this program"));
        }
        let broken = index.validate_checksum().map_err(|error| Error::damaged(dir, error))?;
        if let Some(file) = broken.iter().min() {
            return Err(Error::damaged(dir, format!("{} does not match its checksum", file.display())));
        }
        let payload = read_payload(&index, name(&reads)).map_err(|reason| Error::damaged(dir, reason))?;
        let reader = manual_reader(&index).map_err(|error| Error::damaged(dir, error))?;
        let table = documents::read_table(&reader.searcher(), fields).map_err(|reason| Error::damaged(dir, reason))?;
        let snapshot =
            Snapshot { searcher: reader.searcher(), fields, table, reader: reads, revision: payload.revision };
        Ok(Self::assemble(Some(dir), index, reader, snapshot))
    }

    /// Opens the index of a folder, or makes an empty one where there is none or a damaged one.
    pub fn open_or_create(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        match Self::open_with(dir, reads.clone()) {
            Err(Error::NotAnIndex { .. }) => Self::create_with(dir, reads),
            Err(Error::Damaged { reason, .. }) => {
                tracing::warn!(path = %dir.display(), reason, "the FAQ index is damaged and starts empty");
                documents::remove_index_files(dir)?;
                Self::create_with(dir, reads)
            }
            other => other,
        }
    }

    /// The FAQ revision that searches see.
    pub fn revision(&self) -> u64 {
        self.snapshot().revision
    }

    /// How many entries are searchable.
    pub fn len(&self) -> usize {
        self.snapshot().table.len()
    }

    /// Whether no entry is searchable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The searchable entry with this id.
    pub fn entry(&self, id: &str) -> Option<FaqEntry> {
        let snapshot = self.snapshot();
        let number = snapshot.table.number_of(id)?;
        Some(snapshot.table.row(number)?.entry.clone())
    }

    /// Applies edits in order as one commit; they are searchable, or nothing changed, when it returns.
    pub fn apply(&self, changes: &[Change], revision: u64) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        if revision < before.revision {
            return Err(Error::StaleRevision { given: revision, current: before.revision });
        }
        let mut table = before.table.clone();
        self.commit(&mut writer, revision, |open| {
            for change in changes {
                match change {
                    Change::Put(entry) if entry.enabled => self.put(open, &mut table, self.analysed(entry))?,
                    Change::Put(FaqEntry { id, .. }) | Change::Delete(id) => {
                        if table.remove(id) {
                            open.delete_term(Term::from_field_text(self.fields.id, id));
                        }
                    }
                }
            }
            Ok(())
        })?;
        self.publish(table, revision)
    }

    /// Makes the index hold exactly these entries, then learns the probabilities anew.
    pub fn replace_all(&self, entries: &[FaqEntry], revision: u64) -> Result<CalibrationReport, Error> {
        {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let mut table = Table::default();
            self.commit(&mut writer, revision, |open| {
                open.delete_all_documents()?;
                let enabled: Vec<&FaqEntry> = entries.iter().filter(|entry| entry.enabled).collect();
                for entries in enabled.chunks(AT_A_TIME) {
                    let analysed: Vec<_> = entries.par_iter().map(|entry| self.analysed(entry)).collect();
                    analysed.into_iter().try_for_each(|row| self.put(open, &mut table, row))?;
                }
                Ok(())
            })?;
            self.publish(table, revision)?;
        }
        self.calibrate()
    }

    /// Learns the probabilities from the entries' own similar questions and keeps them beside the index.
    pub fn calibrate(&self) -> Result<CalibrationReport, Error> {
        let (calibration, report) = calibrate::learn(&self.snapshot())?;
        if let Some(dir) = &self.dir {
            calibration.save(dir)?;
        }
        *self.calibration.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calibration);
        Ok(report)
    }

    /// Learns one calibration from the questions of several indexes, all with an encoder or all without. What indexes
    /// with few questions of their own start from was learned so.
    pub fn calibrate_together(indexes: &[Self]) -> Result<(Calibration, CalibrationReport), Error> {
        let snapshots: Vec<Arc<Snapshot>> = indexes.iter().map(Self::snapshot).collect();
        Ok(calibrate::learn_together(&snapshots)?)
    }

    /// The entries that may answer a message, best first.
    pub fn search(&self, query: &SearchQuery) -> Vec<Hit> {
        self.snapshot().search(query, &self.calibration()).unwrap_or_else(|error| {
            tracing::error!(%error, "FAQ search failed");
            Vec::new()
        })
    }

    /// Why an entry has its place for a message; none where nothing of it matches.
    pub fn explain(&self, query: &SearchQuery, faq_id: &str) -> Option<Explanation> {
        crate::explain::explain(&self.snapshot(), query, faq_id, &self.calibration())
    }

    /// Questions to offer for what somebody has typed so far, best first.
    pub fn suggest(&self, query: &SuggestQuery) -> Vec<Suggestion> {
        crate::suggest::suggest(&self.snapshot(), query, &self.calibration())
    }

    /// Questions near one that was answered, nearest first.
    pub fn related(&self, query: &RelatedQuery) -> Vec<Suggestion> {
        crate::suggest::related(&self.snapshot(), query, &self.calibration())
    }

    /// The least probability at which giving the first hit is wrong no more often than accepted.
    pub fn threshold(&self, accepted_error_rate: f32) -> f32 {
        self.calibration().threshold(accepted_error_rate)
    }

    fn start(dir: Option<&Path>, index: Index, fields: Fields, reads: Reader) -> Result<Self, Error> {
        let reader = manual_reader(&index)?;
        let table = Table::default();
        let snapshot = Snapshot { searcher: reader.searcher(), fields, table, reader: reads, revision: 0 };
        let started = Self::assemble(dir, index, reader, snapshot);
        started.apply(&[], 0)?;
        Ok(started)
    }

    fn assemble(dir: Option<&Path>, index: Index, reader: IndexReader, snapshot: Snapshot) -> Self {
        let with_meaning = snapshot.reader.is_some();
        let usual = || Calibration::usual(with_meaning);
        let calibration = dir.map_or_else(usual, |dir| Calibration::load(dir, with_meaning));
        Self {
            dir: dir.map(Path::to_owned),
            index,
            reader,
            fields: snapshot.fields,
            writer: Mutex::new(None),
            reads: snapshot.reader.clone(),
            snapshot: RwLock::new(Arc::new(snapshot)),
            calibration: RwLock::new(Arc::new(calibration)),
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn calibration(&self) -> Arc<Calibration> {
        Arc::clone(&self.calibration.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn analysed(&self, entry: &FaqEntry) -> (Row, RowTokens) {
        Row::new(entry.clone(), Meanings::of(entry, &self.reads))
    }

    fn put(&self, writer: &IndexWriter, table: &mut Table, (row, tokens): (Row, RowTokens)) -> Result<(), Error> {
        if table.number_of(&row.entry.id).is_some() {
            writer.delete_term(Term::from_field_text(self.fields.id, &row.entry.id));
        }
        let number = table.reserve(&row.entry.id);
        for document in documents::documents(self.fields, number, &row, &tokens) {
            writer.add_document(document)?;
        }
        table.put(number, row);
        Ok(())
    }

    /// Runs edits and commits them with the revision; after a failure the writer is dropped, and with it the edits.
    fn commit(
        &self,
        writer: &mut Option<IndexWriter>,
        revision: u64,
        edit: impl FnOnce(&IndexWriter) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut open = match writer.take() {
            Some(open) => open,
            None => self.new_writer()?,
        };
        edit(&open)?;
        let mut prepared = open.prepare_commit()?;
        let payload = CommitPayload { revision, format: FORMAT_VERSION, encoder: name(&self.reads) };
        prepared.set_payload(&serde_json::to_string(&payload).expect("numbers and a name always serialise"));
        prepared.commit()?;
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

    fn publish(&self, table: Table, revision: u64) -> Result<(), Error> {
        self.reader.reload()?;
        let (searcher, fields, reader) = (self.reader.searcher(), self.fields, self.reads.clone());
        let snapshot = Snapshot { searcher, fields, table, reader, revision };
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }
}

fn manual_reader(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(1).try_into()
}

fn name(reads: &Reader) -> Option<String> {
    reads.as_ref().map(|encoder| encoder.name().to_owned())
}

fn read_payload(index: &Index, encoder: Option<String>) -> Result<CommitPayload, String> {
    let payload = index.load_metas().map_err(|error| error.to_string())?.payload.unwrap_or_default();
    let read: CommitPayload =
        serde_json::from_str(&payload).map_err(|_| "its last commit carries no FAQ revision".to_owned())?;
    if read.format != FORMAT_VERSION {
        return Err(format!("it has format {}, this program writes format {FORMAT_VERSION}", read.format));
    }
    if read.encoder != encoder {
        return Err("it was made with another encoder".to_owned());
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
