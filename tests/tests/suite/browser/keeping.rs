//! Keeping the FAQ in a real browser: entries ticked and changed together and taken back, and an edit that waits.

use std::time::Duration;

use fantoccini::{Client, Locator};

use super::widget::Widget;
use super::{ENTRY, QUESTION, fill, shoot};

const ANSWER: &str = "可以，每件旧壳换 66 积分，寄来或送到门店都行。";
const LINK: &str = "回收说明 https://shop.example/recycling";

/// How a screen's pictures are called, and the console's language on it.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) name: &'static str,
    pub(super) language: &'static str,
}

async fn see(page: &Client, selector: &str) {
    page.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css(selector)).await.unwrap();
}

async fn press(page: &Client, selector: &str) {
    see(page, selector).await;
    let pressed = format!("document.querySelector(\"{selector}\").click()");
    page.execute(&pressed, Vec::new()).await.unwrap();
}

async fn picture(page: &Client, look: Look, name: &str) {
    shoot(page, &format!("{}-{name}", look.name)).await;
    let wide = page.execute("return document.documentElement.scrollWidth > innerWidth", Vec::new()).await.unwrap();
    assert_eq!(wide, false, "{name} fits the screen");
}

pub(super) async fn keep_the_faq(page: &Client, address: &str, look: Look) {
    let speak = format!("document.cookie = 'frontdesk_language={}; path=/'", look.language);
    page.execute(&speak, Vec::new()).await.unwrap();
    change_many(page, address, look).await;
    let an_edit_waits = format!("{address}/console/faq/entry/{ENTRY}");
    page.goto(&an_edit_waits).await.unwrap();
    fill(page, "textarea[name=answer]", ANSWER).await;
    fill(page, "textarea[name=links]", LINK).await;
    picture(page, look, "editor").await;
    press(page, "button[name=step][value=draft]").await;
    see(page, "[data-pending=draft]").await;
    press(page, "[data-review]").await;
    see(page, "[data-pending=review] [data-approve]").await;
    picture(page, look, "draft").await;
    page.goto(&format!("{address}/console/faq?enabled=review")).await.unwrap();
    see(page, "[data-rows] .tag.warn").await;
    picture(page, look, "waiting").await;
    press(page, "[data-rows] a").await;
    press(page, "[data-approve]").await;
    see(page, "#entry [name=links]").await;
    let links = "return document.querySelector('#entry [name=links]').value";
    let links = page.execute(links, Vec::new()).await.unwrap();
    assert_eq!(links, LINK, "what was approved is published");
    // A person has the conversation so far; another customer begins anew.
    page.goto(&format!("{address}/demo")).await.unwrap();
    page.execute("localStorage.clear()", Vec::new()).await.unwrap();
    page.refresh().await.unwrap();
    let widget = Widget::open(page).await;
    let answered = widget.say(QUESTION).await;
    assert_eq!(answered.trim(), ANSWER);
    let link = widget.ask("return [...root.querySelectorAll('a.source')].pop()?.href").await;
    assert_eq!(link, "https://shop.example/recycling", "what to read further stands under the answer");
    shoot(page, &format!("{}-link", look.name)).await;
}

/// Two entries are switched off together, and back on with one click.
async fn change_many(page: &Client, address: &str, look: Look) {
    let list = format!("{address}/console/faq?enabled=no");
    page.goto(&list).await.unwrap();
    let count = "return document.querySelectorAll('[data-rows] li').length";
    let off = page.execute(count, Vec::new()).await.unwrap().as_u64().unwrap();
    page.goto(&format!("{address}/console/faq")).await.unwrap();
    press(page, ".tree summary").await;
    picture(page, look, "tree").await;
    page.execute(
        "[...document.querySelectorAll('[data-rows] [name=id]')].slice(0, 2).forEach((box) => box.click())",
        Vec::new(),
    )
    .await
    .unwrap();
    press(page, "#ticks button:not([name])").await;
    press(page, "input[name=set][value=enabled]").await;
    page.execute("document.querySelector('[name=to_enabled]').value = 'off'", Vec::new()).await.unwrap();
    fill(page, "#bulk input[name=note]", "spring sale").await;
    press(page, "button[value=try]").await;
    see(page, "[data-trial] .findings li").await;
    picture(page, look, "trial").await;
    press(page, "button[value=do]").await;
    press(page, "form.notice button").await;
    see(page, "main:not(:has(form.notice)) p.notice").await;
    page.goto(&list).await.unwrap();
    let now = page.execute(count, Vec::new()).await.unwrap().as_u64().unwrap();
    assert_eq!(now, off, "what was changed together is taken back together");
}
