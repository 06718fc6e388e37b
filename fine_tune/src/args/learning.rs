//! How a model learns: the flags that `train`, `validate` and `curve` share.

use clap::{Args, ValueEnum};

use super::numbers::{not_negative, positive, share, size};

/// How the model learns; what is left out is chosen by the model.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Learning (the defaults suit most bots)")]
pub struct LearningArgs {
    /// The encoder beside the n-gram features when there is no base [default: bag]
    #[arg(long, value_enum)]
    pub encoder: Option<Encoder>,

    /// Passes over the data; stops earlier when held-out accuracy no longer rises, see --patience [default: 5 to 15 over
    /// the shipped base, 10 to 25 from nothing, more where there is less data; with a BERT 15 to 40 at the depth frozen, 8 at
    /// few-shot and 5 at full]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub epochs: Option<u32>,

    /// Messages a step: more are steadier and take more memory, fewer take more steps [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch_size: Option<u32>,

    /// The largest step size, reached after warm-up: higher learns faster, too high forgets [default: 0.003; 0.00005 for the
    /// weights of a base]
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub learning_rate: Option<f64>,

    /// The share of all steps over which the step size rises; over the others it falls to nothing [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub warmup: Option<f32>,

    /// How strongly weights are pulled towards zero, against learning by heart [default: 0.01]
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub weight_decay: Option<f64>,

    /// The share of features hidden at random in each step, against learning by heart [default: 0.5; over a base never more
    /// than 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub dropout: Option<f32>,

    /// How much of each label is spread over all intents, against false certainty [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub label_smoothing: Option<f32>,

    /// The share of messages in Latin letters that are learned a second time with a typing error in them; over a base in
    /// Hugging Face layout none are [default: 1 over the shipped base, 0.3 from nothing]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub typos: Option<f32>,

    /// Early stopping: epochs without a better held-out result before the rest is left out [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub patience: Option<u32>,

    /// The start of all randomness: the same seed and data give the same model [default: 17]
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use model::TrainOptions;

    use super::*;

    #[derive(clap::Parser)]
    struct Words {
        #[command(flatten)]
        _learning: LearningArgs,
    }

    #[test]
    fn help_says_the_defaults_that_training_has() {
        let help = Words::command().term_width(10_000).render_long_help().to_string();
        let usual = TrainOptions::default();
        let base = TrainOptions { base: Some(model::BaseSource::Folder("base".into())), ..TrainOptions::default() };
        for (flag, default) in [
            ("--batch-size", usual.batch_size.to_string()),
            ("--learning-rate", format!("{}; {} for", usual.highest_rate(), base.highest_rate())),
            ("--warmup", usual.warmup.to_string()),
            ("--weight-decay", usual.weight_decay.to_string()),
            ("--dropout", usual.dropout.to_string()),
            ("--label-smoothing", usual.label_smoothing.to_string()),
            ("--patience", usual.patience.to_string()),
            ("--seed", usual.seed.to_string()),
        ] {
            let words = help.split(&format!("{flag} <")).nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
            assert!(words.contains(&format!("[default: {default}")), "{flag} {default}: {words}");
        }
    }
}
