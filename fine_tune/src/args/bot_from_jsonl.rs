//! How `bot-from-jsonl` is called.

use std::path::PathBuf;

use clap::Args;

/// What `bot-from-jsonl` takes.
#[derive(Debug, Clone, Args)]
pub struct BotFromJsonlArgs {
    /// Labelled messages: JSONL {"text","intent"}; an intent of null is out of scope
    pub file: PathBuf,

    /// Where to write the bot folder; it must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
}
