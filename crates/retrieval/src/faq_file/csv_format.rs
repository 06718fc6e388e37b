//! CSV as spreadsheets write it: separator found from the header, header names in English or Chinese.

use super::Row;
use crate::FaqEntry;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Question,
    Similar,
    Answer,
    Language,
    Category,
    ValidFrom,
    ValidUntil,
    Enabled,
}

/// Columns in the order they are written, each with its accepted header names; the first name is written.
const COLUMNS: [(Column, &[&str]); 9] = [
    (Column::Id, &["id", "faq_id", "编号", "标识"]),
    (Column::Question, &["question", "标准问题", "标准问", "问题"]),
    (Column::Similar, &["similar", "similar_questions", "相似问", "相似问题", "相似问法"]),
    (Column::Answer, &["answer", "答案", "回答", "回复"]),
    (Column::Language, &["language", "lang", "语言", "语种"]),
    (Column::Category, &["category", "分类", "类别", "类目"]),
    (Column::ValidFrom, &["valid_from", "生效日期", "开始日期", "有效期开始"]),
    (Column::ValidUntil, &["valid_until", "失效日期", "结束日期", "有效期结束"]),
    (Column::Enabled, &["enabled", "启用", "是否启用", "状态"]),
];

pub(super) fn parse(text: &str) -> Result<Vec<Row>, String> {
    let delimiter = find_delimiter(text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(true).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| format!("line 1: {error}"))?.clone();
    let columns = read_header(&headers)?;
    if let Some(line) = unclosed_quote(text, delimiter) {
        return Err(format!(
            "line {line}: a cell opens with a quote (\") that nothing closes; close it, or leave it out"
        ));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                if record.iter().any(|cell| !cell.trim().is_empty()) {
                    let line = record.position().map_or(0, |position| position.line() as usize);
                    rows.push((line, read_row(&record, &columns)));
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, |position| position.line() as usize);
                rows.push((line, Err(error.to_string())));
            }
        }
    }
    Ok(rows)
}

/// The line on which a quoted cell begins that never ends: the reader would take all that follows for one cell.
fn unclosed_quote(text: &str, delimiter: u8) -> Option<usize> {
    let (mut line, mut opened, mut fresh) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, opened) {
            (b'"', None) if fresh => opened = Some(line),
            // Two quotes within a quoted cell stand for one.
            (b'"', Some(_)) if bytes.peek() == Some(&b'"') => drop(bytes.next()),
            (b'"', Some(_)) => opened = None,
            _ => {}
        }
        line += usize::from(byte == b'\n');
        fresh = opened.is_none() && (byte == delimiter || matches!(byte, b'\n' | b'\r'));
    }
    opened
}

/// The separator that splits the first line into the most known column names.
fn find_delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let known =
        |delimiter: &&u8| header.split(char::from(**delimiter)).filter(|name| column_named(name).is_some()).count();
    // max_by_key keeps the last of equals: the comma.
    [b'\t', b';', b','].iter().max_by_key(known).copied().unwrap_or(b',')
}

fn column_named(name: &str) -> Option<Column> {
    let name = name.trim().trim_matches('"').trim().to_lowercase().replace([' ', '-'], "_");
    COLUMNS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(column, _)| *column)
}

fn read_header(headers: &csv::StringRecord) -> Result<Vec<Option<Column>>, String> {
    let columns: Vec<Option<Column>> = headers.iter().map(column_named).collect();
    for (column, names) in COLUMNS {
        let count = columns.iter().filter(|found| **found == Some(column)).count();
        let required = matches!(column, Column::Question | Column::Answer);
        if count > 1 {
            return Err(format!("line 1: column `{}` is there {count} times; keep one", names[0]));
        }
        if required && count == 0 {
            let seen: Vec<&str> = headers.iter().collect();
            let accepted = names.join(", ");
            return Err(format!(
                "line 1: no column `{}` (accepted names: {accepted}); the header is: {}",
                names[0],
                seen.join(" | ")
            ));
        }
    }
    Ok(columns)
}

fn read_row(record: &csv::StringRecord, columns: &[Option<Column>]) -> Result<FaqEntry, String> {
    if record.len() > columns.len() && record.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty()) {
        return Err(format!(
            "{} cells where the header has {}; quote cells that hold the separator",
            record.len(),
            columns.len()
        ));
    }
    let mut entry = FaqEntry::new("", "", "");
    for (cell, column) in record.iter().zip(columns) {
        let Some(column) = column else { continue };
        let optional = || Some(cell.to_owned()).filter(|text| !text.trim().is_empty());
        match column {
            Column::Id => entry.id = cell.to_owned(),
            Column::Question => entry.question = cell.to_owned(),
            Column::Similar => entry.similar = split_similar(cell),
            Column::Answer => entry.answer = cell.to_owned(),
            Column::Language => entry.language = optional(),
            Column::Category => entry.category = optional(),
            Column::ValidFrom => entry.valid_from = optional(),
            Column::ValidUntil => entry.valid_until = optional(),
            Column::Enabled => entry.enabled = parse_enabled(cell)?,
        }
    }
    Ok(entry)
}

/// Splits at `|` and line ends; `\|`, `\n` and `\\` stand for the characters themselves.
fn split_similar(cell: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = cell.chars().peekable();
    while let Some(character) = characters.next() {
        let last = parts.len() - 1;
        match (character, characters.peek()) {
            ('\\', Some('|' | '\\')) => parts[last].extend(characters.next()),
            ('\\', Some('n')) => {
                characters.next();
                parts[last].push('\n');
            }
            ('|' | '\n' | '\r', _) => parts.push(String::new()),
            _ => parts[last].push(character),
        }
    }
    parts
}

fn join_similar(similar: &[String]) -> String {
    let escaped: Vec<String> = similar
        .iter()
        .map(|one| one.replace('\\', "\\\\").replace('|', "\\|").replace("\r\n", "\n").replace(['\n', '\r'], "\\n"))
        .collect();
    escaped.join("|")
}

fn parse_enabled(cell: &str) -> Result<bool, String> {
    match cell.trim().to_lowercase().as_str() {
        "" | "true" | "yes" | "y" | "1" | "on" | "是" | "启用" | "有效" => Ok(true),
        "false" | "no" | "n" | "0" | "off" | "否" | "停用" | "禁用" | "无效" => Ok(false),
        other => Err(format!("`enabled` is `{other}`; write true or false")),
    }
}

pub(super) fn write(entries: &[FaqEntry]) -> Vec<u8> {
    // Writing to memory fails only for records of unequal length, and every record has one cell a column.
    let complete = "every record has one cell for each column";
    // Spreadsheets take a file for UTF-8 only when it starts with the mark.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS.iter().map(|(_, names)| names[0])).expect(complete);
    for entry in entries {
        writer.write_record(COLUMNS.iter().map(|(column, _)| cell(entry, *column))).expect(complete);
    }
    writer.into_inner().expect("flushing to memory cannot fail")
}

fn cell(entry: &FaqEntry, column: Column) -> String {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    match column {
        Column::Id => entry.id.clone(),
        Column::Question => entry.question.clone(),
        Column::Similar => join_similar(&entry.similar),
        Column::Answer => entry.answer.clone(),
        Column::Language => optional(&entry.language),
        Column::Category => optional(&entry.category),
        Column::ValidFrom => optional(&entry.valid_from),
        Column::ValidUntil => optional(&entry.valid_until),
        Column::Enabled => entry.enabled.to_string(),
    }
}
