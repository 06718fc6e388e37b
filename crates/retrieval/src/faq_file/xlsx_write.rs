//! Our table as a workbook, every cell typed as text so that nothing in it is ever computed.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::cells::guarded_apostrophe;
use super::csv_format::cell;
use super::layout::OWN;
use crate::{Error, FaqEntry};

/// So many UTF-16 units fit into a cell.
const CELL_UNITS: usize = 32_767;

/// The workbook, or which entry does not fit into one.
pub(super) fn write(entries: &[FaqEntry]) -> Result<Vec<u8>, Error> {
    check_lengths(entries)?;
    let fill = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let (bold, wrapped) = (Format::new().set_bold(), Format::new().set_text_wrap());
        let sheet = workbook.add_worksheet();
        sheet.set_name("FAQ")?.set_freeze_panes(1, 0)?;
        for (index, (_, names)) in (0..).zip(OWN) {
            sheet.write_string_with_format(0, index, names[0], &bold)?;
            sheet.set_column_width(index, if (1..=3).contains(&index) { 48 } else { 14 })?;
        }
        for (row, entry) in (1..).zip(entries) {
            for (index, (column, _)) in (0..).zip(OWN) {
                let text = cell(entry, column);
                if !text.is_empty() {
                    sheet.write_string_with_format(row, index, &*guarded_apostrophe(&text), &wrapped)?;
                }
            }
        }
        workbook.save_to_buffer()
    };
    fill().map_err(|error| unwritable(error.to_string()))
}

fn check_lengths(entries: &[FaqEntry]) -> Result<(), Error> {
    for entry in entries {
        for (column, _) in OWN {
            // One more for an apostrophe that guards.
            if cell(entry, column).encode_utf16().count() >= CELL_UNITS {
                let message = format!(
                    "`{column}` of entry `{}` is longer than the {CELL_UNITS} characters of a cell; export as csv or jsonl",
                    entry.id
                );
                return Err(unwritable(message));
            }
        }
    }
    Ok(())
}

fn unwritable(message: String) -> Error {
    Error::Format { place: "XLSX".to_owned(), message }
}
