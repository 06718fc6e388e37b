//! Many edits beside many messages: nothing is lost, nothing is mixed, nothing old is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Caller, Customer, Home, Service, announce, within};

const EDITS_EACH: u64 = 125;
const MESSAGES_EACH: u64 = 125;

/// One entry that is edited while customers ask for it.
#[derive(Debug)]
struct Topic {
    id: &'static str,
    question: &'static str,
    /// The newest edit that was sent, and the newest that was acknowledged.
    sent: AtomicU64,
    acknowledged: AtomicU64,
}

fn topics() -> Vec<Arc<Topic>> {
    let questions = [
        ("shipping-fee-en", "How much is shipping?"),
        ("gift-wrap-en", "Do you offer gift wrapping?"),
        ("warranty-en", "How long is the warranty?"),
        ("vegan-en", "Are the biscuits vegan?"),
        ("parking-zh", "哪里可以停车？"),
        ("student-zh", "有学生优惠吗？"),
        ("invoice-zh", "可以开发票吗？"),
        ("bicycle-zh", "你们修自行车吗？"),
    ];
    let topic = |(id, question)| Topic { id, question, sent: AtomicU64::new(0), acknowledged: AtomicU64::new(0) };
    questions.into_iter().map(topic).map(Arc::new).collect()
}

async fn edit(topic: Arc<Topic>, editor: Caller) {
    for number in 1..=EDITS_EACH {
        topic.sent.store(number, Ordering::SeqCst);
        let body = json!({ "question": topic.question, "answer": format!("{} edit {number}.", topic.id) });
        let saved = editor.put(&format!("/v1/faq/{}", topic.id), &body).await.json(200);
        assert_eq!(saved["version"], number + 1, "one edit makes one version");
        topic.acknowledged.store(number, Ordering::SeqCst);
    }
}

async fn ask(topic: Arc<Topic>, customer: Customer) {
    for _ in 0..MESSAGES_EACH {
        let at_least = topic.acknowledged.load(Ordering::SeqCst);
        let answered = customer.say(topic.question).await;
        let at_most = topic.sent.load(Ordering::SeqCst);
        let heard = edit_in(&topic, &answered);
        assert!(
            (at_least..=at_most).contains(&heard),
            "heard edit {heard}, expected {at_least} to {at_most}: {answered}"
        );
    }
}

/// Which edit of this topic, and of no other, an answer is; 0 is the entry as it was at first.
fn edit_in(topic: &Topic, answered: &Value) -> u64 {
    assert_eq!(answered["decision"]["faq_id"], topic.id, "{answered}");
    let text = answered["text"].as_str().unwrap();
    let Some((id, number)) = text.trim_end_matches('.').split_once(" edit ") else { return 0 };
    assert_eq!(id, topic.id, "{answered}");
    number.parse().unwrap()
}

#[test]
fn a_thousand_edits_beside_a_thousand_messages_lose_and_mix_nothing() {
    let home = Home::trained();
    within(150, async {
        let service = Service::start(home.path());
        let (editor, topics) = (service.staff("editor"), topics());
        let started = Instant::now();
        let mut work = Vec::new();
        let mut customers = Vec::new();
        for topic in &topics {
            let customer = service.customer("en").await;
            customers.push(customer.clone());
            work.push(tokio::spawn(edit(Arc::clone(topic), editor.clone())));
            work.push(tokio::spawn(ask(Arc::clone(topic), customer)));
        }
        for part in work {
            part.await.unwrap();
        }
        let seconds = started.elapsed().as_secs_f32();
        announce(&format!("1,000 edits beside 1,000 messages took {seconds:.1} s"));
        for (topic, customer) in topics.iter().zip(&customers) {
            check_what_is_kept(topic, customer, &editor).await;
        }
        let ready = service.public.get("/readyz").await.json(200);
        assert_eq!(ready["index_revision"], ready["faq_revision"], "{ready}");
    });
}

/// Every message of the conversation and every version of the entry is there, once, in order.
async fn check_what_is_kept(topic: &Topic, customer: &Customer, editor: &Caller) {
    let history = customer.history().await;
    assert_eq!(history.len() as u64, 2 * MESSAGES_EACH);
    for pair in history.chunks(2) {
        assert_eq!((&pair[0]["role"], &pair[0]["text"]), (&json!("customer"), &json!(topic.question)));
        assert_eq!(pair[1]["role"], "bot");
    }
    let heard: Vec<u64> = history.iter().skip(1).step_by(2).map(|message| edit_in(topic, message)).collect();
    assert!(heard.is_sorted(), "an older answer came after a newer one: {heard:?}");
    let versions = editor.get(&format!("/v1/faq/{}/history", topic.id)).await.json(200);
    let versions: Vec<_> =
        versions.as_array().unwrap().iter().map(|version| version["version"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=EDITS_EACH + 1).rev().collect();
    assert_eq!(versions, expected);
}
