//! What agents replied to a group of questions: usual wordings first, better those after which a matter was resolved.

use super::{Opening, Reply};
use crate::data_report;
use crate::logs::{Conversation, Role};
use crate::near::NearIndex;
use crate::vectors::{Vector, Vectoriser};

/// Replies of a group that are compared.
const MOST: usize = 2000;
/// How alike two replies are that say the same.
const ALIKE: f32 = 0.55;
/// Shorter replies ("one moment") answer nothing.
const SHORTEST: usize = 8;

pub(super) struct Said {
    pub(super) text: String,
    resolved: Option<bool>,
}

/// Whether a reply is for customers who write English.
pub(super) fn is_english(reply: &str) -> bool {
    data_report::language(reply) == "en"
}

/// The replies that stand for most others, at most `n` in each language.
pub(super) fn best(conversations: &[Conversation], openings: &[&Opening], n: usize) -> Vec<Reply> {
    let turns = openings.iter().flat_map(|opening| &opening.turns);
    let said: Vec<Said> = turns.filter_map(|(talk, at)| reply(&conversations[*talk], *at)).take(MOST).collect();
    let readings: Vec<String> = said.iter().map(|said| text::normalise(&said.text).as_str().to_owned()).collect();
    let vectoriser = Vectoriser::fit(readings.iter().map(String::as_str), 1);
    let vectors: Vec<Vector> = readings.iter().map(|reading| vectoriser.vector(reading)).collect();
    let index = NearIndex::new(&vectors, ALIKE);
    let alike: Vec<Vec<usize>> =
        vectors.iter().map(|vector| index.near(vector).iter().map(|near| near.index).collect()).collect();
    let english: Vec<bool> = said.iter().map(|said| is_english(&said.text)).collect();
    let mut taken = vec![false; said.len()];
    let mut replies: Vec<Reply> = Vec::new();
    loop {
        let is_full =
            [false, true].map(|one| replies.iter().filter(|reply| is_english(&reply.text) == one).count() >= n);
        let free = |like: &[usize]| like.iter().filter(|other| !taken[**other]).copied().collect::<Vec<_>>();
        let weight = |row: usize| -> usize {
            // A reply after which the matter was resolved counts three times one after which it was not.
            free(&alike[row])
                .iter()
                .map(|other| match said[*other].resolved {
                    Some(true) => 3,
                    None => 2,
                    Some(false) => 1,
                })
                .sum()
        };
        let candidates = (0..said.len()).filter(|row| !taken[*row] && !is_full[usize::from(english[*row])]);
        let Some(best) = candidates.max_by_key(|row| (weight(*row), std::cmp::Reverse(*row))) else { break };
        let mut like = free(&alike[best]);
        if !like.contains(&best) {
            like.push(best);
        }
        let judged: Vec<bool> = like.iter().filter_map(|row| said[*row].resolved).collect();
        let right = judged.iter().filter(|resolved| **resolved).count();
        let resolved = (!judged.is_empty()).then(|| right as f64 / judged.len() as f64);
        replies.push(Reply { text: said[best].text.clone(), times: like.len(), resolved });
        like.into_iter().for_each(|row| taken[row] = true);
    }
    replies.sort_by_key(|reply| std::cmp::Reverse(reply.times));
    replies
}

/// What an agent said next, before the customer spoke again: the longest of it.
pub(super) fn reply(conversation: &Conversation, at: usize) -> Option<Said> {
    let after = conversation.turns[at + 1..].iter();
    let next = after.skip_while(|turn| turn.role == Role::Customer).take_while(|turn| turn.role != Role::Customer);
    let agents = next.filter(|turn| turn.role == Role::Agent);
    let longest = agents.max_by_key(|turn| turn.text.chars().count())?;
    let text = text::redact(&longest.text).text;
    (text.chars().count() >= SHORTEST).then_some(Said { text, resolved: conversation.resolved })
}
