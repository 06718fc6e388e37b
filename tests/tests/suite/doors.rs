//! Who may come in: staff who signed in, pages that are listed, and nobody too often.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::harness::{Customer, Home, OWNER_PASSWORD, Service, within};

#[test]
fn a_sign_in_opens_the_service_until_it_ends() {
    let home = Home::trained();
    within(120, async {
        let service = Service::start(home.path());
        let cookie = service.sign_in().await;
        let with_cookie = |method: Method, path: &str| service.public.request(method, path).header("cookie", &cookie);
        let who = service.public.send(with_cookie(Method::GET, "/v1/sessions/current")).await.json(200);
        assert_eq!((&who["name"], &who["role"]), (&json!("owner@localhost"), &json!("owner")));
        let entry = json!({ "question": "Q?", "answer": "A." });

        let elsewhere = with_cookie(Method::POST, "/v1/faq").header("origin", "https://evil.example").json(&entry);
        service.public.send(elsewhere).await.check_problem(403, "wrong_origin");
        let hidden = with_cookie(Method::POST, "/v1/faq").header("sec-fetch-site", "cross-site").json(&entry);
        service.public.send(hidden).await.check_problem(403, "wrong_origin");
        let own = with_cookie(Method::POST, "/v1/faq").header("origin", service.address()).json(&entry);
        service.public.send(own).await.json(201);

        age_sessions(&home).await;
        let aged = with_cookie(Method::GET, "/v1/sessions/current");
        service.public.send(aged).await.check_problem(401, "session_expired");

        let cookie = service.sign_in().await;
        let with_cookie = |method: Method, path: &str| service.public.request(method, path).header("cookie", &cookie);
        assert_eq!(service.public.send(with_cookie(Method::DELETE, "/v1/sessions/current")).await.status, 204);
        let ended = with_cookie(Method::GET, "/v1/faq");
        service.public.send(ended).await.check_problem(401, "session_expired");
        for (email, password) in
            [("owner@localhost", "wrong"), ("nobody@example.com", OWNER_PASSWORD), ("' OR 1=1 --", "x")]
        {
            let refused = service.public.post("/v1/sessions", &json!({ "email": email, "password": password })).await;
            refused.check_problem(401, "wrong_password");
        }
    });
}

/// Lets every session's time run out.
async fn age_sessions(home: &Home) {
    use sqlx::Connection as _;
    let address = format!("sqlite://{}", home.path().join("frontdesk.db").display());
    let mut database = sqlx::SqliteConnection::connect(&address).await.unwrap();
    sqlx::query("UPDATE sessions SET expires_at = 1").execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[test]
fn only_listed_pages_may_carry_the_widget() {
    let home = Home::trained();
    within(120, async {
        let settings =
            [("FRONTDESK_WIDGET__ALLOWED_ORIGINS", "[\"https://shop.example\"]"), ("FRONTDESK_WIDGET__KEY", "shop-1")];
        let service = Service::start_with(home.path(), &settings);
        let begin = |origin: &'static str| {
            service
                .public
                .request(Method::POST, "/v1/conversations")
                .header("origin", origin)
                .json(&json!({ "key": "shop-1" }))
        };
        let allowed = service.public.send(begin("https://shop.example")).await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example"));
        assert_eq!(allowed.header("access-control-allow-credentials"), None, "cookies never travel across origins");
        allowed.json(201);
        for stranger in ["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"] {
            let refused = service.public.send(begin(stranger)).await;
            refused.check_problem(403, "wrong_origin");
            assert_eq!(refused.header("access-control-allow-origin"), None);
        }
        let preflight = |origin: &'static str| {
            service
                .public
                .request(Method::OPTIONS, "/v1/conversations")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization,content-type")
        };
        let allowed = service.public.send(preflight("https://shop.example")).await;
        assert_eq!(
            (allowed.status, allowed.header("access-control-allow-origin")),
            (200, Some("https://shop.example")),
            "{}",
            allowed.text()
        );
        assert!(service.public.send(preflight("https://evil.example")).await.status >= 400);
        let wrong_key = service.public.post("/v1/conversations", &json!({ "key": "shop-2" })).await;
        wrong_key.check_problem(403, "wrong_key");
        let script = service
            .public
            .send(service.public.request(Method::GET, "/widget.js").header("origin", "https://any.example"))
            .await;
        assert_eq!((script.status, script.header("access-control-allow-origin")), (200, Some("*")));
        check_lines(&service).await;
    });
}

/// The live line opens for listed pages and the right token only.
async fn check_lines(service: &Service) {
    let customer = Customer::begin(&service.public, "en").await;
    let address =
        format!("{}/v1/conversations/{}/ws?token=", service.address().replace("http://", "ws://"), customer.id);
    for (origin, token, expected) in [
        ("https://shop.example", customer.token.as_str(), Ok(())),
        ("https://evil.example", customer.token.as_str(), Err(403)),
        ("https://shop.example", "c_wrong", Err(401)),
        ("https://shop.example", "", Err(401)),
    ] {
        let mut request = format!("{address}{token}").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let opened = match connect_async(request).await {
            Ok(_) => Ok(()),
            Err(SocketError::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{origin}: {other}"),
        };
        assert_eq!(opened, expected, "{origin} with token {token:?}");
    }
}

#[test]
fn whoever_asks_too_often_is_told_when_to_come_back() {
    let home = Home::trained();
    within(120, async {
        let settings = [
            ("FRONTDESK_LIMITS__EXEMPT_LOOPBACK", "false"),
            ("FRONTDESK_LIMITS__MESSAGES_PER_MINUTE", "3"),
            ("FRONTDESK_LIMITS__SIGN_INS_PER_MINUTE", "2"),
        ];
        let service = Service::start_with(home.path(), &settings);
        let customer = service.customer("en").await;
        for _ in 0..3 {
            customer.say("hello").await;
        }
        let refused = customer.attempt("hello", "one-too-many").await.unwrap();
        refused.check_problem(429, "too_many_requests");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(
            service.customer("en").await.say("hello").await["decision"]["action"],
            "smalltalk",
            "others are not held up"
        );
        let guess = json!({ "email": "owner@localhost", "password": "guess" });
        for _ in 0..2 {
            service.public.post("/v1/sessions", &guess).await.check_problem(401, "wrong_password");
        }
        service.public.post("/v1/sessions", &guess).await.check_problem(429, "too_many_requests");
    });
}
