//! `frontdesk backup` and `restore`: a home folder's state, copied whole while the service runs, and made into a home again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::people::open;
use super::{block_on, say};
use crate::home::{Home, copy_folder};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The home folder
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The folder to make; by default one named by the time in the home's backups folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The folder that `frontdesk backup` made
    backup: PathBuf,
    /// The home folder to make; it must not exist or must be empty
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
}

/// Copies database, bot, live model and settings. The database is copied in one transaction; the index is not copied,
/// since it rebuilds itself. The backup appears under its name only when it is complete.
pub(super) fn backup(arguments: &BackupArgs) -> anyhow::Result<ExitCode> {
    let out = arguments.out.clone().unwrap_or_else(|| {
        let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        arguments.home.join("backups").join(now)
    });
    anyhow::ensure!(!out.exists(), "{} exists already; name another folder with --out", out.display());
    let store = block_on(async {
        let store = open(&arguments.home).await?;
        let staging = beside(&out);
        std::fs::create_dir_all(&staging).with_context(|| format!("cannot make {}", staging.display()))?;
        store.backup_to(&staging.join("frontdesk.db")).await?;
        let live = store.model_current().await?.map(|model| model.version);
        store.close().await;
        anyhow::Ok((staging, live))
    });
    let (staging, live) = store??;
    let home = Home::open(&arguments.home)?;
    std::fs::copy(home.config_file(), staging.join("frontdesk.toml")).context("cannot copy frontdesk.toml")?;
    if home.bot().exists() {
        copy_folder(&home.bot(), &staging.join("bot"))?;
    }
    if let Some(version) = &live {
        copy_folder(&home.model(version), &staging.join("models").join(version))?;
    }
    std::fs::rename(&staging, &out).with_context(|| format!("cannot move the backup to {}", out.display()))?;
    say(format_args!("backed up {} to {}", home.root().display(), out.display()));
    say(format_args!("restore it with: frontdesk restore {} --home NEW_HOME", out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Makes a home of a backup; the index is built by the first start.
pub(super) fn restore(arguments: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let (backup, home) = (&arguments.backup, &arguments.home);
    anyhow::ensure!(
        backup.join("frontdesk.db").is_file(),
        "{} is not a backup: it has no frontdesk.db",
        backup.display()
    );
    let taken = home.exists()
        && std::fs::read_dir(home).with_context(|| format!("cannot read {}", home.display()))?.next().is_some();
    anyhow::ensure!(!taken, "{} is not empty; restore into a new folder, then point the service at it", home.display());
    let staging = beside(home);
    copy_folder(backup, &staging)?;
    if home.exists() {
        std::fs::remove_dir(home).with_context(|| format!("cannot replace {}", home.display()))?;
    }
    std::fs::rename(&staging, home).with_context(|| format!("cannot move the home to {}", home.display()))?;
    say(format_args!("restored {} into {}", backup.display(), home.display()));
    say(format_args!("start it with: frontdesk serve --home {}", home.display()));
    Ok(ExitCode::SUCCESS)
}

/// A name beside `path` for work that is not complete.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{:08x}.part", rand::random::<u32>()))
}
