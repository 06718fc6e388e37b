//! Where in a file something is: a line, a row of a sheet with its cell, a paragraph, a page.

use std::fmt;
use std::sync::Arc;

use text::Language;

use super::fault::RowFault;
use super::table::Column;

/// What a file's parts are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of text.
    Line,
    /// Paragraphs of a word processor's document.
    Paragraph,
    /// Pages of a PDF.
    Page,
}

/// A place in a file; in a workbook it knows its sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What `number` counts.
    pub unit: Unit,
    /// From 1.
    pub number: usize,
    pub(super) sheet: Option<Arc<Sheet>>,
}

/// A sheet's name and what its columns were taken for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) columns: Vec<Option<Column>>,
}

impl Place {
    pub(super) fn line(number: usize) -> Self {
        Self { unit: Unit::Line, number, sheet: None }
    }

    /// The words for a person who reads `language`, such as `line 3` or `Sheet1!B3`.
    pub fn in_language(&self, language: Language) -> String {
        let number = self.number;
        match (&self.sheet, self.unit, language) {
            (Some(sheet), _, Language::Chinese) => format!("工作表 {} 第 {number} 行", sheet.name),
            (Some(sheet), _, Language::English) => format!("{}, row {number}", sheet.name),
            (None, Unit::Line, Language::Chinese) => format!("第 {number} 行"),
            (None, Unit::Line, Language::English) => format!("line {number}"),
            (None, Unit::Paragraph, Language::Chinese) => format!("第 {number} 段"),
            (None, Unit::Paragraph, Language::English) => format!("paragraph {number}"),
            (None, Unit::Page, Language::Chinese) => format!("第 {number} 页"),
            (None, Unit::Page, Language::English) => format!("page {number}"),
        }
    }

    /// The cell of a column, such as `Sheet1!B3`.
    fn cell(&self, column: Column) -> Option<String> {
        let sheet = self.sheet.as_ref()?;
        let index = sheet.columns.iter().position(|found| *found == Some(column))?;
        Some(format!("{}!{}{}", sheet.name, column_letters(index), self.number))
    }
}

/// `A` for 0, `AA` for 26.
fn column_letters(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        // A remainder of 26 is at most 25.
        letters.insert(0, char::from(b'A' + u8::try_from(index % 26).unwrap_or_default()));
        if index < 26 {
            return letters.into_iter().collect();
        }
        index = index / 26 - 1;
    }
}

/// One wrong row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Where it is.
    pub place: Place,
    /// What is wrong and how to mend it.
    pub fault: RowFault,
}

impl RowProblem {
    /// Where the fault is, as near as is known: the cell, else the row.
    pub fn place_in(&self, language: Language) -> String {
        let cell = self.fault.column().and_then(|column| self.place.cell(column));
        cell.unwrap_or_else(|| self.place.in_language(language))
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place_in(Language::English), self.fault)
    }
}
