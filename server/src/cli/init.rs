//! `frontdesk init`: a small bot folder, in both languages, that already works and shows every kind of file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::say;

/// The starter bot, file by file.
const STARTER: &[(&str, &str)] = &[
    ("bot.toml", include_str!("starter/bot.toml")),
    ("intents/shop.yml", include_str!("starter/intents/shop.yml")),
    ("templates.yml", include_str!("starter/templates.yml")),
    ("forms.yml", include_str!("starter/forms.yml")),
    ("entities.yml", include_str!("starter/entities.yml")),
    ("faq.csv", include_str!("starter/faq.csv")),
    ("golden/first.yml", include_str!("starter/golden/first.yml")),
];

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder to make; it must not exist or must be empty
    dir: PathBuf,
}

pub(super) fn run(arguments: &InitArgs) -> anyhow::Result<ExitCode> {
    let dir = &arguments.dir;
    let taken = dir.exists()
        && std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?.next().is_some();
    anyhow::ensure!(!taken, "{} is not empty; name a new folder", dir.display());
    for (name, content) in STARTER {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        say(format_args!("wrote {}", path.display()));
    }
    let dir = dir.display();
    say(format_args!(
        "\nNext:\n  frontdesk check {dir}\n  frontdesk train {dir} --out {dir}-model\n  frontdesk test {dir} --model {dir}-model\n  \
         frontdesk serve --home {dir}-home --bot {dir}"
    ));
    Ok(ExitCode::SUCCESS)
}
