//! `frontdesk suggestions`: what choosers of starting questions would have got, told from what was logged.

use std::path::PathBuf;
use std::process::ExitCode;

use assistant::starting::{LEAST_SHOWN, PolicyRate, Replay};
use clap::Subcommand;

use super::people::open;
use super::{ANSWER_IS_NO, block_on, say};
use crate::suggestions::{LEARNED_DAYS, replay_log};

#[derive(Debug, Subcommand)]
pub(super) enum SuggestionsCommand {
    /// Compare the fixed, the learned and chance's starting questions on the offers of the last 90 days
    Replay {
        /// The home folder; its service may run meanwhile
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: SuggestionsCommand) -> anyhow::Result<ExitCode> {
    let SuggestionsCommand::Replay { home, json } = command;
    let told = block_on(async { anyhow::Ok(replay_log(&open(&home).await?).await?) })??;
    if json {
        say(as_json(&told));
    } else {
        tell(&told);
    }
    Ok(if told.is_enough() { ExitCode::SUCCESS } else { ExitCode::from(ANSWER_IS_NO) })
}

fn as_json(told: &Replay) -> serde_json::Value {
    let rate = |rate: &PolicyRate| {
        serde_json::json!({
            "policy": rate.policy.name(), "shown": rate.shown, "chosen": rate.chosen,
            "rate": rate.rate, "low": rate.low, "high": rate.high,
        })
    };
    let rates: Vec<_> = told.rates.iter().map(rate).collect();
    serde_json::json!({
        "enough": told.is_enough(), "offers": told.offers, "random_offers": told.random_offers, "policies": rates,
    })
}

fn tell(told: &Replay) {
    let (all, random) = (told.offers, told.random_offers);
    say(format_args!("{all} offers of starting questions in {LEARNED_DAYS} days, {random} of them by chance"));
    for rate in &told.rates {
        let [part, low, high] = [rate.rate, rate.low, rate.high].map(|share| 100.0 * share);
        say(format_args!(
            "{:8} {:5} of {:5} questions chosen  {part:5.1} %  (95 %: {low:.1} to {high:.1} %)",
            rate.policy.name(),
            rate.chosen,
            rate.shown
        ));
    }
    if !told.is_enough() {
        say(format_args!(
            "too few events: each chooser needs {LEAST_SHOWN} questions in common with chance; choose \"learned\" under \
             Settings, Suggestions in the console, which leaves one offer in ten to chance, and wait"
        ));
    }
}
