//! Finds e-mail addresses, from each @ outwards.

use std::ops::Range;

use super::PersonalData;

pub(super) fn find(characters: &[char]) -> Vec<(PersonalData, Range<usize>)> {
    let mut found: Vec<(PersonalData, Range<usize>)> = Vec::new();
    let mut floor = 0;
    for at in characters.iter().enumerate().filter(|(_, c)| **c == '@').map(|(at, _)| at) {
        if let (Some(start), Some(end)) = (local_start(characters, floor, at), domain_end(characters, at + 1)) {
            found.push((PersonalData::Email, start..end));
            floor = end;
        }
    }
    found
}

/// Where the part before the @ begins.
fn local_start(characters: &[char], floor: usize, at: usize) -> Option<usize> {
    let local = characters.get(floor..at)?;
    let run = local.iter().rev().take_while(|c| c.is_ascii_alphanumeric() || "._%+-'".contains(**c)).count();
    let start = (at - run..at).find(|index| characters[*index].is_ascii_alphanumeric() || characters[*index] == '_')?;
    Some(start)
}

/// Where the domain ends: after the last label that can be a top-level domain.
fn domain_end(characters: &[char], start: usize) -> Option<usize> {
    let mut end = None;
    let mut label = start;
    let mut is_first = true;
    loop {
        let rest = &characters[label..];
        let length = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '-').count();
        let letters = rest.iter().take_while(|c| c.is_ascii_alphabetic()).count();
        if length == 0 {
            return end;
        }
        // Digits glued to the last label may be a number of their own.
        if !is_first && letters >= 2 {
            end = Some(label + letters);
        }
        if rest.get(length) != Some(&'.') {
            return end;
        }
        label += length + 1;
        is_first = false;
    }
}
