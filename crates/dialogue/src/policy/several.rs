//! Several questions in one message, each answered by itself.

use crate::{Action, Conversation, Decision, HandoffState, Script, Trace, TracedPart};

/// The rule's name in traces.
const RULE: &str = "several_questions";

/// How much less sure a message makes an answer than its one question does, where the rest asks something else.
const DILUTED: f32 = 0.2;

/// A question of a message and the decision that it alone would get.
#[derive(Debug, Clone)]
pub struct Part {
    /// The question as it may be said back: without personal data.
    pub asked: String,
    /// Whether it asks something; what only tells needs no answer.
    pub is_question: bool,
    /// What the bot would answer if it were asked alone.
    pub decision: Decision,
}

/// Puts the answers to a message's questions together, under their titles, where that answers more than `whole`, the
/// decision for the message as one; else `whole`. A question without an answer is named, so that nobody takes the other
/// answer for its own.
pub fn join(conversation: &Conversation, script: &Script, whole: Decision, parts: &[Part]) -> Decision {
    let busy = conversation.form.is_some() || conversation.clarification.is_some();
    if busy || conversation.handed_over != HandoffState::Bot || !may_be_replaced(&whole) {
        return whole;
    }
    let answered = distinct(parts);
    let unknown: Vec<&Part> = parts.iter().filter(|part| part.is_question && is_unsure(part.decision.action)).collect();
    let already =
        if is_answer(whole.action) || whole.action == Action::Form { 1 + whole.trace.further.len() } else { 0 };
    let says_more =
        answered.len() > already || !unknown.is_empty() && answered.iter().any(|part| is_all_of(part, &whole));
    if !says_more || parts.iter().any(|part| part.decision.action == Action::Handoff) {
        return whole;
    }
    let not_known = |part: &&Part| {
        script.sentence("_not_known", whole.language, conversation.turn, &[("question", part.asked.trim())])
    };
    let unknown: Vec<String> = unknown.iter().map(not_known).collect();
    let titles = answered.len() + unknown.len() > 1;
    let put_together = |say: &dyn Fn(&Decision) -> String| {
        let mut said: Vec<String> = answered.iter().map(|part| titled(part, say(&part.decision), titles)).collect();
        // What a form asks stands last, so that the customer answers that.
        let form = answered.last().filter(|part| part.decision.action == Action::Form).and_then(|_| said.pop());
        said.into_iter().chain(unknown.clone()).chain(form).collect::<Vec<_>>().join("\n\n")
    };
    let mut decision = combined(&answered, whole.trace);
    decision.trace.parts = parts.iter().map(traced).collect();
    decision.text = put_together(&|decision| decision.text.clone());
    let cut = answered.iter().any(|part| part.decision.whole.is_some());
    decision.whole = cut.then(|| put_together(&|decision| decision.whole.as_ref().unwrap_or(&decision.text).clone()));
    decision
}

/// Whether the decision for the message as one answers this question alone: the answer is the same, and much surer where
/// nothing else is asked. A few words that belong to the question make it hardly less sure.
fn is_all_of(part: &Part, whole: &Decision) -> bool {
    let same = part.decision.intent == whole.intent && part.decision.faq_id == whole.faq_id;
    let [alone, together] = [&part.decision, whole].map(|decision| decision.probability.unwrap_or(1.0));
    same && is_answer(whole.action) && alone - together >= DILUTED
}

fn may_be_replaced(whole: &Decision) -> bool {
    !matches!(whole.action, Action::Handoff | Action::Silent)
}

fn is_answer(action: Action) -> bool {
    matches!(action, Action::Template | Action::Faq)
}

fn is_unsure(action: Action) -> bool {
    matches!(action, Action::Clarify | Action::Rephrase)
}

/// The parts that are answered, each answer once; a form, whose question must stand last, comes last, and only one.
fn distinct(parts: &[Part]) -> Vec<&Part> {
    let mut found: Vec<&Part> = Vec::new();
    let answers = parts.iter().filter(|part| is_answer(part.decision.action));
    let form = parts.iter().find(|part| part.decision.action == Action::Form);
    for part in answers.chain(form) {
        if found.iter().all(|other| other.decision.text != part.decision.text) {
            found.push(part);
        }
    }
    found
}

/// An answer under the question it answers: the entry's own, or what was asked.
fn titled(part: &Part, text: String, with_title: bool) -> String {
    let sources = &part.decision.sources;
    if !with_title || sources.len() > 1 {
        return text;
    }
    let title = sources.first().map_or(part.asked.trim(), |source| source.question.trim());
    format!("**{title}**\n{text}")
}

/// The last answer's decision, with what the others leave behind and the trace of the whole message; its text is still
/// that one answer's.
fn combined(answered: &[&Part], trace: Trace) -> Decision {
    let (first, last) = (&answered[0].decision, &answered[answered.len() - 1].decision);
    let mut decision = Decision { intent: first.intent.clone(), faq_id: first.faq_id.clone(), ..last.clone() };
    decision.sources = answered.iter().flat_map(|part| part.decision.sources.clone()).collect();
    decision.sources.dedup();
    decision.probability = answered.iter().filter_map(|part| part.decision.probability).reduce(f32::min);
    for part in &answered[..answered.len() - 1] {
        let known = &mut decision.next.answered_faq;
        known.extend(part.decision.faq_id.iter().filter(|id| !known.contains(id)).cloned().collect::<Vec<_>>());
    }
    decision.trace = Trace { rule: RULE.to_owned(), ..trace };
    decision
}

fn traced(part: &Part) -> TracedPart {
    let Decision { action, intent, faq_id, probability, trace, .. } = &part.decision;
    TracedPart {
        asked: part.asked.clone(),
        rule: trace.rule.clone(),
        action: *action,
        intent: intent.clone(),
        faq_id: faq_id.clone(),
        probability: *probability,
    }
}
