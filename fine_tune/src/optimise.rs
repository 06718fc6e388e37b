//! `optimise`: a lighter model from a trained one, step by step, and one table of what each step gains and costs.

mod measure;
mod report;
mod steps;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args, ValueEnum};
use model::{Classifier, Example};

pub use report::{JudgedOn, Optimised, Step};

use crate::eval::read_examples;
use measure::{Measured, held_out, judged, memory, milliseconds};
use steps::{Bot, Maker};

/// What `optimise` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = OPTIMISE_EXAMPLES)]
#[command(group = ArgGroup::new("steps").args(["vocabulary", "layers", "precision", "distil"]).required(true).multiple(true))]
pub struct OptimiseArgs {
    /// The model folder that `train --base` wrote; it is not changed
    pub model: PathBuf,

    /// Where to write the lighter model; the folder must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// The bot folder that the model was trained from: its texts tell which tokens are needed and re-tune what is left,
    /// and where the base was left frozen its rows judge and calibrate each step
    #[arg(long, value_name = "DIR")]
    pub bot: Option<PathBuf>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE", requires = "bot")]
    pub logs: Vec<PathBuf>,

    /// Cut the base's vocabulary to so many tokens: those of the texts and single characters of the bot's languages
    /// always, then the most frequent ones; `keep-used` stops before these
    #[arg(long, value_name = "TOKENS|keep-used", value_parser = vocabulary)]
    pub vocabulary: Option<model::Vocabulary>,

    /// Keep so many of the base's layers, those without which the answers would change most, and re-tune them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub layers: Option<u16>,

    /// How exactly the base computes
    #[arg(long, value_enum)]
    pub precision: Option<Lower>,

    /// Let a small model without a base learn from this one: from the bot's rows, from how sure this one is of them, and
    /// from what customers wrote in logs without a label; --test calibrates it, as this one knows all rows of the bot
    #[arg(long, requires_all = ["bot", "test"], conflicts_with_all = ["vocabulary", "layers", "precision"])]
    pub distil: bool,

    /// Labelled messages that the model has not learned from, to measure each step on: JSONL {"text","intent"}. Where
    /// the bot's rows cannot calibrate a step these do, each half of them judged by the calibration of the other
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME", requires = "test")]
    pub split: Option<String>,

    /// Print the table as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is less exact than 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lower {
    /// Dense layers in 8 bits
    EightBit,
}

/// Makes a lighter model; its folder appears whole or not at all.
pub fn run_optimise(arguments: &OptimiseArgs) -> anyhow::Result<ExitCode> {
    // The program itself serves each step, to see how much memory that takes.
    let program = std::env::current_exe().ok();
    let optimised = optimise(arguments, program.as_deref())?;
    let words =
        if arguments.json { format!("{}\n", serde_json::to_string(&optimised)?) } else { report::table(&optimised) };
    let _ = std::io::stdout().write_all(words.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn optimise(arguments: &OptimiseArgs, program: Option<&Path>) -> anyhow::Result<Optimised> {
    let out = &arguments.out;
    if out.exists() {
        bail!("{} exists already; a model is never overwritten: give another --out or move it away", out.display());
    }
    let heavy = Classifier::load(&arguments.model).context("cannot load the model")?;
    let rows = rows(arguments)?;
    let bot = arguments.bot.as_deref().map(|bot| Bot::read(bot, &arguments.logs, &heavy)).transpose()?;
    let mut maker = Maker::new(&arguments.model, heavy, bot, rows.as_deref(), out)?;
    if let Some(vocabulary) = arguments.vocabulary {
        maker.cut_vocabulary(vocabulary)?;
    }
    if let Some(layers) = arguments.layers {
        maker.drop_layers(usize::from(layers))?;
    }
    if arguments.precision.is_some() {
        maker.round_weights()?;
    }
    if arguments.distil {
        maker.distil()?;
    }
    maker.finish();
    let steps = table(&maker, rows.as_deref(), program)?;
    maker.publish(out)?;
    Ok(Optimised {
        model: arguments.model.clone(),
        light: out.clone(),
        judged_on: if rows.is_some() { JudgedOn::Test } else { JudgedOn::HeldOut },
        rows: rows.map(|rows| rows.len()),
        steps,
    })
}

fn rows(arguments: &OptimiseArgs) -> anyhow::Result<Option<Vec<Example>>> {
    let Some(file) = &arguments.test else {
        return Ok(None);
    };
    let rows = read_examples(file, arguments.split.as_deref().into())?;
    Ok(Some(rows))
}

/// Measures every model that was made.
fn table(maker: &Maker, rows: Option<&[Example]>, program: Option<&Path>) -> anyhow::Result<Vec<Step>> {
    let models: Vec<&Classifier> = maker.made.iter().map(|made| &made.model).collect();
    let times = milliseconds(&models, &maker.sample(rows));
    let mut steps: Vec<Step> = Vec::new();
    for (made, message_ms) in maker.made.iter().zip(times) {
        let Measured { accuracy, calibration_error, answered, wrong } = match rows {
            Some(rows) => judged(&made.model, rows, made.calibrated)?,
            None => held_out(&made.model),
        };
        steps.push(Step {
            step: made.name.clone(),
            version: made.model.info().version.clone(),
            disk_bytes: measure::size(&made.folder)?,
            memory_bytes: program.and_then(|program| memory(program, &made.folder)),
            message_ms,
            accuracy,
            lost: steps.last().map_or(0.0, |before| before.accuracy - accuracy),
            calibration_error,
            answered,
            wrong,
        });
    }
    Ok(steps)
}

fn vocabulary(value: &str) -> Result<model::Vocabulary, String> {
    match value {
        "keep-used" => Ok(model::Vocabulary::Used),
        number => match number.parse() {
            Ok(tokens) if tokens > 0 => Ok(model::Vocabulary::Most(tokens)),
            _ => Err("must be a number of tokens, such as 8000, or keep-used".to_owned()),
        },
    }
}

const OPTIMISE_EXAMPLES: &str = "\
Examples:
  optimise model --out light --bot my-bot --vocabulary 8000 --precision eight-bit
                                                     the same answers in less memory and time
  optimise model --out light --bot my-bot --layers 3 --test labelled.jsonl --split val
                                                     half of six layers, and what that costs
  optimise model --out light --bot my-bot --logs march.jsonl --distil --test labelled.jsonl
                                                     a small model that learns from the large one
  optimise model --out light --vocabulary keep-used  only the tokens of what the model has learned from

Every step is in the table: size on disk, memory of a process that answers, the median time of one message, and the
accuracy with what the step lost. A step that changes the answers is calibrated again: over a frozen base the heads
learn again from the bot's rows, some held out; elsewhere the encoder knows these rows, and --test must name others. A distilled model is one without a base, trained
as such; sentiment and entities it learns anew from the bot's folder.

Ctrl-C leaves, and nothing is written.";

#[cfg(test)]
mod tests;
