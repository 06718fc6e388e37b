//! Rows learned a second time with typing errors, so that a slip on a phone's keyboard does not hide what was meant.

use crate::features::is_han;
use crate::random::Random;
use crate::split::Row;

/// Typing errors for so many characters, and at least one.
const CHARACTERS: usize = 16;
/// Shorter messages are left alone: an error there may make another word of them.
const SHORTEST: usize = 4;
/// Letters by their neighbours on a keyboard, row by row.
const KEYS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Copies of a share of the rows, each with errors in it; Chinese is typed by choosing words, and slips there are others.
pub(crate) fn copies(rows: &[Row], share: f32, seed: u64) -> Vec<Row> {
    let mut random = Random::new(seed, 9);
    let mut copies = Vec::with_capacity((rows.len() as f32 * share) as usize);
    for row in rows {
        if random.uniform() < share
            && !row.text.chars().any(is_han)
            && let Some(text) = mistyped(&row.text, &mut random)
        {
            copies.push(Row { text, ..row.clone() });
        }
    }
    copies
}

/// The text with some characters swapped, left out, doubled or hit beside; `None` where it is too short.
pub(crate) fn mistyped(text: &str, random: &mut Random) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..(characters.len() / CHARACTERS).max(1) {
        if characters.len() < SHORTEST {
            return None;
        }
        // The first character is typed with care.
        let at = 1 + below(characters.len() - 2, random);
        match below(4, random) {
            0 => characters.swap(at, at + 1),
            1 => drop(characters.remove(at)),
            2 => characters.insert(at, characters[at]),
            _ => characters[at] = beside(characters[at], random),
        }
    }
    Some(characters.into_iter().collect())
}

/// A number from 0 to less than `end`.
fn below(end: usize, random: &mut Random) -> usize {
    ((random.uniform() * end as f32) as usize).min(end.saturating_sub(1))
}

/// The key to the left or right of a letter's; what is no letter stays.
fn beside(letter: char, random: &mut Random) -> char {
    let place = KEYS.iter().find_map(|keys| keys.find(letter).map(|at| (keys, at)));
    let Some((keys, at)) = place else {
        return letter;
    };
    let at = if at == 0 || (at + 1 < keys.len() && random.uniform() < 0.5) { at + 1 } else { at - 1 };
    keys.chars().nth(at).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let texts = ["where is my parcel and when will it come", "refund", "我的快递 where 到哪里了", "ok", ""];
        let row = |text: &&str| Row {
            text: (*text).to_owned(),
            label: 1,
            also: vec![2],
            weight: 0.5,
            is_labelled: true,
            target: None,
        };
        texts.iter().cycle().take(200).map(row).collect()
    }

    #[test]
    fn copies_keep_their_labels_and_differ_by_a_few_characters() {
        let rows = rows();
        let copies = copies(&rows, 0.5, 3);
        assert!((30..90).contains(&copies.len()), "{}", copies.len());
        let changed = copies.iter().filter(|copy| rows.iter().all(|row| row.text != copy.text)).count();
        assert!(changed > copies.len() / 2, "{changed} of {}", copies.len());
        for copy in &copies {
            let own = rows.iter().find(|row| row.text.chars().next() == copy.text.chars().next()).expect("its row");
            assert!(copy.text.chars().count().abs_diff(own.text.chars().count()) <= 2, "{}", copy.text);
            assert_eq!((copy.label, &copy.also[..], copy.weight), (1, &[2][..], 0.5));
        }
    }

    #[test]
    fn nothing_is_copied_without_a_share_and_short_texts_never() {
        assert!(copies(&rows(), 0.0, 1).is_empty());
        assert!(copies(&rows(), 1.0, 1).iter().all(|copy| copy.text.chars().count() >= SHORTEST - 1));
    }
}
