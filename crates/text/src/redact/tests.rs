//! What is hidden and what is left, case by case, and what holds for every text.

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: &str) {
    let once = redact(text);
    assert_eq!(once.text, expected, "{text}");
    assert_eq!(redact(&once.text).text, expected, "a second time: {text}");
}

#[test]
fn mobiles_are_hidden_however_they_are_written() {
    check("我的手机是13812345678谢谢", "我的手机是[mobile]谢谢");
    check("call +86 138-1234-5678", "call [mobile]");
    check("0086 138 1234 5678", "[mobile]");
    check("8613812345678", "[mobile]");
    check("+8613812345678。", "[mobile]。");
    check("+86-138-1234-5678", "[mobile]");
    check("013812345678", "[mobile]");
    check("138 1234 5678", "[mobile]");
    check("138.1234.5678", "[mobile]");
    check("1381234 5678", "[mobile]");
    check("1 3 8 1 2 3 4 5 6 7 8", "[mobile]");
    check("电话：１３８１２３４５６７８", "电话：[mobile]");
    check("138\u{200b}1234\u{200b}5678", "[mobile]");
    check("12 13812345678", "12 [mobile]");
    check("2026-03-15 13812345678 3件", "2026-03-15 [mobile] 3件");
    check("13812345678或13987654321", "[mobile]或[mobile]");
    check("13812345678 13987654321", "[mobile] [mobile]");
    check("13812345678Tom", "[mobile]Tom");
    check("13812345678vx同号", "[mobile]vx同号");
    check("TEL13812345678", "TEL[mobile]");
    check("hotel13812345678", "hotel13812345678");
}

#[test]
fn international_numbers_are_hidden_when_they_begin_with_a_plus() {
    check("ring +1 (415) 555-2671 please", "ring [mobile] please");
    check("+447911123456", "[mobile]");
    check("+852 9123 4567", "[mobile]");
    check("+12", "+12");
    check("+1234567890123456789", "+1234567890123456789");
}

#[test]
fn identity_cards_are_hidden_when_their_check_character_is_right() {
    check("身份证11010519491231002X", "身份证[id_card]");
    check("身份证11010519491231002x。", "身份证[id_card]。");
    check("440524188001010014", "[id_card]");
    check("110105 19491231 002X", "[id_card]");
    check("１１０１０５１９４９１２３１００２Ｘ", "[id_card]");
    check("110105194912310021", "110105194912310021");
    check("AB440524188001010014", "AB440524188001010014");
}

#[test]
fn bank_cards_are_hidden_when_they_pass_luhn() {
    check("卡号4111111111111111", "卡号[bank_card]");
    check("4111 1111 1111 1111 到期", "[bank_card] 到期");
    check("4111-1111-1111-1111", "[bank_card]");
    check("6222021234567890128", "[bank_card]");
    check("6222 0212 3456 7890 128", "[bank_card]");
    check("6222021234567890129", "6222021234567890129");
    check("4111111111111112", "4111111111111112");
}

#[test]
fn mail_addresses_are_hidden() {
    check("mail a.b@example.com now", "mail [email] now");
    check("邮箱abc_1@qq.com谢谢", "邮箱[email]谢谢");
    check("ａｂｃ＠１６３．ｃｏｍ", "[email]");
    check("a@qq.com13812345678", "[email][mobile]");
    check("a@b@c.com.", "a@[email].");
    check("3 @ 5.00 each, @shop", "3 @ 5.00 each, @shop");
}

#[test]
fn chinese_addresses_are_hidden() {
    check("请寄到广东省深圳市南山区科技路12号", "请寄到[address]");
    check("我住在浙江省杭州市西湖区文三路138号5栋2单元301室，谢谢", "我住在[address]，谢谢");
    check("地址：浙江省 杭州市 西湖区 文三路 138 号", "地址：[address]");
    check("收货地址改成上海市浦东新区世纪大道100号环球金融中心25楼", "收货地址改成[address]");
    check("北京朝阳区建国路８８号", "[address]");
    check("寄到幸福小区12栋301室", "寄到[address]");
    check("朝阳区望京花园3号楼2单元501", "[address]");
    check("中山路12号3单元501", "[address]");
    check("广州天河路12号13812345678", "[address][mobile]");
    check("北京市海淀区中关村南大街5号院2号楼301", "[address]");
    check("台北市信義區信義路五段7號", "[address]");
    check("送到我公司：天河区体育东路118号", "送到我公司：[address]");
    check("山东省青岛市市南区香港中路10号颐和国际A座1201", "[address]");
    check("湖南省长沙县人民镇和平村3组12号", "[address]");
}

#[test]
fn english_addresses_are_hidden() {
    check("ship to 221B Baker Street, London", "ship to [address], London");
    check("350 5th Ave, Apt 4B please", "[address] please");
    check("I live at 1600 Amphitheatre Pkwy.", "I live at [address].");
    check("12 old mill road #5", "[address]");
    check("742 Evergreen Terrace Suite 100", "[address]");
    check("10 St. James Court", "[address]");
    check("Flat 3, 12 King's Road London", "Flat 3, [address] London");
    check("55 West 42nd Street Apt. 12B, New York", "[address], New York");
}

#[test]
fn licence_plates_are_hidden() {
    check("车牌京A·12345", "车牌[licence_plate]");
    check("粤BD12345在楼下", "[licence_plate]在楼下");
    check("沪 A12345", "沪 A12345");
    check("苏E 8K388", "[licence_plate]");
    check("京Ａ１２３４５", "[licence_plate]");
    check("粤B1234学", "[licence_plate]");
    check("新iphone5", "新iphone5");
}

#[test]
fn what_only_looks_like_personal_data_is_left() {
    for text in [
        "订单 AB12345678 和 XM20260315",
        "AB13812345678",
        "顺丰SF1234567890123到哪了",
        "订单号20260315123456",
        "付了 1,299.00 元，3件",
        "2026-03-15 12:30 到 2026年3月20日",
        "你知道12号发货吗",
        "广东省的包裹3号到吗",
        "北京市3号发货",
        "地铁1号线",
        "明天12号到货吗，我在广州",
        "单号1234567890123, YT8812345678901",
        "南京路12号",
        "上海店3楼有货吗",
        "市区3楼有店吗",
        "装修不错 有一楼二楼",
        "从19层楼下一楼",
        "5 reasons why Main Street matters",
        "1.5e+00 -1.38777878",
        "我要2个usb drive",
        "I want a 64 GB USB drive",
        "2 orders on the road",
        "it took 3 days to get to the street",
        "is there any 5 star court",
        "",
        "[mobile] [address]",
    ] {
        check(text, text);
    }
}

#[test]
fn findings_say_where_the_data_stood_in_the_original() {
    let text = "电话１３８１２３４５６７８，邮箱 a@b.com";
    let found: Vec<(PersonalData, &str)> =
        redact(text).findings.into_iter().map(|finding| (finding.kind, &text[finding.range])).collect();
    assert_eq!(found, [(PersonalData::Mobile, "１３８１２３４５６７８"), (PersonalData::Email, "a@b.com")]);
}

#[test]
fn a_masked_value_shows_only_its_end() {
    assert_eq!(mask("13812345678"), "•••5678");
    assert_eq!(mask("ab"), "•••b");
    assert_eq!(mask(""), "•••");
}

/// Pieces that finders look for, stuck together in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "13812345678",
        "138",
        "1234",
        "5678",
        "86",
        "+86",
        "+",
        "1",
        "12",
        " ",
        "-",
        ".",
        "(",
        ")",
        "x",
        "X",
        "AB",
        "4111111111111111",
        "11010519491231002",
        "a@b.com",
        "@",
        "com",
        "京A",
        "·",
        "12345",
        "D",
        "广东省",
        "深圳市",
        "小区",
        "科技路",
        "号",
        "栋",
        "301室",
        "的",
        "Baker",
        "Street",
        "Drive",
        "Apt",
        "#",
        "4B",
        "１３８",
        "\u{200b}",
        "[mobile]",
        "，",
        "\n",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn holds_for(text: &str) -> Result<(), TestCaseError> {
    let once = redact(text);
    let mut end = 0;
    for finding in &once.findings {
        prop_assert!(finding.range.start >= end && finding.range.start < finding.range.end);
        prop_assert!(text.get(finding.range.clone()).is_some());
        end = finding.range.end;
    }
    prop_assert_eq!(&redact(&once.text).text, &once.text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn redacting_any_text_twice_changes_nothing_more(text in any::<String>()) {
        holds_for(&text)?;
    }

    #[test]
    fn redacting_pieces_of_data_twice_changes_nothing_more(text in pieces()) {
        holds_for(&text)?;
    }
}
