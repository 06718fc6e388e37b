//! `eval`: what a model is worth on labelled messages, as a table, as JSON and as a page.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::{Classifier, Example};

use crate::args::EvalArgs;
use crate::events::{Curve, write_whole};
use crate::row::{Rows, read_jsonl};
use crate::source::Source;
use crate::{Error, evaluate, html, report};

/// The answer is no.
const BELOW: u8 = 1;

/// Measures a model on a file of labelled messages.
pub fn run_eval(arguments: EvalArgs) -> anyhow::Result<ExitCode> {
    let classifier = Classifier::load(&arguments.model).context("cannot load the model")?;
    let examples = read_examples(&arguments.test, arguments.split.as_deref().into())?;
    let accepted_error = arguments.accepted_error.unwrap_or(classifier.info().accepted_error_rate);
    let evaluation = evaluate(&classifier, &examples, accepted_error);
    if let Some(path) = &arguments.html {
        let title = format!("{} on {}", arguments.model.display(), arguments.test.display());
        let page = html::page(&title, &evaluation, Curve::read(&arguments.model).as_ref())?;
        write_whole(path, page.as_bytes())?;
    }
    let words =
        if arguments.json { format!("{}\n", serde_json::to_string(&evaluation)?) } else { report::table(&evaluation) };
    let _ = std::io::stdout().write_all(words.as_bytes());
    match arguments.require_accuracy {
        Some(least) if evaluation.accuracy < f64::from(least) => Ok(ExitCode::from(BELOW)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The labelled messages of a file.
pub(crate) fn read_examples(path: &Path, wanted: Rows<'_>) -> anyhow::Result<Vec<Example>> {
    let source = Source::read(path).map_err(|problem| Error::Data(vec![problem]))?;
    let taught = read_jsonl(&source, wanted);
    if !taught.problems.is_empty() {
        return Err(Error::Data(taught.problems).into());
    }
    if taught.rows.is_empty() {
        match wanted {
            Rows::All => bail!("{} has no row to measure on; it needs lines of {{\"text\",\"intent\"}}", source.name),
            Rows::Split(split) => bail!("{} has no row with \"split\": {split:?}; try without --split", source.name),
        }
    }
    Ok(taught.rows.into_iter().map(|row| Example { text: row.text, intent: row.intent, weight: 1.0 }).collect())
}
