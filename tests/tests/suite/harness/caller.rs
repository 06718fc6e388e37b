//! One HTTP caller with or without a token, over kept-alive connections.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Sends requests to one service.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// What came back, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Caller {
    pub(crate) fn new(http: reqwest::Client, base: &str, token: Option<&str>) -> Self {
        Self { http, base: base.to_owned(), token: token.map(str::to_owned) }
    }

    /// The same service and connections under another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request whose failing on the way is for the caller to judge.
    pub(crate) async fn attempt(request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, bytes: response.bytes().await?.to_vec() })
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Self::attempt(request).await.expect("the service answers")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The JSON body of an answer that must have this status.
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).expect("the body is JSON") }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Fails unless this is a problem with this status and stable code, a request id and nothing of the inside.
    pub(crate) fn check_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let request_id = self.header("x-request-id").expect("every answer has a request id");
        assert_eq!(problem["request_id"], request_id, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(!detail.is_empty());
        for inside in ["sqlx", "SELECT", "INSERT", "/src/", "panicked", "tantivy"] {
            assert!(!detail.contains(inside), "the detail tells of our inside: {detail}");
        }
        problem
    }
}

/// The numbers, names and bodies of a stream of server-sent events.
pub(crate) fn sent_events(stream: &str) -> Vec<(i64, String, Value)> {
    let frames = stream.split("\n\n").filter(|frame| !frame.trim().is_empty());
    let field =
        |frame: &str, name: &str| frame.lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned())).unwrap();
    frames
        .map(|frame| {
            let body = serde_json::from_str(&field(frame, "data: ")).expect("events are JSON");
            (field(frame, "id: ").parse().unwrap(), field(frame, "event: "), body)
        })
        .collect()
}
