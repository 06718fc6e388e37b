//! `fine-tune`: the commands that learn and measure, without the service: for machines that only train.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fine_tune::args::{
    BotFromJsonlArgs, CheckArgs, CompareArgs, CurveArgs, DriftArgs, EvalArgs, MineArgs, PredictArgs, QueueArgs,
    TrainArgs, ValidateArgs,
};

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
    /// Validate a bot folder and audit its labels: file, line, what is wrong, how to mend it
    Check(CheckArgs),
    /// Learn a bot's intents from its examples and logs
    Train(TrainArgs),
    /// Measure a model on labelled messages
    Eval(EvalArgs),
    /// Train on parts of a bot's data and test on the others, by folds or by time
    #[command(visible_alias = "cross-validate")]
    Validate(ValidateArgs),
    /// Accuracy against examples per intent: whether writing more still pays
    Curve(CurveArgs),
    /// Group what customers ask in logs, name the groups and draft intents and templates
    Mine(MineArgs),
    /// List the messages of logs that teach most once they are labelled
    Queue(QueueArgs),
    /// Say what has changed between two logs, and what of it chance does not explain
    Drift(DriftArgs),
    /// Say which of two models is better, whether that can be chance, and what changed
    Compare(CompareArgs),
    /// Make a lighter model from one with a base: fewer tokens, fewer layers, 8 bits, and what each step costs
    Optimise(fine_tune::optimise::OptimiseArgs),
    /// Turn messages into vectors that lie near where they mean the same: JSONL {"text"} in, JSONL out
    Encode(fine_tune::encode::EncodeArgs),
    /// Teach a small sentence encoder what large ones know, over plain text, by a recipe
    Distil(fine_tune::distil::DistilArgs),
    /// Classify messages: JSONL {"text"} in, JSONL out
    Predict(PredictArgs),
    /// Make a bot folder from a file of labelled messages
    BotFromJsonl(BotFromJsonlArgs),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Check(arguments) => fine_tune::run_check(&arguments, &[]),
        Command::Train(arguments) => fine_tune::run_train(arguments),
        Command::Eval(arguments) => fine_tune::run_eval(arguments),
        Command::Compare(arguments) => fine_tune::run_compare(&arguments),
        Command::Validate(arguments) => fine_tune::run_validate(&arguments),
        Command::Curve(arguments) => fine_tune::run_curve(&arguments),
        Command::Mine(arguments) => fine_tune::run_mine(&arguments),
        Command::Queue(arguments) => fine_tune::run_queue(&arguments),
        Command::Drift(arguments) => fine_tune::run_drift(&arguments),
        Command::Optimise(arguments) => fine_tune::run_optimise(&arguments),
        Command::Encode(arguments) => fine_tune::run_encode(&arguments),
        Command::Distil(arguments) => fine_tune::run_distil(&arguments),
        Command::Predict(arguments) => fine_tune::run_predict(arguments),
        Command::BotFromJsonl(arguments) => fine_tune::run_bot_from_jsonl(arguments),
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::from(INPUT_IS_WRONG)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_sound_and_their_list_reads_well() {
        let mut command = Arguments::command().term_width(100);
        command.clone().debug_assert();
        insta::assert_snapshot!(command.render_help());
    }
}
