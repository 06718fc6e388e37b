//! The browser itself: chromedriver started on a free port, sessions on a desktop or a phone, what the pages complain of.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{wait, word};

/// What a person sees through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Screen {
    Desktop,
    Phone,
}

/// A running chromedriver.
pub(super) struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    /// Nothing when no Chromium is installed here.
    pub(super) fn start() -> Option<Self> {
        let mut child =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let stdout = child.stdout.take().unwrap();
        let (sender, ports) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let port = line.strip_suffix('.').and_then(|line| line.rsplit_once("started successfully on port "));
                if let Some((_, port)) = port {
                    let _ = sender.send(port.to_owned());
                }
            }
        });
        let port = ports.recv_timeout(Duration::from_secs(30));
        let mut driver = Self { child, address: String::new() };
        driver.address = format!("http://localhost:{}", port.ok()?);
        Some(driver)
    }

    pub(super) async fn open(&self, screen: Screen, profile: &TempDir) -> Client {
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--disable-dev-shm-usage".into(),
            "--lang=zh-CN".into(),
            "--hide-scrollbars".into(),
            format!("--user-data-dir={}", word(profile.path())),
        ];
        let mut options = json!({});
        match screen {
            Screen::Desktop => arguments.push("--window-size=1280,800".into()),
            Screen::Phone => {
                options["mobileEmulation"] =
                    json!({ "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true } });
            }
        }
        options["args"] = json!(arguments);
        let Value::Object(capabilities) = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" }, "timeouts": { "pageLoad": 60_000, "script": 30_000 } })
        else {
            unreachable!("the literal above is an object");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let page = builder.connect(&self.address).await.expect("the browser opens");
        if matches!(screen, Screen::Desktop) {
            // What counts is the page's own size; the window has a frame around it.
            let frame = page.execute("return outerHeight - innerHeight", Vec::new()).await.unwrap();
            let frame = u32::try_from(frame.as_u64().unwrap_or_default()).unwrap_or_default();
            page.set_window_size(1280, 800 + frame).await.unwrap();
        }
        page
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked politely, it also ends the browsers that it started.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = wait(&mut self.child, Duration::from_secs(5));
    }
}

/// What the pages of a session have complained of since this was asked last: scripts that failed, files that were
/// missing, things that the security policy forbade.
pub(super) async fn complaints(page: &Client) -> Vec<String> {
    let entries = page.issue_cmd(TakeLog).await.unwrap();
    let entries = entries.as_array().cloned().unwrap_or_default();
    let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
    severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
}

/// chromedriver's own command for the console's messages.
#[derive(Debug)]
struct TakeLog;

impl WebDriverCompatibleCommand for TakeLog {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
