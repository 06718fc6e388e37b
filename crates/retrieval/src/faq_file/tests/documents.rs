//! Documents split at their headings, and Rasa's YAML.

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, Stream, dictionary};

use super::{entries, import, problems, questions_and_answers, zipped};
use crate::faq_file::FileFault;

#[test]
fn markdown_is_split_at_its_headings_and_keeps_its_writing() {
    let text = "---\ntitle: Help\n---\n# Help\n\n## Shipping / 配送\n\n### How *long*?\n\nTwo **days**:\n\n- one\n\
        - two\n\n```\n# no heading\n```\n\nHow much?\n---------\n\nSix yuan.\n\n## Empty\n";
    let entries = entries(text.as_bytes(), "help.md");
    assert_eq!(
        questions_and_answers(&entries),
        [("How long?", "Two **days**:\n\n- one\n- two\n\n```\n# no heading\n```"), ("How much?", "Six yuan.")]
    );
    assert_eq!(entries[0].category.as_deref(), Some("Help/Shipping ／ 配送"));
    assert_eq!(entries[1].category.as_deref(), Some("Help"));
}

#[test]
fn text_above_the_first_heading_is_named_and_left_out() {
    let said = problems(b"\nWelcome.\n\n# Q?\n\nA.\n", "help.md");
    assert_eq!(said, ["line 2: the text before the first heading answers no question and is left out"]);
    assert_eq!(import(b"just text\n", "help.md"), Err(FileFault::NoHeadings));
}

#[test]
fn the_same_heading_twice_makes_two_entries_that_keep_their_ids() {
    let text = b"# A\n## Price?\nOne.\n# B\n## Price?\nTwo.\n## Price?\nThree.\n";
    let first = entries(text, "a.md");
    assert_eq!(first.iter().map(|one| &*one.answer).collect::<Vec<_>>(), ["One.", "Two.", "Three."]);
    assert_eq!(first, entries(text, "a.md"));
}

#[test]
fn html_is_split_at_headings_terms_and_summaries() {
    let page = "<!DOCTYPE html><html><head><title>T</title><style>h1{}</style></head><body><nav><a href=x>Menu</a></nav>\
        <h1>帮助&nbsp;中心</h1><h2>How <b>long</b>?</h2><p>Two\n  days &amp; nights.<ul><li>by <a href='https://example.com/a'>air</a>\
        <li><p>by sea</p></ul><script>var a = '<h2>no</h2>';</script>\
        <dl><dt>能退吗？<dd>能。</dl><details><summary>Price?</summary><pre>1\n 2</pre></details>\
        <table><tr><th>a<th>b<tr><td>1<td>2</table></body></html>";
    let entries = entries(page.as_bytes(), "page.html");
    assert_eq!(
        questions_and_answers(&entries),
        [
            ("How long?", "Two days & nights.\n- by [air](https://example.com/a)\n- by sea"),
            ("能退吗？", "能。"),
            ("Price?", "1\n 2\na | b\n1 | 2"),
        ]
    );
    assert_eq!(entries[0].category.as_deref(), Some("帮助 中心"));
    assert_eq!(entries[1].category.as_deref(), Some("帮助 中心/How long?"));
}

const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

fn docx(body: &str) -> Vec<u8> {
    let styles = format!(
        "<w:styles {NAMESPACES}><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style>\
        <w:style w:styleId=\"2\"><w:name w:val=\"标题 2\"/></w:style>\
        <w:style w:styleId=\"ask\"><w:name w:val=\"Ask\"/><w:basedOn w:val=\"2\"/></w:style></w:styles>"
    );
    let rels = "<Relationships><Relationship Id=\"r1\" Target=\"https://example.com/\"/></Relationships>";
    let document = format!("<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>");
    zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/styles.xml", styles.as_bytes()),
        ("word/_rels/document.xml.rels", rels.as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

fn paragraph(properties: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

#[test]
fn a_word_document_is_split_at_its_heading_styles() {
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let row = |cells: &[&str]| format!("<w:tr>{}</w:tr>", cells.iter().map(|text| cell(text)).collect::<String>());
    let body = [
        paragraph("<w:pStyle w:val=\"1\"/>", "配送"),
        paragraph("<w:pStyle w:val=\"ask\"/>", "多久 &amp; 多少？"),
        paragraph("", "两天。"),
        paragraph("<w:numPr/>", "顺丰"),
        "<w:p><w:hyperlink r:id=\"r1\"><w:r><w:t>see here</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>end</w:t></w:r></w:p>".to_owned(),
        format!("<w:tbl>{}{}</w:tbl>", row(&["size", "price"]), row(&["S", "6"])),
        paragraph("<w:outlineLvl w:val=\"1\"/>", "Second?"),
        paragraph("", "Yes."),
        format!("<w:tbl>{}{}</w:tbl>", row(&["问题", "答案"]), row(&["表里的？", "也算。"])),
    ];
    let entries = entries(&docx(&body.concat()), "help.docx");
    assert_eq!(
        questions_and_answers(&entries),
        [
            ("多久 & 多少？", "两天。\n- 顺丰\n\n[see here](https://example.com/)\nend\nsize | price\nS | 6"),
            ("Second?", "Yes."),
            ("表里的？", "也算。"),
        ]
    );
    assert_eq!(entries[0].category.as_deref(), Some("配送"));
}

/// A page of lines, each with the size of its letters.
fn pdf(lines: &[(f32, &str)]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding" };
    let wide =
        dictionary! { "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "SimSun", "Encoding" => "UniGB-UCS2-H" };
    let (font, wide) = (document.add_object(font), document.add_object(wide));
    let mut operations = vec![Operation::new("BT", vec![])];
    let mut y = 800.0;
    for (size, text) in lines {
        let (name, bytes) = if text.is_ascii() {
            ("F1", text.as_bytes().to_vec())
        } else {
            ("F2", text.encode_utf16().flat_map(u16::to_be_bytes).collect())
        };
        y -= size * 1.3;
        operations.push(Operation::new("Tf", vec![name.into(), (*size).into()]));
        operations.push(Operation::new("Tm", [1.0, 0.0, 0.0, 1.0, 50.0, y].map(Object::from).to_vec()));
        operations.push(Operation::new("Tj", vec![Object::String(bytes, lopdf::StringFormat::Hexadecimal)]));
    }
    operations.push(Operation::new("ET", vec![]));
    let content = Content { operations }.encode().expect("a page");
    let content = document.add_object(Stream::new(dictionary! {}, content));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font, "F2" => wide } },
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    let tree = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(pages, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("to memory");
    bytes
}

#[test]
fn a_pdf_is_split_at_lines_in_larger_letters() {
    let bytes = pdf(&[
        (14.0, "How long does it take? . . . . . 7"),
        (20.0, "Help"),
        (14.0, "How long does it take?"),
        (10.0, "Two days, and a little"),
        (10.0, "more abroad."),
        (14.0, "多久发货？"),
        (10.0, "两天之内"),
        (10.0, "一定发货。"),
    ]);
    let entries = entries(&bytes, "help.pdf");
    assert_eq!(
        questions_and_answers(&entries),
        [("How long does it take?", "Two days, and a little more abroad."), ("多久发货？", "两天之内一定发货。")]
    );
    assert_eq!(entries[0].category.as_deref(), Some("Help"));
}

#[test]
fn a_pdf_in_letters_of_one_size_is_split_at_lines_that_ask() {
    let bytes =
        pdf(&[(20.0, "Help"), (10.0, "How long?"), (10.0, "Two days."), (10.0, "How much?"), (10.0, "Six yuan.")]);
    assert_eq!(
        questions_and_answers(&entries(&bytes, "help.pdf")),
        [("How long?", "Two days."), ("How much?", "Six yuan.")]
    );
    assert_eq!(import(&pdf(&[]), "scan.pdf"), Err(FileFault::NoText));
}

#[test]
fn rasa_retrieval_intents_are_entries() {
    let yaml = "version: \"3.1\"\nnlu:\n- intent: greet\n  examples: |\n    - hi\n- intent: faq/ask_shipping\n  examples: |\n\
        \x20   - how long is [shipping](topic)?\n    - 多久[发货]{\"entity\": \"topic\"}\n- intent: faq/ask_nothing\n  examples: |\n    - what?\n\
        - synonym: x\n  examples: |\n    - y\nresponses:\n  utter_faq/ask_shipping:\n  - image: a.png\n  - text: Two days.\n  utter_greet:\n  - text: Hi.\n";
    let imported = import(yaml.as_bytes(), "nlu.yml").expect("readable");
    let [entry] = imported.entries.as_slice() else { panic!("one entry: {:?}", imported.entries) };
    assert_eq!(
        (&*entry.id, &*entry.question, &*entry.answer),
        ("faq.ask_shipping", "how long is shipping?", "Two days.")
    );
    assert_eq!(
        (entry.similar.as_slice(), entry.category.as_deref()),
        (["多久发货".to_owned()].as_slice(), Some("faq"))
    );
    let said = imported.problems[0].to_string();
    assert!(said.starts_with("line 10: intent `faq/ask_nothing` has no response"), "{said}");
    assert!(matches!(import(b"nlu:\n- intent: [\n", "nlu.yml"), Err(FileFault::Yaml { .. })));
    assert_eq!(import(b"nlu:\n- intent: greet\n  examples: |\n    - hi\n", "nlu.yml"), Err(FileFault::NoIntents));
}
