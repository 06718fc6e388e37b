//! Words that stand for one another, as the bot's owner lists them.

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// File of a bot folder, and beside an index.
pub const SYNONYMS_FILE: &str = "synonyms.txt";
/// A list may not be longer.
const MOST_GROUPS: usize = 20_000;
/// Words of a group that are put beside one of its words.
const MOST_BESIDE: usize = 4;

/// Groups of words for the same thing. A word of a message that no entry holds is searched as the others of its group;
/// entries are left as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synonyms {
    /// In plain form, at least two words each.
    groups: Vec<Vec<String>>,
}

impl Synonyms {
    /// Reads a list: one group a line, its words parted by commas; what follows `#` is a remark.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mut groups = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().replace(['，', '、'], ",");
            let words: Vec<String> = line
                .split(',')
                .map(|word| text::normalise(word).as_str().trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect();
            match words.len() {
                0 => continue,
                1 => return Err(Error::synonyms(path, number + 1, "has one word only; part words by commas")),
                _ => groups.push(words),
            }
            if groups.len() > MOST_GROUPS {
                return Err(Error::synonyms(path, number + 1, "is beyond the 20,000th group, the most there may be"));
            }
        }
        Ok(Self { groups })
    }

    /// Takes in further groups; words that the form of the list has no room for are left out.
    pub fn extend(&mut self, groups: impl IntoIterator<Item = Vec<String>>) {
        let plain = |words: Vec<String>| -> Vec<String> {
            words
                .iter()
                .map(|word| text::normalise(word).as_str().to_owned())
                .filter(|word| !word.is_empty() && !word.contains([',', '#']))
                .collect()
        };
        self.groups.extend(groups.into_iter().map(plain).filter(|words| words.len() > 1));
    }

    /// Those kept beside an index; none where there are none, or where they cannot be read.
    pub(crate) fn beside_index(dir: &Path) -> Self {
        let path = dir.join(SYNONYMS_FILE);
        let read = |text: String| Self::parse(&text, &path);
        let Ok(text) = fs::read_to_string(&path) else { return Self::default() };
        read(text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the synonyms beside the FAQ index are not used");
            Self::default()
        })
    }

    /// Keeps them beside an index, whole or not at all.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), Error> {
        let (path, temporary) = (dir.join(SYNONYMS_FILE), dir.join("synonyms.txt.new"));
        let text: String = self.groups.iter().map(|words| words.join(", ") + "\n").collect();
        fs::write(&temporary, text).map_err(|source| Error::io(&temporary, source))?;
        fs::rename(&temporary, &path).map_err(|source| Error::io(&path, source))
    }

    /// Where a plain text names a word that the index lacks, with the other words of its group that it has, as `holds` says.
    pub(crate) fn beside(&self, plain: &str, holds: impl Fn(&str) -> bool) -> Vec<(Range<usize>, String)> {
        let named = |group: &Vec<String>| {
            let (range, word) = group.iter().find_map(|word| Some((find(plain, word)?, word)))?;
            if holds(word) {
                return None;
            }
            let others = group.iter().filter(|other| *other != word && holds(other)).take(MOST_BESIDE);
            let others: Vec<&str> = others.map(String::as_str).collect();
            (!others.is_empty()).then(|| (range, others.join(" ")))
        };
        self.groups.iter().filter_map(named).collect()
    }
}

/// Where a word stands whole in a text; Latin words are not found inside others.
fn find(plain: &str, word: &str) -> Option<Range<usize>> {
    plain.match_indices(word).map(|(at, _)| at..at + word.len()).find(|range| {
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = latin(word.chars().next()) && latin(plain[..range.start].chars().next_back());
        let after = latin(word.chars().next_back()) && latin(plain[range.end..].chars().next());
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Synonyms, Error> {
        Synonyms::parse(text, Path::new("synonyms.txt"))
    }

    #[test]
    fn a_word_of_a_group_brings_the_others() {
        let synonyms =
            parsed("# what customers call it\n退钱, 退款，REFUND\nparcel,包裹,package # both\n\n").expect("it reads");
        let beside = |text: &str| {
            synonyms
                .beside(text, |word| ["退款", "refund", "package"].contains(&word))
                .into_iter()
                .map(|(_, others)| others)
                .collect::<Vec<_>>()
        };
        assert_eq!(beside("我要退钱"), ["退款 refund"]);
        assert_eq!(beside("where is my parcel"), ["package"]);
        assert!(beside("parcels refunding").is_empty());
        assert!(beside("my refund").is_empty(), "the index has that word");
    }

    #[test]
    fn a_line_with_one_word_is_named() {
        let error = parsed("退钱, 退款\n\nrefund\n").expect_err("it is wrong").to_string();
        assert!(error.contains("synonyms.txt:3"), "{error}");
    }
}
