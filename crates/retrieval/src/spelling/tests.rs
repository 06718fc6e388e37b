use std::path::Path;

use super::*;
use crate::{Change, FaqEntry, FaqIndex, SearchQuery};

const FAQ: [(&str, &str); 6] = [
    ("怎么申请退款", "在订单页点退款。"),
    ("快递多久能到", "一般三天。"),
    ("发票怎么开", "在账户中心开。"),
    ("订单怎么取消", "在订单页取消。"),
    ("How do I receive a refund?", "We send it within seven days."),
    ("保修期是多久", "一年。"),
];

fn index() -> FaqIndex {
    let entries = FAQ.iter().enumerate();
    let entries = entries.map(|(number, (question, answer))| FaqEntry::new(&number.to_string(), question, answer));
    let index = FaqIndex::in_memory();
    index.replace_all(&entries.collect::<Vec<_>>(), 1).expect("it is small");
    index
}

fn check(index: &FaqIndex, typed: &str, expected: &str) {
    assert_eq!(index.read_as(typed), expected, "{typed}");
}

#[test]
fn words_are_put_right_by_letters_sound_and_shape() {
    let index = index();
    check(&index, "how do i recieve a refnud", "how do i receive a refund");
    check(&index, "我要推款", "我要退款");
    check(&index, "快第到了吗", "快递到了吗");
    check(&index, "发飘怎么开", "发飘 发票 怎么开");
    check(&index, "保秀期多久", "保修期多久");
    check(&index, "怎么取消定单", "怎么取消定单 订单 ");
    check(&index, "你好，请问怎么腿款", "怎么退款");
}

#[test]
fn pinyin_becomes_characters() {
    let index = index();
    check(&index, "zenme tuikuan", "怎么退款");
    check(&index, "zen me shen qing tui kuan", "怎么申请退款");
    check(&index, "怎么kai fapiao", "怎么开发票");
    check(&index, "KUAIDI DUOJIU daoo", "快递多久到 o");
}

#[test]
fn what_needs_nothing_stays_as_it_was_typed() {
    let index = index();
    for text in [
        "怎么申请退款？",
        "How do I receive a REFUND?",
        "订单怎么取消",
        "can i pay",
        "iPhone 15 Pro",
        "",
        "🙂",
        "12345",
    ] {
        check(&index, text, text);
    }
}

#[test]
fn a_word_that_people_commonly_write_is_no_slip() {
    let index = index();
    let entry = FaqEntry::new("8", "我们的地址", "城里。");
    index.apply(&[Change::Put(entry)], 2).expect("it is small");
    check(&index, "women de dizhi", "我们的地址");
    for text in ["women", "refunds refine", "received receiver", "这些快件", "这家快餐店"] {
        check(&index, text, text);
    }
}

#[test]
fn synonyms_stand_beside_what_was_typed_and_are_found() {
    let index = index();
    let synonyms = Synonyms::parse("返现, 退款, refund", Path::new("synonyms.txt")).expect("it reads");
    index.set_synonyms(synonyms).expect("nothing is written");
    check(&index, "怎么返现", "怎么返现 退款 refund ");
    let query = SearchQuery { text: "返现".into(), top: 1, ..SearchQuery::default() };
    assert_eq!(index.search(&query)[0].id, "0");
    index.apply(&[Change::Delete("4".into())], 2).expect("it is small");
    check(&index, "返现", "返现 退款 ");
}

#[test]
fn an_edit_brings_its_words_at_once() {
    let index = index();
    check(&index, "优慧券", "优慧券");
    let entry = FaqEntry::new("7", "优惠券怎么用", "下单时选。");
    index.apply(&[Change::Put(entry)], 2).expect("it is small");
    check(&index, "优慧券", "优惠券");
}

#[test]
fn hostile_messages_are_read_without_harm() {
    let index = index();
    for text in [
        "zhuang".repeat(900),
        "推".repeat(4000),
        "a~b~c ~tuikuan~".repeat(50),
        "xian ".repeat(800),
        "\u{0}\u{1f}~".into(),
    ] {
        index.read_as(&text);
    }
}
