//! Tells what a file is by what it begins with; its name only decides between kinds of text.

use std::path::Path;

use super::FaqFormat;
use super::archive::Archive;
use super::csv_format;
use super::fault::FileFault;

/// First bytes of what no FAQ is kept in, and what that is in Chinese and in English.
const BINARIES: [(&[u8], [&str; 2]); 13] = [
    (b"\x89PNG", ["PNG 图片", "a PNG picture"]),
    (b"\xff\xd8\xff", ["JPEG 图片", "a JPEG picture"]),
    (b"GIF8", ["GIF 图片", "a GIF picture"]),
    (b"RIFF", ["图片、声音或影片", "a picture, sound or film"]),
    (b"\x7fELF", ["程序", "a program"]),
    (b"MZ\x90", ["程序", "a program"]),
    (b"\x1f\x8b", ["gzip 压缩包", "a gzip archive"]),
    (b"BZh", ["bzip2 压缩包", "a bzip2 archive"]),
    (b"7z\xbc\xaf", ["7z 压缩包", "a 7z archive"]),
    (b"Rar!", ["RAR 压缩包", "a RAR archive"]),
    (b"\xfd7zXZ", ["xz 压缩包", "an xz archive"]),
    (b"\x28\xb5\x2f\xfd", ["zstd 压缩包", "a zstd archive"]),
    (b"SQLite format 3", ["数据库", "a database"]),
];

/// The format of a file, told by its content and, for text, by its name.
pub(super) fn detect(bytes: &[u8], name: Option<&str>) -> Result<FaqFormat, FileFault> {
    if let Some((_, kind)) = BINARIES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(FileFault::Binary { kind: *kind });
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return office_format(bytes);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let protected = bytes.windows(encrypted.len()).any(|window| window == encrypted);
        return Err(if protected { FileFault::Protected } else { FileFault::OldOffice });
    }
    // Some programs put a few bytes before the mark.
    if bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-") {
        return Ok(FaqFormat::Pdf);
    }
    let text = crate::encoding::decode(bytes)?;
    let named = name.and_then(|name| FaqFormat::from_path(Path::new(name)));
    Ok(named.filter(|format| format.is_text()).unwrap_or_else(|| text_format(&text)))
}

fn office_format(bytes: &[u8]) -> Result<FaqFormat, FileFault> {
    let archive = Archive::open(bytes)?;
    if archive.has("xl/workbook.xml") {
        Ok(FaqFormat::Xlsx)
    } else if archive.has("word/document.xml") {
        Ok(FaqFormat::Docx)
    } else {
        Err(FileFault::OtherArchive)
    }
}

/// Tables are known by their header before anything else: their cells may hold whatever other kinds begin with.
fn text_format(text: &str) -> FaqFormat {
    let text = text.trim_start();
    let start: String = text.chars().take(500).collect::<String>().to_ascii_lowercase();
    let tags = ["<!doctype html", "<html", "<body", "<h1", "<h2"];
    let line_starts = |names: &[&str]| text.lines().any(|line| names.iter().any(|name| line.starts_with(name)));
    if text.starts_with('{') || text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{')) {
        FaqFormat::Jsonl
    } else if start.starts_with('<') && tags.iter().any(|tag| start.contains(tag)) {
        FaqFormat::Html
    } else if csv_format::has_header(text) {
        FaqFormat::Csv
    } else if line_starts(&["nlu:", "responses:"]) {
        FaqFormat::Rasa
    } else if line_starts(&["# ", "## ", "### "]) {
        FaqFormat::Markdown
    } else {
        FaqFormat::Csv
    }
}
