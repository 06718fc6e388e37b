//! The classifier from outside: training, prediction, the bundle on disk and the gazetteer.
#![allow(clippy::unwrap_used)]

mod bases;
mod bundles;
mod checkpoints;
mod entities;
mod explanations;
mod learning;
mod moods;
mod optimising;
mod several;
mod shop;
