//! A small bilingual shop to train on, and a classifier trained once for all tests.

use std::sync::LazyLock;

use model::{
    AnnotatedText, Classifier, Control, Example, Gazetteer, Mention, Prediction, Sentiment, TrainOptions, TrainingSet,
    train,
};

pub(crate) const ENTITIES: &str = "\
entities:
  - name: product
    values:
      - value: phone_case
        zh: [手机壳, 保护壳]
        en: [phone case, phone cover]
  - name: order_number
    patterns: ['[A-Za-z]{2}[0-9]{8}']
  - name: phone
    patterns: ['1[3-9][0-9]{9}']
    sensitive: true
";

const INTENTS: [(&str, [&str; 4], [&str; 4]); 4] = [
    (
        "order status",
        ["where is my {}", "track my {}", "has my {} shipped yet", "when does my {} arrive"],
        ["我的{}到哪了", "查一下{}的物流", "{}发货了吗", "{}什么时候到"],
    ),
    (
        "退款",
        [
            "I want my money back for the {}",
            "please refund the {}",
            "how do I return the {}",
            "send back the {} for a refund",
        ],
        ["{}我要退款", "怎么退货{}", "{}能退钱吗", "申请{}的退款"],
    ),
    (
        "invoice",
        [
            "I need an invoice for the {}",
            "can you send a receipt for the {}",
            "invoice with my company name for the {}",
            "bill for the {} please",
        ],
        ["{}能开发票吗", "我要{}的发票", "发票抬头写公司{}", "补开{}的发票"],
    ),
    (
        "stock",
        ["do you have the {} in stock", "is the {} available", "will the {} be restocked", "any {} left in your store"],
        ["{}有货吗", "还有{}卖吗", "{}什么时候补货", "{}库存多少"],
    ),
];

const THINGS: [(&str, &str); 5] =
    [("lamp", "台灯"), ("phone case", "手机壳"), ("kettle", "水壶"), ("jacket", "外套"), ("headset", "耳机")];

const OUTSIDE: [&str; 10] = [
    "what is the capital of France",
    "tell me a joke about cats",
    "今天天气怎么样",
    "给我讲个故事",
    "who won the football match last night",
    "翻译这句话成法语",
    "how tall is mount everest",
    "推荐一部电影",
    "write a poem about autumn",
    "股票明天会涨吗",
];

/// 160 labelled rows, 10 out of scope, and a few moods.
pub(crate) fn set() -> TrainingSet {
    TrainingSet {
        train: set_rows(),
        validation: Vec::new(),
        general: Vec::new(),
        taught: Vec::new(),
        sentiment: moods(),
        annotated: marked(),
        gazetteer: Gazetteer::parse_yaml(ENTITIES).unwrap(),
        languages: vec!["zh".into(), "en".into()],
    }
}

fn set_rows() -> Vec<Example> {
    let mut train = Vec::new();
    for (intent, english, chinese) in INTENTS {
        for (en, zh) in THINGS {
            train.extend(english.iter().map(|form| Example::new(form.replace("{}", en), Some(intent))));
            train.extend(chinese.iter().map(|form| Example::new(form.replace("{}", zh), Some(intent))));
        }
    }
    train.extend(OUTSIDE.iter().map(|text| Example::new(*text, None)));
    train
}

/// Messages that name a city, with it marked, and as many that name none.
pub(crate) fn marked() -> Vec<AnnotatedText> {
    let cities = ["Paris", "Berlin", "New York", "上海", "北京", "乌鲁木齐"];
    let forms = ["ship it to {} please", "do you deliver to {}", "可以寄到{}吗", "我住在{}，能送吗"];
    let mark = |(form, city): (&&str, &&str)| {
        let start = form.find('{').unwrap();
        let mention = Mention { entity: "city".into(), start, end: start + city.len() };
        AnnotatedText { text: form.replace("{}", city), mentions: vec![mention] }
    };
    let with = forms.iter().flat_map(|form| cities.iter().map(move |city| mark((form, city))));
    let plain = set_rows().into_iter().take(24).map(|row| AnnotatedText { text: row.text, mentions: Vec::new() });
    with.chain(plain).collect()
}

fn moods() -> Vec<(String, Sentiment)> {
    let forms = [
        (Sentiment::Negative, ["this is terrible, the {} is broken", "太差了，{}是坏的", "I am angry about the {}"]),
        (Sentiment::Neutral, ["the {} is blue", "我买了{}", "I ordered the {} on Monday"]),
        (Sentiment::Positive, ["great, I love the {}", "{}很好，谢谢", "thank you, the {} is wonderful"]),
    ];
    let rows = forms.iter().flat_map(|(mood, forms)| {
        forms.iter().flat_map(move |form| {
            THINGS.map(|(en, zh)| (form.replace("{}", if form.is_ascii() { en } else { zh }), *mood))
        })
    });
    rows.collect()
}

pub(crate) fn options() -> TrainOptions {
    TrainOptions { epochs: Some(12), trained_at: "2026-03-02T10:11:12Z".into(), ..TrainOptions::default() }
}

pub(crate) fn learn(set: &TrainingSet, options: &TrainOptions) -> Classifier {
    train(set, options, &mut |_| Control::Continue).unwrap()
}

/// Trained on [`set`] with [`options`].
pub(crate) static SHOP: LazyLock<Classifier> = LazyLock::new(|| learn(&set(), &options()));

pub(crate) fn predict(classifier: &Classifier, text: &str) -> Prediction {
    classifier.predict(&[text]).remove(0)
}

pub(crate) fn best(classifier: &Classifier, text: &str) -> String {
    predict(classifier, text).ranking[0].intent.clone()
}
