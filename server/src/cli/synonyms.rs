//! `frontdesk synonyms`: words of logs that the FAQ does not have, beside the word of the FAQ that they stand for.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assistant::Bot;
use clap::Args;
use fine_tune::MinedSynonym;
use model::SentenceEncoder;

use super::say;

#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct SynonymsArgs {
    /// The bot folder, whose FAQ is compared
    bot: PathBuf,
    /// Conversations in the log format (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    logs: Vec<PathBuf>,
    /// How many words to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// Also write them in the form of synonyms.txt: take out what is wrong, then add the rest to the bot's own
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  synonyms my-bot --logs april.jsonl                     what customers call things that the FAQ calls otherwise
  synonyms my-bot --logs april.jsonl --out found.txt     the same, to be read and added to my-bot/synonyms.txt

A word is listed where at least three conversations hold it, the FAQ does not, and messages mean nearly the same with a
word of the FAQ in its place. Nothing is changed in the bot.";

pub(super) fn run(arguments: &SynonymsArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = arguments.out.as_ref().filter(|out| out.exists()) {
        bail!("{} exists already: give another --out or move it away", out.display());
    }
    let bot = Bot::load(&arguments.bot)?;
    if bot.faq.is_empty() {
        bail!("{} has no FAQ to compare with", arguments.bot.display());
    }
    let texts = bot.faq.iter().flat_map(|entry| [&entry.question, &entry.answer].into_iter().chain(&entry.similar));
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    let encoder = SentenceEncoder::shipped().context("cannot open the base that comes with the program")?;
    let mut found = fine_tune::mine_synonyms(&texts, &arguments.logs, &encoder)?;
    found.truncate(arguments.top);
    if let Some(out) = &arguments.out {
        std::fs::write(out, listed(&found)).with_context(|| format!("cannot write {}", out.display()))?;
    }
    if arguments.json {
        found.iter().for_each(|one| say(serde_json::json!(one)));
    } else if found.is_empty() {
        say("no word of the logs stands for one of the FAQ, as far as the base can tell");
    } else {
        say(listed(&found).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// Lines of a synonyms.txt, each with what speaks for it as a remark.
fn listed(found: &[MinedSynonym]) -> String {
    let mut lines = String::new();
    for MinedSynonym { word, stands_for, likeness, conversations, example } in found {
        let example = example.replace(['\n', '#'], " ");
        let _ = writeln!(lines, "{word}, {stands_for}    # {conversations} conversations, {likeness:.2}: {example}");
    }
    lines
}
