//! How `queue` is called.

use std::path::PathBuf;

use clap::Args;

use super::Base;
use super::base::base;

/// What `queue` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = QUEUE_EXAMPLES)]
pub struct QueueArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Conversations in the log format (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub logs: Vec<PathBuf>,

    /// The model whose doubts count [default: a quick one made from the bot's examples]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// Whose vectors say what messages mean: a base that `distil` wrote, a BERT-family checkpoint in Hugging Face layout, or
    /// `none` to compare words alone [default: shipped, the base that comes with the program]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    /// How many messages to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub top: usize,

    /// Also write them as JSONL {"text","intent"}, the intent being the suggested one: correct it, then move the file
    /// into intents/
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

const QUEUE_EXAMPLES: &str = "\
Examples:
  queue my-bot --logs april.jsonl                        the fifty messages that teach most
  queue my-bot --logs april.jsonl --model model --top 200 --out to_label.jsonl

First come messages that the model is unsure of and that many others read like; what reads like a message that is
listed already comes later.";
