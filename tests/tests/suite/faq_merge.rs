//! Two people edit one entry in the console, without scripts: the second one meets what the first one saved.

use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, Home, Service, within};

const PAGE: &str = "/console/faq/entry/parking-en";

/// The console under the owner's cookie.
struct Console<'a> {
    service: &'a Service,
    cookie: String,
}

impl Console<'_> {
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = Url::parse_with_params("http://form/", fields).unwrap();
        let request = self.service.public.request(Method::POST, path).body(form.query().unwrap_or_default().to_owned());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").header(COOKIE, &self.cookie);
        self.service.public.send(request.header(ORIGIN, self.service.address())).await
    }
}

/// Saves an entry as somebody else does, and gives its version.
async fn saved(editor: &Caller, changes: &Value) -> i64 {
    let mut entry = json!({ "question": "Is there parking?", "answer": "In row 1.", "language": "en", "similar": ["where to park", "car park"] });
    for (name, value) in changes.as_object().unwrap() {
        entry[name] = value.clone();
    }
    editor.put("/v1/faq/parking-en", &entry).await.json(200)["version"].as_i64().unwrap()
}

#[test]
fn edits_of_different_fields_are_merged_and_still_shown_before_they_are_saved() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let console = Console { cookie: service.sign_in().await, service: &service };
        let editor = service.staff("editor");
        let seen = saved(&editor, &json!({})).await;
        let theirs = saved(&editor, &json!({ "category": "visit", "similar": ["car park", "parking lot"] })).await;
        let typed = [
            ("question", "Is there parking?"),
            ("similar", "where to park\r\ncar park"),
            ("answer", "In row 2, and it is free."),
            ("language", "en"),
            ("enabled", "on"),
            ("version", &seen.to_string()),
        ];
        let page = console.post(PAGE, &typed).await;
        assert_eq!(page.status, 412, "{}", page.text());
        let html = page.text();
        assert!(html.contains("In row 2, and it is free.") && html.contains("visit"), "{html}");
        assert!(!html.contains("type=\"radio\""), "nothing is left to choose: {html}");
        assert_eq!(editor.get("/v1/faq/parking-en").await.json(200)["version"], theirs, "nothing is saved yet");

        let merged = [
            ("base", &*seen.to_string()),
            ("version", &*theirs.to_string()),
            ("yours_question", "Is there parking?"),
            ("yours_similar", "where to park\ncar park"),
            ("yours_answer", "In row 2, and it is free."),
            ("yours_language", "en"),
            ("yours_enabled", "on"),
        ];
        assert_eq!(console.post(&format!("{PAGE}/merge"), &merged).await.status, 200, "the entry is shown again");
        let now = editor.get("/v1/faq/parking-en").await.json(200);
        assert_eq!((&now["answer"], &now["category"]), (&json!("In row 2, and it is free."), &json!("visit")), "{now}");
        assert_eq!(
            (&now["similar"], &now["version"]),
            (&json!(["car park", "parking lot"]), &json!(theirs + 1)),
            "{now}"
        );
    });
}

#[test]
fn a_field_that_both_changed_waits_for_a_choice_and_a_third_save_is_met_again() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let console = Console { cookie: service.sign_in().await, service: &service };
        let editor = service.staff("editor");
        let seen = saved(&editor, &json!({})).await;
        let theirs = saved(&editor, &json!({ "answer": "In row 7." })).await;
        let (seen, theirs) = (seen.to_string(), theirs.to_string());
        let mut fields = vec![
            ("base", &*seen),
            ("version", &*theirs),
            ("yours_question", "Is there parking?"),
            ("yours_similar", "where to park\ncar park"),
            ("yours_answer", "In row 9."),
            ("answer", "In rows 7 and 9."),
            ("yours_language", "en"),
            ("yours_enabled", "on"),
        ];
        let merge = format!("{PAGE}/merge");
        let undecided = console.post(&merge, &fields).await;
        assert_eq!(undecided.status, 412);
        assert!(undecided.text().contains("In rows 7 and 9."), "what was typed is kept: {}", undecided.text());
        fields.push(("pick_answer", "edited"));
        let third = saved(&editor, &json!({ "answer": "In row 8." })).await;
        let again = console.post(&merge, &fields).await;
        assert_eq!(again.status, 412, "somebody saved a third version meanwhile");
        assert!(again.text().contains("In rows 7 and 9.") && again.text().contains("<ins>8</ins>"), "{}", again.text());
        let (base, version) = (theirs.clone(), third.to_string());
        fields[0].1 = &base;
        fields[1].1 = &version;
        fields[4].1 = "In rows 7 and 9.";
        fields.last_mut().unwrap().1 = "yours";
        assert_eq!(console.post(&merge, &fields).await.status, 200, "the entry is shown again");
        assert_eq!(editor.get("/v1/faq/parking-en").await.json(200)["answer"], "In rows 7 and 9.");
        assert_eq!(editor.delete("/v1/faq/parking-en").await.status, 204);
        let version = (third + 1).to_string();
        let late =
            [("question", "Is there parking?"), ("answer", "In row 5."), ("language", "en"), ("version", &*version)];
        let late = console.post(PAGE, &late).await;
        assert_eq!(late.status, 412);
        assert!(late.text().contains("In row 5."), "what was typed over a deleted entry is kept: {}", late.text());
    });
}

/// A form of the console, sent under a token.
async fn send(editor: &Caller, path: &str, fields: &[(&str, &str)]) -> Answer {
    let form = Url::parse_with_params("http://form/", fields).unwrap();
    let request = editor.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    editor.send(request.body(form.query().unwrap_or_default().to_owned())).await
}

#[test]
fn what_may_not_be_published_waits_and_meets_other_drafts_and_newer_versions() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let (editor, owner) = (service.staff("editor"), service.staff("owner"));
        let seen = saved(&owner, &json!({})).await.to_string();
        owner.put("/v1/settings/faq-review", &json!({ "required": "owner" })).await.json(200);
        let typed = [
            ("question", "Is there parking?"),
            ("similar", "where to park\ncar park"),
            ("answer", "In row 2."),
            ("language", "en"),
            ("enabled", "on"),
            ("version", &*seen),
        ];
        let kept = send(&editor, PAGE, &typed).await;
        assert_eq!(kept.status, 200, "the draft is shown: {}", kept.text());
        assert_eq!(editor.get("/v1/faq/parking-en").await.json(200)["answer"], "In row 1.");
        assert_eq!(editor.get("/v1/faq/parking-en/draft").await.json(200)["answer"], "In row 2.");

        let late =
            send(&owner, &format!("{PAGE}/draft"), &[&typed[..2], &[("answer", "In row 3.")], &typed[3..]].concat())
                .await;
        assert_eq!(late.status, 412, "the owner began from the same version");
        assert!(late.text().contains("In row 3.") && late.text().contains("<ins>2</ins>"), "{}", late.text());
        let mut merged = vec![
            ("against", "pending"),
            ("base", &*seen),
            ("version", "1"),
            ("yours_question", "Is there parking?"),
            ("yours_similar", "where to park\ncar park"),
            ("yours_answer", "In row 3."),
            ("pick_answer", "edited"),
            ("answer", "In rows 2 and 3."),
            ("yours_language", "en"),
            ("yours_enabled", "on"),
        ];
        assert_eq!(send(&owner, &format!("{PAGE}/merge"), &merged).await.status, 200);
        let draft = editor.get("/v1/faq/parking-en/draft").await.json(200);
        assert_eq!((&draft["answer"], &draft["version"]), (&json!("In rows 2 and 3."), &json!(2)), "{draft}");

        let newer = saved(&owner, &json!({ "category": "visit" })).await.to_string();
        owner.post("/v1/faq/parking-en/draft/approve", &json!({})).await.check_problem(412, "version_conflict");
        let page = send(&owner, &format!("{PAGE}/draft/approve"), &[("pending", "2")]).await;
        assert!(page.text().contains("In rows 2 and 3.") && page.text().contains("visit"), "{}", page.text());
        merged[0].1 = "published";
        merged[2].1 = &newer;
        merged[5].1 = "In rows 2 and 3.";
        merged.push(("pending", "2"));
        assert_eq!(send(&owner, &format!("{PAGE}/merge"), &merged).await.status, 200);
        let live = owner.post("/v1/faq/parking-en/draft/approve", &json!({})).await.json(200);
        assert_eq!((&live["answer"], &live["category"]), (&json!("In rows 2 and 3."), &json!("visit")), "{live}");
    });
}
