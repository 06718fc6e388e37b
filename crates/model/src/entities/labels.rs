//! The tags of tokens: `O`, and for each entity begin, inside, end and single; which may follow which.

use std::ops::Range;

/// Tags of each entity: begin, inside, end, single.
const TAGS: usize = 4;
const BEGIN: usize = 0;
const INSIDE: usize = 1;
const END: usize = 2;
const SINGLE: usize = 3;
/// The tag of tokens outside of all entities.
pub(crate) const OUTSIDE: usize = 0;

/// Tokens that belong to one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenSpan {
    /// Index into the entities' names.
    pub entity: usize,
    /// Tokens from the first to one past the last.
    pub tokens: Range<usize>,
}

/// The tags of so many entities: `O` is 0, then four for each entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Labels {
    n_entities: usize,
}

impl Labels {
    pub(crate) fn new(n_entities: usize) -> Self {
        Self { n_entities }
    }

    /// How many tags there are.
    pub(crate) fn len(self) -> usize {
        1 + TAGS * self.n_entities
    }

    /// Whether a message may begin with the tag.
    pub(crate) fn may_start(self, label: usize) -> bool {
        parts(label).is_none_or(|(_, tag)| tag == BEGIN || tag == SINGLE)
    }

    /// Whether a message may end with the tag.
    pub(crate) fn may_end(self, label: usize) -> bool {
        parts(label).is_none_or(|(_, tag)| tag == END || tag == SINGLE)
    }

    /// Whether one tag may follow the other.
    pub(crate) fn may_follow(self, from: usize, to: usize) -> bool {
        match (parts(from), parts(to)) {
            (Some((entity, BEGIN | INSIDE)), Some((next, tag))) => entity == next && (tag == INSIDE || tag == END),
            (Some((_, BEGIN | INSIDE)), None) => false,
            _ => self.may_start(to),
        }
    }

    /// The tags of a span's tokens, in order.
    pub(crate) fn of_span(self, span: &TokenSpan) -> impl Iterator<Item = usize> {
        let (first, n) = (1 + TAGS * span.entity, span.tokens.len());
        (0..n).map(move |at| {
            first
                + match (at == 0, at + 1 == n) {
                    (true, true) => SINGLE,
                    (true, false) => BEGIN,
                    (false, true) => END,
                    (false, false) => INSIDE,
                }
        })
    }

    /// The tags of a message of `n` tokens; spans must not overlap.
    pub(crate) fn encode(self, spans: &[TokenSpan], n: usize) -> Vec<usize> {
        let mut labels = vec![OUTSIDE; n];
        for span in spans {
            for (label, tag) in labels[span.tokens.clone()].iter_mut().zip(self.of_span(span)) {
                *label = tag;
            }
        }
        labels
    }

    /// The spans of tags that follow each other as they may.
    pub(crate) fn decode(self, labels: &[usize]) -> Vec<TokenSpan> {
        let mut spans = Vec::new();
        let mut start = 0;
        for (at, label) in labels.iter().enumerate() {
            let Some((entity, tag)) = parts(*label) else { continue };
            if tag == BEGIN || tag == SINGLE {
                start = at;
            }
            if tag == END || tag == SINGLE {
                spans.push(TokenSpan { entity, tokens: start..at + 1 });
            }
        }
        spans
    }
}

/// Entity and tag of a label; nothing for `O`.
fn parts(label: usize) -> Option<(usize, usize)> {
    let index = label.checked_sub(1)?;
    Some((index / TAGS, index % TAGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_survive_being_written_as_tags() {
        let labels = Labels::new(2);
        let spans = [(0, 0..1), (1, 1..3), (1, 3..7), (0, 9..10)].map(|(entity, tokens)| TokenSpan { entity, tokens });
        let tags = labels.encode(&spans, 10);
        assert_eq!(labels.decode(&tags), spans);
        assert!(labels.may_start(tags[0]) && labels.may_end(tags[9]));
        assert!(tags.windows(2).all(|pair| labels.may_follow(pair[0], pair[1])));
    }

    #[test]
    fn no_entity_ends_before_it_began_or_changes_into_another() {
        let labels = Labels::new(2);
        let (begin, inside, end, other_end) = (1, 2, 3, 7);
        assert!(labels.may_follow(begin, end) && labels.may_follow(inside, inside) && labels.may_follow(end, begin));
        for (from, to) in [(OUTSIDE, inside), (begin, OUTSIDE), (begin, begin), (begin, other_end), (end, inside)] {
            assert!(!labels.may_follow(from, to), "{from} {to}");
        }
        assert!(!labels.may_start(inside) && !labels.may_end(begin));
    }
}
