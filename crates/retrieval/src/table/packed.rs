//! A row as bytes, small and quick to read: numbers of seven bits a byte, tokens as distances from the one before.
//! Meanings are not among them; they stand in columns of their own.

use text::Language;

use super::row::{Row, Wording};
use crate::bag::Bag;

/// Writes a row down, without its number.
pub(crate) fn write(row: &Row) -> Vec<u8> {
    let mut out = Vec::new();
    text(&mut out, row.language.map_or("", Language::code));
    for day in [&row.valid.0, &row.valid.1] {
        text(&mut out, day.as_deref().unwrap_or_default());
    }
    number(&mut out, row.channels.len() as u64);
    row.channels.iter().for_each(|channel| text(&mut out, channel));
    number(&mut out, row.wordings.len() as u64);
    for wording in &row.wordings {
        out.extend(wording.fingerprint.to_le_bytes());
        bag(&mut out, &wording.bag);
    }
    bag(&mut out, &row.answer);
    bag(&mut out, &row.category);
    out
}

/// Reads a row back; none where the bytes are not one.
pub(crate) fn read(bytes: &[u8]) -> Option<Row> {
    let mut bytes = bytes;
    let rest = &mut bytes;
    let language = Language::parse(read_text(rest)?);
    let mut day = || Some(Some(read_text(rest)?.to_owned()).filter(|day| !day.is_empty()));
    let valid = (day()?, day()?);
    let n = usize::try_from(read_number(rest)?).ok()?;
    let channels = (0..n).map(|_| read_text(rest).map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    let n = usize::try_from(read_number(rest)?).ok()?;
    let mut wordings = Vec::with_capacity(n.min(rest.len()));
    for _ in 0..n {
        let (fingerprint, after) = rest.split_first_chunk()?;
        *rest = after;
        let fingerprint = u64::from_le_bytes(*fingerprint);
        wordings.push(Wording { bag: read_bag(rest)?, fingerprint, ..Wording::default() });
    }
    let together = Bag::union(wordings.iter().map(|wording| &wording.bag));
    let row = Row {
        language,
        valid,
        channels,
        wordings,
        together,
        answer: read_bag(rest)?,
        category: read_bag(rest)?,
        ..Row::default()
    };
    rest.is_empty().then_some(row)
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// How many tokens, how many of them distinct, then the distances; the lowest bit says whether a count follows.
fn bag(out: &mut Vec<u8>, bag: &Bag) {
    number(out, u64::from(bag.length()));
    number(out, bag.counts().len() as u64);
    let mut before = 0;
    for &(id, count) in bag.counts() {
        number(out, u64::from(id - before) << 1 | u64::from(count != 1));
        if count != 1 {
            number(out, u64::from(count));
        }
        before = id;
    }
}

fn read_number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn read_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(read_number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(len)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

fn read_bag(rest: &mut &[u8]) -> Option<Bag> {
    let length = u32::try_from(read_number(rest)?).ok()?;
    let n = usize::try_from(read_number(rest)?).ok()?;
    let mut counts = Vec::with_capacity(n.min(rest.len()));
    let mut id = 0_u32;
    for _ in 0..n {
        let step = read_number(rest)?;
        id = id.checked_add(u32::try_from(step >> 1).ok()?)?;
        let count = if step & 1 == 1 { u16::try_from(read_number(rest)?).ok()? } else { 1 };
        counts.push((id, count));
    }
    Some(Bag::from_counts(counts, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::FaqEntry;
    use crate::table::Meanings;

    fn row(entry: &FaqEntry) -> Row {
        Row::new(entry, Meanings::of(entry, &None)).0
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            question in ".{0,60}", similar in proptest::collection::vec(".{0,20}", 0..4), answer in ".{0,300}",
            category in proptest::option::of("[a-z/]{0,12}"), channels in proptest::collection::vec("[a-z]{1,8}", 0..3), valid_from in proptest::option::of("20[0-9]{2}-01-01"),
        ) {
            let row = row(&FaqEntry { similar, category, valid_from, channels, ..FaqEntry::new("id", &question, &answer) });
            prop_assert_eq!(read(&write(&row)), Some(row));
        }

        #[test]
        fn bytes_that_are_no_row_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn a_row_that_was_cut_off_is_none() {
        let bytes = write(&row(&FaqEntry::new("id", "怎么退款 how do I return it", "Press return, return, return.")));
        assert!(read(&bytes).is_some());
        assert!((0..bytes.len()).all(|end| read(&bytes[..end]).is_none()));
    }
}
