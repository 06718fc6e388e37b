//! The training process: how it is started, what it says, how it is stopped.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::TrainRequest;

/// Set for the child, which then serves this service alone.
const IS_A_JOB: &str = "FRONTDESK_IS_A_JOB";
/// How far the child steps back, so that chat stays quick.
const LOW_PRIORITY: i32 = 10;
/// Longest complaint kept of a child that failed.
const LONGEST_COMPLAINT: u64 = 8 * 1024;

/// A running `frontdesk train --json`.
#[derive(Debug)]
pub struct Training {
    child: Child,
    /// The child ends when this does, and so when the service dies.
    _tie: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Called by a child of the service before it begins: it gives way to chat, and ends with the service, whatever ends that.
pub fn serve_the_service() {
    if std::env::var_os(IS_A_JOB).is_none() {
        return;
    }
    if let Err(error) = rustix::process::nice(LOW_PRIORITY) {
        tracing::warn!(%error, "the training could not lower its priority");
    }
    std::thread::spawn(|| {
        // Nothing is ever written there: the end comes when the service closes its side, or is no more.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(1);
    });
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
        command.arg("train").arg(bot).arg("--out").arg(out).args(["--json", "--or-fresh"]);
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
            .env(IS_A_JOB, "1")
            // Its other threads wait for each other at full speed, which takes the processor from chat.
            .env("CANDLE_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().context("cannot start the training process")?;
        let stdout = child.stdout.take().context("the training process has no output")?;
        let tie = child.stdin.take().context("the training process has no input")?;
        Ok(Self { child, _tie: tie, lines: BufReader::new(stdout).lines() })
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

    /// Stops the child at once; what it had not published is left in its scratch folder.
    pub async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "the training process could not be stopped");
        }
    }
}
