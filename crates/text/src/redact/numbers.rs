//! Finds mobile numbers, identity cards and bank cards among the digit groups of a message.

use std::ops::Range;

use super::PersonalData;

/// The most digits any of these numbers has, with a country code in front.
const MOST_DIGITS: usize = 19;
/// How many digits an international number has.
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;
/// How people group the eleven digits of a mainland mobile.
const MOBILE_SHAPES: [&[usize]; 11] = [
    &[11],
    &[3, 4, 4],
    &[3, 8],
    &[7, 4],
    &[4, 4, 3],
    &[4, 3, 4],
    &[3, 3, 5],
    &[3, 5, 3],
    &[3, 4, 2, 2],
    &[3, 2, 2, 2, 2],
    &[1; 11],
];

/// Words that people glue to their own number; other letters make it an order or tracking number.
const LABELS: [&str; 11] = ["tel", "phone", "mobile", "mob", "cell", "call", "vx", "wx", "wechat", "id", "card"];
const LONGEST_LABEL: usize = 6;

/// Digits that stand together.
struct Group {
    range: Range<usize>,
    /// Letters directly before it make it part of an order or tracking number.
    after_letter: bool,
    /// A plus directly before it.
    after_plus: bool,
    /// Only a separator stands between it and the group before.
    continues: bool,
}

pub(super) fn find(characters: &[char]) -> Vec<(PersonalData, Range<usize>)> {
    let groups = groups(characters);
    let mut found = Vec::new();
    let mut first = 0;
    while let Some(group) = groups.get(first) {
        let hit = (!group.after_letter).then(|| Window::new(characters, &groups[first..]).recognise()).flatten();
        if let Some(hit) = hit {
            let start = group.range.start - usize::from(group.after_plus);
            found.push((hit.kind, start..hit.end));
            first += hit.n_groups;
        } else {
            first += 1;
        }
    }
    found
}

fn groups(characters: &[char]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if !characters[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at + characters[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        groups.push(Group {
            range: at..end,
            after_letter: follows_code(&characters[..at]),
            after_plus: characters[..at].ends_with(&['+']),
            continues: groups.last().is_some_and(|last| is_separator(&characters[last.range.end..at])),
        });
        at = end;
    }
    groups
}

/// Whether text ends in a letter that is not the end of a label such as "tel".
fn follows_code(before: &[char]) -> bool {
    let n_letters = before.iter().rev().take(LONGEST_LABEL + 1).take_while(|c| c.is_ascii_alphabetic()).count();
    let letters = &before[before.len() - n_letters..];
    let is =
        |label: &str| label.len() == n_letters && label.chars().zip(letters).all(|(a, b)| b.eq_ignore_ascii_case(&a));
    n_letters > 0 && !LABELS.into_iter().any(is)
}

/// At most three characters: spaces, and one dash, dot or pair of brackets.
fn is_separator(between: &[char]) -> bool {
    let n_marks = between.iter().filter(|c| **c != ' ').count();
    let brackets = n_marks == 1 || !between.contains(&'-') && !between.contains(&'.');
    between.len() <= 3 && n_marks <= 2 && brackets && between.iter().all(|c| " -.()".contains(*c))
}

/// What a window turned out to be.
struct Hit {
    kind: PersonalData,
    n_groups: usize,
    end: usize,
}

/// Groups that follow each other, as many as one number could fill.
struct Window<'a> {
    characters: &'a [char],
    groups: &'a [Group],
    digits: Vec<u8>,
}

impl<'a> Window<'a> {
    fn new(characters: &'a [char], groups: &'a [Group]) -> Self {
        let mut digits = Vec::with_capacity(MOST_DIGITS);
        let mut n_groups = 0;
        for group in groups {
            let joins = n_groups == 0 || group.continues;
            if !joins || digits.len() + group.range.len() > MOST_DIGITS {
                break;
            }
            digits.extend(characters[group.range.clone()].iter().map(|c| *c as u8 - b'0'));
            n_groups += 1;
        }
        Self { characters, groups: &groups[..n_groups], digits }
    }

    fn recognise(&self) -> Option<Hit> {
        if self.groups.is_empty() {
            return None;
        }
        self.mainland_mobile().or_else(|| self.international()).or_else(|| self.id_card()).or_else(|| self.bank_card())
    }

    fn mainland_mobile(&self) -> Option<Hit> {
        [&[][..], &[8, 6], &[0, 0, 8, 6], &[0]].into_iter().find_map(|prefix| {
            let national = self.digits.strip_prefix(prefix)?.get(..11)?;
            let n_groups = self.n_groups_of(prefix.len() + 11)?;
            let mut shape: Vec<usize> = self.groups[..n_groups].iter().map(|group| group.range.len()).collect();
            shape[0] = shape[0].checked_sub(prefix.len())?;
            let shape = if shape[0] == 0 { &shape[1..] } else { &shape[..] };
            let fits = national[0] == 1 && national[1] >= 3 && MOBILE_SHAPES.contains(&shape);
            fits.then(|| self.hit(PersonalData::Mobile, n_groups))
        })
    }

    fn international(&self) -> Option<Hit> {
        // No country code begins with a zero; exponents do.
        if !self.groups[0].after_plus || self.digits.first() == Some(&0) {
            return None;
        }
        let mut n_digits = 0;
        let fitting = self.groups.iter().take_while(|group| {
            n_digits += group.range.len();
            n_digits <= *INTERNATIONAL.end()
        });
        let n_groups = fitting.count();
        let n_digits: usize = self.groups[..n_groups].iter().map(|group| group.range.len()).sum();
        INTERNATIONAL.contains(&n_digits).then(|| self.hit(PersonalData::Mobile, n_groups))
    }

    fn id_card(&self) -> Option<Hit> {
        let (n_digits, check, length) = match (self.n_groups_of(17), self.n_groups_of(18)) {
            (Some(n_groups), _) if self.next(n_groups).is_some_and(|c| c.eq_ignore_ascii_case(&'x')) => (17, 10, 1),
            (_, Some(_)) => (18, u32::from(self.digits[17]), 0),
            _ => return None,
        };
        let n_groups = self.n_groups_of(n_digits)?;
        let shape: Vec<usize> = self.groups[..n_groups].iter().map(|group| group.range.len()).collect();
        let grouped =
            matches!(shape[..], [_] | [6, 8, _] | [6, 4, 4, _] | [3, 3, 4, 4, _] | [6, 12] | [6, 11] | [14, _]);
        let end = self.groups[n_groups - 1].range.end + length;
        let ends = !self.characters.get(end).is_some_and(char::is_ascii_alphanumeric);
        let valid = grouped && ends && is_birth_date(&self.digits[6..14]) && id_check(&self.digits) == check;
        valid.then_some(Hit { kind: PersonalData::IdCard, n_groups, end })
    }

    fn bank_card(&self) -> Option<Hit> {
        (1..=self.groups.len()).rev().find_map(|n_groups| {
            let groups = &self.groups[..n_groups];
            let n_digits: usize = groups.iter().map(|group| group.range.len()).sum();
            let in_fours = groups[..n_groups - 1].iter().all(|group| group.range.len() == 4);
            let short_end = groups[n_groups - 1].range.len() <= 4;
            let shape: Vec<usize> = groups.iter().map(|group| group.range.len()).collect();
            let grouped = n_groups == 1
                || in_fours && short_end
                || matches!(shape[..], [4, 6, 5] | [4, 6, 4] | [6, 13] | [6, 10]);
            let digits = &self.digits[..n_digits];
            let fits = grouped && (13..=19).contains(&n_digits) && is_issued(digits) && passes_luhn(digits);
            let ends = !self.next(n_groups).is_some_and(|c| c.is_ascii_alphabetic());
            (fits && ends).then(|| self.hit(PersonalData::BankCard, n_groups))
        })
    }

    /// How many groups hold exactly so many digits.
    fn n_groups_of(&self, n_digits: usize) -> Option<usize> {
        let mut total = 0;
        let index = self.groups.iter().position(|group| {
            total += group.range.len();
            total >= n_digits
        })?;
        (total == n_digits).then_some(index + 1)
    }

    /// The character after so many groups.
    fn next(&self, n_groups: usize) -> Option<char> {
        self.characters.get(self.groups[n_groups - 1].range.end).copied()
    }

    fn hit(&self, kind: PersonalData, n_groups: usize) -> Hit {
        Hit { kind, n_groups, end: self.groups[n_groups - 1].range.end }
    }
}

fn is_birth_date(digits: &[u8]) -> bool {
    let number = |range: Range<usize>| digits[range].iter().fold(0, |number, digit| number * 10 + u32::from(*digit));
    (1880..=2100).contains(&number(0..4)) && (1..=12).contains(&number(4..6)) && (1..=31).contains(&number(6..8))
}

/// The check character of an identity card by GB 11643: 0 to 9, and 10 for X.
fn id_check(digits: &[u8]) -> u32 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    (12 - sum % 11) % 11
}

/// Whether cards with such first digits exist; numbers that begin with a date or a zero are not cards.
fn is_issued(digits: &[u8]) -> bool {
    let first_four = digits[..4].iter().fold(0, |number, digit| number * 10 + u32::from(*digit));
    match digits[0] {
        3..=6 => true,
        2 => digits.len() == 16 && (2221..=2720).contains(&first_four),
        9 => digits[1] == 5 || digits[1] == 4,
        _ => false,
    }
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
