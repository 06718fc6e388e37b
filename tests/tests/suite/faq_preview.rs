//! What an edit of the FAQ would change, said before it is saved.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN};
use serde_json::{Value, json};

use crate::harness::{Home, Service, within};

const ASKED: &str = "Do you sell umbrellas?";

fn questions(changes: &Value) -> Vec<&str> {
    changes.as_array().unwrap().iter().map(|change| change["question"].as_str().unwrap()).collect()
}

#[test]
fn an_entry_is_tried_on_what_customers_asked_and_nothing_is_saved() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        customer.say(ASKED).await;
        customer.say("do you sell umbrellas").await;
        customer.say("Is there parking near the shop?").await;
        let before = editor.get("/v1/faq").await.json(200);

        let draft = json!({ "question": ASKED, "answer": "Yes, red ones.", "language": "en" });
        let told = editor.post("/v1/faq/preview", &draft).await.json(200);
        assert_eq!((&told["answers_today"], &told["near"]), (&json!(true), &json!([])), "{told}");
        assert_eq!(questions(&told["questions"]["gains"]), ["do you sell umbrellas"], "{told}");
        let gain = &told["questions"]["gains"][0];
        assert_eq!((&gain["times"], &gain["after"]["entry"]), (&json!(2), &json!(ASKED)), "{gain}");
        assert_eq!((&told["questions"]["tried"], &told["questions"]["found"]), (&json!(2), &json!(2)), "{told}");
        assert_eq!((&told["golden"]["replayed"], &told["golden"]["breaks"]), (&json!(3), &json!([])), "{told}");

        assert_eq!(editor.get("/v1/faq").await.json(200), before, "a preview saves nothing");
        assert_ne!(customer.say(ASKED).await["text"], "Yes, red ones.");
        service.staff("viewer").post("/v1/faq/preview", &draft).await.check_problem(403, "forbidden");
        editor.post("/v1/faq/preview", &json!({ "question": " ", "answer": "" })).await.check_problem(422, "invalid");
    });
}

#[test]
fn a_contradiction_a_lost_question_and_a_broken_golden_conversation_are_named() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        customer.say("How much is shipping?").await;
        let again = json!({ "question": "How much is shipping?", "answer": "It costs 9 yuan.", "language": "en" });
        let told = editor.post("/v1/faq/preview", &again).await.json(200);
        let near = &told["near"][0];
        assert_eq!((&near["id"], &near["relation"]), (&json!("shipping-fee-en"), &json!("contradiction")), "{told}");

        let off = json!({ "id": "shipping-fee-en", "question": "How much is shipping?", "answer": "Free.", "enabled": false });
        let told = editor.post("/v1/faq/preview", &off).await.json(200);
        assert_eq!(told["answers_today"], false, "{told}");
        assert_eq!(questions(&told["questions"]["loses"]), ["How much is shipping?"], "{told}");
        let broken = &told["golden"]["breaks"][0];
        assert_eq!(broken["name"], "a question from the FAQ gets its answer", "{told}");
        assert_eq!(customer.say("How much is shipping?").await["decision"]["action"], "faq");

        let other = json!({ "id": "shipping-fee-en", "question": "How much is shipping?", "answer": "59 yuan.", "language": "en" });
        let told = editor.post("/v1/faq/preview", &other).await.json(200);
        assert_eq!((&told["near"], &told["questions"]["keeps"]), (&json!([]), &json!(1)), "{told}");
    });
}

#[test]
fn the_editors_page_shows_the_report_with_and_without_scripts() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let cookie = service.sign_in().await;
        let post = |accept: &'static str| {
            let request = service.public.request(Method::POST, "/console/faq/check?entry=shipping-fee-en&text=ship");
            let form =
                "question=How+much+is+shipping%3F&similar=&answer=Typed+but+not+saved.&language=en&enabled=&version=1";
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ACCEPT, accept);
            service.public.send(request.header(COOKIE, &cookie).header(ORIGIN, service.address()).body(form))
        };
        let page = post("text/html").await;
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.text();
        assert!(page.contains("Typed but not saved.") && page.contains("data-dirty"), "{page}");
        assert!(page.contains("a question from the FAQ gets its answer"), "{page}");
        let fragment = post("application/json").await.json(200);
        let html = fragment["html"].as_str().unwrap();
        assert!(html.contains("finding") && !html.contains("<html"), "{html}");
    });
}

#[test]
fn the_console_says_why_an_entry_came_where_it_did_and_how_another_would_come_first() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let cookie = service.sign_in().await;
        let page = async |path: &str| {
            let request = service.public.request(Method::GET, path).header(COOKIE, &cookie);
            service.public.send(request).await.text()
        };
        let shown = page("/console/faq/entry/shipping-fee-en?try=how+much+is+shipping+of+bicycles").await;
        let hits: Vec<&str> = shown.split("<details class=\"hit\">").skip(1).collect();
        assert!(hits.len() > 1, "{shown}");
        assert!(hits[0].contains("The nearest wording holds the words"), "{}", hits[0]);
        assert!(hits[0].contains("ship <small>Question"), "a shared word is named with its field: {}", hits[0]);
        assert!(hits[0].contains("bicycl"), "a word that the entry lacks is named: {}", hits[0]);
        assert!(!hits[0].contains("similar="), "what is first has nothing to win: {}", hits[0]);
        let (_, link) = hits[1].split_once("<a href=\"").expect("a way to put the second entry first");
        let link = link.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        assert!(link.contains("/console/faq/entry/") && !link.contains("shipping-fee-en"), "{link}");
        let form = page(&link).await;
        let (_, similar) = form.split_once("name=\"similar\"").unwrap();
        let similar = similar.split("</textarea>").next().unwrap();
        assert!(similar.contains("how much is shipping of bicycles"), "the message is offered, not saved: {similar}");
    });
}
