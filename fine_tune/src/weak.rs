//! Labels for free: a customer's message takes the intent of the template that the agent answered it with.
//! Unsure matches give no label: a wrong label costs more than a missing one.

use std::collections::HashMap;

use dialogue::{Language, Templates};

use crate::logs::{Conversation, Role, Turn};

/// How alike a reply and a template must be by default: an agent's greeting and closing round a whole template stays
/// above it, two templates about one matter stay below it.
pub(crate) const DEFAULT_THRESHOLD: f32 = 0.75;
/// How much a weak label counts beside an authored one.
pub(crate) const WEIGHT: f32 = 0.5;
/// By how much the best template must beat the best one of any other intent.
const MARGIN: f32 = 0.1;
/// Tokens that one `{slot}` may stand for.
const SLOT_TOKENS: usize = 16;
/// Tokens of a reply that are compared; what follows is small talk.
const REPLY_TOKENS: usize = 300;
/// Shorter templates ("OK!") say too little to tell what was asked.
const SHORTEST_TEMPLATE: usize = 4;

/// Recognises replies that were made from templates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matcher {
    known: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    intent: String,
    tokens: Vec<Token>,
    literals: HashMap<String, usize>,
    n_literals: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(String),
    Slot,
}

/// Whose template a reply was made from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) intent: String,
    pub(crate) similarity: f32,
}

impl Matcher {
    /// Knows every reply of every intent's template; the bot's own sentences label nothing.
    pub(crate) fn new(templates: &Templates) -> Self {
        let mut known = Vec::new();
        for template in templates.iter().filter(|template| !template.intent.starts_with('_')) {
            for language in [Language::Chinese, Language::English] {
                let variants = template.replies.exact(language);
                known.extend(
                    variants
                        .into_iter()
                        .flat_map(|variants| variants.written())
                        .map(|reply| Known::new(&template.intent, reply)),
                );
            }
        }
        known.retain(|template| template.n_literals >= SHORTEST_TEMPLATE);
        Self { known }
    }

    /// The template that a reply was made from, if one fits well and no other intent's nearly as well.
    pub(crate) fn find(&self, reply: &str, threshold: f32) -> Option<Match> {
        let reply: Vec<String> = words(reply).take(REPLY_TOKENS).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for token in &reply {
            *counts.entry(token).or_default() += 1;
        }
        let mut best: Option<(f32, &Known)> = None;
        let mut rival = 0.0_f32;
        for template in &self.known {
            if template.at_most(&counts) < threshold - MARGIN {
                continue;
            }
            let similarity = template.similarity(&reply);
            match best {
                Some((top, known)) if similarity <= top || known.intent == template.intent => {
                    if known.intent != template.intent {
                        rival = rival.max(similarity);
                    } else if similarity > top {
                        best = Some((similarity, template));
                    }
                }
                _ => {
                    rival = rival.max(best.map_or(0.0, |(top, _)| top));
                    best = Some((similarity, template));
                }
            }
        }
        let (similarity, template) = best?;
        let clear = similarity >= threshold && similarity - rival >= MARGIN;
        clear.then(|| Match { intent: template.intent.clone(), similarity })
    }
}

impl Known {
    fn new(intent: &str, reply: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = reply;
        while let Some((before, after)) = rest.split_once('{') {
            tokens.extend(words(before).map(Token::Literal));
            tokens.push(Token::Slot);
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        tokens.extend(words(rest).map(Token::Literal));
        let mut literals: HashMap<String, usize> = HashMap::new();
        for token in &tokens {
            if let Token::Literal(word) = token {
                *literals.entry(word.clone()).or_default() += 1;
            }
        }
        let n_literals = literals.values().sum();
        Self { intent: intent.to_owned(), tokens, literals, n_literals }
    }

    /// An upper bound of the similarity from counts alone: every reply word outside the template taken as a slot's.
    fn at_most(&self, counts: &HashMap<&str, usize>) -> f32 {
        let shared: usize =
            self.literals.iter().map(|(word, n)| counts.get(word.as_str()).map_or(0, |m| *m.min(n))).sum();
        let n_reply: usize = counts.values().sum();
        let n_slots = self.tokens.len() - self.n_literals;
        let compared = n_reply.saturating_sub(n_slots * SLOT_TOKENS).max(shared);
        ratio(2 * shared, self.n_literals + compared)
    }

    /// Twice the words in common, in order, over the words of both that no slot took (Dice on the best alignment).
    fn similarity(&self, reply: &[String]) -> f32 {
        // Cell: (words left unmatched on both sides, words a slot took); each row is one more token of the template.
        let mut row: Vec<(usize, usize)> = (0..=reply.len()).map(|n| (n, 0)).collect();
        for token in &self.tokens {
            let mut next: Vec<(usize, usize)> = Vec::with_capacity(row.len());
            for at in 0..=reply.len() {
                next.push(match token {
                    Token::Literal(word) => literal_cell(&row, &next, at, (at > 0).then(|| reply[at - 1] == *word)),
                    Token::Slot => slot_cell(&row, &next, at),
                });
            }
            row = next;
        }
        let (unmatched, taken) = row[reply.len()];
        let total = self.n_literals + reply.len() - taken;
        ratio(total.saturating_sub(unmatched), total)
    }
}

fn literal_cell(above: &[(usize, usize)], left: &[(usize, usize)], at: usize, same: Option<bool>) -> (usize, usize) {
    let skip_template = (above[at].0 + 1, above[at].1);
    let Some(same) = same else { return skip_template };
    let skip_reply = (left[at - 1].0 + 1, left[at - 1].1);
    let best = skip_template.min(skip_reply);
    if same { best.min(above[at - 1]) } else { best }
}

fn slot_cell(above: &[(usize, usize)], left: &[(usize, usize)], at: usize) -> (usize, usize) {
    let taken = (0..=SLOT_TOKENS.min(at)).map(|n| (above[at - n].0, above[at - n].1 + n)).min();
    let skip_reply = (at > 0).then(|| (left[at - 1].0 + 1, left[at - 1].1));
    taken.into_iter().chain(skip_reply).min().unwrap_or(above[at])
}

fn ratio(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Han characters one by one, other words whole, normalised.
fn words(text: &str) -> impl Iterator<Item = String> {
    let normalised = text::normalise(text);
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    for character in normalised.as_str().chars() {
        let is_han = is_han(character);
        if !is_han && character.is_alphanumeric() {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if is_han {
            tokens.push(character.to_string());
        }
    }
    tokens.extend((!word.is_empty()).then_some(word));
    tokens.into_iter()
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The unlabelled customer's turns that an agent answered with a template, with what they are then taken to mean.
pub(crate) fn labels<'a>(conversation: &'a Conversation, matcher: &Matcher, threshold: f32) -> Vec<(&'a Turn, Match)> {
    let turns = &conversation.turns;
    let mut labels = Vec::new();
    for (index, reply) in turns.iter().enumerate().skip(1).filter(|(_, turn)| turn.role == Role::Agent) {
        let asked = &turns[index - 1];
        let is_request = asked.role == Role::Customer && asked.intent.is_none() && says_something(&asked.text);
        if is_request
            && !answers_a_question(&turns[..index - 1])
            && let Some(found) = matcher.find(&reply.text, threshold)
        {
            labels.push((asked, found));
        }
    }
    labels
}

/// Whether a message holds more than a number, a code or one word.
fn says_something(text: &str) -> bool {
    let redacted = text::redact(text).text;
    let is_word = |word: &String| word.chars().all(char::is_alphabetic);
    let (han, other): (Vec<_>, Vec<_>) =
        words(&redacted).filter(is_word).partition(|word| word.chars().next().is_some_and(is_han));
    han.len() >= 2 || other.len() >= 2
}

/// Whether somebody asked the customer something just before: the turn is then an answer, not a request. The first
/// question of a conversation ("how can I help?") does not count.
fn answers_a_question(before: &[Turn]) -> bool {
    let Some((last, earlier)) = before.split_last() else { return false };
    let is_question = last.role != Role::Customer && last.text.trim_end().ends_with(['?', '？']);
    is_question && earlier.iter().any(|turn| turn.role == Role::Customer)
}

#[cfg(test)]
mod tests;
