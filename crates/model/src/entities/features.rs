//! What a token's tag is judged by: hashes of the words, shapes, affixes, word boundaries and known values around it.

use std::ops::Range;

use super::tokens::{Kind, Token, Tokenised};
use crate::Entity;

/// Digits of a number that are told apart; longer ones are known by their length, so that no account number is kept.
const MAX_DIGITS: usize = 4;
/// Longest prefix and suffix in characters.
const MAX_AFFIX: usize = 4;
/// Characters of a shape.
const MAX_SHAPE: usize = 24;
/// What stands for tokens before the first and after the last.
const BEFORE: u64 = 1;
const AFTER: u64 = 2;
/// What stands for a word that is hidden.
const HIDDEN: u64 = 3;

/// The hashed features of every token.
pub(crate) fn features(message: &Tokenised<'_>, listed: &[Entity]) -> Vec<Vec<u32>> {
    all(&views(message, listed))
}

/// The same where the words of some tokens are like none that was ever seen.
pub(crate) fn features_hiding(hidden: &[bool], message: &Tokenised<'_>, listed: &[Entity]) -> Vec<Vec<u32>> {
    let mut views = views(message, listed);
    for view in views.iter_mut().zip(hidden).filter_map(|(view, hidden)| hidden.then_some(view)) {
        (view.word, view.around) = (HIDDEN, HIDDEN);
        view.affixes.clear();
    }
    all(&views)
}

fn all(views: &[View]) -> Vec<Vec<u32>> {
    (0..views.len()).map(|at| Window { views, at }.features()).collect()
}

/// What the features of a token and its neighbours are made from.
#[derive(Debug, Default)]
struct View {
    word: u64,
    shape: u64,
    outline: u64,
    kind: u64,
    /// Prefixes and suffixes, shortest first.
    affixes: Vec<u64>,
    /// The dictionary's word around the token: its hash and where in it the token stands.
    around: u64,
    place: u64,
    /// Number of the dictionary's word, to find the next and the last one.
    number: usize,
    /// Known values that hold the token, with the place in them.
    listed: Vec<u64>,
}

fn views(message: &Tokenised<'_>, listed: &[Entity]) -> Vec<View> {
    let mut views: Vec<View> = message.tokens.iter().map(|token| view(message, token)).collect();
    add_words(message, &mut views);
    for entity in listed {
        let touched = message.touched(&(entity.start..entity.end));
        for (view, place) in views[touched.clone()].iter_mut().zip(places(touched.len())) {
            view.listed.push(hash(entity.entity.as_bytes(), place));
        }
    }
    views
}

fn view(message: &Tokenised<'_>, token: &Token) -> View {
    let word = message.word(token);
    let kind = token.kind as u64;
    let n = word.chars().count();
    let known = if token.kind == Kind::Digits && n > MAX_DIGITS { n as u64 } else { hash(word.as_bytes(), 0) };
    let (shape, outline) = shapes(message.written(token));
    View { word: known, shape, outline, kind, affixes: affixes(token.kind, word), ..View::default() }
}

/// A token's shape, such as `Xxxx`, and the same without repeats.
fn shapes(written: &str) -> (u64, u64) {
    let signs = written.chars().take(MAX_SHAPE).map(|c| match c {
        c if c.is_numeric() => '9',
        c if c.is_uppercase() => 'X',
        c if c.is_lowercase() => 'x',
        c if c.is_alphabetic() => '字',
        c => c,
    });
    let shape: String = signs.collect();
    let mut outline: Vec<char> = shape.chars().collect();
    outline.dedup();
    let outline: String = outline.into_iter().collect();
    (hash(shape.as_bytes(), 0), hash(outline.as_bytes(), 0))
}

fn affixes(kind: Kind, word: &str) -> Vec<u64> {
    if kind != Kind::Letters {
        return Vec::new();
    }
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain(std::iter::once(word.len())).collect();
    let longest = MAX_AFFIX.min(ends.len() - 1);
    let affix = |n: usize| {
        let (prefix, suffix) = (&word[..ends[n]], &word[ends[ends.len() - 1 - n]..]);
        [hash(prefix.as_bytes(), n as u64), hash(suffix.as_bytes(), 8 + n as u64)]
    };
    (1..=longest).flat_map(affix).collect()
}

/// Gives each token its place in the dictionary's word around it.
fn add_words(message: &Tokenised<'_>, views: &mut [View]) {
    for (number, view) in views.iter_mut().enumerate() {
        (view.around, view.number) = (view.word, number);
    }
    if message.tokens.iter().all(|token| token.kind != Kind::Han) {
        return;
    }
    let mut at = 0;
    for word in text::words(message.plain.as_str()).iter().filter(|word| word.is_han) {
        let inside = inside(&message.tokens, at, &word.range);
        let number = inside.start;
        let around = hash(word.text.as_bytes(), 0);
        for (view, place) in views[inside.clone()].iter_mut().zip(places(inside.len())) {
            (view.around, view.place, view.number) = (around, place, number);
        }
        at = inside.end;
    }
}

/// Tokens from `from` on that lie in a range of the plain form.
fn inside(tokens: &[Token], from: usize, range: &Range<usize>) -> Range<usize> {
    let before = tokens[from..].iter().take_while(|token| token.plain.start < range.start).count();
    let n = tokens[from + before..].iter().take_while(|token| token.plain.end <= range.end).count();
    from + before..from + before + n
}

/// Single, first, inner or last of so many.
fn places(n: usize) -> impl Iterator<Item = u64> {
    (0..n).map(move |at| {
        if n == 1 {
            1
        } else if at == 0 {
            2
        } else if at + 1 == n {
            4
        } else {
            3
        }
    })
}

/// A token among its neighbours.
struct Window<'a> {
    views: &'a [View],
    at: usize,
}

impl Window<'_> {
    fn near(&self, offset: isize) -> Result<&View, u64> {
        match self.at.checked_add_signed(offset) {
            None => Err(BEFORE),
            Some(at) => self.views.get(at).ok_or(AFTER),
        }
    }

    fn part(&self, offset: isize, part: impl Fn(&View) -> u64) -> u64 {
        self.near(offset).map_or_else(|edge| edge, part)
    }

    fn features(&self) -> Vec<u32> {
        let mut found = Found { template: 0, hashes: Vec::with_capacity(64) };
        self.words(&mut found);
        self.shapes(&mut found);
        self.dictionary(&mut found);
        for offset in -1..=1 {
            found.template = 100 + (offset + 1) as u64;
            if let Ok(view) = self.near(offset) {
                view.listed.iter().for_each(|value| found.hashes.push(mix(found.template, &[*value])));
            }
        }
        found.hashes
    }

    fn words(&self, found: &mut Found) {
        let word = |offset| self.part(offset, |view| view.word);
        let [w2, w1, w0, n1, n2] = [-2, -1, 0, 1, 2].map(word);
        found.add(&[]);
        [w2, w1, w0, n1, n2].iter().for_each(|word| found.add(&[*word]));
        [[w2, w1], [w1, w0], [w0, n1], [n1, n2], [w1, n1]].iter().for_each(|pair| found.add(pair));
        [[w2, w1, w0], [w1, w0, n1], [w0, n1, n2]].iter().for_each(|three| found.add(three));
    }

    fn shapes(&self, found: &mut Found) {
        let shape = |offset| self.part(offset, |view| view.shape);
        let outline = |offset| self.part(offset, |view| view.outline);
        let kind = |offset| self.part(offset, |view| view.kind + 3);
        for offset in -1..=1 {
            found.add(&[shape(offset)]);
            found.add(&[outline(offset)]);
        }
        found.add(&[outline(-1), outline(0), outline(1)]);
        found.add(&[shape(-1), shape(0)]);
        found.add(&[shape(0), shape(1)]);
        found.add(&[kind(-2), kind(-1), kind(0), kind(1), kind(2)]);
        for (offset, first) in [(0, 30), (-1, 50), (1, 70)] {
            found.template = first;
            if let Ok(view) = self.near(offset) {
                view.affixes.iter().for_each(|affix| found.add(&[*affix]));
            }
        }
    }

    fn dictionary(&self, found: &mut Found) {
        found.template = 80;
        let Ok(here) = self.near(0) else { return };
        let place = |offset| self.part(offset, |view| view.place);
        let (last, next) = (self.other_word(-1), self.other_word(1));
        found.add(&[here.place]);
        found.add(&[place(-1), here.place, place(1)]);
        found.add(&[here.around]);
        found.add(&[here.around, here.place]);
        found.add(&[last]);
        found.add(&[next]);
        found.add(&[last, here.around]);
        found.add(&[here.around, next]);
    }

    /// The word before or after the one around this token.
    fn other_word(&self, step: isize) -> u64 {
        let number = self.views[self.at].number;
        let mut offset = step;
        loop {
            match self.near(offset) {
                Ok(view) if view.number == number => offset += step,
                Ok(view) => return view.around,
                Err(edge) => return edge,
            }
        }
    }
}

/// Features of one token, each under the number of what it was made by.
struct Found {
    template: u64,
    hashes: Vec<u32>,
}

impl Found {
    fn add(&mut self, parts: &[u64]) {
        self.template += 1;
        self.hashes.push(mix(self.template, parts));
    }
}

/// FNV-1a.
fn hash(bytes: &[u8], salt: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes.iter().fold(start, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn mix(template: u64, parts: &[u64]) -> u32 {
    let mut state = template.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        state = (state ^ part ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(23);
    }
    state ^= state >> 32;
    (state.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Vec<Vec<u32>> {
        features(&Tokenised::new(message), &[])
    }

    fn shared(a: &[u32], b: &[u32]) -> usize {
        a.iter().filter(|hash| b.contains(hash)).count()
    }

    #[test]
    fn the_same_surroundings_give_the_same_features_and_others_do_not() {
        let (one, two) = (of("我买了手机壳昨天"), of("我买了手机壳今天"));
        assert_eq!(one[1], two[1]);
        assert!(shared(&one[5], &two[5]) > one[5].len() / 2 && one[5] != two[5]);
        assert!(shared(&one[0], &one[4]) < one[0].len() / 2);
    }

    #[test]
    fn a_known_value_is_seen_at_its_tokens_and_beside_them() {
        let listed = Entity {
            entity: "product".into(),
            value: "lamp".into(),
            text: "lamp".into(),
            start: 2,
            end: 6,
            sensitive: false,
            probability: 1.0,
        };
        let with = features(&Tokenised::new("a lamp is on it"), &[listed]);
        let more: Vec<usize> = with.iter().zip(of("a lamp is on it")).map(|(a, b)| a.len() - b.len()).collect();
        assert_eq!(more, [1, 1, 1, 0, 0]);
    }

    #[test]
    fn long_numbers_are_known_by_their_length_alone() {
        assert_eq!(of("card 4929123412341234 please"), of("card 1111222233334444 please"));
        assert_ne!(of("card 1234 please"), of("card 4321 please"));
    }

    #[test]
    fn a_hidden_word_is_like_any_other_of_its_shape() {
        let hide = |message: &str| features_hiding(&[false, true, false], &Tokenised::new(message), &[]);
        assert_eq!(hide("in Oslo now"), hide("in Rome now"));
        assert_ne!(hide("in Oslo now"), hide("in Berlin now"));
    }

    #[test]
    fn every_feature_of_a_token_has_a_hash_of_its_own() {
        for token in of("I ordered 2 手机壳 from Shop-24 yesterday") {
            let mut hashes = token.clone();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), token.len());
        }
    }
}
