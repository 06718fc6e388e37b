//! One plain form for every way of typing a message, with the way back to what was typed.

use std::{iter, ops::Range};

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::canonical_combining_class, is_nfkc_quick};

use crate::{
    characters::{is_han, is_invisible},
    simplified::simplified,
};

/// How often a character may follow itself; more is emphasis.
const MOST_REPEATS: usize = 2;

/// A message in its plain form; keeps the map back to the original's bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalised {
    text: String,
    /// One for each character of `text`, in order.
    sources: Vec<Source>,
}

/// Where a character of the plain form stands, and what it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    plain_start: usize,
    start: usize,
    end: usize,
}

impl Normalised {
    /// The plain form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a byte range of the plain form came from.
    ///
    /// Ranges that cut characters are widened to whole ones; nothing panics on a range out of bounds.
    pub fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let end_of_all = self.sources.last().map_or(0, |source| source.end);
        let after = self.sources.partition_point(|source| source.plain_start <= range.start);
        let Some(first) = after.checked_sub(1).filter(|_| range.start < self.text.len()) else {
            return end_of_all..end_of_all;
        };
        let start = self.sources[first].start;
        if range.end <= range.start {
            return start..start;
        }
        let last = self.sources.partition_point(|source| source.plain_start < range.end) - 1;
        start..self.sources[last].end
    }
}

/// Brings a message into its plain form: NFKC, half-width, simplified, lower case, nothing invisible,
/// single spaces, and no character more than twice in a row but digits.
pub fn normalise(text: &str) -> Normalised {
    let mut writer = Writer::new(text.len());
    let mut visible = text.char_indices().filter(|(_, c)| !is_invisible(*c)).peekable();
    let mut cluster = String::new();
    while let Some((start, first)) = visible.next() {
        let mut end = start + first.len_utf8();
        cluster.clear();
        while let Some((at, next)) = visible.next_if(|(_, next)| joins(*next)) {
            if cluster.is_empty() {
                cluster.push(first);
            }
            cluster.push(next);
            end = at + next.len_utf8();
        }
        let source = start..end;
        if !cluster.is_empty() {
            let lower = cluster.nfkd().flat_map(char::to_lowercase);
            lower.nfkc().for_each(|c| writer.push(plain(c), &source));
        } else if first.is_ascii() {
            writer.push(first.to_ascii_lowercase(), &source);
        } else if ('\u{4e00}'..='\u{9fff}').contains(&first) {
            writer.push(simplified(first), &source);
        } else {
            let lower = iter::once(first).nfkd().flat_map(char::to_lowercase);
            lower.nfkc().for_each(|c| writer.push(plain(c), &source));
        }
    }
    writer.done
}

/// Whether a character may change together with the one before it.
fn joins(c: char) -> bool {
    if c < '\u{300}' || ('\u{4e00}'..='\u{9fff}').contains(&c) {
        return false;
    }
    let stands_alone = |c: char| canonical_combining_class(c) == 0 && is_nfkc_quick(iter::once(c)) == IsNormalized::Yes;
    !stands_alone(c) && iter::once(c).nfkd().next().is_some_and(|first| !stands_alone(first))
}

/// One way of writing quotes and dashes, and one script of Chinese.
fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‛' | 'ʼ' | '`' | '′' => '\'',
        '“' | '”' | '„' | '‟' | '″' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        c if is_han(c) => simplified(c),
        c => c,
    }
}

/// Writes the plain form, leaving out what repeats.
struct Writer {
    done: Normalised,
    last: Option<char>,
    n_repeats: usize,
    /// White space that is written once something follows it.
    space: Option<Range<usize>>,
}

impl Writer {
    fn new(length: usize) -> Self {
        let done = Normalised { text: String::with_capacity(length), sources: Vec::with_capacity(length / 2) };
        Self { done, last: None, n_repeats: 0, space: None }
    }

    fn push(&mut self, c: char, source: &Range<usize>) {
        if c.is_whitespace() {
            let start = self.space.as_ref().map_or(source.start, |space| space.start);
            self.space = self.last.is_some().then_some(start..source.end);
            return;
        }
        if let Some(space) = self.space.take() {
            self.write(' ', &space);
            self.last = Some(' ');
        }
        self.n_repeats = if self.last == Some(c) { self.n_repeats + 1 } else { 1 };
        self.last = Some(c);
        if self.n_repeats <= MOST_REPEATS || c.is_numeric() {
            self.write(c, source);
        } else if let Some(kept) = self.done.sources.last_mut() {
            // The range of a shortened word still covers all of what was typed.
            kept.end = source.end;
        }
    }

    fn write(&mut self, c: char, source: &Range<usize>) {
        self.done.sources.push(Source { plain_start: self.done.text.len(), start: source.start, end: source.end });
        self.done.text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(normalise(text).as_str(), expected, "{text:?}");
    }

    #[test]
    fn every_way_of_typing_gets_one_plain_form() {
        check("ＨＥＬＬＯ　Ｗｏｒｌｄ！", "hello world!");
        check("我要退貨，發票怎麼開？", "我要退货,发票怎么开?");
        check("請問運費多少錢", "请问运费多少钱");
        check("  a \t\n b  ", "a b");
        check("哈哈哈哈", "哈哈");
        check("sooooo good!!!!！！", "soo good!!");
        check("太慢了。。。。", "太慢了。。");
        check("10000 １０００００", "10000 100000");
        check("a\u{200d}b\u{feff}c\u{202e}d\u{fe0f}e\u{0}f\u{200b}", "abcdef");
        check("Cafe\u{301}", "café");
        check("J\u{30c}", "ǰ");
        check("ﬁne", "fine");
        check("ｶﾞ", "ガ");
        check("don’t “stop”", "don't \"stop\"");
        check("①㎏", "1kg");
        check("", "");
        check(" \u{200b} ", "");
    }

    #[test]
    fn ranges_lead_back_to_what_was_typed() {
        let text = "  我要退貨 Ｎｏｗ好好好好";
        let plain = normalise(text);
        let typed = |part: &str| {
            let start = plain.as_str().find(part).expect("the part is there");
            &text[plain.original_range(start..start + part.len())]
        };
        assert_eq!(typed("退货"), "退貨");
        assert_eq!(typed("now"), "Ｎｏｗ");
        assert_eq!(typed("好好"), "好好好好");
        assert_eq!(plain.original_range(0..0), 2..2);
        assert_eq!(plain.original_range(900..999), text.len()..text.len());
    }

    fn holds_for(text: &str) -> Result<(), TestCaseError> {
        let once = normalise(text);
        let twice = normalise(once.as_str());
        prop_assert_eq!(twice.as_str(), once.as_str());
        let mut start = 0;
        for (at, c) in once.as_str().char_indices() {
            let range = once.original_range(at..at + c.len_utf8());
            prop_assert!(range.start >= start && text.get(range.clone()).is_some_and(|typed| !typed.is_empty()));
            start = range.start;
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn normalising_twice_changes_nothing_more(text in any::<String>()) {
            holds_for(&text)?;
        }

        #[test]
        fn normalising_marks_and_spaces_twice_changes_nothing_more(
            text in "[ aJIqİ\u{300}-\u{345}\u{200d}\u{fe0f}かｶﾞ각가¨´ϓ…哈發!.1-]{0,12}",
        ) {
            holds_for(&text)?;
        }

        #[test]
        fn any_range_of_the_plain_form_is_a_range_of_the_original(text in any::<String>(), a in 0..80_usize, b in 0..80_usize) {
            prop_assert!(text.get(normalise(&text).original_range(a..b)).is_some());
        }
    }
}
