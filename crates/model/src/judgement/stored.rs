//! Judged rows as columns of numbers, so that a training can go on after them.

use super::Judged;
use crate::Error;
use crate::columns::{Columns, Stored};
use crate::neighbours::Nearest;

const DEEP: &str = "judged.logits";
const MARGINS: &str = "judged.margins";
const LABELS: &str = "judged.labels";
const ALSO: &str = "judged.also";
const SIGNALS: &str = "judged.signals";

/// Adds the columns of judged rows.
pub(crate) fn put(rows: &[Judged], columns: &mut Columns<'_>) {
    columns.floats(DEEP, rows.iter().flat_map(|row| &row.deep).copied().collect::<Vec<_>>());
    columns.floats(MARGINS, rows.iter().flat_map(|row| &row.margins).copied().collect::<Vec<_>>());
    columns.counts(LABELS, rows.iter().map(|row| row.label).collect());
    let also = rows.iter().zip(0..).flat_map(|(row, at)| row.also.iter().flat_map(move |also| [at, *also]));
    columns.counts(ALSO, also.collect());
    let signals = rows.iter().flat_map(|row| [row.nearest.any, row.nearest.other, row.known]);
    columns.floats(SIGNALS, signals.collect::<Vec<_>>());
}

/// Reads judged rows back.
pub(crate) fn take(stored: &Stored) -> Result<Vec<Judged>, Error> {
    let labels = stored.counts(LABELS)?;
    let part = |values: &[f32], at: usize| {
        let width = values.len() / labels.len().max(1);
        values[at * width..(at + 1) * width].to_vec()
    };
    let (deep, margins, signals) = (stored.floats(DEEP)?, stored.floats(MARGINS)?, stored.floats(SIGNALS)?);
    if signals.len() != 3 * labels.len() {
        return Err(stored.damaged());
    }
    let row = |(at, (label, signals)): (usize, (&u32, &[f32; 3]))| Judged {
        deep: part(&deep, at),
        margins: part(&margins, at),
        label: *label,
        also: Vec::new(),
        nearest: Nearest { any: signals[0], other: signals[1] },
        known: signals[2],
    };
    let mut rows: Vec<Judged> = labels.iter().zip(signals.as_chunks::<3>().0).enumerate().map(row).collect();
    for [at, also] in stored.counts(ALSO)?.as_chunks::<2>().0 {
        rows.get_mut(*at as usize).ok_or_else(|| stored.damaged())?.also.push(*also);
    }
    Ok(rows)
}
