//! `fine-tune`: the commands that learn and measure, without the service: for machines that only train.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fine_tune::args::{BotFromJsonlArgs, EvalArgs, PredictArgs, TrainArgs};

/// The call or its input is wrong.
const INPUT_IS_WRONG: u8 = 2;

/// Trains and measures the models of Frontdesk bots.
#[derive(Debug, Parser)]
#[command(name = "fine-tune", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Learn a bot's intents from its examples and logs
    Train(TrainArgs),
    /// Measure a model on labelled messages
    Eval(EvalArgs),
    /// Classify messages: JSONL {"text"} in, JSONL out
    Predict(PredictArgs),
    /// Make a bot folder from a file of labelled messages
    BotFromJsonl(BotFromJsonlArgs),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Train(arguments) => fine_tune::run_train(arguments),
        Command::Eval(arguments) => fine_tune::run_eval(arguments),
        Command::Predict(arguments) => fine_tune::run_predict(arguments),
        Command::BotFromJsonl(arguments) => fine_tune::run_bot_from_jsonl(arguments),
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::from(INPUT_IS_WRONG)
    })
}
