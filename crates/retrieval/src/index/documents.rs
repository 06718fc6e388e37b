//! Entries as tantivy documents.

use tantivy::TantivyDocument;
use tantivy::schema::Field;

use crate::FaqEntry;
use crate::analysis::{Token, pre_tokenized};
use crate::meaning::Meaning;
use crate::schema::{Fields, VectorFields, slot};
use crate::table::{Row, RowTokens, packed_row};

/// Entries that are analysed side by side.
pub(super) const AT_A_TIME: usize = 1024;

/// One document for each wording; the first carries the answer and the entry itself.
pub(super) fn documents(fields: Fields, entry: &FaqEntry, row: &Row, tokens: &RowTokens) -> Vec<TantivyDocument> {
    let document = |(ordinal, wording): (usize, &Vec<Token>)| {
        let mut document = TantivyDocument::default();
        document.add_text(fields.id, &entry.id);
        document.add_u64(fields.slot, slot(row.number, ordinal));
        document.add_pre_tokenized_text(fields.question, pre_tokenized(wording));
        add_vector(&mut document, fields.wording, &row.wordings[ordinal].meaning);
        if ordinal == 0 {
            document.add_pre_tokenized_text(fields.answer, pre_tokenized(&tokens.answer));
            document.add_pre_tokenized_text(fields.category, pre_tokenized(&tokens.category));
            for spelling in &tokens.spellings {
                document.add_text(fields.spelling, spelling);
            }
            add_vector(&mut document, fields.whole_meant, &row.whole_meaning);
            document.add_bytes(fields.entry, &serde_json::to_vec(entry).expect("an entry is always valid JSON"));
            document.add_bytes(fields.row, &packed_row(row));
        }
        document
    };
    tokens.wordings.iter().enumerate().map(document).collect()
}

fn add_vector(document: &mut TantivyDocument, fields: VectorFields, meaning: &Meaning) {
    if meaning.is_empty() {
        return;
    }
    let mut add = |field: Field, numbers: &mut dyn Iterator<Item = u64>| {
        numbers.for_each(|number| document.add_u64(field, number));
    };
    add(fields.signs, &mut meaning.signs().into_iter());
    add(fields.values, &mut meaning.words());
}
