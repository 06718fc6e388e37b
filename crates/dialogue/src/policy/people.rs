//! Rules about people: when one has the conversation, and when one must be called.

use crate::words;
use crate::{Action, HandoffState, Kind};

use super::answers::answer_intent;
use super::reply::Reply;
use super::turn::Turn;

/// A person has the conversation: the bot keeps silent and changes nothing but the count.
pub(super) fn person_has_taken_over(turn: &Turn<'_>) -> Result<Reply, String> {
    if turn.conversation.handed_over != HandoffState::Person {
        return Err("no person has taken over".into());
    }
    Ok(silence(turn))
}

/// The customer wants a person, by a handoff intent or in so many words.
pub(super) fn asked_for_person(turn: &Turn<'_>) -> Result<Reply, String> {
    let by_intent = turn.sure_intent().ok().filter(|best| turn.template_of(&best.intent, Kind::Handoff).is_some());
    if let Some(best) = by_intent {
        return call_for(turn, &best.intent, Some(best.probability));
    }
    if !words::asks_for_person(&turn.words) {
        return Err("no person was asked for".into());
    }
    if let Ok(best) = turn.sure_intent()
        && turn.template_of(&best.intent, Kind::Smalltalk).is_some()
    {
        return Err(format!("the words are about `{}`", best.intent));
    }
    if let Ok(hit) = turn.sure_faq()
        && words::asks_for_person(&hit.question.to_lowercase())
    {
        return Err(format!("the FAQ entry `{}` is about this", hit.faq_id));
    }
    let prepared = turn
        .script
        .templates
        .iter()
        .find(|template| template.kind == Kind::Handoff && turn.script.form(&template.intent).is_none());
    match prepared {
        Some(template) => call_for(turn, &template.intent, None),
        None => Ok(call_again(turn)),
    }
}

/// Whoever asks for a person once more is told that one is coming.
fn call_again(turn: &Turn<'_>) -> Reply {
    if turn.is_waiting_for_person() {
        return Reply::handoff(turn, turn.sentence("_waiting"));
    }
    call(turn)
}

fn call_for(turn: &Turn<'_>, intent: &str, probability: Option<f32>) -> Result<Reply, String> {
    if turn.conversation.handed_over == HandoffState::Waiting {
        return Ok(call_again(turn));
    }
    answer_intent(turn, intent, probability)
}

/// Calls a person; once one has been called, the bot adds nothing while people are there.
fn call(turn: &Turn<'_>) -> Reply {
    if turn.conversation.handed_over == HandoffState::Bot {
        return Reply::handoff(turn, turn.sentence("_handoff"));
    }
    if turn.script.is_open(turn.now) {
        return silence(turn);
    }
    Reply::handoff(turn, String::new())
}

fn silence(turn: &Turn<'_>) -> Reply {
    let mut reply = Reply::new(turn, Action::Silent, String::new());
    reply.next.failures = turn.conversation.failures;
    reply
}

/// The customer is angry: surely negative twice in a row, or negative in strong words.
pub(super) fn angry_customer(turn: &Turn<'_>) -> Result<Reply, String> {
    if !turn.script.config.handoff.on_anger {
        return Err("on_anger is off".into());
    }
    if turn.conversation.handed_over != HandoffState::Bot {
        return Err("a person has been called already".into());
    }
    let strong = words::is_strong(&turn.words);
    // A model that finds the message more likely not negative outweighs the words.
    let denied = turn.heard.sentiment.is_some_and(|sentiment| sentiment.negative < 0.5);
    let repeated = turn.is_negative() && turn.conversation.angry_turns > 0;
    let failed = turn.is_negative() && turn.conversation.failures > 0;
    if !(strong && !denied || repeated || failed) {
        return Err("the customer is not angry, or only once".into());
    }
    let mut reply = Reply::handoff(turn, turn.sentence("_angry"));
    if !turn.script.is_open(turn.now) {
        let sorry = turn.sentence("_sorry");
        reply.text = format!("{sorry}{}{}", gap(turn), reply.text);
    }
    Ok(reply)
}

fn gap(turn: &Turn<'_>) -> &'static str {
    match turn.language {
        crate::Language::Chinese => "",
        crate::Language::English => " ",
    }
}

/// A person has been called and the message is not understood: it is for that person.
pub(super) fn still_waiting(turn: &Turn<'_>) -> Result<Reply, String> {
    if turn.conversation.handed_over != HandoffState::Waiting {
        return Err("no person has been called".into());
    }
    Ok(call(turn))
}

/// Too many messages in a row were not understood.
pub(super) fn repeated_failure(turn: &Turn<'_>) -> Result<Reply, String> {
    let failures = turn.conversation.failures.saturating_add(1);
    let limit = turn.script.config.handoff.after_failures;
    if failures < limit {
        return Err(format!("not understood {failures} of {limit} times"));
    }
    Ok(call(turn))
}
