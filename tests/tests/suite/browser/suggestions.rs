//! Questions offered while a customer types: seen, chosen by keys and by tap, and out of the way.

use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, Locator};

use super::shoot;
use super::widget::Widget;

const OPEN: &str = "return !root.querySelector('.offers').hidden";
const SHUT: &str = "return root.querySelector('.offers').hidden";

async fn press(widget: &Widget<'_>, key: Key) {
    widget.find("textarea").await.send_keys(&char::from(key).to_string()).await.unwrap();
}

/// On a desktop: the list opens, Escape closes it and not the panel, arrows and Enter send.
pub(super) async fn choose_by_keys(page: &Client, widget: &Widget<'_>) {
    let input = widget.find("textarea").await;
    input.send_keys("礼").await.unwrap();
    widget.until("questions are offered", OPEN).await;
    shoot(page, "desktop-3-typing").await;
    press(widget, Key::Escape).await;
    widget.until("Escape closes the list", SHUT).await;
    assert_eq!(widget.ask("return root.querySelector('.panel').hidden").await, false, "and only the list");
    input.send_keys("品").await.unwrap();
    widget.until("questions are offered again", OPEN).await;
    press(widget, Key::Down).await;
    let marked = widget
        .ask("const input = root.querySelector('textarea'); const option = root.getElementById(input.getAttribute('aria-activedescendant')); \
              return option.getAttribute('aria-selected') === 'true' && input.getAttribute('aria-expanded') === 'true' ? option.textContent : null")
        .await;
    let chosen = marked.as_str().expect("the first question is marked for people and for screen readers").to_owned();
    let before = widget.replies().await.len();
    press(widget, Key::Enter).await;
    let answered = widget.reply_after(before).await;
    assert!(answered.contains("礼品卡"), "{answered}");
    let said = widget.ask("return [...root.querySelectorAll('.said.customer .text')].pop().textContent").await;
    assert_eq!(said, chosen, "the marked question is what was sent");
    assert_eq!(widget.ask("return root.querySelector('textarea').value").await, "");
    compose(widget).await;
}

/// An input method's letters ask for nothing until the word is chosen.
async fn compose(widget: &Widget<'_>) {
    let asked = widget
        .ask(
            "const input = root.querySelector('textarea'); input.value = 'tui'; \
              input.dispatchEvent(new InputEvent('input', { isComposing: true })); \
              const before = performance.getEntriesByType('resource').length; window.seenBefore = before; return true",
        )
        .await;
    assert_eq!(asked, true);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let further = "return performance.getEntriesByType('resource').slice(window.seenBefore).filter((entry) => entry.name.includes('/suggestions')).length";
    assert_eq!(widget.ask(further).await, 0, "nothing is asked while a word is composed");
    widget
        .ask("const input = root.querySelector('textarea'); input.value = '退'; input.dispatchEvent(new CompositionEvent('compositionend')); return true")
        .await;
    widget.until("the finished word is looked up", OPEN).await;
    widget.ask("const input = root.querySelector('textarea'); input.value = ''; input.dispatchEvent(new InputEvent('input')); return true").await;
    widget.until("an emptied field offers nothing", SHUT).await;
}

/// On a phone: large enough to tap, and the send button stays free.
pub(super) async fn choose_by_tap(page: &Client, widget: &Widget<'_>) {
    widget.find("textarea").await.send_keys("how do I ret").await.unwrap();
    widget.until("questions are offered", OPEN).await;
    shoot(page, "phone-2-typing").await;
    let free = widget
        .ask("const box = root.querySelector('.send').getBoundingClientRect(); \
              const top = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2); \
              const heights = [...root.querySelectorAll('.offers li')].map((option) => option.getBoundingClientRect().height); \
              return root.querySelector('.send').contains(top) && heights.every((height) => height >= 44)")
        .await;
    assert_eq!(free, true, "the send button is not covered, and every question can be tapped");
    let before = widget.replies().await.len();
    let option = widget.find(".offers li").await;
    let chosen = option.text().await.unwrap();
    option.click().await.unwrap();
    let answered = widget.reply_after(before).await;
    assert!(!answered.is_empty() && chosen.contains("return"), "{chosen}: {answered}");
}

/// In the console: what was offered and chosen is counted, and the switch is kept.
pub(super) async fn let_questions_be_learned(page: &Client, address: &str) {
    page.goto(&format!("{address}/console/suggestions")).await.unwrap();
    let told = page.find(Locator::Css("#shown")).await.unwrap().text().await.unwrap();
    assert!(told.contains("礼品卡"), "the question chosen while typing is counted: {told}");
    page.find(Locator::Css("input[value=learned]")).await.unwrap().click().await.unwrap();
    page.find(Locator::Css("form[action='/console/suggestions'] button.primary")).await.unwrap().click().await.unwrap();
    let saved = Locator::Css("p.notice[role=status]");
    page.wait().at_most(Duration::from_secs(15)).for_element(saved).await.unwrap();
    let kept = page.find(Locator::Css("input[value=learned]")).await.unwrap().prop("checked").await.unwrap();
    assert_eq!(kept.as_deref(), Some("true"));
    shoot(page, "console-17-suggestions").await;
}
