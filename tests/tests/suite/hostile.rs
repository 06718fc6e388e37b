//! Words that are an attack on somebody who trusts them: they are kept and shown as words.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Customer, Home, Service, fresh_id, within};

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "'; DROP TABLE messages; --",
    "' OR '1'='1",
    "../../../../etc/passwd",
    "{{7*7}} ${7*7} <%= 7*7 %> {order_number}",
    "%s%s%s%n \\u0000 \\x00",
    "\u{202e}txt.exe \u{0}nul",
    "=cmd|'/c calc'!A1",
    "😀👩‍👩‍👧‍👦 Z̸̢a̵l̷g̶o̴",
];

#[test]
fn hostile_words_come_back_as_words() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let (customer, editor) = (service.customer("en").await, service.staff("editor"));
        for words in HOSTILE {
            let answer = customer.attempt(words, &fresh_id()).await.unwrap();
            assert_eq!(answer.header("content-type"), Some("application/json"), "{words}");
            assert!(answer.header("content-security-policy").unwrap().contains("default-src 'self'"));
            let said = answer.json(200)["customer"]["text"].as_str().unwrap().to_owned();
            assert_eq!(said.replace('\0', ""), words.replace('\0', ""));
            let question = json!({ "question": words, "answer": words, "similar": [words], "category": words });
            let saved = editor.post("/v1/faq", &question).await;
            assert!([201, 422].contains(&saved.status), "{words}: {}", saved.text());
            let query = [("text", words), ("category", words)];
            let listed = editor.send(editor.request(Method::GET, "/v1/faq").query(&query)).await.json(200);
            assert!(listed["total"].as_u64().unwrap() <= 1, "{words} is a pattern, not words: {listed}");
            service.staff("viewer").post("/v1/search", &json!({ "text": words, "explain": true })).await.json(200);
        }
        let history = customer.history().await;
        let said = history.iter().filter(|message| message["role"] == "customer");
        assert_eq!(said.count(), HOSTILE.len());
        assert_eq!(editor.get("/v1/faq?text=_%25").await.json(200)["total"], 0, "wildcards are not wild");
        check_console(&service, &customer).await;
    });
}

/// The console shows hostile words to staff as words, under a policy that forbids inline scripts.
async fn check_console(service: &Service, customer: &Customer) {
    let cookie = service.sign_in().await;
    for path in [
        format!("/console/conversations/{}", customer.id),
        "/console/conversations".into(),
        "/console/faq".into(),
        "/console/unanswered".into(),
    ] {
        let page = service.public.send(service.public.request(Method::GET, &path).header("cookie", &cookie)).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-inline"), "{path}: {policy}");
        let html = page.text();
        for raw in ["<script>alert", "<img src=x", "<svg/onload", "href=\"javascript:"] {
            assert!(!html.contains(raw), "{path} holds {raw}");
        }
    }
}
