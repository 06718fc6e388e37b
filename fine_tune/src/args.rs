//! The words of the commands that learn and measure, shared by `fine-tune` and `frontdesk`: a file for each command.
//! Raw flags only: what they mean is decided where they are used.

mod base;
mod bot_from_jsonl;
mod check;
mod compare;
mod curve;
mod drift;
mod eval;
mod learning;
mod mine;
mod numbers;
mod predict;
mod queue;
mod train;
mod validate;

pub use base::Base;
pub use bot_from_jsonl::BotFromJsonlArgs;
pub use check::CheckArgs;
pub use compare::CompareArgs;
pub use curve::CurveArgs;
pub use drift::DriftArgs;
pub use eval::EvalArgs;
pub use learning::{Encoder, LearningArgs};
pub use mine::{MineArgs, Which};
pub use predict::PredictArgs;
pub use queue::QueueArgs;
pub use train::{Depth, Device, Precision, TrainArgs};
pub use validate::ValidateArgs;
