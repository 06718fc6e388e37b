//! The words of the index by their letters and by their sound: terms of a field of their own, so that they come and go
//! with the entries. A Chinese word stands as `~folded sound~sound~word`, a Latin one as itself.

use std::collections::BTreeMap;

use tantivy::Searcher;
use tantivy::schema::Field;
use text::Word;

/// Characters of the longest Chinese word that is found by its sound.
pub(super) const LONGEST: usize = 4;
/// Letters of the shortest Latin word that is put right.
pub(super) const SHORTEST_LATIN: usize = 4;
/// Ways to say one word that are kept.
const MOST_READINGS: usize = 6;

/// A word of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) word: String,
    /// Its sound, one syllable after the other.
    pub(super) sound: String,
    /// Entries that hold it.
    pub(super) n_entries: u32,
}

/// The words of a state of the index.
pub(crate) struct Vocabulary<'a> {
    searcher: &'a Searcher,
    field: Field,
}

impl<'a> Vocabulary<'a> {
    pub(crate) fn new(searcher: &'a Searcher, field: Field) -> Self {
        Self { searcher, field }
    }

    /// Chinese words whose sound is this one but for what speakers of the south do not tell apart; the most frequent first.
    pub(super) fn sounding_like(&self, folded: &str) -> tantivy::Result<Vec<Known>> {
        let prefix = format!("~{folded}~");
        let mut found: BTreeMap<String, Known> = BTreeMap::new();
        self.each_with(&prefix, |term, n_entries| {
            if let Some((sound, word)) = term[prefix.len()..].split_once('~') {
                let new = || Known { word: word.to_owned(), sound: sound.to_owned(), n_entries: 0 };
                found.entry(format!("{word}~{sound}")).or_insert_with(new).n_entries += n_entries;
            }
        })?;
        let mut found: Vec<Known> = found.into_values().collect();
        found.sort_by_key(|known| std::cmp::Reverse(known.n_entries));
        Ok(found)
    }

    /// Latin words that begin with a letter, with how many entries hold each.
    pub(super) fn latin(&self, first: char, mut each: impl FnMut(&str, u32)) -> tantivy::Result<()> {
        self.each_with(first.encode_utf8(&mut [0; 4]), |term, n_entries| each(term, n_entries))
    }

    fn each_with(&self, prefix: &str, mut each: impl FnMut(&str, u32)) -> tantivy::Result<()> {
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.field)?;
            let mut terms = index.terms().range().ge(prefix.as_bytes()).into_stream()?;
            while terms.advance() {
                let Some(term) = std::str::from_utf8(terms.key()).ok().filter(|term| term.starts_with(prefix)) else {
                    break;
                };
                each(term, terms.value().doc_freq);
            }
        }
        Ok(())
    }
}

/// The terms under which the words of a text are found when they are misspelt.
pub(crate) fn spellings<'a>(words: &'a [Word<'a>]) -> impl Iterator<Item = String> + 'a {
    words.iter().flat_map(|word| {
        let sounds = if word.is_han { sounds_of(word.text) } else { Vec::new() };
        let sounding = sounds.into_iter().map(|sound| {
            let (folded, exact) = (folded(&sound), sound.concat());
            format!("~{folded}~{exact}~{}", word.text)
        });
        let latin = (!word.is_han && is_plain_latin(word.text)).then(|| word.text.to_owned());
        sounding.chain(latin)
    })
}

/// Whether a word can be put right by its letters: digits and codes cannot.
pub(super) fn is_plain_latin(word: &str) -> bool {
    word.len() >= SHORTEST_LATIN && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The ways to say a Chinese word, each a syllable a character; none for longer ones and for what has no sound.
pub(super) fn sounds_of(word: &str) -> Vec<Vec<&'static str>> {
    let mut ways: Vec<Vec<&'static str>> = vec![Vec::new()];
    for (at, character) in word.chars().enumerate() {
        if at == LONGEST {
            return Vec::new();
        }
        let readings = text::sounds(character);
        let longer = |reading: &&'static str| -> Vec<Vec<&'static str>> {
            ways.iter().map(|way| [way.as_slice(), &[*reading]].concat()).collect()
        };
        // The usual readings of all characters stand first.
        ways = readings.iter().flat_map(longer).take(MOST_READINGS).collect();
    }
    ways
}

/// Syllables without what is often mixed up: zh/z, ch/c, sh/s, and the nasal endings -ng/-n.
pub(super) fn folded(syllables: &[&str]) -> String {
    syllables.iter().map(|syllable| fold(syllable)).collect()
}

fn fold(syllable: &str) -> String {
    let mut folded = String::with_capacity(syllable.len());
    let mut letters = syllable.chars().peekable();
    while let Some(letter) = letters.next() {
        let first = folded.is_empty();
        folded.push(letter);
        if first && matches!(letter, 'z' | 'c' | 's') {
            letters.next_if_eq(&'h');
        }
        if letter == 'n' && !first {
            letters.next_if_eq(&'g');
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_by_sound_and_by_letters() {
        let kept = |text: &str| spellings(&text::search_words(text)).collect::<Vec<_>>();
        assert_eq!(kept("退货"), ["~tuihuo~tuihuo~退货"]);
        assert_eq!(kept("refund 2026 vip"), ["refund"]);
        assert!(kept("还款").contains(&"~huankuan~huankuan~还款".to_owned()));
    }

    #[test]
    fn what_is_mixed_up_sounds_the_same() {
        assert_eq!(folded(&["zhang", "hao"]), folded(&["zan", "hao"]));
        assert_eq!(folded(&["sheng", "chan"]), "sencan");
        assert_eq!(folded(&["nong"]), "non");
    }
}
