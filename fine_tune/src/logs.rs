//! Historical conversations: one turn a line, kept in the order they were said.
//! A line that cannot be read is reported and left out; the others still count.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Deserialize;

use crate::row::{json, message, present, several};
use crate::source::Source;
use crate::{Place, Problem, Severity};

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Customer,
    Agent,
    Bot,
}

/// One thing somebody said.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) text: String,
    /// `Some(None)` is a label too: out of scope.
    pub(crate) intent: Option<Option<String>>,
    /// Further intents of the same message.
    pub(crate) also: Vec<String>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) place: Place,
}

impl Turn {
    /// Every label it carries, the main one first; out of scope is `None`.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Option<&str>> {
        let main = self.intent.iter().map(Option::as_deref);
        main.chain(self.also.iter().map(|intent| Some(intent.as_str())))
    }
}

/// Turns of one conversation, in order of time and then of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) turns: Vec<Turn>,
    /// Whether the customer was helped, where the log says so: by `resolved`, else by a `rating` of 4 or 5.
    pub(crate) resolved: Option<bool>,
}

impl Conversation {
    /// When it began, where the log says so.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.turns.iter().find_map(|turn| turn.time)
    }
}

#[derive(Deserialize)]
struct Line {
    conversation_id: Option<serde_json::Value>,
    time: Option<String>,
    role: Option<Role>,
    text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    intent: Option<Option<String>>,
    /// Every intent of the message, instead of `intent` where both are there.
    intents: Option<Vec<String>>,
    resolved: Option<bool>,
    rating: Option<f64>,
}

/// Reads one log file; problems are warnings unless the file gives nothing at all.
pub(crate) fn read(source: &Source) -> (Vec<Conversation>, Vec<Problem>) {
    let mut conversations: IndexMap<String, Conversation> = IndexMap::new();
    let mut problems = Vec::new();
    for (place, line) in source.lines() {
        match turn(&place, line) {
            Ok((id, turn, resolved)) => {
                let talk = conversations.entry(id.clone()).or_default();
                talk.id = id;
                talk.turns.push(turn);
                talk.resolved = resolved.or(talk.resolved);
            }
            Err(problem) => problems.push(Problem { severity: Severity::Warning, ..problem }),
        }
    }
    if conversations.is_empty()
        && let Some(first) = problems.first_mut()
    {
        first.severity = Severity::Error;
    }
    let mut conversations: Vec<_> = conversations.into_values().collect();
    for conversation in &mut conversations {
        // Turns without a time keep their place: the sort is stable and only compares turns that have one.
        if conversation.turns.iter().all(|turn| turn.time.is_some()) {
            conversation.turns.sort_by_key(|turn| turn.time);
        }
    }
    (conversations, problems)
}

/// A line's conversation, its turn, and whether it says that the customer was helped.
fn turn(place: &Place, line: &str) -> Result<(String, Turn, Option<bool>), Problem> {
    let row: Line = json(place, line)?;
    let id = match row.conversation_id {
        Some(serde_json::Value::String(id)) if !id.trim().is_empty() => id,
        Some(serde_json::Value::Number(id)) => id.to_string(),
        _ => {
            return Err(Problem::error(
                place.clone(),
                "the turn has no `conversation_id`",
                "give every turn of one conversation the same id",
            ));
        }
    };
    let Some(role) = row.role else {
        return Err(Problem::error(
            place.clone(),
            "the turn has no `role`",
            "add \"role\": \"customer\", \"agent\" or \"bot\"",
        ));
    };
    let text = message(place, row.text)?;
    let time = match row.time {
        None => None,
        Some(time) => Some(time.parse::<Timestamp>().map_err(|_| {
            let what = format!("the time {time:?} is not one");
            Problem::error(place.clone(), what, "write it as 2026-03-02T10:11:12+08:00")
        })?),
    };
    let resolved = row.resolved.or(row.rating.map(|rating| rating >= 4.0));
    let (intent, also) = match row.intents {
        Some(named) => {
            let (main, also) = several(place, &named)?;
            (Some(main), also)
        }
        None => (row.intent, Vec::new()),
    };
    Ok((id, Turn { role, text, intent, also, time, place: place.clone() }, resolved))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> (Vec<Conversation>, Vec<Problem>) {
        read(&Source::new("logs/a.jsonl".to_owned(), text))
    }

    #[test]
    fn turns_come_in_order_of_time_within_their_conversation() {
        let text = r#"{"conversation_id":"a","time":"2026-03-02T10:11:13+08:00","role":"agent","text":"two"}
{"conversation_id":"b","time":"2026-03-02T10:11:12Z","role":"customer","text":"other"}
{"conversation_id":"a","time":"2026-03-02T10:11:12+08:00","role":"customer","text":"one","intent":null}"#;
        let (conversations, problems) = parse(text);
        assert_eq!(problems, []);
        assert_eq!(conversations.len(), 2);
        let said: Vec<_> = conversations[0].turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!(said, ["one", "two"]);
        assert_eq!(conversations[0].turns[0].intent, Some(None));
    }

    #[test]
    fn a_turn_with_a_list_of_intents_carries_them_all() {
        let text = "{\"conversation_id\":1,\"role\":\"customer\",\"text\":\"a\",\"intents\":[\"x\",\"y\",\"x\"]}\n{\"conversation_id\":1,\"role\":\"customer\",\"text\":\"b\",\"intents\":[]}";
        let (conversations, problems) = parse(text);
        assert_eq!(problems, []);
        let labels: Vec<Vec<_>> = conversations[0].turns.iter().map(|turn| turn.labels().collect()).collect();
        assert_eq!(labels, [vec![Some("x"), Some("y")], vec![None]]);
    }

    #[test]
    fn broken_lines_are_warnings_and_a_file_of_nothing_else_is_an_error() {
        let good = r#"{"conversation_id":1,"role":"customer","text":"hi"}"#;
        let bad = "{\"conversation_id\":\"a\",\"role\":\"robot\",\"text\":\"x\"}\n{\"role\":\"bot\",\"text\":\"x\"}\n{\"conversation_id\":\"a\",\"text\":\"x\"}\n{\"conversation_id\":\"a\",\"role\":\"bot\",\"text\":\"x\",\"time\":\"noon\"}\nnot json";
        let (conversations, problems) = parse(&format!("{good}\n{bad}"));
        assert_eq!(conversations.len(), 1);
        assert!(problems.iter().all(|problem| problem.severity == Severity::Warning));
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(said.join("\n"));
        assert_eq!(parse(bad).1[0].severity, Severity::Error);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }
    }
}
