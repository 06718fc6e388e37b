//! `frontdesk check`: everything that is wrong with a bot folder, with file, line and the way out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{ANSWER_IS_NO, say};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The bot folder
    bot: PathBuf,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}
