//! `frontdesk faq`: the FAQ of a home folder, also while its service runs; what is imported is live within seconds.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use retrieval::{ExportFormat, FaqFormat};
use store::ImportProgress;
use text::Language;

use super::people::open;
use super::{ANSWER_IS_NO, block_on, say};
use crate::faq_follower::entry;
use crate::faq_import::{self, ChangeKind, Ending, EntryChange, ImportFile};

const EDITOR: &str = "command line";

/// A terminal shows so many changes; `--json` has them all.
const SHOWN: usize = 50;
/// Longer texts are cut where a terminal shows what changed; in characters.
const SHOWN_CHARACTERS: usize = 60;

const IMPORT_HELP: &str = "The format is told by the content:
  CSV, TSV    columns by name, in English or Chinese: question and answer are needed; id,
              similar, language, category, valid_from, valid_until and enabled are known.
              UTF-8, UTF-16 or GBK; comma, semicolon, tab or bar
  XLSX        the same; every visible sheet with such a header
  QnA Maker   TSV or XLSX with Question, Answer, QnaId: one id, one entry
  FastGPT     CSV with q, a and any number of indexes
  MaxKB       CSV or XLSX with 分段标题, 分段内容, 问题
  JSONL       one object a line
  Rasa        YAML with retrieval intents (group/name) and their responses
  Markdown, HTML, DOCX, PDF
              split at the headings: a heading is the question, the text below it the
              answer, the headings above it the category

Rows without an id get one made of their question, so that the same file can be imported again.
Exit codes: 0 all taken, 1 some rows were refused, 2 the file cannot be read.";

/// What an FAQ can be exported as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ExportName {
    Csv,
    Jsonl,
    Xlsx,
}

impl From<ExportName> for ExportFormat {
    fn from(name: ExportName) -> Self {
        match name {
            ExportName::Csv => Self::Csv,
            ExportName::Jsonl => Self::Jsonl,
            ExportName::Xlsx => Self::Xlsx,
        }
    }
}

fn parse_format(name: &str) -> Result<FaqFormat, String> {
    FaqFormat::named(name).ok_or_else(|| {
        let names: Vec<&str> = FaqFormat::NAMES.iter().map(|(format, _)| format.name()).collect();
        format!("it can be {}", names.join(", "))
    })
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// A table, workbook or document; an entry with the same id, or the same question where the file gives none, is changed,
    /// and what the file has no column or place for stays as it is
    file: PathBuf,
    /// What the file is, where its content does not tell
    #[arg(long, value_name = "NAME", value_parser = parse_format)]
    format: Option<FaqFormat>,
    /// Say what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Import nothing when any row cannot be taken
    #[arg(long)]
    strict: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum FaqCommand {
    /// Take entries from a table, workbook or document; existing ids get a new version
    #[command(after_help = IMPORT_HELP)]
    Import(ImportArgs),
    /// Write the whole FAQ as a file that can be imported again
    Export {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        #[arg(long, value_enum, default_value = "csv")]
        format: ExportName,
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
            FaqCommand::Import(arguments) => import(arguments).await,
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

async fn import(arguments: ImportArgs) -> anyhow::Result<ExitCode> {
    let ImportArgs { home, file, format, dry_run, strict, json } = arguments;
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let read = ImportFile { bytes: bytes.into(), name, format }.read();
    let read = read.with_context(|| format!("cannot take {}", file.display()))?;
    let problems: Vec<(String, String)> =
        read.problems.iter().map(|problem| (problem.place_in(Language::English), problem.fault.to_string())).collect();
    let (n_taken, n_refused) = (read.rows.len(), problems.len());
    if !json {
        problems.iter().for_each(|(place, words)| say(format_args!("{}: {place}: {words}", file.display())));
        if !read.ignored_columns.is_empty() {
            say(format_args!("columns that mean nothing here: {}", read.ignored_columns.join(", ")));
        }
    }
    let refused = strict && n_refused > 0;
    let ending = if dry_run || refused { Ending::DryRun } else { Ending::Take };
    let bar = bar(n_taken);
    let watcher = |progress| show_progress(&bar, progress);
    let imported = faq_import::import(&open(&home).await?, read.rows, ending, EDITOR, &watcher).await;
    bar.finish_and_clear();
    let imported = imported?;
    let outcome = &imported.outcome;
    if json {
        let problems: Vec<_> =
            problems.iter().map(|(place, words)| serde_json::json!({ "place": place, "message": words })).collect();
        say(serde_json::json!({ "format": read.format.name(), "dry_run": dry_run, "imported": ending == Ending::Take,
            "added": outcome.added, "changed": outcome.changed, "unchanged": outcome.unchanged,
            "changes": imported.changes, "problems": problems, "ignored_columns": read.ignored_columns }));
    } else if refused {
        say(format_args!("nothing imported: {n_refused} rows cannot be taken"));
    } else {
        show_changes(&imported.changes);
        let would = if dry_run { "would be " } else { "" };
        say(format_args!(
            "{n_taken} rows: {} {would}added, {} {would}changed, {} unchanged; {n_refused} refused",
            outcome.added, outcome.changed, outcome.unchanged
        ));
    }
    Ok(if n_refused > 0 { ExitCode::from(ANSWER_IS_NO) } else { ExitCode::SUCCESS })
}

/// Stays out of sight where standard error is no terminal. Each row counts twice: compared, and written.
fn bar(n_rows: usize) -> ProgressBar {
    let template = "{spinner} {msg} {wide_bar} {percent}%  {left} left";
    let style = ProgressStyle::with_template(template).expect("a valid template");
    let style = style.with_key("left", |state: &indicatif::ProgressState, to: &mut dyn std::fmt::Write| {
        // Nobody reads what cannot be written to a terminal.
        let _ = write!(to, "{:#}", HumanDuration(state.eta()));
    });
    let bar = ProgressBar::new(2 * n_rows as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn show_progress(bar: &ProgressBar, progress: ImportProgress) {
    let ImportProgress { rows, compared, ready, written } = progress;
    bar.set_message(if compared < rows {
        format!("comparing {compared} of {rows}")
    } else {
        format!("writing {written} of {ready}")
    });
    // A row that is as it was needs no writing.
    bar.set_position((2 * compared - ready + written) as u64);
}

/// `+` before what is new, `~` before what changes, with each field before and after.
fn show_changes(changes: &[EntryChange]) {
    for change in changes.iter().take(SHOWN) {
        let mark = if change.kind == ChangeKind::Added { '+' } else { '~' };
        say(format_args!("{mark} {}  {}", change.id, cut(&change.question)));
        for field in &change.fields {
            say(format_args!("    {}: {:?} -> {:?}", field.field, cut(&field.before), cut(&field.after)));
        }
    }
    if changes.len() > SHOWN {
        say(format_args!("  and {} more; --json shows all", changes.len() - SHOWN));
    }
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

async fn export(home: &std::path::Path, format: ExportFormat, out: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let store = open(home).await?;
    let revision = store.revision().await?;
    let entries: Vec<_> = store.faq_all().await?.into_iter().map(entry).collect();
    let bytes = retrieval::write_faq(&entries, format)?;
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
