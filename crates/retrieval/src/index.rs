//! The index on disk and in memory: opened, edited in place by its only writer, searched without waiting for edits.

mod calibrate;
mod copy;
mod directory;
mod documents;
mod files;
mod telling;
mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::directory::RamDirectory;
use tantivy::store::Compressor;
use tantivy::{Index, IndexMeta, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError};

use self::directory::CachedDirectory;
use crate::calibration::Calibration;
use crate::meaning::{Encoder, Reader};
use crate::ratings::{RatedAnswer, Ratings};
use crate::schema::{self, FORMAT_VERSION, Fields};
use crate::search::Snapshot;
use crate::sentences;
use crate::spelling::Reason;
use crate::synonyms::Synonyms;
use crate::table::{Counts, CountsFile, Table};
use crate::{
    CalibrationReport, Error, Explanation, FaqEntry, Hit, JudgedQuestion, JudgedSearches, RelatedQuery, SearchQuery,
    SuggestQuery, Suggestion,
};

/// The files of a larger index are not all read on opening; `FaqIndex::verify` does.
const VERIFIED_BYTES: u64 = 64_000_000;

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
    /// Held while probabilities are learned, so that what was learned from older entries never replaces newer.
    learning: Mutex<()>,
    /// Whether all files were compared with their checksums, or written by this process.
    verified: AtomicBool,
    /// Whether nobody waits any more for an index that is being built.
    stopping: AtomicBool,
}

impl std::fmt::Debug for FaqIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FaqIndex").field("dir", &self.dir).field("revision", &self.revision()).finish()
    }
}

/// With which encoder an index must have been made that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    WithThisEncoder,
    WithAnyEncoder,
}

/// What each commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CommitPayload {
    revision: u64,
    format: u32,
    /// The encoder that its vectors are of, where there was one.
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
        let index = Index::create(CachedDirectory::open(dir)?, schema, settings())?;
        Self::start(Some(dir), index, fields, reads)
    }

    /// An empty index that lives as long as the value.
    pub fn in_memory() -> Self {
        Self::in_memory_with(None)
    }

    /// The same with an encoder.
    pub fn in_memory_with(reads: Option<Arc<dyn Encoder>>) -> Self {
        let (schema, fields) = schema::build();
        let index = Index::create(RamDirectory::create(), schema, settings());
        let started = index.map_err(Error::Engine).and_then(|index| Self::start(None, index, fields, reads));
        started.expect("an empty index in memory has no I/O to fail")
    }

    /// Opens an index, and checks every file of it where it is not large (see `verify`); `Error::Damaged` means rebuild.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_with(dir, None)
    }

    /// The same with an encoder, which has to be the one that the index was made with, or it is `Error::OtherEncoder`.
    pub fn open_with(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        Self::open_made(dir, reads, Made::WithThisEncoder)
    }

    /// Opens an index that was made with another encoder. Its entries are found by words alone, and it takes no edits, until
    /// `replace_all` has read them with this one.
    pub fn open_by_words(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        Self::open_made(dir, reads, Made::WithAnyEncoder)
    }

    fn open_made(dir: &Path, reads: Reader, made: Made) -> Result<Self, Error> {
        if !dir.join("meta.json").is_file() {
            return Err(Error::NotAnIndex { path: dir.to_owned() });
        }
        let index = CachedDirectory::open(dir).and_then(Index::open).map_err(|error| Error::damaged(dir, error))?;
        let (schema, _) = schema::build();
        if index.schema() != schema {
            return Err(Error::damaged(dir, "it was made by another version of this program"));
        }
        let is_small = files::bytes(&index, dir) <= VERIFIED_BYTES;
        if is_small {
            files::verify(&index, dir)?;
        }
        // What is not verified may be read as anything.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_files(dir, index, reads, made)));
        let opened = opened.unwrap_or_else(|_| Err(Error::damaged(dir, "its files make no sense")))?;
        Ok(Self { verified: is_small.into(), ..opened })
    }

    fn open_files(dir: &Path, index: Index, reads: Reader, made: Made) -> Result<Self, Error> {
        let damaged = |error: TantivyError| Error::damaged(dir, error);
        let commit = index.load_metas().map_err(damaged)?;
        let payload = read_payload(&commit).map_err(|reason| Error::damaged(dir, reason))?;
        let same_encoder = payload.encoder == name(&reads);
        if made == Made::WithThisEncoder && !same_encoder {
            return Err(Error::OtherEncoder { path: dir.to_owned() });
        }
        let (_, fields) = schema::build();
        let reader = manual_reader(&index).map_err(damaged)?;
        let searcher = reader.searcher();
        let kept = CountsFile(dir).load(commit.opstamp);
        let is_kept = kept.is_some();
        let mut table = Table::open(searcher.clone(), fields, kept.unwrap_or_default(), None).map_err(damaged)?;
        if !is_kept {
            tracing::warn!(path = %dir.display(), "what the FAQ index counted is not kept; counting it again");
            table.recount().map_err(damaged)?;
        }
        let (synonyms, revision) = (Arc::new(Synonyms::beside_index(dir)), payload.revision);
        let known = reads.clone().filter(|_| same_encoder);
        let snapshot = Snapshot { searcher, fields, table, reader: known, revision, synonyms, ratings: Arc::default() };
        let opened = Self { reads, ..Self::assemble(Some(dir), index, reader, snapshot) };
        // What was learned beside it was learned with the other encoder.
        if !same_encoder {
            opened.begin_with_usual_probabilities();
        }
        Ok(opened)
    }

    /// Reads every file of the index and compares it with its checksum, where nobody has since it was opened;
    /// `Error::Damaged` means rebuild. A large index is opened without, because it takes seconds.
    pub fn verify(&self) -> Result<(), Error> {
        let Some(dir) = self.dir.as_deref().filter(|_| !self.verified.load(Ordering::Relaxed)) else { return Ok(()) };
        files::verify(&self.index, dir)?;
        self.verified.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Opens the index of a folder, or makes an empty one where there is none or a damaged one.
    pub fn open_or_create(dir: &Path, reads: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        match Self::open_with(dir, reads.clone()) {
            Err(Error::NotAnIndex { .. }) => Self::create_with(dir, reads),
            Err(error @ (Error::Damaged { .. } | Error::OtherEncoder { .. })) => {
                tracing::warn!(path = %dir.display(), %error, "the FAQ index starts empty");
                files::remove(dir)?;
                Self::create_with(dir, reads)
            }
            other => other,
        }
    }

    /// Lets a `replace_all` that is under way, or is still to come, end soon with `Error::Stopped`, the index as it was.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// The FAQ revision that searches see.
    pub fn revision(&self) -> u64 {
        self.snapshot().revision
    }

    /// Whether entries are found by words alone until `replace_all` has read them with this index's encoder.
    pub fn waits_for_its_encoder(&self) -> bool {
        name(&self.snapshot().reader) != name(&self.reads)
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
        let found = snapshot.table.row_by_id(id).and_then(|row| row.map(|row| snapshot.table.entry(row)).transpose());
        found.unwrap_or_else(|error| {
            tracing::error!(%error, id, "an FAQ entry cannot be read");
            None
        })
    }

    /// Learns the probabilities from the entries' own similar questions and keeps them beside the index.
    pub fn calibrate(&self) -> Result<CalibrationReport, Error> {
        let _alone = self.learning.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.snapshot();
        let (calibration, report) = calibrate::learn(&snapshot)?;
        let calibration = calibration.at(snapshot.revision);
        if let Some(dir) = &self.dir {
            calibration.save(dir)?;
        }
        *self.calibration.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calibration);
        Ok(report)
    }

    /// Whether entries have changed so much since the probabilities were learned, or were never learned from, that
    /// `calibrate` is due. Edits do not call it themselves, as it asks up to a thousand questions.
    pub fn is_calibration_due(&self) -> bool {
        let snapshot = self.snapshot();
        self.calibration().is_old(snapshot.revision, snapshot.table.len())
    }

    /// Searches for questions whose answers are known, to learn a calibration from or to judge one by.
    pub fn judged(&self, questions: &[JudgedQuestion]) -> Result<JudgedSearches, Error> {
        Ok(calibrate::judge(&self.snapshot(), questions)?)
    }

    /// Learns one calibration from searches of several indexes, all with an encoder or all without. What indexes with few
    /// questions of their own start from was learned so.
    pub fn calibration_from(sets: &[&JudgedSearches], with_meaning: bool) -> Calibration {
        calibrate::learn_from(sets, with_meaning)
    }

    /// Lets words stand for one another in messages from now on; they are kept beside an index on disk.
    pub fn set_synonyms(&self, synonyms: Synonyms) -> Result<(), Error> {
        if let Some(dir) = &self.dir {
            synonyms.save(dir)?;
        }
        let mut snapshot = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        *snapshot = Arc::new(Snapshot { synonyms: Arc::new(synonyms), ..snapshot.as_ref().clone() });
        Ok(())
    }

    /// Lets customers' ratings of answers, the newest first, count for and against entries from now on, when questions like
    /// those come; they take the place of all earlier ones. They are not kept beside the index.
    pub fn set_ratings(&self, ratings: &[RatedAnswer]) -> Result<(), Error> {
        let analysing = self.snapshot();
        let mut analysed = Vec::with_capacity(ratings.len());
        for rated in ratings {
            analysed.push((rated, analysing.analysed(&rated.question)?));
        }
        let ratings = Arc::new(Ratings::of(analysed.into_iter()));
        let mut snapshot = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        *snapshot = Arc::new(Snapshot { ratings, ..snapshot.as_ref().clone() });
        Ok(())
    }

    /// The entries that may answer a message, best first.
    pub fn search(&self, query: &SearchQuery) -> Vec<Hit> {
        self.snapshot().search(query, &self.calibration()).unwrap_or_else(|error| {
            tracing::error!(%error, "FAQ search failed");
            Vec::new()
        })
    }

    /// A message as it is searched: with its words put right, and without what is only courtesy.
    pub fn read_as(&self, message: &str) -> String {
        self.snapshot().read(message).map_or_else(|_| message.to_owned(), |reading| reading.text)
    }

    /// A message with its words put right by those of the index; none where they are right.
    pub fn mended(&self, message: &str) -> Option<String> {
        let reading = self.snapshot().read(message).ok()?;
        let changed = reading.rewordings.iter().any(|one| one.reason != Reason::Synonym);
        changed.then_some(reading.meant)
    }

    /// The sentences of an answer that speak to a message, in the answer's order.
    pub fn best_sentences(&self, message: &str, answer: &str, limit: usize) -> Vec<String> {
        sentences::best_sentences(&self.read_as(message), answer, limit, &self.reads)
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
        crate::suggest::related(&self.snapshot(), query, &self.calibration()).unwrap_or_else(|error| {
            tracing::error!(%error, faq_id = query.faq_id, "questions near an answer cannot be found");
            Vec::new()
        })
    }

    /// The least probability at which giving the first hit is wrong no more often than accepted.
    pub fn threshold(&self, accepted_error_rate: f32) -> f32 {
        self.calibration().threshold(accepted_error_rate)
    }

    fn start(dir: Option<&Path>, index: Index, fields: Fields, reads: Reader) -> Result<Self, Error> {
        let reader = manual_reader(&index)?;
        let searcher = reader.searcher();
        let table = Table::open(searcher.clone(), fields, Counts::default(), None)?;
        let (synonyms, ratings) = (Arc::default(), Arc::default());
        let snapshot = Snapshot { searcher, fields, table, reader: reads, revision: 0, synonyms, ratings };
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
            learning: Mutex::new(()),
            verified: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
        }
    }

    /// Forgets what was learned of probabilities, as searches see another kind of score from now on.
    fn begin_with_usual_probabilities(&self) {
        let usual = Calibration::usual(self.snapshot().reader.is_some());
        *self.calibration.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(usual);
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn calibration(&self) -> Arc<Calibration> {
        Arc::clone(&self.calibration.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Entries are read by the hundreds in each search: unpacking them would take most of its time.
fn settings() -> IndexSettings {
    IndexSettings { docstore_compression: Compressor::None, docstore_blocksize: 4096, ..IndexSettings::default() }
}

fn manual_reader(index: &Index) -> tantivy::Result<IndexReader> {
    index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(1).try_into()
}

fn name(reads: &Reader) -> Option<String> {
    reads.as_ref().map(|encoder| encoder.name().to_owned())
}

fn read_payload(commit: &IndexMeta) -> Result<CommitPayload, String> {
    let payload = commit.payload.as_deref().unwrap_or_default();
    let read: CommitPayload =
        serde_json::from_str(payload).map_err(|_| "its last commit carries no FAQ revision".to_owned())?;
    if read.format != FORMAT_VERSION {
        return Err(format!("it has format {}, this program writes format {FORMAT_VERSION}", read.format));
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
