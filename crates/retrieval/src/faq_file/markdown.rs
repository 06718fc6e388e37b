//! Markdown split at its headings; what stands between them stays as it was written.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Row;
use super::fault::FileFault;
use super::passages::{Block, Kind, Preamble, entries};
use super::place::Place;

pub(super) fn parse(text: &str) -> Result<Vec<Row>, FileFault> {
    let mut blocks = Vec::new();
    let mut lines = LineCounter { text, at: 0, line: 1 };
    // Where the text since the last heading begins.
    let mut from = 0;
    for Heading { level, title, start, end } in headings(text, &mut from) {
        push_text(&mut blocks, &mut lines, from, start);
        blocks.push(Block { place: lines.place(start), kind: Kind::Heading(level), text: title });
        from = end;
    }
    push_text(&mut blocks, &mut lines, from, text.len());
    entries(blocks, Preamble::Reported)
}

struct Heading {
    level: u8,
    title: String,
    start: usize,
    end: usize,
}

/// Headings that stand in no list and no quotation; `front` is moved behind the metadata a file may begin with.
fn headings(text: &str, front: &mut usize) -> Vec<Heading> {
    let (mut found, mut open, mut depth): (Vec<Heading>, Option<Heading>, usize) = (Vec::new(), None, 0);
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                let heading = Heading { level: level as u8, title: String::new(), start: range.start, end: range.end };
                open = Some(heading);
            }
            Event::End(TagEnd::Heading(_)) if depth == 0 => found.extend(open.take()),
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth -= 1,
            Event::End(TagEnd::MetadataBlock(_)) => *front = range.end,
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(heading) = &mut open {
                    heading.title.push_str(&piece);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = &mut open {
                    heading.title.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

fn push_text(blocks: &mut Vec<Block>, lines: &mut LineCounter<'_>, from: usize, to: usize) {
    let text = lines.text.get(from..to).unwrap_or_default();
    let blank = text.len() - text.trim_start().len();
    if blank < text.len() {
        blocks.push(Block { place: lines.place(from + blank), kind: Kind::Paragraph, text: text.trim().to_owned() });
    }
}

/// Counts lines up to places that only go forward.
struct LineCounter<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn place(&mut self, at: usize) -> Place {
        let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(at);
        Place::line(self.line)
    }
}
