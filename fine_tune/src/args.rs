//! The words of `train`, `eval`, `predict` and `bot-from-jsonl`, shared by `fine-tune` and `frontdesk`.
//! Raw flags only: what they mean is decided where they are used.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `train` takes.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = TRAIN_EXAMPLES)]
pub struct TrainArgs {
    /// The bot folder: bot.toml and intents/ are enough; logs/, templates.yml and entities.yml are used when present
    pub bot: PathBuf,

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
    #[arg(long, value_name = "FILE")]
    pub test: PathBuf,

    /// Only the rows whose "split" field is NAME
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// The share of answers that may be wrong; the threshold follows [default: the model's own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Exit with 1 when accuracy is below SHARE: for scripts
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub require_accuracy: Option<f32>,

    /// Write the whole report as one self-contained page
    #[arg(long, value_name = "FILE")]
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
  train my-bot --out model --data-only               only say what the data is worth

Ctrl-C finishes with the best model so far and saves it; a second Ctrl-C leaves at once and saves nothing.";

const EVAL_EXAMPLES: &str = "\
Examples:
  eval model --test test.jsonl                       a table on the terminal
  eval model --test test.jsonl --html report.html    with confusion pairs and curves, as a page
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

fn positive(value: &str) -> Result<f64, String> {
    let number = not_negative(value)?;
    if number > 0.0 { Ok(number) } else { Err("must be more than 0, such as 0.001".to_owned()) }
}

fn not_negative(value: &str) -> Result<f64, String> {
    let number: f64 = value.parse().map_err(|_| "must be a number, such as 0.001".to_owned())?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("must be 0 or more".to_owned()) }
}
