//! What the address of a page says: the words in it, and which pages belong together.

/// Longest part of an address that names a group; longer ones are rather names of single things.
const LONGEST_NAME: usize = 24;

/// The words of an address, without host, numbers and the fragment: what the page is about.
pub fn page_words(page: &str) -> String {
    let words = path(page)
        .split(|character: char| !character.is_alphabetic())
        .filter(|word| word.chars().count() > 1 && !matches!(*word, "html" | "htm" | "php" | "aspx" | "index" | "www"));
    words.take(12).collect::<Vec<_>>().join(" ")
}

/// The group of a page: the first part of its path, `/` for the front page, and `other` for what may name a single thing
/// or person.
pub fn page_group(page: &str) -> String {
    let path = path(page);
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let name = first.split('.').next().unwrap_or_default();
    let plain = |character: char| character.is_ascii_lowercase() || character == '-' || character == '_';
    if name.is_empty() || name == "index" {
        "/".to_owned()
    } else if name.len() <= LONGEST_NAME && name.chars().all(plain) {
        format!("/{name}")
    } else {
        "other".to_owned()
    }
}

/// The path of an address.
fn path(page: &str) -> &str {
    let page = page.split(['?', '#']).next().unwrap_or_default();
    match page.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => page,
    }
}
