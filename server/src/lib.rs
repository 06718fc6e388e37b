//! The service: routes, accounts, widget and console assets, background jobs. The only room that knows HTTP.

#![allow(unreachable_pub, reason = "an application: its modules are private, and pub means for its other modules")]

mod api;
mod app;
mod assets;
mod auth;
mod chat;
pub mod cli;
mod config;
mod console;
mod error;
mod faq_bulk;
mod faq_drafts;
mod faq_encoder;
mod faq_follower;
mod faq_import;
mod home;
mod http;
mod hub;
mod jobs;
mod limits;
mod models;
mod ratings;
mod rehearsal;
mod review;
mod service;
mod stopping;
mod suggestions;
mod telemetry;
