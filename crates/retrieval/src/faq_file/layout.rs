//! Tables that other programs write, known by the names of their columns.

use super::check::trim;
use super::table::Column;

/// Whose table it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// Ours, which [`crate::write_faq`] writes.
    #[default]
    Own,
    /// QnA Maker and its successor: rows of one `QnaId` are wordings of one question.
    QnaMaker,
    /// FastGPT: question, answer, then further wordings in any number of columns.
    FastGpt,
    /// MaxKB: a titled passage, its questions one a line.
    MaxKb,
}

type Names = &'static [(Column, &'static [&'static str])];

/// Columns of our own table in the order they are written, each with its accepted header names; the first is written.
pub(super) const OWN: [(Column, &[&str]); 11] = [
    (Column::Id, &["id", "faq_id", "编号", "标识"]),
    (Column::Question, &["question", "标准问题", "标准问", "问题", "提问", "问"]),
    (Column::Similar, &["similar", "similar_questions", "相似问", "相似问题", "相似问法", "扩展问"]),
    (Column::Answer, &["answer", "答案", "回答", "回复", "标准答案", "答"]),
    (Column::Language, &["language", "lang", "语言", "语种"]),
    (Column::Category, &["category", "分类", "类别", "类目"]),
    (Column::ValidFrom, &["valid_from", "生效日期", "开始日期", "有效期开始"]),
    (Column::ValidUntil, &["valid_until", "失效日期", "结束日期", "有效期结束"]),
    (Column::Enabled, &["enabled", "启用", "是否启用", "状态"]),
    (Column::Channels, &["channels", "channel", "渠道", "适用渠道"]),
    (Column::Links, &["links", "link", "链接", "相关链接", "附件"]),
];

const QNA_MAKER: Names = &[
    (Column::Question, &["question"]),
    (Column::Answer, &["answer"]),
    (Column::Metadata, &["metadata"]),
    (Column::ContextOnly, &["iscontextonly"]),
    (Column::Id, &["qnaid"]),
];

const FAST_GPT: Names = &[
    (Column::Question, &["q", "index"]),
    (Column::Answer, &["a", "content"]),
    (Column::Similar, &["indexes", "index"]),
];

const MAX_KB: Names = &[
    (Column::Question, &["分段标题", "段落标题", "section_title", "paragraph_title"]),
    (Column::Answer, &["分段内容", "段落内容", "section_content", "paragraph_content"]),
    (Column::Similar, &["问题", "question", "questions"]),
];

impl Layout {
    /// Whose header this is and what its columns mean; none where questions or answers are missing.
    pub(super) fn of_header(header: &[String]) -> Option<(Self, Vec<Option<Column>>)> {
        let has = |name: &str| header.iter().any(|cell| plain(cell) == name);
        let layout = if has("分段内容") || has("段落内容") || has("section_content") || has("paragraph_content")
        {
            Self::MaxKb
        } else if (has("q") && has("a")) || (has("index") && has("content")) {
            Self::FastGpt
        } else if ["qnaid", "iscontextonly", "suggestedquestions"].into_iter().any(has) {
            Self::QnaMaker
        } else {
            Self::Own
        };
        let columns = layout.columns(header);
        let complete = [Column::Question, Column::Answer].iter().all(|needed| columns.contains(&Some(*needed)));
        complete.then_some((layout, columns))
    }

    /// What each column means, as far as known.
    pub(super) fn columns(self, header: &[String]) -> Vec<Option<Column>> {
        let mut columns: Vec<Option<Column>> = header.iter().map(|cell| self.column_named(&plain(cell))).collect();
        if self == Self::FastGpt {
            // What follows the answer are indexes, with a name or without one.
            let answer = columns.iter().position(|column| *column == Some(Column::Answer));
            let rest = columns.iter_mut().skip(answer.map_or(usize::MAX, |at| at + 1));
            rest.for_each(|column| *column = Some(Column::Similar));
        }
        columns
    }

    fn column_named(self, name: &str) -> Option<Column> {
        let names: Names = match self {
            Self::Own => &OWN,
            Self::QnaMaker => QNA_MAKER,
            Self::FastGpt => FAST_GPT,
            Self::MaxKb => MAX_KB,
        };
        let found = names.iter().find(|(_, names)| names.contains(&name)).map(|(column, _)| *column);
        // 相似问1, 相似问2 and so on.
        let numbered = || {
            let stem = name.trim_end_matches(|character: char| character.is_ascii_digit()).trim_end_matches('_');
            OWN[2].1.contains(&stem).then_some(Column::Similar)
        };
        found.or_else(|| if self == Self::Own { numbered() } else { None })
    }
}

/// A header name without marks, blanks and the hint in brackets: `分段标题（选填）` is `分段标题`.
fn plain(name: &str) -> String {
    let name = name.split(['(', '（', '[', '【']).next().unwrap_or_default();
    let name = trim(name).trim_matches(['"', '*', '＊', ':', '：']);
    trim(name).to_lowercase().replace([' ', '-', '\u{a0}', '\n'], "_")
}
