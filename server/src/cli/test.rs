//! `frontdesk test`: replays a bot's golden conversations and says which answers were not what they should be.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use assistant::{Assistant, Bot, ReplayReport};
use clap::Args;
use model::Classifier;
use retrieval::FaqIndex;

use super::{ANSWER_IS_NO, say};

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The bot folder
    bot: PathBuf,
    /// The model to test; without it one is trained from the bot's data first
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Only conversations whose name contains this
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Print JSON instead of words
    #[arg(long)]
    json: bool,
}
