//! Groups that were planted in logs are found, named and written as a bot that can be checked.

use super::*;
use crate::args::{Base, Which};

const PLACES: [&str; 8] = ["Leeds", "York", "Bath", "Hull", "Ripon", "Truro", "Derby", "Wells"];

fn talk(id: usize, turns: &[(&str, &str)], resolved: Option<bool>) -> String {
    let last = turns.len() - 1;
    let line = |(at, (role, text)): (usize, &(&str, &str))| {
        let mut line = serde_json::json!({"conversation_id": id, "role": role, "text": text});
        if at == last
            && let Some(resolved) = resolved
        {
            line["resolved"] = resolved.into();
        }
        format!("{line}\n")
    };
    turns.iter().enumerate().map(line).collect()
}

/// Customers who look for parcels, and customers who want their money back.
fn logs() -> String {
    let mut logs = String::new();
    for (n, place) in PLACES.iter().enumerate() {
        let parcel = format!("the tracking page of my late parcel to {place} shows nothing");
        let reply = format!("The parcel for {place} is on its way and comes tomorrow.");
        logs += &talk(n, &[("customer", "hello"), ("customer", &parcel), ("agent", &reply)], Some(true));
        let refund =
            ["订单{n}的退款什么时候到账", "{n}退款多久到账呀", "退款到账要几天{n}", "{n}的退款到账了吗"][n % 4];
        let refund = refund.replace("{n}", &n.to_string());
        logs += &talk(100 + n, &[("customer", &refund), ("agent", "退款会在三个工作日内原路退回。")], None);
    }
    logs
}

fn arguments() -> MineArgs {
    MineArgs {
        logs: Vec::new(),
        which: Which::Openings,
        model: None,
        min_size: 3,
        detail: 1.0,
        examples: 30,
        base: None,
        out: None,
        html: None,
        json: false,
    }
}

fn mined_with(logs: &str, base: Option<Base>) -> Mined {
    let (conversations, _) = logs::read(&Source::new("logs/a.jsonl".to_owned(), logs));
    let encoder = meaning::open(base.as_ref()).unwrap();
    mine(&conversations, &openings::find(&conversations, Which::Openings), encoder.as_ref(), &arguments())
}

fn mined(logs: &str) -> Mined {
    mined_with(logs, None)
}

/// Customers of both languages who look for parcels, and others who want an invoice.
fn logs_in_two_languages() -> String {
    let asked = [
        ["我的快递到哪了", "包裹怎么还没到", "帮我查下物流", "快递一直没收到", "我的包裹在哪里", "物流信息不更新"],
        [
            "where is my parcel",
            "my package has not arrived",
            "track my delivery please",
            "parcel still not here",
            "when does my package come",
            "delivery tracking shows nothing",
        ],
        ["怎么开发票", "能开专票吗", "发票抬头写错了", "电子发票在哪下载", "给我补开发票", "需要增值税发票"],
        [
            "how do i get an invoice",
            "can you issue a vat invoice",
            "the invoice has a wrong title",
            "where to download my invoice",
            "send me the invoice again",
            "i need an invoice for my company",
        ],
    ];
    let replies = [
        "您的快递正在派送中，请留意短信。",
        "Your parcel is on its way and comes tomorrow.",
        "发票在订单页面申请，一天内开好。",
        "You can ask for the invoice on the order page.",
    ];
    let talks = asked.iter().zip(replies).flat_map(|(asked, reply)| asked.iter().map(move |asked| (*asked, reply)));
    talks.enumerate().map(|(n, (asked, reply))| talk(n, &[("customer", asked), ("agent", reply)], None)).collect()
}

#[test]
fn two_languages_for_one_matter_are_one_group_with_a_reply_in_each() {
    let mined = mined(&logs_in_two_languages());
    assert_eq!(mined.groups.len(), 2, "{:?}", mined.groups);
    let folder = tempfile::tempdir().unwrap();
    drafts::write(&folder.path().join("bot"), &mined).unwrap();
    let templates = std::fs::read_to_string(folder.path().join("bot/templates.yml")).unwrap();
    for reply in ["{zh: \"发票在", "en: \"You can ask", "{zh: \"您的快递", "en: \"Your parcel"] {
        assert!(templates.contains(reply), "{templates}");
    }
}

#[test]
fn without_a_base_words_alone_make_groups_and_no_group_holds_two_languages() {
    let mined = mined_with(&logs_in_two_languages(), Some(Base::None));
    assert!(!mined.groups.is_empty());
    for group in &mined.groups {
        let english = group.examples.iter().filter(|text| text.is_ascii()).count();
        assert!(english == 0 || english == group.examples.len(), "{group:?}");
    }
}

#[test]
fn customers_with_the_same_question_are_one_group_with_the_agents_reply() {
    let mined = mined(&logs());
    assert_eq!((mined.conversations, mined.messages, mined.strays), (16, 16, 0));
    assert_eq!(mined.groups.iter().map(|group| group.size).collect::<Vec<_>>(), [8, 8]);
    let parcel = mined.groups.iter().find(|group| group.words.contains(&"parcel".to_owned())).unwrap();
    assert_eq!(parcel.replies[0].resolved, Some(1.0));
    let refund = mined.groups.iter().find(|group| group.words.contains(&"退款".to_owned())).unwrap();
    assert_eq!((refund.replies[0].text.as_str(), refund.replies[0].times), ("退款会在三个工作日内原路退回。", 8));
}

#[test]
fn personal_data_is_in_no_example_and_no_reply() {
    let mut all = logs();
    for n in 0..8 {
        let asked = format!("my number is 1391234567{n}, please change the delivery address of the sofa");
        let said = format!("I will call you on 1381234567{n} about the address of the sofa.");
        all += &talk(200 + n, &[("customer", &asked), ("agent", &said)], None);
    }
    let told = serde_json::to_string(&mined(&all)).unwrap();
    assert!(told.contains("sofa") && !told.contains("1391234567") && !told.contains("1381234567"), "{told}");
}

#[test]
fn the_drafts_are_a_bot_that_can_be_read() {
    let mut mined = mined(&logs());
    mined.groups[0].examples.push("odd [text](not an entity) with {braces}\nand a second line".to_owned());
    mined.groups[0].replies[0].text = "call {name}: \"now\"".to_owned();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bot");
    drafts::write(&out, &mined).unwrap();
    let data = crate::load_bot_data(&out, &crate::DataOptions::default()).unwrap();
    assert_eq!(data.report.by_intent.len(), 2);
    assert!(data.report.problems.is_empty(), "{:?}", data.report.problems);
}

#[test]
fn logs_with_nothing_to_group_give_no_group() {
    assert_eq!(mined("").groups, []);
    let greetings: String = (0..9).map(|n| talk(n, &[("customer", "你好"), ("customer", "hi!")], None)).collect();
    let found = mined(&greetings);
    assert_eq!((found.conversations, found.messages), (9, 0));
    assert!(read_logs(&[]).unwrap_err().to_string().contains("no conversation"));
}

#[test]
fn the_report_reads_well() {
    let mined = mined(&logs());
    insta::assert_snapshot!(report::table(&mined));
    assert!(report::page(&mined).contains("退款") && !report::page(&mined).contains("http"));
}
