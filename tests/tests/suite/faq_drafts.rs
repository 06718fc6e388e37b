//! From questions to entries: what went unanswered comes back as drafts, with the answer that a person gave.

use serde_json::{Value, json};

use crate::harness::{Caller, Home, Service, within};

const WORDINGS: [&str; 3] =
    ["Can you sharpen my kitchen knives?", "do you sharpen kitchen knives", "I would like my knives sharpened"];
const REPLY: &str = "Yes, bring your knives on a Friday; sharpening costs 5 yuan each.";

/// Three customers ask the same in their own words; one of them is answered by a person.
async fn ask_of_everybody(service: &Service) {
    let agent = service.staff("agent");
    for wording in WORDINGS {
        let customer = service.customer("en").await;
        let answered = customer.say(wording).await;
        assert!(["rephrase", "clarify"].contains(&answered["decision"]["action"].as_str().unwrap()), "{answered}");
        if wording == WORDINGS[1] {
            let path = format!("/v1/staff/conversations/{}/messages", customer.id);
            agent.post(&path, &json!({ "text": REPLY })).await.json(201);
            customer.say("thank you very much").await;
        }
    }
}

async fn drafts(caller: &Caller) -> Vec<Value> {
    caller.get("/v1/faq/drafts").await.json(200)["drafts"].as_array().unwrap().clone()
}

#[test]
fn what_a_person_answered_becomes_an_entry_and_the_next_customer_gets_it() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        assert!(drafts(&editor).await.is_empty());
        ask_of_everybody(&service).await;
        let found = drafts(&service.staff("viewer")).await;
        let draft = &found[0];
        assert_eq!((found.len(), &draft["answer"]), (1, &json!(REPLY)), "{found:?}");
        assert_eq!(
            (&draft["asked"], &draft["customers"], &draft["served"]),
            (&json!(3), &json!(3), &json!(3)),
            "{draft}"
        );
        let path = |step: &str| format!("/v1/faq/drafts/{}/{step}", draft["id"].as_str().unwrap());
        service.staff("agent").post(&path("accept"), &json!({})).await.check_problem(403, "forbidden");
        let entry = editor.post(&path("accept"), &json!({})).await.json(201);
        assert_eq!((&entry["enabled"], &entry["answer"]), (&json!(false), &json!(REPLY)), "{entry}");
        assert!(drafts(&editor).await.is_empty(), "what waits to be read is not offered twice");
        editor.post(&path("accept"), &json!({})).await.check_problem(404, "not_found");

        let customer = service.customer("en").await;
        assert_ne!(customer.say(WORDINGS[0]).await["text"], REPLY, "nothing is live before somebody has read it");
        assert!(drafts(&editor).await.is_empty());
        let place = format!("/v1/faq/{}", entry["id"].as_str().unwrap());
        let live =
            json!({ "question": entry["question"], "similar": entry["similar"], "answer": REPLY, "language": "en" });
        editor.put(&place, &live).await.json(200);
        assert_eq!(customer.say("can you sharpen kitchen knives").await["text"], REPLY);
        let unanswered = editor.get("/v1/unanswered").await.json(200);
        let asked: Vec<_> =
            unanswered["questions"].as_array().unwrap().iter().map(|one| one["question"].clone()).collect();
        assert!(!asked.iter().any(|question| WORDINGS.iter().any(|wording| question == wording)), "{asked:?}");
        assert!(drafts(&editor).await.is_empty());
    });
}

#[test]
fn a_dismissed_draft_stays_away_and_can_be_brought_back() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        service.customer("en").await.say(WORDINGS[0]).await;
        let found = drafts(&editor).await;
        assert_eq!((found.len(), &found[0]["answer"]), (1, &Value::Null), "{found:?}");
        let path = |step: &str| format!("/v1/faq/drafts/{}/{step}", found[0]["id"].as_str().unwrap());
        editor.post(&path("accept"), &json!({})).await.check_problem(422, "invalid");
        assert_eq!(editor.post(&path("dismiss"), &json!({})).await.status, 204);
        assert!(drafts(&editor).await.is_empty());
        service.customer("en").await.say(WORDINGS[1]).await;
        assert!(drafts(&editor).await.is_empty(), "another wording of what was dismissed stays away too");
        assert_eq!(editor.post(&path("restore"), &json!({})).await.status, 204);
        editor.post(&path("restore"), &json!({})).await.check_problem(404, "not_found");
        assert_eq!(drafts(&editor).await[0]["customers"], 2);
        editor.post("/v1/faq/drafts/nothing/dismiss", &json!({})).await.check_problem(404, "not_found");
        let answer = json!({ "answer": REPLY, "enabled": true });
        editor.post(&path("accept"), &answer).await.json(201);
        assert_eq!(service.customer("en").await.say(WORDINGS[1]).await["text"], REPLY);
    });
}
