//! The rows that were compared lately. Each shelf has two halves: what is asked for moves to the young one, and when that is
//! full the old one is forgotten as a whole. Shelves are many, so that no search pays for forgetting thousands of rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::row::Row;

const SHELVES: usize = 64;
/// Rows of a half; a row takes about 5 kB.
const HALF: usize = 128;

/// A document of a segment, whichever searcher sees it.
pub(super) type Key = (u64, u32);

/// Rows by their first document.
#[derive(Debug)]
pub(super) struct RowCache([Mutex<Halves>; SHELVES]);

impl Default for RowCache {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Key, Arc<Row>>,
    old: HashMap<Key, Arc<Row>>,
}

impl RowCache {
    pub(super) fn get(&self, key: Key) -> Option<Arc<Row>> {
        let mut halves = self.shelf(key);
        if let Some(row) = halves.young.get(&key) {
            return Some(Arc::clone(row));
        }
        let row = halves.old.remove(&key)?;
        halves.put(key, Arc::clone(&row));
        Some(row)
    }

    pub(super) fn put(&self, key: Key, row: Arc<Row>) {
        self.shelf(key).put(key, row);
    }

    fn shelf(&self, (segment, document): Key) -> MutexGuard<'_, Halves> {
        // Rows of several wordings begin at every second or third document, so that the low bits alone would not spread.
        let place = (segment as u32 ^ document).wrapping_mul(0x9e37_79b9) >> 16;
        self.0[place as usize % SHELVES].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Halves {
    fn put(&mut self, key: Key, row: Arc<Row>) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_goes() {
        let cache = RowCache::default();
        for document in 0..3 * (SHELVES * HALF) as u32 {
            cache.put((1, document), Arc::default());
            assert!(cache.get((1, 0)).is_some(), "{document}");
        }
        assert!(cache.get((1, 1)).is_none() && cache.get((2, 0)).is_none());
    }
}
