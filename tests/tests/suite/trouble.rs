//! The machine fails: the disk is full, the database is held by somebody else, a model is damaged.
//! What was acknowledged stays, what cannot be kept is refused in words, and the service recovers by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use crate::harness::{Home, Service, copy_folder, frontdesk, skip, within, word};
use crate::large_faq::write_entries;

/// A small file system of its own, gone with the test.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Nothing when this machine does not let us mount.
    fn mount(path: PathBuf, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).output();
        mounted.is_ok_and(|outcome| outcome.status.success()).then_some(Self { path })
    }

    /// Writes a file until nothing more fits, and still nothing a moment later: the index gives old files back by itself.
    fn fill(&self) -> PathBuf {
        let file = self.path.join("fill");
        let length = || std::fs::metadata(&file).map_or(0, |about| about.len());
        for _ in 0..20 {
            let before = length();
            Self::grow(&file);
            if length() == before {
                break;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        file
    }

    fn grow(file: &Path) {
        let mut size = 1 << 20;
        while size > 0 {
            let grown = std::fs::File::options().create(true).append(true).open(file);
            match grown.and_then(|mut file| std::io::Write::write_all(&mut file, &vec![0; size])) {
                Ok(()) => {}
                Err(_) => size /= 4,
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}

#[test]
fn a_full_disk_refuses_in_words_and_loses_nothing() {
    let trained = Home::trained();
    let megabytes = size_of(trained.path()) / (1 << 20) + 12;
    let Some(disk) = SmallDisk::mount(trained.beside("disk"), u32::try_from(megabytes).unwrap()) else {
        return skip("the full disk", "this machine does not let the tests mount a small tmpfs (needs root)");
    };
    let home = disk.path.join("home");
    copy_folder(trained.path(), &home);
    within(120, async {
        let service =
            Service::launch(&["serve", "--home", word(&home), "--port", "0"], &trained.beside("full.log"), &[]);
        let (customer, editor) = (service.customer("en").await, service.staff("editor"));
        customer.say("hello").await;
        let entry = |answer: &str| json!({ "question": "Is there parking near the shop?", "answer": answer });
        editor.put("/v1/faq/parking-en", &entry("Before.")).await.json(200);

        let fill = disk.fill();
        let refused = customer.attempt("How much is shipping?", "on-a-full-disk").await.unwrap();
        refused.check_problem(507, "disk_full");
        editor.put("/v1/faq/parking-en", &entry("During.")).await.check_problem(507, "disk_full");
        let begun = service.public.post("/v1/conversations", &json!({})).await;
        begun.check_problem(507, "disk_full");
        assert_eq!(customer.history().await.len(), 2, "reading goes on and nothing was half kept");

        std::fs::remove_file(fill).unwrap();
        let again = customer.attempt("How much is shipping?", "on-a-full-disk").await.unwrap().json(200);
        assert_eq!(again["messages"][0]["decision"]["faq_id"], "shipping-fee-en", "{again}");
        editor.put("/v1/faq/parking-en", &entry("After.")).await.json(200);
        assert_eq!(customer.say("Is there parking near the shop?").await["text"], "After.");
        let versions = editor.get("/v1/faq/parking-en/history").await.json(200);
        let answers: Vec<_> =
            versions.as_array().unwrap().iter().map(|version| version["answer"].as_str().unwrap()).collect();
        assert_eq!(&answers[..2], ["After.", "Before."]);
        assert!(service.terminate().success());
        let service =
            Service::launch(&["serve", "--home", word(&home), "--port", "0"], &trained.beside("full.log"), &[]);
        assert_eq!(customer.on(&service.public).history().await.len(), 6);
        let ready = service.public.get("/readyz").await.json(200);
        assert_eq!(ready["index_revision"], ready["faq_revision"], "{ready}");
    });
}

#[test]
fn an_import_that_does_not_fit_on_the_disk_takes_nothing_and_leaves_room_for_customers() {
    let trained = Home::trained();
    let megabytes = size_of(trained.path()) / (1 << 20) + 40;
    let Some(disk) = SmallDisk::mount(trained.beside("disk"), u32::try_from(megabytes).unwrap()) else {
        return skip("the full disk", "this machine does not let the tests mount a small tmpfs (needs root)");
    };
    let (home, file) = (disk.path.join("home"), trained.beside("large.jsonl"));
    copy_folder(trained.path(), &home);
    within(170, async {
        let service =
            Service::launch(&["serve", "--home", word(&home), "--port", "0"], &trained.beside("full.log"), &[]);
        let (customer, editor) = (service.customer("en").await, service.staff("editor"));
        let before = service.public.get("/readyz").await.json(200)["faq_revision"].clone();
        write_entries(&file, 40_000, 1);
        let refused = frontdesk(["faq", "import", "--home", word(&home), word(&file)]).check(2);
        assert!(refused.stderr.contains("is full"), "{}", refused.stderr);
        customer.attempt("How much is shipping?", "after-the-import").await.unwrap().json(200);
        assert_eq!(service.public.get("/readyz").await.json(200)["faq_revision"], before);
        editor.get("/v1/faq/large-0").await.check_problem(404, "not_found");

        write_entries(&file, 1_000, 2);
        frontdesk(["faq", "import", "--home", word(&home), word(&file)]).check(0);
        assert_eq!(editor.get("/v1/faq/large-999").await.json(200)["version"], 1);
        assert!(service.terminate().success());
    });
}

fn size_of(folder: &Path) -> u64 {
    let sizes = std::fs::read_dir(folder).unwrap().flatten().map(|entry| {
        let about = entry.metadata().unwrap();
        if about.is_dir() { size_of(&entry.path()) } else { about.len() }
    });
    sizes.sum()
}

#[test]
fn a_database_held_by_another_program_is_waited_for_and_then_refused_in_words() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let (customer, editor) = (service.customer("en").await, service.staff("editor"));
        customer.say("hello").await;
        let address = format!("sqlite://{}", home.path().join("frontdesk.db").display());
        let mut other = SqliteConnection::connect(&address).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

        let asked = Instant::now();
        let entry = json!({ "question": "Is there parking near the shop?", "answer": "Held." });
        let (said, saved) =
            tokio::join!(customer.attempt("thanks", "while-held"), editor.put("/v1/faq/parking-en", &entry));
        said.unwrap().check_problem(503, "busy");
        saved.check_problem(503, "busy");
        assert!(asked.elapsed() < Duration::from_secs(25), "{:?}", asked.elapsed());
        assert_eq!(customer.history().await.len(), 2, "reading goes on");

        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        customer.attempt("thanks", "while-held").await.unwrap().json(200);
        editor.put("/v1/faq/parking-en", &entry).await.json(200);
        assert_eq!(customer.say("Is there parking near the shop?").await["text"], "Held.");
        assert_eq!(customer.history().await.len(), 6);
    });
}

/// The folder of the model that is live in a trained home.
fn live_model(home: &Path) -> (String, PathBuf) {
    let models = frontdesk(["model", "list", "--home", word(home), "--json"]).check(0).json_lines();
    let live = models.iter().find(|model| model["live"] == true).expect("one model is live");
    let version = live["version"].as_str().unwrap().to_owned();
    (version.clone(), home.join("models").join(version))
}

#[test]
fn a_damaged_model_is_refused_by_the_command_line_with_the_file_named() {
    let home = Home::trained();
    let (_, model) = live_model(home.path());
    let weights = model.join("model.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    for (damage, bytes) in [("cut", &whole[..whole.len() / 2]), ("empty", &[][..]), ("noise", &[0x5a; 4096][..])] {
        std::fs::write(&weights, bytes).unwrap();
        let refused = frontdesk(["predict", word(&model)]).check(2);
        assert!(refused.stderr.contains("model.safetensors"), "{damage}: {}", refused.stderr);
        assert!(
            refused.stderr.starts_with("error: ") && !refused.stderr.contains("panicked"),
            "{damage}: {}",
            refused.stderr
        );
    }
    std::fs::write(&weights, &whole).unwrap();
    for file in ["config.json", "frontdesk.json", "tokenizer.json"] {
        let path = model.join(file);
        let kept = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"{").unwrap();
        let refused = frontdesk(["predict", word(&model)]).check(2);
        assert!(refused.stderr.contains(file), "{file}: {}", refused.stderr);
        std::fs::remove_file(&path).unwrap();
        let refused = frontdesk(["predict", word(&model)]).check(2);
        assert!(refused.stderr.contains(file), "{file}: {}", refused.stderr);
        std::fs::write(&path, kept).unwrap();
    }
    frontdesk(["predict", word(&model)]).check(0);
}

#[test]
fn a_damaged_live_model_does_not_keep_the_service_from_answering() {
    let home = Home::trained();
    let before = live_model(home.path());
    let other = {
        let models = frontdesk(["model", "list", "--home", word(home.path()), "--json"]).check(0).json_lines();
        models.iter().find(|model| model["live"] == false).unwrap()["version"].as_str().unwrap().to_owned()
    };
    frontdesk(["model", "promote", "--home", word(home.path()), &other, "--force", "a test"]).check(0);
    let weights = home.path().join("models").join(&other).join("model.safetensors");
    let half = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &half[..half.len() / 2]).unwrap();
    within(90, async {
        let service = Service::start(home.path());
        let ready = service.public.get("/readyz").await.json(200);
        assert_eq!(ready["model"], before.0.as_str(), "the model before it serves");
        let greeted = service.customer("en").await.say("hello").await;
        assert_eq!(greeted["decision"]["action"], "smalltalk", "{greeted}");
        let editor = service.staff("editor");
        let insist = json!({ "force": true, "reason": "a test" });
        let refused = editor.post(&format!("/v1/models/{other}/promote"), &insist).await;
        assert!(refused.status >= 400, "{}", refused.text());
        assert_eq!(service.public.get("/readyz").await.json(200)["model"], before.0.as_str());
        assert!(service.log().contains("model.safetensors"), "the log names the file");
    });
}
