//! A customer in a conversation, by POST and over the live line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Answer, Caller};

/// How long a frame may take to arrive.
const FRAME: Duration = Duration::from_secs(15);

/// One conversation and the token that opens it.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) caller: Caller,
}

impl Customer {
    /// Begins a conversation.
    pub(crate) async fn begin(caller: &Caller, language: &str) -> Self {
        let begun = caller.post("/v1/conversations", &json!({ "language": language })).await.json(201);
        let token = begun["token"].as_str().unwrap().to_owned();
        let id = begun["conversation_id"].as_str().unwrap().to_owned();
        Self { id, caller: caller.with_token(&token), token }
    }

    /// The same conversation on a service that was started again on another port.
    pub(crate) fn on(&self, caller: &Caller) -> Self {
        Self { caller: caller.with_token(&self.token), ..self.clone() }
    }

    /// Says something and returns the bot's first reply.
    pub(crate) async fn say(&self, text: &str) -> Value {
        let answer = self.attempt(text, &fresh_id()).await.expect("the service answers");
        answer.json(200)["messages"][0].clone()
    }

    /// Sends a message under an id of the caller's choice.
    pub(crate) async fn attempt(&self, text: &str, client_message_id: &str) -> reqwest::Result<Answer> {
        let path = format!("/v1/conversations/{}/messages", self.id);
        let body = json!({ "text": text, "client_message_id": client_message_id });
        Caller::attempt(self.caller.request(Method::POST, &path).json(&body)).await
    }

    /// Every message of the conversation, read page by page.
    pub(crate) async fn history(&self) -> Vec<Value> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let after = messages.last().map(|last| format!("&after={}", last["id"].as_str().unwrap()));
            let path = format!("/v1/conversations/{}/messages?limit=500{}", self.id, after.unwrap_or_default());
            let page = self.caller.get(&path).await.json(200);
            let page = page["messages"].as_array().unwrap();
            messages.extend_from_slice(page);
            if page.len() < 500 {
                return messages;
            }
        }
    }

    pub(crate) async fn rate(&self, message: &Value, rating: &str) -> Answer {
        let path = format!("/v1/messages/{}/feedback", message["id"].as_str().unwrap());
        self.caller.post(&path, &json!({ "rating": rating, "reason": "a test says so" })).await
    }

    /// Opens the live line.
    pub(crate) async fn line(&self) -> Line {
        let base = self.caller.base().replace("http://", "ws://");
        let address = format!("{base}/v1/conversations/{}/ws?token={}", self.id, self.token);
        let (socket, _) = connect_async(address).await.expect("the line opens");
        Line { socket }
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Line {
    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the line takes a frame");
    }

    /// The next JSON frame; nothing once the other side has closed the line.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let frame = tokio::time::timeout(FRAME, self.socket.next()).await.expect("a frame arrives in time");
            match frame? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("frames are JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame that `wanted` accepts.
    pub(crate) async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the line stays open");
            if wanted(&frame) {
                return frame;
            }
        }
    }
}

/// An id that no other message of this run has.
pub(crate) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
