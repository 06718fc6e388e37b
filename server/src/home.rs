//! The home folder of a running service: where the database, the index, the models and the bot's own files are.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Paths inside one home folder.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Makes the folder and its sub-folders where they are missing, and a commented `frontdesk.toml`.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let home = Self { root: root.to_owned() };
        home.finish_interrupted_copy()?;
        for folder in [home.models(), home.backups(), home.jobs()] {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        if !home.config_file().exists() {
            std::fs::write(home.config_file(), crate::config::STARTER_FILE)
                .with_context(|| format!("cannot write {}", home.config_file().display()))?;
        }
        Ok(home)
    }

    /// A crash between the two renames of [`copy_bot`] leaves only `bot.old`: put it back.
    fn finish_interrupted_copy(&self) -> anyhow::Result<()> {
        let old = self.root.join("bot.old");
        if old.exists() && !self.bot().exists() {
            std::fs::rename(&old, self.bot()).with_context(|| format!("cannot put {} back", old.display()))?;
        }
        Ok(())
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn config_file(&self) -> PathBuf {
        self.root.join("frontdesk.toml")
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("frontdesk.db")
    }

    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// The bundle folder of one model version.
    pub fn model(&self, version: &str) -> PathBuf {
        self.models().join(version)
    }

    /// Whether any bundle was published here.
    pub fn has_models(&self) -> anyhow::Result<bool> {
        let models = self.models();
        let mut entries = std::fs::read_dir(&models).with_context(|| format!("cannot read {}", models.display()))?;
        Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.path().join("frontdesk.json").is_file())))
    }

    /// Where the demo's first training writes, before the service takes its model over.
    pub fn first_model(&self) -> PathBuf {
        self.root.join("first-model")
    }

    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// The service's own copy of the bot folder it was started with.
    pub fn bot(&self) -> PathBuf {
        self.root.join("bot")
    }

    /// Scratch space of training jobs: exported logs and labels.
    pub fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }
}

/// Copies a bot folder into the home through a temporary neighbour, so that a crash leaves the old copy or the new one.
pub fn copy_bot(from: &Path, home: &Home) -> anyhow::Result<()> {
    let staging = home.root.join("bot.new");
    let old = home.root.join("bot.old");
    for leftover in [&staging, &old] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover).with_context(|| format!("cannot clear {}", leftover.display()))?;
        }
    }
    copy_folder(from, &staging)?;
    if home.bot().exists() {
        std::fs::rename(home.bot(), &old).with_context(|| format!("cannot set {} aside", home.bot().display()))?;
    }
    std::fs::rename(&staging, home.bot()).with_context(|| format!("cannot move {} into place", staging.display()))?;
    if old.exists() {
        std::fs::remove_dir_all(&old).with_context(|| format!("cannot clear {}", old.display()))?;
    }
    Ok(())
}

/// Copies a folder and everything in it.
pub fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read the folder {}", from.display()))? {
        let entry = entry.with_context(|| format!("cannot read the folder {}", from.display()))?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
