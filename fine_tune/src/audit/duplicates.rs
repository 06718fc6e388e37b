//! Messages that read or mean almost the same and have different labels.

use std::collections::HashSet;

use rayon::prelude::*;

use super::{Evidence, Finding, Kind, Looked};
use crate::near::{Near, NearIndex, nearest_by_meaning};
use crate::row::joined;

/// How alike two messages are that a customer would call the same.
pub(super) const ALMOST_THE_SAME: f32 = 0.86;
/// How near two meanings are that few would tell apart: on training rows of banking77, clinc150, smp2017_zh and the demo bot
/// nearly all such pairs under two labels are doubtful, and there are few.
const MEANS_THE_SAME: f32 = 0.94;

/// For each message the nearest one of another label, when that is almost the same.
pub(super) fn find(looked: &Looked<'_>) -> Vec<Finding> {
    let rivals = by_words(looked).into_iter().map(|(row, near)| (row, near, "is almost the same"));
    let rivals = rivals.chain(by_meaning(looked).into_iter().map(|(row, near)| (row, near, "means almost the same")));
    let mut named: HashSet<(usize, usize)> = HashSet::new();
    let mut found: Vec<Finding> = rivals
        .filter(|(row, near, _)| named.insert((*row.min(&near.index), *row.max(&near.index))))
        .map(|(row, near, how)| finding(looked, row, near, how))
        .collect();
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
    found
}

fn by_words(looked: &Looked<'_>) -> Vec<(usize, Near)> {
    let index = NearIndex::new(&looked.vectors, ALMOST_THE_SAME);
    let rival = |row: usize| -> Option<(usize, Near)> {
        let near = index.near(&looked.vectors[row]);
        near.into_iter().find(|near| are_rivals(looked, row, near.index)).map(|near| (row, near))
    };
    (0..looked.rows.len()).into_par_iter().filter_map(rival).collect()
}

/// None where the messages' meanings are not known.
fn by_meaning(looked: &Looked<'_>) -> Vec<(usize, Near)> {
    let nearest = nearest_by_meaning(&looked.vectors, 1, MEANS_THE_SAME, |row, other| are_rivals(looked, row, other));
    nearest.into_iter().enumerate().filter_map(|(row, near)| Some((row, *near.first()?))).collect()
}

fn are_rivals(looked: &Looked<'_>, row: usize, other: usize) -> bool {
    looked.rows[row].label_set() != looked.rows[other].label_set() && !is_written_twice(looked, row, other)
}

/// Rows whose texts are the very same are a conflict, which the check of the files names already.
fn is_written_twice(looked: &Looked<'_>, row: usize, other: usize) -> bool {
    let text = |row: usize| text::normalise(&looked.rows[row].text).as_str().to_owned();
    looked.readings[row] == looked.readings[other] && text(row) == text(other)
}

fn finding(looked: &Looked<'_>, row: usize, near: Near, how: &str) -> Finding {
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
            "“{}” is labelled `{own}`, and “{}” ({}), which {how}, `{theirs}`",
            row.text, other.text, other.place
        ),
        mend: "decide for one label, or word them so that the difference shows".to_owned(),
        evidence: vec![Evidence::of(other)],
    }
}
