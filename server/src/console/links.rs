//! Addresses inside the console: parts encoded and read, and none that leads away.

use std::fmt::Write as _;

/// One part of an address, with everything but letters, digits and `-._~` encoded.
pub(super) fn encoded(part: &str) -> String {
    part.bytes().fold(String::with_capacity(part.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// A path with the pairs that have a value as its query.
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let mut separator = if path.contains('?') { '&' } else { '?' };
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(address, "{separator}{name}={}", encoded(value));
        separator = '&';
    }
    address
}

/// The decoded value of a name in a query.
pub(super) fn query_value(query: &str, wanted: &str) -> Option<String> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    pairs.into_inner().into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// An address to go back to, if it is one of the console's.
pub(super) fn inside(address: &str) -> &str {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = address == "/console" || address.starts_with("/console/") || address.starts_with("/console?");
    if plain && ours { address } else { "/console" }
}

/// Where one FAQ entry is edited.
pub(super) fn faq_entry(id: &str) -> String {
    format!("/console/faq/entry/{}", encoded(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_back_as_it_was_written() {
        let address = with_query("/console/faq", &[("text", "退货 & 100%"), ("category", ""), ("page", "2")]);
        assert!(address.starts_with("/console/faq?text=%E9%80%80"), "{address}");
        let query = address.split_once('?').map_or("", |(_, query)| query);
        assert_eq!(query_value(query, "text").as_deref(), Some("退货 & 100%"));
        assert_eq!(query_value(query, "page").as_deref(), Some("2"));
        assert_eq!(query_value(query, "category"), None);
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        for address in ["https://evil.example", "//evil.example", "/consoles", "/console/\\evil", "/console/\nx", ""] {
            assert_eq!(inside(address), "/console", "{address:?}");
        }
        assert_eq!(inside("/console/faq?text=a"), "/console/faq?text=a");
    }
}
