//! Chinese words with a wrong character: one that sounds like the right one, as input methods offer them, or looks like it.

use std::ops::Range;

use text::Word;

use super::shapes;
use super::vocabulary::{LONGEST, folded, sounds_of};
use super::{Edit, Lexicon, Reason, add};

/// Characters that are words by themselves more often than parts of a word with a wrong character.
const COMMONEST: &str = "的了是不在有我你您他她它们这那哪个一二两三几人大小多少上下和与就也都只还要会能可吗呢吧啊呀嘛把被给到从对为以之没么\
    什怎谁很好太最更再又用去来看说做想让请跟比每过里外中前后着得地事字吃喝买卖年月日天家";
/// A word that is no common one is trusted when this many entries hold it.
const TRUSTED: u32 = 3;

pub(super) fn edits(
    asked: &str,
    words: &[Word<'_>],
    lexicon: &Lexicon<'_>,
    edits: &mut Vec<Edit>,
) -> tantivy::Result<()> {
    for run in strange_runs(words, lexicon) {
        mend(asked, run, lexicon, edits)?;
    }
    for word in words.iter().filter(|word| is_word(word) && !lexicon.holds(word.text)) {
        if let Some((to, Reason::SoundsAlike)) = meant(word.text, true, lexicon)? {
            add(edits, Edit { range: word.range.clone(), to, reason: Reason::SoundsAlike, keep: true });
        }
    }
    Ok(())
}

/// Neighbouring characters that make no word, as the characters of a word do of which one is wrong.
fn strange_runs(words: &[Word<'_>], lexicon: &Lexicon<'_>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let strange = |word: &&Word<'_>| word.is_han && !is_word(word) && !(is_long(word.text) && lexicon.holds(word.text));
    for word in words.iter().filter(strange) {
        match runs.last_mut() {
            Some(run) if run.end == word.range.start => run.end = word.range.end,
            _ => runs.push(word.range.clone()),
        }
    }
    runs
}

fn is_long(word: &str) -> bool {
    word.chars().nth(1).is_some()
}

/// Whether it is a word of several characters that people commonly write.
fn is_word(word: &Word<'_>) -> bool {
    word.is_han && is_long(word.text) && text::is_word(word.text)
}

/// Puts the longest parts right that can be.
fn mend(asked: &str, run: Range<usize>, lexicon: &Lexicon<'_>, edits: &mut Vec<Edit>) -> tantivy::Result<()> {
    let starts: Vec<usize> = asked[run.clone()].char_indices().map(|(at, _)| run.start + at).chain([run.end]).collect();
    for length in (2..=LONGEST.min(starts.len() - 1)).rev() {
        for window in starts.windows(length + 1) {
            let range = window[0]..window[length];
            let part = &asked[range.clone()];
            if lexicon.holds(part) {
                continue;
            }
            if let Some((to, reason)) = meant(part, false, lexicon)? {
                add(edits, Edit { range, to, reason, keep: false });
            }
        }
    }
    Ok(())
}

/// The word of the index that was meant. At least half of its characters must be right, and neither those nor the wrong
/// one may be among the commonest, which stand beside others by chance; an `exact` search takes only what sounds the same.
fn meant(part: &str, exact: bool, lexicon: &Lexicon<'_>) -> tantivy::Result<Option<(String, Reason)>> {
    if part.chars().any(|character| COMMONEST.contains(character)) {
        return Ok(None);
    }
    let mut best: Option<((bool, u32), String)> = None;
    for sound in sounds_of(part) {
        let whole = sound.concat();
        for known in lexicon.vocabulary.sounding_like(&folded(&sound))? {
            let rank = (known.sound == whole, known.n_entries);
            let trusted = known.n_entries >= TRUSTED || text::is_word(&known.word);
            let fits = (rank.0 || !exact) && trusted && shares_half(part, &known.word);
            if fits && best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, known.word));
            }
        }
    }
    if let Some((_, word)) = best {
        return Ok(Some((word, Reason::SoundsAlike)));
    }
    let looks_alike = shapes::variants(part).into_iter().find(|other| text::is_word(other) && lexicon.holds(other));
    Ok(looks_alike.map(|word| (word, Reason::LooksAlike)))
}

fn shares_half(one: &str, other: &str) -> bool {
    let n = one.chars().count();
    let same = one.chars().zip(other.chars()).filter(|(one, other)| one == other).count();
    same < n && same * 2 >= n
}
