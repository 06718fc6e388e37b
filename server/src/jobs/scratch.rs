//! The folder of a job: what it learns from, the checkpoint of its training, and the model until it is taken over.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use store::{Job, Store};

use crate::home::Home;

/// Paths inside one job's folder.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn of(home: &Home, job: &Job) -> Self {
        Self(home.jobs().join(&job.id))
    }

    /// Where the training puts its model; there whole or not at all.
    pub(super) fn bundle(&self) -> PathBuf {
        self.0.join("model")
    }

    /// Writes the stored conversations, already redacted, in the log format that training reads. A job that was begun
    /// before goes on with those that it had.
    pub(super) async fn export_log(&self, store: &Store) -> anyhow::Result<PathBuf> {
        let path = self.0.join("conversations.jsonl");
        if path.exists() {
            return Ok(path);
        }
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))?;
        let turns = store.export_log().await.context("cannot read the stored conversations")?;
        let mut lines = Vec::new();
        for turn in &turns {
            serde_json::to_writer(&mut lines, turn)?;
            lines.push(b'\n');
        }
        let beside = self.0.join("conversations.part");
        fs::write(&beside, lines)
            .and_then(|()| fs::rename(&beside, &path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Removes the folder of a job that has ended.
    pub(super) fn clear(&self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, folder = %self.0.display(), "the folder of a job that ended cannot be removed");
        }
    }
}

/// Removes the folders of all jobs but those that will go on.
pub(super) fn clear_all_but(home: &Home, going_on: &[Job]) -> anyhow::Result<()> {
    let kept: HashSet<&str> = going_on.iter().map(|job| job.id.as_str()).collect();
    let jobs = home.jobs();
    let cannot = || format!("cannot clear {}", jobs.display());
    for entry in fs::read_dir(&jobs).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if !entry.file_name().to_str().is_some_and(|name| kept.contains(name)) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.with_context(cannot)?;
        }
    }
    Ok(())
}
