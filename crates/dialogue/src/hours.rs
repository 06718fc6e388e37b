//! Opening hours: whether people are there at a moment, and the hours in words.

use indexmap::IndexMap;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::Language;

const MINUTES_A_DAY: u16 = 24 * 60;
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const ZH_DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const EN_DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// When people are there, per weekday in one time zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "HoursFile", into = "HoursFile")]
pub struct OpeningHours {
    zone: TimeZone,
    /// Monday first; each span in minutes from midnight, an end past 24 hours runs into the next day.
    days: [Vec<Span>; 7],
    closed: Vec<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: u16,
    to: u16,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursFile {
    timezone: String,
    days: IndexMap<String, String>,
    #[serde(default)]
    closed: Vec<String>,
}

impl OpeningHours {
    /// Whether people are there at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let local = self.zone.to_datetime(now);
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let today = local.date();
        let yesterday = today.checked_sub(1.day()).ok();
        let late = yesterday.is_some_and(|date| self.covers(date, minute + MINUTES_A_DAY));
        late || self.covers(today, minute)
    }

    /// The day at `now` where the people are.
    pub(crate) fn date(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    fn covers(&self, date: Date, minute: u16) -> bool {
        let spans = &self.days[day_index(date.weekday())];
        let open = |span: &Span| (span.from..span.to).contains(&minute);
        !self.closed.contains(&date) && spans.iter().any(open)
    }

    /// The next moment at or after `now` when people are there, within two weeks.
    pub fn next_open(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_open(now) {
            return Some(now);
        }
        let today = self.zone.to_datetime(now).date();
        (0..15).find_map(|days| {
            let date = today.checked_add((days as i64).days()).ok()?;
            if self.closed.contains(&date) {
                return None;
            }
            let spans = self.days[day_index(date.weekday())].iter();
            let mut starts = spans.filter_map(|span| {
                let time = date.at((span.from / 60) as i8, (span.from % 60) as i8, 0, 0);
                self.zone.to_timestamp(time).ok()
            });
            starts.find(|start| *start >= now)
        })
    }

    /// The hours in words, days with equal hours joined: `周一至周五 09:00-21:00`.
    pub fn describe(&self, language: Language) -> String {
        let (names, to, comma) = match language {
            Language::Chinese => (ZH_DAYS, "至", "，"),
            Language::English => (EN_DAYS, "–", ", "),
        };
        let mut parts = Vec::new();
        let mut day = 0;
        while day < 7 {
            let same = self.days[day..].iter().take_while(|spans| **spans == self.days[day]);
            let last = day + same.count() - 1;
            if !self.days[day].is_empty() {
                let label =
                    if last == day { names[day].to_owned() } else { format!("{}{to}{}", names[day], names[last]) };
                parts.push(format!("{label} {}", spans_in_words(&self.days[day])));
            }
            day = last + 1;
        }
        parts.join(comma)
    }

    /// What to say for a bot without hours.
    pub fn always(language: Language) -> &'static str {
        match language {
            Language::Chinese => "每天 24 小时",
            Language::English => "24 hours a day, every day",
        }
    }
}

fn spans_in_words(spans: &[Span]) -> String {
    let words: Vec<String> = spans.iter().map(|span| format!("{}-{}", clock(span.from), clock(span.to))).collect();
    words.join(",")
}

fn clock(minute: u16) -> String {
    let minute = if minute > MINUTES_A_DAY { minute - MINUTES_A_DAY } else { minute };
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn day_index(day: Weekday) -> usize {
    day.to_monday_zero_offset() as usize
}

impl TryFrom<HoursFile> for OpeningHours {
    type Error = String;

    fn try_from(file: HoursFile) -> Result<Self, String> {
        let zone = TimeZone::get(&file.timezone).map_err(|_| {
            format!("unknown timezone `{}`; use a name such as Asia/Shanghai or Europe/London", file.timezone)
        })?;
        let mut days: [Vec<Span>; 7] = Default::default();
        for (name, spans) in &file.days {
            let index = DAYS.iter().position(|day| *day == name.to_lowercase());
            let index = index.ok_or_else(|| format!("unknown day `{name}`; use monday, tuesday, … sunday"))?;
            days[index] = parse_spans(spans).map_err(|why| format!("{name}: {why}"))?;
        }
        if days.iter().all(Vec::is_empty) {
            return Err("no day is open; leave [hours] out for a desk that is always open".into());
        }
        let closed = file
            .closed
            .iter()
            .map(|text| text.parse::<Date>().map_err(|_| format!("closed: `{text}` is not a date such as 2026-10-01")));
        Ok(Self { zone, days, closed: closed.collect::<Result<_, _>>()? })
    }
}

impl From<OpeningHours> for HoursFile {
    fn from(hours: OpeningHours) -> Self {
        let open = |index: &usize| !hours.days[*index].is_empty();
        let days = (0..7).filter(open).map(|index| (DAYS[index].to_owned(), spans_in_words(&hours.days[index])));
        Self {
            timezone: hours.zone.iana_name().unwrap_or("UTC").to_owned(),
            days: days.collect(),
            closed: hours.closed.iter().map(ToString::to_string).collect(),
        }
    }
}

fn parse_spans(text: &str) -> Result<Vec<Span>, String> {
    if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("closed") {
        return Ok(Vec::new());
    }
    text.split(',').map(|part| parse_span(part.trim())).collect()
}

fn parse_span(text: &str) -> Result<Span, String> {
    let bad = || format!("`{text}` is not a span such as 09:00-21:00");
    let (from, to) = text.split_once(['-', '–']).ok_or_else(bad)?;
    let from = parse_clock(from.trim()).ok_or_else(bad)?;
    let to = parse_clock(to.trim()).ok_or_else(bad)?;
    if from == MINUTES_A_DAY || from == to {
        return Err(bad());
    }
    // 22:00-02:00 runs past midnight.
    let to = if to < from { to + MINUTES_A_DAY } else { to };
    Ok(Span { from, to })
}

fn parse_clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_A_DAY).then_some(total)
}
