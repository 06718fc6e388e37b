//! The chat widget as somebody uses it: inside its shadow root, with real clicks and keys.

use std::time::Duration;

use fantoccini::elements::{Element, ShadowRoot};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;

/// The widget on the page that is open.
pub(super) struct Widget<'a> {
    page: &'a Client,
    pub(super) root: ShadowRoot,
}

impl<'a> Widget<'a> {
    /// Waits for the bubble, opens the panel and waits for the greeting, so that it is never taken for a reply.
    pub(super) async fn open(page: &'a Client) -> Self {
        let host =
            page.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css("frontdesk-chat")).await.unwrap();
        let widget = Self { page, root: host.shadow_root().await.unwrap() };
        widget.find(".bubble").await.click().await.unwrap();
        widget.until("the panel is open", "return !root.querySelector('.panel').hidden").await;
        widget.until("the greeting", "return root.querySelector('.said:not(.customer) .text') !== null").await;
        widget
    }

    pub(super) async fn find(&self, selector: &str) -> Element {
        self.root.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Runs a script with `root` as the widget's shadow root.
    pub(super) async fn ask(&self, script: &str) -> Value {
        let script = format!("const root = document.querySelector('frontdesk-chat').shadowRoot; {script}");
        self.page.execute(&script, Vec::new()).await.unwrap()
    }

    /// Waits until a script says true.
    pub(super) async fn until(&self, what: &str, script: &str) {
        for _ in 0..200 {
            if self.ask(script).await == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let shown = self.ask("return root.querySelector('.panel').innerText").await;
        panic!("{what} did not happen; the widget shows:\n{shown}");
    }

    /// What the bot and people said so far.
    pub(super) async fn replies(&self) -> Vec<String> {
        let texts = self
            .ask("return [...root.querySelectorAll('.said:not(.customer) .text')].map((text) => text.innerText)")
            .await;
        texts.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Waits for one more reply than `before` and returns the newest.
    pub(super) async fn reply_after(&self, before: usize) -> String {
        let script = format!(
            "return root.querySelectorAll('.said:not(.customer) .text').length > {before} && !root.querySelector('.typing')"
        );
        self.until("a reply", &script).await;
        self.replies().await.pop().unwrap()
    }

    /// Types a message on the keyboard and returns the reply.
    pub(super) async fn say(&self, text: &str) -> String {
        let before = self.replies().await.len();
        let input = self.find("textarea").await;
        input.send_keys(text).await.unwrap();
        input.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
        self.reply_after(before).await
    }

    /// Taps the quick reply with this title and returns the reply.
    pub(super) async fn tap(&self, title: &str) -> String {
        let before = self.replies().await.len();
        for _ in 0..50 {
            match self.tap_now(title).await {
                Ok(true) => return self.reply_after(before).await,
                // The widget may draw its quick replies anew between the finding of one and the click on it.
                Ok(false) => {}
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("quick reply {title:?}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no quick reply {title:?} is offered");
    }

    /// Taps the quick reply if it is offered as the page is now.
    async fn tap_now(&self, title: &str) -> Result<bool, CmdError> {
        for chip in self.root.find_all(Locator::Css(".chips .chip")).await? {
            if chip.text().await? == title {
                chip.click().await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
