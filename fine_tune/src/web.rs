//! What reports as pages share: one file that needs nothing else, tables, escaping.

use std::fmt::Write as _;

const STYLE: &str = include_str!("report.css");

/// A whole page around its content, which must be escaped already.
pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\n<style>{STYLE}</style></head>\n\
         <body><main><h1>{title}</h1>\n{body}</main></body>\n</html>\n"
    )
}

/// Figures side by side: name, value, note.
pub(crate) fn cards(out: &mut String, cards: &[(&str, String, String)]) {
    let _ = write!(out, "<dl class=\"cards\">");
    for (name, value, note) in cards {
        let (value, note) = (escape(value), escape(note));
        let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>");
    }
    let _ = writeln!(out, "</dl>");
}

/// What a cell of a table holds.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A figure, flush right.
    Number(String),
    /// Several messages.
    List(Vec<String>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }

    fn html(&self) -> String {
        match self {
            Self::Text(text) => format!("<td>{}</td>", escape(text)),
            Self::Number(number) => format!("<td class=\"n\">{}</td>", escape(number)),
            Self::List(items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>", escape(item))).collect();
                format!("<td><ul>{items}</ul></td>")
            }
        }
    }
}

/// A table under a heading; columns whose first cell is a number are flush right.
pub(crate) fn table(out: &mut String, heading: &str, head: &[&str], rows: &[Vec<Cell>]) {
    let is_number = |column: usize| rows.first().is_some_and(|row| matches!(row.get(column), Some(Cell::Number(_))));
    let class = |column: usize| if is_number(column) { " class=\"n\"" } else { "" };
    let _ = write!(out, "<h2>{}</h2><div class=\"wide\"><table><thead><tr>", escape(heading));
    for (column, name) in head.iter().enumerate() {
        let _ = write!(out, "<th{}>{}</th>", class(column), escape(name));
    }
    let _ = write!(out, "</tr></thead><tbody>");
    for row in rows {
        let cells: String = row.iter().map(Cell::html).collect();
        let _ = write!(out, "<tr>{cells}</tr>");
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

/// A share as a percentage with one decimal.
pub(crate) fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

/// Text that stands for itself in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_customer_wrote_becomes_markup() {
        let mut body = String::new();
        let evil = "<script>alert('1')</script>".to_owned();
        table(&mut body, &evil, &[&evil], &[vec![Cell::text(evil.clone()), Cell::List(vec![evil.clone()])]]);
        cards(&mut body, &[("n", evil.clone(), evil.clone())]);
        let page = page(&evil, &body);
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    }
}
