//! The two routes that tools made for Rasa speak: a REST channel, and parsing without answering.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::NewConversation;
use utoipa::ToSchema;

use super::extract::Body;
use super::wire::{LinkReply, MessageReply};
use crate::app::App;
use crate::auth::AsAgent;
use crate::chat::Incoming;
use crate::error::{ApiError, Problem};

/// A message in Rasa's REST channel form.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RasaMessageRequest {
    /// Any id of the customer; the same one continues the same conversation.
    pub sender: String,
    pub message: String,
}

/// One reply in Rasa's form.
#[derive(Debug, Serialize, ToSchema)]
pub struct RasaReply {
    pub recipient_id: String,
    pub text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<RasaButton>,
}

/// A quick reply in Rasa's form.
#[derive(Debug, Serialize, ToSchema)]
pub struct RasaButton {
    pub title: String,
    pub payload: String,
}

/// Answers a message as Rasa's REST channel does.
#[utoipa::path(tag = "compatible", request_body = RasaMessageRequest, responses((status = 200, body = Vec<RasaReply>), (status = 401, body = Problem)), security(("staff" = [])))]
#[post("/webhooks/rest/webhook")]
pub(super) async fn rest_channel(
    app: web::Data<App>,
    _channel: AsAgent,
    body: Body<RasaMessageRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(RasaMessageRequest { sender, message }) = body;
    if sender.is_empty() || sender.len() > 200 {
        return Err(ApiError::Invalid("sender must have 1 to 200 bytes".to_owned()));
    }
    let visitor = format!("rasa:{sender}");
    let conversation_id = match app.store.open_conversation_of_visitor(&visitor).await? {
        Some(conversation) => conversation.id,
        None => {
            app.store
                .create_conversation(NewConversation {
                    language: None,
                    visitor: Some(visitor),
                    page: None,
                    channel: "rasa".to_owned(),
                    token_hash: None,
                })
                .await?
                .id
        }
    };
    let client_message_id = uuid::Uuid::now_v7().to_string();
    let exchange = app.chat.answer(Incoming { conversation_id, client_message_id, text: message }).await?;
    let replies: Vec<RasaReply> = exchange
        .replies
        .iter()
        .map(super::wire::message_reply)
        .filter(|reply| !reply.text.is_empty())
        .map(|reply| RasaReply {
            recipient_id: sender.clone(),
            text: plain_text(&reply),
            buttons: reply
                .quick_replies
                .into_iter()
                .map(|quick| RasaButton { title: quick.title, payload: quick.text })
                .collect(),
        })
        .collect();
    Ok(HttpResponse::Ok().json(replies))
}

/// A reply where nothing can be tapped: whole answers, and the links under them a line each.
fn plain_text(reply: &MessageReply) -> String {
    let links = reply.sources.iter().flat_map(|source| &source.links);
    let line = |link: &LinkReply| match link.title.as_str() {
        "" => link.url.clone(),
        title => format!("{title}: {}", link.url),
    };
    let lines: Vec<String> = links.map(line).collect();
    let text = reply.whole.as_ref().unwrap_or(&reply.text).clone();
    std::iter::once(text).chain(lines).collect::<Vec<_>>().join("\n")
}

/// A text to understand.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ParseRequest {
    pub text: String,
}

/// Understands a text as Rasa's `/model/parse` does: intent, ranking, entities. Nothing is stored.
#[utoipa::path(tag = "compatible", request_body = ParseRequest, responses((status = 200, body = serde_json::Value), (status = 401, body = Problem)), security(("staff" = [])))]
#[post("/model/parse")]
pub(super) async fn parse(
    app: web::Data<App>,
    _channel: AsAgent,
    body: Body<ParseRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(ParseRequest { text }) = body;
    let Some(model) = app.assistant.model() else {
        return Err(ApiError::Conflict("no model is live; train one first".to_owned()));
    };
    let threshold = model.threshold(app.assistant.script().config.accepted_error_rate);
    let message = text.clone();
    let predicted = web::block(move || model.predict(&[message.as_str()]).pop().unwrap_or_default()).await?;
    let confidence = |scored: &model::Scored| json!({ "name": scored.intent, "confidence": scored.probability });
    let unsure = || json!({ "name": null, "confidence": 1.0 - predicted.in_scope });
    let parsed = json!({
        "text": text,
        "intent": predicted.intent_at(threshold).map_or_else(unsure, confidence),
        "intent_ranking": predicted.ranking.iter().map(confidence).collect::<Vec<_>>(),
        "entities": predicted.entities,
    });
    Ok(HttpResponse::Ok().json(parsed))
}
