//! What tables on a terminal share: widths, quotes and columns.

use std::fmt::Write as _;

/// The widest that a message is quoted.
const QUOTED: usize = 60;

/// A share as a percentage with two decimals.
pub(crate) fn percent(value: f64) -> String {
    format!("{:.2} %", value * 100.0)
}

/// A message, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Columns that a text takes on a terminal: East Asian signs take two.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffe6}') { 2 } else { 1 }).sum()
}

/// The text and blanks up to the width.
pub(crate) fn pad(text: &str, wide: usize) -> String {
    format!("{text}{}", " ".repeat(wide.saturating_sub(width(text))))
}

/// A table with a head; the first column is flush left, the others flush right.
pub(crate) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
        cells.chain(std::iter::once(width(head[column]))).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(wide).collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, wide))| match column {
                0 => pad(cell, *wide),
                _ => format!("{}{cell}", " ".repeat(wide.saturating_sub(width(cell)))),
            })
            .collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    };
    line(&mut head.iter().copied());
    rows.iter().for_each(|row| line(&mut row.iter().map(String::as_str)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_chinese_too() {
        let rows = [["退货", "3"], ["hours", "12"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&["intent", "n"], &rows), "intent   n\n退货     3\nhours   12\n");
    }

    #[test]
    fn long_messages_are_cut_and_stay_on_one_line() {
        assert_eq!(quoted("a\nb"), "a b");
        assert_eq!(quoted(&"长".repeat(100)), format!("{}…", "长".repeat(60)));
    }
}
