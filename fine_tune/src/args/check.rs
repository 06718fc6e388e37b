//! How `check` is called.

use std::path::PathBuf;

use clap::Args;

use super::Base;
use super::base::base;

/// What `check` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Labelled messages that are kept for tests (may be given several times): those that the bot also learns from
    /// are named; the bot's golden/ conversations are always looked at
    #[arg(long, value_name = "FILE")]
    pub test: Vec<PathBuf>,

    /// Only validate the files, without the audit of the labels
    #[arg(long, conflicts_with = "test")]
    pub no_audit: bool,

    /// Whose vectors say what messages mean: a base that `distil` wrote, a BERT-family checkpoint in Hugging Face layout, or
    /// `none` to compare words alone [default: shipped, the base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base, conflicts_with = "no_audit")]
    pub base: Option<Base>,

    /// Write everything found, with the evidence, as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  check my-bot                          what is wrong in the files, and doubtful in the labels
  check my-bot --html check.html        all of it, with the evidence, as a page
  check my-bot --test test.jsonl        and test messages that the bot also learns from
  check my-bot --no-audit               the files alone

The audit names labels that are likely wrong (confident learning), messages that read or mean almost the same under two
labels,
intents that run into each other or are hard to recognise, and tests that are also learned from. What it finds are
warnings for a person to judge.

Exit codes: 0 fine or warnings alone, 1 there are errors, 2 the call or the input is wrong.";
