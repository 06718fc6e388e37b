//! Entries as tantivy documents and back.

use std::path::Path;

use rayon::prelude::*;
use tantivy::schema::Value;
use tantivy::store::StoreReader;
use tantivy::{Searcher, TantivyDocument};

use crate::analysis::pre_tokenized;
use crate::schema::{Fields, slot, split_slot};
use crate::table::{Meanings, Row, RowTokens, Table};
use crate::{Error, FaqEntry};

/// Entries that are analysed side by side.
pub(super) const AT_A_TIME: usize = 4096;

/// One document for each wording; the first carries the answer and the entry itself.
pub(super) fn documents(
    fields: Fields,
    number: usize,
    row: &Row,
    tokens: &RowTokens,
) -> impl Iterator<Item = TantivyDocument> {
    tokens.wordings.iter().enumerate().map(move |(ordinal, wording)| {
        let mut document = TantivyDocument::default();
        document.add_text(fields.id, &row.entry.id);
        document.add_u64(fields.slot, slot(number, ordinal));
        document.add_pre_tokenized_text(fields.question, pre_tokenized(wording));
        if ordinal == 0 {
            document.add_pre_tokenized_text(fields.answer, pre_tokenized(&tokens.answer));
            document.add_pre_tokenized_text(fields.category, pre_tokenized(&tokens.category));
            for spelling in &tokens.spellings {
                document.add_text(fields.spelling, spelling);
            }
            let json = serde_json::to_vec(&row.entry).expect("an entry is always valid JSON");
            document.add_bytes(fields.entry, &json);
            document.add_bytes(fields.meanings, &row.meanings());
        }
        document
    })
}

/// Reads every entry back from the index.
pub(super) fn read_table(searcher: &Searcher, fields: Fields) -> Result<Table, String> {
    let mut table = Table::default();
    let mut read = Vec::with_capacity(AT_A_TIME);
    for segment in searcher.segment_readers() {
        let store = segment.get_store_reader(1).map_err(|error| error.to_string())?;
        let slots = segment.fast_fields().u64("slot").map_err(|error| error.to_string())?;
        for document in segment.doc_ids_alive() {
            let slot = slots.first(document).ok_or_else(|| "a document has no slot".to_owned())?;
            let (number, ordinal) = split_slot(slot);
            if ordinal == 0 {
                read.push((number, read_entry(&store, document, fields)?));
            }
            if read.len() == AT_A_TIME {
                put_all(&mut table, &mut read);
            }
        }
    }
    put_all(&mut table, &mut read);
    table.find_free();
    Ok(table)
}

/// Analyses entries side by side.
fn put_all(table: &mut Table, read: &mut Vec<(usize, (FaqEntry, Meanings))>) {
    let analyse = |(number, (entry, meanings)): (usize, (FaqEntry, Meanings))| (number, Row::new(entry, meanings).0);
    let rows: Vec<(usize, Row)> = read.par_drain(..).map(analyse).collect();
    rows.into_iter().for_each(|(number, row)| table.put(number, row));
}

fn read_entry(store: &StoreReader, document: u32, fields: Fields) -> Result<(FaqEntry, Meanings), String> {
    let stored: TantivyDocument = store.get(document).map_err(|error| error.to_string())?;
    let bytes = |field| stored.get_first(field).and_then(|value| value.as_bytes()).unwrap_or_default();
    let entry: FaqEntry =
        serde_json::from_slice(bytes(fields.entry)).map_err(|error| format!("an entry is unreadable: {error}"))?;
    let meanings = Meanings::from_bytes(bytes(fields.meanings), &entry);
    Ok((entry, meanings.ok_or("the vectors of an entry are unreadable")?))
}

/// Empties a damaged index's folder of files; folders inside are not ours and stay.
pub(super) fn remove_index_files(dir: &Path) -> Result<(), Error> {
    let listing = std::fs::read_dir(dir).map_err(|source| Error::io(dir, source))?;
    for file in listing {
        let path = file.map_err(|source| Error::io(dir, source))?.path();
        if path.is_file() && is_index_file(&path) {
            std::fs::remove_file(&path).map_err(|source| Error::io(&path, source))?;
        }
    }
    Ok(())
}

/// tantivy's segment files are named by 32 hexadecimal digits.
fn is_index_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    matches!(name.trim_end_matches(".new"), "meta.json" | ".managed.json" | "calibration.json")
        || (stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
