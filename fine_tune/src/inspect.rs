//! `check`: what is wrong in a bot's files and what is doubtful in its labels, as table, as JSON lines and as a page.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::CheckArgs;
use crate::audit::{self, Audit, Finding, asked, audit};
use crate::dataset::{BotFiles, DataOptions};
use crate::events::write_whole;
use crate::logs::Role;
use crate::progress::Steps;
use crate::row::{Origin, Row};
use crate::{Error, Problem, Severity, check};

/// The answer is no.
const HAS_ERRORS: u8 = 1;

/// Checks a bot folder; `further` are problems that the caller found, with whether each is an error.
pub fn run_check(arguments: &CheckArgs, further: &[(Severity, String)]) -> anyhow::Result<ExitCode> {
    let problems = check(&arguments.bot)?;
    let audit = if arguments.no_audit { None } else { audit_of(&arguments.bot, &arguments.test)? };
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
fn audit_of(bot: &Path, tests: &[std::path::PathBuf]) -> Result<Option<Audit>, Error> {
    let asked = asked(bot, tests)?;
    let Ok(files) = BotFiles::read(bot, &DataOptions::default()) else { return Ok(None) };
    let mut rows = files.authored.rows;
    for turn in files.conversations.iter().flat_map(|talk| &talk.turns).filter(|turn| turn.role == Role::Customer) {
        if let Some(intent) = &turn.intent {
            let text = text::redact(&turn.text).text;
            let (intent, place) = (intent.clone(), turn.place.clone());
            rows.push(Row { text, intent, origin: Origin::Labelled, weight: 1.0, place, conversation: None });
        }
    }
    let steps = Steps::new("auditing labels", audit::STEPS);
    let audit = audit(&rows, &asked, &steps);
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
