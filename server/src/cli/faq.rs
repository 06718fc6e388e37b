//! `frontdesk faq`: the FAQ of a home folder, also while its service runs; what is imported is live within seconds.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use retrieval::FaqFormat;

use super::people::open;
use super::{ANSWER_IS_NO, block_on, say};
use crate::api::faq::draft_of_entry;
use crate::faq_follower::entry;

const EDITOR: &str = "command line";

/// The forms of an FAQ file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatName {
    Csv,
    Jsonl,
}

impl From<FormatName> for FaqFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Jsonl => Self::Jsonl,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum FaqCommand {
    /// Take entries from a CSV, TSV or JSONL file; existing ids get a new version
    Import {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        file: PathBuf,
        /// Say what would change and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Import nothing when any row cannot be taken
        #[arg(long)]
        strict: bool,
    },
    /// Write the whole FAQ as a file that can be imported again
    Export {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        #[arg(long, value_enum, default_value = "csv")]
        format: FormatName,
        /// The file to write; standard output without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show every version of an entry
    History {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        id: String,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Make an earlier version of an entry the newest
    Restore {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        id: String,
        version: i64,
    },
}

pub(super) fn run(command: FaqCommand) -> anyhow::Result<ExitCode> {
    block_on(async {
        match command {
            FaqCommand::Import { home, file, dry_run, strict } => import(&home, &file, dry_run, strict).await,
            FaqCommand::Export { home, format, out } => export(&home, format.into(), out).await,
            FaqCommand::History { home, id, json } => history(&home, &id, json).await,
            FaqCommand::Restore { home, id, version } => {
                let record = open(&home).await?.faq_restore(&id, version, EDITOR).await?;
                say(format_args!("{id} is as it was in version {version}; that is its version {} now", record.version));
                Ok(ExitCode::SUCCESS)
            }
        }
    })?
}

async fn import(
    home: &std::path::Path,
    file: &std::path::Path,
    dry_run: bool,
    strict: bool,
) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let jsonl = file.extension().is_some_and(|extension| extension == "jsonl" || extension == "json");
    let format = if jsonl { FaqFormat::Jsonl } else { FaqFormat::Csv };
    let imported = retrieval::parse_faq(&bytes, format).with_context(|| format!("cannot take {}", file.display()))?;
    for problem in &imported.problems {
        say(format_args!("{}:{}: {}", file.display(), problem.line, problem.message));
    }
    let (taken, refused) = (imported.entries.len(), imported.problems.len());
    if strict && refused > 0 {
        say(format_args!("nothing imported: {refused} rows cannot be taken"));
        return Ok(ExitCode::from(ANSWER_IS_NO));
    }
    let store = open(home).await?;
    let drafts: Vec<_> = imported.entries.into_iter().map(draft_of_entry).collect();
    let outcome =
        if dry_run { store.faq_import_preview(drafts).await? } else { store.faq_import(drafts, EDITOR).await? };
    let would = if dry_run { "would be " } else { "" };
    say(format_args!(
        "{taken} rows: {} {would}added, {} {would}changed, {} unchanged; {refused} refused",
        outcome.added, outcome.changed, outcome.unchanged
    ));
    Ok(if refused > 0 { ExitCode::from(ANSWER_IS_NO) } else { ExitCode::SUCCESS })
}

async fn export(home: &std::path::Path, format: FaqFormat, out: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let store = open(home).await?;
    let revision = store.revision().await?;
    let entries: Vec<_> = store.faq_all().await?.into_iter().map(entry).collect();
    let bytes = retrieval::write_faq(&entries, format);
    match out {
        Some(path) => {
            std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            say(format_args!("wrote {} entries of revision {revision} to {}", entries.len(), path.display()));
        }
        None => std::io::stdout().write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn history(home: &std::path::Path, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    for record in open(home).await?.faq_history(id).await? {
        if json {
            say(serde_json::to_string(&record)?);
            continue;
        }
        let time = jiff::Timestamp::from_millisecond(record.updated_at)?.strftime("%Y-%m-%d %H:%M:%S UTC");
        let state = if record.deleted {
            "deleted"
        } else if record.enabled {
            "enabled"
        } else {
            "disabled"
        };
        say(format_args!(
            "version {} · {time} · {} · {state}\n  {}\n  {}",
            record.version, record.updated_by, record.question, record.answer
        ));
    }
    Ok(ExitCode::SUCCESS)
}
