//! A running `frontdesk serve`, stopped at the latest when it is dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::program::{command, wait, word};
use super::{Caller, Customer, announce, tokens};

pub(crate) const OWNER_PASSWORD: &str = "a-password-for-tests";

/// How long a start may take on a busy machine, and a stop.
const START: Duration = Duration::from_secs(120);
const STOP: Duration = Duration::from_secs(40);
const REQUEST: Duration = Duration::from_secs(40);

/// One process of the service.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
    /// From the start of the process to its printed address.
    pub(crate) start_time: Duration,
    pub(crate) public: Caller,
}

impl Service {
    /// Serves a home folder.
    pub(crate) fn start(home: &Path) -> Self {
        Self::start_with(home, &[])
    }

    /// Serves a home folder with some settings, given as environment variables.
    pub(crate) fn start_with(home: &Path, settings: &[(&str, &str)]) -> Self {
        Self::launch(&["serve", "--home", word(home), "--port", "0"], &log_of(home), settings)
    }

    /// Runs a command that serves until it is stopped.
    pub(crate) fn launch(words: &[&str], log: &Path, settings: &[(&str, &str)]) -> Self {
        let started = Instant::now();
        let mut child = spawn(words, log, settings);
        let addresses = read_addresses(child.stdout.take().unwrap());
        let Ok(address) = addresses.recv_timeout(START) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the service did not start:\n{}", std::fs::read_to_string(log).unwrap_or_default());
        };
        let http = reqwest::Client::builder().timeout(REQUEST).no_proxy().build().unwrap();
        let public = Caller::new(http, &address, None);
        Self { child, log: log.to_owned(), start_time: started.elapsed(), public }
    }

    /// Starts the process without waiting for it to be ready, for tests that kill it on the way.
    pub(crate) fn spawn_only(home: &Path) -> Child {
        spawn(&["serve", "--home", word(home), "--port", "0"], &log_of(home), &[])
    }

    pub(crate) fn address(&self) -> &str {
        self.public.base()
    }

    /// A caller with a staff token of this role, on a home made by [`super::Home`].
    pub(crate) fn staff(&self, role: &str) -> Caller {
        self.public.with_token(&tokens()[role])
    }

    pub(crate) async fn customer(&self, language: &str) -> Customer {
        Customer::begin(&self.public, language).await
    }

    /// Signs the owner in and returns the cookie to send.
    pub(crate) async fn sign_in(&self) -> String {
        let body = json!({ "email": "owner@localhost", "password": OWNER_PASSWORD });
        let signed_in = self.public.post("/v1/sessions", &body).await;
        assert_eq!(signed_in.status, 204, "{}", signed_in.text());
        let cookie = signed_in.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Asks the process to stop, as an operator would, and waits for its end.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.ask_to_stop();
        self.terminate_once_asked()
    }

    /// Waits for the end of a process that was asked to stop.
    pub(crate) fn terminate_once_asked(mut self) -> ExitStatus {
        wait(&mut self.child, STOP).expect("the service stops in time")
    }

    pub(crate) fn ask_to_stop(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("the process runs");
    }

    /// Kills the process as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process runs");
        self.child.wait().expect("the process ends");
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            announce(&format!("the service's last words:\n{}", tail.join("\n")));
        }
    }
}

fn log_of(home: &Path) -> PathBuf {
    home.with_extension("log")
}

fn spawn(words: &[&str], log: &Path, settings: &[(&str, &str)]) -> Child {
    let log = File::options().create(true).append(true).open(log).expect("the log can be written");
    command()
        .args(words)
        .env("FRONTDESK_OWNER_PASSWORD", OWNER_PASSWORD)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

/// Reads the address off the process's first words and goes on reading, so that it never waits for us.
fn read_addresses(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, addresses) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let page = line.split_whitespace().find(|word| word.starts_with("http://") && word.ends_with("/demo"));
            if let Some(address) = page.and_then(|page| page.strip_suffix("/demo")) {
                let _ = sender.send(address.to_owned());
            }
        }
    });
    addresses
}
