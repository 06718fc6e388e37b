//! The command line: each sub-command is a file of its own and returns an exit code.
//! 0: fine · 1: the answer is no · 2: the call or the input is wrong.

mod backup;
mod check;
mod demo;
mod faq;
mod init;
mod model;
mod people;
mod retrieve;
mod serve;
mod suggestions;
mod synonyms;
mod test;

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The answer to the command is no: a check found problems, a conversation failed, nothing matched.
const ANSWER_IS_NO: u8 = 1;
/// The call or its input is wrong.
const INPUT_IS_WRONG: u8 = 2;

const AFTER_HELP: &str = "Start here:
  frontdesk demo                              chat with the demo bot in your browser
  frontdesk init my-bot                       a small bot of your own to edit
  frontdesk check my-bot                      what is wrong with it, with file and line
  frontdesk train my-bot --out model          learn its intents
  frontdesk test my-bot --model model         replay its golden conversations
  frontdesk serve --home home --bot my-bot    put it to work

Exit codes: 0 fine, 1 the answer is no, 2 the call or the input is wrong.";

/// A self-hosted customer-service assistant: it learns intents from your logs, answers from your FAQ, and hands over
/// to a person when it is not sure.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, about, after_help = AFTER_HELP, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the demo home if it is missing, train its bot, serve it and print the address
    Demo(demo::DemoArgs),
    /// Write a small bot folder to start from
    Init(init::InitArgs),
    /// Validate a bot folder and audit its labels: file, line, what is wrong, how to mend it
    Check(fine_tune::args::CheckArgs),
    /// Learn a bot's intents from its examples and logs
    Train(fine_tune::args::TrainArgs),
    /// Measure a model on labelled messages
    Eval(fine_tune::args::EvalArgs),
    /// Train on parts of a bot's data and test on the others, by folds or by time
    #[command(visible_alias = "cross-validate")]
    Validate(fine_tune::args::ValidateArgs),
    /// Accuracy against examples per intent: whether writing more still pays
    Curve(fine_tune::args::CurveArgs),
    /// Say which of two models is better, whether that can be chance, and what changed
    Compare(fine_tune::args::CompareArgs),
    /// Group what customers ask in logs, name the groups and draft intents and templates
    Mine(fine_tune::args::MineArgs),
    /// List the messages of logs that teach most once they are labelled
    Queue(fine_tune::args::QueueArgs),
    /// Say what has changed between two logs, and what of it chance does not explain
    Drift(fine_tune::args::DriftArgs),
    /// List what customers call things that the FAQ calls otherwise
    Synonyms(synonyms::SynonymsArgs),
    /// Make a lighter model from one with a base: fewer tokens, fewer layers, 8 bits, and what each step costs
    Optimise(fine_tune::optimise::OptimiseArgs),
    /// Classify messages: JSONL {"text"} in, JSONL out
    Predict(fine_tune::args::PredictArgs),
    /// Turn messages into vectors that lie near where they mean the same: JSONL {"text"} in, JSONL out
    Encode(fine_tune::encode::EncodeArgs),
    /// Index an FAQ file or folder
    Index(retrieve::IndexArgs),
    /// Search an index: JSONL {"text"} in, JSONL {"hits"} out
    Search(retrieve::SearchArgs),
    /// Replay a bot's golden conversations
    Test(test::TestArgs),
    /// Run the service
    Serve(serve::ServeArgs),
    /// Import, export and look back on the FAQ of a home folder
    #[command(subcommand)]
    Faq(faq::FaqCommand),
    /// What the choosers of starting questions would have got
    #[command(subcommand)]
    Suggestions(suggestions::SuggestionsCommand),
    /// List, promote and roll back the models of a home folder
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Copy a home folder's state into one file, while the service runs
    Backup(backup::BackupArgs),
    /// Make a home folder from a backup
    Restore(backup::RestoreArgs),
    /// Add and list staff accounts
    #[command(subcommand)]
    User(people::UserCommand),
    /// Make, list and revoke staff tokens for programs
    #[command(subcommand)]
    Token(people::TokenCommand),
}

/// Runs the command that the process was called with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(INPUT_IS_WRONG)
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Train(arguments) => {
            crate::jobs::serve_the_service();
            fine_tune::run_train(arguments)
        }
        Command::Eval(arguments) => fine_tune::run_eval(arguments),
        Command::Validate(arguments) => fine_tune::run_validate(&arguments),
        Command::Curve(arguments) => fine_tune::run_curve(&arguments),
        Command::Compare(arguments) => fine_tune::run_compare(&arguments),
        Command::Mine(arguments) => fine_tune::run_mine(&arguments),
        Command::Queue(arguments) => fine_tune::run_queue(&arguments),
        Command::Drift(arguments) => fine_tune::run_drift(&arguments),
        Command::Synonyms(arguments) => synonyms::run(&arguments),
        Command::Optimise(arguments) => fine_tune::run_optimise(&arguments),
        Command::Predict(arguments) => fine_tune::run_predict(arguments),
        Command::Encode(arguments) => fine_tune::run_encode(&arguments),
        Command::Index(arguments) => retrieve::index(&arguments),
        Command::Search(arguments) => retrieve::search(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Faq(command) => faq::run(command),
        Command::Model(command) => model::run(command),
        Command::Suggestions(command) => suggestions::run(command),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::User(command) => people::user(command),
        Command::Token(command) => people::token(command),
    }
}

/// Writes one line for a person or a program to standard output; a closed pipe is not an error worth words.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs a short asynchronous command on a runtime of its own.
fn block_on<F: Future>(work: F) -> anyhow::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}

/// The arguments of `frontdesk train BOT --out MODEL`, for commands that train on the way.
fn train_args(bot: &std::path::Path, out: &std::path::Path) -> anyhow::Result<fine_tune::args::TrainArgs> {
    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        train: fine_tune::args::TrainArgs,
    }
    let words = [OsStr::new("train"), bot.as_os_str(), OsStr::new("--out"), out.as_os_str(), OsStr::new("--fresh")];
    Ok(Words::try_parse_from(words)?.train)
}
