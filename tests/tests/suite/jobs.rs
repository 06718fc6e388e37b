//! A training job goes on where it was when the service dies under it, and is given up when that happens too often.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Caller, Home, Service, announce, sent_events, within};

/// Checkpoints come every second, so that a short training has one.
const SETTINGS: [(&str, &str); 1] = [("FRONTDESK_CHECKPOINT_SECONDS", "1")];
const LONGEST: Duration = Duration::from_secs(240);

/// A home whose bot has so many more examples that its training takes a while.
fn slow_home() -> Home {
    let home = Home::trained();
    let mut lines = String::new();
    for row in 0..3_000 {
        let intent = ["greet", "thanks", "order_status", "return_request"][row % 4];
        let thing = ["parcel", "lamp", "kettle", "coat", "phone"][row / 4 % 5];
        writeln!(lines, "{}", json!({ "text": format!("{intent} {thing} number {row}"), "intent": intent })).unwrap();
    }
    std::fs::write(home.path().join("bot/intents/more.jsonl"), lines).unwrap();
    home
}

async fn begin(service: &Service) -> String {
    let order = json!({ "kind": "train", "seed": 5, "epochs": 3, "promote": true });
    let job = service.staff("editor").post("/v1/jobs", &order).await.json(202);
    assert_eq!(job["resumed"], false, "{job}");
    format!("/v1/jobs/{}", job["id"].as_str().unwrap())
}

fn folder(home: &Home, job: &str) -> PathBuf {
    home.path().join("jobs").join(job.rsplit('/').next().unwrap())
}

async fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let asked = Instant::now();
    while !is_there() {
        assert!(asked.elapsed() < LONGEST, "{what} takes too long");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether any process trains into this folder.
fn is_training(folder: &Path) -> bool {
    let word = folder.join("model").to_str().unwrap().to_owned();
    let commands = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    commands.filter_map(|path| std::fs::read(path).ok()).any(|line| String::from_utf8_lossy(&line).contains(&word))
}

/// Watches a job to its end.
async fn ended(staff: &Caller, job: &str) -> (Value, Vec<(String, Value)>) {
    let stream = staff.request(reqwest::Method::GET, &format!("{job}/events")).timeout(LONGEST);
    let events = sent_events(&staff.send(stream).await.text());
    (staff.get(job).await.json(200), events.into_iter().map(|(_, name, body)| (name, body)).collect())
}

fn places(events: &[(String, Value)], name: &str) -> Vec<usize> {
    events.iter().enumerate().filter(|(_, (found, _))| found == name).map(|(place, _)| place).collect()
}

#[test]
fn a_training_goes_on_from_its_checkpoint_after_the_service_was_killed() {
    let home = slow_home();
    within(500, async {
        let service = Service::start_with(home.path(), &SETTINGS);
        let job = begin(&service).await;
        let folder = folder(&home, &job);
        wait_for("a checkpoint", || folder.join("model.partial/state").exists()).await;
        assert!(is_training(&folder));
        service.kill();
        wait_for("the end of the orphaned training", || !is_training(&folder)).await;
        assert!(!folder.join("model").exists(), "nothing was published yet");

        let service = Service::start_with(home.path(), &SETTINGS);
        let viewer = service.staff("viewer");
        let (job, events) = ended(&viewer, &job).await;
        assert_eq!((&job["status"], &job["resumed"]), (&json!("done"), &json!(true)), "{job}");
        for name in ["resumed", "continued", "done", "registered", "promoted", "end"] {
            assert_eq!(places(&events, name).len(), 1, "{name}");
        }
        let went_on = &events[places(&events, "continued")[0]].1;
        announce(&format!("the training went on after epoch {} of {}", went_on["epoch"], went_on["epochs"]));
        let version = &events[places(&events, "promoted")[0]].1["version"];
        assert_eq!(service.public.get("/readyz").await.json(200)["model"], *version);
        assert!(!folder.exists(), "what a job leaves behind is cleared");
    });
}

#[test]
fn a_training_waits_for_the_next_start_when_the_service_stops_in_good_order() {
    let home = slow_home();
    within(500, async {
        let service = Service::start_with(home.path(), &SETTINGS);
        let job = begin(&service).await;
        let folder = folder(&home, &job);
        wait_for("a checkpoint", || folder.join("model.partial/state").exists()).await;
        assert!(service.terminate().success());
        assert!(!is_training(&folder));
        let service = Service::start_with(home.path(), &SETTINGS);
        let editor = service.staff("editor");
        wait_for("the training to go on", || is_training(&folder)).await;
        let shown = editor.get(&job).await.json(200);
        assert_eq!((&shown["status"], &shown["resumed"]), (&json!("running"), &json!(true)), "{shown}");
        assert_eq!(editor.delete(&job).await.status, 204);
        let (shown, events) = ended(&editor, &job).await;
        assert_eq!(shown["status"], "cancelled", "{shown}");
        assert_eq!(places(&events, "end").len(), 1);
    });
}

#[test]
fn a_job_that_was_cancelled_as_the_service_died_stays_cancelled() {
    let home = slow_home();
    within(500, async {
        let service = Service::start_with(home.path(), &SETTINGS);
        let job = begin(&service).await;
        let folder = folder(&home, &job);
        wait_for("the training", || is_training(&folder)).await;
        assert_eq!(service.staff("editor").delete(&job).await.status, 204);
        service.kill();
        let service = Service::start_with(home.path(), &SETTINGS);
        let (shown, events) = ended(&service.staff("viewer"), &job).await;
        assert_eq!(shown["status"], "cancelled", "{shown}");
        assert!(places(&events, "registered").is_empty());
        wait_for("the end of the training", || !is_training(&folder)).await;
        assert!(!folder.exists());
    });
}

#[test]
fn a_job_under_which_the_service_dies_again_and_again_is_given_up() {
    let home = slow_home();
    within(500, async {
        let mut service = Service::start_with(home.path(), &SETTINGS);
        let live = service.public.get("/readyz").await.json(200)["model"].clone();
        let job = begin(&service).await;
        let folder = folder(&home, &job);
        for _ in 0..3 {
            wait_for("the training", || is_training(&folder)).await;
            service.kill();
            wait_for("the end of the orphaned training", || !is_training(&folder)).await;
            service = Service::start_with(home.path(), &SETTINGS);
        }
        let (shown, events) = ended(&service.staff("viewer"), &job).await;
        assert_eq!(shown["status"], "failed", "{shown}");
        let error = shown["error"].as_str().unwrap();
        assert!(error.contains("died 3 times") && error.contains("start a new job"), "{error}");
        assert_eq!(places(&events, "resumed").len(), 2);
        assert_eq!(events.last().unwrap().0, "end");
        assert!(!folder.exists() && !is_training(&folder));
        assert_eq!(service.public.get("/readyz").await.json(200)["model"], live);
    });
}
