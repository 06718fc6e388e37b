//! How `train` is called.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::base::base;
use super::numbers::share;
use super::{Base, LearningArgs};

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

    /// What to start from: a BERT-family checkpoint in Hugging Face layout, a base that `distil` wrote, or `none` to learn
    /// from the bot's data alone [default: shipped, the small bilingual base that comes with the program; none for
    /// entities alone]
    #[arg(long, value_name = "DIR|none|shipped", value_parser = base)]
    pub base: Option<Base>,

    /// Put before each text for the base, such as `query: ` for E5 [default: what the base's folder says]
    #[arg(long, value_name = "TEXT", requires = "base")]
    pub prefix: Option<String>,

    /// How much of a BERT is trained; other bases stay as they are [default: few-shot below 20 examples per intent, else
    /// frozen; full for entities alone]
    #[arg(long, value_enum, requires = "base")]
    pub depth: Option<Depth>,

    /// How exactly the base computes once it is trained
    #[arg(long, value_enum, requires = "base")]
    pub precision: Option<Precision>,

    /// What a BERT base learns intents on; cuda is the first NVIDIA GPU, and needs a program built with
    /// `--features cuda` [default: cpu]
    #[arg(long, value_enum)]
    pub device: Option<Device>,

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

    /// First try a small grid of settings (learning rate and epochs; from nothing dropout, over a BERT its depth) by successive halving,
    /// judged on held-out messages alone, and learn with the best; takes about as long as five trainings without. What
    /// other flags settle is left alone, and Ctrl-C goes on with the best so far
    #[arg(long, requires = "bot")]
    pub search: bool,

    /// The share of answers that may be wrong; the threshold follows [default: the bot's own, else 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accepted_error: Option<f32>,

    /// Also write the curves as TensorBoard event files into this folder
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,

    /// Give way to all else that runs here, such as a live service
    #[arg(long)]
    pub low_priority: bool,

    /// Start from the beginning where a training into this --out broke off, instead of continuing it; one that was
    /// begun with other data or other options is never continued, and refused without this flag
    #[arg(long)]
    pub fresh: bool,

    /// Write down every so many seconds what is needed to go on [default: at most a twentieth of the time, at the end of an
    /// epoch after 20 seconds or within one after 120]
    #[arg(long, value_name = "SECONDS", env = "FRONTDESK_CHECKPOINT_SECONDS")]
    pub checkpoint_seconds: Option<u32>,

    /// For programs: continue what broke off where that can be done, and start from the beginning where it cannot
    #[arg(long, hide = true, conflicts_with = "fresh")]
    pub or_fresh: bool,

    /// Read and report the data, then stop without training
    #[arg(long)]
    pub data_only: bool,

    /// Print one JSON object a line instead of a progress bar and tables
    #[arg(long)]
    pub json: bool,
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

/// What a base is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The processor (the default)
    Cpu,
    /// The first NVIDIA GPU: the same steps, but for rounding
    Cuda,
}

/// How exactly a trained base computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// In 32-bit floats (the default)
    Float,
    /// Dense layers in 8 bits: faster answers, a little less exact
    EightBit,
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  train my-bot --out model                           learn from the bot's own examples and logs
  train my-bot --out model --logs march.jsonl        and from last month's conversations
  train my-bot --out model --base none               without the shipped base: smaller, knows only the bot's words
  train my-bot --out model --base ../e5-small        start from a BERT-family checkpoint
  train my-bot --out model --base ../e5-small --prefix 'query: ' --depth frozen
                                                     only a head over its vectors, in seconds
  train my-bot --out model --base ../bge-base --depth full --device cuda
                                                     on a GPU, by a program that was built for it
  train --entities tagged.conll --out model          learn entities alone
  train my-bot --out model --data-only               only say what the data is worth

Ctrl-C finishes with the best model so far and saves it; a second Ctrl-C leaves at once and saves no model.

While it learns, a training keeps what it needs to go on in MODEL.partial beside --out. After a crash, a lack of power or
a second Ctrl-C the same command continues there, and gives the same model to the last bit. With --search it keeps the
settings that were tried, too.";
