//! Requests that cannot be served: each gets a clear problem with a stable code, and loses nothing.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Caller, Home, OWNER_PASSWORD, Service, within};

/// Sends each request, checks the form of its problem, and compares all of them with the reviewed table.
async fn check_table(name: &str, callers: &Caller, cases: Vec<(&str, RequestBuilder)>) {
    let mut table = BTreeMap::new();
    for (case, request) in cases {
        let answer = callers.send(request).await;
        assert!(answer.status >= 400, "{case} was accepted: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{case}");
        let problem: Value = serde_json::from_slice(&answer.bytes)
            .unwrap_or_else(|_| panic!("{case}: the body is no problem+json: {} {:?}", answer.status, answer.text()));
        let code = problem["code"].as_str().unwrap_or_else(|| panic!("{case}: no code in {problem}"));
        answer.check_problem(answer.status, code);
        table.insert(case.to_owned(), problem);
    }
    insta::assert_json_snapshot!(name, table, { ".*.request_id" => "[request id]" });
}

/// A request with a body exactly as given.
fn raw(caller: &Caller, method: Method, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    caller.request(method, path).header("content-type", "application/json").body(body)
}

#[test]
fn messages_that_cannot_be_taken_are_told_why() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        let before = customer.say("hello").await;
        let path = format!("/v1/conversations/{}/messages", customer.id);
        let say = |body: &str| raw(&customer.caller, Method::POST, &path, body.to_owned());
        let said = |text: &str| say(&json!({ "text": text, "client_message_id": "1" }).to_string());
        let open = |body: &[u8]| raw(&service.public, Method::POST, "/v1/conversations", body.to_vec());
        let stranger = service.customer("en").await.caller;
        let good = json!({ "text": "hi", "client_message_id": "1" }).to_string();
        let cases = vec![
            ("begin: broken JSON", open(b"{\"language\": ")),
            ("begin: GBK bytes", open(b"{\"visitor\": \"\xc4\xe3\xba\xc3\"}")),
            ("begin: wrong type", open(b"{\"language\": 3}")),
            ("begin: unknown language", open(b"{\"language\": \"tlh\"}")),
            ("begin: a list", open(b"[1, 2]")),
            ("begin: 1 MB", open(&vec![b' '; 1 << 20])),
            ("say: empty body", say("")),
            ("say: broken JSON", say("{\"text\": \"hi\"")),
            ("say: missing text", say("{\"client_message_id\": \"1\"}")),
            ("say: missing id", say("{\"text\": \"hi\"}")),
            ("say: text is a number", say("{\"text\": 7, \"client_message_id\": \"1\"}")),
            ("say: text is null", say("{\"text\": null, \"client_message_id\": \"1\"}")),
            ("say: half a surrogate pair", say("{\"text\": \"\\ud800\", \"client_message_id\": \"1\"}")),
            ("say: nothing", said("")),
            ("say: only blanks", said(" \t\n　")),
            ("say: only invisible characters", said("\u{200b}\u{feff}\u{200d}")),
            ("say: 5,000 characters", said(&"长".repeat(5_000))),
            ("say: 1 MB", said(&"x".repeat(1 << 20))),
            ("say: nested without end", say(&"[".repeat(100_000))),
            ("say: empty id", say("{\"text\": \"hi\", \"client_message_id\": \"\"}")),
            ("say: long id", say(&json!({ "text": "hi", "client_message_id": "i".repeat(200) }).to_string())),
            ("say: line break in the id", say("{\"text\": \"hi\", \"client_message_id\": \"a\\nb\"}")),
            (
                "say: as plain text",
                customer.caller.request(Method::POST, &path).header("content-type", "text/plain").body("{}"),
            ),
            (
                "say: as a form",
                customer
                    .caller
                    .request(Method::POST, &path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body("text=hi"),
            ),
            ("say: without a token", raw(&service.public, Method::POST, &path, good.clone())),
            ("say: with another conversation's token", raw(&stranger, Method::POST, &path, good.clone())),
            (
                "say: in an unknown conversation",
                raw(&customer.caller, Method::POST, "/v1/conversations/nothing/messages", good.clone()),
            ),
            (
                "say: in a conversation that is SQL",
                raw(&customer.caller, Method::POST, "/v1/conversations/'%20OR%20'1'='1/messages", good.clone()),
            ),
            ("read: with another conversation's token", stranger.request(Method::GET, &path)),
            ("read: a limit that is no number", customer.caller.request(Method::GET, &format!("{path}?limit=many"))),
            (
                "rate: an unknown message",
                raw(&customer.caller, Method::POST, "/v1/messages/nothing/feedback", "{\"rating\": \"up\"}"),
            ),
            (
                "rate: without a rating",
                raw(
                    &customer.caller,
                    Method::POST,
                    &format!("/v1/messages/{}/feedback", before["id"].as_str().unwrap()),
                    "{}",
                ),
            ),
        ];
        check_table("refused_messages", &service.public, cases).await;
        assert_eq!(customer.history().await.len(), 2, "nothing of what was refused is kept");
        assert_eq!(customer.say("thanks").await["decision"]["action"], "smalltalk", "the conversation goes on");
    });
}

#[test]
fn changes_that_cannot_be_made_are_told_why() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let [owner, editor, agent, viewer] = ["owner", "editor", "agent", "viewer"].map(|role| service.staff(role));
        let before = editor.get("/v1/faq?limit=500").await.json(200);
        let put = |body: Value| raw(&editor, Method::PUT, "/v1/faq/parking-en", body.to_string());
        let add = |body: &str| raw(&editor, Method::POST, "/v1/faq", body.to_owned());
        let import = |kind: &str, body: &[u8]| {
            editor.request(Method::POST, "/v1/faq/import?strict=true").header("content-type", kind).body(body.to_vec())
        };
        let good = json!({ "question": "Q?", "answer": "A." });
        let dated = |from: &str| json!({ "question": "Q?", "answer": "A.", "valid_from": from });
        let cases = vec![
            ("faq: empty body", add("")),
            ("faq: missing answer", add("{\"question\": \"Q?\"}")),
            ("faq: unknown field", add("{\"question\": \"Q?\", \"answer\": \"A.\", \"colour\": \"red\"}")),
            ("faq: empty question", put(json!({ "question": " ", "answer": "A." }))),
            ("faq: empty answer", put(json!({ "question": "Q?", "answer": "" }))),
            ("faq: similar is no list", put(json!({ "question": "Q?", "answer": "A.", "similar": "Q2?" }))),
            ("faq: no date", put(dated("tomorrow"))),
            ("faq: no such day", put(dated("2026-02-30"))),
            ("faq: unknown language", put(json!({ "question": "Q?", "answer": "A.", "language": "tlh" }))),
            ("faq: an id that exists", add("{\"id\": \"parking-en\", \"question\": \"Q?\", \"answer\": \"A.\"}")),
            ("faq: an id with a line break", add("{\"id\": \"a\\nb\", \"question\": \"Q?\", \"answer\": \"A.\"}")),
            ("faq: 1 MB", put(json!({ "question": "Q?", "answer": "x".repeat(1 << 20) }))),
            ("faq: as a viewer", raw(&viewer, Method::PUT, "/v1/faq/parking-en", good.to_string())),
            ("faq: as an agent", raw(&agent, Method::DELETE, "/v1/faq/parking-en", "")),
            ("faq: as nobody", raw(&service.public, Method::PUT, "/v1/faq/parking-en", good.to_string())),
            (
                "faq: with a wrong token",
                raw(&editor.with_token("fd_wrong"), Method::PUT, "/v1/faq/parking-en", good.to_string()),
            ),
            ("faq: an id that is a path", editor.request(Method::GET, "/v1/faq/..%2F..%2F..%2Fetc%2Fpasswd")),
            ("faq: an id that is SQL", editor.request(Method::GET, "/v1/faq/'%20OR%201=1%20--")),
            ("faq: deleting what is not there", editor.request(Method::DELETE, "/v1/faq/nothing")),
            ("faq: history of what is not there", editor.request(Method::GET, "/v1/faq/nothing/history")),
            ("faq: a negative limit", editor.request(Method::GET, "/v1/faq?limit=-1")),
            ("faq: restoring without a version", raw(&editor, Method::POST, "/v1/faq/parking-en/restore", "{}")),
            ("import: a broken CSV row", import("text/csv", b"id,question,answer\nx,\"never closed,A.\n")),
            (
                "import: a broken JSONL row",
                import("application/x-ndjson", b"{\"question\": \"Q?\", \"answer\": \"A.\"}\n{\"question\": \n"),
            ),
            ("import: the same id twice", import("text/csv", b"id,question,answer\nx,Q?,A.\nx,Q2?,A2.\n")),
            ("import: no such columns", import("text/csv", b"frage,antwort\nF?,A.\n")),
            ("import: a picture", import("text/csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xd8\xfe")),
            ("import: nothing", import("text/csv", b"")),
            ("import: an unknown format", raw(&editor, Method::POST, "/v1/faq/import?format=wps", "x")),
            ("search: without a text", raw(&viewer, Method::POST, "/v1/search", "{}")),
            ("job: of an unknown kind", raw(&editor, Method::POST, "/v1/jobs", "{\"kind\": \"dance\"}")),
            ("job: that is not there", editor.request(Method::GET, "/v1/jobs/nothing")),
            ("job: cancelling what is not there", editor.request(Method::DELETE, "/v1/jobs/nothing")),
            ("model: that is a path", raw(&editor, Method::POST, "/v1/models/..%2F..%2Fbot/promote", "{}")),
            ("token: as an editor", raw(&editor, Method::POST, "/v1/tokens", "{\"name\": \"x\", \"role\": \"owner\"}")),
            (
                "token: of an unknown role",
                raw(&owner, Method::POST, "/v1/tokens", "{\"name\": \"x\", \"role\": \"king\"}"),
            ),
            (
                "token: without a name",
                raw(&owner, Method::POST, "/v1/tokens", "{\"name\": \" \", \"role\": \"viewer\"}"),
            ),
            (
                "account: with a short password",
                raw(
                    &owner,
                    Method::POST,
                    "/v1/accounts",
                    "{\"email\": \"a@b.example\", \"password\": \"short\", \"role\": \"viewer\"}",
                ),
            ),
            (
                "account: without an address",
                raw(
                    &owner,
                    Method::POST,
                    "/v1/accounts",
                    json!({ "email": "nobody", "password": OWNER_PASSWORD, "role": "viewer" }).to_string(),
                ),
            ),
            (
                "account: that exists",
                raw(
                    &owner,
                    Method::POST,
                    "/v1/accounts",
                    json!({ "email": "owner@localhost", "password": OWNER_PASSWORD, "role": "viewer" }).to_string(),
                ),
            ),
            ("conversation: that is not there", agent.request(Method::GET, "/v1/staff/conversations/nothing")),
            (
                "conversation: taking what is not there",
                raw(&agent, Method::POST, "/v1/staff/conversations/nothing/take", "{}"),
            ),
            ("conversation: an unknown status", agent.request(Method::GET, "/v1/staff/conversations?status=happy")),
            ("route: that is not there", owner.request(Method::GET, "/v1/nothing")),
            ("route: with a wrong method", raw(&owner, Method::PUT, "/v1/conversations", "{}")),
            ("asset: that is a path", service.public.request(Method::GET, "/widget/..%2F..%2FCargo.toml")),
            (
                "asset: that is another path",
                service.public.request(Method::GET, "/assets/%2e%2e%2f%2e%2e%2fetc/passwd"),
            ),
        ];
        check_table("refused_changes", &service.public, cases).await;
        assert_eq!(editor.get("/v1/faq?limit=500").await.json(200), before, "nothing of what was refused is kept");
    });
}
