//! Rasa's retrieval intents: `nlu:` has the wordings of `group/name`, `responses:` the reply `utter_group/name`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::Row;
use super::fault::{FileFault, RowFault};
use super::left_open::all_but;
use super::place::Place;
use super::table::Column;
use crate::FaqEntry;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    nlu: Option<Vec<Spanned<Item>>>,
    #[serde(default)]
    responses: Option<HashMap<String, Vec<Response>>>,
}

#[derive(Deserialize)]
struct Item {
    intent: Option<String>,
    examples: Option<Examples>,
}

/// Examples as one block of `- …` lines, or as a list of texts or of `{text: …}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Examples {
    Block(String),
    List(Vec<Example>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Example {
    Text(String),
    Object { text: String },
}

#[derive(Deserialize)]
struct Response {
    text: Option<String>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Row>, FileFault> {
    let options = serde_saphyr::options! { with_snippet: false };
    let file: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1));
        FileFault::Yaml { line: line.max(1), reason: error.without_snippet().render() }
    })?;
    let responses = file.responses.unwrap_or_default();
    let rows: Vec<Row> = file.nlu.unwrap_or_default().into_iter().filter_map(|item| row(item, &responses)).collect();
    if rows.is_empty() { Err(FileFault::NoIntents) } else { Ok(rows) }
}

/// The entry of a retrieval intent; other items have no answer of their own.
fn row(item: Spanned<Item>, responses: &HashMap<String, Vec<Response>>) -> Option<Row> {
    let line = usize::try_from(item.referenced.line()).unwrap_or(0);
    let Item { intent, examples } = item.value;
    let intent = intent?;
    let (group, _) = intent.split_once('/')?;
    let absent = all_but(&[Column::Similar, Column::Category]);
    Some(Row { place: Place::line(line), entry: entry(&intent, group, examples, responses), absent })
}

fn entry(
    intent: &str,
    group: &str,
    examples: Option<Examples>,
    responses: &HashMap<String, Vec<Response>>,
) -> Result<FaqEntry, RowFault> {
    let mut wordings = examples.map(wordings).unwrap_or_default().into_iter();
    let question = wordings.next().ok_or_else(|| RowFault::NoExamples { intent: intent.to_owned() })?;
    let replies = responses.get(&format!("utter_{intent}")).into_iter().flatten();
    // Of several replies Rasa gives any; the first is as good.
    let answer = replies.filter_map(|reply| reply.text.clone()).find(|text| !text.trim().is_empty());
    let answer = answer.ok_or_else(|| RowFault::NoResponse { intent: intent.to_owned() })?;
    // A slash would end the id in an address.
    let id = intent.replace('/', ".");
    Ok(FaqEntry {
        similar: wordings.collect(),
        category: Some(group.to_owned()),
        ..FaqEntry::new(&id, &question, answer.trim())
    })
}

fn wordings(examples: Examples) -> Vec<String> {
    let lines: Vec<String> = match examples {
        Examples::Block(block) => block.lines().map(str::to_owned).collect(),
        Examples::List(items) => {
            items.into_iter().map(|(Example::Text(text) | Example::Object { text })| text).collect()
        }
    };
    let bare = lines.iter().map(|line| without_marks(line.trim().trim_start_matches("- ").trim()));
    bare.filter(|line| !line.is_empty() && line != "-").collect()
}

/// `[text](entity)` and `[text]{…}` as the text alone.
fn without_marks(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, marked)) = rest.split_once('[') {
        plain.push_str(before);
        let mark = marked.split_once(']').and_then(|(text, after)| {
            let close = if after.starts_with('(') {
                ')'
            } else if after.starts_with('{') {
                '}'
            } else {
                return None;
            };
            after.split_once(close).map(|(_, after)| (text, after))
        });
        match mark {
            Some((text, after)) => {
                plain.push_str(text);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = marked;
            }
        }
    }
    plain.push_str(rest);
    plain
}
