//! Lines of text from the drawing commands of a PDF's pages, in the order they are drawn.

use std::collections::{BTreeMap, HashMap};

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Encoding, LoadOptions, Object};

use super::super::archive::too_large;
use super::super::fault::FileFault;
use super::Line;

/// The commands of one page unpack to at most so much.
const PAGE_BYTES: usize = 8 << 20;
/// Those of all pages together.
const ALL_BYTES: usize = 64 << 20;
/// More fonts are not read.
const MAX_FONTS: usize = 500;

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, FileFault> {
    let options = LoadOptions { max_decompressed_size: Some(PAGE_BYTES), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(damaged)?;
    if document.is_encrypted() {
        return Err(FileFault::Protected);
    }
    let mut fonts = Fonts { document: &document, known: HashMap::new() };
    let (mut lines, mut left) = (Vec::new(), ALL_BYTES);
    for (number, page) in document.get_pages() {
        let content = document.get_page_content_with_limit(page, PAGE_BYTES).map_err(damaged)?;
        left = left.checked_sub(content.len()).ok_or_else(too_large)?;
        let commands = Content::decode(&content).map_err(damaged)?.operations;
        let encodings = fonts.of_page(page);
        let mut pen = Pen { page: number as usize, ..Pen::default() };
        for command in &commands {
            pen.follow(command, &encodings, &fonts);
        }
        pen.end_line();
        lines.extend(pen.lines);
    }
    Ok(lines)
}

/// The encodings of fonts, each read once however many pages use it.
struct Fonts<'a> {
    document: &'a Document,
    known: HashMap<*const Dictionary, Option<Encoding<'a>>>,
}

impl<'a> Fonts<'a> {
    /// The fonts of a page by the names its commands use.
    fn of_page(&mut self, page: lopdf::ObjectId) -> BTreeMap<Vec<u8>, *const Dictionary> {
        let Ok(fonts) = self.document.get_page_fonts(page) else { return BTreeMap::new() };
        let mut by_name = BTreeMap::new();
        for (name, font) in fonts {
            let key = std::ptr::from_ref(font);
            if self.known.len() < MAX_FONTS || self.known.contains_key(&key) {
                let document = self.document;
                self.known.entry(key).or_insert_with(|| font.get_font_encoding_with_limit(document, PAGE_BYTES).ok());
                by_name.insert(name, key);
            }
        }
        by_name
    }
}

/// Follows the commands that place and show text (ISO 32000-1, 9.4); text that is turned is read as if it were not.
#[derive(Default)]
struct Pen {
    page: usize,
    font: Option<*const Dictionary>,
    size: f32,
    /// Vertical scale and height of the page's matrix and of the text's.
    outer: Scale,
    saved: Vec<Scale>,
    line: Scale,
    leading: f32,
    /// The line that is being drawn.
    text: String,
    text_size: f32,
    text_y: f32,
    last_y: Option<f32>,
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
struct Scale {
    scale: f32,
    y: f32,
}

impl Default for Scale {
    fn default() -> Self {
        Self { scale: 1.0, y: 0.0 }
    }
}

impl Pen {
    fn follow(&mut self, command: &Operation, fonts: &BTreeMap<Vec<u8>, *const Dictionary>, known: &Fonts<'_>) {
        let operands = &command.operands;
        let number = |index: usize| operands.get(index).and_then(|operand| operand.as_float().ok()).unwrap_or(0.0);
        match command.operator.as_str() {
            // Deeper than any page goes is not followed.
            "q" if self.saved.len() < 1000 => self.saved.push(self.outer),
            "Q" => self.outer = self.saved.pop().unwrap_or_default(),
            "cm" => {
                self.outer.y += number(5) * self.outer.scale;
                self.outer.scale *= number(3);
            }
            "BT" => self.line = Scale::default(),
            "Tf" => {
                self.font =
                    operands.first().and_then(|name| name.as_name().ok()).and_then(|name| fonts.get(name)).copied();
                self.size = number(1);
            }
            "TL" => self.leading = number(0),
            "Tm" => self.line = Scale { scale: number(3), y: number(5) },
            "Td" => self.line.y += number(1) * self.line.scale,
            "TD" => {
                self.leading = -number(1);
                self.line.y += number(1) * self.line.scale;
            }
            "T*" => self.next_line(),
            "Tj" | "TJ" => self.show(operands, known),
            "'" => {
                self.next_line();
                self.show(operands, known);
            }
            "\"" => {
                self.next_line();
                self.show(operands.get(2..).unwrap_or_default(), known);
            }
            _ => {}
        }
        // Two texts on one height with a move between them are two words.
        if matches!(command.operator.as_str(), "Td" | "TD" | "Tm") && !self.text.ends_with(' ') && number(0) != 0.0 {
            self.text.push(' ');
        }
    }

    fn next_line(&mut self) {
        self.line.y -= self.leading * self.line.scale;
    }

    fn show(&mut self, operands: &[Object], fonts: &Fonts<'_>) {
        let y = self.outer.y + self.line.y * self.outer.scale;
        let size = (self.size * self.line.scale * self.outer.scale).abs();
        if !self.text.trim().is_empty() && (y - self.text_y).abs() > 0.5 * self.text_size.max(1.0) {
            self.end_line();
        }
        if self.text.trim().is_empty() {
            (self.text_y, self.text_size) = (y, size);
            self.text.clear();
        }
        let Some(Some(encoding)) = self.font.and_then(|font| fonts.known.get(&font)) else { return };
        for operand in operands {
            match operand {
                Object::Array(items) => items.iter().for_each(|item| self.put(item, encoding)),
                other => self.put(other, encoding),
            }
        }
    }

    fn put(&mut self, item: &Object, encoding: &Encoding<'_>) {
        match item {
            Object::String(bytes, _) => self.text.push_str(&Document::decode_text(encoding, bytes).unwrap_or_default()),
            // A step back by a fifth of a letter or more, in thousandths, is how many programs write a space.
            other if other.as_float().is_ok_and(|step| step < -200.0) && !self.text.ends_with(' ') => {
                self.text.push(' ');
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        if words.is_empty() {
            self.text.clear();
            return;
        }
        let step = self.last_y.map(|last| (last - self.text_y).abs());
        // A size is a few hundred at most; what a broken file says beyond that is cut off by `as`.
        let size = (self.text_size * 10.0).round() as u32;
        let after_gap = step.is_some_and(|step| step > 1.7 * self.text_size);
        self.lines.push(Line { page: self.page, text: without_ligatures(&words.join(" ")), size, after_gap });
        self.last_y = Some(self.text_y);
        self.text.clear();
    }
}

/// `ﬁ` and the like, which fonts have as one letter, as the letters they are.
fn without_ligatures(text: &str) -> String {
    const LIGATURES: [(char, &str); 5] = [('ﬀ', "ff"), ('ﬁ', "fi"), ('ﬂ', "fl"), ('ﬃ', "ffi"), ('ﬄ', "ffl")];
    if text.is_ascii() {
        return text.to_owned();
    }
    LIGATURES.iter().fold(text.to_owned(), |text, (one, letters)| text.replace(*one, letters))
}

fn damaged(error: lopdf::Error) -> FileFault {
    let words = error.to_string();
    match error {
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => too_large(),
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => FileFault::Protected,
        _ => FileFault::Damaged { part: "PDF".to_owned(), reason: words },
    }
}
