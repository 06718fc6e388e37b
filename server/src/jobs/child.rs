//! The training process: how it is started, what it says, how it is stopped.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::TrainRequest;

/// Set for the child: it lowers its own priority before it begins.
pub const LOW_PRIORITY: &str = "FRONTDESK_LOW_PRIORITY";
/// Longest complaint kept of a child that failed.
const LONGEST_COMPLAINT: u64 = 8 * 1024;

/// A running `frontdesk train --json`.
#[derive(Debug)]
pub struct Training {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// How a training ended.
#[derive(Debug)]
pub enum Ending {
    Finished,
    Failed(String),
}

impl Training {
    /// Starts the child on a bot folder.
    pub fn start(
        bot: &std::path::Path,
        logs: &[PathBuf],
        out: &std::path::Path,
        request: &TrainRequest,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command.arg("train").arg(bot).arg("--out").arg(out).arg("--json");
        for log in logs {
            command.arg("--logs").arg(log);
        }
        if let Some(epochs) = request.epochs {
            command.arg("--epochs").arg(epochs.to_string());
        }
        if let Some(seed) = request.seed {
            command.arg("--seed").arg(seed.to_string());
        }
        command
            .env(LOW_PRIORITY, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().context("cannot start the training process")?;
        let stdout = child.stdout.take().context("the training process has no output")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// The next event of the child; `None` once it has closed its output. Cancel-safe.
    pub async fn next_event(&mut self) -> anyhow::Result<Option<Value>> {
        while let Some(line) = self.lines.next_line().await? {
            match serde_json::from_str(&line) {
                Ok(event) => return Ok(Some(event)),
                Err(_) => tracing::warn!(line, "the training process said something that is not an event"),
            }
        }
        Ok(None)
    }

    /// Waits for the child's end.
    pub async fn end(mut self) -> anyhow::Result<Ending> {
        let mut complaint = String::new();
        if let Some(stderr) = self.child.stderr.take() {
            stderr.take(LONGEST_COMPLAINT).read_to_string(&mut complaint).await.ok();
        }
        let status = self.child.wait().await?;
        if status.success() {
            return Ok(Ending::Finished);
        }
        let complaint = complaint.trim();
        Ok(Ending::Failed(if complaint.is_empty() {
            format!("the training process ended with {status}")
        } else {
            complaint.to_owned()
        }))
    }

    /// Stops the child at once; what it had not published is left in its scratch folder and removed later.
    pub async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "the training process could not be stopped");
        }
    }
}
