//! `frontdesk check`: everything that is wrong with a bot folder, with file, line and the way out, and an audit of its
//! labels. The checks of the data are `fine_tune`'s; here it is added whether the parts of the bot fit together.

use std::path::Path;
use std::process::ExitCode;

use assistant::Bot;
use fine_tune::args::CheckArgs;
use fine_tune::{DataOptions, Severity};

pub(super) fn run(arguments: &CheckArgs) -> anyhow::Result<ExitCode> {
    fine_tune::run_check(arguments, &parts(&arguments.bot))
}

/// Whether the parts fit together, where each can be read.
fn parts(bot: &Path) -> Vec<(Severity, String)> {
    let parts = match Bot::load(bot) {
        Ok(parts) => parts,
        Err(error) => return vec![(Severity::Error, chain(&error))],
    };
    let Ok(data) = fine_tune::load_bot_data(bot, &DataOptions::default()) else { return Vec::new() };
    let mut intents: Vec<String> = data.set.train.iter().filter_map(|example| example.intent.clone()).collect();
    intents.sort();
    intents.dedup();
    let severity = |severity| match severity {
        dialogue::Severity::Error => Severity::Error,
        dialogue::Severity::Warning => Severity::Warning,
    };
    // The check of the data names these already, with their lines.
    let named = parts.script.check(&intents);
    let others = parts.check(&intents).into_iter().filter(|problem| !named.contains(problem));
    others.map(|problem| (severity(problem.severity), problem.to_string())).collect()
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
