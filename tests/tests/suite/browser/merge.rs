//! Somebody else saves an entry while it is being edited: the merge screen, in a real browser.

use std::time::Duration;

use fantoccini::{Client, Locator};
use serde_json::json;

use super::driver::complaints;
use super::{ENTRY, fill, shoot};

const THEIRS: &str = "可以，每件旧壳换 100 积分，每人每月最多 5 件。";
const YOURS: &str = "可以，每件旧壳换 88 积分，旧充电宝换 200 积分。";

/// Saves as another person would, over the interface.
const SAVED_BY_ANOTHER: &str = "const [id, changes, done] = arguments; (async () => { \
    const address = `/v1/faq/${id}`; const entry = await (await fetch(address)).json(); \
    const { question, similar, answer, language, category, valid_until, enabled } = entry; \
    const body = JSON.stringify({ question, similar, answer, language, category, valid_until, enabled, ...changes }); \
    done((await fetch(address, { method: 'PUT', headers: { 'content-type': 'application/json' }, body })).status); })()";

/// Both change the answer, one the category, the other the last day; the answer is chosen, nothing else is lost.
pub(super) async fn meet_another_editor(page: &Client, address: &str, picture: &str) {
    page.goto(&format!("{address}/console/faq/entry/{ENTRY}")).await.unwrap();
    fill(page, "textarea[name=answer]", YOURS).await;
    page.execute("document.querySelector('[name=valid_until]').value = '2030-12-31'", Vec::new()).await.unwrap();
    let changes = json!({ "answer": THEIRS, "category": format!("环保/{picture}") });
    let saved = page.execute_async(SAVED_BY_ANOTHER, vec![json!(ENTRY), changes]).await.unwrap();
    assert_eq!(saved, 200);
    page.find(Locator::Css("button[data-save]")).await.unwrap().click().await.unwrap();
    let open = Locator::Css("[data-field=answer].is-open");
    page.wait().at_most(Duration::from_secs(15)).for_element(open).await.unwrap();
    let heard = complaints(page).await;
    assert!(heard.iter().all(|complaint| complaint.contains("412")), "a browser tells of the refusal only: {heard:?}");
    shoot(page, picture).await;
    let shown = page.find(Locator::Css("form.merge")).await.unwrap().text().await.unwrap();
    assert!(shown.contains("100") && shown.contains("200"), "both answers are there: {shown}");
    let wide = page.execute("return document.documentElement.scrollWidth > innerWidth", Vec::new()).await.unwrap();
    assert_eq!(wide, false, "the merge screen fits");
    fill(page, "textarea[name=answer]", "可以，每件旧壳换 100 积分，旧充电宝换 200 积分。").await;
    page.find(Locator::Css("button[data-save]")).await.unwrap().click().await.unwrap();
    let notice = Locator::Css("p.notice[role=status]");
    page.wait().at_most(Duration::from_secs(15)).for_element(notice).await.unwrap();
    let value = async |name: &str| {
        let read = format!("return document.querySelector('#entry [name={name}]').value");
        page.execute(&read, Vec::new()).await.unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(
        value("answer").await,
        "可以，每件旧壳换 100 积分，旧充电宝换 200 积分。",
        "typing chose what was typed"
    );
    assert_eq!(value("category").await, format!("环保/{picture}"), "their category is kept");
    assert_eq!(value("valid_until").await, "2030-12-31", "the day that was set here is kept");
}
