//! The corner shop's bot, trained once for the whole run, and homes that are copies of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::program::word;
use super::{Caller, Service, frontdesk};

/// A home folder that goes away with the test; its log lies beside it.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    _folder: TempDir,
}

impl Home {
    /// A home with the corner shop's bot and two models: the first is live, the second was trained after it.
    pub(crate) fn trained() -> Self {
        let home = Self::empty();
        copy_folder(&shop().home, home.path());
        home
    }

    /// A home that does not exist yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("frontdesk-").tempdir().expect("a temporary folder can be made");
        Self { path: folder.path().join("home"), _folder: folder }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path beside the home that goes away with it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }
}

/// The bot folder of the tests.
pub(crate) fn corner_shop() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corner_shop"))
}

/// Staff tokens by role, good in every trained home.
pub(crate) fn tokens() -> &'static HashMap<String, String> {
    &shop().tokens
}

/// What the first training said over its event stream.
pub(crate) fn training_events() -> &'static str {
    &shop().events
}

struct Shop {
    home: PathBuf,
    tokens: HashMap<String, String>,
    events: String,
}

fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    // A thread of its own, since the caller may be inside a runtime.
    SHOP.get_or_init(|| std::thread::spawn(open_shop).join().expect("the corner shop opens"))
}

fn open_shop() -> Shop {
    let home = scratch().join("home");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = ["serve", "--home", word(&home), "--bot", word(corner_shop()), "--port", "0"];
    let service = Service::launch(&first, &home.with_extension("log"), &[]);
    let roles = ["owner", "editor", "agent", "viewer"];
    let tokens: HashMap<_, _> = roles.into_iter().map(|role| (role.to_owned(), make_token(&home, role))).collect();
    let editor = service.public.with_token(&tokens["editor"]);
    let events = runtime.block_on(async {
        let events = train(&editor, 2, true).await;
        train(&editor, 3, false).await;
        events
    });
    let ended = service.terminate();
    assert!(ended.success(), "the service ended with {ended}");
    Shop { home, tokens, events }
}

fn make_token(home: &Path, role: &str) -> String {
    let made = frontdesk(["token", "create", "--home", word(home), "--role", role, "--name", role]).check(0);
    made.stdout.trim().to_owned()
}

/// Trains by a job and returns its event stream, which ends with the job.
async fn train(editor: &Caller, seed: u64, promote: bool) -> String {
    let order = json!({ "kind": "train", "seed": seed, "promote": promote });
    let job = editor.post("/v1/jobs", &order).await.json(202);
    let path = format!("/v1/jobs/{}/events", job["id"].as_str().unwrap());
    let stream = editor.request(Method::GET, &path).timeout(Duration::from_secs(150));
    let events = editor.send(stream).await;
    assert_eq!(events.status, 200);
    events.text()
}

/// A folder of this run; those of runs that have ended are cleared.
fn scratch() -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(all).unwrap();
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ended = name.strip_prefix("corner-shop-").is_some_and(|pid| !Path::new("/proc").join(pid).exists());
        if ended {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let scratch = all.join(format!("corner-shop-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
    scratch
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
