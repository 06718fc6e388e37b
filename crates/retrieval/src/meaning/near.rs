//! Finds the vectors that are near one without comparing all of their values: signs are compared first, a bit a value
//! (random hyperplanes; Charikar, 2002), and only the nearest by signs are compared by their values.

use super::wide::differing;
use super::{Meaning, Signs};

/// Of more vectors than this signs are compared first.
const ALL: usize = 4096;
/// Vectors that are compared by their values then.
const COMPARED: usize = 768;
/// No vector differs by so many signs; stands at those that count no longer.
const GONE: u16 = u16::MAX;

/// The signs of some of the vectors, and which of them count no longer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) signs: &'a [Signs],
    /// Ascending.
    pub(crate) gone: &'a [u32],
}

impl Part<'_> {
    fn len(&self) -> usize {
        self.signs.len() - self.gone.len()
    }
}

/// Which vectors (part, place in it) are worth comparing with one: all of few, of many those whose signs differ least.
pub(crate) fn worth_comparing(meaning: &Meaning, parts: &[Part<'_>]) -> Vec<(usize, usize)> {
    if meaning.is_empty() {
        return Vec::new();
    }
    let mut differ = vec![0; parts.iter().map(|part| part.signs.len()).sum()];
    let few = parts.iter().map(Part::len).sum::<usize>() <= ALL;
    let asked = meaning.signs();
    let mut rest = differ.as_mut_slice();
    for part in parts {
        let (mine, others) = rest.split_at_mut(part.signs.len());
        if !few {
            differing(&asked, part.signs, mine);
        }
        part.gone.iter().for_each(|&place| mine[place as usize] = GONE);
        rest = others;
    }
    let most = if few { GONE - 1 } else { most_differing(&differ, COMPARED) };
    let places = parts.iter().enumerate().flat_map(|(number, part)| (0..part.signs.len()).map(move |at| (number, at)));
    places.zip(differ).filter(|(_, differ)| *differ <= most).map(|(place, _)| place).collect()
}

/// The number of signs that at least so many of the vectors differ by at most.
fn most_differing(differ: &[u16], wanted: usize) -> u16 {
    let mut counts = vec![0; usize::from(GONE) + 1];
    differ.iter().for_each(|differ| counts[usize::from(*differ)] += 1);
    let mut sum = 0;
    let reaches = |(_, count): &(u16, usize)| {
        sum += count;
        sum >= wanted
    };
    (0..GONE).zip(counts).find(reaches).map_or(GONE - 1, |(differ, _)| differ)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::meaning::{Encoder, Reader};

    /// Vectors by chance, near each other by the hundreds.
    #[derive(Debug)]
    struct Chance;

    impl Encoder for Chance {
        fn name(&self) -> &str {
            "chance"
        }

        fn encode(&self, text: &str) -> Vec<f32> {
            let number: u64 = text.parse().unwrap_or(0);
            let value = |seed: u64, at: u64| {
                let mixed = (seed * 1000 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / 2f32.powi(24) - 0.5
            };
            let vector: Vec<f32> =
                (0..384).map(|at| value(number / 100, at) + 0.7 * value(number + 1_000_000, at)).collect();
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            vector.iter().map(|value| value / length).collect()
        }
    }

    fn meaning(number: u64) -> Meaning {
        let reader: Reader = Some(Arc::new(Chance));
        Meaning::of(&number.to_string(), &reader)
    }

    fn places(meaning: &Meaning, signs: &[Signs], gone: &[u32]) -> Vec<usize> {
        let (one, other) = signs.split_at(signs.len() / 3);
        let cut = gone.partition_point(|&place| (place as usize) < one.len());
        let later: Vec<u32> = gone[cut..].iter().map(|place| place - one.len() as u32).collect();
        let parts = [Part { signs: one, gone: &gone[..cut] }, Part { signs: other, gone: &later }];
        let found = worth_comparing(meaning, &parts);
        found.into_iter().map(|(part, at)| part * one.len() + at).collect()
    }

    /// The share of the ten nearest by values that is among those worth comparing, and how many these are at most.
    fn recall(n: u64) -> (f32, usize) {
        let all: Vec<Meaning> = (0..n).map(meaning).collect();
        let signs: Vec<Signs> = all.iter().map(Meaning::signs).collect();
        let (mut found, mut asked, mut most) = (0, 0, 0);
        for number in (0..n).step_by(n as usize / 50 + 1) {
            let question = meaning(number + 50);
            let mut exact: Vec<(f32, usize)> =
                all.iter().enumerate().map(|(at, other)| (question.likeness(other), at)).collect();
            exact.select_nth_unstable_by(10, |one, other| other.0.total_cmp(&one.0));
            let worth = places(&question, &signs, &[]);
            most = most.max(worth.len());
            found += exact[..10].iter().filter(|(_, place)| worth.binary_search(place).is_ok()).count();
            asked += 10;
        }
        (found as f32 / asked as f32, most)
    }

    #[test]
    fn of_many_vectors_the_nearest_ten_are_among_those_worth_comparing() {
        let (recall, most) = recall(20_000);
        assert!(recall >= 0.98 && most < 2000, "{recall} of {most}");
    }

    #[test]
    #[ignore = "takes minutes; the figure of BENCHMARKS.md"]
    fn of_a_million_vectors_too() {
        let (recall, most) = recall(1_000_000);
        assert!(recall >= 0.98 && most < 4000, "{recall} of {most}");
    }

    #[test]
    fn what_counts_no_longer_is_not_found_among_few_or_many() {
        for n in [3000, 9000] {
            let signs: Vec<Signs> = (0..n).map(|number| meaning(number).signs()).collect();
            let gone: Vec<u32> = (0..n as u32).step_by(3).collect();
            let worth = places(&meaning(1), &signs, &gone);
            assert!(worth.len() >= COMPARED && worth.iter().all(|place| !place.is_multiple_of(3)), "{n}");
            assert!(worth.contains(&1) && worth.is_sorted());
        }
        assert!(places(&Meaning::default(), &[meaning(1).signs()], &[]).is_empty());
    }
}
