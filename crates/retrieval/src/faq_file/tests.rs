//! FAQ files as programs and people write them, each made by the test that reads it.

mod documents;
mod hostile;
mod round_trip;
mod tables;
mod workbooks;

use std::io::Write as _;

use super::{Answers, FaqFormat, FileFault, ImportedFaq, parse_faq};
use crate::FaqEntry;

/// Reads a file under a name as an import does.
fn import(bytes: &[u8], name: &str) -> Result<ImportedFaq, FileFault> {
    let format = FaqFormat::detect(bytes, Some(name))?;
    parse_faq(bytes, format, Answers::Required)
}

/// Reads a file all of whose rows are right.
fn entries(bytes: &[u8], name: &str) -> Vec<FaqEntry> {
    let imported = import(bytes, name).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert_eq!(imported.problems, vec![], "{name}");
    imported.entries
}

/// What is said about the wrong rows of a file.
fn problems(bytes: &[u8], name: &str) -> Vec<String> {
    let imported = import(bytes, name).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    imported.problems.iter().map(ToString::to_string).collect()
}

fn questions_and_answers(entries: &[FaqEntry]) -> Vec<(&str, &str)> {
    entries.iter().map(|entry| (entry.question.as_str(), entry.answer.as_str())).collect()
}

/// A zip archive of these parts.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a new part");
        zip.write_all(content).expect("to memory");
    }
    zip.finish().expect("to memory").into_inner()
}
