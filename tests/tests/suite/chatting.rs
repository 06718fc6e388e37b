//! A customer chats: by POST and over the live line, in both languages, once however often it is sent.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Home, Service, within};

#[test]
fn a_customer_is_answered_in_the_language_of_the_message() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        for (language, greeting, question, answer, faq_id) in [
            ("zh", "你好", "有礼品包装吗？", "8 元", "gift-wrap-zh"),
            ("en", "hello", "Do you offer gift wrapping?", "8 yuan", "gift-wrap-en"),
        ] {
            let customer = service.customer(language).await;
            let greeted = customer.say(greeting).await;
            assert_eq!(greeted["decision"]["action"], "smalltalk", "{greeted}");
            assert_eq!(greeted["language"], language, "{greeted}");
            let answered = customer.say(question).await;
            assert_eq!(answered["decision"]["action"], "faq", "{answered}");
            assert_eq!(answered["decision"]["faq_id"], faq_id, "{answered}");
            assert_eq!(answered["sources"][0]["faq_id"], faq_id, "{answered}");
            assert!(answered["text"].as_str().unwrap().contains(answer), "{answered}");
            let probability = answered["decision"]["probability"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&probability), "{answered}");
        }
    });
}

#[test]
fn a_form_asks_for_what_is_missing_and_remembers_it() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        let asked = customer.say("where is my parcel").await;
        assert_eq!(asked["decision"]["action"], "form", "{asked}");
        let wrong = customer.say("12").await;
        assert_eq!(wrong["decision"]["action"], "form", "{wrong}");
        let answered = customer.say("AB12345678").await;
        assert_eq!(answered["decision"]["action"], "template", "{answered}");
        assert!(answered["text"].as_str().unwrap().contains("AB12345678"), "{answered}");
        let offered = customer.say("how do I return something").await;
        assert_eq!(offered["quick_replies"][1]["text"], "I want to talk to a person", "{offered}");
    });
}

#[test]
fn the_same_client_message_id_is_answered_once_however_often_it_is_sent() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        let sendings = (0..16).map(|_| customer.attempt("How much is shipping?", "the-same-id"));
        let answers = join_all(sendings).await;
        let replies: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().json(200)["messages"].clone()).collect();
        assert!(replies.iter().all(|reply| reply[0]["id"] == replies[0][0]["id"]), "{replies:?}");
        let other_words = customer.attempt("something else entirely", "the-same-id").await.unwrap().json(200);
        assert_eq!(other_words["messages"][0]["id"], replies[0][0]["id"], "the first text counts");
        let history = customer.history().await;
        assert_eq!(history.len(), 2, "{history:?}");
    });
}

#[test]
fn the_same_message_id_in_two_conversations_is_two_messages() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (one, other) = (service.customer("en").await, service.customer("en").await);
        let first = one.attempt("hello", "shared").await.unwrap().json(200);
        let second = other.attempt("hello", "shared").await.unwrap().json(200);
        assert_ne!(first["messages"][0]["id"], second["messages"][0]["id"]);
    });
}

#[test]
fn history_is_in_order_and_can_be_read_from_any_message_on() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        for text in ["hello", "How much is shipping?", "thanks"] {
            customer.say(text).await;
        }
        let history = customer.history().await;
        let said: Vec<_> =
            history.iter().filter(|message| message["role"] == "customer").map(|message| &message["text"]).collect();
        assert_eq!(said, ["hello", "How much is shipping?", "thanks"]);
        let times: Vec<_> = history.iter().map(|message| message["created_at"].as_i64().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        let path =
            format!("/v1/conversations/{}/messages?after={}&limit=2", customer.id, history[1]["id"].as_str().unwrap());
        let later = customer.caller.get(&path).await.json(200);
        assert_eq!(later["messages"].as_array().unwrap().as_slice(), &history[2..4]);
        let staff = service.staff("viewer").get(&format!("/v1/staff/conversations/{}", customer.id)).await.json(200);
        let trace = &staff[3]["trace"];
        assert!(trace["rule"].is_string() && trace["model_version"].is_string(), "{trace}");
        assert!(trace["index_revision"].as_u64().unwrap() > 0, "{trace}");
    });
}

#[test]
fn personal_data_never_reaches_the_disk() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("zh").await;
        customer.say("我的手机号是13812345678，邮箱是li.lei@example.com").await;
        let kept = customer.history().await[0]["text"].as_str().unwrap().to_owned();
        assert!(kept.contains("[mobile]") && kept.contains("[email]"), "{kept}");
        assert!(service.terminate().success());
    });
    for file in ["frontdesk.db", "frontdesk.db-wal"] {
        let bytes = std::fs::read(home.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(11).any(|window| window == b"13812345678"), "{file} holds a mobile number");
    }
}

#[test]
fn feedback_is_kept_with_the_answer_and_can_be_changed() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        let answer = customer.say("How much is shipping?").await;
        assert_eq!(customer.rate(&answer, "up").await.status, 204);
        assert_eq!(customer.history().await[1]["feedback"], "up");
        assert_eq!(customer.rate(&answer, "down").await.status, 204);
        assert_eq!(customer.history().await[1]["feedback"], "down");
        customer.rate(&answer, "sideways").await.check_problem(422, "invalid");
        let stranger = service.customer("en").await;
        stranger.rate(&answer, "up").await.check_problem(401, "unauthenticated");
        let unanswered = service.staff("viewer").get("/v1/unanswered").await.json(200);
        assert!(unanswered["questions"].to_string().contains("shipping"), "{unanswered}");
    });
}

#[test]
fn the_live_line_carries_the_same_messages_to_everyone_who_listens() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        customer.say("hello").await;
        let (mut one, mut other) = (customer.line().await, customer.line().await);
        for line in [&mut one, &mut other] {
            line.next_where(|frame| frame["message"]["role"] == "bot").await;
            assert_eq!(line.next().await.unwrap()["status"], "bot");
        }
        let message = json!({ "type": "message", "text": "How much is shipping?", "client_message_id": "live-1" });
        one.send(&message).await;
        for line in [&mut one, &mut other] {
            let said = line.next_where(|frame| frame["type"] == "message").await;
            assert_eq!(said["message"]["client_message_id"], "live-1", "{said}");
            let answered = line.next_where(|frame| frame["type"] == "message").await;
            assert!(answered["message"]["text"].as_str().unwrap().contains("59 yuan"), "{answered}");
        }
        one.send(&message).await;
        let again = one.next_where(|frame| frame["message"]["role"] == "bot").await;
        assert_eq!(again["message"]["sources"][0]["faq_id"], "shipping-fee-en", "the stored reply comes again");
        assert_eq!(customer.history().await.len(), 4);
    });
}

#[test]
fn a_line_opened_later_hears_what_it_missed() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        customer.say("hello").await;
        customer.say("thanks").await;
        let mut line = customer.line().await;
        let mut heard = Vec::new();
        loop {
            let frame = line.next().await.unwrap();
            if frame["type"] == "status" {
                break;
            }
            heard.push(frame["message"].clone());
        }
        let part = |messages: &[Value]| -> Vec<Value> {
            messages.iter().map(|message| json!([message["id"], message["role"], message["text"]])).collect()
        };
        assert_eq!(part(&heard), part(&customer.history().await));
    });
}

#[test]
fn a_frame_that_cannot_be_taken_is_answered_and_the_line_stays_open() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let mut line = service.customer("en").await.line().await;
        for (frame, code) in [
            ("not json".to_owned(), "unreadable"),
            (json!({ "type": "shout" }).to_string(), "unreadable"),
            (json!({ "type": "message", "text": "  ", "client_message_id": "x" }).to_string(), "invalid"),
            (
                json!({ "type": "message", "text": "长".repeat(5_000), "client_message_id": "y" }).to_string(),
                "message_too_long",
            ),
        ] {
            line.send_text(&frame).await;
            let refusal = line.next_where(|frame| frame["type"] == "error").await;
            assert_eq!(refusal["problem"]["code"], code, "{refusal}");
        }
        line.send(&json!({ "type": "ping" })).await;
        line.next_where(|frame| frame["type"] == "pong").await;
    });
}

#[test]
fn tools_made_for_rasa_are_understood() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let channel = service.staff("agent");
        let message = json!({ "sender": "customer-7", "message": "how do I return something" });
        let replies = channel.post("/webhooks/rest/webhook", &message).await.json(200);
        assert_eq!(replies[0]["recipient_id"], "customer-7", "{replies}");
        assert!(replies[0]["buttons"].as_array().is_some_and(|buttons| buttons.len() == 2), "{replies}");
        let parsed = channel.post("/model/parse", &json!({ "text": "where is my parcel" })).await.json(200);
        assert_eq!(parsed["intent"]["name"], "order_status", "{parsed}");
        let without = service.public.request(Method::POST, "/webhooks/rest/webhook").json(&message);
        service.public.send(without).await.check_problem(401, "unauthenticated");
    });
}
