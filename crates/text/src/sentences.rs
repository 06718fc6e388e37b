//! Splits Chinese and English text into sentences; Markdown list items stay whole.

/// Shortened words after which a sentence goes on.
const ABBREVIATIONS: [&str; 30] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nos", "vs", "e.g", "i.e", "eg", "ie", "approx", "fig", "dept", "est",
    "min", "max", "tel", "ext", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "cf", "incl",
];
/// Marks that belong to the sentence they close.
const CLOSERS: &str = "”’」』）)】》\"'*_";

/// The sentences of a text, trimmed, in order; a Markdown list item stays whole.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut item: Option<(usize, usize)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let continues = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match item {
            _ if is_list_item(line) => {
                found.extend(item.map(|(from, to)| text[from..to].trim()));
                item = Some((start, end));
            }
            Some((from, _)) if continues => item = Some((from, end)),
            _ => {
                found.extend(item.take().map(|(from, to)| text[from..to].trim()));
                split_line(line, &mut found);
            }
        }
        start = end;
    }
    found.extend(item.map(|(from, to)| text[from..to].trim()));
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Whether a line begins like "- one", "* one", "1. one", "2) one" or "3、one".
fn is_list_item(line: &str) -> bool {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix(['-', '*', '+', '•', '·']) {
        return rest.starts_with([' ', '\t']) || line.starts_with(['•', '·']);
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let n_digits = line.len() - rest.len();
    let marked = rest.starts_with('、')
        || rest.starts_with([')', '.', '）']) && !rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    (1..=3).contains(&n_digits) && marked
}

fn split_line<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    let mut start = 0;
    let mut characters = line.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if !is_terminator(c) {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, closer)) = characters.next_if(|(_, c)| is_terminator(*c) || CLOSERS.contains(*c)) {
            end = next + closer.len_utf8();
        }
        if ends_sentence(&line[start..at], c, &line[end..]) {
            found.push(line[start..end].trim());
            start = end;
        }
    }
    found.push(line[start..].trim());
}

fn is_terminator(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '.' | '．')
}

/// Whether a sentence ends between what stands before a mark and what comes after it.
fn ends_sentence(before: &str, mark: char, after: &str) -> bool {
    let next = after.chars().next();
    if !matches!(mark, '.' | '!' | '?') || next.is_none() {
        return true;
    }
    let after_han = before.chars().next_back().is_some_and(|c| !c.is_ascii());
    let spaced = next.is_some_and(char::is_whitespace);
    let glued_han = next.is_some_and(|c| !c.is_ascii() && c.is_alphabetic());
    if !spaced && !(glued_han && (after_han || mark != '.')) {
        return false;
    }
    mark != '.'
        || after_han
        || !is_shortened(before) && !after.trim_start().starts_with(|c: char| c.is_ascii_lowercase())
}

/// Whether a text ends in a shortened word or in somebody's initial.
fn is_shortened(before: &str) -> bool {
    // The tail is enough to know the last word by, and keeps the work bounded.
    let tail = before.char_indices().rev().nth(8).map_or(before, |(at, _)| &before[at..]);
    let word = tail.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let is_initial = word.len() == 1 && word.starts_with(|c: char| c.is_ascii_uppercase() && c != 'I');
    is_initial || ABBREVIATIONS.iter().any(|short| word.eq_ignore_ascii_case(short))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(sentences(text), expected, "{text}");
    }

    #[test]
    fn sentences_end_at_chinese_and_english_marks() {
        check("您好。请问！有货吗？有", &["您好。", "请问！", "有货吗？", "有"]);
        check("Hello. How are you?! Fine", &["Hello.", "How are you?!", "Fine"]);
        check("他说“好的。”然后走了。", &["他说“好的。”", "然后走了。"]);
        check("好的.谢谢!再见", &["好的.", "谢谢!", "再见"]);
        check("one\ntwo\n\nthree", &["one", "two", "three"]);
        check("", &[]);
    }

    #[test]
    fn dots_inside_numbers_names_and_shortened_words_end_nothing() {
        check(
            "It costs 3.50 dollars. See www.shop.com/a?b=1 now.",
            &["It costs 3.50 dollars.", "See www.shop.com/a?b=1 now."],
        );
        check("Ask Mr. Smith or J. Doe, e.g. by mail.", &["Ask Mr. Smith or J. Doe, e.g. by mail."]);
        check("Open until 5 p.m. on Sundays. Bye.", &["Open until 5 p.m. on Sundays.", "Bye."]);
        check("版本2.5已发布。", &["版本2.5已发布。"]);
    }

    #[test]
    fn list_items_stay_whole() {
        check(
            "Do this. Then:\n1. Open it. Wait.\n   Then close.\n- 首先。然后。\n2、第三。好。\nDone. Bye.",
            &[
                "Do this.",
                "Then:",
                "1. Open it. Wait.\n   Then close.",
                "- 首先。然后。",
                "2、第三。好。",
                "Done.",
                "Bye.",
            ],
        );
        check("3.5 kg. Heavy.", &["3.5 kg.", "Heavy."]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "[a-zA-Z0-9 .!?。！？\n\\-*()”\"我要、）]{0,60}") {
            let kept: String = sentences(&text).concat();
            let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&kept), visible(&text));
        }

        #[test]
        fn any_text_can_be_split(text in any::<String>()) {
            prop_assert!(sentences(&text).iter().all(|sentence| !sentence.is_empty()));
        }
    }
}
