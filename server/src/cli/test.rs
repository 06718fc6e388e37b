//! `frontdesk test`: replays a bot's golden conversations and says which answers were not what they should be.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use assistant::{Assistant, Bot, ReplayReport, replay};
use clap::Args;
use model::Classifier;
use retrieval::FaqIndex;

use super::{ANSWER_IS_NO, say, train_args};

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The bot folder
    bot: PathBuf,
    /// The model to test; without it one is trained from the bot's data first
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// An earlier model to compare with: what the new one fixes and breaks
    #[arg(long, value_name = "MODEL")]
    against: Option<PathBuf>,
    /// Only conversations whose name contains this
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Print JSON instead of words
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &TestArgs) -> anyhow::Result<ExitCode> {
    let bot = Bot::load(&arguments.bot)?;
    anyhow::ensure!(!bot.golden.is_empty(), "{} has no golden/*.yml to replay", arguments.bot.display());
    let index = Arc::new(FaqIndex::in_memory_with(assistant::meaning()));
    index.set_synonyms(bot.synonyms.clone())?;
    index.replace_all(&bot.faq, 1)?;
    let model = match &arguments.model {
        Some(path) => Classifier::load(path).with_context(|| format!("cannot use the model {}", path.display()))?,
        None => trained(&arguments.bot)?,
    };
    let reports = replay_all(&bot, &arguments.only, model, &index);
    let before = match &arguments.against {
        Some(path) => Some(replay_all(&bot, &arguments.only, Classifier::load(path)?, &index)),
        None => None,
    };
    let failed = reports.iter().filter(|(_, report)| !report.passed).count();
    if arguments.json {
        print_json(&reports);
    } else {
        print_words(&reports, failed);
    }
    if let Some(before) = before {
        print_changes(&before, &reports);
    }
    Ok(if failed > 0 { ExitCode::from(ANSWER_IS_NO) } else { ExitCode::SUCCESS })
}

type Reports = Vec<(String, ReplayReport)>;

fn replay_all(bot: &Bot, only: &Option<String>, model: Classifier, index: &Arc<FaqIndex>) -> Reports {
    let assistant = Assistant::new(bot.script.clone(), Some(Arc::new(model)), Arc::clone(index));
    bot.golden
        .iter()
        .filter(|(_, golden)| only.as_ref().is_none_or(|words| golden.name.contains(words)))
        .map(|(file, golden)| (file.clone(), replay(&assistant, golden)))
        .collect()
}

/// Trains into a scratch folder that goes away again.
fn trained(bot: &Path) -> anyhow::Result<Classifier> {
    say("No --model given: training one from the bot's data first.");
    let scratch = std::env::temp_dir().join(format!("frontdesk-test-{:08x}", rand::random::<u32>()));
    let finished = fine_tune::run_train(train_args(bot, &scratch)?);
    let model = finished.and_then(|_| Ok(Classifier::load(&scratch)?));
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch).with_context(|| format!("cannot clear {}", scratch.display()))?;
    }
    model
}

fn print_words(reports: &Reports, failed: usize) {
    for (file, report) in reports.iter().filter(|(_, report)| !report.passed) {
        say(format_args!("✗ {file}: {}", report.name));
        for turn in &report.turns {
            say(format_args!(
                "    customer: {}\n    bot:      {}",
                turn.customer,
                turn.reply.replace('\n', "\n              ")
            ));
            for mismatch in &turn.mismatches {
                say(format_args!("    ✗ {}: expected {}, got {}", mismatch.field, mismatch.expected, mismatch.got));
            }
        }
    }
    say(format_args!("{} of {} golden conversations pass", reports.len() - failed, reports.len()));
}

fn print_json(reports: &Reports) {
    for (file, report) in reports {
        let mut wire = serde_json::to_value(report).unwrap_or_default();
        wire["file"] = file.as_str().into();
        say(wire);
    }
}

fn print_changes(before: &Reports, after: &Reports) {
    let changed = |was: bool, is: bool| -> Vec<&str> {
        let both = before.iter().zip(after);
        both.filter(|((_, old), (_, new))| old.passed == was && new.passed == is)
            .map(|(_, (_, new))| new.name.as_str())
            .collect()
    };
    let (fixes, breaks) = (changed(false, true), changed(true, false));
    say(format_args!("against the earlier model: fixes {}, breaks {}", fixes.len(), breaks.len()));
    for name in fixes {
        say(format_args!("  + {name}"));
    }
    for name in breaks {
        say(format_args!("  - {name}"));
    }
}
