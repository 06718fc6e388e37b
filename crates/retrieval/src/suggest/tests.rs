use std::sync::Arc;

use text::Language;

use crate::{Change, Encoder, FaqEntry, FaqIndex, RelatedQuery, SuggestQuery, Suggestion};

fn entry(id: &str, question: &str, similar: &[&str], language: &str) -> FaqEntry {
    let mut entry = FaqEntry::new(id, question, &format!("The answer of {id}."));
    entry.similar = similar.iter().map(|text| (*text).to_owned()).collect();
    entry.language = Some(language.to_owned());
    entry
}

fn entries() -> Vec<FaqEntry> {
    vec![
        entry("refund-zh", "退款多久到账？", &["退的钱什么时候到"], "zh"),
        entry("return-zh", "怎么退货", &["想退换货怎么办"], "zh"),
        entry("invoice-zh", "可以开发票吗", &["怎么开票"], "zh"),
        entry("return-en", "Can I send an item back?", &["How do I return an item?", "returning something"], "en"),
        entry("retail-en", "Do you have retail shops?", &[], "en"),
        entry("invoice-en", "How do I get an invoice?", &[], "en"),
        entry("iphone-zh", "有 iPhone 手机壳吗", &[], "zh"),
        entry("iphone-en", "iPhone cases", &[], "en"),
    ]
}

fn filled() -> FaqIndex {
    let index = FaqIndex::in_memory();
    index.replace_all(&entries(), 1).expect("an index in memory");
    index
}

fn typing(index: &FaqIndex, typed: &str, language: Option<Language>) -> Vec<Suggestion> {
    index.suggest(&SuggestQuery { typed: typed.to_owned(), language, limit: 5, ..SuggestQuery::default() })
}

fn check(typed: &str, expected: &[(&str, &str)]) {
    let found = typing(&filled(), typed, None);
    let found: Vec<(&str, &str)> = found.iter().map(|one| (one.id.as_str(), one.question.as_str())).collect();
    assert_eq!(&found[..expected.len().min(found.len())], expected, "{typed}: {found:?}");
}

#[test]
fn a_question_is_offered_from_its_first_character_or_letters_on() {
    check("退", &[("refund-zh", "退款多久到账？"), ("return-zh", "怎么退货")]);
    check("怎么退", &[("return-zh", "怎么退货")]);
    check("how do I ret", &[("return-en", "How do I return an item?")]);
    check("ret", &[("return-en", "returning something")]);
    check("RETAI", &[("retail-en", "Do you have retail shops?")]);
    check("可以開發", &[("invoice-zh", "可以开发票吗")]);
}

#[test]
fn a_word_that_is_as_good_as_finished_still_finds_its_stem() {
    check("returnin", &[("return-en", "returning something")]);
    check("how do I get invoic", &[("invoice-en", "How do I get an invoice?")]);
}

#[test]
fn a_word_too_common_to_be_indexed_does_not_hide_what_begins_alike() {
    let found = typing(&filled(), "how do i", None);
    assert_eq!(found.len(), 2, "{found:?}");
    check("how do I get an", &[("invoice-en", "How do I get an invoice?")]);
}

#[test]
fn the_visitors_language_comes_first_and_a_clear_text_overrules_it() {
    let index = filled();
    let first = |typed, language| typing(&index, typed, Some(language)).swap_remove(0).id;
    assert_eq!(first("iphone", Language::Chinese), "iphone-zh");
    assert_eq!(first("iphone", Language::English), "iphone-en");
    assert_eq!(first("how do I get an inv", Language::Chinese), "invoice-en");
}

#[test]
fn nothing_is_offered_for_nothing_and_no_input_breaks_it() {
    for typed in ["", "   ", "？？", "🙂", "\u{0}", "zzzz", "'", "\\", &"x".repeat(5000)] {
        assert_eq!(typing(&filled(), typed, None), vec![], "{typed:?}");
    }
    assert!(typing(&filled(), "退", None).len() <= 5);
    assert_eq!(filled().suggest(&SuggestQuery { typed: "退".into(), ..SuggestQuery::default() }), vec![]);
}

#[test]
fn an_edit_a_removal_and_a_day_decide_what_is_offered_next() {
    let index = filled();
    let mut dated = entry("sale", "退换优惠", &[], "zh");
    dated.valid_until = Some("2026-01-31".to_owned());
    index.apply(&[Change::Put(dated), Change::Delete("return-zh".into())], 2).expect("applied");
    let on = |day: &str| {
        let today = Some(day.to_owned());
        let found = index.suggest(&SuggestQuery { typed: "退".into(), limit: 5, today, ..SuggestQuery::default() });
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let (before, after) = (on("2026-01-31"), on("2026-02-01"));
    assert!(before.contains(&"sale".to_owned()) && !after.contains(&"sale".to_owned()), "{before:?} {after:?}");
    assert!(!before.contains(&"return-zh".to_owned()), "{before:?}");
}

#[derive(Debug)]
struct Topics;

impl Encoder for Topics {
    fn name(&self) -> &str {
        "topics"
    }

    /// Sending back, paying, shops; the rest means nothing.
    fn encode(&self, text: &str) -> Vec<f32> {
        let about = |words: &[&str]| f32::from(words.iter().any(|word| text.to_lowercase().contains(word)));
        let vector =
            [about(&["退", "return", "back", "retour"]), about(&["款", "invoice", "发票"]), about(&["shop", "店"])];
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(1.0);
        vector.iter().map(|value| value / length).collect()
    }
}

fn read() -> FaqIndex {
    let index = FaqIndex::in_memory_with(Some(Arc::new(Topics)));
    index.replace_all(&entries(), 1).expect("an index in memory");
    index
}

#[test]
fn what_shares_no_word_is_offered_for_its_meaning() {
    let found = typing(&read(), "retour", Some(Language::English));
    assert_eq!(found.first().map(|one| one.id.as_str()), Some("return-en"), "{found:?}");
}

fn near(index: &FaqIndex, faq_id: &str, known: &[&str], language: Option<Language>) -> Vec<String> {
    let known = known.iter().map(|id| (*id).to_owned()).collect();
    let query = RelatedQuery { faq_id: faq_id.to_owned(), known, language, limit: 3, ..RelatedQuery::default() };
    index.related(&query).into_iter().map(|one| one.id).collect()
}

#[test]
fn related_questions_are_near_in_meaning_in_the_same_language_and_not_known() {
    let index = read();
    assert_eq!(near(&index, "refund-zh", &[], Some(Language::Chinese)), ["return-zh", "invoice-zh"]);
    assert_eq!(near(&index, "refund-zh", &["return-zh"], Some(Language::Chinese)), ["invoice-zh"]);
    assert_eq!(near(&index, "return-zh", &[], Some(Language::English)), ["return-en"]);
    assert_eq!(near(&index, "unknown", &[], None), [""; 0]);
}

#[test]
fn without_an_encoder_related_questions_share_words_and_never_the_answer() {
    let index = filled();
    assert!(near(&index, "return-zh", &[], None).contains(&"refund-zh".to_owned()));
    let mut twin = entry("twin", "怎么退货呢", &[], "zh");
    twin.answer = "The answer of return-zh.".to_owned();
    index.apply(&[Change::Put(twin)], 2).expect("applied");
    assert!(!near(&index, "return-zh", &[], None).contains(&"twin".to_owned()));
}
