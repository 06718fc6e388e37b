//! Reads a message as it was meant before it is searched: without greetings, with words that the index does not know put
//! right by how they are spelt, sound or look, pinyin turned into characters, and synonyms beside what they stand for.
//! Only words that the index holds are ever put in, so a message that needs nothing stays as it was typed.

mod han;
mod latin;
mod pinyin;
mod shapes;
mod vocabulary;

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub(crate) use self::vocabulary::{Vocabulary, spellings};
use crate::analysis;
use crate::synonyms::Synonyms;
use crate::table::Table;

/// Why a part of a message was read otherwise than it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A Latin word with a slip in it.
    Misspelt,
    /// Chinese characters that sound the same.
    SoundsAlike,
    /// Chinese characters that look the same.
    LooksAlike,
    /// Pinyin in place of characters.
    Pinyin,
    /// Another word for the same thing.
    Synonym,
}

/// A part of a message and what it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewording {
    /// What was typed, in its plain form.
    pub from: String,
    /// What is searched in its place, or beside it.
    pub to: String,
    /// Why.
    pub reason: Reason,
}

/// A message as it is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// What its words are looked for by.
    pub(crate) text: String,
    /// What its meaning is read from: without the words that stand beside others.
    pub(crate) meant: String,
    pub(crate) rewordings: Vec<Rewording>,
}

/// What the words of a message are looked up in.
pub(crate) struct Lexicon<'a> {
    pub(crate) vocabulary: Vocabulary<'a>,
    pub(crate) table: &'a Table,
    pub(crate) synonyms: &'a Synonyms,
}

impl Lexicon<'_> {
    /// Whether the index holds a word.
    fn holds(&self, word: &str) -> bool {
        analysis::whole(word).is_some_and(|token| !self.table.is_unknown(token.id()))
    }

    /// Whether the index holds every word of a phrase.
    fn holds_all(&self, phrase: &str) -> bool {
        let known = |token: analysis::Token| !self.table.is_unknown(token.id());
        text::words(phrase).iter().all(|word| analysis::whole(word.text).is_none_or(known))
    }
}

/// A change of the text: what stands in a range becomes something else.
#[derive(Debug, PartialEq, Eq)]
struct Edit {
    range: Range<usize>,
    to: String,
    reason: Reason,
    /// Whether what was typed stays, because it is a word as well.
    keep: bool,
}

/// What a text asks: as it was typed, or without courtesies in its plain form.
pub(crate) fn asked(typed: &str) -> Cow<'_, str> {
    let normalised = text::normalise(typed);
    let asked = text::without_courtesies(normalised.as_str());
    if asked.len() == normalised.as_str().len() { Cow::Borrowed(typed) } else { Cow::Owned(asked.to_owned()) }
}

/// Reads a message.
pub(crate) fn read(typed: &str, lexicon: &Lexicon<'_>) -> tantivy::Result<Reading> {
    let normalised = text::normalise(typed);
    let asked = text::without_courtesies(normalised.as_str());
    let words = text::words(asked);
    let mut edits = pinyin::edits(&words, lexicon)?;
    latin::edits(&words, lexicon, &mut edits)?;
    han::edits(asked, &words, lexicon, &mut edits)?;
    for (range, other) in lexicon.synonyms.beside(asked, |phrase| lexicon.holds_all(phrase)) {
        add(&mut edits, Edit { range, to: other, reason: Reason::Synonym, keep: true });
    }
    if edits.is_empty() {
        let text = self::asked(typed).into_owned();
        return Ok(Reading { meant: text.clone(), text, rewordings: Vec::new() });
    }
    Ok(apply(asked, edits))
}

/// Takes in an edit where nothing of its range was edited before.
fn add(edits: &mut Vec<Edit>, edit: Edit) {
    if edits.iter().all(|other| other.range.end <= edit.range.start || edit.range.end <= other.range.start) {
        edits.push(edit);
    }
}

fn apply(asked: &str, mut edits: Vec<Edit>) -> Reading {
    edits.sort_by_key(|edit| edit.range.start);
    let [mut text, mut meant] = [(); 2].map(|()| String::with_capacity(asked.len() * 2));
    let mut at = 0;
    let mut rewordings = Vec::new();
    for Edit { range, to, reason, keep } in edits {
        let (before, from) = (&asked[at..range.start], &asked[range.clone()]);
        text.extend([
            before,
            if keep { from } else { "" },
            if keep { " " } else { "" },
            &to,
            if keep { " " } else { "" },
        ]);
        meant.extend([before, if keep { from } else { &to }]);
        at = range.end;
        rewordings.push(Rewording { from: from.to_owned(), to, reason });
    }
    text.push_str(&asked[at..]);
    meant.push_str(&asked[at..]);
    Reading { text, meant, rewordings }
}

#[cfg(test)]
mod tests;
