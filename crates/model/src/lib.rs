//! Understands a message: intent, out-of-scope score, sentiment and entities, each calibrated, and the bundle on disk.
//! Knows nothing of dialogues, files of a bot or HTTP.

mod bundle;
mod calibration;
mod classifier;
mod contrast;
mod dense;
mod depth;
mod encoder;
mod error;
mod features;
mod gazetteer;
mod info;
mod neighbours;
mod network;
mod options;
mod prediction;
mod random;
mod scope;
mod sentiment;
mod split;
mod table;
mod tokens;
mod train;
mod training_set;

pub use calibration::{Calibration, ScopeModel};
pub use classifier::Classifier;
pub use depth::{Depth, Precision};
pub use error::Error;
pub use gazetteer::{EntityFinder, Gazetteer, GazetteerEntity, GazetteerValue};
pub use info::{BundleInfo, FORMAT_VERSION, FeatureInfo};
pub use options::{Control, EncoderKind, Progress, TrainOptions, Validation};
pub use prediction::{Entity, Prediction, Scored, ScoredSentiment, Sentiment};
pub use train::train;
pub use training_set::{Example, TrainingSet};
