//! What is kept in memory of a segment of the index: the signs of its vectors. The rest is read from its columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{SegmentReader, TantivyError};

use crate::meaning::{Meaning, Part, SIGN_WORDS, Signs};
use crate::schema::{WHOLE_COLUMNS, WORDING_COLUMNS, split_slot};

/// A segment as a searcher sees it: what never changes of it, and which of its documents are deleted.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) kept: Arc<Kept>,
    delete_opstamp: Option<u64>,
    /// Places of the vectors of deleted documents: of wordings, of answers.
    gone: Arc<[Vec<u32>; 2]>,
}

/// What never changes of a segment.
#[derive(Debug)]
pub(super) struct Kept {
    id: SegmentId,
    /// Tells it from all other segments opened by this process.
    pub(super) serial: u64,
    slots: Column<u64>,
    /// Of wordings, of answers.
    vectors: [Vectors; 2],
}

/// The vectors of one kind, at most one a document.
#[derive(Debug)]
struct Vectors {
    signs: Vec<Signs>,
    /// The document of each.
    documents: Vec<u32>,
    values: Column<u64>,
    /// The values of each again, where there are so few vectors that all are compared.
    few: Vec<Meaning>,
}

/// Of more vectors the values are read from their column.
const FEW: usize = 4096;

/// Which of a segment's vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Wording = 0,
    Whole = 1,
}

impl Segment {
    /// Opens a segment, taking over what was kept of it before.
    pub(super) fn open(reader: &SegmentReader, before: Option<&Self>) -> tantivy::Result<Self> {
        let delete_opstamp = reader.delete_opstamp();
        match before {
            Some(before) if before.delete_opstamp == delete_opstamp => Ok(before.clone()),
            Some(before) => Ok(Self::of(Arc::clone(&before.kept), reader)),
            None => Ok(Self::of(Arc::new(Kept::open(reader)?), reader)),
        }
    }

    fn of(kept: Arc<Kept>, reader: &SegmentReader) -> Self {
        let deleted = |document: u32| reader.alive_bitset().is_some_and(|alive| alive.is_deleted(document));
        let gone = |vectors: &Vectors| match reader.alive_bitset() {
            Some(_) => (0..).zip(&vectors.documents).filter(|(_, at)| deleted(**at)).map(|(place, _)| place).collect(),
            None => Vec::new(),
        };
        let gone = Arc::new([gone(&kept.vectors[0]), gone(&kept.vectors[1])]);
        Self { kept, delete_opstamp: reader.delete_opstamp(), gone }
    }

    pub(super) fn is_of(&self, reader: &SegmentReader) -> bool {
        self.kept.id == reader.segment_id()
    }

    pub(super) fn part(&self, said: Said) -> Part<'_> {
        Part { signs: &self.kept.vectors[said as usize].signs, gone: &self.gone[said as usize] }
    }
}

impl Kept {
    fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let [wordings, answers] = [WORDING_COLUMNS, WHOLE_COLUMNS].map(|columns| Vectors::open(reader, columns));
        Ok(Self {
            id: reader.segment_id(),
            serial: OPENED.fetch_add(1, Ordering::Relaxed),
            slots: reader.fast_fields().u64("slot")?,
            vectors: [wordings?, answers?],
        })
    }

    /// Number of the entry and ordinal of the wording of a document.
    pub(super) fn slot(&self, document: u32) -> tantivy::Result<(u64, usize)> {
        self.slots.first(document).map(split_slot).ok_or_else(|| broken("a document has no slot"))
    }

    /// The document of a vector.
    pub(super) fn document(&self, said: Said, place: usize) -> u32 {
        self.vectors[said as usize].documents[place]
    }

    /// The vector that a document has; an empty one where it has none.
    pub(super) fn meaning(&self, said: Said, document: u32) -> Meaning {
        read(&self.vectors[said as usize].values, document)
    }

    /// How alike a vector and the one at a place are.
    pub(super) fn likeness(&self, said: Said, place: usize, meaning: &Meaning) -> f32 {
        let vectors = &self.vectors[said as usize];
        match vectors.few.get(place) {
            Some(other) => meaning.likeness(other),
            None => meaning.likeness(&read(&vectors.values, vectors.documents[place])),
        }
    }
}

fn read(values: &Column<u64>, document: u32) -> Meaning {
    let range = values.index.value_row_ids(document);
    let mut words = vec![0; range.len()];
    values.values.get_range(u64::from(range.start), &mut words);
    Meaning::from_words(&words)
}

impl Vectors {
    fn open(reader: &SegmentReader, [signs, values]: [&str; 2]) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        let (column, values) = (columns.u64(signs)?, columns.u64(values)?);
        let mut documents = Vec::new();
        for document in 0..reader.max_doc() {
            let range = column.index.value_row_ids(document);
            if range.is_empty() {
                continue;
            }
            if range.start as usize != documents.len() * SIGN_WORDS || range.len() != SIGN_WORDS {
                return Err(broken("the signs of a vector are not as many as they should be"));
            }
            documents.push(document);
        }
        documents.shrink_to_fit();
        let mut all = vec![Signs::default(); documents.len()];
        column.values.get_range(0, all.as_flattened_mut());
        let few = if documents.len() > FEW { &[] } else { documents.as_slice() };
        let few = few.iter().map(|&document| read(&values, document)).collect();
        Ok(Self { signs: all, documents, values, few })
    }
}

/// What must not be in an index that this program wrote.
pub(super) fn broken(what: &str) -> TantivyError {
    TantivyError::InternalError(format!("the FAQ index is damaged: {what}"))
}
