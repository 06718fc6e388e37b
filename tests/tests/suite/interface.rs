//! The interface as it describes itself: the description lists every route of the contract, and every route it lists is served.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Home, Service, within};

/// The routes that programs outside rely on.
const CONTRACT: &[(&str, &str)] = &[
    ("post", "/v1/conversations"),
    ("post", "/v1/conversations/{id}/messages"),
    ("get", "/v1/conversations/{id}/messages"),
    ("get", "/v1/conversations/{id}/ws"),
    ("get", "/v1/conversations/{id}/suggestions"),
    ("post", "/v1/messages/{id}/feedback"),
    ("post", "/v1/sessions"),
    ("post", "/v1/tokens"),
    ("get", "/v1/faq"),
    ("post", "/v1/faq"),
    ("get", "/v1/faq/{id}"),
    ("put", "/v1/faq/{id}"),
    ("delete", "/v1/faq/{id}"),
    ("get", "/v1/faq/{id}/history"),
    ("post", "/v1/faq/{id}/restore"),
    ("post", "/v1/faq/import"),
    ("get", "/v1/faq/export"),
    ("post", "/v1/faq/preview"),
    ("get", "/v1/faq/drafts"),
    ("post", "/v1/faq/drafts/{id}/accept"),
    ("post", "/v1/faq/drafts/{id}/dismiss"),
    ("post", "/v1/search"),
    ("post", "/v1/jobs"),
    ("get", "/v1/jobs/{id}"),
    ("get", "/v1/jobs/{id}/events"),
    ("delete", "/v1/jobs/{id}"),
    ("post", "/v1/embeddings"),
    ("get", "/v1/models"),
    ("post", "/v1/models/{version}/promote"),
    ("post", "/v1/models/rollback"),
    ("post", "/webhooks/rest/webhook"),
    ("post", "/model/parse"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
];

/// Every method and path of a description.
fn described(description: &Value) -> Vec<(String, String)> {
    let paths = description["paths"].as_object().expect("a description has paths");
    let methods = |path: &str, item: &Value| -> Vec<(String, String)> {
        let methods =
            item.as_object().unwrap().keys().filter(|key| ["get", "post", "put", "delete"].contains(&key.as_str()));
        methods.map(|method| (method.clone(), path.to_owned())).collect()
    };
    paths.iter().flat_map(|(path, item)| methods(path, item)).collect()
}

#[test]
fn the_description_lists_the_contract_and_every_route_it_lists_is_served() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let description = service.public.get("/openapi.json").await.json(200);
        let routes = described(&description);
        for (method, path) in CONTRACT {
            assert!(routes.iter().any(|(of, at)| of == method && at == path), "{method} {path} is not described");
        }
        for (method, path) in &routes {
            let place = path.replace("{id}", "nothing").replace("{version}", "nothing");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = service.public.send(service.public.request(method.clone(), &place)).await;
            let code = serde_json::from_slice::<Value>(&answer.bytes)
                .ok()
                .and_then(|body| body["code"].as_str().map(str::to_owned));
            let served = !matches!(code.as_deref(), Some("no_such_route" | "wrong_method" | "internal"));
            assert!(served, "{method} {path} is described but answers {} {code:?}", answer.status);
        }
    });
}

#[test]
fn every_operation_says_what_it_is_for_and_who_may_use_it() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        let description = service.public.get("/openapi.json").await.json(200);
        for (method, path) in described(&description) {
            let operation = &description["paths"][&path][&method];
            let words = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
            assert!(!words.is_empty(), "{method} {path} says nothing of itself");
            assert!(operation["tags"].is_array(), "{method} {path} belongs nowhere");
            let locked = ["/v1/faq", "/v1/jobs", "/v1/models", "/v1/tokens", "/v1/staff"]
                .iter()
                .any(|start| path.starts_with(start));
            if locked {
                assert!(
                    operation["security"].to_string().contains("staff"),
                    "{method} {path} does not say that it is for staff"
                );
                let place = path.replace("{id}", "nothing").replace("{version}", "nothing");
                let request =
                    service.public.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &place);
                service.public.send(request.json(&json!({}))).await.check_problem(401, "unauthenticated");
            }
        }
    });
}

#[test]
fn the_pages_for_people_and_machines_load() {
    let home = Home::trained();
    within(90, async {
        let service = Service::start(home.path());
        for (path, kind) in [
            ("/docs/", "text/html"),
            ("/docs/swagger-ui-bundle.js", "javascript"),
            ("/openapi.json", "application/json"),
            ("/demo", "text/html"),
            ("/demo/en.html", "text/html"),
            ("/widget.js", "javascript"),
            ("/console/sign-in", "text/html"),
            ("/healthz", "application/json"),
            ("/readyz", "application/json"),
            ("/metrics", "text/plain"),
        ] {
            let page = service.public.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text());
            assert!(page.header("content-type").unwrap().contains(kind), "{path}: {:?}", page.header("content-type"));
            assert!(
                page.header("x-request-id").is_some() && page.header("content-security-policy").is_some(),
                "{path}"
            );
        }
        service.customer("en").await.say("hello").await;
        let metrics = service.public.get("/metrics").await.text();
        assert!(
            metrics.contains("frontdesk_answers_total") && metrics.contains("frontdesk_http_request_seconds"),
            "{metrics}"
        );
        let own_id = service.public.request(Method::GET, "/healthz").header("x-request-id", "my-own-id");
        assert_eq!(service.public.send(own_id).await.header("x-request-id"), Some("my-own-id"));
    });
}
