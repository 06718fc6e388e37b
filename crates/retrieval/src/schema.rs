//! Which fields a tantivy document has: one document for each wording of a question.

use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};

/// Bumped whenever analysis or fields change, so that an index made by older code is rebuilt.
pub(crate) const FORMAT_VERSION: u32 = 7;

/// Ordinals of wordings take the low bits of a document's slot.
const ORDINAL_BITS: u32 = 16;
/// More wordings than this on one entry are not indexed.
pub(crate) const MAX_WORDINGS: usize = 1 << ORDINAL_BITS;

/// The fields by name, so that no string is repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The entry's id, on every document of the entry.
    pub(crate) id: Field,
    /// Number of the entry and ordinal of the wording.
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
    /// What comparing needs of the whole entry, on ordinal 0.
    pub(crate) row: Field,
    /// What the wording means, and on ordinal 0 what question and answer mean as one.
    pub(crate) wording: VectorFields,
    pub(crate) whole_meant: VectorFields,
}

/// A vector as columns of whole numbers of 64 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VectorFields {
    /// The signs of its values.
    pub(crate) signs: Field,
    /// Its values, eight at a time.
    pub(crate) values: Field,
}

/// Names of the columns of vectors.
pub(crate) const WORDING_COLUMNS: [&str; 2] = ["wording_signs", "wording_values"];
pub(crate) const WHOLE_COLUMNS: [&str; 2] = ["whole_signs", "whole_values"];

/// Builds the schema and its fields.
pub(crate) fn build() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    // Text arrives tokenised; the named tokenizer is never run.
    let tokens = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs),
    );
    let mut vector = |[signs, values]: [&str; 2]| VectorFields {
        signs: builder.add_u64_field(signs, FAST),
        values: builder.add_u64_field(values, FAST),
    };
    let (wording, whole_meant) = (vector(WORDING_COLUMNS), vector(WHOLE_COLUMNS));
    let fields = Fields {
        id: builder.add_text_field("id", STRING),
        slot: builder.add_u64_field("slot", FAST),
        question: builder.add_text_field("question", tokens.clone()),
        answer: builder.add_text_field("answer", tokens.clone()),
        category: builder.add_text_field("category", tokens),
        spelling: builder.add_text_field("spelling", STRING),
        entry: builder.add_bytes_field("entry", STORED),
        row: builder.add_bytes_field("row", STORED),
        wording,
        whole_meant,
    };
    (builder.build(), fields)
}

/// Joins the entry's number and the wording's ordinal to what is kept on each document.
pub(crate) fn slot(number: u64, ordinal: usize) -> u64 {
    (number << ORDINAL_BITS) | ordinal as u64
}

/// Takes a document's slot apart: number, ordinal.
pub(crate) fn split_slot(slot: u64) -> (u64, usize) {
    (slot >> ORDINAL_BITS, (slot & (MAX_WORDINGS as u64 - 1)) as usize)
}
