//! Long work beside the service: one training at a time, in a child process of the same program at low priority,
//! so that a crash or a lack of memory in training never touches chat.

mod child;
mod runner;

pub use child::LOW_PRIORITY;
pub use runner::{JobRunner, TrainRequest};
