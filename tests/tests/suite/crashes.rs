//! The process is killed at random moments, or asked to stop in the middle of its work: what it acknowledged is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Caller, Customer, Home, Service, announce, within};

const KILLS: usize = 20;
const CUSTOMERS: usize = 4;
const EDITED: [(&str, &str); 2] = [("parking-en", "Is there parking near the shop?"), ("vegan-zh", "饼干是纯素的吗？")];

/// What the service acknowledged, and what may have been under way.
#[derive(Debug, Default)]
struct Acknowledged {
    /// By conversation: the client's message ids in order, with the text of the reply.
    messages: Vec<Vec<(String, String)>>,
    /// Messages whose answer was rated.
    rated: Vec<(usize, String)>,
    /// By entry: the newest edit that was acknowledged, and the newest that was sent.
    edits: BTreeMap<&'static str, (u64, u64)>,
}

type Shared = Arc<Mutex<Acknowledged>>;

/// Talks and rates until the service is gone.
async fn talk(place: usize, customer: Customer, kept: Shared) {
    loop {
        let id = crate::harness::fresh_id();
        let Ok(answer) = customer.attempt("How much is shipping?", &id).await else { return };
        let reply = answer.json(200)["messages"][0].clone();
        let text = reply["text"].as_str().unwrap().to_owned();
        kept.lock().unwrap().messages[place].push((id, text));
        let path = format!("/v1/messages/{}/feedback", reply["id"].as_str().unwrap());
        let rating = customer.caller.request(reqwest::Method::POST, &path).json(&json!({ "rating": "up" }));
        let Ok(rated) = Caller::attempt(rating).await else { return };
        assert_eq!(rated.status, 204, "{}", rated.text());
        kept.lock().unwrap().rated.push((place, reply["id"].as_str().unwrap().to_owned()));
    }
}

/// Edits one entry until the service is gone.
async fn edit(id: &'static str, question: &'static str, editor: Caller, kept: Shared) {
    loop {
        let number = {
            let mut kept = kept.lock().unwrap();
            let edit = kept.edits.entry(id).or_default();
            edit.1 += 1;
            edit.1
        };
        let body = json!({ "question": question, "answer": format!("{id} edit {number}.") });
        let Ok(saved) =
            Caller::attempt(editor.request(reqwest::Method::PUT, &format!("/v1/faq/{id}")).json(&body)).await
        else {
            return;
        };
        saved.json(200);
        kept.lock().unwrap().edits.entry(id).and_modify(|edit| edit.0 = number);
    }
}

/// Everything that was acknowledged is there, the index agrees with the store, nothing is half there.
async fn check(service: &Service, customers: &[Customer], kept: &Shared) {
    let ready = service.public.get("/readyz").await.json(200);
    assert_eq!(ready["index_revision"], ready["faq_revision"], "{ready}");
    for (place, customer) in customers.iter().enumerate() {
        let history = customer.on(&service.public).history().await;
        let (expected, rated) = {
            let kept = kept.lock().unwrap();
            let rated: Vec<String> =
                kept.rated.iter().filter(|(of, _)| *of == place).map(|(_, id)| id.clone()).collect();
            (kept.messages[place].clone(), rated)
        };
        assert_eq!(history.len() % 2, 0, "a message without its reply is half a turn");
        let turns: Vec<(&str, &str)> = history
            .chunks(2)
            .map(|turn| (turn[0]["client_message_id"].as_str().unwrap(), turn[1]["text"].as_str().unwrap()))
            .collect();
        let acknowledged: Vec<(&str, &str)> = expected.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
        let found: Vec<_> = turns.iter().copied().filter(|turn| acknowledged.contains(turn)).collect();
        assert_eq!(found, acknowledged, "conversation {place} lost or reordered a message");
        for id in rated {
            let message =
                history.iter().find(|message| message["id"] == id.as_str()).expect("the rated answer is there");
            assert_eq!(message["feedback"], "up", "{message}");
        }
    }
    check_edits(service, kept).await;
}

async fn check_edits(service: &Service, kept: &Shared) {
    let customer = service.customer("en").await;
    for (id, question) in EDITED {
        let (acknowledged, sent) = kept.lock().unwrap().edits.get(id).copied().unwrap_or_default();
        let stored = service.staff("viewer").get(&format!("/v1/faq/{id}")).await.json(200);
        let answer = stored["answer"].as_str().unwrap();
        let number = answer.trim_end_matches('.').split_once(" edit ").map_or(0, |(_, number)| number.parse().unwrap());
        assert!(
            (acknowledged..=sent).contains(&number),
            "{id} is at edit {number}, acknowledged {acknowledged}, sent {sent}"
        );
        let said = customer.say(question).await;
        assert_eq!(said["text"], answer, "the index answers what the store holds");
    }
}

#[test]
fn what_was_acknowledged_survives_twenty_kills_at_random_moments() {
    let seed =
        std::env::var("FRONTDESK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    announce(&format!("killing {KILLS} times with FRONTDESK_TEST_SEED={seed}"));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let home = Home::trained();
    within(280, async {
        let mut service = Service::start(home.path());
        let mut customers = Vec::new();
        for _ in 0..CUSTOMERS {
            customers.push(service.customer("en").await);
        }
        let kept: Shared = Arc::default();
        kept.lock().unwrap().messages.resize(CUSTOMERS, Vec::new());
        for _ in 0..KILLS {
            let mut work = JoinSet::new();
            for (place, customer) in customers.iter().enumerate() {
                work.spawn(talk(place, customer.on(&service.public), Arc::clone(&kept)));
            }
            for (id, question) in EDITED {
                work.spawn(edit(id, question, service.staff("editor"), Arc::clone(&kept)));
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(20..400))).await;
            service.kill();
            while let Some(done) = work.join_next().await {
                done.expect("only the kill ends the work");
            }
            if random.random_range(0..4) == 0 {
                kill_while_starting(&home, random.random_range(0..300)).await;
            }
            service = Service::start(home.path());
            check(&service, &customers, &kept).await;
        }
        let kept = kept.lock().unwrap();
        let messages: usize = kept.messages.iter().map(Vec::len).sum();
        let edits: u64 = kept.edits.values().map(|(acknowledged, _)| acknowledged).sum();
        announce(&format!(
            "{messages} messages, {} ratings and up to {edits} edits were kept over {KILLS} kills",
            kept.rated.len()
        ));
        assert!(messages > KILLS, "the load was no load: {messages} messages");
    });
}

async fn kill_while_starting(home: &Home, milliseconds: u64) {
    let mut child = Service::spawn_only(home.path());
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_stopping_service_finishes_what_it_acknowledged() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let kept: Shared = Arc::default();
        kept.lock().unwrap().messages.resize(CUSTOMERS, Vec::new());
        let mut customers = Vec::new();
        let mut work = JoinSet::new();
        for place in 0..CUSTOMERS {
            let customer = service.customer("en").await;
            customers.push(customer.clone());
            work.spawn(talk_until_refused(place, customer, Arc::clone(&kept)));
        }
        let mut line = customers[0].line().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let stopping = Instant::now();
        service.ask_to_stop();
        let ended = tokio::task::spawn_blocking(move || service.terminate_once_asked()).await.unwrap();
        assert!(ended.success(), "it ended with {ended}");
        let took = stopping.elapsed();
        announce(&format!("an orderly stop under load and with an open line took {:.1} s", took.as_secs_f32()));
        assert!(took < Duration::from_secs(12), "an open line holds up the stop: {took:?}");
        while line.next().await.is_some() {}
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
        let service = Service::start(home.path());
        check(&service, &customers, &kept).await;
    });
}

/// Talks until the service refuses or is gone; a refusal must say that it is stopping.
async fn talk_until_refused(place: usize, customer: Customer, kept: Shared) {
    loop {
        let id = crate::harness::fresh_id();
        let Ok(answer) = customer.attempt("How much is shipping?", &id).await else { return };
        if answer.status != 200 {
            answer.check_problem(503, "stopping");
            return;
        }
        let text = answer.json(200)["messages"][0]["text"].as_str().unwrap().to_owned();
        kept.lock().unwrap().messages[place].push((id, text));
    }
}

#[test]
fn a_home_that_was_served_before_is_served_again_at_once() {
    let home = Home::trained();
    within(90, async {
        let first = Service::start(home.path());
        first.customer("en").await.say("hello").await;
        assert!(first.terminate().success());
    });
    let second = Service::start(home.path());
    announce(&format!("a second start took {:.2} s", second.start_time.as_secs_f32()));
    assert!(second.start_time < Duration::from_secs(15), "{:?}", second.start_time);
}

#[test]
fn a_lost_or_damaged_index_is_built_again_from_the_store() {
    let home = Home::trained();
    within(120, async {
        let index = home.path().join("index");
        for damage in ["removed", "cut"] {
            match damage {
                "removed" => std::fs::remove_dir_all(&index).unwrap(),
                _ => {
                    for file in std::fs::read_dir(&index).unwrap().flatten() {
                        if file.file_type().unwrap().is_file() {
                            std::fs::write(file.path(), b"not an index").unwrap();
                        }
                    }
                }
            }
            let service = Service::start(home.path());
            let ready = service.public.get("/readyz").await.json(200);
            assert_eq!(ready["index_revision"], ready["faq_revision"], "{damage}: {ready}");
            let answered = service.customer("en").await.say("How much is shipping?").await;
            assert_eq!(answered["decision"]["faq_id"], "shipping-fee-en", "{damage}: {answered}");
            assert!(service.terminate().success());
        }
    });
}

#[test]
fn an_index_that_is_deleted_while_it_serves_is_built_again_beside_the_work() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let (customer, editor) = (service.customer("en").await, service.staff("editor"));
        customer.say("How much is shipping?").await;
        std::fs::remove_dir_all(home.path().join("index")).unwrap();
        let body = json!({ "question": "Is there parking near the shop?", "answer": "Edited meanwhile." });
        let saved = editor.put("/v1/faq/parking-en", &body).await;
        assert!([200, 202].contains(&saved.status), "{}", saved.text());
        let started = Instant::now();
        loop {
            let answered = customer.say("How much is shipping?").await;
            assert_eq!(answered["decision"]["faq_id"], "shipping-fee-en", "searches go on: {answered}");
            let ready = service.public.get("/readyz").await;
            let state = ready.json(ready.status);
            if ready.status == 200 && state["index_revision"] == state["faq_revision"] {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "it is not built again: {state}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(customer.say("Is there parking near the shop?").await["text"], "Edited meanwhile.");
        assert!(service.terminate().success());
        let service = Service::start(home.path());
        assert_eq!(
            customer.on(&service.public).say("Is there parking near the shop?").await["text"],
            "Edited meanwhile."
        );
    });
}
