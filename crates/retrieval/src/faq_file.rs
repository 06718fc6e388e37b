//! Reads FAQ files as people and other programs keep them, tables and documents alike, and writes our own.
//! Each wrong row is named by its place and leaves the others as they are; what becomes of them the caller decides.

mod archive;
mod cells;
mod check;
mod csv_format;
mod detect;
mod docx;
mod extras;
mod fault;
mod html;
mod jsonl_format;
mod layout;
mod left_open;
mod markdown;
mod passages;
mod pdf;
mod place;
mod qna_maker;
mod rasa;
mod table;
mod xlsx;
mod xlsx_write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use check::Answers;
pub use fault::{FileFault, RowFault};
pub use layout::Layout;
pub use left_open::LeftOpen;
pub use place::{Place, RowProblem, Unit};
pub use table::Column;

use crate::encoding::decode;
use crate::{CalibrationReport, Error, FaqEntry, FaqIndex};

/// How an FAQ file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaqFormat {
    /// A header line, then one entry a row; comma, semicolon, bar or tab between columns.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A workbook; every visible sheet with a known header.
    Xlsx,
    /// Rasa YAML: retrieval intents with their examples and responses.
    Rasa,
    /// A document split at its headings.
    Markdown,
    /// A page split at its headings, terms and summaries.
    Html,
    /// A word processor's document split at its headings.
    Docx,
    /// A document split at lines that look like headings.
    Pdf,
}

/// What an FAQ can be written as, so that reading it back gives the same entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// For spreadsheets and people.
    Csv,
    /// For programs.
    Jsonl,
    /// For spreadsheets, every cell typed as text.
    Xlsx,
}

impl FaqFormat {
    /// Every format with the names it goes by: on the wire, on the command line, as the ending of a file.
    pub const NAMES: [(Self, &[&str]); 8] = [
        (Self::Csv, &["csv", "tsv"]),
        (Self::Jsonl, &["jsonl", "ndjson", "json"]),
        (Self::Xlsx, &["xlsx", "xlsm"]),
        (Self::Rasa, &["rasa", "yml", "yaml"]),
        (Self::Markdown, &["markdown", "md"]),
        (Self::Html, &["html", "htm"]),
        (Self::Docx, &["docx"]),
        (Self::Pdf, &["pdf"]),
    ];

    /// The format with this name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(format, _)| *format)
    }

    /// The name on the wire and on the command line.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(format, _)| *format == self).map_or("", |(_, names)| names[0])
    }

    /// The format that a file's name ends in.
    pub fn from_path(path: &Path) -> Option<Self> {
        Self::named(path.extension()?.to_str()?)
    }

    /// The format of a file, told by its content and, where it is text, by its name.
    pub fn detect(bytes: &[u8], name: Option<&str>) -> Result<Self, FileFault> {
        detect::detect(bytes, name)
    }

    fn is_text(self) -> bool {
        !matches!(self, Self::Xlsx | Self::Docx | Self::Pdf)
    }
}

/// What a file holds: entries that are right, and the rows that are not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedFaq {
    /// Good entries in file order.
    pub entries: Vec<FaqEntry>,
    /// What the file says nothing about, for each of them.
    pub left_open: Vec<LeftOpen>,
    /// Wrong rows in file order.
    pub problems: Vec<RowProblem>,
    /// Whose table it is.
    pub layout: Layout,
    /// Names of the columns that mean nothing here.
    pub ignored_columns: Vec<String>,
}

/// Reads an FAQ file, or the `faq.jsonl`, `faq.csv` or `faq.xlsx` of a folder; any wrong row fails the whole file.
pub fn read_faq(path: &Path) -> Result<Vec<FaqEntry>, Error> {
    let file = find_file(path)?;
    let bytes = std::fs::read(&file).map_err(|source| Error::io(&file, source))?;
    let unreadable = |fault: FileFault| Error::Format { place: file.display().to_string(), message: fault.to_string() };
    let format = FaqFormat::detect(&bytes, file.to_str()).map_err(unreadable)?;
    let imported = parse_faq(&bytes, format, Answers::Optional).map_err(unreadable)?;
    if imported.problems.is_empty() {
        Ok(imported.entries)
    } else {
        Err(Error::Rows { path: file, problems: imported.problems })
    }
}

/// Parses the bytes of an FAQ file; fails only where no row can be told from another.
pub fn parse_faq(bytes: &[u8], format: FaqFormat, answers: Answers) -> Result<ImportedFaq, FileFault> {
    let table = match format {
        FaqFormat::Csv => Some(csv_format::parse(&decode(bytes)?)?),
        FaqFormat::Xlsx => Some(xlsx::parse(bytes)?),
        _ => None,
    };
    if let Some(table) = table {
        let imported = check::check_rows(table.rows, answers);
        return Ok(ImportedFaq { layout: table.layout, ignored_columns: table.ignored, ..imported });
    }
    let rows = match format {
        FaqFormat::Jsonl => jsonl_format::parse(&decode(bytes)?)?,
        FaqFormat::Rasa => rasa::parse(&decode(bytes)?)?,
        FaqFormat::Markdown => markdown::parse(&decode(bytes)?)?,
        FaqFormat::Html => html::parse(&decode(bytes)?)?,
        FaqFormat::Docx => docx::parse(bytes)?,
        FaqFormat::Pdf => pdf::parse(bytes)?,
        FaqFormat::Csv | FaqFormat::Xlsx => Vec::new(),
    };
    Ok(check::check_rows(rows, answers))
}

/// Writes entries so that reading them back gives the same entries; fails only where a text does not fit the format.
pub fn write_faq(entries: &[FaqEntry], format: ExportFormat) -> Result<Vec<u8>, Error> {
    match format {
        ExportFormat::Csv => Ok(csv_format::write(entries)),
        ExportFormat::Jsonl => Ok(jsonl_format::write(entries)),
        ExportFormat::Xlsx => xlsx_write::write(entries),
    }
}

/// Reads an FAQ file or folder and makes the index at `out` hold exactly that, at revision 1 or one past its own.
pub fn index_folder(faq: &Path, out: &Path) -> Result<(FaqIndex, CalibrationReport), Error> {
    let entries = read_faq(faq)?;
    let index = FaqIndex::open_or_create(out, None)?;
    let report = index.replace_all(&entries, index.revision() + 1)?;
    Ok((index, report))
}

/// A row as parsed: where it is, and the entry or what is wrong.
#[derive(Debug)]
pub(crate) struct Row {
    place: Place,
    entry: Result<FaqEntry, RowFault>,
    /// Columns that its file does not have.
    absent: Arc<[Column]>,
}

impl Row {
    /// A row that no entry can be read from.
    fn wrong(place: Place, fault: RowFault) -> Self {
        Self { place, entry: Err(fault), absent: Arc::default() }
    }
}

/// Runs a reader that others wrote; where it gives up in a way of its own, the file is damaged.
fn unshaken<T>(part: &str, read: impl FnOnce() -> T) -> Result<T, FileFault> {
    catch_unwind(AssertUnwindSafe(read))
        .map_err(|_| FileFault::Damaged { part: part.to_owned(), reason: "not as the format wants it".to_owned() })
}

fn find_file(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let candidates = ["faq.jsonl", "faq.csv", "faq.tsv", "faq.xlsx"].map(|name| path.join(name));
    candidates.into_iter().find(|file| file.is_file()).ok_or_else(|| Error::Format {
        place: path.display().to_string(),
        message: "the folder holds no faq.jsonl, faq.csv or faq.xlsx".to_owned(),
    })
}

#[cfg(test)]
mod tests;
