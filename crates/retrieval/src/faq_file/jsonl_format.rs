//! JSONL: one entry a line; blank lines are skipped.

use std::sync::Arc;

use super::Row;
use super::fault::{FileFault, RowFault};
use super::place::Place;
use crate::FaqEntry;

pub(super) fn parse(text: &str) -> Result<Vec<Row>, FileFault> {
    if text.trim_start().starts_with('[') {
        return Err(FileFault::JsonList);
    }
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    // A line is a whole entry: what is not in it the entry does not have.
    let row = |(index, line)| Row { place: Place::line(index + 1), entry: parse_line(line), absent: Arc::default() };
    Ok(filled.map(row).collect())
}

fn parse_line(line: &str) -> Result<FaqEntry, RowFault> {
    serde_json::from_str(line).map_err(|error| {
        let message = error.to_string();
        // serde_json counts lines within the row, which is always the first.
        RowFault::Json(message.replace(" at line 1 column", " at column"))
    })
}

pub(super) fn write(entries: &[FaqEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        // An entry is text, lists and booleans only, which always serialise.
        serde_json::to_writer(&mut out, entry).expect("an entry is always valid JSON");
        out.push(b'\n');
    }
    out
}
