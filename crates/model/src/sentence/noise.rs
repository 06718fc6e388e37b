//! What customers' keyboards do to a sentence, so that a student learns to see past it.

use crate::features::is_han;
use crate::random::Random;
use crate::typos;

/// The kinds of slips that are made.
const KINDS: usize = 4;
/// Shorter texts are left alone.
const SHORTEST: usize = 5;

/// The text as somebody in a hurry would type it: letters missed and swapped, characters lost, spaces forgotten.
pub(super) fn hurried(text: &str, random: &mut Random) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() < SHORTEST {
        return text.to_owned();
    }
    let at = ((random.uniform() * (characters.len() - 1) as f32) as usize).min(characters.len() - 2);
    match (random.uniform() * KINDS as f32) as usize {
        0 if text.contains(' ') => without_a_space(&characters, random),
        1 if is_han(characters[at]) => without(&characters, at),
        2 if is_han(characters[at]) && is_han(characters[at + 1]) => {
            let mut swapped = characters;
            swapped.swap(at, at + 1);
            swapped.into_iter().collect()
        }
        _ if text.chars().any(is_han) => without(&characters, at),
        _ => typos::mistyped(text, random).unwrap_or_else(|| text.to_owned()),
    }
}

fn without(characters: &[char], at: usize) -> String {
    characters.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, character)| character).collect()
}

fn without_a_space(characters: &[char], random: &mut Random) -> String {
    let spaces: Vec<usize> = (0..characters.len()).filter(|at| characters[*at] == ' ').collect();
    let chosen = ((random.uniform() * spaces.len() as f32) as usize).min(spaces.len() - 1);
    without(characters, spaces[chosen])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_changes_little_and_short_texts_nothing() {
        let mut random = Random::new(3, 1);
        for text in ["where is my parcel", "我的包裹怎么还没有到", "我的 iphone 坏了", "refund!"] {
            let mut changed = 0;
            for _ in 0..40 {
                let hurried = hurried(text, &mut random);
                changed += usize::from(hurried != text);
                let (before, after) = (text.chars().count(), hurried.chars().count());
                assert!(after >= before - 2 && after <= before + 2, "{text}: {hurried}");
            }
            assert!(changed > 20, "{text}: {changed}");
        }
        assert_eq!(hurried("退款", &mut random), "退款");
        assert_eq!(hurried("", &mut random), "");
    }
}
