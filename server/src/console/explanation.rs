//! What the words of a message did to its best intent, ready to be shown: the message with its telling words marked,
//! and the training examples most like it.

use model::{Explanation, WordEffect};

use super::trace::percent;

/// Log-odds from which a word is marked, and from which it is marked strongly.
const TELLING: f32 = 0.5;
const STRONG: f32 = 2.0;

/// A piece of the message.
#[derive(Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// How it is marked; empty for what says little.
    pub(super) mark: &'static str,
    /// Its log-odds with their sign, empty for what lies between words.
    pub(super) effect: String,
}

/// A training example like the message.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) text: String,
    pub(super) intent: String,
    pub(super) similarity: String,
}

/// Everything a person is told about the words of one message.
#[derive(Debug)]
pub(super) struct ExplanationView {
    pub(super) intent: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) nearest: Vec<Near>,
}

impl ExplanationView {
    pub(super) fn new(message: &str, explanation: Explanation) -> Self {
        let near = |near: model::NearExample| Near {
            text: near.text,
            intent: near.intent,
            similarity: percent(near.similarity.clamp(0.0, 1.0)),
        };
        Self {
            intent: explanation.intent,
            pieces: pieces(message, &explanation.words),
            nearest: explanation.nearest.into_iter().map(near).collect(),
        }
    }
}

/// The whole message, word by word with what lies between.
fn pieces(message: &str, words: &[WordEffect]) -> Vec<Piece> {
    let plain = |text: &str| Piece { text: text.to_owned(), mark: "", effect: String::new() };
    let mut pieces = Vec::new();
    let mut at = 0;
    for word in words {
        if word.start > at {
            pieces.push(plain(&message[at..word.start]));
        }
        let mark = match word.effect {
            effect if effect >= STRONG => "for strong",
            effect if effect >= TELLING => "for",
            effect if effect <= -TELLING => "against",
            _ => "",
        };
        pieces.push(Piece { text: word.text.clone(), mark, effect: format!("{:+.1}", word.effect) });
        at = word.end;
    }
    if at < message.len() {
        pieces.push(plain(&message[at..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_whole_message_with_its_telling_words_marked() {
        let word = |text: &str, start: usize, effect| WordEffect {
            text: text.to_owned(),
            start,
            end: start + text.len(),
            effect,
        };
        let message = "please, refund 我的 mug!";
        let words = [word("refund", 8, 3.2), word("我的", 15, 0.1), word("mug", 22, -0.7)];
        let pieces = pieces(message, &words);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), message);
        let marks: Vec<_> =
            pieces.iter().map(|piece| (piece.text.as_str(), piece.mark, piece.effect.as_str())).collect();
        assert_eq!(
            marks,
            [
                ("please, ", "", ""),
                ("refund", "for strong", "+3.2"),
                (" ", "", ""),
                ("我的", "", "+0.1"),
                (" ", "", ""),
                ("mug", "against", "-0.7"),
                ("!", "", "")
            ]
        );
    }
}
