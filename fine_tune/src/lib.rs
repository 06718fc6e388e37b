//! From a bot's files and logs to a published bundle, and what that bundle is worth.
//! It knows candle only through `model` and knows no HTTP.

mod annotation;
pub mod args;
mod audit;
pub mod check;
mod communities;
mod compare;
mod conll;
mod convert;
mod data_report;
mod dataset;
mod dedupe;
mod drift;
mod error;
mod eval;
mod evaluate;
mod events;
mod folds;
mod html;
mod inspect;
mod interrupt;
mod learning_curve;
mod linear;
mod logs;
mod mine;
mod near;
mod nlu;
mod out_of_fold;
mod plots;
mod predict;
mod problem;
mod progress;
mod queue;
mod report;
mod row;
mod search;
mod significance;
mod slices;
mod source;
mod split;
mod tagging;
mod telling;
mod terminal;
mod train;
mod validate;
mod vectors;
mod watch;
mod weak;
mod web;

pub use audit::{Audit, Evidence, Finding, IntentHealth, Kind};
pub use check::check;
pub use compare::{Change, Comparison, IntentChange, run_compare};
pub use convert::run_bot_from_jsonl;
pub use data_report::{Conflict, DataReport, Dropped, IntentCount, Label};
pub use dataset::{BotData, DataOptions, load_bot_data};
pub use drift::{Drift, run_drift};
pub use error::Error;
pub use eval::run_eval;
pub use evaluate::{
    Averages, CalibrationBin, ClassScore, Confusion, CoveragePoint, Evaluation, LanguageScore, OperatingPoint, Scores,
    evaluate,
};
pub use events::{Curve, TrainEvent, TrainMetrics};
pub use inspect::run_check;
pub use learning_curve::{CurvePoint, LearningCurve, run_curve};
pub use mine::{Group, Mined, Reply, run_mine};
pub use predict::run_predict;
pub use problem::{Place, Problem, Severity};
pub use queue::{Queued, run_queue};
pub use row::Origin;
pub use search::Trial;
pub use significance::Difference;
pub use slices::{Aspect, Slice};
pub use tagging::{EntityEvaluation, TagScore, TagScores};
pub use train::run_train;
pub use validate::{Part, Validation, run_validate};
