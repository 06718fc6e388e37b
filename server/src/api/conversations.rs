//! The customer's side of a conversation: begin it, say something, read it, rate an answer.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use store::{NewConversation, Rating};
use utoipa::ToSchema;

use super::extract::{Body, BodyOrDefault};
use super::wire::{MessageReply, StatusReply, exchange_replies, message_reply};
use crate::app::App;
use crate::auth::{Secret, bearer_token, fingerprint, optional_staff};
use crate::chat::Incoming;
use crate::error::{ApiError, Problem};

pub(super) const LONGEST_PAGE: usize = 2_000;
pub(super) const LONGEST_VISITOR: usize = 200;
const LONGEST_REASON: usize = 1_000;
const LARGEST_READ: usize = 500;

/// What a widget or a program says of the visitor; everything may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct BeginRequest {
    /// `zh` or `en`: the page's language.
    pub language: Option<String>,
    /// An id that the site gives its visitor.
    pub visitor: Option<String>,
    /// The page the visitor is on.
    pub page: Option<String>,
    /// Where the customer writes: `widget`, or `api` (the default) for programs of your own.
    pub channel: Option<String>,
    /// The widget's `data-key`.
    pub key: Option<String>,
    /// What `GET /v1/widget` named its starting questions, so that it is counted whether one was chosen.
    pub offer: Option<String>,
}

/// A new conversation and the secret that opens it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeginReply {
    pub conversation_id: String,
    /// Sent as `Authorization: Bearer …` with every further request; shown only here.
    pub token: String,
}

/// Begins a conversation.
#[utoipa::path(tag = "chat", request_body = BeginRequest, responses(
    (status = 201, body = BeginReply), (status = 422, body = Problem), (status = 429, body = Problem)))]
#[post("/conversations")]
pub(super) async fn begin(
    app: web::Data<App>,
    request: HttpRequest,
    body: BodyOrDefault<BeginRequest>,
) -> Result<HttpResponse, ApiError> {
    app.limits.conversation(&app.limits.visitor(&request))?;
    let BodyOrDefault(body) = body;
    check_key(&app, body.key.as_deref())?;
    let language = body.language.as_deref().map(parse_language).transpose()?;
    let token = Secret::new("c");
    let conversation = app
        .store
        .create_conversation(NewConversation {
            language,
            visitor: body.visitor.map(|visitor| shortened(&visitor, LONGEST_VISITOR)),
            page: body.page.map(|page| shortened(&page, LONGEST_PAGE)),
            channel: parse_channel(body.channel)?,
            token_hash: Some(token.fingerprint()),
        })
        .await?;
    if let Some(offer) = &body.offer {
        app.suggestions.begun(offer, &conversation.id);
    }
    let reply = BeginReply { conversation_id: conversation.id, token: token.reveal().to_owned() };
    Ok(HttpResponse::Created().json(reply))
}

/// What the customer says.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SayRequest {
    pub text: String,
    /// An id of the sender's choice: sending it again gives the stored reply and changes nothing.
    pub client_message_id: String,
}

/// What came of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct SayReply {
    /// The bot's replies; while a person has the conversation one of action `silent` with an empty text.
    pub messages: Vec<MessageReply>,
    /// The customer's message as it was stored.
    pub customer: MessageReply,
    pub status: StatusReply,
}

/// Says something and waits for the reply. Both are durable before this answers.
#[utoipa::path(tag = "chat", request_body = SayRequest, params(("id" = String, Path)), responses(
    (status = 200, body = SayReply), (status = 401, body = Problem), (status = 404, body = Problem),
    (status = 413, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)),
    security(("conversation" = [])))]
#[post("/conversations/{id}/messages")]
pub(super) async fn say(
    app: web::Data<App>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<SayRequest>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    open_as_customer(&app, &id, bearer_token(&request).as_deref()).await?;
    app.limits.message(&app.limits.visitor(&request), &id)?;
    let Body(SayRequest { text, client_message_id }) = body;
    let exchange = app.chat.answer(Incoming { conversation_id: id, client_message_id, text }).await?;
    let (customer, messages) = exchange_replies(&exchange);
    let status = app.chat.status(&exchange).await?;
    Ok(HttpResponse::Ok().json(SayReply { messages, customer, status }))
}

/// Which messages to read.
#[derive(Debug, Deserialize)]
pub(super) struct ReadQuery {
    after: Option<String>,
    limit: Option<usize>,
}

/// A stretch of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadReply {
    pub messages: Vec<MessageReply>,
    pub status: StatusReply,
}

/// Reads a conversation, oldest first.
#[utoipa::path(tag = "chat", params(("id" = String, Path), ("after" = Option<String>, Query, description = "only messages after this one"),
    ("limit" = Option<i64>, Query, description = "at most 500")), responses((status = 200, body = ReadReply), (status = 401, body = Problem)),
    security(("conversation" = []), ("staff" = [])))]
#[get("/conversations/{id}/messages")]
pub(super) async fn read(
    app: web::Data<App>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<ReadQuery>,
) -> Result<HttpResponse, ApiError> {
    if open_as_customer(&app, &id, bearer_token(&request).as_deref()).await.is_err() {
        optional_staff(&request).await?.ok_or(ApiError::Unauthenticated)?;
    }
    let limit = query.limit.unwrap_or(100).clamp(1, LARGEST_READ);
    let messages = app.store.messages(&id, query.after.as_deref(), limit).await?;
    let conversation = app.store.conversation(&id).await?;
    let messages = messages.iter().filter(|message| !message.text.is_empty()).map(message_reply).collect();
    Ok(HttpResponse::Ok().json(ReadReply { messages, status: app.chat.status_of(&conversation).await? }))
}

/// Whether an answer helped.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FeedbackRequest {
    /// `up` or `down`.
    pub rating: String,
    pub reason: Option<String>,
}

/// Rates an answer; a second rating replaces the first.
#[utoipa::path(tag = "chat", request_body = FeedbackRequest, params(("id" = String, Path)), responses(
    (status = 204), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)),
    security(("conversation" = [])))]
#[post("/messages/{id}/feedback")]
pub(super) async fn rate(
    app: web::Data<App>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<FeedbackRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let rating = match body.rating.as_str() {
        "up" => Rating::Up,
        "down" => Rating::Down,
        other => return Err(ApiError::Invalid(format!("rating is {other:?}; it can be \"up\" or \"down\""))),
    };
    let message = app.store.message(&id).await?;
    open_as_customer(&app, &message.conversation_id, bearer_token(&request).as_deref()).await?;
    let reason = body.reason.map(|reason| text::redact(&shortened(&reason, LONGEST_REASON)).text);
    app.store.add_feedback(&id, rating, reason.as_deref()).await?;
    app.ratings.heard();
    metrics::counter!("frontdesk_feedback_total", "rating" => body.rating).increment(1);
    Ok(HttpResponse::NoContent().finish())
}

/// Lets the holder of a conversation's token in. An unknown conversation and a wrong token look the same.
pub(super) async fn open_as_customer(app: &App, id: &str, token: Option<&str>) -> Result<(), ApiError> {
    let token = token.ok_or(ApiError::Unauthenticated)?;
    if app.chat.opens(id, &fingerprint(token)).await? { Ok(()) } else { Err(ApiError::Unauthenticated) }
}

pub(super) fn check_key(app: &App, key: Option<&str>) -> Result<(), ApiError> {
    match (&app.config.widget.key, key.filter(|key| !key.is_empty())) {
        (Some(expected), Some(given)) if expected != given => Err(ApiError::WrongKey),
        _ => Ok(()),
    }
}

/// The channel that a conversation is had on.
fn parse_channel(named: Option<String>) -> Result<String, ApiError> {
    let channel = named.unwrap_or_else(|| "api".to_owned());
    match channel.as_str() {
        "widget" | "api" => Ok(channel),
        _ => Err(ApiError::Invalid(format!("channel is {channel:?}; use widget or api"))),
    }
}

pub(super) fn parse_language(code: &str) -> Result<dialogue::Language, ApiError> {
    let base = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match base.as_str() {
        "zh" => Ok(dialogue::Language::Chinese),
        "en" => Ok(dialogue::Language::English),
        _ => Err(ApiError::Invalid(format!("language is {code:?}; it can be \"zh\" or \"en\""))),
    }
}

pub(super) fn shortened(text: &str, longest: usize) -> String {
    text.chars().filter(|character| !character.is_control()).take(longest).collect()
}
