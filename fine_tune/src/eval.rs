//! `eval`: what a model is worth on labelled messages, as a table, as JSON and as a page.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::{Classifier, Example};
use serde::Serialize;

use crate::args::EvalArgs;
use crate::conll;
use crate::evaluate::predict;
use crate::events::{Curve, write_whole};
use crate::row::{Rows, read_jsonl};
use crate::source::Source;
use crate::{EntityEvaluation, Error, Evaluation, evaluate, html, report, tagging};

/// The answer is no.
const BELOW: u8 = 1;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    intents: Option<&'a Evaluation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entities: Option<&'a EntityEvaluation>,
}

/// Measures a model on a file of labelled messages, of tagged sentences, or both.
pub fn run_eval(arguments: EvalArgs) -> anyhow::Result<ExitCode> {
    let classifier = Classifier::load(&arguments.model).context("cannot load the model")?;
    let intents = arguments.test.as_deref().map(|file| intents(&classifier, file, &arguments)).transpose()?;
    let entities = arguments.entities.as_deref().map(|file| entities(&classifier, file)).transpose()?;
    let words = if arguments.json {
        let report = Report { intents: intents.as_ref(), entities: entities.as_ref() };
        format!("{}\n", serde_json::to_string(&report)?)
    } else {
        let tables = [intents.as_ref().map(report::table), entities.as_ref().map(report::entity_table)];
        tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
    };
    let _ = std::io::stdout().write_all(words.as_bytes());
    match (arguments.require_accuracy, intents) {
        (Some(least), Some(intents)) if intents.accuracy < f64::from(least) => Ok(ExitCode::from(BELOW)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn intents(classifier: &Classifier, file: &Path, arguments: &EvalArgs) -> anyhow::Result<Evaluation> {
    if classifier.intents().is_empty() {
        bail!("{} knows entities alone; measure it with --entities", arguments.model.display());
    }
    let examples = read_examples(file, arguments.split.as_deref().into())?;
    let accepted_error = arguments.accepted_error.unwrap_or(classifier.info().accepted_error_rate);
    let evaluation = evaluate(classifier, &examples, accepted_error);
    if let Some(path) = &arguments.html {
        let title = format!("{} on {}", arguments.model.display(), file.display());
        let page = html::page(&title, &evaluation, Curve::read(&arguments.model).as_ref())?;
        write_whole(path, page.as_bytes())?;
    }
    Ok(evaluation)
}

fn entities(classifier: &Classifier, file: &Path) -> anyhow::Result<EntityEvaluation> {
    let sentences = conll::open(file)?;
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.message.text.as_str()).collect();
    let found = predict(classifier, &texts).into_iter().map(|prediction| {
        prediction.entities.into_iter().map(|found| (found.entity, found.start..found.end)).collect()
    });
    Ok(tagging::judge(&sentences, &found.collect::<Vec<Vec<_>>>()))
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
    Ok(taught
        .rows
        .into_iter()
        .map(|row| Example { text: row.text, intent: row.intent, also: row.also, weight: 1.0 })
        .collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::TrainArgs;

    #[derive(clap::Parser)]
    struct Train {
        #[command(flatten)]
        arguments: TrainArgs,
    }

    #[derive(clap::Parser)]
    struct Eval {
        #[command(flatten)]
        arguments: EvalArgs,
    }

    /// Sentences that send things to cities.
    fn tagged(cities: &[&str]) -> String {
        let forms =
            ["ship\tO\nit\tO\nto\tO\n{}\tB-city\n\n", "我\tO\n住\tO\n在\tO\n{}\tB-city\n\n", "thank\tO\nyou\tO\n\n"];
        cities.iter().flat_map(|city| forms.map(|form| form.replace("{}", city))).collect()
    }

    #[test]
    fn a_model_learned_from_tagged_sentences_alone_is_measured_on_others() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name).display().to_string();
        std::fs::write(path("train.conll"), tagged(&["Paris", "Rome", "Oslo", "Bonn", "Lima", "Kyiv"])).unwrap();
        std::fs::write(path("test.conll"), tagged(&["Madrid", "Hanoi"])).unwrap();
        let words = ["train", "--entities", &path("train.conll"), "--out", &path("model"), "--json"];
        crate::run_train(Train::try_parse_from(words).unwrap().arguments).unwrap();
        let classifier = Classifier::load(path("model").as_ref()).unwrap();
        let report = entities(&classifier, path("test.conll").as_ref()).unwrap();
        assert_eq!((report.sentences, report.entities.support), (6, 4));
        assert!(report.entities.averages.micro.f1 > 0.9 && report.tokens.averages.micro.f1 > 0.9, "{report:?}");
        let arguments = |words: &[&str]| Eval::try_parse_from(["eval"].iter().chain(words)).map(|eval| eval.arguments);
        let wrong = arguments(&[&path("model"), "--test", &path("train.conll")]).unwrap();
        assert!(run_eval(wrong).unwrap_err().to_string().contains("knows entities alone"));
        assert!(arguments(&[&path("model")]).is_err());
    }

    #[test]
    fn a_file_without_sentences_or_with_broken_ones_is_refused_by_line() {
        let home = tempfile::tempdir().unwrap();
        let refusal = |text: &str| {
            let path = home.path().join("a.conll");
            std::fs::write(&path, text).unwrap();
            conll::open(&path).unwrap_err().to_string()
        };
        assert!(refusal("\n\n").contains("has no sentence"));
        assert!(refusal("hi\tO\nword\n").contains("a.conll:2"));
    }
}
