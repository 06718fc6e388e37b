//! Reading text files: UTF-8 with or without a byte order mark, any line ends.
//! Other encodings are recognised and refused with the command that converts them.

use std::path::Path;

use crate::{Place, Problem};

/// The longest message that anything is learned from, in characters.
pub(crate) const LONGEST_MESSAGE: usize = 10_000;

/// A text file and the name to call it by.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Source {
    /// Reads a file whole.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            Problem::error(
                Place::whole(&name),
                format!("cannot be read: {error}"),
                "check the path and its permissions",
            )
        })?;
        Self::decode(name, bytes)
    }

    fn decode(name: String, bytes: Vec<u8>) -> Result<Self, Problem> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, &text)),
            Err(error) => {
                let line = line_of(error.as_bytes(), error.utf8_error().valid_up_to());
                let (what, mend) = explain(&name, error.as_bytes());
                Err(Problem::error(Place::new(&name, line), what, mend))
            }
        }
    }

    /// Text that is already in memory.
    pub(crate) fn new(name: String, text: &str) -> Self {
        Self { name, text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned() }
    }

    /// Every line that is not blank, with its number.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Place, &str)> {
        self.text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| (Place::new(&self.name, index + 1), line))
    }

    /// Whether the file says nothing: only blanks, comments and document markers.
    pub(crate) fn is_blank(&self) -> bool {
        let said = |line: &str| !line.is_empty() && !line.starts_with('#') && line != "---";
        !self.text.lines().any(|line| said(line.trim()))
    }
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn explain(name: &str, bytes: &[u8]) -> (String, String) {
    let convert = |from: &str| format!("save it as UTF-8: iconv -f {from} -t UTF-8 {name} > utf8 && mv utf8 {name}");
    match bytes {
        [0xff, 0xfe, ..] => ("the file is UTF-16, not UTF-8".to_owned(), convert("UTF-16LE")),
        [0xfe, 0xff, ..] => ("the file is UTF-16, not UTF-8".to_owned(), convert("UTF-16BE")),
        _ if bytes.contains(&0) => ("the file is not text".to_owned(), "give a UTF-8 text file".to_owned()),
        _ if !encoding_rs::GB18030.decode_without_bom_handling(bytes).1 => {
            ("the file looks like GBK, not UTF-8".to_owned(), convert("GB18030"))
        }
        _ => ("the file is not valid UTF-8 from here on".to_owned(), "save it as UTF-8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        Source::decode("logs/a.jsonl".into(), bytes.to_vec()).expect_err("the bytes are not UTF-8").to_string()
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_no_trouble() {
        let source = Source::decode("a".into(), "\u{feff}one\r\n\r\n三\r\n".as_bytes().to_vec()).unwrap();
        let lines: Vec<_> = source.lines().map(|(place, line)| (place.line, line.to_owned())).collect();
        assert_eq!(lines, [(Some(1), "one".to_owned()), (Some(3), "三".to_owned())]);
    }

    #[test]
    fn other_encodings_are_named_with_line_and_way_out() {
        let (gbk, _, _) = encoding_rs::GBK.encode("ok\n我的快递到哪了\n");
        insta::assert_snapshot!(refusal(&gbk), @"logs/a.jsonl:2: the file looks like GBK, not UTF-8; save it as UTF-8: iconv -f GB18030 -t UTF-8 logs/a.jsonl > utf8 && mv utf8 logs/a.jsonl");
        insta::assert_snapshot!(refusal(b"\xff\xfeh\0i\0"), @"logs/a.jsonl:1: the file is UTF-16, not UTF-8; save it as UTF-8: iconv -f UTF-16LE -t UTF-8 logs/a.jsonl > utf8 && mv utf8 logs/a.jsonl");
        insta::assert_snapshot!(refusal(b"ab\0\xff"), @"logs/a.jsonl:1: the file is not text; give a UTF-8 text file");
    }
}
