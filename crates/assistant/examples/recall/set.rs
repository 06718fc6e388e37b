//! The questions of a set laid out as faq.jsonl, queries.jsonl and qrels.tsv (a question and an entry that answers it a line).

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use retrieval::JudgedQuestion;
use serde::Deserialize;

#[derive(Deserialize)]
struct Query {
    id: String,
    text: String,
}

/// The questions of which an answer is named, in the order of their file.
pub(crate) fn questions(set: &Path) -> Result<Vec<JudgedQuestion>, Box<dyn Error>> {
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for line in fs::read_to_string(set.join("qrels.tsv"))?.lines() {
        let mut cells = line.split('\t');
        if let (Some(query), Some(entry)) = (cells.next(), cells.next()) {
            answers.entry(query.to_owned()).or_default().push(entry.to_owned());
        }
    }
    let queries = fs::read_to_string(set.join("queries.jsonl"))?;
    let queries = queries.lines().map(serde_json::from_str::<Query>).collect::<Result<Vec<_>, _>>()?;
    let judged = |query: Query| Some(JudgedQuestion { answers: answers.remove(&query.id)?, text: query.text });
    Ok(queries.into_iter().filter_map(judged).collect())
}
