//! Rules for messages that are not clear: offering meanings, resolving the offer, asking again.

use crate::words;
use crate::{Action, Clarification, ClarifyOption, Conversation, QuickReply, Target};

use super::answers::{answer_faq, answer_intent};
use super::people::{repeated_failure, still_waiting};
use super::reply::Reply;
use super::turn::Turn;

/// As many suggestions as fit under one message beside the author's own.
const MOST_LIKELY_SUGGESTED: usize = 2;
const MOST_GENERAL_SUGGESTED: usize = 2;

/// A message of nothing but marks or emoji.
pub(super) fn nothing_said(turn: &Turn<'_>) -> Result<Reply, String> {
    if turn.heard.text.chars().any(char::is_alphanumeric) {
        return Err("the message has words".into());
    }
    if turn.conversation.form.is_some() {
        return Err("an open form asks again".into());
    }
    Ok(still_waiting(turn).or_else(|_| repeated_failure(turn)).unwrap_or_else(|_| rephrase(turn)))
}

/// The option this message chooses of those that were offered.
pub fn chosen_option<'a>(conversation: &'a Conversation, text: &str, normalised: &str) -> Option<&'a ClarifyOption> {
    let options = &conversation.clarification.as_ref()?.options;
    let said = [text.trim().to_lowercase(), normalised.trim().to_lowercase()];
    let by_title = options.iter().find(|option| {
        let title = option.title.to_lowercase();
        said.iter().any(|said| words::bare(said) == words::bare(&title))
    });
    let by_place = || said.iter().find_map(|said| words::place(said, options.len()));
    let only = || {
        let agreed = said.iter().any(|said| words::affirms(said));
        (options.len() == 1 && agreed).then_some(0)
    };
    by_title
        .or_else(|| by_place().or_else(only).and_then(|index| options.get(index)))
        .or_else(|| only_one_holding(options, &said[0]))
}

/// The one option whose title holds the message, where that is enough of a message to tell.
fn only_one_holding<'a>(options: &'a [ClarifyOption], said: &str) -> Option<&'a ClarifyOption> {
    let said = words::bare(said);
    let enough = if said.is_ascii() { 4 } else { 2 };
    if said.chars().count() < enough {
        return None;
    }
    let mut holding = options.iter().filter(|option| words::holds(&option.title.to_lowercase(), said));
    let first = holding.next()?;
    holding.next().is_none().then_some(first)
}

/// The customer chooses one of the meanings that were offered, or none.
pub(super) fn clarification_answered(turn: &Turn<'_>) -> Result<Reply, String> {
    if turn.conversation.clarification.is_none() {
        return Err("nothing was offered".into());
    }
    if let Some(option) = chosen_option(turn.conversation, &turn.heard.text, &turn.words) {
        return match &option.target {
            Target::Intent(intent) => answer_intent(turn, intent, None),
            Target::Faq(faq_id) => answer_faq(turn, faq_id, None),
        };
    }
    let neither = turn.sentence("_neither").to_lowercase();
    if words::means_neither(&turn.words) || words::bare(&neither) == words::bare(&turn.words) {
        return Ok(repeated_failure(turn).unwrap_or_else(|_| rephrase(turn)));
    }
    Err("the message is none of what was offered".into())
}

/// One meaning that can be offered, with its probability.
struct Meaning {
    option: ClarifyOption,
    probability: f32,
    threshold: f32,
}

/// The meanings worth offering, best first.
///
/// A meaning less likely than the accepted error rate can be left out without breaking it.
fn meanings(turn: &Turn<'_>) -> Vec<Meaning> {
    let mut meanings: Vec<Meaning> = intents(turn).chain(entries(turn)).collect();
    meanings.retain(|meaning| meaning.probability >= turn.accepted_error());
    meanings.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let mut titles = Vec::new();
    meanings.retain(|meaning| {
        let title = meaning.option.title.to_lowercase();
        let new = !titles.contains(&title);
        titles.push(title);
        new
    });
    meanings
}

fn intents<'t>(turn: &'t Turn<'_>) -> impl Iterator<Item = Meaning> + 't {
    turn.heard.intents.iter().filter_map(|score| {
        let title = turn.title_of(&score.intent)?;
        Some(Meaning {
            option: ClarifyOption { title, target: Target::Intent(score.intent.clone()) },
            probability: score.probability,
            threshold: turn.heard.intent_threshold,
        })
    })
}

fn entries<'t>(turn: &'t Turn<'_>) -> impl Iterator<Item = Meaning> + 't {
    let same = |language: Option<_>| language.is_none_or(|spoken| spoken == turn.language);
    let hits = turn.candidates.hits.iter();
    hits.filter(move |hit| same(hit.language)).map(|hit| Meaning {
        option: ClarifyOption { title: hit.question.trim().to_owned(), target: Target::Faq(hit.faq_id.clone()) },
        probability: hit.probability,
        threshold: turn.candidates.threshold,
    })
}

/// Two meanings together are sure enough, or one is more likely right than wrong: ask.
pub(super) fn clarify(turn: &Turn<'_>) -> Result<Reply, String> {
    let mut meanings = meanings(turn);
    let Some(first) = meanings.first() else {
        return Err("no meaning is likely enough to offer".into());
    };
    let pair: f32 = meanings.iter().take(2).map(|meaning| meaning.probability).sum();
    let likely = first.probability >= 0.5;
    if meanings.len() >= 2 && pair >= first.threshold.min(1.0) {
        meanings.truncate(2);
    } else if likely {
        meanings.truncate(1);
    } else {
        return Err(format!("the best meanings together reach only {pair:.3}"));
    }
    let options: Vec<ClarifyOption> = meanings.into_iter().map(|one| one.option).collect();
    if asked_before(turn, &options) {
        return Err("the same was asked just before".into());
    }
    Ok(offer(turn, options))
}

fn asked_before(turn: &Turn<'_>, options: &[ClarifyOption]) -> bool {
    let before = turn.conversation.clarification.as_ref();
    before.is_some_and(|before| before.options == options)
}

fn offer(turn: &Turn<'_>, options: Vec<ClarifyOption>) -> Reply {
    let text = match options.as_slice() {
        [first, second] => {
            let titles = [("first", first.title.as_str()), ("second", second.title.as_str())];
            turn.sentence_with("_clarify", &titles)
        }
        rest => {
            let title = rest.first().map_or("", |option| option.title.as_str());
            turn.sentence_with("_confirm", &[("first", title)])
        }
    };
    let mut reply = Reply::new(turn, Action::Clarify, text);
    let titles = options.iter().map(|option| QuickReply::plain(&option.title));
    reply.quick_replies = titles.collect();
    reply.quick_replies.push(QuickReply::plain(turn.sentence("_neither")));
    reply.next.failures = turn.conversation.failures;
    reply.next.clarification = Some(Clarification { options });
    reply
}

/// Asks to say it in other words, and suggests what the bot can do.
pub(super) fn rephrase(turn: &Turn<'_>) -> Reply {
    let mut reply = Reply::new(turn, Action::Rephrase, turn.sentence("_rephrase"));
    reply.quick_replies = suggestions(turn);
    reply.next.failures = turn.conversation.failures.saturating_add(1);
    reply
}

/// Likely meanings, then what the bot's author suggests.
fn suggestions(turn: &Turn<'_>) -> Vec<QuickReply> {
    let likely = meanings(turn).into_iter().take(MOST_LIKELY_SUGGESTED);
    let mut replies: Vec<QuickReply> = likely.map(|meaning| QuickReply::plain(meaning.option.title)).collect();
    for suggested in authored_suggestions(turn) {
        let new = replies.iter().all(|reply| reply.title != suggested.title);
        if new && !suggested.title.trim().is_empty() {
            replies.push(suggested);
        }
    }
    replies
}

/// The quick replies of `_rephrase`, else the widget's suggestions and the way to a person.
fn authored_suggestions(turn: &Turn<'_>) -> Vec<QuickReply> {
    let template = turn.script.templates.get("_rephrase");
    let own = template.and_then(|template| template.quick_replies.exact(turn.language));
    if let Some(own) = own {
        return own.clone();
    }
    let welcome = turn.script.config.welcome.as_ref();
    let general = welcome.and_then(|welcome| welcome.suggestions.exact(turn.language));
    let general = general.into_iter().flatten().take(MOST_GENERAL_SUGGESTED);
    let person = turn.sentence("_talk_to_person");
    general.cloned().chain([person]).map(QuickReply::plain).collect()
}
