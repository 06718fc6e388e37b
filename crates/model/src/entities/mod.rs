//! Entities of a message: known values by lists and patterns, others by a tagger learned from marked sentences.

mod confidence;
mod features;
mod gazetteer;
mod labels;
mod lattice;
mod learn;
mod tagger;
mod tokens;

pub use gazetteer::{EntityFinder, Gazetteer, GazetteerEntity, GazetteerValue};
pub(crate) use learn::Weights as TaggerWeights;
pub use tagger::EntityTagger;
pub(crate) use tagger::TaggerFacts;
