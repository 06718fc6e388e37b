//! Rules about forms: the way out, one answer at a time, and what comes next.

use crate::fill::fill_sentences;
use crate::words;
use crate::{Action, ActiveForm, Conversation, Form, Kind, QuickReply, Slot, SlotValue};

use super::answers::{answer_intent, answer_intent_from};
use super::reply::Reply;
use super::turn::Turn;

/// Longer values in the customer's own words are cut: a reply may repeat them.
const MOST_CHARACTERS_KEPT: usize = 300;

/// The customer leaves the form.
pub(super) fn form_cancelled(turn: &Turn<'_>) -> Result<Reply, String> {
    let Some(active) = &turn.conversation.form else {
        return Err("no form is open".into());
    };
    let by_intent = turn.sure_intent().is_ok_and(|best| best.intent == "cancel");
    if !by_intent && !words::cancels(&turn.words) {
        return Err("the customer did not leave the form".into());
    }
    let mut reply = Reply::new(turn, Action::Smalltalk, turn.sentence("_form_cancelled"));
    forget_own_words(turn, &active.intent, &mut reply.next);
    Ok(reply)
}

/// An answer to the question of an open form.
pub(super) fn form_step(turn: &Turn<'_>) -> Result<Reply, String> {
    let active = turn.conversation.form.as_ref().ok_or("no form is open")?;
    let form = turn.script.form(&active.intent).ok_or("the form is gone")?;
    let slot = form.slot(&active.slot).ok_or("the form's slot is gone")?;
    let own_words = slot.takes_own_words();
    // Own words are often close to some intent; only a question leaves such a slot.
    if !own_words || words::is_question(&turn.words) {
        if !own_words && let Some(value) = read(turn, slot) {
            return filled(turn, active, slot, value);
        }
        if let Some(reply) = aside(turn, active, slot) {
            return Ok(reply);
        }
        interrupted(turn, active)?;
    }
    match read(turn, slot) {
        Some(value) => filled(turn, active, slot, value),
        None => Ok(ask_again(turn, form, slot, active)),
    }
}

fn filled(turn: &Turn<'_>, active: &ActiveForm, slot: &Slot, value: SlotValue) -> Result<Reply, String> {
    let mut state = turn.next();
    state.slots.insert(slot.name.clone(), value);
    answer_intent_from(turn, &active.intent, state)
}

/// Says no when the message is clearly about something else.
fn interrupted(turn: &Turn<'_>, active: &ActiveForm) -> Result<(), String> {
    if let Ok(best) = turn.sure_intent()
        && best.intent != active.intent
        && turn.can_answer(&best.intent)
    {
        return Err(format!("the message is clearly about `{}`", best.intent));
    }
    if let Ok(hit) = turn.sure_faq()
        && turn.sure_intent().is_err()
    {
        return Err(format!("the message is clearly about the FAQ entry `{}`", hit.faq_id));
    }
    Ok(())
}

/// Small talk in the middle of a form is answered, and the question asked again.
fn aside(turn: &Turn<'_>, active: &ActiveForm, slot: &Slot) -> Option<Reply> {
    let best = turn.sure_intent().ok()?;
    turn.template_of(&best.intent, Kind::Smalltalk)?;
    let mut reply = answer_intent(turn, &best.intent, Some(best.probability)).ok()?;
    let (_, prompt) = turn.pick(&slot.prompt)?;
    reply.text = format!("{}\n{}", reply.text, in_words(turn, prompt));
    reply.quick_replies = choices(turn, slot);
    reply.next.form = Some(active.clone());
    Some(reply)
}

/// The answer does not fit: say so and ask again, or call a person after too many tries.
fn ask_again(turn: &Turn<'_>, form: &Form, slot: &Slot, active: &ActiveForm) -> Reply {
    let attempts = active.attempts.saturating_add(1);
    if attempts >= form.max_attempts {
        let mut reply = Reply::handoff(turn, turn.sentence("_form_incomplete"));
        reply.intent = Some(form.intent.clone());
        forget_own_words(turn, &form.intent, &mut reply.next);
        return reply;
    }
    let invalid = slot.invalid.as_ref().and_then(|invalid| turn.pick(invalid));
    let text = match invalid {
        Some((_, invalid)) => in_words(turn, invalid),
        None => {
            let prompt = turn.pick(&slot.prompt).map_or("", |(_, prompt)| prompt.as_str());
            format!("{}\n{}", turn.sentence("_form_invalid"), in_words(turn, prompt))
        }
    };
    let text = if text.trim().is_empty() { turn.sentence("_form_invalid") } else { text };
    let mut reply = ask(turn, form, slot, text);
    reply.next.form = Some(ActiveForm { attempts, ..active.clone() });
    reply
}

/// The question for the first required slot that is still missing.
pub(super) fn next_question(turn: &Turn<'_>, intent: &str, state: &Conversation) -> Option<Reply> {
    let form = turn.script.form(intent)?;
    let missing = |slot: &&Slot| !slot.optional && known(slot, state).is_none();
    let slot = form.slots.iter().find(missing)?;
    let prompt = turn.pick(&slot.prompt).map(|(_, prompt)| in_words(turn, prompt));
    let text = prompt.filter(|text| !text.is_empty());
    let mut reply = ask(turn, form, slot, text.unwrap_or_else(|| turn.sentence("_form_invalid")));
    reply.next.slots = state.slots.clone();
    reply.next.form = Some(ActiveForm { intent: form.intent.clone(), slot: slot.name.clone(), attempts: 0 });
    Some(reply)
}

fn ask(turn: &Turn<'_>, form: &Form, slot: &Slot, text: String) -> Reply {
    let mut reply = Reply::new(turn, Action::Form, text);
    if let Some((language, _)) = turn.pick(&slot.prompt) {
        reply.language = language;
    }
    reply.intent = Some(form.intent.clone());
    reply.quick_replies = choices(turn, slot);
    reply
}

fn choices(turn: &Turn<'_>, slot: &Slot) -> Vec<QuickReply> {
    let choices = slot.choices.as_ref().and_then(|choices| turn.pick(choices));
    choices.map_or_else(Vec::new, |(_, list)| list.iter().map(QuickReply::plain).collect())
}

fn in_words(turn: &Turn<'_>, text: &str) -> String {
    fill_sentences(text, |name| turn.script.value(name, turn.language))
}

/// What is known for a slot, where it fits the slot's pattern.
fn known<'a>(slot: &Slot, state: &'a Conversation) -> Option<&'a SlotValue> {
    let by_entity = slot.entity.as_ref().and_then(|entity| state.slots.get(entity));
    let found = state.slots.get(&slot.name).or(by_entity)?;
    let fits = found.is_masked() || slot.fits(&found.value);
    fits.then_some(found)
}

/// The slot's value in this message.
fn read(turn: &Turn<'_>, slot: &Slot) -> Option<SlotValue> {
    let mut mentioned = turn.heard.entities.iter();
    let entity = mentioned.find(|found| slot.entity.as_ref() == Some(&found.entity));
    if let Some(found) = entity.filter(|found| slot.fits(&found.value)) {
        return Some(SlotValue {
            value: found.value.clone(),
            text: found.text.clone(),
            sensitive: slot.sensitive || found.sensitive,
        });
    }
    let answer = slot.accept(&turn.heard.text, &turn.words)?;
    let kept: String = answer.chars().take(MOST_CHARACTERS_KEPT).collect();
    Some(SlotValue { value: kept.clone(), text: kept, sensitive: slot.sensitive || turn.heard.personal_data })
}

/// Whether the message is the value that an open form asked for, or a failed try at one, and nothing else: that means no
/// intent, whatever a classifier makes of it.
pub(super) fn is_bare_answer(turn: &Turn<'_>) -> bool {
    let asked = turn.conversation.form.as_ref();
    let slot = asked.and_then(|active| turn.script.form(&active.intent)?.slot(&active.slot));
    let Some(slot) = slot.filter(|slot| !slot.takes_own_words()) else {
        return false;
    };
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let said = letters(&turn.heard.text);
    is_code(turn.heard.text.trim())
        || read(turn, slot).is_some_and(|value| letters(&value.text) > 0 && letters(&value.text) >= said)
}

/// Whether a text looks like a number, an address or a code: one word with a digit or an at sign in it.
fn is_code(text: &str) -> bool {
    let is_word = !text.chars().any(|c| c.is_whitespace() || ('\u{3400}'..='\u{9fff}').contains(&c));
    is_word && text.chars().any(|c| c.is_numeric() || c == '@')
}

/// What was told in own words belongs to that form only; entities stay for later questions.
pub(super) fn forget_own_words(turn: &Turn<'_>, intent: &str, state: &mut Conversation) {
    let Some(form) = turn.script.form(intent) else {
        return;
    };
    for slot in form.slots.iter().filter(|slot| slot.entity.is_none()) {
        state.slots.shift_remove(&slot.name);
    }
}
