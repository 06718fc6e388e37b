//! Finds mainland licence plates: a province, a letter, and five or six letters and digits.

use std::ops::Range;

use super::PersonalData;

const PROVINCES: &str = "京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵青藏川宁寧琼瓊";
/// What a plate of a school, police, trailer or border car ends in.
const ENDINGS: &str = "学學警挂掛港澳领領使";

pub(super) fn find(characters: &[char]) -> Vec<(PersonalData, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if let Some(length) = plate_length(&characters[at..]) {
            found.push((PersonalData::LicencePlate, at..at + length));
            at += length;
        } else {
            at += 1;
        }
    }
    found
}

/// How long the plate is that the characters begin with.
fn plate_length(characters: &[char]) -> Option<usize> {
    let [province, letter, rest @ ..] = characters else {
        return None;
    };
    if !letter.is_ascii_alphabetic() || !PROVINCES.contains(*province) {
        return None;
    }
    let gap = usize::from(rest.first().is_some_and(|c| "·.- ".contains(*c)));
    let tail = &rest[gap..];
    let n_plain = tail.iter().take(7).take_while(|c| is_plate_character(**c)).count();
    let n_digits = tail[..n_plain].iter().filter(|c| c.is_ascii_digit()).count();
    let ending = tail.get(n_plain).copied();
    let n_ending = usize::from(n_plain == 4 && ending.is_some_and(|c| ENDINGS.contains(c)));
    let fits = (n_plain == 5 || n_plain == 6 || n_ending == 1) && n_digits >= 3;
    let ends = n_ending == 1 || !ending.is_some_and(|c| c.is_ascii_alphanumeric());
    (fits && ends).then_some(2 + gap + n_plain + n_ending)
}

/// Plates leave out I and O, which look like digits.
fn is_plate_character(c: char) -> bool {
    c.is_ascii_alphanumeric() && !matches!(c.to_ascii_uppercase(), 'I' | 'O')
}
