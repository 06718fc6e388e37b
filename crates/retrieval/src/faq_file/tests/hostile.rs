//! Files made to break the reader: each is refused in words, in little memory and time.

use proptest::prelude::*;

use super::{entries, import, problems, zipped};
use crate::faq_file::FileFault;
use crate::{Answers, FaqFormat, parse_faq};

const WORKBOOK: &str = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
const ROOT: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";

fn workbook(sheet: &[u8], shared: &[u8]) -> Vec<u8> {
    zipped(&[
        ("_rels/.rels", ROOT.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", shared),
    ])
}

fn inline(cell: &str, text: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn sheet(rows: &str) -> Vec<u8> {
    let header = format!("<row r=\"1\">{}{}</row>", inline("A1", "question"), inline("B1", "answer"));
    format!("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{header}{rows}</sheetData></worksheet>").into_bytes()
}

#[test]
fn a_zip_bomb_is_refused() {
    let bomb = vec![b' '; 256 << 20];
    let bytes = zipped(&[("xl/workbook.xml", WORKBOOK.as_bytes()), ("xl/worksheets/sheet1.xml", &bomb)]);
    assert!(bytes.len() < 1 << 20);
    assert!(matches!(import(&bytes, "a.xlsx"), Err(FileFault::TooLarge { .. })));
    let bytes = zipped(&[("word/document.xml", &bomb)]);
    assert!(matches!(import(&bytes, "a.docx"), Err(FileFault::TooLarge { .. })));
}

#[test]
fn a_cell_of_100_mb_is_one_wrong_row() {
    let rows = format!(
        "<row r=\"2\">{}{}</row><row r=\"3\">{}{}</row>",
        inline("A2", "long?"),
        inline("B2", &"a".repeat(100 << 20)),
        inline("A3", "short?"),
        inline("B3", "yes")
    );
    let imported = import(&workbook(&sheet(&rows), b"<sst/>"), "a.xlsx").expect("readable");
    assert_eq!(imported.entries.len(), 1);
    assert_eq!(imported.problems[0].to_string(), "S!B2: `answer` is longer than 256 KiB; shorten or split it");
    let line = format!("question,answer\nlong?,{}\nshort?,yes\n", "a".repeat(20 << 20));
    assert_eq!(problems(line.as_bytes(), "a.csv"), ["line 2: `answer` is longer than 256 KiB; shorten or split it"]);
}

#[test]
fn a_text_that_many_cells_share_counts_each_time() {
    let shared = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(1 << 20));
    let cells: String =
        (2..400).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>")).collect();
    assert!(matches!(import(&workbook(&sheet(&cells), shared.as_bytes()), "a.xlsx"), Err(FileFault::TooLarge { .. })));
}

#[test]
fn a_lone_cell_in_the_far_corner_costs_nothing() {
    let rows = format!(
        "<row r=\"2\">{}{}</row><row r=\"1048576\">{}</row>",
        inline("A2", "q"),
        inline("B2", "a"),
        inline("XFD1048576", "x")
    );
    assert_eq!(entries(&workbook(&sheet(&rows), b"<sst/>"), "a.xlsx").len(), 1);
}

#[test]
fn entities_that_a_document_declares_are_not_expanded() {
    let declared = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
    let document = format!(
        "{declared}<w:document xmlns:w=\"w\"><w:body><w:p><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr><w:r><w:t>Q&b;?</w:t></w:r></w:p>\
        <w:p><w:r><w:t>A&c;.</w:t></w:r></w:p></w:body></w:document>"
    );
    let read = entries(&zipped(&[("word/document.xml", document.as_bytes())]), "a.docx");
    assert_eq!((&*read[0].question, &*read[0].answer), ("Q?", "A."));
    let aliases = "nlu: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n\
        d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nresponses: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
    assert!(import(aliases.as_bytes(), "a.yml").is_err());
}

#[test]
fn a_page_nested_a_million_deep_is_read() {
    let page = format!("<html><h1>Q?</h1>{}A.{}", "<div>".repeat(1_000_000), "</div>".repeat(1_000_000));
    assert_eq!(entries(page.as_bytes(), "deep.html")[0].answer, "A.");
    let quotes = format!("# Q?\n\n{}A.\n", "> ".repeat(50_000));
    assert_eq!(entries(quotes.as_bytes(), "deep.md").len(), 1);
}

#[test]
fn what_is_protected_or_old_says_so_in_both_languages() {
    let mut compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    compound.resize(2048, 0);
    assert_eq!(import(&compound, "a.xls"), Err(FileFault::OldOffice));
    compound.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let fault = import(&compound, "a.xlsx").expect_err("encrypted");
    assert_eq!(fault, FileFault::Protected);
    assert!(fault.in_language(text::Language::Chinese).contains("密码") && fault.to_string().contains("password"));
}

#[test]
fn a_binary_under_the_name_of_a_table_is_called_what_it_is() {
    for (bytes, word) in
        [(&b"\x89PNG\r\n\x1a\n\x00\x00"[..], "PNG"), (b"\x7fELF\x02\x01", "program"), (b"\x1f\x8b\x08\x00", "gzip")]
    {
        let fault = import(bytes, "faq.csv").expect_err("a binary");
        assert!(fault.to_string().contains(word), "{fault}");
    }
    assert!(import(b"\x00\x01\xff\xfe\x00\xff\xff\xff", "faq.csv").is_err());
    assert!(import(b"", "faq.csv").is_err());
}

#[test]
fn a_list_of_json_objects_says_how_to_turn_it_into_lines() {
    assert_eq!(import(b"[{\"question\":\"q\",\"answer\":\"a\"}]", "faq.json"), Err(FileFault::JsonList));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for (format, _) in FaqFormat::NAMES {
            let _ = parse_faq(&bytes, format, Answers::Required);
        }
    }

    #[test]
    fn no_text_panics(text in "([<>/&;#=*\\[\\]{}() \n\t|\"',:a-c标题-]|<h1>|</li>|<li>|<a href=\"http://x\">|nlu:|# |- |~~~\n){0,60}") {
        for (format, _) in FaqFormat::NAMES {
            let _ = parse_faq(text.as_bytes(), format, Answers::Required);
        }
    }

    #[test]
    fn a_damaged_workbook_or_document_is_refused_or_read(at in 0usize..2000, byte in any::<u8>()) {
        let rows = format!("<row r=\"2\">{}{}</row>", inline("A2", "q"), inline("B2", "a"));
        let mut bytes = workbook(&sheet(&rows), b"<sst/>");
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = import(&bytes, "a.xlsx");
    }
}
