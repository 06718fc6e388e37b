//! Conversations in three panes: the queue, the transcript, and why the bot answered as it did. Taking over, answering,
//! giving back, closing, and telling the next model what a message was really about.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;
use store::{Conversation, ConversationFilter, Status};

use super::call::Call;
use super::links::with_query;
use super::page::{Page, Section, render, see_other};
use super::words::Words;
use crate::app::App;
use crate::auth::{AsAgent, AsViewer};
use crate::error::ApiError;

mod transcript;

use transcript::OpenView;

const A_PAGE: usize = 40;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show_queue).service(show_one).service(change_status).service(say).service(label);
}

/// What the queue is narrowed to; travels in the query of every page that shows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct QueueQuery {
    status: String,
    text: String,
    /// The last conversation of the page before.
    before: String,
    /// The message whose trace is shown.
    message: String,
}

impl QueueQuery {
    fn at(&self, path: &str) -> String {
        with_query(path, &[("status", &self.status), ("text", &self.text), ("before", &self.before)])
    }
}

/// One conversation of the queue.
struct QueueRow {
    link: String,
    title: String,
    visitor: String,
    status: &'static str,
    status_name: &'static str,
    assigned_to: Option<String>,
    updated_at: i64,
    open: bool,
}

/// One choice of the status filter.
struct Tab {
    link: String,
    name: &'static str,
    current: bool,
}

#[derive(Template)]
#[template(path = "console/conversations.html")]
struct ConversationsPage {
    page: Page,
    tabs: Vec<Tab>,
    waiting: usize,
    query: QueueQuery,
    rows: Vec<QueueRow>,
    older: Option<String>,
    open: Option<OpenView>,
}

#[get("/conversations")]
async fn show_queue(call: Call<QueueQuery>, viewer: AsViewer) -> Result<HttpResponse, ApiError> {
    let page = call.visit.page(Section::Conversations, &viewer.staff);
    render(&queue(&call.app, page, call.query, None).await?)
}

#[get("/conversations/{id}")]
async fn show_one(call: Call<QueueQuery>, viewer: AsViewer, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let page = call.visit.page(Section::Conversations, &viewer.staff);
    let conversation = call.app.store.conversation(&id).await?;
    render(&queue(&call.app, page, call.query, Some(&conversation)).await?)
}

async fn queue(
    app: &App,
    page: Page,
    query: QueueQuery,
    open: Option<&Conversation>,
) -> Result<ConversationsPage, ApiError> {
    let some = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    let filter =
        ConversationFilter { status: Status::parse(&query.status), text: some(&query.text), only_spoken: true };
    let found = app.store.list_conversations(&filter, A_PAGE, some(&query.before).as_deref()).await?;
    let waiting = ConversationFilter { status: Some(Status::Waiting), ..ConversationFilter::default() };
    let waiting = app.store.list_conversations(&waiting, 99, None).await?.len();
    let older = found
        .last()
        .filter(|_| found.len() == A_PAGE)
        .map(|last| QueueQuery { before: last.id.clone(), ..query.clone() }.at("/console/conversations"));
    let rows = found.into_iter().map(|one| queue_row(one, &query, open.map(|open| open.id.as_str()), page.t)).collect();
    let open = match open {
        Some(conversation) => Some(OpenView::read(app, conversation, &query, page.t).await?),
        None => None,
    };
    Ok(ConversationsPage { tabs: tabs(&query, page.t), waiting, query, rows, older, open, page })
}

fn queue_row(conversation: Conversation, query: &QueueQuery, open: Option<&str>, t: &'static Words) -> QueueRow {
    QueueRow {
        link: query.at(&address(&conversation.id)),
        open: open == Some(conversation.id.as_str()),
        title: conversation.last_text.filter(|text| !text.is_empty()).unwrap_or_else(|| t.nothing_said_yet.to_owned()),
        visitor: conversation.visitor.unwrap_or_default(),
        status: conversation.status.as_str(),
        status_name: t.one_of("status", conversation.status.as_str()),
        assigned_to: conversation.assigned_to,
        updated_at: conversation.updated_at,
    }
}

fn tabs(query: &QueueQuery, t: &'static Words) -> Vec<Tab> {
    let names = [
        ("", t.all),
        ("waiting", t.status_waiting),
        ("person", t.status_person),
        ("bot", t.status_bot),
        ("closed", t.status_closed),
    ];
    let tab = |(status, name): (&str, &'static str)| Tab {
        link: with_query("/console/conversations", &[("status", status), ("text", &query.text)]),
        name,
        current: query.status == status,
    };
    names.into_iter().map(tab).collect()
}

fn address(id: &str) -> String {
    format!("/console/conversations/{}", super::links::encoded(id))
}

#[derive(Debug, Deserialize)]
struct StatusForm {
    /// `person`, `bot` or `closed`.
    to: String,
}

#[post("/conversations/{id}/status")]
async fn change_status(
    call: Call<QueueQuery>,
    agent: AsAgent,
    id: web::Path<String>,
    form: web::Form<StatusForm>,
) -> Result<HttpResponse, ApiError> {
    let status = Status::parse(&form.to).filter(|status| *status != Status::Waiting);
    let status =
        status.ok_or_else(|| ApiError::Invalid(format!("to is {:?}; it can be person, bot or closed", form.to)))?;
    call.app.chat.set_status(&id, status, &agent.staff.name).await?;
    Ok(see_other(&with_query(&call.query.at(&address(&id)), &[("notice", &format!("now_{}", status.as_str()))])))
}

#[derive(Debug, Deserialize)]
struct SayForm {
    text: String,
}

#[post("/conversations/{id}/say")]
async fn say(
    call: Call<QueueQuery>,
    agent: AsAgent,
    id: web::Path<String>,
    form: web::Form<SayForm>,
) -> Result<HttpResponse, ApiError> {
    call.app.chat.person_says(&id, form.text.trim(), &agent.staff.name).await?;
    Ok(see_other(&call.query.at(&address(&id))))
}

#[derive(Debug, Deserialize)]
struct LabelForm {
    message: String,
    /// `is:NAME`, or `none` for out of scope.
    intent: String,
}

#[post("/conversations/{id}/label")]
async fn label(
    call: Call<QueueQuery>,
    agent: AsAgent,
    id: web::Path<String>,
    form: web::Form<LabelForm>,
) -> Result<HttpResponse, ApiError> {
    let intent = match form.intent.strip_prefix("is:") {
        Some(name) => Some(name),
        None if form.intent == "none" => None,
        None => return Err(ApiError::Invalid("choose an intent, or out of scope".to_owned())),
    };
    call.app.store.label_put(&form.message, intent, &agent.staff.name).await?;
    let address = call.query.at(&address(&id));
    Ok(see_other(&with_query(&address, &[("message", &form.message), ("notice", "labelled")])))
}
