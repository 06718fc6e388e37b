//! `frontdesk model`: the models of a home folder, also while its service runs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use store::Store;

use super::people::open;
use super::{ANSWER_IS_NO, block_on, say};
use crate::models::GoldenOutcome;

#[derive(Debug, Subcommand)]
pub(super) enum ModelCommand {
    /// List the models, newest first; the live one is marked
    List {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Make a model live; a running service takes it over within seconds
    Promote {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        version: String,
        /// Promote although golden conversations get worse; say why
        #[arg(long, value_name = "REASON")]
        force: Option<String>,
    },
    /// Go back to the model that was live before
    Rollback {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}

pub(super) fn run(command: ModelCommand) -> anyhow::Result<ExitCode> {
    match command {
        ModelCommand::List { home, json } => block_on(async { list(&open(&home).await?, json).await })?,
        ModelCommand::Promote { home, version, force } => {
            block_on(async { promote(&open(&home).await?, &version, force.as_deref()).await })?
        }
        ModelCommand::Rollback { home } => block_on(async {
            let model = open(&home).await?.model_rollback("command line").await?;
            say(format_args!("{} is live again", model.version));
            anyhow::Ok(ExitCode::SUCCESS)
        })?,
    }
}

async fn list(store: &Store, json: bool) -> anyhow::Result<ExitCode> {
    let models = store.model_list().await?;
    if models.is_empty() && !json {
        say("no models yet; train one in the console, or with: frontdesk demo");
    }
    for model in models {
        let live = model.current;
        if json {
            say(
                serde_json::json!({ "version": model.version, "live": live, "created_at": model.added_at, "metrics": model.metrics }),
            );
        } else {
            say(format_args!("{} {}  {}", if live { "*" } else { " " }, model.version, summary(&model.metrics)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(metrics: &serde_json::Value) -> String {
    let accuracy =
        metrics["metrics"]["accuracy"].as_f64().map(|accuracy| format!("accuracy {:.1} %", accuracy * 100.0));
    let outcome = GoldenOutcome::of_metrics(metrics);
    let golden = format!("golden {} of {}", outcome.passed.len(), outcome.passed.len() + outcome.failed.len());
    accuracy.map_or(golden.clone(), |accuracy| format!("{accuracy}, {golden}"))
}

async fn promote(store: &Store, version: &str, force: Option<&str>) -> anyhow::Result<ExitCode> {
    let candidate = store.model_get(version).await?;
    let current = store.model_current().await?;
    let live = current.map(|model| GoldenOutcome::of_metrics(&model.metrics)).unwrap_or_default();
    let breaks = GoldenOutcome::of_metrics(&candidate.metrics).broken_since(&live);
    if force.is_none() && !breaks.is_empty() {
        say(format_args!("not promoted: {version} breaks {} golden conversations:", breaks.len()));
        for name in breaks {
            say(format_args!("  {name}"));
        }
        say("promote it all the same with --force REASON");
        return Ok(ExitCode::from(ANSWER_IS_NO));
    }
    store.model_promote(version, "command line", force.unwrap_or_default()).await?;
    say(format_args!("{version} is live"));
    Ok(ExitCode::SUCCESS)
}
