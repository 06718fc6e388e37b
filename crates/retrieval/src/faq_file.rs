//! Reads and writes FAQ files: JSONL and CSV, in the encodings that spreadsheets produce.
//! A file with one wrong row is refused whole, with the line of each problem.

mod csv_format;
mod jsonl_format;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::encoding::decode;
use crate::{CalibrationReport, Error, FaqEntry, FaqIndex};

/// How an FAQ file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaqFormat {
    /// A header line, then one entry a row; comma, semicolon or tab between columns.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl FaqFormat {
    /// The format that a file's name ends in.
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// What a file holds: entries that are right, and the rows that are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFaq {
    /// Good entries in file order; not to be taken while there are problems.
    pub entries: Vec<FaqEntry>,
    /// Wrong rows in file order.
    pub problems: Vec<RowProblem>,
}

/// One wrong row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

/// Reads an FAQ file, or the `faq.jsonl` or `faq.csv` of a folder; any wrong row fails the whole file.
pub fn read_faq(path: &Path) -> Result<Vec<FaqEntry>, Error> {
    let file = find_file(path)?;
    let format = FaqFormat::from_path(&file).ok_or_else(|| Error::Format {
        place: file.display().to_string(),
        message: "an FAQ file ends in .jsonl, .csv or .tsv".to_owned(),
    })?;
    let bytes = std::fs::read(&file).map_err(|source| Error::io(&file, source))?;
    let imported = parse_faq(&bytes, format).map_err(|error| match error {
        Error::Format { message, .. } => Error::Format { place: file.display().to_string(), message },
        other => other,
    })?;
    if imported.problems.is_empty() {
        Ok(imported.entries)
    } else {
        Err(Error::Rows { path: file, problems: imported.problems })
    }
}

/// Parses the bytes of an FAQ file; fails only where no row can be told from another.
pub fn parse_faq(bytes: &[u8], format: FaqFormat) -> Result<ImportedFaq, Error> {
    let unreadable = |message| Error::Format { place: "FAQ".to_owned(), message };
    let text = decode(bytes).map_err(unreadable)?;
    let rows = match format {
        FaqFormat::Csv => csv_format::parse(&text).map_err(unreadable)?,
        FaqFormat::Jsonl => jsonl_format::parse(&text),
    };
    Ok(check_rows(rows))
}

/// Writes entries so that reading them back gives the same entries.
pub fn write_faq(entries: &[FaqEntry], format: FaqFormat) -> Vec<u8> {
    match format {
        FaqFormat::Csv => csv_format::write(entries),
        FaqFormat::Jsonl => jsonl_format::write(entries),
    }
}

/// Reads an FAQ file or folder and makes the index at `out` hold exactly that, at revision 1 or one past its own.
pub fn index_folder(faq: &Path, out: &Path) -> Result<(FaqIndex, CalibrationReport), Error> {
    let entries = read_faq(faq)?;
    let index = FaqIndex::open_or_create(out, None)?;
    let report = index.replace_all(&entries, index.revision() + 1)?;
    Ok((index, report))
}

/// A row as parsed: its line, and the entry or what is wrong.
pub(crate) type Row = (usize, Result<FaqEntry, String>);

fn find_file(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let candidates = ["faq.jsonl", "faq.csv", "faq.tsv"].map(|name| path.join(name));
    candidates.into_iter().find(|file| file.is_file()).ok_or_else(|| Error::Format {
        place: path.display().to_string(),
        message: "the folder holds no faq.jsonl or faq.csv".to_owned(),
    })
}

fn check_rows(rows: Vec<Row>) -> ImportedFaq {
    let mut imported = ImportedFaq::default();
    let mut lines_by_id: HashMap<String, usize> = HashMap::new();
    for (line, row) in rows {
        match row.and_then(tidy) {
            Err(message) => imported.problems.push(RowProblem { line, message }),
            Ok(entry) => {
                if let Some(first) = lines_by_id.insert(entry.id.clone(), line) {
                    let message = format!("id `{}` is already on line {first}; give each entry its own id", entry.id);
                    imported.problems.push(RowProblem { line, message });
                } else {
                    imported.entries.push(entry);
                }
            }
        }
    }
    imported
}

impl FaqEntry {
    /// The entry trimmed and completed, checked as a file's row is; else what is wrong with it.
    pub fn checked(self) -> Result<Self, String> {
        tidy(self)
    }
}

fn tidy(mut entry: FaqEntry) -> Result<FaqEntry, String> {
    entry.question = entry.question.trim().to_owned();
    entry.id = entry.id.trim().to_owned();
    if entry.question.is_empty() {
        return Err("`question` is empty".to_owned());
    }
    entry.similar = entry.similar.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    entry.language = tidy_language(entry.language)?;
    entry.category = entry.category.map(|one| one.trim().to_owned()).filter(|one| !one.is_empty());
    entry.valid_from = tidy_date("valid_from", entry.valid_from)?;
    entry.valid_until = tidy_date("valid_until", entry.valid_until)?;
    if let (Some(from), Some(until)) = (&entry.valid_from, &entry.valid_until)
        && from > until
    {
        return Err(format!("`valid_from` {from} is after `valid_until` {until}"));
    }
    if entry.id.is_empty() {
        entry.id = made_id(&entry);
    }
    if entry.id.chars().any(char::is_control) || entry.id.len() > MAX_ID_BYTES {
        return Err(format!("`id` must be one line of at most {MAX_ID_BYTES} bytes"));
    }
    Ok(entry)
}

/// Longer ids are refused.
const MAX_ID_BYTES: usize = 200;

/// An id that stays the same as long as the question does.
fn made_id(entry: &FaqEntry) -> String {
    let hash = entry
        .question
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("faq-{hash:016x}")
}

fn tidy_language(language: Option<String>) -> Result<Option<String>, String> {
    let Some(language) = language.map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()) else {
        return Ok(None);
    };
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    match primary {
        "zh" | "chinese" | "中文" | "汉语" | "简体中文" | "中" => Ok(Some("zh".to_owned())),
        "en" | "english" | "英文" | "英语" | "英" => Ok(Some("en".to_owned())),
        _ => Err(format!("`language` is `{language}`; use zh or en, or leave it out")),
    }
}

fn tidy_date(field: &str, date: Option<String>) -> Result<Option<String>, String> {
    let Some(date) = date.map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()) else {
        return Ok(None);
    };
    let dashed = date.replace(['/', '.'], "-");
    let parts: Vec<&str> = dashed.split('-').collect();
    let padded = match parts.as_slice() {
        [year, month, day] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => dashed.clone(),
    };
    match padded.parse::<jiff::civil::Date>() {
        Ok(day) => Ok(Some(day.to_string())),
        Err(_) => Err(format!("`{field}` is `{date}`; write a day as 2026-01-31")),
    }
}

#[cfg(test)]
mod tests;
