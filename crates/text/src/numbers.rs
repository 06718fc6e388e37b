//! Numbers however they are written: `一千二百`, `1.2千`, `二〇二六` and `3k` beside plain digits.

use std::ops::Range;

/// What a lone Chinese numeral counts where it is a number and no part of a word such as 一定 or 十分.
const COUNTED: [&str; 24] = [
    "天",
    "日",
    "月",
    "年",
    "元",
    "块",
    "周",
    "星期",
    "小时",
    "分钟",
    "次",
    "件",
    "个月",
    "个小时",
    "个工作日",
    "折",
    "公斤",
    "斤",
    "米",
    "人",
    "张",
    "岁",
    "号",
    "倍",
];
/// Digits of a year or a code, which are read one by one; fewer are as often a guess (三四天).
const FEWEST_READ_SINGLY: usize = 3;
/// No amount that a customer writes has more characters.
const LONGEST: usize = 24;

/// Numbers of a normalised text that are not written in digits alone: where they stand, and the digits.
pub fn numbers(normalised: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = normalised[at..].chars().next() {
        let length = numeral_length(&normalised[at..]);
        let range = at..at + length.max(first.len_utf8());
        if length > 0
            && let Some(value) = value(&normalised[range.clone()], &normalised[range.end..])
        {
            found.push((range.clone(), value));
        }
        at = range.end;
    }
    found
}

/// Bytes of the run of numerals that a text begins with.
fn numeral_length(text: &str) -> usize {
    let mut length = 0;
    let mut before: Option<char> = None;
    for c in text.chars() {
        let after_digit = before.is_some_and(|before| before.is_ascii_digit());
        let belongs = c.is_ascii_digit() || digit(c).is_some() || multiple(c).is_some() || c == '.' && after_digit;
        let scaled = matches!(c, 'k' | 'w') && after_digit;
        if !belongs && !scaled {
            break;
        }
        length += c.len_utf8();
        before = Some(c);
        if scaled {
            let goes_on = text[length..].starts_with(|next: char| next.is_ascii_alphanumeric());
            return if goes_on { length - 1 } else { length };
        }
    }
    if text[..length].ends_with('.') { length - 1 } else { length }
}

fn value(numeral: &str, after: &str) -> Option<String> {
    let n = numeral.chars().count();
    if n > LONGEST || numeral.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if n == 1 && !COUNTED.iter().any(|unit| after.starts_with(unit)) {
        return None;
    }
    if numeral.chars().all(|c| digit(c).is_some()) && n > 1 {
        let digits = numeral.chars().filter_map(digit).map(|value| value.to_string()).collect();
        return (n >= FEWEST_READ_SINGLY).then_some(digits);
    }
    Some(sum(numeral)?.to_string())
}

/// The whole number that digits and multiples make; none where they stand in no sensible order.
fn sum(numeral: &str) -> Option<u64> {
    let (mut total, mut section) = (0.0_f64, 0.0_f64);
    let mut pending: Option<f64> = None;
    let mut rest = numeral;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            if pending.replace(rest[..end].parse().ok()?).is_some() {
                return None;
            }
            rest = &rest[end..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if let Some(digit) = digit(c) {
            if pending.replace(digit as f64).is_some_and(|before| before > 0.0) {
                return None;
            }
            continue;
        }
        let scale = multiple(c)?;
        if scale < 10_000.0 {
            let by = pending.take().or((scale == 10.0).then_some(1.0))?;
            section += by * scale;
        } else {
            let whole = section + pending.take().unwrap_or(0.0);
            if whole == 0.0 {
                return None;
            }
            total += whole * scale;
            section = 0.0;
        }
    }
    let sum = total + section + pending.unwrap_or(0.0);
    (0.0..1e15).contains(&sum).then_some(sum.round() as u64)
}

fn digit(c: char) -> Option<u8> {
    Some(match c {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn multiple(c: char) -> Option<f64> {
    Some(match c {
        '十' => 10.0,
        '百' => 100.0,
        '千' | 'k' => 1_000.0,
        '万' | 'w' => 10_000.0,
        '亿' => 100_000_000.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        numbers(text).into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn every_way_of_writing_a_number_gets_its_digits() {
        for (text, value) in [
            ("满1千减50", "1000"),
            ("一千二百元", "1200"),
            ("1.5万", "15000"),
            ("两千", "2000"),
            ("二〇二六年", "2026"),
            ("七天无理由", "7"),
            ("十五天", "15"),
            ("三百零五", "305"),
            ("一亿二千万", "120000000"),
            ("3k起", "3000"),
            ("2w", "20000"),
        ] {
            assert_eq!(found(text), [value], "{text}");
        }
    }

    #[test]
    fn numerals_in_words_are_no_numbers() {
        for text in
            ["万一", "千万不要", "十分满意", "一定", "一下", "三四天", "统一", "kg", "3kg", "4k电视x", "1000", "..."]
        {
            let expected: Vec<String> = if text == "4k电视x" { vec!["4000".into()] } else { Vec::new() };
            assert_eq!(found(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[零一二两三十百千万亿0-9.kw天 ]{0,40}") {
            for (range, value) in numbers(&text) {
                prop_assert!(text.get(range).is_some() && value.parse::<u64>().is_ok() || value.len() > 15);
            }
        }
    }
}
