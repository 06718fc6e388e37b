//! `check`: what is wrong in a bot's files and what is doubtful in its labels, as table, as JSON lines and as a page.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::{Base, CheckArgs};
use crate::audit::{self, Audit, Finding, asked, audit};
use crate::dataset::{BotFiles, DataOptions};
use crate::events::write_whole;
use crate::logs::Role;
use crate::meaning;
use crate::progress::Steps;
use crate::row::{Origin, Row};
use crate::{Problem, Severity, check};

/// The answer is no.
const HAS_ERRORS: u8 = 1;

/// Checks a bot folder; `further` are problems that the caller found, with whether each is an error.
pub fn run_check(arguments: &CheckArgs, further: &[(Severity, String)]) -> anyhow::Result<ExitCode> {
    let problems = check(&arguments.bot)?;
    let audit =
        if arguments.no_audit { None } else { audit_of(&arguments.bot, &arguments.test, arguments.base.as_ref())? };
    if let Some(path) = &arguments.html {
        let title = format!("Check of {}", arguments.bot.display());
        write_whole(path, audit::page(&title, &problems, audit.as_ref()).as_bytes())?;
    }
    let errors = problems.iter().map(|problem| problem.severity).chain(further.iter().map(|(severity, _)| *severity));
    let n_errors = errors.filter(|severity| *severity == Severity::Error).count();
    let words = if arguments.json {
        json_lines(&problems, further, audit.as_ref())
    } else {
        let n_warnings = problems.len() + further.len() - n_errors;
        let counts = format!("{}: {n_errors} errors, {n_warnings} warnings\n", arguments.bot.display());
        let audited = audit.as_ref().map_or_else(String::new, |audit| format!("\n{}", audit::table(audit)));
        format!("{}{counts}{audited}", lines(&problems, further))
    };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(if n_errors > 0 { ExitCode::from(HAS_ERRORS) } else { ExitCode::SUCCESS })
}

/// The audit of a bot's labels, those in its logs included; none when nothing can be read.
fn audit_of(bot: &Path, tests: &[PathBuf], base: Option<&Base>) -> anyhow::Result<Option<Audit>> {
    let asked = asked(bot, tests)?;
    let Ok(files) = BotFiles::read(bot, &DataOptions::default()) else { return Ok(None) };
    let encoder = meaning::open(base)?;
    let mut rows = files.authored.rows;
    for turn in files.conversations.iter().flat_map(|talk| &talk.turns).filter(|turn| turn.role == Role::Customer) {
        if let Some(intent) = &turn.intent {
            let text = text::redact(&turn.text).text;
            let (intent, also, place) = (intent.clone(), turn.also.clone(), turn.place.clone());
            rows.push(Row { text, intent, also, origin: Origin::Labelled, weight: 1.0, place, conversation: None });
        }
    }
    let steps = Steps::new("auditing labels", audit::STEPS);
    let audit = audit(&rows, &asked, encoder.as_ref(), &steps);
    steps.finish();
    Ok(Some(audit))
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn lines(problems: &[Problem], further: &[(Severity, String)]) -> String {
    let own = problems.iter().map(|problem| format!("{}: {problem}\n", word(problem.severity)));
    let further = further.iter().map(|(severity, message)| format!("{}: {message}\n", word(*severity)));
    own.chain(further).collect()
}

/// One object a problem and a finding, and a last one about the labels as a whole.
fn json_lines(problems: &[Problem], further: &[(Severity, String)], audit: Option<&Audit>) -> String {
    let own = problems.iter().map(|problem| {
        let Problem { severity, place, what, mend } = problem;
        json!({
            "severity": word(*severity), "kind": "file", "file": place.file, "line": place.line,
            "what": what, "mend": mend, "message": problem.to_string(),
        })
    });
    let further = further
        .iter()
        .map(|(severity, message)| json!({"severity": word(*severity), "kind": "file", "message": message}));
    let findings = audit.into_iter().flat_map(|audit| audit.findings.iter().map(finding));
    let summary = audit.map(|audit| {
        let Audit { messages, of, judged, found_again, noise, intents, .. } = audit;
        json!({
            "severity": "note", "kind": "labels", "messages": messages, "of": of, "judged": judged,
            "found_again": found_again, "noise": noise, "intents": intents,
        })
    });
    own.chain(further).chain(findings).chain(summary).map(|line| format!("{line}\n")).collect()
}

fn finding(finding: &Finding) -> Value {
    let mut line =
        json!({"severity": "warning", "message": format!("{}: {}; {}", finding.place, finding.what, finding.mend)});
    if let (Value::Object(line), Ok(Value::Object(rest))) = (&mut line, serde_json::to_value(finding)) {
        line.extend(rest);
    }
    line
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn bot(rows: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("intents")).unwrap();
        fs::create_dir_all(folder.path().join("golden")).unwrap();
        fs::write(folder.path().join("bot.toml"), "name = \"Shop\"\nlanguages = [\"en\"]\n").unwrap();
        let row = |(text, intent): &(&str, &str)| serde_json::json!({"text": text, "intent": intent}).to_string();
        let rows: Vec<String> = rows.iter().map(row).collect();
        fs::write(folder.path().join("intents/a.jsonl"), rows.join("\n")).unwrap();
        folder
    }

    #[test]
    fn a_golden_message_that_is_also_learned_from_is_named_with_both_places() {
        let bot = bot(&[("where is my big parcel", "order"), ("money back", "refund")]);
        let golden = "conversations:\n  - name: a\n    turns:\n      - customer: Where is my big parcel?\n      - customer: money back\n";
        fs::write(bot.path().join("golden/a.yml"), golden).unwrap();
        let audit = audit_of(bot.path(), &[], None).unwrap().unwrap();
        // Two words are said in every conversation: only the longer message counts.
        assert_eq!(audit.findings.len(), 1);
        let found = &audit.findings[0];
        assert_eq!((found.place.line, found.evidence[0].place.line), (Some(4), Some(1)));
    }

    #[test]
    fn every_line_of_json_has_a_severity_a_kind_and_a_message() {
        let bot = bot(&[("where is it", "order"), ("Where is it!", "refund"), ("x", "order"), ("x", "refund")]);
        let problems = check(bot.path()).unwrap();
        let audit = audit_of(bot.path(), &[], None).unwrap();
        let lines = json_lines(&problems, &[(Severity::Error, "further".to_owned())], audit.as_ref());
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &lines[..lines.len() - 1] {
            assert!(line["severity"].is_string() && line["kind"].is_string() && line["message"].is_string(), "{line}");
        }
        assert!(lines.iter().any(|line| line["kind"] == "near_duplicate" && line["evidence"][0]["line"].is_number()));
        assert_eq!(lines.last().unwrap()["kind"], "labels");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_not_audited_and_its_problems_are_still_named() {
        let bot = bot(&[]);
        fs::write(bot.path().join("bot.toml"), "name = 5\n").unwrap();
        assert!(audit_of(bot.path(), &[], None).unwrap().is_none());
        assert!(!check(bot.path()).unwrap().is_empty());
        assert!(audit_of(bot.path(), &[bot.path().join("missing.jsonl")], None).is_err());
    }
}
