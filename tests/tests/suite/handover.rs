//! A person takes a conversation over and gives it back; the bot is silent between.

use serde_json::json;

use crate::harness::{Home, Service, within};

#[test]
fn a_person_takes_over_and_the_bot_is_silent_until_it_gets_the_conversation_back() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (customer, agent) = (service.customer("en").await, service.staff("agent"));
        let called = customer.say("I want to talk to a person").await;
        assert_eq!(called["decision"]["action"], "handoff", "{called}");
        let waiting = agent.get("/v1/staff/conversations?status=waiting").await.json(200);
        assert_eq!(waiting[0]["id"], customer.id.as_str(), "{waiting}");

        let mut line = customer.line().await;
        let place = |step: &str| format!("/v1/staff/conversations/{}/{step}", customer.id);
        agent.post(&place("take"), &json!({})).await.json(200);
        line.next_where(|frame| frame["type"] == "status" && frame["status"] == "person").await;
        let silent = customer.say("How much is shipping?").await;
        assert_eq!(silent["decision"]["action"], "silent", "{silent}");
        assert_eq!(silent["text"], "");
        agent.post(&place("messages"), &json!({ "text": "Hello, I am Mei. It is free for you." })).await.json(201);
        let heard = line.next_where(|frame| frame["message"]["role"] == "person").await;
        assert!(heard["message"]["text"].as_str().unwrap().contains("Mei"), "{heard}");

        agent.post(&place("return"), &json!({})).await.json(200);
        line.next_where(|frame| frame["type"] == "status" && frame["status"] == "bot").await;
        let answered = customer.say("How much is shipping?").await;
        assert_eq!(answered["decision"]["action"], "faq", "{answered}");
        let roles: Vec<_> =
            customer.history().await.iter().map(|message| message["role"].as_str().unwrap().to_owned()).collect();
        assert_eq!(roles, ["customer", "bot", "customer", "person", "customer", "bot"]);
    });
}

#[test]
fn a_persons_first_words_take_the_conversation_over() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (customer, agent) = (service.customer("zh").await, service.staff("agent"));
        customer.say("你好").await;
        let path = format!("/v1/staff/conversations/{}/messages", customer.id);
        agent.post(&path, &json!({ "text": "您好，我是小美。" })).await.json(201);
        let silent = customer.say("运费多少钱？").await;
        assert_eq!(silent["decision"]["action"], "silent", "{silent}");
        service.staff("viewer").post(&path, &json!({ "text": "me too" })).await.check_problem(403, "forbidden");
    });
}

#[test]
fn a_label_is_taken_for_the_next_training() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (customer, agent) = (service.customer("en").await, service.staff("agent"));
        customer.say("any news about the thing I bought").await;
        let message = customer.history().await[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/messages/{message}/label");
        assert_eq!(agent.put(&path, &json!({ "intent": "order_status" })).await.status, 204);
        assert_eq!(agent.put(&path, &json!({ "intent": null })).await.status, 204);
        agent.put("/v1/messages/nothing/label", &json!({ "intent": null })).await.check_problem(404, "not_found");
    });
}
