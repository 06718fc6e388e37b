//! Latin words with a slip in them: a letter too many, too few, another one, or two swapped.

use text::Word;

use super::vocabulary::is_plain_latin;
use super::{Edit, Lexicon, Reason, add};

/// Letters from which on a word may have a second slip.
const LONG: usize = 8;

pub(super) fn edits(words: &[Word<'_>], lexicon: &Lexicon<'_>, edits: &mut Vec<Edit>) -> tantivy::Result<()> {
    for word in words.iter().filter(|word| !word.is_han && is_plain_latin(word.text)) {
        if lexicon.holds(word.text) || text::is_word(word.text) {
            continue;
        }
        if let Some(to) = nearest(word.text, lexicon)? {
            add(edits, Edit { range: word.range.clone(), to, reason: Reason::Misspelt, keep: false });
        }
    }
    Ok(())
}

/// The word of the index with the same first letter, which people seldom miss, that is fewest slips away; of several
/// the one that most entries hold.
fn nearest(word: &str, lexicon: &Lexicon<'_>) -> tantivy::Result<Option<String>> {
    let slips = if word.len() >= LONG { 2 } else { 1 };
    let mut best: Option<((usize, u32), String)> = None;
    let Some(first) = word.chars().next() else { return Ok(None) };
    lexicon.vocabulary.latin(first, |known, n_entries| {
        if known.len().abs_diff(word.len()) > slips {
            return;
        }
        let rank = (strsim::osa_distance(word, known), u32::MAX - n_entries);
        if rank.0 <= slips && best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, known.to_owned()));
        }
    })?;
    Ok(best.map(|(_, known)| known))
}
