//! Workbooks: every visible sheet whose header is known, cell by cell so that no file makes us hold more than it says.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::archive::{Archive, TEXT_BYTES, too_large};
use super::fault::FileFault;
use super::table::{self, Record, Table};

/// Columns further right are not read.
const MAX_COLUMNS: usize = 256;
/// More cells than a sheet of 1,000,000 rows and ten columns has are refused.
const MAX_CELLS: usize = 10_000_000;
/// More distinct texts are refused; each costs memory however short it is.
const MAX_SHARED_STRINGS: usize = 5_000_000;

/// Reads the sheets that are FAQ tables, one after the other.
pub(super) fn parse(bytes: &[u8]) -> Result<Table, FileFault> {
    check_archive(bytes)?;
    super::unshaken("XLSX", || read_sheets(bytes))?
}

fn check_archive(bytes: &[u8]) -> Result<(), FileFault> {
    let mut shared = 0;
    Archive::open(bytes)?.check(|part, piece| {
        if part.ends_with("sharedStrings.xml") {
            // Every element `si` holds these letters twice at most; other words that do only make the count higher.
            shared += piece.windows(2).filter(|window| window == b"si").count();
        }
        if shared > MAX_SHARED_STRINGS { Err(too_large()) } else { Ok(()) }
    })
}

fn read_sheets(bytes: &[u8]) -> Result<Table, FileFault> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let shown = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let names: Vec<String> = workbook.sheets_metadata().iter().filter(shown).map(|sheet| sheet.name.clone()).collect();
    let mut budget = Budget { cells: MAX_CELLS, bytes: TEXT_BYTES };
    let (mut found, mut refused): (Option<Table>, Option<FileFault>) = (None, None);
    for name in &names {
        let records = read_sheet(&mut workbook, name, &mut budget)?;
        match table::read(&records, Some(name)) {
            Ok(table) => match &mut found {
                None => found = Some(table),
                Some(first) => {
                    first.rows.extend(table.rows);
                    first.ignored.extend(table.ignored);
                }
            },
            // A sheet of remarks beside the FAQ is none of our business; a table with a column twice is.
            Err(fault @ FileFault::ColumnTwice { .. }) => return Err(fault),
            Err(fault) => drop(refused.get_or_insert(fault)),
        }
    }
    found.ok_or_else(|| refused.unwrap_or(FileFault::Empty))
}

/// What may still be read.
struct Budget {
    cells: usize,
    bytes: usize,
}

impl Budget {
    fn spend(&mut self, text: &str) -> Result<(), FileFault> {
        self.cells = self.cells.checked_sub(1).ok_or_else(too_large)?;
        self.bytes = self.bytes.checked_sub(text.len()).ok_or_else(too_large)?;
        Ok(())
    }
}

/// The rows of a sheet that hold anything; cells merged downwards have their text in each row.
fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, budget: &mut Budget) -> Result<Vec<Record>, FileFault> {
    let merged = workbook.merge_cells_by_sheet_name(name).map_err(damaged)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        if matches!(cell.get_value(), DataRef::Empty) || column as usize >= MAX_COLUMNS {
            continue;
        }
        let text = cell_text(cell.get_value());
        budget.spend(&text)?;
        put(rows.entry(row).or_default(), column as usize, text);
    }
    for region in &merged {
        fill_down(&mut rows, region, budget)?;
    }
    let records = rows.into_iter().map(|(row, cells)| Record { number: row as usize + 1, cells });
    Ok(records.collect())
}

fn put(cells: &mut Vec<String>, column: usize, text: String) {
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    cells[column] = text;
}

fn fill_down(rows: &mut BTreeMap<u32, Vec<String>>, region: &Dimensions, budget: &mut Budget) -> Result<(), FileFault> {
    let ((top, column), bottom) = (region.start, region.end.0);
    let column = column as usize;
    let text = rows.get(&top).and_then(|cells| cells.get(column)).filter(|text| !text.is_empty()).cloned();
    let Some(text) = text.filter(|_| top < bottom) else { return Ok(()) };
    for (_, cells) in rows.range_mut(top + 1..=bottom) {
        if cells.get(column).is_none_or(String::is_empty) {
            budget.spend(&text)?;
            put(cells, column, text.clone());
        }
    }
    Ok(())
}

/// A cell as a person sees it: whole numbers without a point, days as `2026-01-31`.
fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // Excel keeps 15 digits, and shows no point where nothing stands behind it.
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(time) => day_text(time),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

fn day_text(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        return time.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
}

fn damaged(error: XlsxError) -> FileFault {
    match error {
        XlsxError::Password => FileFault::Protected,
        other => FileFault::Damaged { part: "XLSX".to_owned(), reason: other.to_string() },
    }
}
