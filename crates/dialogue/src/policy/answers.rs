//! Rules that answer: follow-ups, small talk, templates and the FAQ.

use crate::fill::{fill, fill_sentences};
use crate::words;
use crate::{Action, Candidate, Conversation, Kind, Language, Source, Template};

use super::forms::{forget_own_words, next_question};
use super::reply::Reply;
use super::turn::Turn;

/// Intents answered beside the first; a message about more is rather misunderstood.
const MOST_FURTHER: usize = 2;
/// How many times more often an intent must be wrong than an FAQ entry that is given in its place.
const MUCH_LESS_OFTEN: f32 = 2.5;

/// The message answers the last template's question: its intent counts as another one.
pub(super) fn follow_up(turn: &Turn<'_>) -> Result<Reply, String> {
    let last = turn.conversation.last_intent.as_deref();
    let last = last.filter(|_| turn.conversation.last_action != Some(Action::Faq));
    let template = last.and_then(|intent| turn.script.template(intent));
    let follow_ups = match template {
        Some(template) if !template.follow_ups.is_empty() => &template.follow_ups,
        _ => return Err("the last answer has no follow-ups".into()),
    };
    let sure = turn.sure_intent().ok().map(|best| best.intent.as_str());
    let said = [sure, words::affirms(&turn.words).then_some("affirm"), words::denies(&turn.words).then_some("deny")];
    let target = said.into_iter().flatten().find_map(|name| follow_ups.get(name));
    let target = target.ok_or("the message is none of the follow-ups")?;
    answer_intent(turn, target, None)
}

/// Greetings, thanks and the like.
pub(super) fn smalltalk(turn: &Turn<'_>) -> Result<Reply, String> {
    let best = turn.sure_intent()?;
    if turn.template_of(&best.intent, Kind::Smalltalk).is_none() {
        return Err(format!("`{}` is not small talk", best.intent));
    }
    if turn.is_waiting_for_person() {
        return Err("a person has been called, who needs no small talk beside".into());
    }
    faq_leads(turn, best.probability)?;
    answer_intent(turn, &best.intent, Some(best.probability))
}

/// A prepared reply, or the form that must be filled first.
pub(super) fn template(turn: &Turn<'_>) -> Result<Reply, String> {
    let best = turn.sure_intent()?;
    if !turn.can_answer(&best.intent) {
        return Err(format!("`{}` has no template and no form", best.intent));
    }
    if turn.template_of(&best.intent, Kind::Smalltalk).is_some() {
        return Err(format!("`{}` is small talk", best.intent));
    }
    faq_leads(turn, best.probability)?;
    let mut reply = answer_intent(turn, &best.intent, Some(best.probability))?;
    answer_further(turn, &mut reply);
    Ok(reply)
}

/// Answers the message's further intents too, where a prepared reply is enough: before a form's question, else after
/// the first answer.
fn answer_further(turn: &Turn<'_>, reply: &mut Reply) {
    let sure = turn.heard.further.iter().filter(|score| score.probability >= turn.heard.intent_threshold);
    for score in sure.take(MOST_FURTHER) {
        let spoken = turn
            .template_of(&score.intent, Kind::Answer)
            .filter(|_| turn.script.form(&score.intent).is_none() && reply.intent.as_ref() != Some(&score.intent))
            .and_then(|template| speak(turn, template, &reply.next).ok());
        let Some(spoken) = spoken else {
            continue;
        };
        reply.text = match reply.action {
            Action::Form => format!("{}\n\n{}", spoken.text, reply.text),
            Action::Template => format!("{}\n\n{}", reply.text, spoken.text),
            // What a person takes over is left to the person.
            _ => return,
        };
        reply.further.push(score.intent.clone());
    }
}

/// Says no when an FAQ entry fits clearly better than an intent of this probability.
///
/// Both keep the accepted error rate here: a lead smaller than that rate counts only where the entry is wrong less than
/// half as often, as where the message is its question nearly word for word.
fn faq_leads(turn: &Turn<'_>, probability: f32) -> Result<(), String> {
    match turn.sure_faq() {
        Ok(hit)
            if hit.probability > probability + turn.accepted_error()
                || (1.0 - hit.probability) * MUCH_LESS_OFTEN < 1.0 - probability =>
        {
            Err(format!("the FAQ entry `{}` at {:.3} fits better than {probability:.3}", hit.faq_id, hit.probability))
        }
        _ => Ok(()),
    }
}

/// An FAQ answer, with its source; two under their titles where both entries keep the accepted error rate.
pub(super) fn faq(turn: &Turn<'_>) -> Result<Reply, String> {
    let hit = turn.sure_faq()?;
    let mut reply = answer_faq(turn, &hit.faq_id, Some(hit.probability))?;
    let said = say(turn, hit)?;
    let other = turn.candidates.hits.iter().find(|other| complements(turn, hit, other));
    if let Some((other, also)) = other.and_then(|other| Some((other, say(turn, other).ok()?))) {
        let both = |one: &str, two: &str| format!("**{}**\n{one}\n\n**{}**\n{two}", hit.question, other.question);
        reply.text = both(&said.text, &also.text);
        reply.whole = both_whole(&said, &also).map(|(one, two)| both(one, two));
        reply.sources.push(also.source);
        reply.probability = Some(hit.probability.min(other.probability));
    }
    Ok(reply)
}

/// Both answers whole, where one of them is cut.
fn both_whole<'a>(one: &'a Said, two: &'a Said) -> Option<(&'a str, &'a str)> {
    let cut = one.whole.is_some() || two.whole.is_some();
    cut.then(|| (one.whole.as_deref().unwrap_or(&one.text), two.whole.as_deref().unwrap_or(&two.text)))
}

/// Whether another entry answers the message as surely and says something else, in the same language.
fn complements(turn: &Turn<'_>, hit: &Candidate, other: &Candidate) -> bool {
    let alike = |one: &str, two: &str| one.trim() == two.trim();
    other.faq_id != hit.faq_id
        && other.probability >= turn.candidates.threshold
        && other.language == hit.language
        && !alike(&other.answer, &hit.answer)
        && !alike(&other.question, &hit.question)
}

/// Answers with this FAQ entry, which must be among the candidates.
pub(super) fn answer_faq(turn: &Turn<'_>, faq_id: &str, probability: Option<f32>) -> Result<Reply, String> {
    let mut hits = turn.candidates.hits.iter();
    let hit = hits.find(|hit| hit.faq_id == faq_id).ok_or_else(|| format!("the FAQ entry `{faq_id}` is gone"))?;
    if !turn.speaks(hit.language) {
        return Err(format!("the FAQ entry `{faq_id}` is in a language the bot does not speak"));
    }
    let Said { text, whole, source } = say(turn, hit)?;
    let mut reply = Reply::new(turn, Action::Faq, text);
    reply.whole = whole;
    reply.language = hit.language.unwrap_or(turn.language);
    reply.faq_id = Some(hit.faq_id.clone());
    reply.intent = turn.sure_intent().ok().map(|best| best.intent.clone());
    reply.probability = probability;
    reply.sources.push(source);
    Ok(reply)
}

/// An entry's answer in words, and where it is from.
struct Said {
    text: String,
    /// All of it, where `text` is cut.
    whole: Option<String>,
    source: Source,
}

/// The sentences of an entry that fit, else all of it, with its placeholders filled.
fn say(turn: &Turn<'_>, hit: &Candidate) -> Result<Said, String> {
    let language = hit.language.unwrap_or(turn.language);
    let fill = |text: &str| fill_sentences(text, |name: &str| value_of(turn, turn.conversation, name, language));
    let whole = fill(&hit.answer);
    let excerpt = hit.excerpt.as_deref().map(fill).filter(|text| !text.is_empty());
    let text = excerpt.clone().unwrap_or_else(|| whole.clone());
    if text.is_empty() {
        return Err(format!("nothing can be said of `{}`: a value is missing", hit.faq_id));
    }
    let source = Source { faq_id: hit.faq_id.clone(), question: hit.question.clone(), links: hit.links.clone() };
    Ok(Said { text, whole: excerpt.map(|_| whole), source })
}

/// Answers with this intent's template, asking for missing slots first.
pub(super) fn answer_intent(turn: &Turn<'_>, intent: &str, probability: Option<f32>) -> Result<Reply, String> {
    let mut reply = answer_intent_from(turn, intent, turn.next())?;
    reply.probability = probability;
    Ok(reply)
}

/// The same, going on from a state in which a slot has just been filled.
pub(super) fn answer_intent_from(turn: &Turn<'_>, intent: &str, state: Conversation) -> Result<Reply, String> {
    if let Some(question) = next_question(turn, intent, &state) {
        return Ok(question);
    }
    let mut reply = match turn.script.template(intent) {
        Some(template) => speak(turn, template, &state)?,
        // A filled form without a template is for a person to act on.
        None if turn.script.form(intent).is_some() => Reply::handoff(turn, turn.sentence("_handoff")),
        None => return Err(format!("`{intent}` has no template and no form")),
    };
    reply.intent = Some(intent.to_owned());
    reply.next.slots = state.slots;
    forget_own_words(turn, intent, &mut reply.next);
    Ok(reply)
}

/// The template in words, its wordings taking turns, the first whose values are all known.
fn speak(turn: &Turn<'_>, template: &Template, state: &Conversation) -> Result<Reply, String> {
    let intent = &template.intent;
    let (language, variants) = turn
        .pick(&template.replies)
        .ok_or_else(|| format!("the template of `{intent}` has no reply in a bot language"))?;
    let wordings = variants.0.len() as u32;
    let mut missing = String::new();
    let filled = (0..wordings).find_map(|shift| {
        let wording = variants.at(turn.conversation.turn.wrapping_add(shift))?;
        match fill(wording, |name| value_of(turn, state, name, language)) {
            Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Err(name) => {
                missing = name;
                None
            }
        }
    });
    let text = filled.ok_or_else(|| format!("the template of `{intent}` needs `{missing}`, which nothing fills"))?;
    let mut reply = match template.kind {
        Kind::Answer => Reply::new(turn, Action::Template, text),
        Kind::Smalltalk => Reply::new(turn, Action::Smalltalk, text),
        Kind::Handoff => Reply::handoff(turn, text),
    };
    reply.language = language;
    let quick_replies = turn.pick(&template.quick_replies);
    reply.quick_replies = quick_replies.map_or_else(Vec::new, |(_, list)| list.clone());
    Ok(reply)
}

/// What a name in braces stands for: what the customer told us, else the bot's own values.
fn value_of(turn: &Turn<'_>, state: &Conversation, name: &str, language: Language) -> Option<String> {
    let told = state.slots.get(name).map(crate::SlotValue::shown);
    told.or_else(|| turn.script.value(name, language))
}
