//! What can be wrong with an FAQ file or with one row of it, in Chinese and in English side by side.

use std::fmt;

use text::Language;

use super::place::Place;
use super::table::Column;
use crate::CHANNELS;

/// Why nothing of a file can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFault {
    /// Nothing in it.
    Empty,
    /// Neither UTF-8 nor GB18030 nor UTF-16.
    NotText { line: usize },
    /// Marked as an encoding that it is not in.
    WrongEncoding { encoding: &'static str },
    /// A character that no text holds.
    Nul { line: usize },
    /// A picture, an archive, a program, under whatever name; what it is in Chinese and in English.
    Binary { kind: [&'static str; 2] },
    /// `.xls` or `.doc` of the time before 2007.
    OldOffice,
    /// A password is needed to read it.
    Protected,
    /// A zip archive that is no workbook and no document.
    OtherArchive,
    /// Unpacks to more than is read.
    TooLarge { limit_mib: usize },
    /// An office file or PDF that cannot be read.
    Damaged { part: String, reason: String },
    /// A table without questions or without answers.
    NoColumn { column: &'static str, accepted: String, header: String },
    /// A table that says a column twice.
    ColumnTwice { column: &'static str, count: usize, line: usize },
    /// A quoted cell that never ends.
    OpenQuote { line: usize },
    /// One JSON list instead of JSON lines.
    JsonList,
    /// A document that nothing divides into questions.
    NoHeadings,
    /// A PDF of pictures.
    NoText,
    /// YAML that cannot be read.
    Yaml { line: usize, reason: String },
    /// Rasa YAML without retrieval intents.
    NoIntents,
}

impl FileFault {
    /// The words for a person who reads `language`.
    pub fn in_language(&self, language: Language) -> String {
        chosen(self.words(), language)
    }

    fn words(&self) -> [String; 2] {
        match self {
            Self::Empty => both("文件是空的", "the file is empty"),
            Self::NotText { line } => [
                format!("第 {line} 行：既不是 UTF-8 也不是 GBK/GB18030 编码；请另存为 UTF-8"),
                format!("line {line}: neither UTF-8 nor GBK/GB18030; save the file as UTF-8"),
            ],
            Self::WrongEncoding { encoding } => [
                format!("文件不是有效的 {encoding} 编码；请另存为 UTF-8"),
                format!("the file is not valid {encoding}; save it as UTF-8"),
            ],
            Self::Nul { line } => [
                format!("第 {line} 行：含有空字符（NUL），这不是文本文件"),
                format!("line {line}: holds a NUL character; this is not a text file"),
            ],
            Self::Binary { kind: [chinese, english] } => [
                format!("文件内容是{chinese}，不能作为知识库导入；请使用表格、JSONL 或文档"),
                format!("the content is {english}, which no FAQ can be read from; send a table, JSONL or a document"),
            ],
            Self::OldOffice => both(
                "这是旧版 Office 文件（.xls 或 .doc）；请另存为 .xlsx、.docx 或 CSV",
                "this is an Office file of the old kind (.xls or .doc); save it as .xlsx, .docx or CSV",
            ),
            Self::Protected => {
                both("文件有密码保护；请取消密码后再导入", "the file is protected by a password; save it without one")
            }
            Self::OtherArchive => both(
                "这个压缩包既不是 XLSX 也不是 DOCX；请解压后导入其中的文件，或另存为这两种格式",
                "this archive is neither XLSX nor DOCX; unpack it, or save as one of these",
            ),
            Self::TooLarge { limit_mib } => [
                format!("文件解开后超过 {limit_mib} MiB；请拆成几个文件"),
                format!("the file unpacks to more than {limit_mib} MiB; split it"),
            ],
            Self::Damaged { part, reason } => [
                format!("{part} 已损坏，无法读取（{reason}）；请重新保存"),
                format!("{part} is damaged ({reason}); save it again"),
            ],
            Self::NoColumn { column, accepted, header } => [
                format!("没有 `{column}` 列（可用的列名：{accepted}）；文件的表头是：{header}"),
                format!("no column `{column}` (accepted names: {accepted}); the header is: {header}"),
            ],
            Self::ColumnTwice { column, count, line } => [
                format!("第 {line} 行：`{column}` 列出现了 {count} 次；请只保留一列"),
                format!("line {line}: column `{column}` is there {count} times; keep one"),
            ],
            Self::OpenQuote { line } => [
                format!("第 {line} 行：单元格以引号（\"）开头但没有结束；请补上或去掉引号"),
                format!("line {line}: a cell opens with a quote (\") that nothing closes; close it, or leave it out"),
            ],
            Self::JsonList => both(
                "这是一个 JSON 列表；请改为每行一个 JSON 对象（jq -c '.[]' 文件）",
                "this is one JSON list; write one object a line (jq -c '.[]' FILE)",
            ),
            Self::NoHeadings => both(
                "文档中没有标题，无法拆分成问答；请用标题样式写出每个问题",
                "the document has no headings to split it at; give each question a heading style",
            ),
            Self::NoText => both(
                "PDF 中没有文字（可能是扫描件）；请识别文字，或另存为 DOCX 或 Markdown",
                "the PDF holds no text (a scan?); recognise its text, or save as DOCX or Markdown",
            ),
            Self::Yaml { line, reason } => [
                format!("第 {line} 行：YAML 无法读取：{reason}"),
                format!("line {line}: not readable as YAML: {reason}"),
            ],
            Self::NoIntents => both(
                "没有检索意图；需要 `nlu:` 中的 `intent: 组/名称`，以及 `responses:` 中的 `utter_组/名称`",
                "no retrieval intents; write `intent: group/name` under `nlu:` and `utter_group/name` under `responses:`",
            ),
        }
    }
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowFault {
    /// Not an entry in JSON.
    Json(String),
    /// Not a row of a table.
    Table(String),
    /// Unquoted separators in a cell.
    TooManyCells { cells: usize, columns: usize },
    /// A column that must be filled is not.
    Blank(Column),
    /// No title and no question either.
    NoQuestion,
    /// A text longer than is kept.
    TooLong { column: Column, limit_kib: usize },
    /// More other wordings than are kept.
    TooMany { limit: usize },
    /// A character that no text holds.
    Nul(Column),
    /// A formula that failed in the spreadsheet.
    Formula { column: Column, value: String },
    /// Neither Chinese nor English.
    Language(String),
    /// Not a day.
    Day { column: Column, value: String },
    /// Ends before it begins.
    DaysCrossed { from: String, until: String },
    /// Neither yes nor no.
    Enabled(String),
    /// Not a channel.
    Channel(String),
    /// Not a title with an `https` address.
    Link(String),
    /// More links than fit under an answer.
    TooManyLinks {
        /// The most that are taken.
        limit: usize,
    },
    /// An id that no address can hold.
    Id { limit: usize },
    /// The id of an earlier row.
    IdTwice { id: String, first: Place },
    /// The question of an earlier row, where neither has an id.
    QuestionTwice { first: Place },
    /// A retrieval intent without a response.
    NoResponse { intent: String },
    /// A retrieval intent without examples.
    NoExamples { intent: String },
    /// Text of a document that no heading stands over.
    NoHeading,
}

impl RowFault {
    /// The words for a person who reads `language`.
    pub fn in_language(&self, language: Language) -> String {
        chosen(self.words(language), language)
    }

    /// The column that is wrong, where it is one.
    pub(super) fn column(&self) -> Option<Column> {
        match self {
            Self::Blank(column) | Self::Nul(column) => Some(*column),
            Self::TooLong { column, .. } | Self::Formula { column, .. } | Self::Day { column, .. } => Some(*column),
            Self::TooMany { .. } => Some(Column::Similar),
            Self::Language(_) => Some(Column::Language),
            Self::DaysCrossed { .. } => Some(Column::ValidUntil),
            Self::Enabled(_) => Some(Column::Enabled),
            Self::Channel(_) => Some(Column::Channels),
            Self::Link(_) | Self::TooManyLinks { .. } => Some(Column::Links),
            Self::Id { .. } | Self::IdTwice { .. } => Some(Column::Id),
            Self::QuestionTwice { .. } | Self::NoQuestion => Some(Column::Question),
            _ => None,
        }
    }

    fn words(&self, language: Language) -> [String; 2] {
        match self {
            Self::Json(reason) => [format!("不是有效的 JSON 条目：{reason}"), reason.clone()],
            Self::Table(reason) => [format!("这一行无法读取：{reason}"), reason.clone()],
            Self::TooManyCells { cells, columns } => [
                format!("有 {cells} 个单元格，而表头只有 {columns} 列；含分隔符的单元格请加引号"),
                format!("{cells} cells where the header has {columns}; quote cells that hold the separator"),
            ],
            Self::Blank(column) => [format!("`{column}` 是空的"), format!("`{column}` is empty")],
            Self::NoQuestion => both("既没有标题也没有问题", "neither a title nor a question"),
            Self::TooLong { column, limit_kib } => [
                format!("`{column}` 超过 {limit_kib} KiB；请缩短或拆分"),
                format!("`{column}` is longer than {limit_kib} KiB; shorten or split it"),
            ],
            Self::TooMany { limit } => [
                format!("相似问超过 {limit} 条；请只保留差别较大的"),
                format!("more than {limit} similar questions; keep those that differ"),
            ],
            Self::Nul(column) => [
                format!("`{column}` 含有空字符（NUL）；请删除"),
                format!("`{column}` holds a NUL character; remove it"),
            ],
            Self::Formula { column, value } => [
                format!("`{column}` 是出错的公式（{value}）；请改为文字"),
                format!("`{column}` is a formula that failed ({value}); write the text itself"),
            ],
            Self::Language(value) => [
                format!("`language` 是 `{value}`；请写 zh 或 en，或留空"),
                format!("`language` is `{value}`; use zh or en, or leave it out"),
            ],
            Self::Day { column, value } => [
                format!("`{column}` 是 `{value}`；日期请写成 2026-01-31"),
                format!("`{column}` is `{value}`; write a day as 2026-01-31"),
            ],
            Self::DaysCrossed { from, until } => [
                format!("`valid_from` {from} 晚于 `valid_until` {until}"),
                format!("`valid_from` {from} is after `valid_until` {until}"),
            ],
            Self::Enabled(value) => [
                format!("`enabled` 是 `{value}`；请写 true 或 false"),
                format!("`enabled` is `{value}`; write true or false"),
            ],
            Self::Channel(value) => [
                format!("`channels` 含有 `{value}`；可用的渠道是 {}，留空表示全部", CHANNELS.join("、")),
                format!("`channels` names `{value}`; use {}, or leave it out for all", CHANNELS.join(", ")),
            ],
            Self::Link(value) => [
                format!("`links` 含有 `{value}`；每行写标题和一个 https:// 开头的网址"),
                format!(
                    "`links` holds `{value}`; write a title and an address that begins with https://, one pair a line"
                ),
            ],
            Self::TooManyLinks { limit } => [
                format!("链接超过 {limit} 个；请只保留最有用的"),
                format!("more than {limit} links; keep the most useful ones"),
            ],
            Self::Id { limit } => [
                format!("`id` 必须是一行，不超过 {limit} 字节"),
                format!("`id` must be one line of at most {limit} bytes"),
            ],
            Self::IdTwice { id, first } => [
                format!("id `{id}` 已用于{}；每个条目请用不同的 id", first.in_language(language)),
                format!("id `{id}` is already on {}; give each entry its own id", first.in_language(language)),
            ],
            Self::QuestionTwice { first } => [
                format!("这个问题已在{}；请合并，或写上 id", first.in_language(language)),
                format!("this question is already on {}; join the two, or give them ids", first.in_language(language)),
            ],
            Self::NoResponse { intent } => [
                format!("意图 `{intent}` 没有回复；请在 `responses:` 中写 `utter_{intent}`"),
                format!("intent `{intent}` has no response; write `utter_{intent}` under `responses:`"),
            ],
            Self::NoExamples { intent } => [
                format!("意图 `{intent}` 没有例句；请在 `examples: |` 下写 `- ` 行"),
                format!("intent `{intent}` has no examples; write `- ` lines under `examples: |`"),
            ],
            Self::NoHeading => both(
                "第一个标题之前的文字不属于任何问题，已略过",
                "the text before the first heading answers no question and is left out",
            ),
        }
    }
}

fn both(chinese: &str, english: &str) -> [String; 2] {
    [chinese.to_owned(), english.to_owned()]
}

fn chosen([chinese, english]: [String; 2], language: Language) -> String {
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.in_language(Language::English))
    }
}

impl std::error::Error for FileFault {}

impl fmt::Display for RowFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.in_language(Language::English))
    }
}

impl std::error::Error for RowFault {}
