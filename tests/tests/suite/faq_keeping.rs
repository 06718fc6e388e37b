//! Keeping the FAQ over HTTP: many entries at once, edits that somebody else reads first, channels and links.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Customer, Home, Service, within};

const QUESTION: &str = "Do you offer gift wrapping?";
const ENTRY: &str = "/v1/faq/gift-wrap-en";

fn entry(answer: &str) -> Value {
    json!({ "question": QUESTION, "answer": answer, "language": "en", "category": "extras" })
}

/// A second editor beside the harness's own.
async fn another_editor(service: &Service) -> Caller {
    let made = service.staff("owner").post("/v1/tokens", &json!({ "name": "second editor", "role": "editor" })).await;
    service.public.with_token(made.json(201)["token"].as_str().unwrap())
}

#[test]
fn many_entries_are_changed_as_one_and_taken_back_as_one() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let wish = json!({ "filter": { "branch": "extras" }, "change": { "enabled": false }, "note": "closed in May", "dry_run": true });
        let told = editor.post("/v1/faq/bulk", &wish).await.json(200);
        let n = told["changed"].as_u64().unwrap();
        assert!(n >= 1 && told["id"].is_null(), "{told}");
        assert_eq!(told["changes"][0]["fields"][0], json!({ "field": "enabled", "before": "true", "after": "false" }));
        assert_eq!(customer.say(QUESTION).await["decision"]["faq_id"], "gift-wrap-en", "a dry run changes nothing");

        let mut wish = wish;
        wish["dry_run"] = json!(false);
        wish["revision"] = json!(told["revision"].as_i64().unwrap() - 1);
        editor.post("/v1/faq/bulk", &wish).await.check_problem(412, "version_conflict");
        wish["revision"] = told["revision"].clone();
        let done = editor.post("/v1/faq/bulk", &wish).await.json(200);
        assert_eq!(done["changed"], n, "{done}");
        assert_ne!(customer.say(QUESTION).await["decision"]["faq_id"], "gift-wrap-en");
        let newest = &editor.get(&format!("{ENTRY}/history")).await.json(200)[0];
        assert_eq!((&newest["note"], &newest["bulk"]), (&json!("closed in May"), &done["id"]), "{newest}");

        let undo = format!("/v1/faq/bulk/{}/undo", done["id"].as_str().unwrap());
        let undone = editor.post(&undo, &json!({})).await.json(200);
        assert_eq!((&undone["changed"], &undone["left"]), (&json!(n), &json!([])), "{undone}");
        assert_eq!(customer.say(QUESTION).await["decision"]["faq_id"], "gift-wrap-en");
        editor.post(&undo, &json!({})).await.check_problem(409, "conflict");

        let refuse = async |wish: Value| editor.post("/v1/faq/bulk", &wish).await.check_problem(422, "invalid");
        refuse(json!({ "change": { "enabled": true } })).await;
        refuse(json!({ "ids": ["gift-wrap-en"], "change": {} })).await;
        refuse(json!({ "ids": ["gift-wrap-en"], "change": { "channels": ["fax"] } })).await;
        service.staff("agent").post("/v1/faq/bulk", &wish).await.check_problem(403, "forbidden");
    });
}

#[test]
fn what_customers_say_of_an_answer_counts_when_like_questions_come() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let sure = async || {
            let customer = service.customer("en").await;
            let said = customer.say(QUESTION).await;
            let answers = said["decision"]["faq_id"] == "gift-wrap-en";
            let probability = said["decision"]["probability"].as_f64().unwrap();
            (if answers { probability } else { 0.0 }, customer, said["id"].as_str().unwrap().to_owned())
        };
        let (before, ..) = sure().await;
        assert!(before > 0.5, "{before}");
        for _ in 0..3 {
            let (_, customer, reply) = sure().await;
            let path = format!("/v1/messages/{reply}/feedback");
            let rated = customer.caller.post(&path, &json!({ "rating": "down", "reason": "Not what I asked" })).await;
            assert_eq!(rated.status, 204);
        }
        while sure().await.0 > before - 0.05 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        // Another answer begins anew.
        service.staff("editor").put(ENTRY, &entry("Yes, it is free now.")).await.json(200);
        while sure().await.0 < before - 0.05 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn where_review_is_required_an_edit_waits_for_another_pair_of_eyes() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let second = another_editor(&service).await;
        let old = customer.say(QUESTION).await["text"].clone();
        let wish = json!({ "required": "editor" });
        editor.put("/v1/settings/faq-review", &wish).await.check_problem(403, "forbidden");
        service.staff("owner").put("/v1/settings/faq-review", &wish).await.json(200);

        for refused in [
            editor.put(ENTRY, &entry("Now.")).await,
            editor.delete(ENTRY).await,
            editor.post("/v1/faq", &entry("Now.")).await,
            editor.post(&format!("{ENTRY}/restore"), &json!({ "version": 1 })).await,
            editor.post("/v1/faq/bulk", &json!({ "filter": {}, "change": { "enabled": false } })).await,
            editor.post("/v1/faq/import", &json!({ "question": "q", "answer": "a" })).await,
        ] {
            refused.check_problem(403, "review_required");
        }
        let saved = editor.put(&format!("{ENTRY}/draft"), &entry("Yes, in red paper.")).await;
        assert_eq!(saved.header("etag"), Some("\"1\""));
        assert_eq!(saved.json(200)["state"], "draft");
        second.put(&format!("{ENTRY}/draft"), &entry("Mine.")).await.check_problem(412, "version_conflict");
        assert_eq!(editor.post(&format!("{ENTRY}/draft/submit"), &json!({})).await.json(200)["state"], "review");
        assert_eq!(customer.say(QUESTION).await["text"], old, "what customers get has not changed");
        editor.post(&format!("{ENTRY}/draft/approve"), &json!({})).await.check_problem(403, "review_required");

        let back = second.post(&format!("{ENTRY}/draft/return"), &json!({ "note": "and the price?" })).await.json(200);
        assert_eq!((&back["state"], &back["note"]), (&json!("returned"), &json!("and the price?")), "{back}");
        editor.put(&format!("{ENTRY}/draft"), &entry("Yes, in red paper, 8 yuan.")).await.json(200);
        editor.post(&format!("{ENTRY}/draft/submit"), &json!({})).await.json(200);
        let waiting = second.get("/v1/faq/pending?state=review").await.json(200);
        assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["id"]), (1, &json!("gift-wrap-en")), "{waiting}");
        let live = second.post(&format!("{ENTRY}/draft/approve"), &json!({})).await.json(200);
        assert_eq!((&live["updated_by"], &live["approved_by"]), (&json!("editor"), &json!("second editor")), "{live}");
        assert_eq!(customer.say(QUESTION).await["text"], "Yes, in red paper, 8 yuan.");
        editor.get(&format!("{ENTRY}/draft")).await.check_problem(404, "not_found");

        editor
            .put("/v1/faq/new-one/draft", &json!({ "question": "Do you sell kites?", "answer": "No." }))
            .await
            .json(200);
        editor.get("/v1/faq/new-one").await.check_problem(404, "not_found");
        editor.put(&format!("{ENTRY}/draft"), &entry("Late.")).await.json(200);
        service.staff("owner").put(ENTRY, &entry("The owner's own.")).await.json(200);
        second.post(&format!("{ENTRY}/draft/approve"), &json!({})).await.check_problem(412, "version_conflict");
        assert_eq!(editor.delete(&format!("{ENTRY}/draft")).await.status, 204);
    });
}

#[test]
fn an_entry_serves_on_its_channels_only_and_its_links_come_with_the_answer() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let mut limited = entry("Wrapped for the chat window.");
        limited["channels"] = json!(["widget"]);
        limited["links"] = json!([{ "title": "Papers", "url": "https://shop.example/papers" }]);
        editor.put(ENTRY, &limited).await.json(200);
        let begun =
            service.public.post("/v1/conversations", &json!({ "language": "en", "channel": "widget" })).await.json(201);
        let token = begun["token"].as_str().unwrap().to_owned();
        let widget = Customer {
            id: begun["conversation_id"].as_str().unwrap().to_owned(),
            caller: service.public.with_token(&token),
            token,
        };
        for _ in 0..2 {
            let answered = widget.say(QUESTION).await;
            assert_eq!(answered["text"], "Wrapped for the chat window.", "{answered}");
            assert_eq!(answered["sources"][0]["links"], limited["links"], "{answered}");
        }
        let program = service.customer("en").await;
        assert_ne!(program.say(QUESTION).await["decision"]["faq_id"], "gift-wrap-en");
        let rasa = json!({ "sender": "visitor-7", "message": QUESTION });
        let replied = service.staff("agent").post("/webhooks/rest/webhook", &rasa).await.json(200);
        assert!(!replied.to_string().contains("Wrapped"), "{replied}");
        let found = async |channel: Value| {
            let hits =
                editor.post("/v1/search", &json!({ "text": QUESTION, "top": 5, "channel": channel })).await.json(200);
            hits["hits"].as_array().unwrap().iter().any(|hit| hit["id"] == "gift-wrap-en")
        };
        assert_eq!(
            (found(json!("widget")).await, found(json!("rasa")).await, found(Value::Null).await),
            (true, false, true)
        );

        limited["channels"] = json!(["widget", "rasa"]);
        editor.put(ENTRY, &limited).await.json(200);
        let replied = service.staff("agent").post("/webhooks/rest/webhook", &rasa).await.json(200);
        let text = "Wrapped for the chat window.\nPapers: https://shop.example/papers";
        assert_eq!(replied[0]["text"], text, "where nothing can be tapped, links are written out: {replied}");

        let exported = editor.get("/v1/faq/export?format=csv").await;
        assert!(exported.text().contains("Papers https://shop.example/papers"), "{}", exported.text());
        let again = editor.request(Method::POST, "/v1/faq/import?dry_run=true&name=faq.csv").body(exported.bytes);
        let told = editor.send(again).await.json(200);
        assert_eq!((&told["added"], &told["changed"]), (&json!(0), &json!(0)), "{told}");
        for url in ["javascript:alert(1)", "data:text/html,<b>", "http://shop.example"] {
            limited["links"] = json!([{ "title": "x", "url": url }]);
            editor.put(ENTRY, &limited).await.check_problem(422, "invalid");
        }
        limited["links"] = json!([]);
        limited["channels"] = json!(["fax"]);
        editor.put(ENTRY, &limited).await.check_problem(422, "invalid");
        let bad = json!({ "language": "en", "channel": "fax" });
        service.public.post("/v1/conversations", &bad).await.check_problem(422, "invalid");
    });
}
