//! Questions that nobody's FAQ answers yet, as the entries it lacks: grouped by meaning, each language apart, each group
//! named by its telling words, with the wordings customers used and the reply of a person that says most.

use std::cmp::Reverse;
use std::path::PathBuf;

use model::SentenceEncoder;

use super::openings::{self, Opening};
use super::replies::{self, is_english};
use super::{Cluster, Reply, WORDS, by_meaning, read_logs, spoken_words};
use crate::args::Which;
use crate::logs::{Conversation, Role, Turn};
use crate::telling::telling;
use crate::vectors::Vector;
use crate::{Error, Place};

/// Different questions of each language that are grouped, those asked most.
const MOST_GROUPED: usize = 400;
/// Groups at least so alike on average want one answer. Chosen on the wordings of the demo bot's FAQ: of the pairs that
/// come together nearly half are of one entry, and of the pairs of one entry a fifth come together; words beside
/// meanings, or centres instead of averages, did worse.
const ONE_ANSWER: f32 = 0.45;

/// What a customer asked, and what a person replied where one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question, without personal data.
    pub question: String,
    /// The first words a person of the staff had for it.
    pub reply: Option<String>,
    /// Whether the customer was helped, where that is known.
    pub helped: Option<bool>,
}

/// Questions that one FAQ entry would answer.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingEntry {
    /// The words that tell it from the others.
    pub words: Vec<String>,
    /// Its different wordings, the most typical first.
    pub wordings: Vec<String>,
    /// Which of the questions belong to it.
    pub asked: Vec<usize>,
    /// The reply that stands for most of those that people gave in its language.
    pub reply: Option<Reply>,
}

/// Groups questions into the entries that would answer them, those asked most first.
pub fn missing_entries(asked: &[Asked], encoder: &SentenceEncoder) -> Vec<MissingEntry> {
    let conversations: Vec<Conversation> = asked.iter().map(conversation).collect();
    let openings = openings::find(&conversations, Which::Openings);
    let (english, chinese): (Vec<&Opening>, Vec<&Opening>) =
        openings.iter().partition(|opening| is_english(&opening.text));
    let mut entries = Vec::new();
    for mut kept in [chinese, english] {
        kept.sort_by_key(|opening| Reverse(opening.turns.len()));
        kept.truncate(MOST_GROUPED);
        entries.extend(of_language(&kept, &conversations, encoder));
    }
    entries.sort_by_key(|entry| Reverse(entry.asked.len()));
    entries
}

fn of_language(kept: &[&Opening], conversations: &[Conversation], encoder: &SentenceEncoder) -> Vec<MissingEntry> {
    let groups = grouped(kept, encoder, ONE_ANSWER);
    let spoken: Vec<Vec<Vec<String>>> =
        groups.iter().map(|nodes| nodes.iter().map(|node| spoken_words(kept[*node])).collect()).collect();
    let entry = |(nodes, words): (&Vec<usize>, Vec<String>)| {
        let openings: Vec<&Opening> = nodes.iter().map(|node| kept[*node]).collect();
        let english = openings.first().is_some_and(|opening| is_english(&opening.text));
        let mut asked: Vec<usize> =
            openings.iter().flat_map(|opening| opening.turns.iter().map(|(talk, _)| *talk)).collect();
        asked.sort_unstable();
        let replies = replies::best(conversations, &openings, 1).into_iter();
        MissingEntry {
            words,
            wordings: openings.iter().map(|opening| opening.text.clone()).collect(),
            asked,
            reply: replies.filter(|reply| is_english(&reply.text) == english).max_by_key(|reply| reply.times),
        }
    };
    groups.iter().zip(telling(&spoken, WORDS)).map(entry).collect()
}

/// Groups of openings, each with the most typical first.
fn grouped(kept: &[&Opening], encoder: &SentenceEncoder, alike: f32) -> Vec<Vec<usize>> {
    let vectors = by_meaning(kept, encoder);
    let groups = by_average(&vectors, alike);
    // Whatever was joined belongs: nobody is a stray.
    groups.into_iter().map(|nodes| Cluster::new(nodes, &vectors, f32::MIN).nodes).collect()
}

/// Joins the two groups that are most alike, as the mean over all pairs of theirs, until none are so alike (average
/// linkage; Sokal and Michener, 1958). Centres would grow alike with the size of groups.
fn by_average(vectors: &[Vector], alike: f32) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..vectors.len()).map(|node| vec![node]).collect();
    let mut likeness: Vec<Vec<f32>> = vectors
        .iter()
        .enumerate()
        .map(|(a, one)| vectors[..a].iter().map(|other| one.likeness(other)).collect())
        .collect();
    loop {
        let rows = likeness.iter().enumerate();
        let pairs = rows.flat_map(|(a, row)| row.iter().enumerate().map(move |(b, like)| (*like, b, a)));
        let nearest = pairs.max_by(|one, other| one.0.total_cmp(&other.0));
        let Some((_, a, b)) = nearest.filter(|nearest| nearest.0 >= alike) else { return groups };
        let (n_a, n_b) = (groups[a].len() as f32, groups[b].len() as f32);
        let of = |likeness: &[Vec<f32>], one: usize, other: usize| likeness[one.max(other)][one.min(other)];
        for other in (0..groups.len()).filter(|other| *other != a && *other != b) {
            let mean = (n_a * of(&likeness, a, other) + n_b * of(&likeness, b, other)) / (n_a + n_b);
            likeness[a.max(other)][a.min(other)] = mean;
        }
        likeness.remove(b);
        likeness[b..].iter_mut().for_each(|row| {
            row.remove(b);
        });
        let moved = groups.remove(b);
        groups[a].extend(moved);
    }
}

fn conversation(asked: &Asked) -> Conversation {
    let turn = |role, text: &str| Turn {
        role,
        text: text.to_owned(),
        intent: None,
        also: Vec::new(),
        time: None,
        place: Place::whole(""),
    };
    let question = turn(Role::Customer, &asked.question);
    let reply = asked.reply.as_ref().map(|reply| turn(Role::Agent, reply));
    let turns = std::iter::once(question).chain(reply).collect();
    Conversation { id: String::new(), turns, resolved: asked.helped }
}

/// What customers opened their conversations with in log files, with the agents' replies; a broken line is left out.
pub fn openings_of_logs(paths: &[PathBuf]) -> Result<Vec<Asked>, Error> {
    let (conversations, _) = read_logs(paths)?;
    let openings = openings::find(&conversations, Which::Openings);
    let turns = openings.iter().flat_map(|opening| &opening.turns);
    let asked = turns.map(|(talk, at)| {
        let conversation = &conversations[*talk];
        Asked {
            question: text::redact(&conversation.turns[*at].text).text,
            reply: replies::reply(conversation, *at).map(|said| said.text),
            helped: conversation.resolved,
        }
    });
    Ok(asked.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn asked(question: &str, reply: Option<&str>, helped: Option<bool>) -> Asked {
        Asked { question: question.to_owned(), reply: reply.map(str::to_owned), helped }
    }

    fn entries(asked: &[Asked]) -> Vec<MissingEntry> {
        missing_entries(asked, &SentenceEncoder::shipped().unwrap())
    }

    #[test]
    fn wordings_of_one_question_are_one_entry_with_the_reply_that_helped() {
        let wrong = "We do not know, sorry about that.";
        let right = "Yes, we repair torn seams for free within a year.";
        let found = entries(&[
            asked("can you repair a torn seam?", Some(wrong), Some(false)),
            asked("do you fix torn seams", Some(right), Some(true)),
            asked("is there an app for android", None, None),
            asked("Can you repair a torn seam", Some(right), None),
            asked("衣服开线了能修吗", Some("可以的，一年内免费缝补开线。"), None),
        ]);
        let belongs: Vec<&[usize]> = found.iter().map(|entry| entry.asked.as_slice()).collect();
        assert_eq!(belongs[0], [0, 1, 3], "{found:?}");
        assert_eq!(found.len(), 3, "{found:?}");
        let reply = found[0].reply.as_ref().unwrap();
        assert_eq!((reply.text.as_str(), reply.times), (right, 2));
        assert_eq!(found[0].wordings.len(), 2);
        assert!(found[0].words.iter().any(|word| word.contains("seam")), "{:?}", found[0].words);
        let chinese = found.iter().find(|entry| entry.wordings[0].contains("开线")).unwrap();
        assert_eq!(chinese.reply.as_ref().unwrap().text, "可以的，一年内免费缝补开线。");
        assert!(found.iter().any(|entry| entry.reply.is_none()));
    }

    #[test]
    fn nothing_and_what_says_nothing_make_no_entry() {
        assert!(entries(&[]).is_empty());
        assert!(entries(&[asked("???", None, None), asked("[phone]", None, None)]).is_empty());
    }

    /// Of pairs that are grouped together how many want the same answer, and of those that do how many are together.
    fn precision_and_recall(chinese: bool, alike: f32) -> (f64, f64) {
        let file = include_str!("../../../data/demo/faq.jsonl");
        let mut rows: Vec<(String, usize)> = Vec::new();
        for (number, line) in file.lines().enumerate() {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            if (entry["language"] == "zh") == chinese {
                let similar = entry["similar"].as_array().into_iter().flatten();
                let wordings = std::iter::once(&entry["question"]).chain(similar);
                rows.extend(wordings.map(|wording| (wording.as_str().unwrap().to_owned(), number)));
            }
        }
        let talks: Vec<Conversation> = rows.iter().map(|(text, _)| conversation(&asked(text, None, None))).collect();
        let openings = openings::find(&talks, Which::Openings);
        let kept: Vec<&Opening> = openings.iter().take(MOST_GROUPED).collect();
        let number = |node: usize| rows[kept[node].turns[0].0].1;
        let pairs = |sizes: &[usize]| sizes.iter().map(|size| size * size.saturating_sub(1) / 2).sum::<usize>() as f64;
        let (mut together, mut right, mut wanted) = (Vec::new(), Vec::new(), HashMap::<usize, usize>::new());
        (0..kept.len()).for_each(|node| *wanted.entry(number(node)).or_default() += 1);
        for nodes in grouped(&kept, &SentenceEncoder::shipped().unwrap(), alike) {
            let mut counts: HashMap<usize, usize> = HashMap::new();
            nodes.iter().for_each(|node| *counts.entry(number(*node)).or_default() += 1);
            together.push(nodes.len());
            right.extend(counts.into_values());
        }
        let wanted: Vec<usize> = wanted.into_values().collect();
        (pairs(&right) / pairs(&together), pairs(&right) / pairs(&wanted))
    }

    #[test]
    fn wordings_of_one_entry_come_together_far_more_often_than_others() {
        for chinese in [true, false] {
            let (precision, recall) = precision_and_recall(chinese, ONE_ANSWER);
            // By chance, one pair in a hundred would be of one entry.
            assert!(precision > 0.4 && recall > 0.15, "chinese {chinese}: precision {precision}, recall {recall}");
        }
    }
}
