//! Rows of cells, from whatever file, as entries: the header found by its names, the cells read as people fill them.

use std::fmt;
use std::sync::Arc;

use super::Row;
use super::cells::{is_error, parse_enabled, split_lines, split_similar, unguarded};
use super::check::is_blank;
use super::extras::split_channels;
use super::fault::{FileFault, RowFault};
use super::layout::{Layout, OWN};
use super::left_open::all_but;
use super::place::{Place, Sheet};
use super::qna_maker;
use crate::{FaqEntry, Link};

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The entry's name.
    Id,
    /// The main wording.
    Question,
    /// Other wordings; may be there several times.
    Similar,
    /// What is replied.
    Answer,
    /// `zh` or `en`.
    Language,
    /// Free path.
    Category,
    /// The first day.
    ValidFrom,
    /// The last day.
    ValidUntil,
    /// Yes or no.
    Enabled,
    /// Names of channels.
    Channels,
    /// Titles and addresses, one pair a line.
    Links,
    /// QnA Maker's pairs of name and value.
    Metadata,
    /// QnA Maker's mark of an answer that only follows another one.
    ContextOnly,
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Id => "id",
            Self::Question => "question",
            Self::Similar => "similar",
            Self::Answer => "answer",
            Self::Language => "language",
            Self::Category => "category",
            Self::ValidFrom => "valid_from",
            Self::ValidUntil => "valid_until",
            Self::Enabled => "enabled",
            Self::Channels => "channels",
            Self::Links => "links",
            Self::Metadata => "metadata",
            Self::ContextOnly => "iscontextonly",
        })
    }
}

/// A row of a table as it stands in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Line or row, from 1.
    pub(super) number: usize,
    pub(super) cells: Vec<String>,
}

/// What a table holds.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) layout: Layout,
    pub(super) rows: Vec<Row>,
    /// Names of columns that mean nothing here.
    pub(super) ignored: Vec<String>,
}

/// Titles and remarks above the header are passed over; it stands within so many rows.
const HEADER_WITHIN: usize = 20;

/// Reads the rows below the header. `sheet` is the name of the sheet in a workbook.
pub(super) fn read(records: &[Record], sheet: Option<&str>) -> Result<Table, FileFault> {
    let header = find_header(records).ok_or_else(|| no_column(records))?;
    refuse_double(&header, &records[header.at])?;
    let names = &records[header.at].cells;
    let ignored = names.iter().zip(&header.columns).filter(|(name, column)| column.is_none() && !is_blank(name));
    let ignored = ignored.map(|(name, _)| name.trim().to_owned()).collect();
    let sheet = sheet.map(|name| Arc::new(Sheet { name: name.to_owned(), columns: header.columns.clone() }));
    let filled = records[header.at + 1..].iter().filter(|record| record.cells.iter().any(|cell| !is_blank(cell)));
    let absent = all_but(&said(&header));
    let rows = filled.map(|record| Row {
        place: Place { sheet: sheet.clone(), ..Place::line(record.number) },
        entry: if sheet.is_none() { refuse_wide(record, &header) } else { Ok(()) }
            .and_then(|()| read_row(record, &header)),
        absent: Arc::clone(&absent),
    });
    let mut rows: Vec<Row> = rows.collect();
    if header.layout == Layout::QnaMaker {
        rows = qna_maker::joined(rows);
    }
    Ok(Table { layout: header.layout, rows, ignored })
}

/// How many columns of the best header are known; 0 where there is none.
pub(super) fn header_width(records: &[Record]) -> usize {
    find_header(records).map_or(0, |header| header.columns.iter().flatten().count())
}

struct Header {
    /// Index of its record.
    at: usize,
    layout: Layout,
    columns: Vec<Option<Column>>,
}

/// The first row with questions and answers in it; where cells of the header are merged downwards, the last such row.
fn find_header(records: &[Record]) -> Option<Header> {
    let mut headers = records.iter().take(HEADER_WITHIN).enumerate().filter_map(|(at, record)| {
        let (layout, columns) = Layout::of_header(&record.cells)?;
        // Its names are short enough to stand in a row of their own accord; only a first row can be meant.
        let meant = layout != Layout::FastGpt || at == 0;
        meant.then_some(Header { at, layout, columns })
    });
    let first = headers.next()?;
    Some(headers.fold(first, joined_header))
}

/// A header over two rows: what the lower one does not say the upper one does.
fn joined_header(upper: Header, lower: Header) -> Header {
    if lower.at != upper.at + 1 || lower.layout != upper.layout {
        return upper;
    }
    let width = upper.columns.len().max(lower.columns.len());
    let column = |header: &Header, index: usize| header.columns.get(index).copied().flatten();
    let columns = (0..width).map(|index| column(&lower, index).or_else(|| column(&upper, index)));
    Header { columns: columns.collect(), ..lower }
}

/// What the rows below a header speak about.
fn said(header: &Header) -> Vec<Column> {
    // Its rows of one id are each other's wordings.
    let similar = (header.layout == Layout::QnaMaker).then_some(Column::Similar);
    header.columns.iter().copied().flatten().chain(similar).collect()
}

fn refuse_double(header: &Header, record: &Record) -> Result<(), FileFault> {
    for (column, names) in OWN {
        let count = header.columns.iter().filter(|found| **found == Some(column)).count();
        if count > 1 && column != Column::Similar {
            return Err(FileFault::ColumnTwice { column: names[0], count, line: record.number });
        }
    }
    Ok(())
}

fn no_column(records: &[Record]) -> FileFault {
    let known = |record: &&Record| Layout::Own.columns(&record.cells).iter().flatten().count();
    // max_by_key keeps the last of equals: the first row.
    let candidates =
        records.iter().take(HEADER_WITHIN).filter(|record| record.cells.iter().any(|cell| !is_blank(cell)));
    let Some(record) = candidates.rev().max_by_key(known) else { return FileFault::Empty };
    let columns = Layout::Own.columns(&record.cells);
    let missing = if columns.contains(&Some(Column::Question)) { &OWN[3] } else { &OWN[1] };
    let seen: Vec<String> = record.cells.iter().take(20).map(|cell| cell.trim().chars().take(40).collect()).collect();
    FileFault::NoColumn { column: missing.1[0], accepted: missing.1.join(", "), header: seen.join(" | ") }
}

/// Cells beyond the header of a text are those of an answer that its writer forgot to quote.
fn refuse_wide(record: &Record, header: &Header) -> Result<(), RowFault> {
    let (cells, columns) = (record.cells.len(), header.columns.len());
    let beyond = record.cells.iter().skip(columns).any(|cell| !is_blank(cell));
    if beyond && header.layout != Layout::FastGpt { Err(RowFault::TooManyCells { cells, columns }) } else { Ok(()) }
}

fn read_row(record: &Record, header: &Header) -> Result<FaqEntry, RowFault> {
    let Header { layout, columns, .. } = header;
    let mut entry = FaqEntry::new("", "", "");
    for (index, cell) in record.cells.iter().enumerate() {
        let column = match columns.get(index) {
            Some(column) => *column,
            None => (*layout == Layout::FastGpt).then_some(Column::Similar),
        };
        let Some(column) = column else { continue };
        if is_error(cell) {
            return Err(RowFault::Formula { column, value: cell.trim().to_owned() });
        }
        set(&mut entry, column, &unguarded(cell), *layout)?;
    }
    if *layout == Layout::MaxKb && is_blank(&entry.question) {
        entry.question = if entry.similar.is_empty() { String::new() } else { entry.similar.remove(0) };
        if is_blank(&entry.question) {
            return Err(RowFault::NoQuestion);
        }
    }
    Ok(entry)
}

fn set(entry: &mut FaqEntry, column: Column, cell: &str, layout: Layout) -> Result<(), RowFault> {
    let optional = || Some(cell.to_owned()).filter(|text| !is_blank(text));
    match column {
        Column::Id if layout == Layout::QnaMaker => {
            entry.id = optional().map(|id| format!("qna-{}", id.trim())).unwrap_or_default();
        }
        Column::Id => entry.id = cell.to_owned(),
        Column::Question => entry.question = cell.to_owned(),
        Column::Similar if layout == Layout::Own => entry.similar.extend(split_similar(cell)),
        Column::Similar => entry.similar.extend(split_lines(cell)),
        Column::Answer if layout == Layout::QnaMaker => entry.answer = cell.replace("\\n", "\n"),
        Column::Answer => entry.answer = cell.to_owned(),
        Column::Language => entry.language = optional(),
        Column::Category => entry.category = optional(),
        Column::ValidFrom => entry.valid_from = optional(),
        Column::ValidUntil => entry.valid_until = optional(),
        Column::Enabled => entry.enabled = parse_enabled(cell)?,
        Column::Channels => entry.channels = split_channels(cell),
        Column::Links => entry.links = split_lines(cell).iter().map(|line| Link::of_line(line)).collect(),
        Column::Metadata => entry.category = qna_maker::category(cell),
        Column::ContextOnly => entry.enabled = !cell.trim().eq_ignore_ascii_case("true"),
    }
    Ok(())
}
