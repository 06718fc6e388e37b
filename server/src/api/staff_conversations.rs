//! The staff's side of conversations: the queue, reading with traces, taking over, answering, labelling, what went unanswered.

use actix_web::{HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use store::{Conversation, ConversationFilter, Status};
use utoipa::ToSchema;

use super::extract::Body;
use super::wire::{MessageReply, message_reply};
use crate::app::App;
use crate::auth::{AsAgent, AsViewer};
use crate::error::{ApiError, Problem};

#[derive(Debug, Deserialize)]
pub(super) struct QueueQuery {
    status: Option<String>,
    text: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

/// A conversation in the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationReply {
    pub id: String,
    /// `bot`, `waiting`, `person` or `closed`.
    pub status: String,
    pub language: Option<String>,
    pub visitor: Option<String>,
    pub page: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl From<Conversation> for ConversationReply {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id,
            status: conversation.status.as_str().to_owned(),
            language: conversation.language.map(|language| language.code().to_owned()),
            visitor: conversation.visitor,
            page: conversation.page,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    }
}

/// Lists conversations, the latest first.
#[utoipa::path(tag = "conversations", params(("status" = Option<String>, Query), ("text" = Option<String>, Query), ("limit" = Option<i64>, Query), ("before" = Option<String>, Query)),
    responses((status = 200, body = Vec<ConversationReply>), (status = 401, body = Problem)), security(("staff" = [])))]
#[get("/staff/conversations")]
pub(super) async fn queue(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<QueueQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let status = query.status.as_deref().map(parse_status).transpose()?;
    let filter = ConversationFilter { status, text: query.text, only_spoken: false };
    let conversations =
        app.store.list_conversations(&filter, query.limit.unwrap_or(50).clamp(1, 200), query.before.as_deref()).await?;
    let conversations: Vec<ConversationReply> = conversations.into_iter().map(ConversationReply::from).collect();
    Ok(HttpResponse::Ok().json(conversations))
}

/// A message with the trace of the decision behind it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TracedMessageReply {
    #[serde(flatten)]
    pub message: MessageReply,
    /// The rule that fired, the rules that did not and why, the top intents and hits, the model version, the FAQ revision.
    #[schema(value_type = Object)]
    pub trace: Option<serde_json::Value>,
}

/// Reads a conversation with its traces.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = Vec<TracedMessageReply>), (status = 404, body = Problem)), security(("staff" = [])))]
#[get("/staff/conversations/{id}")]
pub(super) async fn transcript(
    app: web::Data<App>,
    _staff: AsViewer,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    app.store.conversation(&id).await?;
    let messages = app.store.messages(&id, None, 1_000).await?;
    let traced: Vec<TracedMessageReply> = messages
        .iter()
        .map(|message| TracedMessageReply {
            message: message_reply(message),
            trace: message.decision.as_ref().map(|decision| decision.trace.clone()),
        })
        .collect();
    Ok(HttpResponse::Ok().json(traced))
}

/// Takes a conversation over: the bot is silent until it is given back.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationReply), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/staff/conversations/{id}/take")]
pub(super) async fn take(app: web::Data<App>, agent: AsAgent, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    change_status(&app, &id, Status::Person, &agent.staff.name).await
}

/// Gives a conversation back to the bot.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationReply), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/staff/conversations/{id}/return")]
pub(super) async fn give_back(
    app: web::Data<App>,
    agent: AsAgent,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    change_status(&app, &id, Status::Bot, &agent.staff.name).await
}

/// Ends a conversation.
#[utoipa::path(tag = "conversations", params(("id" = String, Path)), responses((status = 200, body = ConversationReply), (status = 404, body = Problem)), security(("staff" = [])))]
#[post("/staff/conversations/{id}/close")]
pub(super) async fn close(
    app: web::Data<App>,
    agent: AsAgent,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    change_status(&app, &id, Status::Closed, &agent.staff.name).await
}

async fn change_status(app: &App, id: &str, status: Status, by: &str) -> Result<HttpResponse, ApiError> {
    let conversation = app.chat.set_status(id, status, by).await?;
    Ok(HttpResponse::Ok().json(ConversationReply::from(conversation)))
}

/// What a person says to the customer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PersonSaysRequest {
    pub text: String,
}

/// Says something to the customer as a person; takes the conversation over if nobody has.
#[utoipa::path(tag = "conversations", request_body = PersonSaysRequest, params(("id" = String, Path)), responses((status = 201, body = MessageReply), (status = 404, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/staff/conversations/{id}/messages")]
pub(super) async fn person_says(
    app: web::Data<App>,
    agent: AsAgent,
    id: web::Path<String>,
    body: Body<PersonSaysRequest>,
) -> Result<HttpResponse, ApiError> {
    let message = app.chat.person_says(&id, &body.0.text, &agent.staff.name).await?;
    Ok(HttpResponse::Created().json(message_reply(&message)))
}

/// The right intent of a customer's message; `null` means that none of the bot's intents fits.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LabelRequest {
    pub intent: Option<String>,
}

/// Labels a customer's message for the next training.
#[utoipa::path(tag = "conversations", request_body = LabelRequest, params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)), security(("staff" = [])))]
#[put("/messages/{id}/label")]
pub(super) async fn label(
    app: web::Data<App>,
    agent: AsAgent,
    id: web::Path<String>,
    body: Body<LabelRequest>,
) -> Result<HttpResponse, ApiError> {
    app.store.label_put(&id, body.0.intent.as_deref(), &agent.staff.name).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize)]
pub(super) struct UnansweredQuery {
    /// Days to look back.
    days: Option<i64>,
    limit: Option<usize>,
}

/// Questions that were not answered, or whose answer did not help, grouped and counted.
#[utoipa::path(tag = "conversations", params(("days" = Option<i64>, Query), ("limit" = Option<i64>, Query)), responses((status = 200, body = serde_json::Value)), security(("staff" = [])))]
#[get("/unanswered")]
pub(super) async fn unanswered(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<UnansweredQuery>,
) -> Result<HttpResponse, ApiError> {
    let days = query.days.unwrap_or(30).clamp(1, 3_650);
    let since = jiff::Timestamp::now().as_millisecond() - days * 86_400_000;
    let questions = app.store.unanswered(since, query.limit.unwrap_or(100).clamp(1, 500)).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "days": days, "questions": questions })))
}

fn parse_status(name: &str) -> Result<Status, ApiError> {
    Status::parse(name)
        .ok_or_else(|| ApiError::Invalid(format!("status is {name:?}; it can be bot, waiting, person or closed")))
}
