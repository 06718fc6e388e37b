//! Single cells: several wordings in one, yes and no in words, failed formulas, and text that a spreadsheet must not run.

use std::borrow::Cow;

use super::fault::RowFault;

/// Splits at `|` and line ends; `\|`, `\n` and `\\` stand for the characters themselves.
pub(super) fn split_similar(cell: &str) -> Vec<String> {
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

/// What [`split_similar`] splits again.
pub(super) fn join_similar(similar: &[String]) -> String {
    let escaped: Vec<String> = similar
        .iter()
        .map(|one| one.replace('\\', "\\\\").replace('|', "\\|").replace("\r\n", "\n").replace(['\n', '\r'], "\\n"))
        .collect();
    escaped.join("|")
}

/// One wording a line.
pub(super) fn split_lines(cell: &str) -> Vec<String> {
    cell.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

pub(super) fn parse_enabled(cell: &str) -> Result<bool, RowFault> {
    match cell.trim().to_lowercase().as_str() {
        "" | "true" | "yes" | "y" | "1" | "1.0" | "on" | "是" | "启用" | "有效" => Ok(true),
        "false" | "no" | "n" | "0" | "0.0" | "off" | "否" | "停用" | "禁用" | "无效" => Ok(false),
        other => Err(RowFault::Enabled(other.to_owned())),
    }
}

/// Whether the cell is what a spreadsheet shows for a formula that failed.
pub(super) fn is_error(cell: &str) -> bool {
    const ERRORS: [&str; 9] = ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"];
    ERRORS.contains(&cell.trim())
}

/// The text behind an apostrophe that only says "this is text", or in a formula that is nothing but a text (`="0012"`).
pub(super) fn unguarded(cell: &str) -> Cow<'_, str> {
    if let Some(rest) = cell.strip_prefix('\'').filter(|rest| is_guarded(rest)) {
        return Cow::Borrowed(rest);
    }
    match cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).map(|text| text.replace("\"\"", "\u{0}")) {
        // A lone quote inside is a formula of several texts.
        Some(text) if !text.contains('"') => Cow::Owned(text.replace('\u{0}', "\"")),
        _ => Cow::Borrowed(cell),
    }
}

/// The text with an apostrophe before what a spreadsheet would compute; [`unguarded`] takes it off again.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    let runs = text.starts_with(FORMULA_STARTS) || is_error(text);
    if runs { Cow::Owned(format!("'{text}")) } else { guarded_apostrophe(text) }
}

/// As [`guarded`], for cells that are typed as text: only what [`unguarded`] would take off is guarded.
pub(super) fn guarded_apostrophe(text: &str) -> Cow<'_, str> {
    let taken = unguarded(text) != text || is_error(text);
    if taken { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Beginnings that a spreadsheet takes for a formula, some only after it has trimmed the cell.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '＝', '＠'];

/// Whether an apostrophe before `rest` marks text: before a formula, a number, a failed formula, or such a mark.
fn is_guarded(rest: &str) -> bool {
    let bare = rest.trim_start_matches('\'');
    bare.starts_with(FORMULA_STARTS) || bare.starts_with(|first: char| first.is_ascii_digit()) || is_error(bare)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{guarded, guarded_apostrophe, is_error, unguarded};

    #[test]
    fn what_a_spreadsheet_would_compute_is_guarded() {
        for text in ["=1+1", "+86 10", "-5", "@SUM(A1)", "\t=1", "#N/A", "＝1"] {
            assert!(guarded(text).starts_with('\''), "{text}");
            assert_eq!(unguarded(&guarded(text)), text);
        }
        assert_eq!(guarded("'tis so"), "'tis so");
        assert_eq!(unguarded("'0086"), "0086");
        assert_eq!(unguarded("=\"0086 \"\"a\"\"\""), "0086 \"a\"");
        assert_eq!(unguarded("=\"a\"&\"b\""), "=\"a\"&\"b\"");
        assert!(!is_error("#1 question"));
    }

    proptest! {
        #[test]
        fn a_guarded_text_reads_back_as_it_was(text in "['=+@\t0a＝-]{0,5}|'{0,2}#N/A") {
            let (for_csv, for_xlsx) = (guarded(&text), guarded_apostrophe(&text));
            prop_assert_eq!(unguarded(&for_csv), text.as_str());
            prop_assert_eq!(unguarded(&for_xlsx), text.as_str());
        }
    }
}
