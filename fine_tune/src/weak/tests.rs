//! Which replies are recognised as made from a template, and which messages take a label from them.

use super::*;
use crate::logs;
use crate::source::Source;

const TEMPLATES: &str = r#"templates:
  - intent: order_status
    replies:
      zh: "订单 {order_number} 正在路上，一般 2 到 4 天送到。"
      en: "Order {order_number} is on its way; it usually takes 2 to 4 days."
  - intent: refund
    replies:
      zh: "退款会在 3 个工作日内原路退回。"
      en: "Refunds go back to your card within 3 working days."
  - intent: _rephrase
    replies: {zh: "对不起，我没有听懂，可以换个说法吗？", en: "Sorry, I did not get that, could you say it again?"}
"#;

fn matcher() -> Matcher {
    Matcher::new(&Templates::parse(TEMPLATES).unwrap())
}

fn found(reply: &str) -> Option<String> {
    matcher().find(reply, DEFAULT_THRESHOLD).map(|found| found.intent)
}

#[test]
fn a_template_with_its_slots_filled_is_recognised() {
    assert_eq!(found("订单 AB12345678 正在路上，一般 2 到 4 天送到。").as_deref(), Some("order_status"));
    assert_eq!(
        found("Order no. AB 1234 5678 is on its way; it usually takes 2 to 4 days.").as_deref(),
        Some("order_status")
    );
}

#[test]
fn a_greeting_round_a_template_is_no_hindrance() {
    assert_eq!(found("亲，退款会在3个工作日内原路退回哦~").as_deref(), Some("refund"));
    assert_eq!(found("Hi Tom! Refunds go back to your card within 3 working days. :)").as_deref(), Some("refund"));
}

#[test]
fn other_replies_and_the_bots_own_sentences_label_nothing() {
    assert_eq!(found("请稍等，我帮您看一下。"), None);
    assert_eq!(found("Order it again in 2 to 4 days."), None);
    assert_eq!(found("对不起，我没有听懂，可以换个说法吗？"), None);
    assert_eq!(found(""), None);
}

fn labelled(turns: &[(&str, &str)]) -> Vec<(String, String)> {
    let lines: Vec<String> = turns
        .iter()
        .map(|(role, text)| serde_json::json!({"conversation_id": "c", "role": role, "text": text}).to_string())
        .collect();
    let (conversations, problems) = logs::read(&Source::new("logs/a.jsonl".to_owned(), &lines.join("\n")));
    assert_eq!(problems, []);
    let labels = labels(&conversations[0], &matcher(), DEFAULT_THRESHOLD);
    labels.into_iter().map(|(turn, found)| (turn.text.clone(), found.intent)).collect()
}

const REFUND: (&str, &str) = ("agent", "退款会在 3 个工作日内原路退回。");

#[test]
fn the_message_before_a_template_takes_its_intent() {
    let labels = labelled(&[("agent", "您好，请问有什么可以帮您？"), ("customer", "钱啥时候退我"), REFUND]);
    assert_eq!(labels, [("钱啥时候退我".to_owned(), "refund".to_owned())]);
}

#[test]
fn numbers_answers_and_the_bots_replies_give_no_label() {
    assert_eq!(labelled(&[("customer", "AB12345678"), REFUND]), []);
    assert_eq!(labelled(&[("customer", "钱啥时候退我"), ("bot", REFUND.1)]), []);
    let answer = [("customer", "退款"), ("agent", "是哪一件呢？"), ("customer", "蓝色的那件"), REFUND];
    assert_eq!(labelled(&answer), []);
}
