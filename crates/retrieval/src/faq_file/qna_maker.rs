//! What is special to QnA Maker's tables: several rows are wordings of one question, and pairs say the category.

use std::collections::HashMap;

use super::Row;

/// Rows of one id become one entry at the place of the first; wrong rows stay as they are.
pub(super) fn joined(rows: Vec<Row>) -> Vec<Row> {
    let mut joined: Vec<Row> = Vec::new();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let id = row.entry.as_ref().map(|entry| entry.id.clone()).unwrap_or_default();
        let first = by_id.get(&id).and_then(|at| joined[*at].entry.as_mut().ok());
        match (first, row.entry) {
            (Some(first), Ok(entry)) if !id.is_empty() => {
                let known = first.question == entry.question || first.similar.contains(&entry.question);
                first.similar.extend((!known).then_some(entry.question));
            }
            (_, entry) => {
                if !id.is_empty() {
                    by_id.insert(id, joined.len());
                }
                joined.push(Row { entry, ..row });
            }
        }
    }
    joined
}

/// The value of `category:` in `name:value|name:value`.
pub(super) fn category(metadata: &str) -> Option<String> {
    let pairs = metadata.split('|').filter_map(|pair| pair.split_once(':'));
    let mut found = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("category"));
    found.next().map(|(_, value)| value.trim().to_owned())
}
