//! The command line as scripts use it: JSON lines in and out, and exit codes that mean something.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Home, OWNER_PASSWORD, Service, copy_folder, corner_shop, frontdesk, frontdesk_with, within, word,
};

/// The live model of a trained home.
fn live_model(home: &Path) -> std::path::PathBuf {
    let models = frontdesk(["model", "list", "--home", word(home), "--json"]).check(0).json_lines();
    let live = models.iter().find(|model| model["live"] == true).expect("one model is live");
    home.join("models").join(live["version"].as_str().unwrap())
}

#[test]
fn a_new_bot_is_checked_trained_tested_and_served_as_init_tells() {
    let home = Home::empty();
    let (bot, model) = (home.beside("my-bot"), home.beside("model"));
    frontdesk(["init", word(&bot)]).check(0);
    frontdesk(["init", word(&bot)]).check(2);
    frontdesk(["check", word(&bot)]).check(0);
    frontdesk(["train", word(&bot), "--out", word(&model)]).check(0);
    frontdesk(["train", word(&bot), "--out", word(&model)]).check(2);
    let tested = frontdesk(["test", word(&bot), "--model", word(&model)]).check(0);
    assert!(tested.stdout.contains("3 of 3 golden conversations pass"), "{}", tested.stdout);
    let words = ["serve", "--home", word(home.path()), "--bot", word(&bot), "--port", "0"];
    within(60, async {
        let service = Service::launch(&words, &home.beside("log"), &[]);
        let answered = service.customer("en").await.say("How much is shipping?").await;
        assert_eq!(answered["decision"]["faq_id"], "shipping-fee-en", "an FAQ answers without a model: {answered}");
    });
}

#[test]
fn a_golden_conversation_that_fails_is_shown_and_the_answer_is_no() {
    let home = Home::trained();
    let bot = home.beside("bot");
    copy_folder(corner_shop(), &bot);
    let impossible = "conversations:\n  - name: shipping is free for everyone\n    turns:\n      - customer: How much is shipping?\n        expect: {action: handoff, contains: free for everyone}\n";
    std::fs::write(bot.join("golden/impossible.yml"), impossible).unwrap();
    let model = live_model(home.path());
    let failed = frontdesk(["test", word(&bot), "--model", word(&model)]).check(1);
    assert!(
        failed.stdout.contains("shipping is free for everyone") && failed.stdout.contains("3 of 4"),
        "{}",
        failed.stdout
    );
    let only = frontdesk(["test", word(&bot), "--model", word(&model), "--only", "parcel", "--json"]).check(0);
    assert_eq!(only.json_lines().iter().map(|report| &report["passed"]).collect::<Vec<_>>(), [true]);
    frontdesk(["test", word(&home.beside("nothing"))]).check(2);
}

#[test]
fn an_index_answers_json_lines_with_calibrated_hits() {
    let home = Home::empty();
    let index = home.beside("index");
    let built = frontdesk(["index", word(corner_shop()), "--out", word(&index), "--json"]).check(0);
    assert_eq!(built.json_lines()[0]["entries"], 16);
    let questions = "{\"text\": \"How much is shipping?\"}\n\n{\"text\": \"补自行车胎\"}\n{\"text\": \"\"}\n";
    let found = frontdesk_with(["search", word(&index), "--top", "3"], questions.as_bytes()).check(0).json_lines();
    assert_eq!(found.len(), 3, "one answer a question, none for the empty line");
    assert_eq!(
        (&found[0]["hits"][0]["id"], &found[1]["hits"][0]["id"]),
        (&json!("shipping-fee-en"), &json!("bicycle-zh"))
    );
    for hit in found.iter().flat_map(|answer| answer["hits"].as_array().unwrap()) {
        let probability = hit["probability"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&probability) && hit["score"].is_number() && hit["question"].is_string(), "{hit}");
    }
    assert!(found.iter().all(|answer| answer["hits"].as_array().unwrap().len() <= 3));
    let partly =
        frontdesk_with(["search", word(&index)], b"{\"text\": \"parking\"}\nnonsense\n{\"text\": \"invoice\"}\n")
            .check(2);
    assert_eq!(partly.json_lines().len(), 2, "the good lines are answered");
    assert!(partly.stderr.contains("line 2"), "{}", partly.stderr);
    frontdesk(["search", word(&home.beside("nothing"))]).check(2);
}

#[test]
fn an_index_is_searched_with_the_encoder_it_was_made_with() {
    let home = Home::empty();
    let (index, encoder) = (home.beside("index"), home.beside("encoder"));
    copy_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/base")), &encoder);
    let found = || {
        let answer = frontdesk_with(["search", word(&index)], "{\"text\": \"运费多少钱\"}\n".as_bytes()).check(0);
        answer.json_lines()[0]["hits"][0].clone()
    };
    let make = ["index", word(corner_shop()), "--out", word(&index)];
    frontdesk(make).check(0);
    let by_the_base = found();
    frontdesk([&make[..], &["--encoder", word(&encoder)]].concat()).check(0);
    let by_the_folder = found();
    assert_eq!(by_the_base["id"], by_the_folder["id"]);
    assert_ne!(by_the_base["score"], by_the_folder["score"], "its vectors have their mean taken off");
    std::fs::remove_dir_all(&encoder).unwrap();
    let lost = frontdesk(["search", word(&index)]).check(2);
    assert!(lost.stderr.contains(word(&encoder)), "{}", lost.stderr);
    frontdesk(make).check(0);
    assert_eq!(found(), by_the_base);
    frontdesk([&make[..], &["--encoder", word(&home.beside("nothing"))]].concat()).check(2);
}

#[test]
fn a_model_classifies_json_lines() {
    let home = Home::trained();
    let model = live_model(home.path());
    let messages =
        "{\"text\": \"where is my parcel\"}\n{\"text\": \"转人工客服\"}\n{\"text\": \"how do I cook rice\"}\n";
    let answers = frontdesk_with(["predict", word(&model)], messages.as_bytes()).check(0).json_lines();
    let intents: Vec<&Value> = answers.iter().map(|answer| &answer["intent"]).collect();
    assert_eq!(intents, [&json!("order_status"), &json!("talk_to_human"), &Value::Null], "{answers:?}");
    for answer in &answers {
        let probability = answer["probability"].as_f64().unwrap();
        assert!(
            (0.0..=1.0).contains(&probability) && answer["ranking"].is_array() && answer["entities"].is_array(),
            "{answer}"
        );
    }
    let wrong = b"{\"text\": \"hello\"}\n{\"words\": \"hello\"}\n\xff\xfe\n{\"text\": \"\"}\n";
    let partly = frontdesk_with(["predict", word(&model)], wrong).check(2);
    assert_eq!(partly.json_lines().len(), 1, "the good lines are answered");
    let complaints: Vec<Value> = partly.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(complaints.iter().map(|complaint| &complaint["line"]).collect::<Vec<_>>(), [2, 3, 4], "{complaints:?}");
}

#[test]
fn a_model_is_measured_and_the_exit_code_can_depend_on_it() {
    let home = Home::trained();
    let (model, file) = (live_model(home.path()), home.beside("test.jsonl"));
    let rows = "{\"text\": \"track my parcel\", \"intent\": \"order_status\"}\n{\"text\": \"谢谢你\", \"intent\": \"thanks\"}\n{\"text\": \"is there life on Mars\", \"intent\": null}\n";
    std::fs::write(&file, rows).unwrap();
    let page = home.beside("report.html");
    let words = ["eval", word(&model), "--test", word(&file), "--json", "--html", word(&page)];
    let report: Value = serde_json::from_str(&frontdesk(words).check(0).stdout).unwrap();
    assert!(report.to_string().contains("accuracy"), "{report}");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("<svg") && !html.contains("src=\"http"), "the page is self-contained");
    std::fs::write(&file, "{\"text\": \"track my parcel\", \"intent\": \"thanks\"}\n").unwrap();
    frontdesk(["eval", word(&model), "--test", word(&file), "--require-accuracy", "0.9"]).check(1);
    std::fs::write(&file, "{\"text\": \n").unwrap();
    let broken = frontdesk(["eval", word(&model), "--test", word(&file)]).check(2);
    assert!(broken.stderr.contains("test.jsonl") && broken.stderr.contains('1'), "{}", broken.stderr);
}

#[test]
fn the_faq_of_a_home_is_changed_while_its_service_runs() {
    let home = Home::trained();
    let at_home = ["--home", word(home.path())];
    let faq = |words: &[&str]| frontdesk(["faq"].iter().chain(words).chain(&at_home).copied());
    within(120, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        let file = home.beside("new.csv");
        std::fs::write(
            &file,
            "id,question,answer,language\nparking-en,Is there parking near the shop?,In the garden.,en\n",
        )
        .unwrap();
        let told = faq(&["import", word(&file), "--dry-run"]).check(0);
        assert!(told.stdout.contains("1 would be changed"), "{}", told.stdout);
        faq(&["import", word(&file)]).check(0);
        let question = "Is there parking near the shop?";
        wait_for_answer(&customer, question, "In the garden.").await;

        let history = faq(&["history", "parking-en", "--json"]).check(0).json_lines();
        assert_eq!(history.len(), 2, "{history:?}");
        assert_eq!(history[0]["updated_by"], "command line", "{history:?}");
        faq(&["restore", "parking-en", "1"]).check(0);
        wait_for_answer(&customer, question, history[1]["answer"].as_str().unwrap()).await;
        faq(&["restore", "parking-en", "99"]).check(2);
        faq(&["history", "nothing"]).check(2);

        for format in ["csv", "jsonl"] {
            let out = home.beside(&format!("out.{format}"));
            faq(&["export", "--format", format, "--out", word(&out)]).check(0);
            let again = faq(&["import", word(&out)]).check(0);
            assert!(again.stdout.contains("0 added, 0 changed, 16 unchanged"), "{format}: {}", again.stdout);
        }
    });
}

/// Asks until the answer is the expected one; the command line's changes are live within seconds.
async fn wait_for_answer(customer: &crate::harness::Customer, question: &str, expected: &str) {
    let mut said = Value::Null;
    for _ in 0..40 {
        said = customer.say(question).await;
        if said["text"] == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("expected {expected:?}, heard {said}");
}

#[test]
fn a_backup_taken_under_way_is_restored_into_a_new_home() {
    let home = Home::trained();
    let (backup, new_home) = (home.beside("backup"), home.beside("new-home"));
    within(120, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        customer.say("hello").await;
        frontdesk(["backup", "--home", word(home.path()), "--out", word(&backup)]).check(0);
        frontdesk(["backup", "--home", word(home.path()), "--out", word(&backup)]).check(2);
        customer.say("after the backup").await;
        frontdesk(["restore", word(&backup), "--home", word(&new_home)]).check(0);
        frontdesk(["restore", word(&backup), "--home", word(&new_home)]).check(2);
        frontdesk(["restore", word(corner_shop()), "--home", word(&home.beside("third"))]).check(2);
        let restored = Service::start(&new_home);
        let customer = customer.on(&restored.public);
        assert_eq!(customer.history().await.len(), 2, "as it was when the backup was taken");
        assert_eq!(customer.say("How much is shipping?").await["decision"]["faq_id"], "shipping-fee-en");
        assert_eq!(customer.say("where is my parcel").await["decision"]["action"], "form", "the model came along");
        let ready = restored.public.get("/readyz").await.json(200);
        assert_eq!(ready["index_revision"], ready["faq_revision"], "{ready}");
    });
}

#[test]
fn accounts_and_tokens_are_made_listed_and_taken_away() {
    let home = Home::trained();
    let at_home = ["--home", word(home.path())];
    let run = |words: &[&str], input: &str| frontdesk_with(words.iter().chain(&at_home).copied(), input.as_bytes());
    within(120, async {
        let service = Service::start(home.path());
        run(&["user", "add", "mei@shop.example", "--role", "agent"], "another-password\n").check(0);
        run(&["user", "add", "mei@shop.example", "--role", "agent"], "another-password\n").check(2);
        run(&["user", "add", "li@shop.example", "--role", "agent"], "").check(2);
        let sign_in = |password: &'static str| {
            let body = json!({ "email": "mei@shop.example", "password": password });
            service.public.send(service.public.request(Method::POST, "/v1/sessions").json(&body))
        };
        assert_eq!(sign_in("another-password").await.status, 204);
        run(&["user", "password", "mei@shop.example"], "a-third-password\n").check(0);
        sign_in("another-password").await.check_problem(401, "wrong_password");
        assert_eq!(sign_in("a-third-password").await.status, 204);
        let accounts = run(&["user", "list", "--json"], "").check(0).json_lines();
        assert!(
            accounts.iter().any(|account| account["email"] == "mei@shop.example" && account["role"] == "agent"),
            "{accounts:?}"
        );

        let token = run(&["token", "create", "--role", "viewer", "--name", "dashboard"], "").check(0);
        let dashboard = service.public.with_token(token.stdout.trim());
        dashboard.get("/v1/faq").await.json(200);
        let listed = run(&["token", "list", "--json"], "").check(0);
        assert!(!listed.stdout.contains(token.stdout.trim()), "a list never shows secrets");
        let listed = listed.json_lines();
        let id = listed.iter().find(|token| token["name"] == "dashboard").unwrap()["id"].as_str().unwrap().to_owned();
        run(&["token", "revoke", &id], "").check(0);
        dashboard.get("/v1/faq").await.check_problem(401, "unauthenticated");
    });
}

#[test]
fn a_fresh_home_gets_its_owners_password_from_the_environment_or_prints_one_once() {
    let home = Home::empty();
    let words = ["serve", "--home", word(home.path()), "--bot", word(corner_shop()), "--port", "0"];
    within(90, async {
        let service = Service::launch(&words, &home.beside("log"), &[]);
        let owner = json!({ "email": "owner@localhost", "password": OWNER_PASSWORD });
        assert_eq!(service.public.post("/v1/sessions", &owner).await.status, 204);
        assert!(!service.log().contains(OWNER_PASSWORD), "the log never holds a password");
    });
}

#[test]
fn calls_that_cannot_be_understood_end_with_2() {
    let home = Home::empty();
    let nothing = home.beside("nothing");
    for words in [
        vec!["dance"],
        vec!["serve"],
        vec!["serve", "--home", word(home.path())],
        vec!["serve", "--home", word(home.path()), "--bot", word(&nothing)],
        vec!["train", word(&nothing), "--out", word(&home.beside("model"))],
        vec!["index", word(&nothing), "--out", word(&home.beside("index"))],
        vec!["predict", word(&nothing)],
        vec!["faq", "export", "--home", word(&nothing)],
        vec!["model", "list", "--home", word(&nothing)],
        vec!["backup", "--home", word(&nothing)],
        vec!["token", "create", "--home", word(home.path()), "--role", "king"],
    ] {
        let refused = frontdesk(words.iter().copied()).check(2);
        assert!(refused.stderr.contains("error: "), "{words:?}: {}", refused.stderr);
        assert!(!refused.stderr.contains("panicked"), "{words:?}: {}", refused.stderr);
    }
    let helped = frontdesk(["--help"]).check(0);
    assert!(helped.stdout.contains("Exit codes"), "{}", helped.stdout);
}

#[test]
fn the_demo_bot_holds_every_conversation_that_it_promises() {
    let demo = corner_shop().join("../../data/demo");
    let told = frontdesk(["test", word(&demo)]);
    told.check(0);
}
