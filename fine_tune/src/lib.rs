//! From a bot's files and logs to a published bundle, and what that bundle is worth.
//! It knows candle only through `model` and knows no HTTP.

mod annotation;
pub mod args;
pub mod check;
mod conll;
mod convert;
mod data_report;
mod dataset;
mod dedupe;
mod error;
mod eval;
mod evaluate;
mod events;
mod html;
mod interrupt;
mod logs;
mod nlu;
mod plots;
mod predict;
mod problem;
mod report;
mod row;
mod source;
mod split;
mod tagging;
mod train;
mod watch;
mod weak;

pub use check::check;
pub use convert::run_bot_from_jsonl;
pub use data_report::{Conflict, DataReport, Dropped, IntentCount, Label};
pub use dataset::{BotData, DataOptions, load_bot_data};
pub use error::Error;
pub use eval::run_eval;
pub use evaluate::{
    Averages, CalibrationBin, ClassScore, Confusion, CoveragePoint, Evaluation, LanguageScore, OperatingPoint, Scores,
    evaluate,
};
pub use events::{Curve, TrainEvent, TrainMetrics};
pub use predict::run_predict;
pub use problem::{Place, Problem, Severity};
pub use row::Origin;
pub use tagging::{EntityEvaluation, TagScore, TagScores};
pub use train::run_train;
