//! Questions offered before they are asked: while a customer types, under an answer, in an empty chat.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use serde_json::{Value, json};

use crate::harness::{Caller, Customer, Home, Service, frontdesk, within, word};

/// What is offered for what stands in the field: texts, each with the entry that answers it.
async fn offered(customer: &Customer, typed: &str) -> Vec<(String, String)> {
    let path = format!("/v1/conversations/{}/suggestions", customer.id);
    let request = customer.caller.request(Method::GET, &path).query(&[("q", typed)]);
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
        for (question, language) in [("可以开电子发票吗？", "zh"), ("Can I get an electronic invoice?", "en")]
        {
            let entry = json!({ "question": question, "answer": question, "language": language });
            service.staff("editor").post("/v1/faq", &entry).await.json(201);
        }
        let customer = service.customer("zh").await;
        let under = async |question: &str| {
            let answered = customer.say(question).await;
            assert_eq!(answered["decision"]["action"], "faq", "{answered}");
            let offered = answered["quick_replies"].as_array().unwrap();
            offered.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = under("可以开发票吗？").await;
        assert_eq!(first.first().map(String::as_str), Some("可以开电子发票吗？"), "{first:?}");
        assert!(first.len() <= 3 && first.iter().all(|text| !text.is_ascii()), "{first:?}");
        let second = under("可以开电子发票吗？").await;
        assert!(!second.iter().any(|text| text == "可以开发票吗？"), "it was answered before: {second:?}");
        let other = service.customer("zh").await.say("可以开电子发票吗？").await;
        assert_eq!(other["quick_replies"][0]["text"], "可以开发票吗？", "another customer was not: {other}");
    });
}

/// What an empty chat opens with, and the id to begin the conversation with.
async fn opening(caller: &Caller, language: &str, page: &str, visitor: &str) -> (Vec<String>, String) {
    let request = caller.request(Method::GET, "/v1/widget");
    let request = request.query(&[("language", language), ("page", page), ("visitor", visitor)]);
    let reply = caller.send(request).await.json(200);
    let texts = reply["suggestions"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned());
    (texts.collect(), reply["offer"].as_str().unwrap().to_owned())
}

/// Begins a conversation from starting questions and says one thing.
async fn begin_with(service: &Service, offer: &str, visitor: &str, text: &str) -> Value {
    let body = json!({ "language": "en", "visitor": visitor, "page": "https://shop.example/parking", "offer": offer });
    let begun = service.public.post("/v1/conversations", &body).await.json(201);
    let (id, token) = (begun["conversation_id"].as_str().unwrap(), begun["token"].as_str().unwrap());
    let customer = Customer { id: id.to_owned(), token: token.to_owned(), caller: service.public.with_token(token) };
    customer.say(text).await
}

async fn console(service: &Service, cookie: &str) -> String {
    let page = service.public.request(Method::GET, "/console/suggestions").header(COOKIE, cookie);
    service.public.send(page.header("accept-language", "en")).await.text()
}

async fn switch(service: &Service, cookie: &str, form: &'static str) {
    let request = service.public.request(Method::POST, "/console/suggestions").header(COOKIE, cookie);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(ORIGIN, service.address());
    let changed = service.public.send(request.body(form)).await;
    assert!(changed.status < 400, "{}", changed.text());
}

#[test]
fn an_empty_chat_opens_with_the_owners_questions_and_what_is_chosen_is_counted() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (shown, offer) = opening(&service.public, "en", "https://shop.example/parking", "mei").await;
        assert_eq!(shown, ["Where is my parcel?"]);
        begin_with(&service, &offer, "mei", "Where is my parcel?").await;
        let cookie = service.sign_in().await;
        let row = "<td data-name=\"Question\">Where is my parcel?</td><td class=\"num\" data-name=\"Shown\">1</td><td class=\"num\" data-name=\"Chosen\">1</td>";
        let mut page = String::new();
        for _ in 0..50 {
            page = console(&service, &cookie).await;
            if page.contains(row) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(page.contains(row), "{page}");
        assert!(page.contains("Fits the page") && page.contains("Too few to compare yet"), "{page}");
        assert!(!page.contains("mei"), "nothing of the visitor is kept");
    });
}

#[test]
fn learned_questions_fit_the_page_and_the_language_and_a_visitor_who_came_back() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let (_, offer) = opening(&service.public, "en", "", "jun").await;
        begin_with(&service, &offer, "jun", "Are the biscuits vegan?").await;
        switch(&service, &service.sign_in().await, "while_typing=1&also_asked=1&starting=learned").await;
        let mut seen = BTreeSet::new();
        for _ in 0..40 {
            let (shown, _) = opening(&service.public, "en", "https://shop.example/parking", "jun").await;
            assert!(shown.len() <= 4 && shown.iter().all(|text| text.is_ascii()), "{shown:?}");
            assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), shown.len(), "{shown:?}");
            seen.extend(shown);
        }
        assert!(seen.contains("Where is my parcel?") && seen.contains("Is there parking near the shop?"), "{seen:?}");
        let (chinese, _) = opening(&service.public, "zh", "https://shop.example/parking", "jun").await;
        assert!(!chinese.is_empty() && chinese.iter().all(|text| !text.is_ascii()), "{chinese:?}");
    });
}

#[test]
fn what_is_switched_off_is_not_offered() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        switch(&service, &service.sign_in().await, "starting=fixed").await;
        let customer = service.customer("en").await;
        assert_eq!(offered(&customer, "park").await, []);
        let answered = customer.say("Is there parking near the shop?").await;
        assert_eq!(answered["quick_replies"], json!([]), "{answered}");
        let widget = service.public.get("/v1/widget?language=en").await.json(200);
        assert_eq!(widget["suggest_while_typing"], false, "{widget}");
    });
}

#[test]
fn replay_says_when_there_are_too_few_events() {
    let home = Home::trained();
    let told = frontdesk(["suggestions", "replay", "--home", word(home.path())]).check(1);
    assert!(told.stdout.contains("too few events") && told.stdout.contains("learned"), "{}", told.stdout);
    let told = frontdesk(["suggestions", "replay", "--home", word(home.path()), "--json"]).check(1);
    let told = &told.json_lines()[0];
    assert_eq!((&told["enough"], &told["random_offers"]), (&json!(false), &json!(0)), "{told}");
    frontdesk(["suggestions", "replay", "--home", "/nowhere"]).check(2);
}

/// Offers by chance to visitors who choose what fits their page one time in three, and nothing else.
async fn write_offers(home: &Home, n: usize) {
    use sqlx::Connection as _;
    let address = format!("sqlite://{}", home.path().join("frontdesk.db").display());
    let mut database = sqlx::SqliteConnection::connect(&address).await.unwrap();
    let question = |at: usize| {
        let fits = f32::from(u8::from(at >= 6));
        let owners = f32::from(u8::from(at < 2));
        json!({ "question": format!("q{at}"), "faq_id": null, "features": [1.0, owners, fits, 0, 0, 0, 0, 0.5, 0] })
    };
    let questions = Value::from((0..8).map(question).collect::<Vec<_>>()).to_string();
    for number in 0..n {
        // Each question is shown equally often: two neighbours of the eight.
        let shown = [number % 8, (number + 1) % 8];
        let chosen = shown.iter().position(|at| *at >= 6).filter(|_| number % 3 == 0);
        sqlx::query("INSERT INTO suggestion_offers VALUES ($1, 'start', 'en', '/', 'random', $2, $3, $4, 1, $5)")
            .bind(format!("offer-{number:05}"))
            .bind(&questions)
            .bind(json!(shown).to_string())
            .bind(chosen.map(|at| at as i64))
            .bind(now_ms() - (n - number) as i64)
            .execute(&mut database)
            .await
            .unwrap();
    }
    database.close().await.unwrap();
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn replay_shows_that_learning_pays_where_it_does() {
    let home = Home::trained();
    within(60, write_offers(&home, 1200));
    let told = frontdesk(["suggestions", "replay", "--home", word(home.path()), "--json"]).check(0);
    let told = &told.json_lines()[0];
    let rate = |policy: &str| {
        let all = told["policies"].as_array().unwrap();
        all.iter().find(|one| one["policy"] == policy).unwrap().clone()
    };
    let (fixed, learned) = (rate("fixed"), rate("learned"));
    assert!(fixed["high"].as_f64() < learned["low"].as_f64(), "{told}");
    assert_eq!((&told["enough"], &told["random_offers"], &fixed["chosen"]), (&json!(true), &json!(1200), &json!(0)));
    let spoken = frontdesk(["suggestions", "replay", "--home", word(home.path())]).check(0);
    assert!(spoken.stdout.contains("1200 of them by chance"), "{}", spoken.stdout);
}
