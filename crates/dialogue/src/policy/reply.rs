//! A rule's answer while it is put together.

use crate::{Action, Conversation, Decision, HandoffState, Language, QuickReply, Source, Trace, leans_on_previous};

use super::turn::Turn;

/// FAQ entries that a conversation remembers to have answered.
const MOST_REMEMBERED: usize = 20;

/// What a rule answers.
pub(super) struct Reply {
    pub(super) action: Action,
    pub(super) language: Language,
    pub(super) text: String,
    /// The same with whole answers, where `text` is cut.
    pub(super) whole: Option<String>,
    pub(super) quick_replies: Vec<QuickReply>,
    pub(super) sources: Vec<Source>,
    pub(super) intent: Option<String>,
    /// Intents that are answered beside that one.
    pub(super) further: Vec<String>,
    pub(super) faq_id: Option<String>,
    pub(super) probability: Option<f32>,
    pub(super) next: Conversation,
}

impl Reply {
    /// A reply in the turn's language that rests on no probability.
    pub(super) fn new(turn: &Turn<'_>, action: Action, text: String) -> Self {
        Self {
            action,
            language: turn.language,
            text,
            whole: None,
            quick_replies: Vec::new(),
            sources: Vec::new(),
            intent: None,
            further: Vec::new(),
            faq_id: None,
            probability: None,
            next: turn.next(),
        }
    }

    /// Calls a person; outside opening hours `open_text` gives way to the hours.
    pub(super) fn handoff(turn: &Turn<'_>, open_text: String) -> Self {
        let text = if turn.script.is_open(turn.now) { open_text } else { turn.sentence("_handoff_closed") };
        let mut reply = Self::new(turn, Action::Handoff, text);
        if reply.next.handed_over == HandoffState::Bot {
            reply.next.handed_over = HandoffState::Waiting;
        }
        reply
    }

    /// The decision, with what the next turn must know of this one.
    pub(super) fn into_decision(self, turn: &Turn<'_>, trace: Trace) -> Decision {
        let mut next = self.next;
        next.last_action = Some(self.action);
        let answered =
            matches!(self.action, Action::Template | Action::Form | Action::Faq | Action::Smalltalk | Action::Handoff);
        if answered {
            next.last_intent = self.intent.clone();
            next.last_faq = self.faq_id.clone();
            remember_answered(&mut next, self.faq_id.as_deref());
        }
        let about_something =
            matches!(self.action, Action::Template | Action::Faq | Action::Clarify | Action::Rephrase);
        let stands_alone = turn.conversation.form.is_none()
            && turn.conversation.clarification.is_none()
            && !leans_on_previous(&turn.heard.text, turn.heard.language);
        if (about_something || next.form.is_some()) && stands_alone {
            next.last_question = Some(turn.heard.text.clone());
        }
        Decision {
            action: self.action,
            language: self.language,
            text: self.text,
            whole: self.whole,
            quick_replies: self.quick_replies,
            sources: self.sources,
            intent: self.intent,
            faq_id: self.faq_id,
            probability: self.probability,
            next,
            trace,
        }
    }
}

fn remember_answered(next: &mut Conversation, faq_id: Option<&str>) {
    let Some(faq_id) = faq_id else { return };
    next.answered_faq.retain(|known| known != faq_id);
    next.answered_faq.push(faq_id.to_owned());
    if next.answered_faq.len() > MOST_REMEMBERED {
        next.answered_faq.remove(0);
    }
}
