//! One conversation as staff read it: every message with what the bot decided, and the whole trace of one of them.

use std::collections::HashMap;

use actix_web::web;
use dialogue::Trace;
use store::{Conversation, Message, Rating, Speaker, StoredDecision};

use super::super::explanation::ExplanationView;
use super::super::hits::{self, Asked};
use super::super::links::{faq_entry, with_query};
use super::super::trace::{Reader, TraceView, language_name};
use super::super::words::Words;
use super::{QueueQuery, address};
use crate::app::App;
use crate::error::ApiError;

/// The latest messages that are shown.
const MOST_MESSAGES: usize = 500;
/// Labels read to find those of one conversation.
const MOST_LABELS: usize = 20_000;

/// The conversation that is open.
pub(super) struct OpenView {
    pub(super) status: &'static str,
    pub(super) status_name: &'static str,
    pub(super) assigned_to: Option<String>,
    pub(super) visitor: String,
    pub(super) origin: String,
    pub(super) language: &'static str,
    pub(super) started: i64,
    pub(super) messages: Vec<MessageView>,
    pub(super) context: Option<ContextView>,
    /// Where the forms lead, with the queue as it is.
    pub(super) status_form: String,
    pub(super) say_form: String,
    pub(super) label_form: String,
    pub(super) back: String,
}

/// One message of the transcript.
pub(super) struct MessageView {
    pub(super) id: String,
    pub(super) role: &'static str,
    pub(super) who: String,
    pub(super) text: String,
    pub(super) at: i64,
    pub(super) action: Option<&'static str>,
    pub(super) quick_replies: Vec<String>,
    /// Question and address of each source.
    pub(super) sources: Vec<(String, String)>,
    pub(super) liked: Option<bool>,
    pub(super) reason: Option<String>,
    pub(super) label: Option<String>,
    /// Shows the trace of this customer message.
    pub(super) context_link: Option<String>,
    pub(super) chosen: bool,
}

/// The trace of one customer message, and its label.
pub(super) struct ContextView {
    pub(super) message_id: String,
    pub(super) text: String,
    pub(super) trace: Option<TraceView>,
    /// What the words of the message did, for the model that is live.
    pub(super) explanation: Option<ExplanationView>,
    /// Whether another model than the live one decided.
    pub(super) other_model: bool,
    /// Each intent, and whether it is the label.
    pub(super) intents: Vec<(String, bool)>,
    pub(super) labelled_out_of_scope: bool,
    pub(super) labelled_by: Option<String>,
    /// Writes an FAQ entry that answers this message.
    pub(super) faq_link: String,
}

impl OpenView {
    pub(super) async fn read(
        app: &App,
        conversation: &Conversation,
        query: &QueueQuery,
        t: &'static Words,
    ) -> Result<Self, ApiError> {
        let messages = app.store.latest_messages(&conversation.id, MOST_MESSAGES).await?;
        let labels = labels_of(app, conversation).await?;
        let chosen = chosen(&messages, &query.message);
        let context = match chosen {
            Some(place) => {
                let trace = trace(app, conversation, (&messages, place), t).await?;
                let explanation = explanation(app, &messages[place].text).await?;
                Some(ContextView { explanation, ..context(app, &messages[place], &labels, trace) })
            }
            None => None,
        };
        let here = address(&conversation.id);
        let chosen_id = chosen.map(|place| messages[place].id.clone());
        let views = messages.iter().map(|message| {
            let context_link =
                (message.role == Speaker::Customer).then(|| with_query(&query.at(&here), &[("message", &message.id)]));
            let is_chosen = chosen_id.as_deref() == Some(message.id.as_str());
            MessageView { context_link, chosen: is_chosen, ..message_view(message, &labels, t) }
        });
        Ok(Self {
            status: conversation.status.as_str(),
            status_name: t.one_of("status", conversation.status.as_str()),
            assigned_to: conversation.assigned_to.clone(),
            visitor: conversation.visitor.clone().unwrap_or_default(),
            origin: conversation.page.clone().unwrap_or_default(),
            language: conversation.language.map_or("", |language| language_name(language, t)),
            started: conversation.created_at,
            messages: views.collect(),
            context,
            status_form: query.at(&format!("{here}/status")),
            say_form: query.at(&format!("{here}/say")),
            label_form: query.at(&format!("{here}/label")),
            back: query.at("/console/conversations"),
        })
    }
}

/// What the next model is told of this conversation's messages, and by whom.
type Labels = HashMap<String, (Option<String>, String)>;

async fn labels_of(app: &App, conversation: &Conversation) -> Result<Labels, ApiError> {
    let labels = app.store.labels_since(conversation.created_at, MOST_LABELS).await?;
    let ours = labels.into_iter().filter(|label| label.conversation_id == conversation.id);
    Ok(ours.map(|label| (label.message_id, (label.intent, label.labelled_by))).collect())
}

/// The customer message whose trace is shown: the one asked for (or the one its reply answers), else the last.
fn chosen(messages: &[Message], wanted: &str) -> Option<usize> {
    let upto = messages.iter().position(|message| message.id == wanted).map_or(messages.len(), |place| place + 1);
    messages[..upto].iter().rposition(|message| message.role == Speaker::Customer)
}

/// The decision on a customer's message: kept beside the bot's reply, or beside the message where the bot was silent.
fn decision_on(messages: &[Message], place: usize) -> Option<&StoredDecision> {
    let own = messages[place].decision.as_ref();
    let next = messages.get(place + 1).filter(|next| next.role == Speaker::Bot).and_then(|next| next.decision.as_ref());
    own.or(next)
}

/// Why a customer's message, at its place among the messages, was answered as it was.
async fn trace(
    app: &App,
    conversation: &Conversation,
    (messages, place): (&[Message], usize),
    t: &'static Words,
) -> Result<Option<TraceView>, ApiError> {
    let Some(decision) = decision_on(messages, place) else { return Ok(None) };
    let trace: Trace = serde_json::from_value(decision.trace.clone()).unwrap_or_default();
    let channel = conversation.state.channel.as_deref();
    let explained = hits::explained(app, Asked::about(&messages[place].text, channel, &trace), t).await?;
    let reader = Reader { store: &app.store, t, marked: None, explained };
    Ok(Some(TraceView::new(decision.action, &trace, reader).await))
}

/// Why the live model understands a message as it does.
async fn explanation(app: &App, text: &str) -> Result<Option<ExplanationView>, ApiError> {
    let Some(model) = app.assistant.model() else {
        return Ok(None);
    };
    let asked = text.to_owned();
    let explained = web::block(move || model.explain(&asked)).await?;
    Ok(explained.map(|explained| ExplanationView::new(text, explained)))
}

fn context(app: &App, message: &Message, labels: &Labels, trace: Option<TraceView>) -> ContextView {
    let label = labels.get(&message.id);
    let known = app.assistant.model().map(|model| model.intents().to_vec()).unwrap_or_default();
    let is_label = |intent: &String| label.is_some_and(|(label, _)| label.as_ref() == Some(intent));
    let language = message.language.map_or("", dialogue::Language::code);
    let live = app.assistant.model_version();
    let decided_by = trace.as_ref().map(|trace| trace.model_version.clone()).filter(|version| !version.is_empty());
    ContextView {
        message_id: message.id.clone(),
        text: message.text.clone(),
        trace,
        explanation: None,
        other_model: decided_by.is_some() && decided_by != live,
        intents: known.into_iter().map(|intent| (intent.clone(), is_label(&intent))).collect(),
        labelled_out_of_scope: label.is_some_and(|(label, _)| label.is_none()),
        labelled_by: label.map(|(_, by)| by.clone()),
        faq_link: with_query("/console/faq/new", &[("question", &message.text), ("language", language)]),
    }
}

fn message_view(message: &Message, labels: &Labels, t: &'static Words) -> MessageView {
    let decision = message.decision.as_ref();
    let spoken = decision.filter(|_| message.role == Speaker::Bot);
    MessageView {
        id: message.id.clone(),
        role: message.role.as_str(),
        who: message.author.clone().unwrap_or_else(|| t.one_of("speaker", message.role.as_str()).to_owned()),
        text: message.text.clone(),
        at: message.created_at,
        action: decision.map(|decision| t.one_of("action", decision.action.name())),
        quick_replies: spoken
            .map(|decision| decision.quick_replies.iter().map(|quick| quick.title.clone()).collect())
            .unwrap_or_default(),
        sources: spoken
            .map(|decision| {
                decision.sources.iter().map(|source| (source.question.clone(), faq_entry(&source.faq_id))).collect()
            })
            .unwrap_or_default(),
        liked: message.feedback.as_ref().map(|feedback| feedback.rating == Rating::Up),
        reason: message.feedback.as_ref().and_then(|feedback| feedback.reason.clone()),
        label: labels.get(&message.id).map(|(intent, _)| intent.clone().unwrap_or_else(|| t.out_of_scope.to_owned())),
        context_link: None,
        chosen: false,
    }
}
