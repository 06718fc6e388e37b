//! A large FAQ comes in while customers are served: nobody waits for it, and whatever breaks off, it is whole or not there.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::harness::{Caller, Customer, Home, Service, announce, command, fresh_id, within, word};

const ENTRIES: usize = 3_000;
const KILLS: u32 = 6;

/// Writes entries that all say which edition they are of; words by a skewed law, so that some are common.
pub(crate) fn write_entries(path: &Path, n_entries: usize, edition: u32) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut word = || format!("word{}", (random.random::<f64>().powi(3) * 20_000.0) as u32);
    let mut text = String::new();
    for number in 0..n_entries {
        let mut words = |n: usize| (0..n).map(|_| word()).collect::<Vec<_>>().join(" ");
        let (question, similar, answer) = (words(6), words(6), words(25));
        let entry = json!({ "id": format!("large-{number}"), "question": format!("topic{number} {question}"),
            "similar": [similar], "answer": format!("Edition {edition}: {answer}") });
        text.push_str(&entry.to_string());
        text.push('\n');
    }
    std::fs::write(path, text).unwrap();
}

/// The edition of which all entries are, 0 where there are none; nothing where they are of several.
async fn edition(service: &Service, n_entries: usize) -> Option<u32> {
    let exported = service.staff("viewer").get("/v1/faq/export?format=jsonl").await;
    assert_eq!(exported.status, 200, "{}", exported.text());
    let text = exported.text();
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers = entries.filter(|entry| entry["id"].as_str().unwrap().starts_with("large-"));
    let editions: Vec<u32> = answers
        .map(|entry| entry["answer"].as_str().unwrap().split([' ', ':']).nth(1).unwrap().parse().unwrap())
        .collect();
    match editions.first() {
        None => Some(0),
        Some(first) if editions.len() == n_entries && editions.iter().all(|edition| edition == first) => Some(*first),
        Some(_) => None,
    }
}

/// Waits until what was interrupted is finished, and says how it ended.
async fn settled(service: &Service) -> u32 {
    let started = Instant::now();
    loop {
        let ready = service.public.get("/readyz").await;
        let followed = ready.status == 200 && {
            let ready = ready.json(200);
            ready["index_revision"] == ready["faq_revision"]
        };
        if followed && let Some(edition) = edition(service, ENTRIES).await {
            return edition;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the import is half there: {}", ready.text());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[test]
fn an_import_that_is_killed_is_whole_or_not_there() {
    let seed =
        std::env::var("FRONTDESK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    announce(&format!("killing {KILLS} imports with FRONTDESK_TEST_SEED={seed}"));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let home = Home::trained();
    let file = home.beside("large.jsonl");
    within(280, async {
        let mut service = Service::start(home.path());
        let mut before = 0;
        for edition in 1..=KILLS {
            write_entries(&file, ENTRIES, edition);
            let moment = Duration::from_millis(random.random_range(50..2_500));
            let whole = if edition % 2 == 0 {
                kill_command(&home, &file, moment).await
            } else {
                let killed = kill_service(service, &file, moment).await;
                service = Service::start(home.path());
                killed
            };
            let after = settled(&service).await;
            // What a killed program had decided the service finishes when it finds it left alone, which may be later.
            let possible = if whole { edition..=edition } else { before..=edition };
            assert!(possible.contains(&after), "edition {after} after {before}, whole: {whole}");
            before = after;
            announce(&format!("killed after {} ms: edition {after} of {edition}", moment.as_millis()));
        }
        let last = KILLS + 1;
        write_entries(&file, ENTRIES, last);
        let taken = import(&service.staff("editor"), &file).await.unwrap();
        assert_eq!(taken, 200);
        assert_eq!(settled(&service).await, last);
        let answered = answer_to_a_topic(&service).await;
        assert!(answered["text"].as_str().unwrap().starts_with(&format!("Edition {last}:")), "{answered}");
    });
}

#[test]
fn an_index_whose_rebuild_is_killed_is_built_again_at_the_next_start() {
    let seed =
        std::env::var("FRONTDESK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    announce(&format!("killing {KILLS} rebuilds with FRONTDESK_TEST_SEED={seed}"));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let home = Home::trained();
    let file = home.beside("large.jsonl");
    write_entries(&file, ENTRIES, 1);
    within(280, async {
        let service = Service::start(home.path());
        assert_eq!(import(&service.staff("editor"), &file).await.unwrap(), 200);
        assert_eq!(settled(&service).await, 1);
        assert!(service.terminate().success());
        for kill in 1..=KILLS {
            std::fs::remove_dir_all(home.path().join("index")).unwrap();
            // Once at a random moment of the rebuild, once more in what the next start makes of it.
            for _ in 0..2 {
                let moment = Duration::from_millis(random.random_range(100..2_000));
                let mut child = Service::spawn_only(home.path());
                tokio::time::sleep(moment).await;
                child.kill().unwrap();
                child.wait().unwrap();
                announce(&format!("rebuild {kill} killed after {} ms", moment.as_millis()));
            }
            let service = Service::start(home.path());
            assert_eq!(settled(&service).await, 1);
            answer_to_a_topic(&service).await;
            service.kill();
        }
    });
}

/// Asks until an entry is surely the answer: probabilities are learned again beside the work, after a kill too.
async fn answer_to_a_topic(service: &Service) -> Value {
    let customer = service.customer("en").await;
    let started = Instant::now();
    loop {
        let answered = customer.say("topic1234").await;
        if answered["decision"]["faq_id"] == "large-1234" {
            return answered;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{answered}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Kills the command that imports; whether it had ended well before.
async fn kill_command(home: &Home, file: &Path, moment: Duration) -> bool {
    let mut import = command();
    import.args(["faq", "import", "--home", word(home.path()), word(file)]);
    let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(moment).await;
    let ended = import.try_wait().unwrap();
    if ended.is_none() {
        import.kill().unwrap();
        import.wait().unwrap();
    }
    ended.is_some_and(|status| status.success())
}

/// Kills the service that imports; whether it had answered before.
async fn kill_service(service: Service, file: &Path, moment: Duration) -> bool {
    let (editor, file) = (service.staff("editor"), file.to_owned());
    let importing = tokio::spawn(async move { import(&editor, &file).await });
    tokio::time::sleep(moment).await;
    service.kill();
    importing.await.unwrap().is_ok_and(|status| status == 200)
}

async fn import(editor: &Caller, file: &Path) -> reqwest::Result<u16> {
    let request =
        editor.request(reqwest::Method::POST, "/v1/faq/import?format=jsonl").body(std::fs::read(file).unwrap());
    Ok(Caller::attempt(request).await?.status)
}

/// Waits in milliseconds.
#[derive(Debug, Default)]
struct Waits(Vec<f64>);

impl Waits {
    fn add(&mut self, started: Instant) {
        self.0.push(started.elapsed().as_secs_f64() * 1000.0);
    }

    fn say(mut self, of: &str) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let at = |part: f64| self.0[((self.0.len() - 1) as f64 * part) as usize];
        announce(&format!(
            "{of}: {} of them, p50 {:.1}, p99 {:.1}, longest {:.1} ms",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        ));
        at(1.0)
    }
}

/// Talks ten times a second until told to stop.
async fn talk(customer: Customer, done: Arc<AtomicBool>) -> Waits {
    let mut waits = Waits::default();
    while !done.load(Ordering::Relaxed) {
        let started = Instant::now();
        customer.attempt("How much is shipping?", &fresh_id()).await.unwrap().json(200);
        waits.add(started);
        tokio::time::sleep(Duration::from_millis(100).saturating_sub(started.elapsed())).await;
    }
    waits
}

/// Searches fifty times a second until told to stop.
async fn search(staff: Caller, n_entries: usize, done: Arc<AtomicBool>) -> Waits {
    let mut waits = Waits::default();
    for number in (0..n_entries).step_by(7).cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        staff.post("/v1/search", &json!({ "text": format!("topic{number} word12 word40"), "top": 3 })).await.json(200);
        waits.add(started);
        tokio::time::sleep(Duration::from_millis(20).saturating_sub(started.elapsed())).await;
    }
    waits
}

/// `cargo test -p tests --test suite large_faq -- --ignored --nocapture`, with `FRONTDESK_TEST_ENTRIES` (100,000) entries.
#[test]
#[ignore = "takes minutes; its figures stand in BENCHMARKS.md"]
fn a_large_import_keeps_no_customer_waiting_and_edits_are_visible_at_once() {
    let n_entries = std::env::var("FRONTDESK_TEST_ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let home = Home::trained();
    let file = home.beside("large.jsonl");
    write_entries(&file, n_entries, 1);
    within(900, async {
        let service = Service::start(home.path());
        let (customer, staff) = (service.customer("en").await, service.staff("owner"));
        let beside = || {
            let done = Arc::new(AtomicBool::new(false));
            let talking = tokio::spawn(talk(customer.clone(), Arc::clone(&done)));
            let searching = tokio::spawn(search(staff.clone(), n_entries, Arc::clone(&done)));
            (done, talking, searching)
        };
        let (done, talking, searching) = beside();
        let started = Instant::now();
        import_beside(&home, file.clone()).await;
        announce(&format!("{n_entries} entries were taken in {:.1} s", started.elapsed().as_secs_f64()));
        while service.public.get("/readyz").await.json(200)["index_revision"].as_u64() < Some(n_entries as u64) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        announce(&format!("all of them were searchable after {:.1} s", started.elapsed().as_secs_f64()));
        done.store(true, Ordering::Relaxed);
        let longest = talking.await.unwrap().say("messages beside the import");
        searching.await.unwrap().say("searches beside the import");
        assert!(longest < 2_000.0, "a customer waited {longest:.0} ms");

        let (done, talking, searching) = beside();
        let mut waits = Waits::default();
        for number in 0..300 {
            let (id, answer) = (format!("large-{}", number * 97 % n_entries), format!("Edited {number}."));
            let started = Instant::now();
            let body = json!({ "question": format!("edited{number}"), "answer": answer });
            staff.put(&format!("/v1/faq/{id}"), &body).await.json(200);
            waits.add(started);
            let hits =
                staff.post("/v1/search", &json!({ "text": format!("edited{number}"), "top": 1 })).await.json(200);
            assert_eq!(hits["hits"][0]["id"], id.as_str(), "{hits}");
        }
        done.store(true, Ordering::Relaxed);
        waits.say("edits until they were visible");
        talking.await.unwrap().say("messages beside the edits");
        searching.await.unwrap().say("searches beside the edits");
    });
}

async fn import_beside(home: &Home, file: PathBuf) {
    let home = home.path().to_owned();
    let importing = tokio::task::spawn_blocking(move || {
        crate::harness::frontdesk(["faq", "import", "--home", word(&home), word(&file)]).check(0)
    });
    announce(importing.await.unwrap().stdout.trim());
}
