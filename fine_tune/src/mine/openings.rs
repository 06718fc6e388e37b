//! Which messages customers open with: the first of a conversation that says more than hello.

use indexmap::IndexMap;
use model::Classifier;

use crate::args::Which;
use crate::evaluate;
use crate::logs::{Conversation, Role};
use crate::telling::words;

/// Customer's turns in which the opening question is looked for.
const FIRST_TURNS: usize = 3;

/// A message and where it was said, once for all of the same telling words.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    /// As the first customer wrote it, without personal data.
    pub(super) text: String,
    /// Its letters alone, for what it means.
    pub(super) letters: String,
    /// Its telling words alone.
    pub(super) reading: String,
    /// Conversation and turn of everyone who said so.
    pub(super) turns: Vec<(usize, usize)>,
}

/// The openings of conversations, or all that customers said.
pub(super) fn find(conversations: &[Conversation], which: Which) -> Vec<Opening> {
    let (first_turns, wanted) = match which {
        Which::Openings => (FIRST_TURNS, 1),
        Which::All => (usize::MAX, usize::MAX),
    };
    let mut found: IndexMap<String, Opening> = IndexMap::new();
    for (talk, conversation) in conversations.iter().enumerate() {
        let customers = conversation.turns.iter().enumerate().filter(|(_, turn)| turn.role == Role::Customer);
        let questions = customers.take(first_turns).filter_map(|(at, turn)| {
            let text = text::redact(&turn.text).text;
            let letters = letters(&text);
            let words = words(&letters).join(" ");
            (!words.is_empty()).then_some((at, text, letters, words))
        });
        for (at, text, letters, reading) in questions.take(wanted) {
            let opening = || Opening { text, letters, reading: reading.clone(), turns: Vec::new() };
            found.entry(reading.clone()).or_insert_with(opening).turns.push((talk, at));
        }
    }
    found.into_values().collect()
}

/// Normalised, with placeholders and numbers taken out: they would group messages by what is private in them.
fn letters(text: &str) -> String {
    let normalised = text::normalise(text);
    let mut letters = String::new();
    let mut inside = false;
    for c in normalised.as_str().chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside && c.is_alphabetic() => letters.push(c),
            _ if !letters.ends_with(' ') => letters.push(' '),
            _ => {}
        }
    }
    letters
}

/// Leaves out what a model answers already.
pub(super) fn keep_unanswered(openings: &mut Vec<Opening>, classifier: &Classifier) {
    let threshold = classifier.threshold(classifier.info().accepted_error_rate);
    let texts: Vec<&str> = openings.iter().map(|opening| opening.text.as_str()).collect();
    let predictions = evaluate::predict(classifier, &texts);
    let mut answered = predictions.iter().map(|said| said.intent_at(threshold).is_some());
    openings.retain(|_| !answered.next().unwrap_or(false));
}
