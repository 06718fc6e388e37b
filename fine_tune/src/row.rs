//! One labelled message and where it comes from, and the JSONL files that hold such messages.

use model::{AnnotatedText, Sentiment};
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};

use crate::source::{LONGEST_MESSAGE, Source};
use crate::{Place, Problem};

/// Where a label comes from; later ones yield to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Written into `intents/` by a person.
    Authored,
    /// A customer's message that carries a label in a log.
    Labelled,
    /// A customer's message that an agent answered with a template.
    Weak,
}

/// A message with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// What the customer wrote.
    pub text: String,
    /// The label: `None` means out of scope.
    pub intent: Option<String>,
    /// Further intents of the same message.
    pub also: Vec<String>,
    /// Where the label comes from.
    pub origin: Origin,
    /// How much it counts.
    pub weight: f32,
    /// Where it stands.
    pub place: Place,
    /// The conversation it was said in, for rows of logs.
    pub conversation: Option<String>,
}

impl Row {
    /// Every label it has: its intents, the main one first, or out of scope alone.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Option<&str>> {
        std::iter::once(self.intent.as_deref()).chain(self.also.iter().map(|intent| Some(intent.as_str())))
    }

    /// Its labels in order of name: the same for rows that say the same.
    pub(crate) fn label_set(&self) -> Vec<Option<&str>> {
        let mut labels: Vec<_> = self.labels().collect();
        labels.sort_unstable();
        labels
    }
}

/// Several labels as people read them.
pub(crate) fn joined(labels: &[Option<&str>]) -> String {
    labels.iter().map(|label| label.unwrap_or("out of scope")).collect::<Vec<_>>().join(" + ")
}

/// What one file of `intents/` teaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taught {
    /// Messages with their intent.
    pub rows: Vec<Row>,
    /// Authored examples with their entities marked.
    pub annotated: Vec<AnnotatedText>,
    /// Messages with their mood.
    pub sentiment: Vec<(String, Sentiment, Place)>,
    /// What is wrong with the file.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Deserialize)]
struct Line {
    text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    intent: Option<Option<String>>,
    /// Every intent of the message, instead of `intent` where both are there; none is out of scope.
    intents: Option<Vec<String>>,
    sentiment: Option<Sentiment>,
    split: Option<String>,
}

/// Tells `"intent": null` from no intent at all.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Which rows of a file count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// Every one.
    All,
    /// Those whose `split` field has this value.
    Split(&'a str),
}

impl<'a> From<Option<&'a str>> for Rows<'a> {
    fn from(split: Option<&'a str>) -> Self {
        split.map_or(Self::All, Self::Split)
    }
}

/// Reads labelled messages, one JSON object a line.
pub(crate) fn read_jsonl(source: &Source, wanted: Rows<'_>) -> Taught {
    let mut taught = Taught::default();
    for (place, line) in source.lines() {
        if let Err(problem) = read_line(place, line, wanted, &mut taught) {
            taught.problems.push(problem);
        }
    }
    taught
}

fn read_line(place: Place, line: &str, wanted: Rows<'_>, taught: &mut Taught) -> Result<(), Problem> {
    let row: Line = json(&place, line)?;
    if matches!(wanted, Rows::Split(split) if row.split.as_deref() != Some(split)) {
        return Ok(());
    }
    let text = message(&place, row.text)?;
    if row.intent.is_none() && row.intents.is_none() && row.sentiment.is_none() {
        let mend = r#"add "intent": "name", or "intent": null for a message that is out of scope"#;
        return Err(Problem::error(place, "the row has no `intent`", mend));
    }
    if let Some(sentiment) = row.sentiment {
        taught.sentiment.push((text.clone(), sentiment, place.clone()));
    }
    let named = row.intents.or_else(|| row.intent.map(|intent| intent.into_iter().collect()));
    if let Some(named) = named {
        let (intent, also) = several(&place, &named)?;
        taught.rows.push(Row { text, intent, also, origin: Origin::Authored, weight: 1.0, place, conversation: None });
    }
    Ok(())
}

/// The main intent of a list, and the further ones; an empty list is out of scope.
pub(crate) fn several(place: &Place, named: &[String]) -> Result<(Option<String>, Vec<String>), Problem> {
    let mut named = named.iter().map(|name| intent_name(place, name)).collect::<Result<Vec<_>, _>>()?.into_iter();
    let intent = named.next();
    let also = distinct(intent.as_ref(), named);
    Ok((intent, also))
}

/// Further intents, each once and the first not again.
fn distinct(first: Option<&String>, further: impl Iterator<Item = String>) -> Vec<String> {
    let mut also: Vec<String> = Vec::new();
    for name in further {
        if first != Some(&name) && !also.contains(&name) {
            also.push(name);
        }
    }
    also
}

/// Reads one line of JSON, naming what is wrong in words.
pub(crate) fn json<T: DeserializeOwned>(place: &Place, line: &str) -> Result<T, Problem> {
    serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or(&text);
        let (what, mend) = if error.is_data() {
            (format!("the row does not fit: {reason}"), "see data/README.md for the fields and their types")
        } else {
            let what = format!("not a JSON object (column {}): {reason}", error.column());
            (what, "each line holds one whole object in double quotes, such as {\"text\":\"…\",\"intent\":\"…\"}")
        };
        Problem::error(place.clone(), what, mend)
    })
}

/// A text that can be learned from: there, not blank, not endless.
pub(crate) fn message(place: &Place, text: Option<String>) -> Result<String, Problem> {
    let Some(text) = text else {
        return Err(Problem::error(
            place.clone(),
            "the row has no `text`",
            "add \"text\": \"what the customer wrote\"",
        ));
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Problem::error(place.clone(), "the text is empty", "write a message or delete the row"));
    }
    let length = trimmed.chars().count();
    if length > LONGEST_MESSAGE {
        let what = format!("the text has {length} characters; a message has at most {LONGEST_MESSAGE}");
        return Err(Problem::error(place.clone(), what, "cut it, or look for a missing line break"));
    }
    Ok(trimmed.to_owned())
}

/// An intent's name: not blank and on one line.
pub(crate) fn intent_name(place: &Place, name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() {
        let mend = "name the intent; in JSONL null means out of scope";
        return Err(Problem::error(place.clone(), "the intent's name is empty", mend));
    }
    if name.chars().any(char::is_control) {
        let what = format!("the intent's name {name:?} has a control character");
        return Err(Problem::error(place.clone(), what, "use letters, digits, spaces and signs only"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, wanted: Rows<'_>) -> Taught {
        read_jsonl(&Source::new("intents/a.jsonl".to_owned(), text), wanted)
    }

    #[test]
    fn null_is_out_of_scope_and_a_missing_intent_is_an_error() {
        let taught = read("{\"text\":\"hi\",\"intent\":null}\n{\"text\":\"bye\"}\n", Rows::All);
        assert_eq!(taught.rows.len(), 1);
        assert_eq!(taught.rows[0].intent, None);
        assert_eq!(taught.problems.len(), 1);
        assert_eq!(taught.problems[0].place.line, Some(2));
    }

    #[test]
    fn a_list_of_intents_names_several_and_an_empty_one_none() {
        let text = "{\"text\":\"a\",\"intents\":[\"x\",\"y\",\"x\",\"y\"]}\n{\"text\":\"b\",\"intent\":\"x+y\",\"intents\":[]}";
        let rows = read(text, Rows::All).rows;
        assert_eq!((rows[0].intent.as_deref(), &rows[0].also[..]), (Some("x"), &["y".to_owned()][..]));
        assert_eq!((rows[1].intent.as_deref(), rows[1].also.len()), (None, 0));
    }

    #[test]
    fn a_row_with_a_mood_alone_teaches_only_the_mood() {
        let taught = read(r#"{"text":"awful","sentiment":"negative"}"#, Rows::All);
        assert!(taught.rows.is_empty() && taught.problems.is_empty());
        assert_eq!(taught.sentiment[0].1, Sentiment::Negative);
    }

    #[test]
    fn only_rows_of_the_wanted_split_count() {
        let text = "{\"text\":\"a\",\"intent\":\"x\",\"split\":\"train\"}\n{\"text\":\"b\",\"intent\":\"x\",\"split\":\"test\"}";
        let taught = read(text, Rows::Split("test"));
        assert_eq!(taught.rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn every_broken_row_is_named_with_its_line_and_the_way_out() {
        let long = format!("{{\"text\":\"{}\",\"intent\":\"x\"}}", "a".repeat(LONGEST_MESSAGE + 1));
        let rows = ["{\"text\":\"hi\"", "[1]", "{\"text\":5,\"intent\":\"x\"}", "{\"intent\":\"x\"}"];
        let more = ["{\"text\":\" \",\"intent\":\"x\"}", "{\"text\":\"hi\",\"intent\":\"\"}"];
        let last = ["{\"text\":\"hi\",\"intent\":\"a\\u0007b\"}", long.as_str()];
        let text = [&rows[..], &more, &last].concat().join("\n");
        let said: Vec<String> = read(&text, Rows::All).problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = read(&text, Rows::All);
        }

        #[test]
        fn what_was_written_is_read_back(text in "[^\\s\\p{C}][^\\p{C}]{0,30}[^\\s\\p{C}]", intent in "[a-z_\\p{Han}]{1,10}") {
            let line = serde_json::json!({"text": text, "intent": intent}).to_string();
            let taught = read(&line, Rows::All);
            prop_assert_eq!(taught.problems.len(), 0);
            prop_assert_eq!(&taught.rows[0].text, text.trim());
            prop_assert_eq!(taught.rows[0].intent.as_deref(), Some(intent.as_str()));
        }
    }
}
