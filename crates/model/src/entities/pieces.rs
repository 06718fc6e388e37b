//! The pieces in which a base's tokenizer reads a message, and how each tagged token is made of them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::tokens::{Token, Tokenised};
use crate::tokens::Tokenizer;

/// How a token stands to a piece; each has weights of its own.
pub(crate) const BLOCKS: usize = 6;
const OWN: usize = 0;
/// First, inner or last of several tokens within one piece.
const FIRST: usize = 1;
const INNER: usize = 2;
const LAST: usize = 3;
const BEFORE: usize = 4;
const AFTER: usize = 5;

/// The form of a message that a base reads for the tagger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// The plain form, in one pass with the intents.
    Plain,
    /// As it was written, capitals and all.
    Written,
}

/// What cuts messages into pieces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cutter<'a> {
    pub tokenizer: &'a Tokenizer,
    pub prefix: &'a str,
    /// Most pieces of a message.
    pub limit: usize,
    pub form: Form,
}

impl Cutter<'_> {
    /// The pieces of a message.
    pub(crate) fn cut(&self, message: &Tokenised<'_>) -> Pieces {
        let (text, range): (&str, fn(&Token) -> &Range<usize>) = match self.form {
            Form::Plain => (message.plain.as_str(), |token| &token.plain),
            Form::Written => (message.original, |token| &token.original),
        };
        let (ids, ranges) = self.tokenizer.encode_aligned(self.prefix, text, self.limit);
        Pieces::new(ids, &ranges, message.tokens.iter().map(range))
    }
}

/// What a base saw of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub pieces: &'a Pieces,
    /// States of the pieces, `[pieces, hidden]`.
    pub states: &'a [f32],
}

/// The pieces of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pieces {
    pub ids: Vec<u32>,
    /// Pieces of each token; none beyond the limit.
    of: Vec<Range<usize>>,
}

impl Pieces {
    fn new<'a>(ids: Vec<u32>, ranges: &[Range<usize>], tokens: impl Iterator<Item = &'a Range<usize>>) -> Self {
        let mut from = 0;
        let piece = |token: &Range<usize>| {
            while ranges.get(from).is_some_and(|range| range.end <= token.start || range.is_empty()) {
                from += 1;
            }
            let more = ranges[from..].iter().take_while(|range| range.start < token.end && !range.is_empty());
            from..from + more.count()
        };
        Self { of: tokens.map(piece).collect(), ids }
    }

    /// The pieces that speak for a token: each with how it stands to it, and its share.
    pub(crate) fn links(&self, token: usize) -> impl Iterator<Item = (usize, usize, f32)> {
        let of = self.of[token].clone();
        let share = 1.0 / of.len().max(1) as f32;
        let own = of.clone().map(move |piece| (piece, OWN, share));
        let within = self.place(token).map(|place| (of.start, place, 1.0));
        let (before, after) = if of.is_empty() { (None, self.ids.len()) } else { (of.start.checked_sub(1), of.end) };
        let before = before.map(|piece| (piece, BEFORE, 1.0));
        let after = (after < self.ids.len()).then_some((after, AFTER, 1.0));
        own.chain(within).chain(before).chain(after)
    }

    /// Where the token stands among those of its piece; nothing where it has a piece to itself.
    fn place(&self, token: usize) -> Option<usize> {
        let of = &self.of[token];
        let last = of.end.checked_sub(1).filter(|_| !of.is_empty())?;
        let shares_before = token > 0 && self.of[token - 1].contains(&of.start);
        let shares_after = self.of.get(token + 1).is_some_and(|next| next.contains(&last));
        match (shares_before, shares_after) {
            (false, false) => None,
            (false, true) => Some(FIRST),
            (true, true) => Some(INNER),
            (true, false) => Some(LAST),
        }
    }

    /// Adds what the pieces say to the scores of the tokens' `n` tags; `said` is [pieces, blocks, n].
    pub(crate) fn gather(&self, said: &[f32], scores: &mut [f32], n: usize) {
        for (token, scores) in scores.chunks_exact_mut(n).enumerate() {
            for (piece, block, share) in self.links(token) {
                let said = &said[(piece * BLOCKS + block) * n..][..n];
                scores.iter_mut().zip(said).for_each(|(score, value)| *score += share * value);
            }
        }
    }

    /// The way back: adds the tokens' gradients to those of what the pieces say.
    pub(crate) fn scatter(&self, scores: &[f32], said: &mut [f32], n: usize) {
        for (token, scores) in scores.chunks_exact(n).enumerate() {
            for (piece, block, share) in self.links(token) {
                let said = &mut said[(piece * BLOCKS + block) * n..][..n];
                said.iter_mut().zip(scores).for_each(|(value, score)| *value += share * score);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as a tokenizer may cut them, with one that stands for no text at each end.
    fn pieces(ranges: &[Range<usize>], tokens: &[Range<usize>]) -> Pieces {
        let edge = || std::iter::once(0..0);
        let ranges: Vec<_> = edge().chain(ranges.iter().cloned()).chain(edge()).collect();
        Pieces::new((0..ranges.len() as u32).collect(), &ranges, tokens.iter())
    }

    #[test]
    fn a_token_is_made_of_the_pieces_it_touches_between_its_neighbours() {
        let cut = pieces(&[0..2, 2..5, 5..9], &[0..5, 6..9]);
        let links = |token| cut.links(token).collect::<Vec<_>>();
        assert_eq!(links(0), [(1, OWN, 0.5), (2, OWN, 0.5), (0, BEFORE, 1.0), (3, AFTER, 1.0)]);
        assert_eq!(links(1), [(3, OWN, 1.0), (2, BEFORE, 1.0), (4, AFTER, 1.0)]);
    }

    #[test]
    fn tokens_within_one_piece_know_their_place_in_it() {
        let cut = pieces(&[0..9, 9..12], &[0..3, 3..6, 6..9, 9..12]);
        let places: Vec<_> = (0..4).map(|token| cut.place(token)).collect();
        assert_eq!(places, [Some(FIRST), Some(INNER), Some(LAST), None]);
        assert!((0..3).all(|token| cut.links(token).any(|link| link == (2, AFTER, 1.0))));
    }

    #[test]
    fn tokens_beyond_the_last_piece_are_spoken_for_by_none() {
        let cut = pieces(&[0..2, 2..3], &[0..3, 4..6, 7..9]);
        assert_eq!(cut.links(1).count() + cut.links(2).count(), 0);
        assert_eq!(Pieces::new(Vec::new(), &[], [0..3, 3..6].iter()).links(0).count(), 0);
    }

    #[test]
    fn what_is_scattered_is_what_was_gathered() {
        let cut = pieces(&[0..6, 6..9], &[0..3, 3..6, 6..9]);
        let n = 2;
        let said: Vec<f32> = (0..cut.ids.len() * BLOCKS * n).map(|at| (at as f32 * 0.7).sin()).collect();
        let gradients: Vec<f32> = (0..3 * n).map(|at| (at as f32 * 1.3).cos()).collect();
        let (mut scores, mut back) = (vec![0.0; 3 * n], vec![0.0; said.len()]);
        cut.gather(&said, &mut scores, n);
        cut.scatter(&gradients, &mut back, n);
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert!((product(&scores, &gradients) - product(&said, &back)).abs() < 1e-4);
    }
}
