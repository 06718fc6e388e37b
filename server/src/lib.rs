//! The service: routes, accounts, widget and console assets, background jobs. The only room that knows HTTP.

mod api;
mod app;
mod assets;
mod auth;
mod chat;
pub mod cli;
mod config;
mod console;
mod error;
mod faq_follower;
mod home;
mod http;
mod hub;
mod jobs;
mod limits;
mod models;
mod service;
mod telemetry;
