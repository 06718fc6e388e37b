//! Finds English street addresses, from each word for a street outwards.

use std::ops::Range;

use super::PersonalData;

const STREETS: [&str; 26] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "boulevard",
    "blvd",
    "place",
    "pl",
    "way",
    "terrace",
    "crescent",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "square",
    "circle",
    "close",
];
/// Words for a street that mean something else unless a name stands before them.
const AMBIGUOUS: [&str; 11] = ["drive", "dr", "court", "ct", "place", "pl", "way", "square", "circle", "close", "st"];
/// Words that a street's name does not contain.
const NO_NAMES: [&str; 68] = [
    "a", "an", "and", "are", "at", "back", "box", "boxes", "buy", "by", "day", "days", "disk", "each", "external",
    "flash", "for", "from", "gb", "hard", "have", "hour", "hours", "i", "in", "is", "it", "item", "items", "km",
    "mile", "miles", "minutes", "month", "months", "more", "my", "no", "not", "on", "or", "order", "orders", "pack",
    "pieces", "solid", "state", "tb", "that", "the", "this", "times", "to", "usb", "was", "weeks", "with", "years",
    "you", "your", "one", "any", "why", "how", "reasons", "crore", "million", "billion",
];
const UNITS: [&str; 9] = ["apt", "apartment", "suite", "ste", "unit", "floor", "room", "flat", "rm"];
const MOST_NAMES: usize = 4;

pub(super) fn find(characters: &[char]) -> Vec<(PersonalData, Range<usize>)> {
    let mut found: Vec<(PersonalData, Range<usize>)> = Vec::new();
    let mut floor = 0;
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let length = characters[at..].iter().take_while(|c| is_word_character(**c)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let word = at..at + length;
        at = word.end;
        if let Some(start) = house_number(characters, floor, &words, &word) {
            let end = unit_end(characters, word.end);
            found.push((PersonalData::Address, start..end));
            (floor, at) = (end, end);
            words.clear();
        } else {
            words.push(word);
        }
    }
    found
}

/// Where the house number begins that a street's word closes the address of.
fn house_number(characters: &[char], floor: usize, words: &[Range<usize>], street: &Range<usize>) -> Option<usize> {
    let is_one_of =
        |range: &Range<usize>, list: &[&str]| list.iter().any(|word| equals(&characters[range.clone()], word));
    if !is_one_of(street, &STREETS) {
        return None;
    }
    let needs_capitals = is_one_of(street, &AMBIGUOUS);
    let mut next = street.start;
    for (n_names, word) in words.iter().rev().take(MOST_NAMES + 1).enumerate() {
        let gap = &characters[word.end..next];
        if word.start < floor || !matches!(gap, [' '] | ['.' | ',', ' ']) {
            return None;
        }
        if n_names > 0 && is_house_number(&characters[word.clone()]) {
            let before = word.start.checked_sub(1).map(|before| characters[before]);
            return (!before.is_some_and(|c| "#$￥¥€£.".contains(c))).then_some(word.start);
        }
        let first = characters[word.start];
        let is_name = !is_one_of(word, &NO_NAMES) && (!needs_capitals || !first.is_ascii_lowercase());
        if !is_name {
            return None;
        }
        next = word.start;
    }
    None
}

/// Digits, perhaps with a letter or a second number: "221B", "12-3".
fn is_house_number(word: &[char]) -> bool {
    let n_digits = word.iter().take_while(|c| c.is_ascii_digit()).count();
    let tail = &word[n_digits..];
    let plain = match tail {
        [] => true,
        [letter] => letter.is_ascii_alphabetic(),
        ['-', rest @ ..] => rest.len() <= 4 && rest.iter().all(char::is_ascii_digit),
        _ => false,
    };
    (1..=6).contains(&n_digits) && plain
}

/// Where an address ends whose street ends here: after the flat, where one is named.
fn unit_end(characters: &[char], street_end: usize) -> usize {
    let mut at = street_end + usize::from(characters.get(street_end) == Some(&'.'));
    at += characters[at..].iter().take(3).take_while(|c| " ,".contains(**c)).count();
    let n_letters = characters[at..].iter().take(12).take_while(|c| c.is_ascii_alphabetic()).count();
    let is_named = UNITS.iter().any(|word| equals(&characters[at..at + n_letters], word));
    let mut number = at + if is_named { n_letters } else { 0 };
    let signs = characters[number..].iter().take(3).take_while(|c| " .#".contains(**c)).count();
    let has_sign = characters[number..number + signs].contains(&'#');
    number += signs;
    let length = characters[number..].iter().take(7).take_while(|c| is_word_character(**c)).count();
    let is_number = (1..=6).contains(&length) && (characters[number].is_ascii_digit() || length == 1);
    if (is_named || has_sign) && is_number { number + length } else { street_end }
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() && (c.is_ascii() || !crate::characters::is_han(c)) || c == '\'' || c == '-'
}

fn equals(characters: &[char], word: &str) -> bool {
    characters.len() == word.len()
        && characters.iter().zip(word.chars()).all(|(c, expected)| c.eq_ignore_ascii_case(&expected))
}
