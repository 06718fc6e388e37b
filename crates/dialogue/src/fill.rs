//! Filling `{name}` in replies. A reply with a value missing is never shown.

use std::sync::LazyLock;

use regex::Regex;

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{([^{}\s]{1,64})\}").expect("the pattern is written right"));

/// The names in braces, in order of appearance.
pub fn placeholders(text: &str) -> Vec<&str> {
    let captures = PLACEHOLDER.captures_iter(text);
    captures.filter_map(|found| found.get(1).map(|name| name.as_str())).collect()
}

/// The text with every `{name}` replaced, or the first name that has no value.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for found in PLACEHOLDER.captures_iter(text) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else {
            continue;
        };
        let value = value(name.as_str()).ok_or_else(|| name.as_str().to_owned())?;
        filled.push_str(&text[done..whole.start()]);
        filled.push_str(&value);
        done = whole.end();
    }
    filled.push_str(&text[done..]);
    Ok(filled)
}

/// Like [`fill`], but sentences with a missing value are left out.
pub(crate) fn fill_sentences(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    text.split_inclusive(['。', '！', '？', '!', '?', '\n'])
        .flat_map(|part| part.split_inclusive(". "))
        .filter_map(|sentence| fill(sentence, &value).ok())
        .collect::<String>()
        .trim()
        .to_owned()
}
