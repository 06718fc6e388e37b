//! Understands a message: intent, out-of-scope score, sentiment and entities, each calibrated, and the bundle on disk.
//! Knows nothing of dialogues, files of a bot or HTTP.

mod beta;
mod bundle;
mod calibration;
mod classifier;
mod columns;
mod contrast;
mod dense;
mod depth;
mod encoder;
mod entities;
mod error;
mod explain;
mod features;
mod info;
mod judgement;
mod linear;
mod logistic;
mod neighbours;
mod network;
mod optimise;
mod options;
mod prediction;
mod products;
mod random;
mod scope;
mod sentence;
mod sentiment;
mod several;
mod split;
mod table;
mod tokens;
mod train;
mod training_set;
mod typos;

pub use beta::BetaCalibration;
pub use calibration::{Calibration, ScopeModel};
pub use classifier::Classifier;
pub use depth::{Depth, Precision};
pub use entities::{EntityFinder, EntityTagger, Gazetteer, GazetteerEntity, GazetteerValue};
pub use error::Error;
pub use explain::{Explanation, NearExample, WordEffect};
pub use info::{BundleInfo, FORMAT_VERSION, FeatureInfo};
pub use optimise::Vocabulary;
pub use options::{BaseSource, ComputeDevice, Control, EncoderKind, Progress, TrainOptions, Validation};
pub use prediction::{Entity, Prediction, Scored, ScoredSentiment, Sentiment};
pub use products::products;
pub use sentence::{
    Architecture, DistilOptions, DistilProgress, Line, SentenceEncoder, Shape, Teacher, TransformerShape, distil,
};
pub use several::SeveralIntents;
pub use train::{Checkpoint, Continued, Start, train, train_with, training_key};
pub use training_set::{AnnotatedText, Example, Mention, Taught, TrainingSet};
