//! Workbooks with what offices put into them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, XlsxError};

use super::{import, questions_and_answers, zipped};

fn saved(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook).expect("a workbook");
    workbook.save_to_buffer().expect("to memory")
}

#[test]
fn a_messy_sheet_is_read_as_a_person_sees_it() {
    let bytes = saved(|workbook| {
        let (plain, day) = (Format::new(), Format::new().set_num_format("yyyy/m/d"));
        workbook.add_worksheet().set_name("说明")?.write(0, 0, "这一页只是说明")?;
        let sheet = workbook.add_worksheet();
        sheet.set_name("常见问题")?;
        sheet.merge_range(0, 0, 0, 4, "公司常见问题 FAQ", &plain)?;
        sheet.merge_range(1, 0, 2, 0, "编号", &plain)?.merge_range(1, 1, 2, 1, "问题", &plain)?;
        sheet.merge_range(1, 2, 2, 2, "答案", &plain)?.merge_range(1, 3, 1, 4, "有效期", &plain)?;
        sheet.write(2, 3, "开始日期")?.write(2, 4, "结束日期")?.write(1, 5, "分类")?.write(1, 6, " ")?;
        sheet.write(3, 0, 1.0)?.write(3, 1, "多久发货？")?.write(3, 2, "两天\n内")?;
        sheet.write_datetime_with_format(3, 3, ExcelDateTime::from_ymd(2026, 1, 5)?, &day)?;
        sheet.merge_range(3, 5, 4, 5, "配送", &plain)?;
        sheet.write(4, 0, 2.0)?.write(4, 1, "电话？")?.write(4, 2, 4008001234_f64)?;
        sheet
            .write_formula(5, 1, Formula::new("\"价\"&\"格？\"").set_result("价格？"))?
            .write(5, 0, 3)?
            .write(5, 2, true)?;
        sheet.write(6, 0, 4)?.write(6, 1, "空答案？")?;
        sheet.write(7, 0, 5)?.write(7, 1, "坏公式？")?;
        sheet.write_formula(7, 2, Formula::new("1/0").set_result("#DIV/0!"))?;
        sheet.write(8, 0, 6)?.write(8, 1, "日期？")?.write(8, 2, "a")?.write(8, 4, "soon")?;
        Ok(())
    });
    let imported = import(&bytes, "faq.xlsx").expect("readable");
    assert_eq!(
        questions_and_answers(&imported.entries),
        [("多久发货？", "两天\n内"), ("电话？", "4008001234"), ("价格？", "true")]
    );
    assert_eq!(imported.entries[0].id, "1");
    assert_eq!(imported.entries[0].valid_from.as_deref(), Some("2026-01-05"));
    assert_eq!(imported.entries[1].category.as_deref(), Some("配送"), "a merged cell counts for each of its rows");
    let said: Vec<String> = imported.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "常见问题!C7: `answer` is empty",
            "常见问题!C8: `answer` is a formula that failed (#DIV/0!); write the text itself",
            "常见问题!E9: `valid_until` is `soon`; write a day as 2026-01-31"
        ]
    );
}

#[test]
fn every_visible_sheet_with_a_known_header_is_read_and_content_decides_over_the_name() {
    let bytes = saved(|workbook| {
        for (name, question) in [("A", "q1"), ("B", "q2"), ("C", "q3")] {
            let sheet = workbook.add_worksheet();
            sheet.set_name(name)?.write(0, 0, "question")?.write(0, 1, "answer")?;
            sheet.write(1, 0, question)?.write(1, 1, "a")?;
        }
        workbook.worksheet_from_name("C")?.set_hidden(true);
        Ok(())
    });
    let imported = import(&bytes, "faq.csv").expect("readable");
    assert_eq!(questions_and_answers(&imported.entries), [("q1", "a"), ("q2", "a")]);
}

#[test]
fn a_max_kb_workbook_is_known_by_its_header() {
    let bytes = saved(|workbook| {
        let sheet = workbook.add_worksheet();
        sheet.write(0, 0, "分段标题（选填）")?.write(0, 1, "分段内容（必填，问题答案）")?;
        sheet.write(0, 2, "问题（选填，单元格内一行一个）")?;
        sheet.write(1, 0, "退货")?.write(1, 1, "七天内。")?.write(1, 2, "怎么退\n能退吗")?;
        Ok(())
    });
    let imported = import(&bytes, "kb.xlsx").expect("readable");
    assert_eq!(imported.entries[0].similar, ["怎么退", "能退吗"]);
}

#[test]
fn a_workbook_without_questions_says_what_its_header_is() {
    let bytes = saved(|workbook| {
        workbook.add_worksheet().write(0, 0, "姓名")?.write(0, 1, "电话")?;
        Ok(())
    });
    let fault = import(&bytes, "people.xlsx").expect_err("no FAQ");
    assert!(fault.to_string().contains("姓名 | 电话"), "{fault}");
}

#[test]
fn an_archive_of_something_else_is_refused_with_the_way_out() {
    let fault = import(&zipped(&[("readme.txt", b"hello")]), "faq.xlsx").expect_err("no workbook");
    assert!(fault.to_string().contains("neither XLSX nor DOCX"), "{fault}");
}
