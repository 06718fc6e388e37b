//! What an entry has beside question and answer: the channels it serves on, and links. Only `https` addresses are taken.

use super::check::trim;
use super::fault::RowFault;
use crate::{CHANNELS, Link};

/// So many links fit under an answer.
const MAX_LINKS: usize = 10;
const MAX_URL_BYTES: usize = 2000;
const MAX_TITLE_CHARACTERS: usize = 200;

pub(super) fn split_channels(cell: &str) -> Vec<String> {
    cell.split([',', '，', '、', ';', '；', '|', '\n']).map(str::to_owned).collect()
}

impl Link {
    /// Reads a line with a title and an address; the address alone, too.
    pub fn of_line(line: &str) -> Self {
        let (title, url) = line.rsplit_once(char::is_whitespace).unwrap_or(("", line));
        Self { title: title.to_owned(), url: url.to_owned() }
    }
}

/// What is one pair a line.
pub(super) fn join_links(links: &[Link]) -> String {
    links.iter().map(|link| format!("{} {}", link.title, link.url)).collect::<Vec<_>>().join("\n")
}

/// Known names, each once, in their order.
pub(super) fn tidy_channels(channels: Vec<String>) -> Result<Vec<String>, RowFault> {
    let named: Vec<String> =
        channels.iter().map(|one| trim(one).to_lowercase()).filter(|one| !one.is_empty()).collect();
    if let Some(unknown) = named.iter().find(|one| !CHANNELS.contains(&one.as_str())) {
        return Err(RowFault::Channel(unknown.clone()));
    }
    let known = CHANNELS.into_iter().filter(|channel| named.iter().any(|one| one == channel));
    Ok(known.map(str::to_owned).collect())
}

pub(super) fn tidy_links(links: Vec<Link>) -> Result<Vec<Link>, RowFault> {
    if links.len() > MAX_LINKS {
        return Err(RowFault::TooManyLinks { limit: MAX_LINKS });
    }
    links.into_iter().map(tidy_link).collect()
}

fn tidy_link(link: Link) -> Result<Link, RowFault> {
    let (title, url) = (trim(&link.title).split_whitespace().collect::<Vec<_>>().join(" "), trim(&link.url));
    let host = https_host(url).filter(|_| url.len() <= MAX_URL_BYTES);
    let Some(host) = host.filter(|_| title.chars().count() <= MAX_TITLE_CHARACTERS && !title.contains('\0')) else {
        return Err(RowFault::Link(format!("{title} {url}").trim().chars().take(100).collect()));
    };
    let title = if title.is_empty() { host.to_owned() } else { title };
    Ok(Link { title, url: url.to_owned() })
}

/// The host of an `https` address without user name; nothing for any other text.
fn https_host(url: &str) -> Option<&str> {
    let begins = url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    let rest = url.get(8..).filter(|_| begins)?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = |character: char| character.is_alphanumeric() || ".-:[]_".contains(character);
    let named = host.contains(char::is_alphanumeric) && host.chars().all(plain);
    let whole = !url.contains(|character: char| {
        character.is_whitespace() || character.is_control() || "<>\"\\".contains(character)
    });
    (named && whole).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_links() {
        let taken = |line: &str| tidy_link(Link::of_line(line)).ok().map(|link| (link.title, link.url));
        let pair = |title: &str, url: &str| Some((title.to_owned(), url.to_owned()));
        assert_eq!(
            taken("Size chart https://shop.example/sizes?a=1#x"),
            pair("Size chart", "https://shop.example/sizes?a=1#x")
        );
        assert_eq!(taken("https://商店.example"), pair("商店.example", "https://商店.example"));
        assert_eq!(taken("尺码表\u{3000}HTTPS://shop.example/尺码"), pair("尺码表", "HTTPS://shop.example/尺码"));
        let evil = ["javascript:alert(1)", "data:text/html,x", "http://shop.example", "https://", "https:///x"];
        let further = [
            "https://a@b.example",
            "https://x.example/\"><b>",
            "//shop.example",
            "ftp://x.example",
            "https:\\\\x.example",
        ];
        for line in evil.into_iter().chain(further) {
            assert_eq!(taken(line), None, "{line}");
        }
    }

    #[test]
    fn channels_are_known_by_name() {
        let tidy = |cell: &str| tidy_channels(split_channels(cell)).ok();
        assert_eq!(tidy("API， widget,widget"), Some(vec!["widget".to_owned(), "api".to_owned()]));
        assert_eq!(tidy(" "), Some(Vec::new()));
        assert_eq!(tidy("widget, fax"), None);
    }
}
