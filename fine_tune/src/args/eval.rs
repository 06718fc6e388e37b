//! How `eval` is called.

use std::path::PathBuf;

use clap::Args;

use super::numbers::share;

/// What `eval` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = EVAL_EXAMPLES)]
pub struct EvalArgs {
    /// The model folder that `train` wrote
    pub model: PathBuf,

    /// Labelled messages: JSONL {"text","intent"}; an intent of null is out of scope; further fields are ignored
    #[arg(long, value_name = "FILE", required_unless_present = "entities")]
    pub test: Option<PathBuf>,

    /// Tagged sentences: a token, a tab and its BIO tag a line, a blank line between sentences
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// The share of answers that may be wrong; the threshold follows [default: the model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Exit with 1 when accuracy is below SHARE: for scripts
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "test")]
    pub require_accuracy: Option<f32>,

    /// Write the report on intents as one self-contained page
    #[arg(long, value_name = "FILE", requires = "test")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

const EVAL_EXAMPLES: &str = "\
Examples:
  eval model --test test.jsonl                       a table on the terminal
  eval model --test test.jsonl --html report.html    with confusion pairs and curves, as a page
  eval model --entities tagged.conll                 entities, token by token and whole
  eval model --test all.jsonl --split test           only the rows with \"split\": \"test\"

Exit codes: 0 fine, 1 accuracy is below --require-accuracy, 2 the call or the input is wrong.";
