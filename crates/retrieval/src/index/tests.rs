use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use text::Language;

use crate::{Change, Encoder, Error, FaqEntry, FaqIndex, Hit, SearchQuery, index_folder};

fn entries() -> Vec<FaqEntry> {
    let mut shipping = FaqEntry::new("shipping", "下单后多久发货？", "两天内发货。");
    shipping.similar = vec!["什么时候发货".into(), "几天能寄出".into()];
    let refund = FaqEntry::new("refund", "怎么申请退款", "在订单页面点退款。");
    let invoice = FaqEntry::new("invoice", "How do I get an invoice?", "Open the order and press Invoice.");
    let returns = FaqEntry::new("returns", "What is your return policy?", "Send it back within 30 days.");
    vec![shipping, refund, invoice, returns]
}

fn filled() -> FaqIndex {
    let index = FaqIndex::in_memory();
    index.replace_all(&entries(), 1).expect("an index in memory");
    index
}

fn ask(index: &FaqIndex, text: &str) -> Vec<Hit> {
    index.search(&SearchQuery { text: text.to_owned(), top: 5, ..SearchQuery::default() })
}

fn check(text: &str, expected: &str) {
    let hits = ask(&filled(), text);
    assert_eq!(hits.first().map(|hit| hit.id.as_str()), Some(expected), "{text}: {hits:?}");
    assert!((0.0..=1.0).contains(&hits[0].probability));
}

#[test]
fn questions_find_their_entry_in_both_languages_and_mixed() {
    check("请问几天能寄出呢", "shipping");
    check("想退款怎么操作", "refund");
    check("where are invoices", "invoice");
    check("INVOICE 怎么拿", "invoice");
    check("returning policy", "returns");
    check("retrun polcy", "returns");
}

#[test]
fn the_nearest_wording_is_named() {
    assert_eq!(ask(&filled(), "几天可以寄出")[0].matched_question, "几天能寄出");
}

#[test]
fn a_build_that_nobody_waits_for_ends_and_leaves_the_index_as_it_was() {
    let index = filled();
    index.stop();
    let other = [FaqEntry::new("parking", "Where can I park?", "Behind the shop.")];
    assert!(matches!(index.replace_all(&other, 2), Err(Error::Stopped)));
    assert_eq!((index.revision(), index.len()), (1, 4));
    assert_eq!(ask(&index, "怎么申请退款")[0].id, "refund");
    assert_eq!(ask(&index, "where can I park"), ask(&filled(), "where can I park"));
}

#[test]
fn nothing_in_common_finds_nothing() {
    for text in ["", "   ", "？？？", "🙂", "\u{0}", "zzzz"] {
        assert_eq!(ask(&filled(), text), vec![], "{text:?}");
    }
}

#[test]
fn a_very_long_message_is_answered() {
    assert!(!ask(&filled(), &"怎么退款 how ".repeat(100_000)).is_empty());
}

#[test]
fn an_edit_is_in_the_next_search_and_a_delete_takes_it_out() {
    let index = filled();
    index.apply(&[Change::Put(FaqEntry::new("refund", "怎么申请退款", "新答案"))], 2).expect("applied");
    assert_eq!(ask(&index, "怎么申请退款")[0].answer, "新答案");
    index.apply(&[Change::Delete("refund".into())], 3).expect("applied");
    assert!(ask(&index, "怎么申请退款").iter().all(|hit| hit.id != "refund"));
    assert_eq!((index.len(), index.revision()), (3, 3));
}

#[test]
fn the_last_of_several_changes_to_one_entry_wins() {
    let index = filled();
    let put = |answer: &str| Change::Put(FaqEntry::new("new", "会员积分有什么用", answer));
    index.apply(&[put("one"), Change::Delete("new".into()), put("two")], 2).expect("applied");
    let hits = ask(&index, "会员积分有什么用");
    assert_eq!(hits.iter().filter(|hit| hit.id == "new").count(), 1);
    assert_eq!(hits[0].answer, "two");
}

#[test]
fn disabled_entries_are_not_found() {
    let index = filled();
    let mut entry = entries().remove(1);
    entry.enabled = false;
    index.apply(&[Change::Put(entry)], 2).expect("applied");
    assert!(ask(&index, "怎么申请退款").iter().all(|hit| hit.id != "refund"));
}

#[test]
fn an_entry_is_found_only_within_its_dates() {
    let index = filled();
    let mut entry = FaqEntry::new("sale", "双十一有什么优惠", "满三百减五十。");
    entry.valid_from = Some("2026-11-01".into());
    entry.valid_until = Some("2026-11-11".into());
    index.apply(&[Change::Put(entry)], 2).expect("applied");
    for (today, found) in [("2026-10-31", false), ("2026-11-01", true), ("2026-11-11", true), ("2026-11-12", false)] {
        let query =
            SearchQuery { text: "双十一优惠".into(), top: 3, today: Some(today.into()), ..SearchQuery::default() };
        assert_eq!(index.search(&query).iter().any(|hit| hit.id == "sale"), found, "{today}");
    }
}

#[test]
fn the_customers_language_decides_between_equals() {
    let index = FaqIndex::in_memory();
    let twin =
        |id: &str, language: &str| FaqEntry { language: Some(language.into()), ..FaqEntry::new(id, "VIP", "…") };
    index.replace_all(&[twin("zh", "zh"), twin("en", "en")], 1).expect("indexed");
    for language in [Language::Chinese, Language::English] {
        let query = SearchQuery { text: "vip".into(), top: 1, language: Some(language), ..SearchQuery::default() };
        assert_eq!(index.search(&query)[0].id, language.code());
    }
}

#[test]
fn a_reopened_index_is_the_same() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let before = {
        let index = FaqIndex::create(dir.path()).expect("created");
        index.replace_all(&entries(), 7).expect("filled");
        index.apply(&[Change::Delete("returns".into())], 8).expect("applied");
        ask(&index, "怎么发货")
    };
    let index = FaqIndex::open(dir.path()).expect("opened");
    assert_eq!((index.len(), index.revision()), (3, 8));
    assert_eq!(ask(&index, "怎么发货"), before);
    index.apply(&[Change::Put(FaqEntry::new("x", "新的问题", "…"))], 9).expect("applied");
    assert_eq!(ask(&index, "新的问题")[0].id, "x");
}

#[test]
fn older_revisions_and_second_writers_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let index = FaqIndex::create(dir.path()).expect("created");
    index.apply(&[], 5).expect("applied");
    assert!(matches!(index.apply(&[], 4), Err(Error::StaleRevision { given: 4, current: 5 })));
    let other = FaqIndex::open(dir.path()).expect("readers may share");
    assert!(matches!(other.apply(&[], 6), Err(Error::Locked { .. })));
}

fn files(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).expect("listing").map(|file| file.expect("file").path()).collect()
}

fn copy_missing(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.file_name().expect("a name"));
        if !target.exists() {
            std::fs::copy(&file, target).expect("copied");
        }
    }
}

/// A kill after the files of a commit were written and before the commit itself.
#[test]
fn files_of_a_commit_that_was_cut_off_do_not_stop_the_next_edit() {
    let (template, killed) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let edit = [Change::Delete("returns".into())];
    FaqIndex::create(template.path()).expect("created").replace_all(&entries(), 1).expect("filled");
    copy_missing(template.path(), killed.path());
    FaqIndex::open(template.path()).expect("opened").apply(&edit, 2).expect("applied");
    let managed = killed.path().join(".managed.json");
    std::fs::remove_file(&managed).expect("it was copied");
    copy_missing(template.path(), killed.path());
    assert!(files(killed.path()).iter().any(|file| file.extension().is_some_and(|kind| kind == "del")));
    let index = FaqIndex::open(killed.path()).expect("the last commit is whole");
    assert_eq!((index.len(), index.revision()), (4, 1));
    index.apply(&edit, 2).expect("the name of the file is free again");
    assert_eq!((index.len(), index.revision()), (3, 2));
}

#[test]
fn a_damaged_index_says_so_and_can_be_made_anew() {
    let template = tempfile::tempdir().expect("a temporary folder");
    FaqIndex::create(template.path()).expect("created").replace_all(&entries(), 3).expect("filled");
    for file in files(template.path()) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        if name.starts_with('.') || name.starts_with("calibration") || name.starts_with("counts") {
            continue;
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        copy_missing(template.path(), dir.path());
        let mut bytes = std::fs::read(&file).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        std::fs::write(dir.path().join(&name), bytes).expect("written");
        assert!(matches!(FaqIndex::open(dir.path()), Err(Error::Damaged { .. })), "{name}");
        let index = FaqIndex::open_or_create(dir.path(), None).expect("made anew");
        assert_eq!((index.len(), index.revision()), (0, 0), "{name}");
    }
    assert!(matches!(FaqIndex::open(Path::new("/nonexistent")), Err(Error::NotAnIndex { .. })));
}

#[test]
fn an_index_whose_files_go_while_it_is_open_still_answers_and_is_filled_anew() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("index");
    let index = FaqIndex::create(&folder).expect("created");
    index.replace_all(&entries(), 3).expect("filled");
    for damage in ["deleted", "unreadable"] {
        let expected = ask(&index, "怎么申请退款");
        match damage {
            "deleted" => std::fs::remove_dir_all(&folder).expect("deleted"),
            _ => std::fs::write(folder.join("meta.json"), b"{").expect("written"),
        }
        assert_eq!(ask(&index, "怎么申请退款"), expected, "{damage}");
        index.replace_all(&entries(), 6).expect(damage);
        index.apply(&[Change::Delete("returns".into())], 7).expect(damage);
        assert_eq!((index.len(), ask(&index, "怎么申请退款").len()), (3, expected.len()), "{damage}");
        assert_eq!(FaqIndex::open(&folder).expect(damage).revision(), 7);
    }
}

#[test]
fn what_was_counted_is_counted_again_where_its_file_is_lost_or_damaged() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let index = FaqIndex::create(dir.path()).expect("created");
    index.replace_all(&entries(), 3).expect("filled");
    index.apply(&[Change::Delete("returns".into())], 4).expect("applied");
    let expected = ask(&index, "怎么申请退款 invoice");
    drop(index);
    let counted =
        || files(dir.path()).into_iter().filter(|file| file.to_string_lossy().contains("counts-")).collect::<Vec<_>>();
    for damage in ["lost", "cut", "foreign"] {
        assert!(!counted().is_empty());
        for file in counted() {
            match damage {
                "lost" => std::fs::remove_file(file).expect("removed"),
                "cut" => std::fs::write(file, b"FAQ").expect("written"),
                _ => std::fs::rename(&file, dir.path().join("counts-77")).expect("renamed"),
            }
        }
        let index = FaqIndex::open(dir.path()).expect("opened");
        assert_eq!((index.len(), ask(&index, "怎么申请退款 invoice")), (3, expected.clone()), "{damage}");
        index.apply(&[], 5).expect("applied");
    }
}

#[test]
fn a_large_index_is_verified_when_asked_and_knows_of_damage() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    FaqIndex::create(dir.path()).expect("created").replace_all(&entries(), 3).expect("filled");
    let open = || {
        let index = tantivy::Index::open_in_dir(dir.path()).expect("opened");
        let opened = FaqIndex::open_files(dir.path(), index, None, super::Made::WithThisEncoder).expect("opened");
        FaqIndex { verified: false.into(), ..opened }
    };
    open().verify().expect("sound");
    let is_store = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "store");
    let file = files(dir.path()).into_iter().find(is_store).expect("a store");
    let mut bytes = std::fs::read(&file).expect("read");
    bytes[5] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    assert!(matches!(open().verify(), Err(Error::Damaged { .. })));
}

/// Edits by chance, seeded, in commits of several; small texts, so that many entries hold the same words.
fn edited(index: &FaqIndex) -> BTreeMap<String, FaqEntry> {
    let mut state = 5_u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % n
    };
    let words = ["退款", "发货", "发票", "优惠", "refund", "deliver", "invoice", "voucher", "x", "z"];
    let mut kept = BTreeMap::new();
    for revision in 1..200 {
        let mut changes = Vec::new();
        for _ in 0..1 + below(4) {
            let id = format!("faq-{}", below(30));
            if below(4) == 0 {
                kept.remove(&id);
                changes.push(Change::Delete(id));
                continue;
            }
            let mut text = || (0..3).map(|_| words[below(10) as usize]).collect::<Vec<_>>().join(" ");
            let mut entry = FaqEntry::new(&id, &text(), &text());
            entry.similar = vec![text(), text()];
            kept.insert(id, entry.clone());
            changes.push(Change::Put(entry));
        }
        index.apply(&changes, revision).expect("applied");
    }
    kept
}

#[test]
fn an_index_that_was_edited_answers_like_one_made_anew_and_one_opened_again() {
    let (dir, all) = (tempfile::tempdir().expect("a folder"), |index: &FaqIndex| {
        let texts = ["退款 refund", "发票 invoice x", "z voucher", "deliver 优惠"];
        let hits = texts.map(|text| {
            let query = SearchQuery { text: text.to_owned(), top: 60, ..SearchQuery::default() };
            let mut hits: Vec<_> = index.search(&query).into_iter().map(|hit| (hit.id, hit.score)).collect();
            hits.sort_by(|one, other| one.0.cmp(&other.0));
            hits
        });
        assert!(hits.iter().all(|hits| hits.len() > 5));
        hits
    });
    let index = FaqIndex::create_with(dir.path(), letters("letters")).expect("created");
    let kept = edited(&index);
    let anew = FaqIndex::in_memory_with(letters("letters"));
    anew.apply(&kept.values().cloned().map(Change::Put).collect::<Vec<_>>(), 1).expect("applied");
    assert_eq!((index.len(), all(&index)), (kept.len(), all(&anew)));
    for entry in kept.values() {
        assert_eq!(index.entry(&entry.id).as_ref(), Some(entry));
        let query = SearchQuery { text: entry.similar[1].clone(), top: 60, ..SearchQuery::default() };
        let hits = index.search(&query);
        let hit = hits.iter().find(|hit| hit.id == entry.id).expect("its own wording finds it");
        assert_eq!(hit.matched_question.split(' ').count(), 3);
    }
    drop(index);
    let again = FaqIndex::open_with(dir.path(), letters("letters")).expect("opened");
    assert_eq!((again.len(), all(&again)), (kept.len(), all(&anew)));
}

#[test]
fn searches_beside_edits_see_whole_states() {
    let index = filled();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for revision in 2..102 {
                let entry = FaqEntry::new("refund", "怎么申请退款", &format!("第 {revision} 版"));
                index.apply(&[Change::Put(entry)], revision).expect("applied");
            }
        });
        for _ in 0..500 {
            let hits = ask(&index, "怎么申请退款");
            assert_eq!(hits.iter().filter(|hit| hit.id == "refund").count(), 1);
        }
    });
    assert_eq!(ask(&index, "怎么申请退款")[0].answer, "第 101 版");
}

#[test]
fn an_explanation_names_terms_and_adds_up() {
    let index = filled();
    let query = SearchQuery { text: "get invoices quickly please".into(), top: 3, ..SearchQuery::default() };
    let explanation = index.explain(&query, "invoice").expect("it matches");
    assert_eq!(explanation.place, 1);
    assert!(explanation.terms.iter().any(|term| term.term == "invoic" && term.fields.contains(&"question".to_owned())));
    assert!(explanation.missing.contains(&"quick".to_owned()));
    let sum: f32 = explanation.features.iter().map(|feature| feature.share).sum();
    assert!((sum - explanation.score).abs() < 1e-4);
    assert_eq!(index.explain(&query, "unknown"), None);
}

#[test]
fn an_explanation_says_what_would_put_an_entry_first_and_that_is_true() {
    let other =
        |number: usize| FaqEntry::new(&number.to_string(), &format!("Where is shop number {number}?"), "In town.");
    let index = FaqIndex::in_memory();
    index.replace_all(&entries().into_iter().chain((0..40).map(other)).collect::<Vec<_>>(), 1).expect("it is small");
    let query =
        SearchQuery { text: "how do I get the return policy of an invoice".into(), top: 3, ..SearchQuery::default() };
    assert_eq!(index.explain(&query, "invoice").expect("it matches").to_win, None);
    let to_win = index.explain(&query, "returns").expect("it matches").to_win.expect("it is not first");
    assert_eq!(to_win.ahead, "invoice");
    assert!(to_win.gap > 0.0 && !to_win.words.is_empty(), "{to_win:?}");
    let mut entry = entries().into_iter().find(|entry| entry.id == "returns").expect("it is there");
    entry.similar.push(format!("return policy {}", to_win.words.join(" ")));
    index.apply(&[Change::Put(entry)], 2).expect("it is small");
    assert_eq!(ask(&index, &query.text)[0].id, "returns");
}

#[test]
fn a_verbatim_question_is_nearly_certain() {
    assert!(ask(&filled(), "什么时候发货")[0].probability > 0.8);
}

#[test]
fn a_long_answer_is_cut_to_what_was_asked() {
    let answer = "我们工作日发货。偏远地区要五到七天。发票在订单页面下载。周末不发货。";
    assert_eq!(filled().best_sentences("怎么下载发票", answer, 1), ["发票在订单页面下载。"]);
    assert_eq!(filled().best_sentences("怎么下载发票", answer, 9).len(), 4);
    assert!(filled().best_sentences("", "", 2).is_empty());
}

#[test]
fn a_folder_is_indexed_in_one_call() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let lines =
        entries().iter().map(|entry| serde_json::to_string(entry).expect("JSON")).collect::<Vec<_>>().join("\n");
    std::fs::write(dir.path().join("faq.jsonl"), lines).expect("written");
    let out = dir.path().join("index");
    let (index, report) = index_folder(dir.path(), &out).expect("indexed");
    assert_eq!((index.len(), index.revision(), report.n_examples > 0), (4, 1, true));
    assert_eq!(ask(&index, "怎么申请退款")[0].id, "refund");
}

/// Two meanings, told by a letter.
#[derive(Debug)]
struct Letters(&'static str);

impl Encoder for Letters {
    fn name(&self) -> &str {
        self.0
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        match (text.contains('x'), text.contains('z')) {
            (true, _) => vec![1.0, 0.0],
            (_, true) => vec![0.0, 1.0],
            _ => vec![0.0, 0.0],
        }
    }
}

fn letters(name: &'static str) -> Option<Arc<dyn Encoder>> {
    Some(Arc::new(Letters(name)))
}

#[test]
fn an_entry_that_means_the_same_is_found_without_a_common_word() {
    let index = FaqIndex::in_memory_with(letters("letters"));
    let entries = [FaqEntry::new("x", "fix vexing axles", "one"), FaqEntry::new("z", "buzz of a puzzle", "two")];
    index.replace_all(&entries, 1).expect("indexed");
    let found = |text: &str| -> Vec<String> {
        let query = SearchQuery { text: text.to_owned(), top: 2, ..SearchQuery::default() };
        index.search(&query).into_iter().map(|hit| hit.id).collect()
    };
    assert_eq!(found("6x7").first().map(String::as_str), Some("x"));
    assert_eq!(found("7z8").first().map(String::as_str), Some("z"));
    index.apply(&[Change::Delete("x".into())], 2).expect("applied");
    assert!(found("6x7").is_empty());
}

#[test]
fn an_index_made_with_another_encoder_is_to_be_built_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = FaqIndex::create_with(dir.path(), letters("one")).expect("made");
    index.replace_all(&[FaqEntry::new("x", "fix", "one")], 1).expect("indexed");
    drop(index);
    assert_eq!(FaqIndex::open_with(dir.path(), letters("one")).expect("opened").len(), 1);
    for other in [letters("two"), None] {
        let error = FaqIndex::open_with(dir.path(), other).expect_err("refused");
        assert!(error.to_string().contains("made with another encoder"), "{error}");
    }
}

#[test]
fn an_index_made_with_another_encoder_is_searched_by_words_until_it_is_built_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let entries = [FaqEntry::new("x", "fix vexing axles", "one"), FaqEntry::new("z", "buzz of a puzzle", "two")];
    FaqIndex::create_with(dir.path(), letters("one")).expect("made").replace_all(&entries, 5).expect("indexed");
    let found = |index: &FaqIndex, text: &str| ask(index, text).into_iter().map(|hit| hit.id).collect::<Vec<_>>();
    {
        let index = FaqIndex::open_by_words(dir.path(), letters("two")).expect("opened");
        assert_eq!((index.revision(), index.len()), (5, 2));
        assert_eq!(found(&index, "a puzzle"), ["z"]);
        assert!(found(&index, "7z8").is_empty(), "nobody knows what its vectors mean");
        let copy = index.copied().expect("copied");
        copy.apply(&[Change::Delete("z".into())], 6).expect("a copy in memory takes edits");
        assert_eq!(found(&copy, "fix axles"), ["x"]);
        let refused = index.apply(&[Change::Delete("z".into())], 6);
        assert!(matches!(refused, Err(Error::OtherEncoder { .. })), "{refused:?}");
        index.stop();
        assert!(matches!(index.replace_all(&entries, 6), Err(Error::Stopped)));
        assert_eq!(found(&index, "a puzzle"), ["z"]);
    }
    assert!(matches!(FaqIndex::open_with(dir.path(), letters("two")), Err(Error::OtherEncoder { .. })));
    let index = FaqIndex::open_by_words(dir.path(), letters("two")).expect("opened");
    index.replace_all(&entries, 6).expect("built");
    assert_eq!(found(&index, "7z8"), ["z"]);
    index.apply(&[Change::Delete("z".into())], 7).expect("applied");
    drop(index);
    assert_eq!(FaqIndex::open_with(dir.path(), letters("two")).expect("opened").revision(), 7);
}

/// Knows by their first words which texts mean the same.
#[derive(Debug)]
struct Topics;

impl Encoder for Topics {
    fn name(&self) -> &str {
        "topics"
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        let topic = text.chars().next().map_or(0, |first| first as usize % 26);
        (0..26).map(|at| if at == topic { 1.0 } else { 0.0 }).collect()
    }
}

/// What likeness in meaning adds to the score of an entry for one of its own wordings.
fn share_of_meaning(entries: &[FaqEntry]) -> f32 {
    let index = FaqIndex::in_memory_with(Some(Arc::new(Topics)));
    index.replace_all(entries, 1).expect("indexed");
    let query = SearchQuery { text: entries[3].similar[0].clone(), top: 5, ..SearchQuery::default() };
    let explanation = index.explain(&query, &entries[3].id).expect("found");
    explanation.features.iter().find(|feature| feature.name.contains("means")).expect("named").share
}

#[test]
fn what_meaning_counts_for_is_learned_from_entries_of_several_wordings() {
    let letters = || ('a'..='z').take(20);
    let entry = |id: char, question: String, similar: String| FaqEntry {
        similar: vec![similar],
        ..FaqEntry::new(&id.to_string(), &question, "-")
    };
    // Both wordings of an entry begin with its letter, and have no word in common.
    let telling: Vec<FaqEntry> = letters().map(|c| entry(c, format!("{c}{c}x qqq"), format!("{c}{c}y vvv"))).collect();
    assert!(share_of_meaning(&telling) >= 1.0, "{}", share_of_meaning(&telling));
    // The similar wordings of all entries begin with one letter; only the last of their words tells them apart.
    let similar = |c: char| format!("b k{c}k{c} l{c}l{c} m{c}m{c} n{c}n{c} p{c}p{c} {c}{c}{c}{c}");
    let misleading: Vec<FaqEntry> =
        letters().map(|c| entry(c, format!("{c}{c}x {c}{c}{c}{c} qqq vvv www"), similar(c))).collect();
    assert!(share_of_meaning(&misleading) < 1.0, "{}", share_of_meaning(&misleading));
}
