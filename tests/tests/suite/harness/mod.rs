//! How the tests start the program and talk to it. Nothing here waits without a limit.

mod caller;
mod customer;
mod program;
mod service;
mod shop;

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

pub(crate) use caller::{Answer, Caller, sent_events};
pub(crate) use customer::{Customer, fresh_id};
pub(crate) use program::{command, frontdesk, frontdesk_with, wait, word};
pub(crate) use service::{OWNER_PASSWORD, Service};
pub(crate) use shop::{Home, copy_folder, corner_shop, tokens, training_events};

/// Runs a test on a runtime of its own and fails it when it takes longer than `seconds`.
pub(crate) fn within(seconds: u64, test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let finished = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(seconds), test).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    assert!(finished.is_ok(), "the test did not end within {seconds} s");
}

/// Says something even when the test passes and its output is captured.
pub(crate) fn announce(words: &str) {
    let _ = writeln!(std::io::stderr(), "\n   {words}");
}

/// Says loudly that a test did nothing; under CI that is a failure.
pub(crate) fn skip(what: &str, why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} must run under CI, but {why}");
    announce(&format!("SKIPPED: {what}: {why}"));
}
