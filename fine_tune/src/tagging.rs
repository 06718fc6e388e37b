//! What a model's entities are worth on tagged sentences: token by token, and as whole entities.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::conll::Tagged;
use crate::evaluate::{Averages, Scores, averages_of, scores};

/// The report of `eval --entities`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityEvaluation {
    /// Sentences judged.
    pub sentences: usize,
    /// Token by token: one row a tag, `O` included.
    pub tokens: TagScores,
    /// Whole entities: right where type, first and last token are.
    pub entities: TagScores,
}

/// Scores by name and on the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagScores {
    /// Each tag or entity, by name.
    pub rows: Vec<TagScore>,
    /// Means over names and over all that is there.
    pub averages: Averages,
    /// How many are there.
    pub support: usize,
}

/// Scores of one tag or entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagScore {
    /// The tag or entity.
    pub name: String,
    /// The scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// How often it is there.
    pub support: usize,
}

/// An entity and where it stands.
pub(crate) type Found = (String, Range<usize>);

/// Measures what was found in each sentence, ranges being bytes of the message.
pub(crate) fn judge(sentences: &[Tagged], found: &[Vec<Found>]) -> EntityEvaluation {
    let (mut tokens, mut entities) = (Counts::default(), Counts::default());
    for (sentence, found) in sentences.iter().zip(found) {
        let marked = sentence.message.mentions.iter();
        let marked: Vec<Found> = marked.map(|mention| (mention.entity.clone(), mention.start..mention.end)).collect();
        let (there, said) = (spans(&sentence.tokens, &marked), spans(&sentence.tokens, found));
        for (there, said) in tags(&there, sentence.tokens.len()).iter().zip(tags(&said, sentence.tokens.len())) {
            tokens.add(there, said == *there, Side::There);
            tokens.add(&said, said == *there, Side::Said);
        }
        there.iter().for_each(|span| entities.add(&span.0, said.contains(span), Side::There));
        said.iter().for_each(|span| entities.add(&span.0, there.contains(span), Side::Said));
    }
    EntityEvaluation { sentences: sentences.len(), tokens: tokens.scores(), entities: entities.scores() }
}

/// Entities as tokens from the first to one past the last; an entity that touches no free token is left out.
fn spans(tokens: &[Range<usize>], found: &[Found]) -> BTreeSet<(String, usize, usize)> {
    let mut spans = BTreeSet::new();
    let mut free = 0;
    for (entity, range) in found {
        let start = tokens.partition_point(|token| token.end <= range.start).max(free);
        let end = tokens.partition_point(|token| token.start < range.end);
        if start < end {
            spans.insert((entity.clone(), start, end));
            free = end;
        }
    }
    spans
}

/// The BIO tag of each token.
fn tags(spans: &BTreeSet<(String, usize, usize)>, n_tokens: usize) -> Vec<String> {
    let mut tags = vec!["O".to_owned(); n_tokens];
    for (entity, start, end) in spans {
        tags[*start..*end].fill(format!("I-{entity}"));
        tags[*start] = format!("B-{entity}");
    }
    tags
}

#[derive(Debug, Clone, Copy)]
enum Side {
    There,
    Said,
}

/// By name: right, said, there.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, (usize, usize, usize)>);

impl Counts {
    fn add(&mut self, name: &str, right: bool, side: Side) {
        let counts = match self.0.get_mut(name) {
            Some(counts) => counts,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        match side {
            Side::There => counts.2 += 1,
            Side::Said => (counts.0, counts.1) = (counts.0 + usize::from(right), counts.1 + 1),
        }
    }

    fn scores(self) -> TagScores {
        let sum = |part: fn(&(usize, usize, usize)) -> usize| self.0.values().map(part).sum::<usize>();
        let (right, said, there) = (sum(|row| row.0), sum(|row| row.1), sum(|row| row.2));
        let rows: Vec<TagScore> = self
            .0
            .into_iter()
            .map(|(name, (right, said, there))| TagScore { name, scores: scores(right, said, there), support: there })
            .collect();
        let means: Vec<(Scores, usize)> = rows.iter().map(|row| (row.scores, row.support)).collect();
        TagScores { averages: averages_of(scores(right, said, there), &means), rows, support: there }
    }
}

#[cfg(test)]
mod tests {
    use model::{AnnotatedText, Mention};

    use super::*;

    fn sentence(text: &str, marks: &[(&str, Range<usize>)]) -> Tagged {
        let mut at = 0;
        let tokens = text.split(' ').map(|word| {
            let start = at;
            at += word.len() + 1;
            start..start + word.len()
        });
        let mention = |(entity, range): &(&str, Range<usize>)| Mention {
            entity: (*entity).to_owned(),
            start: range.start,
            end: range.end,
        };
        let mentions = marks.iter().map(mention).collect();
        Tagged { tokens: tokens.collect(), message: AnnotatedText { text: text.into(), mentions } }
    }

    #[test]
    fn tokens_and_whole_entities_are_counted_apart() {
        let sentences = [
            sentence("in New York with Ann", &[("place", 3..11), ("name", 17..20)]),
            sentence("Bob slept", &[("name", 0..3)]),
        ];
        let found = [vec![("place".into(), 3..6), ("name".into(), 17..20)], vec![("place".into(), 0..3)]];
        insta::assert_snapshot!(crate::report::entity_table(&judge(&sentences, &found)));
    }

    #[test]
    fn an_entity_within_a_token_counts_for_the_token() {
        let sentences = [sentence("AB123, please", &[("order", 0..6)])];
        let report = judge(&sentences, &[vec![("order".into(), 0..5)]]);
        assert!((report.entities.averages.micro.f1 - 1.0).abs() < 1e-9);
        assert_eq!(report.tokens.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["B-order", "O"]);
    }

    #[test]
    fn nothing_to_judge_is_no_trouble() {
        let report = judge(&[], &[]);
        assert_eq!((report.sentences, report.tokens.rows.len(), report.entities.support), (0, 0, 0));
    }
}
