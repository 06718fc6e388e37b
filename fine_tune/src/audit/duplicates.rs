//! Messages that are almost the same and have different labels.

use std::collections::HashSet;

use rayon::prelude::*;

use super::{Evidence, Finding, Kind, Looked};
use crate::near::{Near, NearIndex};
use crate::row::joined;

/// How alike two messages are that a customer would call the same.
pub(super) const ALMOST_THE_SAME: f32 = 0.86;

/// For each message the nearest one of another label, when that is almost the same.
pub(super) fn find(looked: &Looked<'_>) -> Vec<Finding> {
    let index = NearIndex::new(&looked.vectors, ALMOST_THE_SAME);
    let rival = |row: usize| -> Option<(usize, Near)> {
        let labels = looked.rows[row].label_set();
        let other = |near: &Near| looked.rows[near.index].label_set() != labels && !is_written_twice(looked, row, near);
        index.near(&looked.vectors[row]).into_iter().find(other).map(|near| (row, near))
    };
    let pairs: Vec<(usize, Near)> = (0..looked.rows.len()).into_par_iter().filter_map(rival).collect();
    let mut named: HashSet<(usize, usize)> = HashSet::new();
    let mut found: Vec<Finding> = pairs
        .into_iter()
        .filter(|(row, near)| named.insert((*row.min(&near.index), *row.max(&near.index))))
        .map(|(row, near)| finding(looked, row, near))
        .collect();
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
    found
}

/// Rows whose texts are the very same are a conflict, which the check of the files names already.
fn is_written_twice(looked: &Looked<'_>, row: usize, near: &Near) -> bool {
    let text = |row: usize| text::normalise(&looked.rows[row].text).as_str().to_owned();
    looked.readings[row] == looked.readings[near.index] && text(row) == text(near.index)
}

fn finding(looked: &Looked<'_>, row: usize, near: Near) -> Finding {
    let (row, other) = (looked.rows[row], looked.rows[near.index]);
    let [own, theirs] = [row, other].map(|row| joined(&row.labels().collect::<Vec<_>>()));
    Finding {
        kind: Kind::NearDuplicate,
        place: row.place.clone(),
        text: Some(row.text.clone()),
        intent: row.intent.clone(),
        suggested: other.intent.clone(),
        certainty: f64::from(near.likeness.min(1.0)),
        what: format!(
            "“{}” is labelled `{own}`, and “{}” ({}), which is almost the same, `{theirs}`",
            row.text, other.text, other.place
        ),
        mend: "decide for one label, or word them so that the difference shows".to_owned(),
        evidence: vec![Evidence::of(other)],
    }
}
