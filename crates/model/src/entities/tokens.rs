//! Cuts a message into the tokens that are tagged: Chinese by character, the rest into runs of letters, runs of
//! digits and single signs; each knows where it stood in the original.

use std::ops::Range;

use text::Normalised;

/// Bytes of a message that are tagged.
const MAX_BYTES: usize = 16 * 1024;

/// What sort of character a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Han,
    Letters,
    Digits,
    Sign,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    /// Bytes in the plain form.
    pub plain: Range<usize>,
    /// Bytes in the original.
    pub original: Range<usize>,
}

/// A message in its plain form with its tokens.
#[derive(Debug, Clone)]
pub(crate) struct Tokenised<'a> {
    pub original: &'a str,
    pub plain: Normalised,
    pub tokens: Vec<Token>,
}

impl<'a> Tokenised<'a> {
    /// Tokens of as much of a message as is read.
    pub(crate) fn new(message: &'a str) -> Self {
        let mut end = message.len().min(MAX_BYTES);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let plain = text::normalise(&message[..end]);
        let mut tokens: Vec<Token> = Vec::new();
        for (at, c) in plain.as_str().char_indices() {
            let Some(kind) = kind(c) else { continue };
            let range = at..at + c.len_utf8();
            match tokens.last_mut() {
                Some(last) if last.kind == kind && last.plain.end == at && joins(kind) => last.plain.end = range.end,
                _ => tokens.push(Token { kind, plain: range, original: 0..0 }),
            }
        }
        for token in &mut tokens {
            token.original = plain.original_range(token.plain.clone());
        }
        Self { original: message, plain, tokens }
    }

    /// The plain form of a token.
    pub(crate) fn word(&self, token: &Token) -> &str {
        &self.plain.as_str()[token.plain.clone()]
    }

    /// The token as it was written.
    pub(crate) fn written(&self, token: &Token) -> &'a str {
        self.original.get(token.original.clone()).unwrap_or_default()
    }

    /// The tokens that a range of the original touches; none where it touches none.
    pub(crate) fn touched(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.tokens.partition_point(|token| token.original.end <= range.start);
        let end = self.tokens.partition_point(|token| token.original.start < range.end);
        start..end.max(start)
    }
}

/// The sort of a character; spaces belong to no token.
fn kind(c: char) -> Option<Kind> {
    match c {
        c if c.is_whitespace() => None,
        c if is_han(c) => Some(Kind::Han),
        c if c.is_numeric() => Some(Kind::Digits),
        c if c.is_alphabetic() => Some(Kind::Letters),
        _ => Some(Kind::Sign),
    }
}

fn joins(kind: Kind) -> bool {
    matches!(kind, Kind::Letters | Kind::Digits)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(message: &str, expected: &[&str]) {
        let tokenised = Tokenised::new(message);
        let found: Vec<&str> = tokenised.tokens.iter().map(|token| tokenised.written(token)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn chinese_is_cut_by_character_and_the_rest_by_runs() {
        check("我要退iPhone 15", &["我", "要", "退", "iPhone", "15"]);
        check("order AB1234, please!", &["order", "AB", "1234", ",", "please", "!"]);
        check("ＡＢ　１２。", &["ＡＢ", "１２", "。"]);
        check(" \u{200b}", &[]);
    }

    #[test]
    fn a_range_of_the_original_leads_to_the_tokens_it_touches() {
        let tokenised = Tokenised::new("  退 iPhone 15");
        for (range, tokens) in [(2..5, 0..1), (6..12, 1..2), (7..14, 1..3), (0..2, 0..0), (12..13, 2..2)] {
            assert_eq!(tokenised.touched(&range), tokens, "{range:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cut_into_tokens_in_order(message in any::<String>()) {
            let tokenised = Tokenised::new(&message);
            let mut end = 0;
            for token in &tokenised.tokens {
                prop_assert!(token.plain.start >= end && !tokenised.written(token).is_empty());
                end = token.plain.end;
            }
        }
    }
}
