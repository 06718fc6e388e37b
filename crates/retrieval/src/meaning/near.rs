//! Finds the vectors that are near one without comparing all of their values: signs are compared first, a bit a value
//! (random hyperplanes; Charikar, 2002), and only the nearest by signs are compared by their values.

use std::sync::Arc;

use super::wide::differing;
use super::{Meaning, Signs};

/// Vectors of a block, which is copied whole when one of them changes.
const BLOCK: usize = 1024;
/// A place without a vector.
const FREE: u32 = u32::MAX;
/// Of more vectors than this signs are compared first.
const ALL: usize = 4096;
/// Vectors that are compared by their values then.
const COMPARED: usize = 768;

/// Where a vector belongs: a row, and the ordinal of its wording.
pub(crate) type Place = (u32, u16);

/// The signs of all vectors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Near {
    blocks: Vec<Arc<Block>>,
    /// Slots that have ever been taken.
    len: usize,
    free: Vec<u32>,
    /// The slot of each row's last vector.
    last: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Block {
    signs: Vec<Signs>,
    places: Vec<Place>,
    /// The slot of the row's vector before.
    before: Vec<u32>,
}

impl Near {
    /// Adds a vector.
    pub(crate) fn add(&mut self, place: Place, meaning: &Meaning) {
        if meaning.is_empty() {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.len += 1;
            (self.len - 1) as u32
        });
        let (block, at) = (slot as usize / BLOCK, slot as usize % BLOCK);
        if block == self.blocks.len() {
            self.blocks.push(Arc::new(Block {
                signs: vec![Signs::default(); BLOCK],
                places: vec![(FREE, 0); BLOCK],
                before: vec![FREE; BLOCK],
            }));
        }
        let row = place.0 as usize;
        if row >= self.last.len() {
            self.last.resize(row + 1, FREE);
        }
        let block = Arc::make_mut(&mut self.blocks[block]);
        (block.signs[at], block.places[at], block.before[at]) = (meaning.signs(), place, self.last[row]);
        self.last[row] = slot;
    }

    /// Takes all vectors of a row out.
    pub(crate) fn remove(&mut self, row: u32) {
        let Some(last) = self.last.get_mut(row as usize) else { return };
        let mut slot = std::mem::replace(last, FREE);
        while slot != FREE {
            self.free.push(slot);
            let block = Arc::make_mut(&mut self.blocks[slot as usize / BLOCK]);
            block.places[slot as usize % BLOCK] = (FREE, 0);
            slot = block.before[slot as usize % BLOCK];
        }
    }

    /// Places of the vectors worth comparing with one: all of few, of many those whose signs differ least.
    pub(crate) fn worth_comparing(&self, meaning: &Meaning) -> Vec<Place> {
        if meaning.is_empty() {
            return Vec::new();
        }
        let places = self.blocks.iter().flat_map(|block| &block.places);
        if self.len <= ALL {
            return places.copied().filter(|place| place.0 != FREE).collect();
        }
        let asked = meaning.signs();
        let mut differ = vec![0; self.blocks.len() * BLOCK];
        for (block, differ) in self.blocks.iter().zip(differ.chunks_exact_mut(BLOCK)) {
            differing(&asked, &block.signs, differ);
        }
        let most = most_differing(&differ, COMPARED);
        places
            .zip(differ)
            .filter(|(place, differ)| *differ <= most && place.0 != FREE)
            .map(|(place, _)| *place)
            .collect()
    }
}

/// The number of signs that at least so many of the vectors differ by at most.
fn most_differing(differ: &[u16], wanted: usize) -> u16 {
    let mut counts = vec![0; usize::from(u16::MAX) + 1];
    differ.iter().for_each(|differ| counts[usize::from(*differ)] += 1);
    let mut sum = 0;
    let reaches = |(_, count): &(u16, usize)| {
        sum += count;
        sum >= wanted
    };
    (0..).zip(counts).find(reaches).map_or(u16::MAX, |(differ, _)| differ)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn of_many_vectors_the_nearest_ten_are_among_those_worth_comparing() {
        let all: Vec<Meaning> = (0..20_000).map(meaning).collect();
        let mut near = Near::default();
        (0..).zip(&all).for_each(|(row, meaning)| near.add((row, 0), meaning));
        let (mut found, mut asked) = (0, 0);
        for number in (0..20_000).step_by(401) {
            let question = meaning(number + 50);
            let mut exact: Vec<usize> = (0..all.len()).collect();
            exact.sort_by(|a, b| question.likeness(&all[*b]).total_cmp(&question.likeness(&all[*a])));
            let worth = near.worth_comparing(&question);
            assert!(worth.len() < 2000, "{}", worth.len());
            found += exact[..10].iter().filter(|row| worth.contains(&(**row as u32, 0))).count();
            asked += 10;
        }
        assert!(found as f32 >= 0.98 * asked as f32, "{found} of {asked}");
    }

    #[test]
    fn what_is_taken_out_is_not_found_and_its_places_are_used_again() {
        let mut near = Near::default();
        (0..3000).for_each(|row| near.add((row, (row % 2) as u16), &meaning(u64::from(row))));
        let kept = near.clone();
        (0..3000).step_by(3).for_each(|row| near.remove(row));
        assert!(near.worth_comparing(&meaning(1)).iter().all(|place| place.0 % 3 != 0));
        (0..1000).for_each(|row| near.add((10_000 + row, 0), &meaning(5)));
        assert_eq!((near.len, near.worth_comparing(&meaning(1)).len()), (3000, 3000));
        assert_eq!(kept.worth_comparing(&meaning(1)).len(), 3000, "a copy keeps what it had");
        assert!(near.worth_comparing(&Meaning::default()).is_empty());
    }
}
