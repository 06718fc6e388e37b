//! What reading one message of fifty characters costs.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

const MESSAGES: [(&str, &str); 4] = [
    ("zh", "您好，我上周在你们店里买的那双运动鞋尺码偏小，现在还没有拆吊牌，请问可以换大一码吗？运费由谁来承担呢？"),
    ("en", "Hi, where is my order? It should be here by now..."),
    (
        "traditional",
        "您好，我上週在你們店裡買的那雙運動鞋尺碼偏小，現在還沒有拆吊牌，請問可以換大一碼嗎？運費由誰來承擔呢？",
    ),
    ("personal", "我叫小王，電話138 1234 5678，寄到广东省深圳市南山区科技路12号3栋501，谢谢"),
];

fn reading(criterion: &mut Criterion) {
    for (name, message) in MESSAGES {
        let normalised = text::normalise(message);
        let mut measure = |what: &str, work: &dyn Fn()| {
            criterion.bench_function(&format!("{what}/{name}"), |bencher| bencher.iter(work));
        };
        measure("normalise", &|| drop(black_box(text::normalise(black_box(message)))));
        measure("redact", &|| drop(black_box(text::redact(black_box(message)))));
        measure("detect_language", &|| _ = black_box(text::detect_language(black_box(message))));
        measure("words", &|| drop(black_box(text::words(black_box(normalised.as_str())))));
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
