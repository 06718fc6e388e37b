//! The very `frontdesk` program, built beside the tests so that they can start it as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run()
}
