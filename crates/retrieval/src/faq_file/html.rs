//! HTML split at its headings, the terms of its definition lists and the summaries of its folds.
//! Read tag by tag, with no tree: nothing depends on how deep a page is nested.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::Row;
use super::fault::FileFault;
use super::passages::{Block, Kind, Preamble, entries};
use super::place::Place;

/// Below any heading of the page.
const TERM_LEVEL: u8 = 7;
/// Parts that are not the page's text.
const SKIPPED: [&str; 6] = ["nav", "footer", "aside", "template", "svg", "button"];

pub(super) fn parse(text: &str) -> Result<Vec<Row>, FileFault> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut page = tokenizer.sink.0.into_inner();
    page.close(Kind::Paragraph);
    entries(page.blocks, Preamble::Passed)
}

#[derive(Default)]
struct Sink(RefCell<Page>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        page.line = usize::try_from(line).unwrap_or(usize::MAX);
        match token {
            Token::CharacterTokens(text) => page.text(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What was read of a page so far.
#[derive(Default)]
struct Page {
    blocks: Vec<Block>,
    line: usize,
    /// The block that is open: its first line, what it will be, its text.
    first_line: usize,
    kind: Option<Kind>,
    buffer: String,
    /// A part that is left out, and how many of its name are open.
    skipping: Option<(String, usize)>,
    /// Text between `<pre>` and `</pre>` keeps its lines.
    preformatted: bool,
    link: Option<(usize, String)>,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.skipping.is_some() {
            return;
        }
        if self.buffer.is_empty() {
            self.first_line = self.line;
        }
        if self.preformatted {
            self.buffer.push_str(text);
            return;
        }
        for character in text.chars() {
            let blank = character.is_ascii_whitespace() || character == '\u{a0}';
            match blank {
                true if self.buffer.is_empty() || self.buffer.ends_with([' ', '\n']) => {}
                true => self.buffer.push(' '),
                false => self.buffer.push(character),
            }
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if let Some((skipped, depth)) = &mut self.skipping {
            if skipped == name && !tag.self_closing {
                *depth = if opens { *depth + 1 } else { *depth - 1 };
            }
            if *depth == 0 {
                self.skipping = None;
            }
            return raw_text(name, opens);
        }
        if opens && SKIPPED.contains(&name) && !tag.self_closing {
            self.close(Kind::Paragraph);
            self.skipping = Some((name.to_owned(), 1));
            return TokenSinkResult::Continue;
        }
        if matches!(name, "script" | "style" | "title" | "textarea" | "noscript" | "iframe") {
            // Their text is none of the page's; it ends with the tag of the same name.
            if opens {
                self.skipping = Some((name.to_owned(), 1));
            }
            return raw_text(name, opens);
        }
        self.flow(tag, name, opens);
        TokenSinkResult::Continue
    }

    fn flow(&mut self, tag: &Tag, name: &str, opens: bool) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.boundary(opens, Kind::Heading(name.as_bytes()[1] - b'0')),
            "dt" | "summary" => self.boundary(opens, Kind::Heading(TERM_LEVEL)),
            "li" => {
                self.boundary(opens, Kind::Line);
                if opens {
                    self.buffer.push_str("- ");
                }
            }
            "tr" => self.boundary(opens, Kind::Line),
            "td" | "th" if opens && !self.buffer.trim().is_empty() => self.buffer.push_str(" | "),
            "br" => {
                self.buffer.truncate(self.buffer.trim_end_matches(' ').len());
                self.buffer.push('\n');
            }
            "pre" => {
                self.boundary(opens, Kind::Paragraph);
                self.preformatted = opens;
            }
            "a" => self.link(tag, opens),
            "p" | "div" | "section" | "article" | "ul" | "ol" | "table" | "blockquote" | "dd" | "dl" | "details"
            | "main" | "body" | "figure" | "figcaption" | "hr" | "address" => {
                // The paragraph of a list's item or a term stays part of it.
                let within = self.kind.is_some_and(|kind| kind != Kind::Paragraph);
                let inline = matches!(name, "p" | "div") && within;
                if inline {
                    self.text(" ");
                } else {
                    self.close(Kind::Paragraph);
                    self.kind = None;
                }
            }
            _ => {}
        }
    }

    /// A block begins or ends here.
    fn boundary(&mut self, opens: bool, kind: Kind) {
        self.close(Kind::Paragraph);
        self.kind = opens.then_some(kind);
    }

    /// Ends the open block; `otherwise` is what it is where no tag said so.
    fn close(&mut self, otherwise: Kind) {
        self.link = None;
        let text = std::mem::take(&mut self.buffer);
        let bare = text.trim();
        if !bare.is_empty() && bare != "-" {
            let kind = self.kind.unwrap_or(otherwise);
            self.blocks.push(Block { place: Place::line(self.first_line.max(1)), kind, text: bare.to_owned() });
        }
    }

    /// Links to other places are kept as Markdown writes them.
    fn link(&mut self, tag: &Tag, opens: bool) {
        let heading = matches!(self.kind, Some(Kind::Heading(_)));
        if opens && !heading {
            let target = tag.attrs.iter().find(|attribute| &*attribute.name.local == "href");
            let target = target.map(|attribute| attribute.value.trim().to_owned());
            let outward = |target: &String| {
                ["http://", "https://", "mailto:", "tel:"].iter().any(|start| target.starts_with(start))
            };
            self.link = target.filter(outward).map(|target| (self.buffer.len(), target));
            return;
        }
        if let Some((at, target)) = self.link.take() {
            let label = self.buffer.get(at..).unwrap_or_default().trim().to_owned();
            let plain = label.is_empty() || label.contains(['[', ']', '\n']) || target.contains(['(', ')', ' ']);
            if !plain && label != target {
                self.buffer.truncate(at);
                self.buffer.push_str(&format!("[{label}]({target})"));
            }
        }
    }
}

/// Tells the tokenizer that no tags are read until the end tag of `name`.
fn raw_text(name: &str, opens: bool) -> TokenSinkResult<()> {
    match name {
        "script" if opens => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "noscript" | "iframe" if opens => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" | "textarea" if opens => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}
