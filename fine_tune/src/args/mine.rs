//! How `mine` is called.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Base;
use super::base::base;

/// What `mine` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = MINE_EXAMPLES)]
pub struct MineArgs {
    /// Conversations in the log format
    #[arg(required = true, value_name = "LOGS")]
    pub logs: Vec<PathBuf>,

    /// Which messages to group
    #[arg(long, value_enum, default_value_t = Which::Openings)]
    pub which: Which,

    /// Only messages that this model does not answer
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// Messages that a group has at least
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = group_size)]
    pub min_size: usize,

    /// More than 1 finds more and smaller groups, less than 1 fewer and larger ones
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = detail)]
    pub detail: f32,

    /// Examples of each group that are written
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub examples: usize,

    /// Whose vectors say what messages mean: a base that `distil` wrote, a BERT-family checkpoint in Hugging Face layout, or
    /// `none` to compare words alone, each language for itself [default: shipped, the base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    /// Write the groups as a bot folder to edit: intents and drafts of templates; it must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Write all groups as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the groups as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which messages of a conversation are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// The first of each conversation that says more than hello
    Openings,
    /// All that customers said
    All,
}

const MINE_EXAMPLES: &str = "\
Examples:
  mine logs/*.jsonl                            what customers come for, with examples and the agents' replies
  mine logs/*.jsonl --out draft                the same as a bot folder to edit
  mine april.jsonl --model model --which all   what the model does not answer, grouped";

fn group_size(value: &str) -> Result<usize, String> {
    let number: usize = value.parse().map_err(|_| "must be a number from 1 on, such as 5".to_owned())?;
    if number > 0 { Ok(number) } else { Err("must be 1 or more".to_owned()) }
}

fn detail(value: &str) -> Result<f32, String> {
    let number: f32 = value.parse().map_err(|_| "must be a number, such as 1.5".to_owned())?;
    if (0.01..=100.0).contains(&number) { Ok(number) } else { Err("must be from 0.01 to 100, such as 1.5".to_owned()) }
}
