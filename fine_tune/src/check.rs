//! An audit of what a bot learns from: broken rows, labels that disagree, intents with too little, templates without
//! intents and intents without templates.

use std::collections::BTreeMap;
use std::path::Path;

use dialogue::{Forms, Script};

use crate::data_report::DataReport;
use crate::dataset::{BotFiles, DataOptions};
use crate::row::{Row, joined};
use crate::source::Source;
use crate::{Error, Place, Problem, Severity};

/// Fewer examples than this teach an intent badly.
const FEWEST_EXAMPLES: usize = 10;

/// Everything worth mending in a bot folder, errors first, then by file and line; an empty list means all is well.
pub fn check(bot: &Path) -> Result<Vec<Problem>, Error> {
    let files = match BotFiles::read(bot, &DataOptions::default()) {
        Ok(files) => files,
        Err(Error::Data(problems)) => return Ok(problems),
        Err(error) => return Err(error),
    };
    let mut problems = files.problems.clone();
    let intents = intents(&files.authored.rows);
    problems.extend(repeated(&files.authored.rows));
    problems.extend(few(&intents));
    problems.extend(script(bot, &files, &intents));
    problems.extend(unknown_log_labels(&files, &intents));
    problems.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    problems.dedup();
    Ok(problems)
}

/// Every intent with how many examples it has and where the first stands.
fn intents(rows: &[Row]) -> BTreeMap<String, (usize, Place)> {
    let mut intents: BTreeMap<String, (usize, Place)> = BTreeMap::new();
    for row in rows {
        for intent in row.labels().flatten() {
            intents.entry(intent.to_owned()).or_insert_with(|| (0, row.place.clone())).0 += 1;
        }
    }
    intents
}

/// Messages that are written twice, with the same label or with another.
fn repeated(rows: &[Row]) -> Vec<Problem> {
    let mut first: BTreeMap<String, &Row> = BTreeMap::new();
    let mut problems = Vec::new();
    for row in rows {
        let key = text::normalise(&row.text).as_str().to_owned();
        let Some(other) = first.get(&key) else {
            first.insert(key, row);
            continue;
        };
        let name = |row: &Row| joined(&row.labels().collect::<Vec<_>>());
        problems.push(if other.label_set() == row.label_set() {
            let what = format!("“{}” of `{}` is there already at {}", row.text, name(row), other.place);
            Problem::warning(row.place.clone(), what, "delete one of the two")
        } else {
            let (ours, theirs) = (name(row), name(other));
            let what = format!("“{}” is labelled `{ours}` here and `{theirs}` at {}", row.text, other.place);
            let mend =
                "decide for one and delete the other row; a message with several intents lists them all in one row";
            Problem::error(row.place.clone(), what, mend)
        });
    }
    problems
}

fn few(intents: &BTreeMap<String, (usize, Place)>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (intent, (count, place)) in intents {
        if *count < FEWEST_EXAMPLES {
            let examples = if *count == 1 { "example" } else { "examples" };
            let what = format!("intent `{intent}` has {count} {examples}");
            let mend = format!("write {FEWEST_EXAMPLES} or more, as different as customers write them");
            problems.push(Problem::warning(place.clone(), what, mend));
        }
    }
    problems
}

/// What does not fit together between intents, templates and forms.
fn script(bot: &Path, files: &BotFiles, intents: &BTreeMap<String, (usize, Place)>) -> Vec<Problem> {
    let path = bot.join("forms.yml");
    let forms = match path.exists().then(|| Source::read(&path)) {
        None => Forms::default(),
        Some(Err(problem)) => return vec![problem],
        Some(Ok(source)) => match Forms::parse(&source.text) {
            Ok(forms) => forms,
            Err(error) => {
                let line = error.line();
                let dialogue::Error::Invalid { message, .. } = error;
                return vec![Problem::error(Place { file: source.name, line }, message, String::new())];
            }
        },
    };
    let script = Script::new(files.config.clone(), files.templates.clone(), forms);
    let names: Vec<String> = intents.keys().cloned().collect();
    let problem = |problem: dialogue::Problem| {
        let path = bot.join(&problem.file);
        let place = Place { file: path.display().to_string(), line: line_naming(&path, &problem.subject) };
        let severity = match problem.severity {
            dialogue::Severity::Error => Severity::Error,
            dialogue::Severity::Warning => Severity::Warning,
        };
        Problem { severity, place, what: format!("{}: {}", problem.subject, problem.message), mend: String::new() }
    };
    script.check(&names).into_iter().map(problem).collect()
}

/// The first line of a file that names an intent or another subject.
fn line_naming(path: &Path, subject: &str) -> Option<usize> {
    let source = path.is_file().then(|| Source::read(path).ok()).flatten()?;
    let is_named = |line: &str| {
        let value = line.split_once(':').map_or("", |(_, value)| value);
        value.trim().trim_matches(['"', '\'']) == subject
    };
    source.lines().find(|(_, line)| is_named(line)).and_then(|(place, _)| place.line)
}

/// Labels in the logs that no example and no template knows: often a typing error.
fn unknown_log_labels(files: &BotFiles, intents: &BTreeMap<String, (usize, Place)>) -> Vec<Problem> {
    let mut problems: BTreeMap<&str, Problem> = BTreeMap::new();
    for turn in files.conversations.iter().flat_map(|talk| &talk.turns) {
        for intent in turn.labels().flatten().filter(|intent| !intents.contains_key(*intent)) {
            let what = format!("the label `{intent}` is no intent of this bot");
            let mend = "mend the name, or write examples of it into intents/";
            problems.entry(intent).or_insert_with(|| Problem::warning(turn.place.clone(), what, mend));
        }
    }
    problems.into_values().collect()
}

/// What training would make of the folder, for whoever shows both.
pub fn data_report(bot: &Path) -> Result<DataReport, Error> {
    crate::load_bot_data(bot, &DataOptions::default()).map(|data| data.report)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn said(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let bot = folder.path();
        fs::create_dir(bot.join("intents")).unwrap();
        fs::create_dir(bot.join("logs")).unwrap();
        fs::write(bot.join("bot.toml"), "name = \"Shop\"\nlanguages = [\"en\"]\n").unwrap();
        files.iter().for_each(|(name, text)| fs::write(bot.join(name), text).unwrap());
        let problems = check(bot).unwrap();
        let lines: Vec<_> = problems.iter().map(|problem| format!("{:?} {problem}", problem.severity)).collect();
        lines.join("\n").replace(&bot.display().to_string(), "BOT")
    }

    #[test]
    fn labels_that_disagree_and_rows_that_repeat_are_found() {
        let rows = ["a|refund", "b|refund", "A|hours", "b|refund"].map(|row| {
            let (text, intent) = row.split_once('|').unwrap();
            serde_json::json!({"text": text, "intent": intent}).to_string()
        });
        let log = r#"{"conversation_id":"1","role":"customer","text":"x","intent":"refnud"}"#;
        let said = said(&[("intents/a.jsonl", &rows.join("\n")), ("logs/a.jsonl", log)]);
        assert!(
            said.contains(
                "Error BOT/intents/a.jsonl:3: “A” is labelled `hours` here and `refund` at BOT/intents/a.jsonl:1"
            ),
            "{said}"
        );
        assert!(
            said.contains("Warning BOT/intents/a.jsonl:4: “b” of `refund` is there already at BOT/intents/a.jsonl:2"),
            "{said}"
        );
        assert!(said.contains("intent `hours` has 1 example;"), "{said}");
        assert!(said.contains("Warning BOT/logs/a.jsonl:1: the label `refnud` is no intent"), "{said}");
    }

    #[test]
    fn every_intent_of_a_message_counts() {
        let rows = [
            serde_json::json!({"text": "a", "intents": ["refund", "hours"]}),
            serde_json::json!({"text": "A", "intents": ["hours", "refund"]}),
            serde_json::json!({"text": "a", "intent": "refund"}),
        ];
        let log = r#"{"conversation_id":"1","role":"customer","text":"x","intents":["refund","huors"]}"#;
        let said = said(&[("intents/a.jsonl", &rows.map(|row| row.to_string()).join("\n")), ("logs/a.jsonl", log)]);
        assert!(said.contains("“A” of `hours + refund` is there already at BOT/intents/a.jsonl:1"), "{said}");
        assert!(said.contains("“a” is labelled `refund` here and `refund + hours` at BOT/intents/a.jsonl:1"), "{said}");
        assert!(said.contains("intent `hours` has 2 examples") && said.contains("intent `refund` has 3"), "{said}");
        assert!(said.contains("the label `huors` is no intent") && !said.contains("`refund` is no intent"), "{said}");
    }

    #[test]
    fn broken_files_are_problems_and_not_the_end() {
        let said =
            said(&[("intents/a.jsonl", "{\n"), ("templates.yml", "templates: 5\n"), ("forms.yml", "forms: 5\n")]);
        assert!(said.contains("Error BOT/intents/a.jsonl:1"), "{said}");
        assert!(said.contains("Error BOT/templates.yml:1"), "{said}");
    }
}
