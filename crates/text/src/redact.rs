//! Takes personal data out of a message before anything touches the disk.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;
use serde::{Deserialize, Serialize};

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    Mobile,
    IdCard,
    BankCard,
    Email,
    Address,
    LicencePlate,
}

impl PersonalData {
    /// What stands in the redacted text in place of the data.
    pub fn placeholder(self) -> &'static str {
        match self {
            PersonalData::Mobile => "[mobile]",
            PersonalData::IdCard => "[id_card]",
            PersonalData::BankCard => "[bank_card]",
            PersonalData::Email => "[email]",
            PersonalData::Address => "[address]",
            PersonalData::LicencePlate => "[licence_plate]",
        }
    }
}

/// One piece of personal data and where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: PersonalData,
    /// Bytes in the original text.
    pub range: Range<usize>,
}

/// A text without its personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    pub text: String,
    /// In the order they stood in the original.
    pub findings: Vec<Finding>,
}

static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?P<email>[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)|(?P<digits>(?:\+?86[ -]?)?[0-9]+(?:[ -][0-9]+)*)",
    )
    .expect("the pattern is valid")
});

/// Replaces e-mail addresses and mainland mobile numbers by what kind they were; redacting twice changes nothing more.
pub fn redact(text: &str) -> Redacted {
    let findings: Vec<Finding> = PERSONAL
        .captures_iter(text)
        .filter_map(|found| {
            let range = found.get(0)?.range();
            let kind = if found.name("email").is_some() { PersonalData::Email } else { PersonalData::Mobile };
            let alone = !text[..range.start].ends_with(|c: char| c.is_ascii_alphanumeric());
            let counts = kind == PersonalData::Email || (alone && is_mainland_mobile(&text[range.clone()]));
            counts.then_some(Finding { kind, range })
        })
        .collect();
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in &findings {
        redacted.push_str(&text[copied..finding.range.start]);
        redacted.push_str(finding.kind.placeholder());
        copied = finding.range.end;
    }
    redacted.push_str(&text[copied..]);
    Redacted { text: redacted, findings }
}

fn is_mainland_mobile(written: &str) -> bool {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let national = if digits.len() == 13 { digits.strip_prefix("86").unwrap_or(&digits) } else { &digits };
    national.len() == 11 && national.starts_with('1') && national.as_bytes()[1] >= b'3'
}

/// Hides a value but for its last four characters, at most half of it: "13812345678" becomes "•••5678".
pub fn mask(value: &str) -> String {
    let n_characters = value.chars().count();
    let shown = (n_characters / 2).min(4);
    std::iter::once("•••").flat_map(str::chars).chain(value.chars().skip(n_characters - shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let once = redact(text);
        assert_eq!(once.text, expected);
        assert_eq!(redact(&once.text).text, expected);
    }

    #[test]
    fn mobiles_and_mail_addresses_are_hidden_and_order_numbers_are_not() {
        check("我的手机是13812345678谢谢", "我的手机是[mobile]谢谢");
        check("call +86 138-1234-5678", "call [mobile]");
        check("mail a.b@example.com now", "mail [email] now");
        check("订单 AB12345678 和 XM20260315", "订单 AB12345678 和 XM20260315");
        check("AB13812345678", "AB13812345678");
    }

    #[test]
    fn a_masked_value_shows_only_its_end() {
        assert_eq!(mask("13812345678"), "•••5678");
        assert_eq!(mask("ab"), "•••b");
        assert_eq!(mask(""), "•••");
    }
}
