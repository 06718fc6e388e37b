//! How a model learns: the flags that `train`, `validate` and `curve` share.

use clap::{Args, ValueEnum};

use super::numbers::{not_negative, positive, share, size};

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

    /// The share of messages that are learned a second time with a typing error in them [default: 0.3; none over a base]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub typos: Option<f32>,

    /// Epochs without a better held-out result before stopping
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub patience: Option<u32>,

    /// The start of all randomness: the same seed and data give the same model
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Processor threads [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// The most memory that training may take, such as 4GB: a base then takes its batches in pieces that fit, with the
    /// same result; what cannot fit is refused before training begins [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
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
