//! Documents as entries: a heading is the question, the text below it the answer, the headings above it the category.

use std::collections::HashMap;

use super::Row;
use super::check::{is_blank, made_id, trim};
use super::fault::{FileFault, RowFault};
use super::left_open::all_but;
use super::place::Place;
use super::table::Column;
use crate::FaqEntry;

/// A piece of a document in reading order.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 1 is the highest.
    Heading(u8),
    /// A paragraph; an empty line stands before it in the answer.
    Paragraph,
    /// An item of a list or a row of a table; it follows the line before it.
    Line,
}

/// What becomes of text above the first heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preamble {
    /// It is named as left out.
    Reported,
    /// Pages have menus there.
    Passed,
}

/// Headings with text below them, as entries.
pub(super) fn entries(blocks: Vec<Block>, preamble: Preamble) -> Result<Vec<Row>, FileFault> {
    let mut passages = Passages::default();
    for block in blocks {
        if !is_blank(&block.text) {
            passages.take(block, preamble);
        }
    }
    passages.close();
    if passages.n_headings == 0 { Err(FileFault::NoHeadings) } else { Ok(passages.rows) }
}

#[derive(Default)]
struct Passages {
    rows: Vec<Row>,
    /// Headings that the text stands under, the highest first.
    path: Vec<(u8, String)>,
    open: Option<Open>,
    n_headings: usize,
    n_before: usize,
    ids: HashMap<String, usize>,
}

/// The passage whose text is being read.
struct Open {
    place: Place,
    answer: String,
}

impl Passages {
    fn take(&mut self, block: Block, preamble: Preamble) {
        let text = trim(&block.text);
        match (block.kind, &mut self.open) {
            (Kind::Heading(level), _) => {
                self.close();
                self.n_headings += 1;
                self.path.retain(|(above, _)| *above < level);
                let title: Vec<&str> = text.split_whitespace().collect();
                self.path.push((level, title.join(" ")));
                self.open = Some(Open { place: block.place, answer: String::new() });
            }
            (kind, Some(open)) => {
                if !open.answer.is_empty() {
                    open.answer.push_str(if kind == Kind::Line { "\n" } else { "\n\n" });
                }
                open.answer.push_str(text);
            }
            (_, None) => {
                self.n_before += 1;
                if self.n_before == 1 && preamble == Preamble::Reported {
                    self.rows.push(Row::wrong(block.place, RowFault::NoHeading));
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take().filter(|open| !open.answer.is_empty()) else { return };
        let Some(((_, question), above)) = self.path.split_last() else { return };
        let titles: Vec<String> = above.iter().map(|(_, title)| title.replace('/', "／")).collect();
        let path = titles.join("/");
        let id = made_id("doc", &format!("{path}/{question}"));
        let count = self.ids.entry(id.clone()).and_modify(|count| *count += 1).or_insert(1);
        let id = if *count == 1 { id } else { format!("{id}-{count}") };
        let category = Some(path).filter(|path| !path.is_empty());
        let absent = all_but(if category.is_some() { &[Column::Category] } else { &[] });
        let entry = FaqEntry { category, ..FaqEntry::new(&id, question, &open.answer) };
        self.rows.push(Row { place: open.place, entry: Ok(entry), absent });
    }
}
