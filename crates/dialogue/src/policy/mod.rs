//! The policy: an ordered list of rules, each of which answers or says why it does not.
//! Probabilities are calibrated; every limit follows from the accepted error rate.

mod answers;
mod forms;
mod people;
mod reply;
mod several;
mod turn;
mod unsure;

pub use several::{Part, join};
pub use unsure::chosen_option;

use crate::{Candidates, Considered, Conversation, Decision, Script, Trace, TracedHit, TracedIntent, Understanding};
use reply::Reply;
use turn::Turn;

/// A rule answers, or says in a few words why it does not.
type Rule = fn(&Turn<'_>) -> Result<Reply, String>;

/// The rules in the order they are asked; the first that answers decides.
const RULES: &[(&str, Rule)] = &[
    ("person_has_taken_over", people::person_has_taken_over),
    ("nothing_said", unsure::nothing_said),
    ("asked_for_person", people::asked_for_person),
    ("form_cancelled", forms::form_cancelled),
    ("angry_customer", people::angry_customer),
    ("clarification_answered", unsure::clarification_answered),
    ("form_step", forms::form_step),
    ("follow_up", answers::follow_up),
    ("smalltalk", answers::smalltalk),
    ("template", answers::template),
    ("faq", answers::faq),
    ("clarify", unsure::clarify),
    ("still_waiting", people::still_waiting),
    ("repeated_failure", people::repeated_failure),
];

/// The last rule, which always answers.
const REPHRASE: &str = "rephrase";

/// Decides what to answer; pure, so that the same inputs always give the same decision.
pub fn decide(
    conversation: &Conversation,
    understanding: &Understanding,
    candidates: &Candidates,
    script: &Script,
    now: jiff::Timestamp,
) -> Decision {
    let turn = Turn::new(conversation, understanding, candidates, script, now);
    let mut considered = Vec::new();
    for (name, rule) in RULES {
        match rule(&turn) {
            Ok(reply) => return finish(&turn, name, reply, considered),
            Err(why) => considered.push(Considered { rule: (*name).to_owned(), why }),
        }
    }
    finish(&turn, REPHRASE, unsure::rephrase(&turn), considered)
}

fn finish(turn: &Turn<'_>, rule: &str, reply: Reply, considered: Vec<Considered>) -> Decision {
    let trace = trace(turn, rule, &reply, considered);
    reply.into_decision(turn, trace)
}

fn trace(turn: &Turn<'_>, rule: &str, reply: &Reply, considered: Vec<Considered>) -> Trace {
    let heard = turn.heard;
    let intents = heard
        .intents
        .iter()
        .take(5)
        .map(|score| TracedIntent { intent: score.intent.clone(), probability: score.probability });
    let hits = turn
        .candidates
        .hits
        .iter()
        .take(5)
        .map(|hit| TracedHit { faq_id: hit.faq_id.clone(), probability: hit.probability });
    Trace {
        rule: rule.to_owned(),
        considered,
        intents: intents.collect(),
        hits: hits.collect(),
        in_scope: heard.in_scope,
        intent_threshold: heard.intent_threshold,
        faq_threshold: turn.candidates.threshold,
        language: Some(reply.language),
        negative: heard.sentiment.map(|sentiment| sentiment.negative),
        further: reply.further.clone(),
        entities: heard.entities.iter().map(|found| found.entity.clone()).collect(),
        ..Trace::default()
    }
}
