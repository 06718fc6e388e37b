//! Which rows are learned from and which are held out: logs by conversation and time, authored rows by intent.

use std::collections::HashMap;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::row::Row;

/// The share of rows held out.
const SHARE: f64 = 0.15;
/// The share where there are so many rows that fewer measure as well.
const SHARE_OF_MANY: f64 = 0.1;
/// From how many rows on there are many.
const MANY: usize = 5000;
/// Fewer rows of an intent than this are all needed to learn it.
const FEWEST_TO_SHARE: usize = 5;

/// Both sides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    pub(crate) train: Vec<Row>,
    pub(crate) validation: Vec<Row>,
}

/// Splits rows: the latest conversations are held out, and of each intent's authored rows a seeded choice.
pub(crate) fn split(rows: Vec<Row>, began: &HashMap<String, Option<Timestamp>>, seed: u64) -> Parts {
    let share = if rows.len() >= MANY { SHARE_OF_MANY } else { SHARE };
    let mut parts = Parts::default();
    let (logged, authored): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.conversation.is_some());
    let mut by_intent: IndexMap<Option<String>, Vec<Row>> = IndexMap::new();
    for row in authored {
        by_intent.entry(row.intent.clone()).or_default().push(row);
    }
    for (_, rows) in by_intent {
        stratum(rows, share, seed, &mut parts);
    }
    by_time(logged, began, share, &mut parts);
    let known: std::collections::HashSet<_> = parts.train.iter().map(|row| row.intent.clone()).collect();
    let (kept, unknown): (Vec<_>, Vec<_>) = parts.validation.into_iter().partition(|row| known.contains(&row.intent));
    // An intent that only the latest conversations hold must be learned, not only asked for.
    parts.train.extend(unknown);
    parts.validation = kept;
    parts
}

fn stratum(rows: Vec<Row>, share: f64, seed: u64, parts: &mut Parts) {
    let n_held_out =
        if rows.len() < FEWEST_TO_SHARE { 0 } else { ((rows.len() as f64 * share).round() as usize).max(1) };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| scatter(seed, &rows[*index].text));
    let held_out: std::collections::HashSet<usize> = order.into_iter().take(n_held_out).collect();
    for (index, row) in rows.into_iter().enumerate() {
        if held_out.contains(&index) { parts.validation.push(row) } else { parts.train.push(row) }
    }
}

fn by_time(rows: Vec<Row>, began: &HashMap<String, Option<Timestamp>>, share: f64, parts: &mut Parts) {
    let mut talks: IndexMap<String, Vec<Row>> = IndexMap::new();
    for row in rows {
        talks.entry(row.conversation.clone().unwrap_or_default()).or_default().push(row);
    }
    talks.sort_by(|a, _, b, _| began.get(a).cmp(&began.get(b)).then_with(|| a.cmp(b)));
    let n_held_out = (talks.len() as f64 * share).round() as usize;
    let n_train = talks.len() - n_held_out;
    for (index, (_, rows)) in talks.into_iter().enumerate() {
        if index < n_train { parts.train.extend(rows) } else { parts.validation.extend(rows) }
    }
}

/// A number that depends on seed and text alone (FNV-1a, mixed): adding a row moves no other row across.
fn scatter(seed: u64, text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::row::Origin;

    fn row(text: String, intent: &str, conversation: Option<String>) -> Row {
        let place = Place::new("a", 1);
        Row {
            text,
            intent: Some(intent.to_owned()),
            also: Vec::new(),
            origin: Origin::Authored,
            weight: 1.0,
            place,
            conversation,
        }
    }

    #[test]
    fn each_intent_gives_its_share_and_small_ones_give_nothing() {
        let mut rows: Vec<_> = (0..40).map(|n| row(format!("big {n}"), "big", None)).collect();
        rows.extend((0..4).map(|n| row(format!("small {n}"), "small", None)));
        let parts = split(rows.clone(), &HashMap::new(), 1);
        assert_eq!((parts.train.len(), parts.validation.len()), (38, 6));
        assert!(parts.validation.iter().all(|row| row.intent.as_deref() == Some("big")));
        let again = split(rows, &HashMap::new(), 1);
        assert_eq!(again.validation, parts.validation);
    }

    #[test]
    fn no_conversation_is_on_both_sides_and_the_latest_are_held_out() {
        let rows: Vec<_> = (0..40).map(|n| row(format!("t {n}"), "x", Some(format!("c{}", n / 2)))).collect();
        let began = (0..20).map(|n| (format!("c{n}"), Timestamp::from_second(1000 - n).ok())).collect();
        let parts = split(rows, &began, 1);
        let held: Vec<_> = parts.validation.iter().filter_map(|row| row.conversation.clone()).collect();
        assert_eq!(held, ["c2", "c2", "c1", "c1", "c0", "c0"]);
        assert!(parts.train.iter().all(|row| !held.contains(row.conversation.as_ref().unwrap())));
    }
}
