//! The words of the commands that learn and measure, shared by `fine-tune` and `frontdesk`.
//! Raw flags only: what they mean is decided where they are used.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `train` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = TRAIN_EXAMPLES)]
pub struct TrainArgs {
    /// The bot folder: bot.toml and intents/ are enough; logs/, templates.yml and entities.yml are used when present
    #[arg(required_unless_present = "entities")]
    pub bot: Option<PathBuf>,

    /// Where to write the model; the folder must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// A BERT-family checkpoint in Hugging Face layout to start from, or `none` to learn from the bot's data alone
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,

    /// Put before each text for the base, such as `query: ` for E5 [default: what the base's folder says]
    #[arg(long, value_name = "TEXT", requires = "base")]
    pub prefix: Option<String>,

    /// How much of the base is trained [default: few-shot below 20 examples per intent, else full]
    #[arg(long, value_enum, requires = "base")]
    pub depth: Option<Depth>,

    /// How exactly the base computes once it is trained
    #[arg(long, value_enum, requires = "base")]
    pub precision: Option<Precision>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,

    /// Tagged sentences that teach entities (may be given several times): a token, a tab and its BIO tag a line, a
    /// blank line between sentences; without a bot folder the model knows entities alone
    #[arg(long, value_name = "FILE")]
    pub entities: Vec<PathBuf>,

    /// Train without any logs, the bot's own included
    #[arg(long)]
    pub no_logs: bool,

    /// How alike an agent's reply and a template must be (0 to 1) to label the customer's message before it
    #[arg(long, value_name = "SHARE", default_value_t = crate::weak::DEFAULT_THRESHOLD, value_parser = share)]
    pub weak_threshold: f32,

    #[command(flatten)]
    pub learning: LearningArgs,

    /// The share of answers that may be wrong; the threshold follows [default: the bot's own, else 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Also write the curves as TensorBoard event files into this folder
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,

    /// Read and report the data, then stop without training
    #[arg(long)]
    pub data_only: bool,

    /// Print one JSON object a line instead of a progress bar and tables
    #[arg(long)]
    pub json: bool,
}

/// How the model learns; what is left out is chosen by the model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Learning (the defaults suit most bots)")]
pub struct LearningArgs {
    /// The encoder beside the n-gram features when there is no base
    #[arg(long, value_enum)]
    pub encoder: Option<Encoder>,

    /// Passes over the data; stops earlier when held-out accuracy no longer rises
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub epochs: Option<u32>,

    /// Messages a step
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch_size: Option<u32>,

    /// The largest step size, reached after warm-up
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub learning_rate: Option<f64>,

    /// The share of all steps over which the step size rises
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub warmup: Option<f32>,

    /// How strongly weights are pulled towards zero
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub weight_decay: Option<f64>,

    /// The share of features hidden at random in each step
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub dropout: Option<f32>,

    /// How much of each label is spread over the other intents
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub label_smoothing: Option<f32>,

    /// Epochs without a better held-out result before stopping
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub patience: Option<u32>,

    /// The start of all randomness: the same seed and data give the same model
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Processor threads [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// How much of a base is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Depth {
    /// The encoder stays as it is, a head learns over its vectors: seconds
    Frozen,
    /// The encoder learns by comparing examples, then a head: for few examples
    FewShot,
    /// Encoder and head learn together: most accurate, slowest
    Full,
}

/// How exactly a trained base computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// In 32-bit floats (the default)
    Float,
    /// Dense layers in 8 bits: faster answers, a little less exact
    EightBit,
}

/// The encoders that learn from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Encoder {
    /// No token encoder: n-gram features alone
    Ngrams,
    /// The mean of token vectors: fastest
    Bag,
    /// A text CNN: convolution, max-pool, dense
    Cnn,
}

/// What `eval` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = EVAL_EXAMPLES)]
pub struct EvalArgs {
    /// The model folder that `train` wrote
    pub model: PathBuf,

    /// Labelled messages: JSONL {"text","intent"}; an intent of null is out of scope; further fields are ignored
    #[arg(long, value_name = "FILE", required_unless_present = "entities")]
    pub test: Option<PathBuf>,

    /// Tagged sentences: a token, a tab and its BIO tag a line, a blank line between sentences
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// The share of answers that may be wrong; the threshold follows [default: the model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Exit with 1 when accuracy is below SHARE: for scripts
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "test")]
    pub require_accuracy: Option<f32>,

    /// Write the report on intents as one self-contained page
    #[arg(long, value_name = "FILE", requires = "test")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `predict` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = PREDICT_EXAMPLES)]
pub struct PredictArgs {
    /// The model folder that `train` wrote
    pub model: PathBuf,

    /// Messages: JSONL {"text"}; standard input when left out or `-`
    pub input: Option<PathBuf>,

    /// The share of answers that may be wrong; the threshold follows [default: the model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// How many intents each ranking holds
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: u16,

    /// Say which words spoke for the best intent and against it, and the nearest training examples
    #[arg(long)]
    pub explain: bool,
}

/// What `check` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Labelled messages that are kept for tests (may be given several times): those that the bot also learns from
    /// are named; the bot's golden/ conversations are always looked at
    #[arg(long, value_name = "FILE")]
    pub test: Vec<PathBuf>,

    /// Only validate the files, without the audit of the labels
    #[arg(long, conflicts_with = "test")]
    pub no_audit: bool,

    /// Write everything found, with the evidence, as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What `compare` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// The model that is in use
    pub a: PathBuf,

    /// The model that may take its place
    pub b: PathBuf,

    /// Labelled messages that neither has learned from: JSONL {"text","intent"}; an intent of null is out of scope
    #[arg(long, value_name = "FILE")]
    pub test: PathBuf,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// The share of answers that may be wrong; both thresholds follow [default: each model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub resamples: u32,

    /// The start of its randomness
    #[arg(long, value_name = "N", default_value_t = 17)]
    pub seed: u64,

    /// Write every message that changed as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the comparison as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `validate` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = VALIDATE_EXAMPLES)]
pub struct ValidateArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Train so many models, each without a part of the data that it is then tested on
    #[arg(long, value_name = "K", default_value = "5", value_parser = folds)]
    pub folds: usize,

    /// Train until this day and test on labelled messages of the logs from it on, instead of folds
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "folds", value_parser = day)]
    pub split_time: Option<jiff::civil::Date>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,

    /// A BERT-family checkpoint in Hugging Face layout to start from
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,

    #[command(flatten)]
    pub learning: LearningArgs,

    /// The share of answers that may be wrong; the threshold follows [default: the bot's own, else 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Write the whole report as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `curve` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = CURVE_EXAMPLES)]
pub struct CurveArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Labelled messages to test on [default: a fifth of the bot's own]
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,

    /// More conversations in the log format (may be given several times); the bot's own logs/ are always read
    #[arg(long, value_name = "FILE")]
    pub logs: Vec<PathBuf>,

    /// A BERT-family checkpoint in Hugging Face layout to start from
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,

    #[command(flatten)]
    pub learning: LearningArgs,

    /// Write the curve as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the curve as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `mine` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = MINE_EXAMPLES)]
pub struct MineArgs {
    /// Conversations in the log format
    #[arg(required = true, value_name = "LOGS")]
    pub logs: Vec<PathBuf>,

    /// Which messages to group
    #[arg(long, value_enum, default_value_t = Which::Openings)]
    pub which: Which,

    /// Only messages that this model does not answer
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// Messages that a group has at least
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = group_size)]
    pub min_size: usize,

    /// More than 1 finds more and smaller groups, less than 1 fewer and larger ones
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = detail)]
    pub detail: f32,

    /// Write the groups as a bot folder to edit: intents and drafts of templates; it must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Write all groups as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the groups as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which messages of a conversation are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// The first of each conversation that says more than hello
    Openings,
    /// All that customers said
    All,
}

/// What `queue` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = QUEUE_EXAMPLES)]
pub struct QueueArgs {
    /// The bot folder
    pub bot: PathBuf,

    /// Conversations in the log format (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub logs: Vec<PathBuf>,

    /// The model whose doubts count [default: a quick one made from the bot's examples]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// How many messages to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub top: usize,

    /// Also write them as JSONL {"text","intent"}, the intent being the suggested one: correct it, then move the file
    /// into intents/
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What `drift` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = DRIFT_EXAMPLES)]
pub struct DriftArgs {
    /// Conversations of the earlier time (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub before: Vec<PathBuf>,

    /// Conversations of the later time (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    pub after: Vec<PathBuf>,

    /// The model that says what messages mean and which of them it answers [default: the labels in the logs]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// The start of the random exchanges
    #[arg(long, value_name = "N", default_value_t = 17)]
    pub seed: u64,

    /// Exit with 1 when something has changed that chance does not explain: for scripts
    #[arg(long)]
    pub require_stable: bool,

    /// Write the whole report as one self-contained page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What `bot-from-jsonl` takes.
#[derive(Debug, Clone, Args)]
pub struct BotFromJsonlArgs {
    /// Labelled messages: JSONL {"text","intent"}; an intent of null is out of scope
    pub file: PathBuf,

    /// Where to write the bot folder; it must not exist yet
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  train my-bot --out model                           learn from the bot's own examples and logs
  train my-bot --out model --logs march.jsonl        and from last month's conversations
  train my-bot --out model --base ../e5-small        start from a BERT-family checkpoint
  train my-bot --out model --base ../e5-small --prefix 'query: ' --depth frozen
                                                     only a head over its vectors, in seconds
  train --entities tagged.conll --out model          learn entities alone
  train my-bot --out model --data-only               only say what the data is worth

Ctrl-C finishes with the best model so far and saves it; a second Ctrl-C leaves at once and saves nothing.";

const CHECK_EXAMPLES: &str = "\
Examples:
  check my-bot                          what is wrong in the files, and doubtful in the labels
  check my-bot --html check.html        all of it, with the evidence, as a page
  check my-bot --test test.jsonl        and test messages that the bot also learns from
  check my-bot --no-audit               the files alone

The audit names labels that are likely wrong (confident learning), messages that are almost the same under two labels,
intents that run into each other or are hard to recognise, and tests that are also learned from. What it finds are
warnings for a person to judge.

Exit codes: 0 fine or warnings alone, 1 there are errors, 2 the call or the input is wrong.";

const COMPARE_EXAMPLES: &str = "\
Examples:
  compare old new --test test.jsonl                    which is better, and what changed
  compare old new --test test.jsonl --html diff.html   every message that changed, as a page

Significance is that of a paired bootstrap over the messages: p below 0.05. A message is served rightly when it is
answered rightly, or has no intent and is left to a person.

Exit codes: 0 fine, 1 the second model is significantly worse, 2 the call or the input is wrong.";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  validate my-bot                              five models, each tested on a fifth it has not learned from
  validate my-bot --folds 10 --html cv.html    ten of them, with confusion pairs and curves, as a page
  validate my-bot --split-time 2026-04-01      trained until March, tested on the logs from April on

Messages of one conversation are never on both sides, and weak labels are never tested on.";

const CURVE_EXAMPLES: &str = "\
Examples:
  curve my-bot                       accuracy with 2, 5, 10, … examples per intent and with all
  curve my-bot --test test.jsonl     tested on messages of a file
  curve my-bot --encoder ngrams      quicker, and nearly the same curve";

const MINE_EXAMPLES: &str = "\
Examples:
  mine logs/*.jsonl                            what customers come for, with examples and the agents' replies
  mine logs/*.jsonl --out draft                the same as a bot folder to edit
  mine april.jsonl --model model --which all   what the model does not answer, grouped";

const QUEUE_EXAMPLES: &str = "\
Examples:
  queue my-bot --logs april.jsonl                        the fifty messages that teach most
  queue my-bot --logs april.jsonl --model model --top 200 --out to_label.jsonl

First come messages that the model is unsure of and that many others read like; what reads like a message that is
listed already comes later.";

const DRIFT_EXAMPLES: &str = "\
Examples:
  drift --before march.jsonl --after april.jsonl                  by the labels in the logs
  drift --before march.jsonl --after april.jsonl --model model    by what the model understands

Significance is that of 2,000 random exchanges of whole conversations; * marks what chance does not explain (p below
0.05, corrected over the intents).";

const EVAL_EXAMPLES: &str = "\
Examples:
  eval model --test test.jsonl                       a table on the terminal
  eval model --test test.jsonl --html report.html    with confusion pairs and curves, as a page
  eval model --entities tagged.conll                 entities, token by token and whole
  eval model --test all.jsonl --split test           only the rows with \"split\": \"test\"

Exit codes: 0 fine, 1 accuracy is below --require-accuracy, 2 the call or the input is wrong.";

const PREDICT_EXAMPLES: &str = "\
Example:
  echo '{\"text\":\"where is my parcel\"}' | predict model

A line that cannot be read is named on standard error and the others are still answered; the exit code is then 2.";

fn share(value: &str) -> Result<f32, String> {
    let number: f32 = value.parse().map_err(|_| "must be a number from 0 to 1, such as 0.05".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("must be from 0 to 1, such as 0.05".to_owned()) }
}

fn folds(value: &str) -> Result<usize, String> {
    let number: usize = value.parse().map_err(|_| "must be a number from 2 to 100, such as 5".to_owned())?;
    if (2..=100).contains(&number) { Ok(number) } else { Err("must be from 2 to 100, such as 5".to_owned()) }
}

fn group_size(value: &str) -> Result<usize, String> {
    let number: usize = value.parse().map_err(|_| "must be a number from 1 on, such as 5".to_owned())?;
    if number > 0 { Ok(number) } else { Err("must be 1 or more".to_owned()) }
}

fn detail(value: &str) -> Result<f32, String> {
    let number: f32 = value.parse().map_err(|_| "must be a number, such as 1.5".to_owned())?;
    if (0.01..=100.0).contains(&number) { Ok(number) } else { Err("must be from 0.01 to 100, such as 1.5".to_owned()) }
}

fn day(value: &str) -> Result<jiff::civil::Date, String> {
    value.parse().map_err(|_| "must be a day, such as 2026-04-01".to_owned())
}

fn positive(value: &str) -> Result<f64, String> {
    let number = not_negative(value)?;
    if number > 0.0 { Ok(number) } else { Err("must be more than 0, such as 0.001".to_owned()) }
}

fn not_negative(value: &str) -> Result<f64, String> {
    let number: f64 = value.parse().map_err(|_| "must be a number, such as 0.001".to_owned())?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("must be 0 or more".to_owned()) }
}
