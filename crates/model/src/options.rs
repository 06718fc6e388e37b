//! How to train, and what training reports while it runs.

use std::path::PathBuf;

use candle_core::Device;
use serde::{Deserialize, Serialize};

use crate::{Depth, Error, Precision};

/// The part of the network that reads the message's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderKind {
    /// No token encoder: n-gram features alone.
    Ngrams,
    /// The average of token embeddings.
    #[default]
    Bag,
    /// Text CNN: convolutions of several widths, max-pool, dense.
    Cnn,
    /// A BERT-family encoder; what most `base` folders hold.
    Bert,
    /// A sentence encoder of averages; what `base` folders that were distilled here hold.
    Averaged,
}

/// Where a pretrained encoder comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseSource {
    /// The small bilingual sentence encoder that comes with this crate.
    Shipped,
    /// A folder in Hugging Face layout: a BERT-family checkpoint, or a sentence encoder that was distilled here.
    Folder(PathBuf),
}

/// What a BERT base is trained on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComputeDevice {
    /// The processor.
    #[default]
    Cpu,
    /// The first NVIDIA GPU; needs the cargo feature `cuda`.
    Cuda,
    /// The processor by what a GPU goes by, to compare both.
    #[cfg(test)]
    Tensors,
}

impl ComputeDevice {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The device, where it is not the processor; or an error that names the way out.
    pub(crate) fn open(self) -> Result<Option<Device>, Error> {
        let refuse = |problem| Err(Error::Option { option: "device", problem });
        match self {
            Self::Cpu => Ok(None),
            #[cfg(test)]
            Self::Tensors => Ok(Some(Device::Cpu)),
            Self::Cuda if !cfg!(feature = "cuda") => refuse(WITHOUT_CUDA.to_owned()),
            Self::Cuda => match Device::new_cuda(0) {
                Ok(device) => Ok(Some(device)),
                Err(error) => refuse(format!("{NO_GPU}: {error}")),
            },
        }
    }
}

const WITHOUT_CUDA: &str = "this program was built without CUDA; `cargo build --release -p fine_tune --features cuda` \
    builds `fine-tune` with it, and the device cpu needs none";
const NO_GPU: &str = "no NVIDIA GPU can be used; `nvidia-smi` says which there are, and the device cpu needs none";

/// Settings of one training run; the default suits bots from ten to hundreds of examples per intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainOptions {
    /// What to start from; `None` trains from nothing.
    pub base: Option<BaseSource>,
    /// How much of the base is trained; `None` chooses by the amount of data.
    pub depth: Option<Depth>,
    /// How exactly the base's encoder computes once it is trained.
    pub precision: Precision,
    /// The token encoder when there is no base.
    pub encoder: EncoderKind,
    /// Passes over the data, of the deepest stage where a base goes through several; `None` chooses by the data.
    pub epochs: Option<u32>,
    /// Examples per step.
    pub batch_size: usize,
    /// Highest learning rate, of the base's weights where there is a base; `None` chooses by the encoder.
    pub learning_rate: Option<f32>,
    /// Share of all steps over which the learning rate rises.
    pub warmup: f32,
    /// Decoupled weight decay per unit of learning rate.
    pub weight_decay: f32,
    /// Share of joined features dropped in training; over a base at most a tenth.
    pub dropout: f32,
    /// Share of a message's n-grams and tokens left out in training.
    pub feature_dropout: f32,
    /// Share of the messages that are learned a second time with typing errors, see [`TrainOptions::share_of_typos`].
    pub typos: Option<f32>,
    /// Probability mass spread over all intents in the target.
    pub label_smoothing: f32,
    /// Seed of the split, of initial weights, of the order and of dropout.
    pub seed: u64,
    /// Epochs without improvement before stopping.
    pub patience: u32,
    /// Most parts of the rows that are held out in turn, where one part holds few.
    pub folds: usize,
    /// Share of training rows held out when the set brings no validation rows.
    pub validation_share: f32,
    /// Whether the model is trained again on all rows, held-out ones too, once it is calibrated.
    pub refit: bool,
    /// The share of answers that may be wrong; the bundle's default threshold follows from it.
    pub accepted_error_rate: f32,
    /// Threads to use; `None` uses what there is. The result does not depend on it.
    pub threads: Option<usize>,
    /// What a BERT base is trained on for intents, which changes the result by no more than rounding. The head, the
    /// verdict on held-out rows and entities are learned on the processor.
    #[serde(skip_serializing_if = "ComputeDevice::is_usual")]
    pub device: ComputeDevice,
    /// Bytes of memory that training may take; `None` for no limit. Batches of a base go in pieces that fit, which
    /// changes the result by no more than rounding. What is on another device does not count.
    pub memory: Option<u64>,
    /// Version written into the bundle; `None` makes one of `trained_at` and a hash of data and options.
    pub version: Option<String>,
    /// Time of training to record, RFC 3339; the crate itself reads no clock for it.
    pub trained_at: String,
    /// Put before each text for a base; `None` takes what the base's folder says.
    pub prefix: Option<String>,
    /// Licence of the base's weights, carried in the bundle.
    pub base_licence: Option<String>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            base: None,
            depth: None,
            precision: Precision::default(),
            encoder: EncoderKind::default(),
            epochs: None,
            batch_size: 32,
            learning_rate: None,
            warmup: 0.1,
            weight_decay: 0.01,
            dropout: 0.5,
            feature_dropout: 0.5,
            typos: None,
            label_smoothing: 0.1,
            seed: 17,
            patience: 5,
            folds: 5,
            validation_share: 0.15,
            refit: true,
            accepted_error_rate: 0.05,
            threads: None,
            device: ComputeDevice::default(),
            memory: None,
            version: None,
            trained_at: String::new(),
            prefix: None,
            base_licence: None,
        }
    }
}

impl TrainOptions {
    /// The share of messages that are learned with typing errors too: unless told otherwise 0.3 from nothing and all over
    /// a base that stays as it is; over a BERT none are.
    pub fn share_of_typos(&self) -> f32 {
        match &self.base {
            _ if self.has_transformer() => 0.0,
            None => self.typos.unwrap_or(0.3),
            Some(_) => self.typos.unwrap_or(1.0),
        }
    }

    /// The same without names, times, and what changes the result by no more than rounding.
    pub(crate) fn of_the_result(&self) -> Self {
        Self {
            base: None,
            base_licence: None,
            version: None,
            trained_at: String::new(),
            threads: None,
            device: ComputeDevice::default(),
            memory: None,
            ..self.clone()
        }
    }
}

/// Loss and accuracy on held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean cross-entropy.
    pub loss: f32,
    /// Share of rows whose best intent is right.
    pub accuracy: f32,
}

/// What training reports after some steps and after every epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The current epoch, from 1.
    pub epoch: u32,
    /// Planned epochs; 0 while a base reads the messages that have a sentiment.
    pub epochs: u32,
    /// Steps done.
    pub step: u64,
    /// Planned steps.
    pub steps: u64,
    /// Mean training loss of this epoch so far.
    pub loss: f32,
    /// Share of this epoch's training rows classified right, dropout included.
    pub train_accuracy: f32,
    /// Set on the report that ends an epoch.
    pub validation: Option<Validation>,
    /// Speed of this run.
    pub examples_per_second: f32,
    /// Estimated time to the planned end.
    pub seconds_left: f32,
}

/// The watcher's answer to a progress report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Finish now with the best state so far.
    Stop,
}
