//! A real browser on the demo: customers chat on a desktop and on a phone, staff edit the FAQ in the console.
//! Screenshots of every step are kept under `target/screenshots`.

mod driver;
mod keeping;
mod merge;
mod suggestions;
mod widget;

use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::key::Key;
use fantoccini::{Client, Locator};

use self::driver::{Driver, Screen, complaints};
use self::keeping::{Look, keep_the_faq};
use self::widget::Widget;
use crate::harness::{Home, OWNER_PASSWORD, Service, announce, skip, within, word};

const ENTRY: &str = "recycling-zh";
const QUESTION: &str = "旧手机壳、旧充电宝可以回收吗？";
const UNKNOWN: &str = "你们有没有招收寒假实习生";
const PERSONS_ANSWER: &str = "有的，寒假实习生一月报名，把简历交到门店前台就行。";
const NEW_ANSWER: &str = "可以，每件旧壳换 88 积分。";

fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Takes a screenshot once everything has come to rest.
async fn shoot(page: &Client, name: &str) -> Vec<u8> {
    tokio::time::sleep(Duration::from_millis(400)).await;
    let picture = page.screenshot().await.unwrap();
    std::fs::write(screenshots().join(format!("{name}.png")), &picture).unwrap();
    picture
}

#[test]
fn customers_and_staff_work_in_a_real_browser() {
    let Some(driver) = Driver::start() else {
        return skip(
            "the browser test",
            "no chromedriver is installed (Debian: apt-get install chromium chromium-driver)",
        );
    };
    let home = Home::empty();
    let words = ["demo", "--home", word(home.path()), "--port", "0"];
    let service = Service::launch(&words, &home.beside("demo.log"), &[]);
    announce(&format!("the demo was trained and ready after {:.1} s", service.start_time.as_secs_f32()));
    within(240, async {
        let profile = tempfile::tempdir().unwrap();
        let desktop = driver.open(Screen::Desktop, &profile).await;
        chat_on_a_desktop(&desktop, service.address()).await;
        edit_in_the_console(&desktop, service.address()).await;
        see_why_in_a_conversation(&desktop, service.address()).await;
        see_the_new_answer(&desktop, service.address()).await;
        see_what_an_edit_would_change(&desktop, service.address()).await;
        answer_for_good_what_went_unanswered(&desktop, service.address()).await;
        merge::meet_another_editor(&desktop, service.address(), "console-17-merge").await;
        keep_the_faq(&desktop, service.address(), Look { name: "console-18", language: "en" }).await;
        suggestions::let_questions_be_learned(&desktop, service.address()).await;
        assert_eq!(complaints(&desktop).await, [""; 0], "the pages complain of nothing");
        desktop.close().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let phone = driver.open(Screen::Phone, &profile).await;
        chat_on_a_phone(&phone, service.address()).await;
        assert_eq!(complaints(&phone).await, [""; 0], "the pages complain of nothing");
        phone.close().await.unwrap();
        announce(&format!("screenshots are in {}", screenshots().display()));
    });
}

async fn chat_on_a_desktop(page: &Client, address: &str) {
    page.goto(&format!("{address}/demo")).await.unwrap();
    shoot(page, "desktop-1-shop").await;
    let widget = Widget::open(page).await;
    shoot(page, "desktop-2-welcome").await;
    let greeted = widget.say("你好").await;
    assert!(greeted.contains("小满"), "{greeted}");
    let tapped = widget.tap("运费多少").await;
    assert!(tapped.contains("包邮"), "{tapped}");
    let picture = shoot(page, "desktop-3-chinese").await;
    update_readme_picture(&picture);
    rate_the_last_answer(&widget).await;
    suggestions::choose_by_keys(page, &widget).await;
    let english = widget.say("Do you ship abroad?").await;
    assert!(english.contains("Hong Kong"), "{english}");
    shoot(page, "desktop-4-english").await;
    let shown = widget.say("<b onclick=alert(1)>bold?</b>").await;
    assert!(!shown.is_empty());
    let said = widget.ask("return [...root.querySelectorAll('.said.customer .text')].pop().textContent").await;
    assert_eq!(said, "<b onclick=alert(1)>bold?</b>", "what a customer types stays text");

    let before = widget.ask("return root.querySelectorAll('.said .text').length").await;
    page.refresh().await.unwrap();
    let widget = Widget::open(page).await;
    widget.until("the history", &format!("return root.querySelectorAll('.said .text').length >= {before}")).await;
    let focused = widget.ask("return root.activeElement === root.querySelector('textarea')").await;
    assert_eq!(focused, true, "an opened panel is ready to type in");
    widget.find("textarea").await.send_keys(&char::from(Key::Escape).to_string()).await.unwrap();
    widget.until("Escape closes the panel", "return root.querySelector('.panel').hidden").await;
}

/// Thumbs up on the newest answer, and its state is shown and kept.
async fn rate_the_last_answer(widget: &Widget<'_>) {
    let thumbs = widget.root.find_all(Locator::Css("button[aria-pressed]")).await.unwrap();
    thumbs[thumbs.len() - 2].click().await.unwrap();
    widget
        .until(
            "the thumb is pressed",
            "return [...root.querySelectorAll('button[aria-pressed]')].at(-2).getAttribute('aria-pressed') === 'true'",
        )
        .await;
}

/// The README's picture changes only when somebody asks for it.
fn update_readme_picture(picture: &[u8]) {
    if std::env::var_os("FRONTDESK_UPDATE_SCREENSHOT").is_some_and(|value| value == "1") {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        std::fs::create_dir_all(&docs).unwrap();
        std::fs::write(docs.join("screenshot.png"), picture).unwrap();
    }
}

async fn edit_in_the_console(page: &Client, address: &str) {
    page.goto(&format!("{address}/console")).await.unwrap();
    shoot(page, "console-1-sign-in").await;
    fill(page, "input[name=email]", "owner@localhost").await;
    fill(page, "input[name=password]", OWNER_PASSWORD).await;
    page.find(Locator::Css("form[action='/console/sign-in'] button.primary")).await.unwrap().click().await.unwrap();
    page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("nav.rail")).await.unwrap();
    for (number, name) in ["conversations", "unanswered", "training", "models", "settings", "faq"].iter().enumerate() {
        page.goto(&format!("{address}/console/{name}")).await.unwrap();
        shoot(page, &format!("console-{}-{name}", number + 2)).await;
    }
    page.goto(&format!("{address}/console/faq/entry/{ENTRY}")).await.unwrap();
    fill(page, "#try-text", QUESTION).await;
    page.wait()
        .at_most(Duration::from_secs(15))
        .for_element(Locator::Css("[data-answer]:not([aria-busy]) *"))
        .await
        .unwrap();
    shoot(page, "console-8-preview").await;
    fill(page, "textarea[name=answer]", NEW_ANSWER).await;
    page.find(Locator::Css("button[data-save]")).await.unwrap().click().await.unwrap();
    page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("p.notice[role=status]")).await.unwrap();
    shoot(page, "console-9-saved").await;
    page.goto(&format!("{address}/console/faq/entry/{ENTRY}/history")).await.unwrap();
    assert!(page.source().await.unwrap().contains("owner@localhost"), "the history names the editor");
    shoot(page, "console-10-history").await;
}

/// The first conversation of the list, with the words that spoke for what the bot understood.
async fn see_why_in_a_conversation(page: &Client, address: &str) {
    page.goto(&format!("{address}/console/conversations")).await.unwrap();
    let first = page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("[data-rows] a")).await.unwrap();
    let link = first.attr("href").await.unwrap().expect("a row is a link");
    page.goto(&format!("{address}{link}")).await.unwrap();
    let asked = page.find(Locator::Css("blockquote.text")).await.unwrap().text().await.unwrap();
    let explained = page.find(Locator::Css("p.telling")).await.unwrap().text().await.unwrap();
    assert_eq!(explained, asked, "every word of the message is there, marked or not");
    let hit = "const hit = document.querySelector('details.hit'); hit.open = true; hit.scrollIntoView(); return hit.innerText";
    let told = page.execute(hit, Vec::new()).await.unwrap();
    assert!(told.as_str().unwrap().contains("Compared with"), "{told}");
    shoot(page, "console-11-conversation").await;
}

/// Puts a value into a field as somebody would who replaces what is there.
async fn fill(page: &Client, selector: &str, value: &str) {
    let field = page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css(selector)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(value).await.unwrap();
}

async fn see_the_new_answer(page: &Client, address: &str) {
    page.goto(&format!("{address}/demo")).await.unwrap();
    let widget = Widget::open(page).await;
    widget.until("the history", "return root.querySelectorAll('.said.customer').length > 0").await;
    let answered = widget.say(QUESTION).await;
    assert_eq!(answered.trim(), NEW_ANSWER);
    shoot(page, "desktop-5-edited-answer").await;
}

/// The report comes beside the form, which keeps what was typed.
async fn see_what_an_edit_would_change(page: &Client, address: &str) {
    page.goto(&format!("{address}/console/faq/entry/{ENTRY}")).await.unwrap();
    fill(page, "textarea[name=answer]", "不回收了。").await;
    page.find(Locator::Css("[data-check] button")).await.unwrap().click().await.unwrap();
    let report = Locator::Css("[data-report]:not([aria-busy]) .finding");
    page.wait().at_most(Duration::from_secs(30)).for_element(report).await.unwrap();
    let told = page.find(Locator::Css("[data-report]")).await.unwrap().text().await.unwrap();
    assert!(told.contains("goes on answering 1"), "the question that was just asked is among those tried: {told}");
    let typed = page.execute("return document.querySelector('textarea[name=answer]').value", Vec::new()).await.unwrap();
    assert_eq!(typed, "不回收了。");
    shoot(page, "console-12-before-saving").await;
    let off = "document.querySelector('input[name=enabled]').click(); document.querySelector('[data-check]').scrollIntoView()";
    page.execute(off, Vec::new()).await.unwrap();
    let lost = Locator::Css("[data-report]:not([aria-busy]) .tag.bad");
    page.wait().at_most(Duration::from_secs(30)).for_element(lost).await.unwrap();
    shoot(page, "console-13-would-lose").await;
    page.execute("document.querySelector('form[data-guard]').reset()", Vec::new()).await.unwrap();
}

/// A customer asks what nobody wrote; a person answers; the draft becomes an entry; the next customer is answered.
async fn answer_for_good_what_went_unanswered(page: &Client, address: &str) {
    page.goto(&format!("{address}/demo")).await.unwrap();
    let widget = Widget::open(page).await;
    widget.until("the history", "return root.querySelectorAll('.said.customer').length > 0").await;
    widget.say(UNKNOWN).await;
    page.goto(&format!("{address}/console/conversations")).await.unwrap();
    let first = page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("[data-rows] a")).await.unwrap();
    let link = first.attr("href").await.unwrap().expect("a row is a link");
    page.goto(&format!("{address}{link}")).await.unwrap();
    fill(page, ".say textarea", PERSONS_ANSWER).await;
    page.find(Locator::Css(".say button")).await.unwrap().click().await.unwrap();
    let said = Locator::Css(".from-person");
    page.wait().at_most(Duration::from_secs(15)).for_element(said).await.unwrap();

    page.goto(&format!("{address}/console/drafts")).await.unwrap();
    let card = format!("//li[contains(., '{PERSONS_ANSWER}')]//button[@data-accept]");
    page.wait().at_most(Duration::from_secs(30)).for_element(Locator::XPath(&card)).await.unwrap();
    shoot(page, "console-14-drafts").await;
    page.find(Locator::XPath(&card)).await.unwrap().click().await.unwrap();
    let publish =
        page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("[data-publish]")).await.unwrap();
    shoot(page, "console-15-draft-entry").await;
    publish.click().await.unwrap();
    let live = Locator::Css("input[name=enabled]:checked");
    page.wait().at_most(Duration::from_secs(15)).for_element(live).await.unwrap();
    shoot(page, "console-16-published").await;
    let asked = format!(
        "const done = arguments[0]; (async () => {{ const begun = await (await fetch('/v1/conversations', {{ method: 'POST', headers: {{ 'content-type': 'application/json' }}, body: '{{}}' }})).json(); \
         const reply = await (await fetch(`/v1/conversations/${{begun.conversation_id}}/messages`, {{ method: 'POST', headers: {{ 'content-type': 'application/json', authorization: `Bearer ${{begun.token}}` }}, body: JSON.stringify({{ text: '{UNKNOWN}', client_message_id: 'next-customer' }}) }})).json(); done(reply.messages[0].text); }})()"
    );
    let answered = page.execute_async(&asked, Vec::new()).await.unwrap();
    assert_eq!(answered, PERSONS_ANSWER, "the next customer gets it");
}

async fn chat_on_a_phone(page: &Client, address: &str) {
    page.goto(&format!("{address}/demo/en.html")).await.unwrap();
    let wide = page.execute("return document.documentElement.scrollWidth > innerWidth", Vec::new()).await.unwrap();
    assert_eq!(wide, false, "the shop page fits the phone");
    shoot(page, "phone-1-shop").await;
    let widget = Widget::open(page).await;
    suggestions::choose_by_tap(page, &widget).await;
    let answered = widget.say("how do I return something").await;
    assert!(!answered.is_empty());
    let chinese = widget.say("可以寄到国外吗？").await;
    assert!(chinese.contains("港澳台"), "{chinese}");
    let covers = widget.ask("const box = root.querySelector('.panel').getBoundingClientRect(); return box.width >= innerWidth && box.left <= 0 && box.right <= innerWidth + 1").await;
    assert_eq!(covers, true, "the panel takes the phone's whole width and no more");
    shoot(page, "phone-2-chat").await;
    let person = widget.say("I want to talk to a person").await;
    assert!(!person.is_empty());
    shoot(page, "phone-3-person").await;
    page.goto(&format!("{address}/console/sign-in")).await.unwrap();
    shoot(page, "phone-4-console").await;
    fill(page, "input[name=email]", "owner@localhost").await;
    fill(page, "input[name=password]", OWNER_PASSWORD).await;
    page.find(Locator::Css("form[action='/console/sign-in'] button.primary")).await.unwrap().click().await.unwrap();
    page.wait().at_most(Duration::from_secs(15)).for_element(Locator::Css("nav.rail")).await.unwrap();
    page.goto(&format!("{address}/console/drafts")).await.unwrap();
    shoot(page, "phone-5-drafts").await;
    page.goto(&format!("{address}/console/faq/entry/{ENTRY}")).await.unwrap();
    page.find(Locator::Css("[data-check] button")).await.unwrap().click().await.unwrap();
    let report = Locator::Css("[data-report]:not([aria-busy]) .finding");
    page.wait().at_most(Duration::from_secs(30)).for_element(report).await.unwrap();
    page.execute("document.querySelector('[data-check]').scrollIntoView()", Vec::new()).await.unwrap();
    shoot(page, "phone-6-before-saving").await;
    let wide = page.execute("return document.documentElement.scrollWidth > innerWidth", Vec::new()).await.unwrap();
    assert_eq!(wide, false, "the editor fits the phone");
    merge::meet_another_editor(page, address, "phone-7-merge").await;
    keep_the_faq(page, address, Look { name: "phone-8", language: "zh" }).await;
}
