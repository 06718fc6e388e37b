//! Entities of a message: known values by lists and patterns, others by a tagger learned from marked sentences.

mod confidence;
mod descent;
mod features;
mod gazetteer;
mod labels;
mod lattice;
mod learn;
mod pieces;
mod projection;
mod read;
mod school;
mod tagger;
mod tokens;

pub use gazetteer::{EntityFinder, Gazetteer, GazetteerEntity, GazetteerValue};
pub(crate) use learn::{Pace, Weights as TaggerWeights};
pub(crate) use pieces::{BLOCKS, Cutter, Form, Pieces, Seen};
pub(crate) use projection::Projection;
pub(crate) use school::{Base, Checks, Encoder, School};
pub use tagger::EntityTagger;
pub(crate) use tagger::TaggerFacts;
pub(crate) use tokens::Tokenised;
