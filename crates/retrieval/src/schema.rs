//! Which fields a tantivy document has: one document for each wording of a question.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

/// Bumped whenever analysis or fields change, so that an index made by older code is rebuilt.
pub(crate) const FORMAT_VERSION: u32 = 5;

/// Ordinals of wordings take the low bits of a document's slot.
const ORDINAL_BITS: u32 = 16;
/// More wordings than this on one entry are not indexed.
pub(crate) const MAX_WORDINGS: usize = 1 << ORDINAL_BITS;

/// The fields by name, so that no string is repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The entry's id, on every document of the entry.
    pub(crate) id: Field,
    /// Row of the entry and ordinal of the wording.
    pub(crate) slot: Field,
    /// Tokens of one wording: the question (ordinal 0) or a similar question.
    pub(crate) question: Field,
    /// Tokens of the answer, on ordinal 0.
    pub(crate) answer: Field,
    /// Tokens of the category, on ordinal 0.
    pub(crate) category: Field,
    /// The words of the entry by letters and by sound, on ordinal 0.
    pub(crate) spelling: Field,
    /// The whole entry as JSON, on ordinal 0.
    pub(crate) entry: Field,
    /// What the answer and each wording mean, one vector after another, on ordinal 0.
    pub(crate) meanings: Field,
}

/// Builds the schema and its fields.
pub(crate) fn build() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    // Text arrives tokenised; the named tokenizer is never run.
    let tokens = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs),
    );
    let fields = Fields {
        id: builder.add_text_field("id", STRING),
        slot: builder.add_u64_field("slot", FAST | INDEXED),
        question: builder.add_text_field("question", tokens.clone()),
        answer: builder.add_text_field("answer", tokens.clone()),
        category: builder.add_text_field("category", tokens),
        spelling: builder.add_text_field("spelling", STRING),
        entry: builder.add_bytes_field("entry", STORED),
        meanings: builder.add_bytes_field("meanings", STORED),
    };
    (builder.build(), fields)
}

/// Joins row and ordinal to the number kept on each document.
pub(crate) fn slot(row: usize, ordinal: usize) -> u64 {
    ((row as u64) << ORDINAL_BITS) | ordinal as u64
}

/// Takes a document's number apart: row, ordinal.
pub(crate) fn split_slot(slot: u64) -> (usize, usize) {
    ((slot >> ORDINAL_BITS) as usize, (slot & (MAX_WORDINGS as u64 - 1)) as usize)
}
