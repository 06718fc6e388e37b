//! Training by a job with live progress, and models promoted and rolled back while customers are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Customer, Home, Service, announce, sent_events, training_events, within};

#[test]
fn a_training_tells_how_far_it_is_until_its_model_is_live() {
    let events = sent_events(training_events());
    let names: Vec<&str> = events.iter().map(|(_, name, _)| name.as_str()).collect();
    for name in ["data", "progress", "done", "registered", "promoted"] {
        assert!(names.contains(&name), "{name} is missing of {names:?}");
    }
    assert_eq!(names.last(), Some(&"end"));
    assert_eq!(events.last().unwrap().2["status"], "done");
    assert!(events.is_sorted_by_key(|(id, _, _)| *id));
    let progress: Vec<&Value> =
        events.iter().filter(|(_, name, _)| name == "progress").map(|(_, _, body)| body).collect();
    let last = progress.last().unwrap();
    assert!(last["loss"].is_number() && last["seconds_left"].is_number() && last["epoch"].is_number(), "{last}");
    let golden = &events.iter().find(|(_, name, _)| name == "registered").unwrap().2["golden"];
    assert_eq!(golden["failed"], json!([]), "{golden}");
}

#[test]
fn a_watcher_that_lost_its_line_goes_on_where_it_was() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let viewer = service.staff("viewer");
        let jobs = viewer.get("/v1/jobs").await.json(200);
        let first = jobs.as_array().unwrap().last().unwrap();
        assert_eq!(first["status"], "done", "{first}");
        let path = format!("/v1/jobs/{}/events", first["id"].as_str().unwrap());
        let all = sent_events(training_events());
        let (seen, rest) = all.split_at(all.len() - 3);
        let resumed = viewer.request(Method::GET, &path).header("last-event-id", seen.last().unwrap().0);
        assert_eq!(sent_events(&viewer.send(resumed).await.text()), rest);
    });
}

#[test]
fn a_cancelled_training_leaves_what_is_live_as_it_is() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let before = editor.get("/v1/models").await.json(200);
        let job = editor.post("/v1/jobs", &json!({ "kind": "train", "epochs": 10_000 })).await.json(202);
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        assert_eq!(editor.delete(&path).await.status, 204);
        let stream = editor.get(&format!("{path}/events")).await;
        let ended = editor.get(&path).await.json(200);
        assert_eq!(ended["status"], "cancelled", "{ended}; {}", stream.text());
        assert_eq!(editor.get("/v1/models").await.json(200), before);
        editor.post("/v1/jobs", &json!({ "kind": "dance" })).await.check_problem(422, "invalid");
        service.staff("agent").post("/v1/jobs", &json!({ "kind": "train" })).await.check_problem(403, "forbidden");
    });
}

/// The versions of a trained home: the live one and the other.
async fn versions(staff: &Caller) -> (String, String) {
    let models = staff.get("/v1/models").await.json(200);
    let models = models.as_array().unwrap();
    assert_eq!(models.len(), 2, "{models:?}");
    let of = |current: bool| {
        models.iter().find(|model| model["current"] == current).unwrap()["version"].as_str().unwrap().to_owned()
    };
    (of(true), of(false))
}

async fn promote(staff: &Caller, version: &str) {
    let insist = json!({ "force": true, "reason": "a test changes models" });
    let promoted = staff.post(&format!("/v1/models/{version}/promote"), &insist).await.json(200);
    assert_eq!((&promoted["version"], &promoted["current"]), (&json!(version), &json!(true)));
}

#[test]
fn a_model_is_promoted_and_rolled_back_and_stays_so_after_a_restart() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let (live, other) = versions(&editor).await;
        promote(&editor, &other).await;
        assert_eq!(service.public.get("/readyz").await.json(200)["model"], other.as_str());
        assert!(service.terminate().success());

        let service = Service::start(home.path());
        let editor = service.staff("editor");
        assert_eq!(service.public.get("/readyz").await.json(200)["model"], other.as_str());
        let back = editor.post("/v1/models/rollback", &json!({})).await.json(200);
        assert_eq!(back["version"], live.as_str());
        editor.post("/v1/models/rollback", &json!({})).await.check_problem(409, "conflict");
        editor.post("/v1/models/m-nothing/promote", &json!({})).await.check_problem(404, "not_found");
        let without_reason = editor.post(&format!("/v1/models/{other}/promote"), &json!({ "force": true })).await;
        without_reason.check_problem(422, "invalid");
        let viewer = service.staff("viewer");
        viewer.post("/v1/models/rollback", &json!({})).await.check_problem(403, "forbidden");
    });
}

/// Says something again and again until told to stop; any answer but 200 is a failure.
async fn talk(customer: Customer, go_on: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> Result<(), String> {
    let texts = ["hello", "How much is shipping?", "thanks", "我要退货", "保修多久？"];
    for (number, text) in texts.iter().cycle().enumerate() {
        if !go_on.load(Ordering::Relaxed) {
            break;
        }
        match customer.attempt(text, &format!("under-load-{number}")).await {
            Ok(answer) if answer.status == 200 => answered.fetch_add(1, Ordering::Relaxed),
            Ok(answer) => return Err(answer.text()),
            Err(error) => return Err(error.to_string()),
        };
    }
    Ok(())
}

#[test]
fn models_change_under_load_without_one_failed_request() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let (go_on, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let mut talking = Vec::new();
        for _ in 0..8 {
            let customer = service.customer("en").await;
            talking.push(tokio::spawn(talk(customer, Arc::clone(&go_on), Arc::clone(&answered))));
        }
        let (first, second) = versions(&editor).await;
        for _ in 0..5 {
            promote(&editor, &second).await;
            tokio::time::sleep(Duration::from_millis(150)).await;
            let back = editor.post("/v1/models/rollback", &json!({})).await.json(200);
            assert_eq!(back["version"], first.as_str());
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        go_on.store(false, Ordering::Relaxed);
        for talk in talking {
            talk.await.unwrap().unwrap();
        }
        let answered = answered.load(Ordering::Relaxed);
        assert!(answered > 20, "only {answered} messages were answered");
        announce(&format!("models changed 10 times under {answered} messages, none of them failed"));
    });
}
