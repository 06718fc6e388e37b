//! What searching knows of all entries: how common each token is, the signs of their vectors, and where to read the rest.
//! A table belongs to one commit and is never changed; rows are read when they are compared.

mod cache;
mod counts;
mod packed;
mod row;
mod segment;

use std::sync::Arc;

use rayon::prelude::*;
use tantivy::schema::{IndexRecordOption, Value as _};
use tantivy::{DocAddress, DocSet as _, Searcher, TERMINATED, TantivyDocument, Term};

use self::cache::RowCache;
use self::segment::{Said, Segment, broken};
use crate::FaqEntry;
use crate::meaning::{Meaning, worth_comparing};
use crate::schema::Fields;

pub(crate) use self::counts::{Counts, CountsFile};
pub(crate) use self::packed::write as packed_row;
pub(crate) use self::row::{Meanings, Row, RowTokens, answer_meaning, fingerprint};

/// All entries of a commit. Within it an entry is known by its first document: segment in the high half, document in
/// the low one.
#[derive(Clone)]
pub(crate) struct Table {
    searcher: Searcher,
    fields: Fields,
    segments: Vec<Segment>,
    pub(crate) counts: Counts,
    cache: Arc<RowCache>,
}

/// An entry that may be near in meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alike {
    pub(crate) row: usize,
    /// The wording that is near; none where it is question and answer as one.
    pub(crate) ordinal: Option<usize>,
    pub(crate) likeness: f32,
}

impl Table {
    /// The table of a searcher; segments that the one before had too are not read again.
    pub(crate) fn open(
        searcher: Searcher,
        fields: Fields,
        counts: Counts,
        before: Option<&Self>,
    ) -> tantivy::Result<Self> {
        let known = |reader| before.and_then(|before| before.segments.iter().find(|segment| segment.is_of(reader)));
        let readers = searcher.segment_readers();
        let segments =
            readers.par_iter().map(|reader| Segment::open(reader, known(reader))).collect::<Result<_, _>>()?;
        let cache = before.map(|before| Arc::clone(&before.cache)).unwrap_or_default();
        Ok(Self { searcher, fields, segments, counts, cache })
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.counts.n_rows()
    }

    /// The entry that a document belongs to, and the ordinal of its wording.
    pub(crate) fn row_of(&self, address: DocAddress) -> tantivy::Result<(usize, usize)> {
        let (_, ordinal) = self.segments[address.segment_ord as usize].kept.slot(address.doc_id)?;
        // All documents of an entry stand in a row, in the order of their ordinals.
        let first =
            (address.doc_id as usize).checked_sub(ordinal).ok_or_else(|| broken("an entry has no beginning"))?;
        Ok(((address.segment_ord as usize) << 32 | first, ordinal))
    }

    /// What is compared of an entry.
    pub(crate) fn row(&self, row: usize) -> tantivy::Result<Arc<Row>> {
        let DocAddress { segment_ord, doc_id } = address(row);
        let kept = &self.segments[segment_ord as usize].kept;
        let key = (kept.serial, doc_id);
        if let Some(row) = self.cache.get(key) {
            return Ok(row);
        }
        let (number, ordinal) = kept.slot(doc_id)?;
        let stored = self.stored(row, self.fields.row)?;
        let read = packed::read(&stored).filter(|_| ordinal == 0).ok_or_else(|| broken("an entry is unreadable"))?;
        let mut read = Row { number, whole_meaning: kept.meaning(Said::Whole, doc_id), ..read };
        for (document, wording) in (doc_id..).zip(&mut read.wordings) {
            wording.meaning = kept.meaning(Said::Wording, document);
        }
        let read = Arc::new(read);
        self.cache.put(key, Arc::clone(&read));
        Ok(read)
    }

    /// An entry as it was written.
    pub(crate) fn entry(&self, row: usize) -> tantivy::Result<FaqEntry> {
        let json = self.stored(row, self.fields.entry)?;
        serde_json::from_slice(&json).map_err(|_| broken("the text of an entry is unreadable"))
    }

    fn stored(&self, row: usize, field: tantivy::schema::Field) -> tantivy::Result<Vec<u8>> {
        let stored: TantivyDocument = self.searcher.doc(address(row))?;
        let bytes = stored.get_first(field).and_then(|value| value.as_bytes());
        bytes.map(<[u8]>::to_vec).ok_or_else(|| broken("an entry is missing"))
    }

    /// The entry with an id.
    pub(crate) fn row_by_id(&self, id: &str) -> tantivy::Result<Option<usize>> {
        let term = Term::from_field_text(self.fields.id, id);
        for (segment_ord, reader) in (0..).zip(self.searcher.segment_readers()) {
            let documents = reader.inverted_index(self.fields.id)?.read_postings(&term, IndexRecordOption::Basic)?;
            let Some(mut documents) = documents else { continue };
            while documents.doc() != TERMINATED {
                if !reader.is_deleted(documents.doc()) {
                    return Ok(Some(self.row_of(DocAddress::new(segment_ord, documents.doc()))?.0));
                }
                documents.advance();
            }
        }
        Ok(None)
    }

    /// Every wording (row, ordinal), in the order of the entries' numbers.
    pub(crate) fn wordings(&self) -> tantivy::Result<Vec<(usize, usize)>> {
        let mut all = Vec::new();
        for (segment_ord, reader) in (0..).zip(self.searcher.segment_readers()) {
            for document in reader.doc_ids_alive() {
                let (number, _) = self.segments[segment_ord as usize].kept.slot(document)?;
                let (row, ordinal) = self.row_of(DocAddress::new(segment_ord, document))?;
                all.push((number, ordinal, row));
            }
        }
        all.sort_unstable();
        Ok(all.into_iter().map(|(_, ordinal, row)| (row, ordinal)).collect())
    }

    /// Compares a vector with those that are worth it.
    pub(crate) fn alike(&self, meaning: &Meaning) -> tantivy::Result<Vec<Alike>> {
        let sides = || [Said::Wording, Said::Whole].into_iter();
        let parts: Vec<_> = self.segments.iter().flat_map(|segment| sides().map(|said| segment.part(said))).collect();
        let found = worth_comparing(meaning, &parts).into_iter().map(|(part, place)| {
            let (segment_ord, said) = (part / 2, if part % 2 == 0 { Said::Wording } else { Said::Whole });
            let kept = &self.segments[segment_ord].kept;
            let document = kept.document(said, place);
            let (row, ordinal) = self.row_of(DocAddress::new(segment_ord as u32, document))?;
            let likeness = kept.likeness(said, place, meaning);
            Ok(Alike { row, ordinal: (said == Said::Wording).then_some(ordinal), likeness })
        });
        found.collect()
    }

    /// Counts every entry anew, where what was counted before is lost.
    pub(crate) fn recount(&mut self) -> tantivy::Result<()> {
        let mut counts = Counts::default();
        for (segment_ord, reader) in (0..).zip(self.searcher.segment_readers()) {
            let store = reader.get_store_reader(1)?;
            for document in reader.doc_ids_alive() {
                let (number, ordinal) = self.segments[segment_ord as usize].kept.slot(document)?;
                if ordinal != 0 {
                    continue;
                }
                let stored: TantivyDocument = store.get(document)?;
                let bytes = stored.get_first(self.fields.row).and_then(|value| value.as_bytes());
                let row = bytes.and_then(packed::read).ok_or_else(|| broken("an entry is unreadable"))?;
                counts.add(&Row { number, ..row });
            }
        }
        self.counts = counts;
        Ok(())
    }

    /// How much a token tells in an answer.
    pub(crate) fn answer_weight(&self, id: u32) -> f32 {
        self.counts.answer_weight(id)
    }

    /// How much a token tells in an entry: large for rare ones.
    pub(crate) fn whole_weight(&self, id: u32) -> f32 {
        self.counts.whole_weight(id)
    }

    /// How many entries hold the token.
    pub(crate) fn n_holders(&self, id: u32) -> u64 {
        self.counts.n_holders(id)
    }

    /// Whether no entry holds the token.
    pub(crate) fn is_unknown(&self, id: u32) -> bool {
        self.counts.is_unknown(id)
    }

    pub(crate) fn mean_lengths(&self) -> MeanLengths {
        self.counts.mean_lengths()
    }
}

/// Mean numbers of tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeanLengths {
    pub(crate) wording: f32,
    pub(crate) together: f32,
    pub(crate) answer: f32,
    pub(crate) whole: f32,
}

fn address(row: usize) -> DocAddress {
    DocAddress::new((row >> 32) as u32, row as u32)
}
