//! One row for one message: what people write twice is kept once, and where labels disagree the better source wins.

use indexmap::IndexMap;

use crate::data_report::{Conflict, DataReport, Label};
use crate::row::Row;

/// Keeps one row of each normalised text: authored before labelled before weak, then the most frequent label.
pub(crate) fn dedupe(rows: Vec<Row>, report: &mut DataReport) -> Vec<Row> {
    let mut groups: IndexMap<String, Vec<Row>> = IndexMap::new();
    for row in rows {
        let key = text::normalise(&row.text).as_str().to_owned();
        if key.is_empty() {
            report.drop_row("nothing is left of the text after normalising", &row);
            continue;
        }
        groups.entry(key).or_default().push(row);
    }
    groups.into_values().map(|group| one_of(group, report)).collect()
}

fn one_of(group: Vec<Row>, report: &mut DataReport) -> Row {
    let votes = |row: &Row| group.iter().filter(|other| other.origin == row.origin && same_labels(other, row)).count();
    let rank = |index: &usize| (group[*index].origin, std::cmp::Reverse(votes(&group[*index])), *index);
    let best = (0..group.len()).min_by_key(rank).unwrap_or(0);
    let mut rivals: Vec<&Row> = group.iter().filter(|row| !same_labels(row, &group[best])).collect();
    rivals.dedup_by(|a, b| same_labels(a, b));
    if !rivals.is_empty() {
        let kept = &group[best];
        report.conflicts.push(Conflict {
            text: kept.text.clone(),
            kept: Label::of(kept),
            dropped: rivals.iter().map(|row| Label::of(row)).collect(),
        });
    }
    let like_the_kept: Vec<bool> = group.iter().map(|row| same_labels(row, &group[best])).collect();
    let mut kept = None;
    for (index, row) in group.into_iter().enumerate() {
        if index == best {
            kept = Some(row);
        } else {
            report
                .drop_row(if like_the_kept[index] { "said before" } else { "another label was better founded" }, &row);
        }
    }
    kept.expect("the best row is one of the group")
}

fn same_labels(a: &Row, b: &Row) -> bool {
    a.label_set() == b.label_set()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use crate::row::Origin;

    fn row(text: &str, intent: &str, origin: Origin) -> Row {
        let place = Place::new("a", 1);
        Row {
            text: text.to_owned(),
            intent: Some(intent.to_owned()),
            also: Vec::new(),
            origin,
            weight: 1.0,
            place,
            conversation: None,
        }
    }

    fn kept(rows: Vec<Row>) -> (Vec<String>, DataReport) {
        let mut report = DataReport::default();
        let rows = dedupe(rows, &mut report);
        (rows.into_iter().filter_map(|row| row.intent).collect(), report)
    }

    #[test]
    fn an_authored_label_beats_logged_ones_and_these_beat_weak_ones() {
        let (intents, report) = kept(vec![
            row("hello", "weak", Origin::Weak),
            row("Hello", "logged", Origin::Labelled),
            row("hello", "authored", Origin::Authored),
        ]);
        assert_eq!(intents, ["authored"]);
        assert_eq!(report.conflicts.len(), 1);
        assert_eq!(report.conflicts[0].dropped.len(), 2);
    }

    #[test]
    fn within_one_source_the_most_frequent_label_wins() {
        let rows = ["a", "b", "b"].map(|intent| row("x y", intent, Origin::Labelled));
        assert_eq!(kept(rows.to_vec()).0, ["b"]);
    }

    #[test]
    fn the_same_row_twice_is_no_conflict() {
        let (intents, report) = kept(vec![row("a b", "x", Origin::Authored), row("a  b", "x", Origin::Authored)]);
        assert_eq!(intents, ["x"]);
        assert_eq!((report.conflicts.len(), report.dropped["said before"].count), (0, 1));
    }
}
