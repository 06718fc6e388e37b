//! The program run to its end, as in a terminal or a script.

use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// How long one command may take; training is the longest.
const LONGEST: Duration = Duration::from_secs(180);

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Fails unless the command ended with this code.
    pub(crate) fn check(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON lines.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }
}

/// The program under test, without the surroundings' own settings.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk-under-test"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FRONTDESK_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `frontdesk` with these words.
pub(crate) fn frontdesk<'a>(words: impl IntoIterator<Item = &'a str>) -> Outcome {
    frontdesk_with(words, b"")
}

/// Runs `frontdesk` with these words and this standard input.
pub(crate) fn frontdesk_with<'a>(words: impl IntoIterator<Item = &'a str>, input: &[u8]) -> Outcome {
    let mut command = command();
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let stdout = read_beside(child.stdout.take().unwrap());
    let stderr = read_beside(child.stderr.take().unwrap());
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    let feeding = spawn(move || {
        // A program that refuses its call closes its input without reading it.
        let _ = stdin.write_all(&input);
    });
    let code = wait(&mut child, LONGEST).expect("the command ends in time");
    feeding.join().unwrap();
    Outcome { code: code.code().unwrap_or(-1), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// Waits for a child's end; kills it and returns nothing when that takes longer than `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return Some(status);
        }
        sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// A path as a word of the command line.
pub(crate) fn word(path: &Path) -> &str {
    path.to_str().expect("temporary paths are Unicode")
}

fn read_beside(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
