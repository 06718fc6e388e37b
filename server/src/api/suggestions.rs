//! Questions to offer a customer: what a widget shows while somebody types.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use store::{OfferPlace, OfferedQuestion, Status};
use utoipa::ToSchema;

use super::conversations::open_as_customer;
use crate::app::App;
use crate::auth::bearer_token;
use crate::error::{ApiError, Problem};
use crate::suggestions::WHILE_TYPING;

#[derive(Debug, Deserialize)]
pub(super) struct SuggestionsQuery {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

/// A question that can be sent as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionReply {
    pub title: String,
    /// What is sent when it is chosen.
    pub text: String,
    /// The entry that answers it.
    pub faq_id: String,
}

/// Questions, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionsReply {
    pub suggestions: Vec<SuggestionReply>,
}

/// Questions of the FAQ that go on from what the customer has typed, then those that mean something near it. None while
/// a person has the conversation.
#[utoipa::path(tag = "chat", params(("id" = String, Path), ("q" = String, Query, description = "what stands in the field"),
    ("limit" = Option<i64>, Query, description = "at most 10; 5 when left out")), responses(
    (status = 200, body = SuggestionsReply), (status = 401, body = Problem), (status = 429, body = Problem)),
    security(("conversation" = [])))]
#[get("/conversations/{id}/suggestions")]
pub(super) async fn suggest(
    app: web::Data<App>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<SuggestionsQuery>,
) -> Result<HttpResponse, ApiError> {
    open_as_customer(&app, &id, bearer_token(&request).as_deref()).await?;
    app.limits.suggestions(&app.limits.visitor(&request), &id)?;
    let conversation = app.store.conversation(&id).await?;
    let SuggestionsQuery { q, limit } = query.into_inner();
    let found = match conversation.status {
        Status::Person | Status::Closed => Vec::new(),
        Status::Bot | Status::Waiting => {
            app.suggestions.while_typing(q, &conversation, limit.unwrap_or(WHILE_TYPING)).await?
        }
    };
    let questions = found.iter().map(|one| OfferedQuestion {
        question: one.question.clone(),
        faq_id: Some(one.id.clone()),
        features: Vec::new(),
    });
    app.suggestions.shown(&conversation, OfferPlace::Typing, questions.collect());
    let suggestions = found.into_iter().map(|found| SuggestionReply {
        title: found.question.clone(),
        text: found.question,
        faq_id: found.id,
    });
    Ok(HttpResponse::Ok().json(SuggestionsReply { suggestions: suggestions.collect() }))
}
