//! The text of PDFs, split at lines in larger letters, else at lines that ask. What a PDF does not say is not guessed:
//! columns, tables and scans are better saved as DOCX or Markdown.

mod lines;

use std::collections::BTreeMap;

use super::Row;
use super::fault::FileFault;
use super::passages::{Block, Kind, Preamble, entries};
use super::place::{Place, Unit};

/// A line of a page.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    page: usize,
    text: String,
    /// Height of its letters in tenths of a point.
    size: u32,
    /// A wider space than between lines stands above it.
    after_gap: bool,
}

/// Below any heading in larger letters.
const ASKED_LEVEL: u8 = 10;

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Row>, FileFault> {
    let mut lines = super::unshaken("PDF", || lines::read(bytes))??;
    lines.retain(|line| !is_contents(&line.text));
    if lines.is_empty() {
        return Err(FileFault::NoText);
    }
    let levels = heading_levels(&lines);
    let n_larger = lines.iter().filter(|line| levels.contains_key(&line.size)).count();
    let n_asking = lines.iter().filter(|line| !levels.contains_key(&line.size) && asks(&line.text)).count();
    let mut blocks: Vec<Block> = Vec::new();
    for line in &lines {
        let kind = match levels.get(&line.size) {
            Some(level) => Kind::Heading(*level),
            // A title alone in larger letters divides nothing.
            None if n_asking > n_larger && asks(&line.text) => Kind::Heading(ASKED_LEVEL),
            None if line.after_gap => Kind::Paragraph,
            None => Kind::Line,
        };
        match blocks.last_mut() {
            Some(last) if continues(last, kind, line) => join(&mut last.text, &line.text),
            _ => {
                let place = Place { unit: Unit::Page, number: line.page, sheet: None };
                let kind = if kind == Kind::Line { Kind::Paragraph } else { kind };
                blocks.push(Block { place, kind, text: line.text.clone() });
            }
        }
    }
    entries(blocks, Preamble::Reported)
}

/// The sizes that are clearly larger than that of most letters, the largest first.
fn heading_levels(lines: &[Line]) -> BTreeMap<u32, u8> {
    let mut letters: BTreeMap<u32, usize> = BTreeMap::new();
    for line in lines {
        *letters.entry(line.size).or_default() += line.text.chars().count();
    }
    let Some((body, _)) = letters.iter().max_by_key(|(_, count)| **count) else { return BTreeMap::new() };
    let larger = letters.keys().rev().filter(|size| **size * 10 > *body * 11);
    larger.copied().zip(1..=9).collect()
}

/// Whether a line is of a table of contents: dots up to the number of a page.
fn is_contents(line: &str) -> bool {
    let title = line.trim_end_matches(|character: char| character.is_ascii_digit() || character == ' ');
    let dots = title.chars().rev().take_while(|character| matches!(character, '.' | ':' | '…' | '·' | ' '));
    title.len() < line.len() && dots.filter(|character| *character != ' ').count() >= 4
}

/// Whether a line may be a question where the letters say nothing.
fn asks(line: &str) -> bool {
    let short = line.chars().count() <= 120;
    short && (line.trim_end().ends_with(['?', '？']))
}

/// Whether a line goes on with the block before it.
fn continues(last: &Block, kind: Kind, line: &Line) -> bool {
    match (last.kind, kind) {
        (Kind::Heading(above), Kind::Heading(level)) => above == level && !line.after_gap && !asks(&last.text),
        (Kind::Paragraph, Kind::Line) => !begins_item(&line.text),
        _ => false,
    }
}

fn begins_item(text: &str) -> bool {
    text.starts_with(['•', '●', '▪', '-', '–', '*', '·'])
}

/// Joins broken lines: with a space between words of letters, with nothing between Chinese characters.
fn join(text: &mut String, more: &str) {
    let latin = |character: Option<char>| character.is_some_and(|character| character.is_ascii_graphic());
    if latin(text.chars().next_back()) || latin(more.chars().next()) {
        text.push(' ');
    }
    text.push_str(more);
}
