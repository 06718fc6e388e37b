//! Long work beside the service: one training at a time, in a child process of the same program at low priority,
//! so that a crash or a lack of memory in training never touches chat. A job goes on where it was after a crash.

mod child;
mod past;
mod runner;
mod scratch;
mod training;

pub use child::serve_the_service;
pub use runner::{JobRunner, TrainRequest};
