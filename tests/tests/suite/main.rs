//! The service started for real, on port 0 with a temporary home, driven from outside.
#![allow(clippy::unwrap_used, reason = "a failed expectation of a test is meant to stop it")]

mod harness;

mod browser;
mod chatting;
mod command_line;
mod crashes;
mod data_commands;
mod doors;
mod embeddings;
mod faq;
mod faq_drafts;
mod faq_keeping;
mod faq_merge;
mod faq_preview;
mod handover;
mod hostile;
mod interface;
mod jobs;
mod large_faq;
mod models;
mod pressure;
mod refusals;
mod refused_files;
mod rooms;
mod suggestions;
mod trouble;
mod widget;
