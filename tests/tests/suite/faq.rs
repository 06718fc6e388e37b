//! The FAQ over HTTP: an edit is in the very next answer, versions are kept, nobody overwrites anybody unseen.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Home, Service, command, copy_folder, within, word};

fn entry(question: &str, answer: &str) -> Value {
    json!({ "question": question, "answer": answer, "language": "en" })
}

/// Saves an entry under the ETag of the version that was seen.
async fn save_seen(editor: &Caller, id: &str, etag: &str, body: &Value) -> Answer {
    let request = editor.request(Method::PUT, &format!("/v1/faq/{id}")).header("if-match", etag);
    editor.send(request.json(body)).await
}

#[test]
fn an_edited_answer_is_what_the_next_customer_gets() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let question = "Is there parking near the shop?";
        for number in 1..=10 {
            let saved = editor.put("/v1/faq/parking-en", &entry(question, &format!("Now in row {number}."))).await;
            saved.json(200);
            let answered = customer.say(question).await;
            assert_eq!(answered["text"], format!("Now in row {number}."), "{answered}");
        }
        let added = editor.post("/v1/faq", &entry("Do you sell umbrellas?", "Yes, red ones.")).await.json(201);
        assert_eq!(customer.say("Do you sell umbrellas?").await["text"], "Yes, red ones.");
        let path = format!("/v1/faq/{}", added["id"].as_str().unwrap());
        assert_eq!(editor.delete(&path).await.status, 204);
        let after = customer.say("Do you sell umbrellas?").await;
        assert_ne!(after["text"], "Yes, red ones.", "{after}");
        editor.get(&path).await.check_problem(404, "not_found");
    });
}

#[test]
fn nobody_overwrites_what_somebody_else_saved_meanwhile() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let seen = editor.get("/v1/faq/vegan-en").await;
        let etag = seen.header("etag").unwrap().to_owned();
        let saved = save_seen(&editor, "vegan-en", &etag, &entry("Are the biscuits vegan?", "All of them.")).await;
        assert_ne!(saved.header("etag").unwrap(), etag);
        saved.json(200);
        let late = save_seen(&editor, "vegan-en", &etag, &entry("Are the biscuits vegan?", "None of them.")).await;
        late.check_problem(412, "version_conflict");
        let nonsense = save_seen(&editor, "vegan-en", "\"soon\"", &entry("Are the biscuits vegan?", "None.")).await;
        nonsense.check_problem(422, "invalid");
        assert_eq!(editor.get("/v1/faq/vegan-en").await.json(200)["answer"], "All of them.");
        let delete = editor.request(Method::DELETE, "/v1/faq/vegan-en").header("if-match", etag);
        editor.send(delete).await.check_problem(412, "version_conflict");
        let twice = json!({ "id": "vegan-en", "question": "Again?", "answer": "Again." });
        let refused = editor.post("/v1/faq", &twice).await;
        assert!([409, 412].contains(&refused.status), "{}", refused.text());
    });
}

#[test]
fn every_version_is_kept_and_can_be_brought_back() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let question = "How long is the warranty?";
        let first = editor.get("/v1/faq/warranty-en").await.json(200);
        editor.put("/v1/faq/warranty-en", &entry(question, "Three years.")).await.json(200);
        assert_eq!(editor.delete("/v1/faq/warranty-en").await.status, 204);
        let history = editor.get("/v1/faq/warranty-en/history").await.json(200);
        let versions: Vec<_> =
            history.as_array().unwrap().iter().map(|version| version["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, [3, 2, 1]);
        assert_eq!((&history[0]["deleted"], &history[1]["answer"]), (&json!(true), &json!("Three years.")));
        assert_eq!((&history[1]["updated_by"], &history[2]["updated_by"]), (&json!("editor"), &json!("bot folder")));
        let restored = editor.post("/v1/faq/warranty-en/restore", &json!({ "version": 1 })).await.json(200);
        assert_eq!((&restored["version"], &restored["answer"]), (&json!(4), &first["answer"]));
        assert_eq!(customer.say(question).await["text"], first["answer"]);
        let missing = editor.post("/v1/faq/warranty-en/restore", &json!({ "version": 99 })).await;
        missing.check_problem(404, "not_found");
    });
}

#[test]
fn a_dry_run_says_what_an_import_would_do_and_changes_nothing() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let file = "id,question,answer,language\n\
            parking-en,Is there parking near the shop?,On the roof.,en\n\
            stamps-en,Do you sell stamps?,\"Yes, also \"\"forever\"\" stamps.\",en\n\
            broken-en,,no question here,en\n";
        let import = |query: &str| {
            let request = editor.request(Method::POST, &format!("/v1/faq/import{query}"));
            editor.send(request.header("content-type", "text/csv").body(file))
        };
        let before = editor.get("/v1/faq").await.json(200);
        let told = import("?dry_run=true").await.json(200);
        assert_eq!(
            (&told["added"], &told["changed"], &told["dry_run"]),
            (&json!(1), &json!(1), &json!(true)),
            "{told}"
        );
        assert_eq!(told["problems"][0]["line"], 4, "{told}");
        let [changed, added] = told["changes"].as_array().unwrap().as_slice() else { panic!("two changes: {told}") };
        assert_eq!((&changed["kind"], &added["kind"]), (&json!("changed"), &json!("added")), "{told}");
        let fields = changed["fields"].as_array().unwrap();
        assert!(fields.iter().any(|one| one["field"] == "answer" && one["after"] == "On the roof."), "{told}");
        let chinese = import("?dry_run=true&language=zh").await.json(200);
        assert_eq!(chinese["problems"][0]["place"], "第 4 行", "{chinese}");
        assert_eq!(editor.get("/v1/faq").await.json(200), before);
        import("?strict=true").await.check_problem(422, "invalid");
        assert_eq!(editor.get("/v1/faq").await.json(200), before);
        let done = import("").await.json(200);
        assert_eq!((&done["added"], &done["changed"]), (&json!(1), &json!(1)), "{done}");
        assert_eq!(customer.say("Is there parking near the shop?").await["text"], "On the roof.");
        assert_eq!(customer.say("Do you sell stamps?").await["text"], "Yes, also \"forever\" stamps.");
        let again = import("").await.json(200);
        assert_eq!(
            (&again["added"], &again["changed"], &again["unchanged"]),
            (&json!(0), &json!(0), &json!(2)),
            "{again}"
        );
    });
}

#[test]
fn an_import_tells_who_listens_how_far_it_is() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let import = async |query: &str, file: String| {
            let request = editor.request(Method::POST, &format!("/v1/faq/import?name=faq.csv{query}"));
            let answered = editor.send(request.header("accept", "text/event-stream").body(file)).await;
            let events = String::from_utf8(answered.bytes.clone()).unwrap();
            let read = |frame: &str| {
                let (name, data) = frame.strip_prefix("event: ").and_then(|rest| rest.split_once("\ndata: ")).unwrap();
                (name.to_owned(), serde_json::from_str::<Value>(data).unwrap())
            };
            (answered.status, events.split_terminator("\n\n").map(read).collect::<Vec<_>>())
        };
        let rows: String = (0..3_000).map(|n| format!("shelf-{n},What is on shelf {n}?,Box {n}.\n")).collect();
        let (status, events) = import("", format!("id,question,answer\n{rows}")).await;
        let ((last, reply), before) = events.split_last().unwrap();
        assert_eq!(
            (status, &**last, &reply["added"], &reply["live"]),
            (200, "done", &json!(3_000), &json!(true)),
            "{reply}"
        );
        assert!(!before.is_empty() && before.iter().all(|(name, _)| name == "progress"), "{before:?}");
        let places: Vec<_> = before
            .iter()
            .map(|(_, news)| {
                let step = ["compare", "write", "index"].iter().position(|step| news["step"] == *step);
                (step.expect("a step that is known"), news["done"].as_u64().expect("a number"))
            })
            .collect();
        assert!(places.is_sorted(), "no way back: {places:?}");
        assert_eq!(customer.say("What is on shelf 2999?").await["text"], "Box 2999.");

        let (_, events) = import("&dry_run=true", "id,question,answer\nx,New?,Yes.\n".to_owned()).await;
        let (last, reply) = events.last().unwrap();
        assert_eq!((&**last, &reply["added"], &reply["dry_run"]), ("done", &json!(1), &json!(true)), "{reply}");
        let unreadable = editor.request(Method::POST, "/v1/faq/import").header("accept", "text/event-stream");
        editor.send(unreadable.body("question\nx\n")).await.check_problem(422, "invalid");
    });
}

#[test]
fn an_export_imports_again_without_any_change() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let odd = json!({ "id": "odd", "question": "A \"quoted\", odd question?", "similar": ["one | two", "three"],
            "answer": "=1+1\n\n- **bold**\n- 中文，逗号 🎉", "category": "a/b", "valid_from": "2026-01-01" });
        editor.post("/v1/faq", &odd).await.json(201);
        for format in ["csv", "jsonl", "xlsx"] {
            let exported = editor.get(&format!("/v1/faq/export?format={format}")).await;
            assert_eq!(exported.status, 200);
            assert!(exported.header("content-disposition").unwrap().contains(&format!("faq.{format}")));
            let request =
                editor.request(Method::POST, &format!("/v1/faq/import?name=faq.{format}")).body(exported.bytes);
            let outcome = editor.send(request).await.json(200);
            assert_eq!((&outcome["added"], &outcome["changed"]), (&json!(0), &json!(0)), "{format}: {outcome}");
            assert_eq!((&outcome["unchanged"], &outcome["problems"]), (&json!(17), &json!([])), "{format}: {outcome}");
        }
    });
}

#[test]
fn files_in_chinese_encodings_are_imported_as_they_were_meant() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("zh").await);
        // "id,question,answer" and the row "umbrella-zh,卖雨伞吗？,卖，红色的。" as a spreadsheet saves it in GBK.
        let gbk = b"id,question,answer\r\numbrella-zh,\xc2\xf4\xd3\xea\xc9\xa1\xc2\xf0\xa3\xbf,\xc2\xf4\xa3\xac\xba\xec\xc9\xab\xb5\xc4\xa1\xa3\r\n";
        let request =
            editor.request(Method::POST, "/v1/faq/import").header("content-type", "text/csv").body(gbk.to_vec());
        let outcome = editor.send(request).await.json(200);
        assert_eq!((&outcome["added"], &outcome["problems"]), (&json!(1), &json!([])), "{outcome}");
        assert_eq!(customer.say("卖雨伞吗？").await["text"], "卖，红色的。");
        let utf16: Vec<u8> = "\u{feff}id,question,answer\nstamp-zh,卖邮票吗？,不卖邮票。\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let request = editor.request(Method::POST, "/v1/faq/import").header("content-type", "text/csv").body(utf16);
        let outcome = editor.send(request).await.json(200);
        assert_eq!(outcome["added"], 1, "{outcome}");
        assert_eq!(customer.say("卖邮票吗？").await["text"], "不卖邮票。");
    });
}

#[test]
fn documents_are_imported_under_their_headings() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let page = "# Help\n\n## Do you sell umbrellas?\n\nYes, **red** ones.\n";
        let request = editor.request(Method::POST, "/v1/faq/import?name=help.md").body(page);
        let outcome = editor.send(request).await.json(200);
        assert_eq!((&outcome["added"], &outcome["format"]), (&json!(1), &json!("markdown")), "{outcome}");
        assert_eq!(customer.say("Do you sell umbrellas?").await["text"], "Yes, **red** ones.");
    });
}

#[test]
fn what_a_file_says_nothing_about_stays_as_it_is() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let editor = service.staff("editor");
        let kept = json!({ "question": "Do you sell stamps?", "similar": ["postage stamps?"], "answer": "No.", "language": "en",
            "category": "extras", "valid_from": "2026-01-01", "enabled": false, "channels": ["widget"],
            "links": [{ "title": "Post", "url": "https://post.example" }] });
        editor.put("/v1/faq/stamps-en", &kept).await.json(200);
        let import = async |file: &'static str, name: &str| {
            let request = editor.request(Method::POST, &format!("/v1/faq/import?name={name}")).body(file);
            editor.send(request).await.json(200)
        };
        let told = import("question,answer\nDo you sell stamps?,Yes.\n", "a.csv").await;
        assert_eq!((&told["added"], &told["changed"]), (&json!(0), &json!(1)), "found by its question: {told}");
        let now = editor.get("/v1/faq/stamps-en").await.json(200);
        assert_eq!(now["answer"], "Yes.");
        for field in ["similar", "language", "category", "valid_from", "enabled", "channels", "links"] {
            assert_eq!(now[field], kept[field], "{field}: {now}");
        }
        let emptied = "id,question,answer,similar,channels\nstamps-en,Do you sell stamps?,Yes.,,\n";
        assert_eq!(import(emptied, "a.csv").await["changed"], 1);
        let now = editor.get("/v1/faq/stamps-en").await.json(200);
        assert_eq!((&now["similar"], &now["channels"]), (&json!([]), &json!([])), "an empty cell says: none");
        assert_eq!(now["links"], kept["links"]);

        let page = "# Help\n\n## Do you sell umbrellas?\n\nYes.\n";
        import(page, "help.md").await;
        let listed = editor.get("/v1/faq?text=umbrellas").await.json(200);
        let path = format!("/v1/faq/{}", listed["entries"][0]["id"].as_str().unwrap());
        let entry = json!({ "question": "Do you sell umbrellas?", "answer": "Yes.", "similar": ["umbrella?"] });
        editor.put(&path, &entry).await.json(200);
        assert_eq!(import("# Help\n\n## Do you sell umbrellas?\n\nRed ones.\n", "help.md").await["changed"], 1);
        let now = editor.get(&path).await.json(200);
        assert_eq!((&now["answer"], &now["similar"]), (&json!("Red ones."), &json!(["umbrella?"])), "{now}");
    });
}

#[test]
fn an_encoder_of_the_operators_finds_entries_until_it_is_taken_out_again() {
    let home = Home::trained();
    let (encoder, kept) = (home.path().join("encoder"), home.path().join("index/encoder.json"));
    copy_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/base")), &encoder);
    let with_it = [("FRONTDESK_FAQ__ENCODER", "encoder")];
    let finds = async |service: &Service| {
        let customer = service.customer("en").await;
        let said = customer.say("Is there parking near the shop?").await;
        assert_eq!(said["decision"]["faq_id"], "parking-en", "{said}");
    };
    within(90, async {
        let service = Service::start_with(home.path(), &with_it);
        finds(&service).await;
        assert!(kept.is_file(), "a search from the command line needs to know, too");
        service.terminate();
        let built = std::fs::metadata(&kept).unwrap().modified().unwrap();
        let service = Service::start_with(home.path(), &with_it);
        finds(&service).await;
        assert_eq!(std::fs::metadata(&kept).unwrap().modified().unwrap(), built, "the index is not built again");
        service.terminate();
        std::fs::remove_dir_all(&encoder).unwrap();
        let mut start = command();
        start.args(["serve", "--home", word(home.path()), "--port", "0"]).envs(with_it);
        let refused = start.output().expect("it ends by itself");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("[faq] encoder"), "{said}");
        let service = Service::start(home.path());
        finds(&service).await;
        assert!(!kept.exists());
    });
}

#[test]
fn the_list_filters_pages_and_counts() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let viewer = service.staff("viewer");
        let all = viewer.get("/v1/faq?limit=500").await.json(200);
        assert_eq!(all["total"], 16, "{all}");
        let chinese = viewer.get("/v1/faq?language=zh&limit=3&offset=6").await.json(200);
        assert_eq!((&chinese["total"], chinese["entries"].as_array().unwrap().len()), (&json!(8), 2), "{chinese}");
        let found = viewer.get("/v1/faq?text=BICYCLES").await.json(200);
        assert_eq!((&found["total"], &found["entries"][0]["id"]), (&json!(1), &json!("bicycle-en")), "{found}");
        let payment = viewer.get("/v1/faq?category=payment").await.json(200);
        assert_eq!(payment["total"], 2, "{payment}");
    });
}

#[test]
fn a_search_says_how_probable_each_hit_is_and_why() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let question = json!({ "text": "补自行车胎", "top": 3, "explain": true });
        let found = service.staff("viewer").post("/v1/search", &question).await.json(200);
        let best = &found["hits"][0];
        assert_eq!(best["id"], "bicycle-zh", "{found}");
        assert!(best["probability"].as_f64().unwrap() > 0.5 && best["explanation"].is_object(), "{best}");
    });
}

#[test]
fn an_answer_is_given_only_while_its_dates_and_its_switch_allow_it() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, customer) = (service.staff("editor"), service.customer("en").await);
        let question = "Do you repair bicycles?";
        for change in
            [json!({ "enabled": false }), json!({ "valid_until": "2020-12-31" }), json!({ "valid_from": "2999-01-01" })]
        {
            let mut body = entry(question, "Not now.");
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            editor.put("/v1/faq/bicycle-en", &body).await.json(200);
            let answered = customer.say(question).await;
            assert_ne!(answered["text"], "Not now.", "{change}: {answered}");
        }
        editor.put("/v1/faq/bicycle-en", &entry(question, "Now.")).await.json(200);
        assert_eq!(customer.say(question).await["text"], "Now.");
    });
}
