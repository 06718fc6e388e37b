//! `frontdesk check`: everything that is wrong with a bot folder, with file, line and the way out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use assistant::Bot;
use clap::Args;
use fine_tune::{DataOptions, Severity};
use serde::Serialize;

use super::{ANSWER_IS_NO, say};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The bot folder
    bot: PathBuf,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// One problem, wherever it was found.
#[derive(Serialize)]
struct Finding {
    /// `error` or `warning`.
    severity: &'static str,
    message: String,
}

pub(super) fn run(arguments: &CheckArgs) -> anyhow::Result<ExitCode> {
    let findings = findings(&arguments.bot)?;
    let errors = findings.iter().filter(|finding| finding.severity == "error").count();
    for finding in &findings {
        if arguments.json {
            say(serde_json::to_string(finding)?);
        } else {
            say(format_args!("{}: {}", finding.severity, finding.message));
        }
    }
    if !arguments.json {
        say(format_args!("{}: {errors} errors, {} warnings", arguments.bot.display(), findings.len() - errors));
    }
    Ok(if errors > 0 { ExitCode::from(ANSWER_IS_NO) } else { ExitCode::SUCCESS })
}

/// The data first; whether the parts fit together only where each can be read.
fn findings(bot: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = fine_tune::check(bot)?
        .into_iter()
        .map(|problem| Finding { severity: word(problem.severity == Severity::Error), message: problem.to_string() })
        .collect();
    match Bot::load(bot) {
        Err(error) => findings.push(Finding { severity: word(true), message: chain(&error) }),
        Ok(parts) => {
            if let Ok(data) = fine_tune::load_bot_data(bot, &DataOptions::default()) {
                let mut intents: Vec<String> =
                    data.set.train.iter().filter_map(|example| example.intent.clone()).collect();
                intents.sort();
                intents.dedup();
                findings.extend(parts.check(&intents).into_iter().map(|problem| Finding {
                    severity: word(problem.severity == dialogue::Severity::Error),
                    message: problem.to_string(),
                }));
            }
        }
    }
    Ok(findings)
}

fn word(is_error: bool) -> &'static str {
    if is_error { "error" } else { "warning" }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
