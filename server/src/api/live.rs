//! A conversation live over a WebSocket: what is said here is answered here, and what anyone else says arrives too.

use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse, get, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::conversations::open_as_customer;
use super::wire::message_reply;
use crate::app::App;
use crate::auth::bearer_token;
use crate::chat::Incoming;
use crate::error::ApiError;
use crate::hub::Live;
use crate::limits::Visitor;

/// How often a silent line is checked, and how long it may stay silent.
const HEARTBEAT: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);
/// Missed messages sent at once when a line opens.
const BACKLOG: usize = 500;

#[derive(Debug, Deserialize)]
pub(super) struct LiveQuery {
    token: Option<String>,
    after: Option<String>,
}

/// What a client may send.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    Message { text: String, client_message_id: String },
    Ping,
}

/// Opens the live line. Browsers cannot set headers here, so the token may travel as `?token=`; it is never logged.
#[utoipa::path(tag = "chat", params(("id" = String, Path), ("token" = Option<String>, Query), ("after" = Option<String>, Query,
    description = "send what came after this message first")), responses((status = 101), (status = 401)), security(("conversation" = [])))]
#[get("/conversations/{id}/ws")]
pub(super) async fn live(
    app: web::Data<App>,
    request: HttpRequest,
    body: web::Payload,
    id: web::Path<String>,
    query: web::Query<LiveQuery>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let query = query.into_inner();
    open_as_customer(&app, &id, query.token.or_else(|| bearer_token(&request)).as_deref()).await?;
    let visitor = app.limits.visitor(&request);
    let (response, session, stream) =
        actix_ws::handle(&request, body).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    let stream = stream
        .max_frame_size(app.config.limits.body_bytes)
        .aggregate_continuations()
        .max_continuation_size(app.config.limits.body_bytes);
    let news = app.hub.watch(&id);
    let line = Line { app, id, session, visitor };
    actix_web::rt::spawn(line.serve(stream, news, query.after));
    Ok(response)
}

/// One open line.
struct Line {
    app: web::Data<App>,
    id: String,
    session: Session,
    visitor: Visitor,
}

impl Line {
    async fn serve(mut self, stream: AggregatedMessageStream, news: broadcast::Receiver<Live>, after: Option<String>) {
        metrics::gauge!("frontdesk_websockets").increment(1);
        if self.catch_up(after.as_deref()).await.is_ok() {
            let reason = self.exchange(stream, news).await;
            let _ = self.session.close(reason).await;
        }
        metrics::gauge!("frontdesk_websockets").decrement(1);
    }

    /// Sends what was missed and who has the conversation now.
    async fn catch_up(&mut self, after: Option<&str>) -> Result<(), ApiError> {
        let messages = self.app.store.messages(&self.id, after, BACKLOG).await?;
        for message in messages.iter().filter(|message| !message.text.is_empty()) {
            self.send(&json!({ "type": "message", "message": message_reply(message) })).await?;
        }
        let conversation = self.app.store.conversation(&self.id).await?;
        let status = self.app.chat.status_frame(&conversation).await?;
        self.session.text(status).await.map_err(|_| ApiError::Stopping)
    }

    async fn exchange(
        &mut self,
        mut stream: AggregatedMessageStream,
        mut news: broadcast::Receiver<Live>,
    ) -> Option<CloseReason> {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                incoming = stream.recv() => match incoming {
                    Some(Ok(AggregatedMessage::Text(text))) => {
                        heard = Instant::now();
                        self.handle(&text).await.ok()?;
                    }
                    Some(Ok(AggregatedMessage::Ping(bytes))) => {
                        heard = Instant::now();
                        self.session.pong(&bytes).await.ok()?;
                    }
                    Some(Ok(AggregatedMessage::Pong(_))) => heard = Instant::now(),
                    Some(Ok(AggregatedMessage::Binary(_))) => return Some(CloseReason::from(CloseCode::Unsupported)),
                    Some(Ok(AggregatedMessage::Close(reason))) => return reason,
                    Some(Err(_)) => return Some(CloseReason::from(CloseCode::Size)),
                    None => return None,
                },
                () = self.app.stopping.cancelled() => {
                    while let Ok(Live::Message(frame) | Live::Status(frame)) = news.try_recv() {
                        self.session.text(frame).await.ok()?;
                    }
                    return Some(CloseReason::from(CloseCode::Restart));
                }
                told = news.recv() => match told {
                    Ok(Live::Message(frame) | Live::Status(frame)) => self.session.text(frame).await.ok()?,
                    Err(RecvError::Lagged(_)) => return Some(CloseReason::from(CloseCode::Again)),
                    Err(RecvError::Closed) => return Some(CloseReason::from(CloseCode::Away)),
                },
                _ = heartbeat.tick() => {
                    if heard.elapsed() > PATIENCE {
                        return Some(CloseReason::from(CloseCode::Away));
                    }
                    self.session.ping(b"").await.ok()?;
                }
            }
        }
    }

    /// Answers one frame. The stored messages reach this line, like every other, through the hub.
    async fn handle(&mut self, text: &str) -> Result<(), ApiError> {
        let frame: Frame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(error) => {
                return self.refuse(&ApiError::Unreadable(format!("the frame is not understood: {error}")), None).await;
            }
        };
        let Frame::Message { text, client_message_id } = frame else {
            return self.send(&json!({ "type": "pong" })).await;
        };
        if let Err(error) = self.app.limits.message(&self.visitor, &self.id) {
            return self.refuse(&error, Some(&client_message_id)).await;
        }
        let incoming =
            Incoming { conversation_id: self.id.clone(), client_message_id: client_message_id.clone(), text };
        match self.app.chat.answer(incoming).await {
            Ok(exchange) if exchange.duplicate => {
                self.send(&json!({ "type": "message", "message": message_reply(&exchange.customer) })).await?;
                for reply in exchange.replies.iter().filter(|reply| !reply.text.is_empty()) {
                    self.send(&json!({ "type": "message", "message": message_reply(reply) })).await?;
                }
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => self.refuse(&error, Some(&client_message_id)).await,
        }
    }

    async fn refuse(&mut self, error: &ApiError, client_message_id: Option<&str>) -> Result<(), ApiError> {
        self.send(&json!({ "type": "error", "client_message_id": client_message_id, "problem": error.problem() })).await
    }

    async fn send(&mut self, frame: &serde_json::Value) -> Result<(), ApiError> {
        self.session.text(frame.to_string()).await.map_err(|_| ApiError::Stopping)
    }
}
