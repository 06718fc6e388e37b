//! CSV and TSV as spreadsheets write them: the separator found from the header, quoted cells over several lines.

use super::Row;
use super::cells::{guarded, join_similar};
use super::extras::join_links;
use super::fault::{FileFault, RowFault};
use super::layout::OWN;
use super::place::Place;
use super::table::{self, Column, Record, Table};
use crate::FaqEntry;

pub(super) fn parse(text: &str) -> Result<Table, FileFault> {
    let (said, skipped) = separator_line(text);
    let body = text.get(skipped..).unwrap_or_default();
    let first_line = 1 + usize::from(skipped > 0);
    let delimiter = said.unwrap_or_else(|| find_delimiter(body));
    let (records, broken) = records(body, delimiter, first_line, usize::MAX);
    let mut table = table::read(&records, None)?;
    if let Some(line) = unclosed_quote(body, delimiter) {
        return Err(FileFault::OpenQuote { line: line + first_line - 1 });
    }
    table.rows.extend(broken);
    table.rows.sort_by_key(|row| row.place.number);
    Ok(table)
}

/// Excel's first line `sep=;`: the separator, and where the table begins.
fn separator_line(text: &str) -> (Option<u8>, usize) {
    let line = text.split_inclusive('\n').next().unwrap_or_default();
    let bare = line.trim_end_matches(['\r', '\n', ',', '"']).trim_start_matches('"');
    match bare.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &bare.as_bytes()[4..]) {
        Some([separator]) => (Some(*separator), line.len()),
        // The separator itself was trimmed off.
        Some([]) => (Some(b','), line.len()),
        _ => (None, 0),
    }
}

/// Up to `limit` rows, and those that are none.
fn records(text: &str, delimiter: u8, first_line: usize, limit: usize) -> (Vec<Record>, Vec<Row>) {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut records, mut broken) = (Vec::new(), Vec::new());
    let mut lines = Lines { text, at: 0, line: first_line };
    for record in reader.records().take(limit) {
        let mut line = |position: Option<&csv::Position>| position.map_or(0, |position| lines.of(position.byte()));
        match record {
            Ok(record) => {
                let number = line(record.position());
                records.push(Record { number, cells: record.iter().map(str::to_owned).collect() });
            }
            Err(error) => {
                broken.push(Row::wrong(Place::line(line(error.position())), RowFault::Table(error.to_string())));
            }
        }
    }
    (records, broken)
}

/// Counts lines up to a place that only moves on. The reader's own count is one too low where lines end in `\r\n`.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the record that is read from a byte on, past the line ends that the reader leaves before it.
    fn of(&mut self, byte: u64) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = usize::try_from(byte).unwrap_or(bytes.len()).clamp(self.at, bytes.len());
        end += bytes[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += bytes[self.at..end].iter().filter(|byte| **byte == b'\n').count();
        self.at = end;
        self.line
    }
}

/// The line on which a quoted cell begins that never ends: the reader would take all that follows for one cell.
fn unclosed_quote(text: &str, delimiter: u8) -> Option<usize> {
    let (mut line, mut opened, mut fresh) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, opened) {
            (b'"', None) if fresh => opened = Some(line),
            // Two quotes within a quoted cell stand for one.
            (b'"', Some(_)) if bytes.peek() == Some(&b'"') => drop(bytes.next()),
            (b'"', Some(_)) => opened = None,
            _ => {}
        }
        line += usize::from(byte == b'\n');
        fresh = opened.is_none() && (byte == delimiter || matches!(byte, b'\n' | b'\r'));
    }
    opened
}

/// Whether a header with questions and answers is there. Bars do not count: Markdown has tables of them.
pub(super) fn has_header(text: &str) -> bool {
    SEPARATORS[1..].iter().any(|separator| header_width(text, *separator) > 0)
}

/// What may stand between cells, the likeliest last.
const SEPARATORS: [u8; 4] = *b"|\t;,";

/// The separator with which the header has the most known column names.
fn find_delimiter(text: &str) -> u8 {
    // max_by_key keeps the last of equals: the comma.
    SEPARATORS.iter().max_by_key(|separator| header_width(text, **separator)).copied().unwrap_or(b',')
}

fn header_width(text: &str, separator: u8) -> usize {
    // So many bytes hold any header and what stands above it.
    let mut end = text.len().min(64 * 1024);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    table::header_width(&records(&text[..end], separator, 1, 20).0)
}

pub(super) fn write(entries: &[FaqEntry]) -> Vec<u8> {
    // Writing to memory fails only for records of unequal length, and every record has one cell a column.
    let complete = "every record has one cell for each column";
    // Spreadsheets take a file for UTF-8 only when it starts with the mark.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(OWN.iter().map(|(_, names)| names[0])).expect(complete);
    for entry in entries {
        let cells = OWN.iter().map(|(column, _)| guarded(&cell(entry, *column)).into_owned());
        writer.write_record(cells).expect(complete);
    }
    writer.into_inner().expect("flushing to memory cannot fail")
}

/// What a table of ours says in a column.
pub(super) fn cell(entry: &FaqEntry, column: Column) -> String {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    match column {
        Column::Id => entry.id.clone(),
        Column::Question => entry.question.clone(),
        Column::Similar => join_similar(&entry.similar),
        Column::Answer => entry.answer.clone(),
        Column::Language => optional(&entry.language),
        Column::Category => optional(&entry.category),
        Column::ValidFrom => optional(&entry.valid_from),
        Column::ValidUntil => optional(&entry.valid_until),
        Column::Enabled => entry.enabled.to_string(),
        Column::Channels => entry.channels.join(", "),
        Column::Links => join_links(&entry.links),
        Column::Metadata | Column::ContextOnly => String::new(),
    }
}
