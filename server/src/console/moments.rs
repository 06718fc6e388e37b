//! Moments in words: relative for reading, exact for hovering. Scripts refine both to the reader's time zone.

use super::words::{Words, n};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A `<time>` element; what is in it comes from numbers and the word table only.
pub(super) fn html(milliseconds: i64, t: &Words) -> String {
    let moment = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC");
    let words = relative(milliseconds, jiff::Timestamp::now().as_millisecond(), t);
    format!(r#"<time datetime="{moment}" title="{exact}">{words}</time>"#)
}

fn relative(milliseconds: i64, now: i64, t: &Words) -> String {
    let age = now - milliseconds;
    match age {
        _ if age < MINUTE => t.just_now.to_owned(),
        _ if age < HOUR => n(t.minutes_ago, age / MINUTE),
        _ if age < DAY => n(t.hours_ago, age / HOUR),
        _ if age < 30 * DAY => n(t.days_ago, age / DAY),
        _ => jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default().strftime("%Y-%m-%d").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use dialogue::Language;

    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_whole_unit() {
        let now = 1_772_416_800_000;
        let check = |age: i64, zh: &str, en: &str| {
            assert_eq!(relative(now - age, now, Words::of(Language::Chinese)), zh);
            assert_eq!(relative(now - age, now, Words::of(Language::English)), en);
        };
        check(5_000, "刚刚", "just now");
        check(-5_000, "刚刚", "just now");
        check(3 * MINUTE, "3 分钟前", "3 min ago");
        check(25 * HOUR, "1 天前", "1 d ago");
        check(40 * DAY, "2026-01-21", "2026-01-21");
    }
}
