//! Word processor's documents split at their heading styles; a table of questions and answers is read as a table.

use std::collections::HashMap;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Row;
use super::archive::{Archive, TEXT_BYTES, too_large};
use super::fault::FileFault;
use super::passages::{Block, Kind, Preamble, entries};
use super::place::{Place, Unit};
use super::table::{self, Record};

const DOCUMENT: &str = "word/document.xml";
/// Styles lead to the styles they are based on, in no more steps than this.
const STYLE_STEPS: usize = 12;

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Row>, FileFault> {
    let mut archive = Archive::open(bytes)?;
    archive.check(|_, _| Ok(()))?;
    let styles = match archive.text("word/styles.xml")? {
        Some(xml) => heading_styles(&xml)?,
        None => HashMap::new(),
    };
    let links = match archive.text("word/_rels/document.xml.rels")? {
        Some(xml) => links(&xml)?,
        None => HashMap::new(),
    };
    let xml = archive.text(DOCUMENT)?.ok_or(FileFault::OtherArchive)?;
    let mut document = Document { styles, links, ..Document::default() };
    for_each_tag(DOCUMENT, &xml, |event| document.take(event))?;
    document.end_paragraph();
    match entries(document.blocks, Preamble::Reported) {
        // A document of nothing but such a table needs no headings.
        Err(FileFault::NoHeadings) if !document.rows.is_empty() => Ok(document.rows),
        passages => passages.map(|mut rows| {
            rows.extend(document.rows);
            rows.sort_by_key(|row| row.place.number);
            rows
        }),
    }
}

/// What a reader of XML hands on.
enum Part<'a> {
    Opens(&'a BytesStart<'a>),
    /// The local name.
    Closes(&'a str),
    Text(&'a str),
}

fn for_each_tag(
    part: &str,
    xml: &str,
    mut take: impl FnMut(Part<'_>) -> Result<(), FileFault>,
) -> Result<(), FileFault> {
    let mut reader = Reader::from_str(xml);
    loop {
        let event = reader.read_event();
        match event.map_err(|error| FileFault::Damaged { part: part.to_owned(), reason: error.to_string() })? {
            Event::Start(tag) => take(Part::Opens(&tag))?,
            Event::Empty(tag) => {
                take(Part::Opens(&tag))?;
                take(Part::Closes(tag.local_name().as_ref()))?;
            }
            Event::End(tag) => take(Part::Closes(tag.local_name().as_ref()))?,
            Event::Text(text) => take(Part::Text(&text))?,
            Event::CData(text) => take(Part::Text(&text))?,
            Event::GeneralRef(reference) => {
                // Entities that a document declares itself are left out: they can be made to grow without end.
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = character.or_else(|| resolve_predefined_entity(&reference).map(str::to_owned));
                if let Some(text) = known {
                    take(Part::Text(&text))?;
                }
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

#[derive(Default)]
struct Style {
    level: Option<u8>,
    based_on: Option<String>,
}

/// The styles that are headings, with their level; the title is level 0.
fn heading_styles(xml: &str) -> Result<HashMap<String, u8>, FileFault> {
    let mut styles: HashMap<String, Style> = HashMap::new();
    let mut current = String::new();
    for_each_tag("word/styles.xml", xml, |part| {
        let Part::Opens(tag) = part else { return Ok(()) };
        let style = styles.entry(current.clone()).or_default();
        match tag.local_name().as_ref() {
            "style" => current = attribute(tag, "styleId").unwrap_or_default(),
            "name" => style.level = style.level.or_else(|| level_of_name(&attribute(tag, "val")?)),
            "basedOn" => style.based_on = attribute(tag, "val"),
            "outlineLvl" => style.level = outline_level(tag).or(style.level),
            _ => {}
        }
        Ok(())
    })?;
    let level = |name: &String| {
        let mut name = name.clone();
        for _ in 0..STYLE_STEPS {
            let style = styles.get(&name)?;
            if style.level.is_some() {
                return style.level;
            }
            name.clone_from(style.based_on.as_ref()?);
        }
        None
    };
    Ok(styles.keys().filter_map(|name| Some((name.clone(), level(name)?))).collect())
}

fn level_of_name(name: &str) -> Option<u8> {
    let name = name.trim().to_lowercase();
    if matches!(name.as_str(), "title" | "标题") {
        return Some(0);
    }
    let number = ["heading", "标题"].iter().find_map(|start| name.strip_prefix(start))?;
    number.trim().parse().ok().filter(|level| (1..=9).contains(level))
}

/// `outlineLvl` counts from 0, and 9 is the level of plain text.
fn outline_level(tag: &BytesStart<'_>) -> Option<u8> {
    attribute(tag, "val")?.parse().ok().filter(|level: &u8| *level < 9).map(|level| level + 1)
}

/// The outward targets of links by their ids.
fn links(xml: &str) -> Result<HashMap<String, String>, FileFault> {
    let mut links = HashMap::new();
    for_each_tag("word/_rels/document.xml.rels", xml, |part| {
        if let Part::Opens(tag) = part
            && let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target"))
            && ["http://", "https://", "mailto:"].iter().any(|start| target.starts_with(start))
        {
            links.insert(id, target);
        }
        Ok(())
    })?;
    Ok(links)
}

/// What was read of a document so far.
#[derive(Default)]
struct Document {
    styles: HashMap<String, u8>,
    links: HashMap<String, String>,
    blocks: Vec<Block>,
    /// Rows of tables that are FAQs themselves.
    rows: Vec<Row>,
    n_paragraphs: usize,
    level: Option<u8>,
    in_list: bool,
    text: String,
    in_text: bool,
    link: Option<(usize, String)>,
    /// How many tables are open, and the rows of the outermost.
    n_tables: usize,
    records: Vec<Record>,
    /// Fallbacks say again what stands beside them.
    n_fallbacks: usize,
    n_bytes: usize,
}

impl Document {
    fn take(&mut self, part: Part<'_>) -> Result<(), FileFault> {
        match part {
            Part::Opens(tag) if tag.local_name().as_ref() == "Fallback" => self.n_fallbacks += 1,
            Part::Closes("Fallback") => self.n_fallbacks = self.n_fallbacks.saturating_sub(1),
            _ if self.n_fallbacks > 0 => {}
            Part::Opens(tag) => self.open(tag),
            Part::Closes(name) => self.close(name),
            Part::Text(text) if self.in_text => {
                self.n_bytes += text.len();
                self.text.push_str(text);
                if self.n_bytes > TEXT_BYTES {
                    return Err(too_large());
                }
            }
            Part::Text(_) => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "p" => {
                self.end_paragraph();
                self.n_paragraphs += 1;
            }
            "pStyle" => self.level = attribute(tag, "val").and_then(|name| self.styles.get(&name).copied()),
            "outlineLvl" => self.level = outline_level(tag).or(self.level),
            "numPr" => self.in_list = true,
            "t" => self.in_text = true,
            "tab" if !self.text.is_empty() => self.text.push(' '),
            "br" | "cr" => self.text.push('\n'),
            "hyperlink" => {
                let target = attribute(tag, "id").and_then(|id| self.links.get(&id).cloned());
                self.link = target.map(|target| (self.text.len(), target));
            }
            "tbl" => {
                self.end_paragraph();
                self.n_tables += 1;
            }
            "tr" if self.n_tables == 1 => {
                self.records.push(Record { number: self.n_paragraphs + 1, cells: Vec::new() });
            }
            "tc" if self.n_tables == 1 => {
                if let Some(record) = self.records.last_mut() {
                    record.cells.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => self.end_paragraph(),
            "hyperlink" => self.end_link(),
            "tbl" => {
                self.n_tables = self.n_tables.saturating_sub(1);
                if self.n_tables == 0 {
                    self.end_table();
                }
            }
            _ => {}
        }
    }

    fn end_link(&mut self) {
        let Some((at, target)) = self.link.take() else { return };
        let label = self.text.get(at..).unwrap_or_default().to_owned();
        let plain = label.trim().is_empty() || label.contains(['[', ']', '\n']) || target.contains(['(', ')', ' ']);
        if !plain && label != target {
            self.text.truncate(at);
            self.text.push_str(&format!("[{label}]({target})"));
        }
    }

    fn end_paragraph(&mut self) {
        self.link = None;
        let text = std::mem::take(&mut self.text);
        let (level, in_list) = (self.level.take(), std::mem::take(&mut self.in_list));
        if text.trim().is_empty() {
            return;
        }
        if self.n_tables > 0 {
            if let Some(cell) = self.records.last_mut().and_then(|record| record.cells.last_mut()) {
                if !cell.is_empty() {
                    cell.push('\n');
                }
                cell.push_str(text.trim());
            }
            return;
        }
        let (kind, text) = match (level, in_list) {
            (Some(level), _) => (Kind::Heading(level), text),
            (None, true) => (Kind::Line, format!("- {}", text.trim())),
            (None, false) => (Kind::Paragraph, text),
        };
        self.blocks.push(Block { place: paragraph(self.n_paragraphs), kind, text });
    }

    fn end_table(&mut self) {
        let records = std::mem::take(&mut self.records);
        if let Ok(table) = table::read(&records, None) {
            let placed = table.rows.into_iter().map(|row| Row { place: paragraph(row.place.number), ..row });
            self.rows.extend(placed);
            return;
        }
        for record in records {
            let cells: Vec<String> = record.cells.iter().map(|cell| cell.replace('\n', " ")).collect();
            self.blocks.push(Block { place: paragraph(record.number), kind: Kind::Line, text: cells.join(" | ") });
        }
    }
}

fn paragraph(number: usize) -> Place {
    Place { unit: Unit::Paragraph, number, sheet: None }
}
