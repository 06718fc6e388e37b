//! Questions offered before they are asked: while a customer types, under an answer, in an empty chat.

use serde_json::{Value, json};

use crate::harness::{Customer, Home, Service, within};

/// What is offered for what stands in the field: texts, each with the entry that answers it.
async fn offered(customer: &Customer, typed: &str) -> Vec<(String, String)> {
    let path = format!("/v1/conversations/{}/suggestions", customer.id);
    let request = customer.caller.request(reqwest::Method::GET, &path).query(&[("q", typed)]);
    let reply = customer.caller.send(request).await.json(200);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    reply["suggestions"].as_array().unwrap().iter().map(|one| (word(&one["text"]), word(&one["faq_id"]))).collect()
}

#[test]
fn what_is_typed_is_offered_as_questions_that_are_answered_when_sent() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        for (language, typed, text, faq_id) in [
            ("zh", "停", "哪里可以停车？", "parking-zh"),
            ("zh", "怎么开", "怎么开票", "invoice-zh"),
            ("en", "is there a ca", "is there a car park", "parking-en"),
            ("en", "bicy", "bicycle repair service", "bicycle-en"),
        ] {
            let customer = service.customer(language).await;
            let found = offered(&customer, typed).await;
            assert_eq!(found.first(), Some(&(text.to_owned(), faq_id.to_owned())), "{typed}: {found:?}");
            let answered = customer.say(&found[0].0).await;
            assert_eq!(answered["decision"]["faq_id"], faq_id, "{answered}");
        }
        let customer = service.customer("en").await;
        assert_eq!(offered(&customer, "").await, []);
        assert_eq!(offered(&customer, "🙂 \u{0}").await, []);
        assert_eq!(offered(&customer, &"zzz ".repeat(2_000)).await, []);
    });
}

#[test]
fn an_edit_is_in_the_next_suggestion_and_a_switched_off_entry_in_none() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let mut entry = json!({ "question": "Is there a bicycle lane?", "answer": "Yes.", "language": "en" });
        editor.put("/v1/faq/parking-en", &entry).await.json(200);
        assert_eq!(offered(&customer, "is there a bic").await[0].0, "Is there a bicycle lane?");
        entry["enabled"] = false.into();
        editor.put("/v1/faq/parking-en", &entry).await.json(200);
        let after = offered(&customer, "is there a bic").await;
        assert!(after.iter().all(|(_, id)| id != "parking-en"), "{after:?}");
    });
}

#[test]
fn suggestions_are_for_the_holder_of_the_conversation_and_not_too_often() {
    let home = Home::trained();
    within(90, async {
        let settings =
            [("FRONTDESK_LIMITS__EXEMPT_LOOPBACK", "false"), ("FRONTDESK_LIMITS__SUGGESTIONS_PER_MINUTE", "3")];
        let service = Service::start_with(home.path(), &settings);
        let (customer, other) = (service.customer("en").await, service.customer("en").await);
        let path = format!("/v1/conversations/{}/suggestions?q=park", customer.id);
        service.public.get(&path).await.check_problem(401, "unauthenticated");
        other.caller.get(&path).await.check_problem(401, "unauthenticated");
        for _ in 0..3 {
            customer.caller.get(&path).await.json(200);
        }
        customer.caller.get(&path).await.check_problem(429, "too_many_requests");
        assert!(!offered(&other, "park").await.is_empty(), "others are not held up");
    });
}

#[test]
fn a_person_who_has_the_conversation_is_not_talked_over() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("en").await;
        assert!(!offered(&customer, "park").await.is_empty());
        let take = format!("/v1/staff/conversations/{}/take", customer.id);
        service.staff("agent").post(&take, &json!({})).await;
        assert_eq!(offered(&customer, "park").await, []);
    });
}

#[test]
fn under_an_answer_stand_questions_near_it_that_were_not_answered_before() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let customer = service.customer("zh").await;
        let mut asked = vec!["可以开发票吗？".to_owned()];
        let mut seen = Vec::new();
        for _ in 0..4 {
            let question = asked.pop().expect("a question to go on with");
            let answered = customer.say(&question).await;
            assert_eq!(answered["decision"]["action"], "faq", "{answered}");
            seen.push(answered["decision"]["faq_id"].as_str().unwrap().to_owned());
            let offered = answered["quick_replies"].as_array().unwrap();
            assert!((1..=3).contains(&offered.len()), "{answered}");
            for one in offered {
                let text = one["text"].as_str().unwrap();
                assert!(!text.is_ascii(), "{text:?} is not in the language of the answer");
                let own: Vec<_> = service.staff("viewer").get("/v1/faq?limit=50").await.json(200)["entries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|entry| entry["question"] == text)
                    .map(|entry| entry["id"].as_str().unwrap().to_owned())
                    .collect();
                assert!(own.iter().all(|id| !seen.contains(id)), "{text} was answered already: {seen:?}");
                asked.push(text.to_owned());
            }
        }
        let english = service.customer("en").await.say("Is there parking near the shop?").await;
        let texts = english["quick_replies"].as_array().unwrap();
        assert!(texts.iter().all(|one| one["text"].as_str().unwrap().is_ascii()), "{english}");
    });
}
