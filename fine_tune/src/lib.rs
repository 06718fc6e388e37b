//! From a bot's files and logs to a published bundle, and what that bundle is worth.
//! It knows candle only through `model` and knows no HTTP.

mod annotation;
pub mod args;
mod data_report;
mod dataset;
mod dedupe;
mod error;
mod logs;
mod nlu;
mod problem;
mod row;
mod source;
mod split;
mod weak;

pub use data_report::{Conflict, DataReport, Dropped, IntentCount, Label};
pub use dataset::{BotData, DataOptions, load_bot_data};
pub use error::Error;
pub use problem::{Place, Problem, Severity};
pub use row::Origin;
