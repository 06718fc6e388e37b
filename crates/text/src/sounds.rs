//! How Chinese characters sound: Hanyu Pinyin without tones, as it is typed on a keyboard.

use std::collections::HashSet;
use std::sync::LazyLock;

use pinyin::{ToPinyin as _, ToPinyinMulti as _};

/// Readings of a character beyond these are those of old books.
const MOST_READINGS: usize = 3;

static SYLLABLES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let common = ('\u{4e00}'..='\u{9fa5}').filter_map(|c| c.to_pinyin());
    common.map(|sound| typed(sound.plain())).filter(|sound| sound.contains(['a', 'e', 'i', 'o', 'u', 'v'])).collect()
});

/// The toneless readings of a character, the usual one first; none for what is no Chinese character. `ü` is `v`.
pub fn sounds(character: char) -> Vec<&'static str> {
    let mut sounds = Vec::new();
    for reading in character.to_pinyin_multi().into_iter().flatten().map(|reading| typed(reading.plain())) {
        if !sounds.contains(&reading) && sounds.len() < MOST_READINGS {
            sounds.push(reading);
        }
    }
    sounds
}

/// Whether letters are one syllable of Mandarin.
pub fn is_syllable(letters: &str) -> bool {
    SYLLABLES.contains(letters)
}

fn typed(sound: &'static str) -> &'static str {
    match sound {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_their_readings_the_usual_one_first() {
        assert_eq!(sounds('退'), ["tui"]);
        assert_eq!(sounds('还'), ["hai", "huan", "fu"]);
        assert_eq!(sounds('女')[0], "nv");
        assert!(sounds('a').is_empty() && sounds('。').is_empty());
    }

    #[test]
    fn only_what_can_be_said_is_a_syllable() {
        assert!(["tui", "kuan", "zhuang", "lv", "er", "a"].iter().all(|sound| is_syllable(sound)));
        assert!(["", "tuik", "n", "iphone", "refund", "TUI"].iter().all(|letters| !is_syllable(letters)));
    }
}
