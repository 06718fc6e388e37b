//! Vectors of texts for other programs, over HTTP and on the command line.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Home, Service, frontdesk_with, within};

fn vector(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(|value| value.as_f64().expect("a number")).collect()
}

#[test]
fn texts_become_vectors_of_length_one_in_the_shape_that_others_know() {
    let home = Home::trained();
    within(60, async {
        let service = Service::start(home.path());
        let viewer = service.staff("viewer");
        let input = json!({ "input": ["退款多久到账", "how long does a refund take"], "model": "frontdesk-base" });
        let reply = viewer.post("/v1/embeddings", &input).await.json(200);
        assert_eq!((&reply["object"], &reply["model"]), (&json!("list"), &json!("frontdesk-base")), "{reply}");
        assert!(reply["usage"]["prompt_tokens"].as_u64() > Some(4), "{}", reply["usage"]);
        let data = reply["data"].as_array().expect("a list");
        assert_eq!(data.iter().map(|one| one["index"].as_u64()).collect::<Vec<_>>(), [Some(0), Some(1)]);
        for one in data {
            let square: f64 = vector(&one["embedding"]).iter().map(|value| value * value).sum();
            assert!((square - 1.0).abs() < 1e-3, "{square}");
        }
        let one = json!({ "input": "退款多久到账", "encoding_format": "base64" });
        let coded = viewer.post("/v1/embeddings", &one).await.json(200);
        let coded = coded["data"][0]["embedding"].as_str().expect("a text").to_owned();
        assert_eq!(coded.len(), (vector(&data[0]["embedding"]).len() * 4).div_ceil(3) * 4);
    });
}

#[test]
fn what_cannot_be_encoded_is_refused_with_the_limit() {
    let home = Home::trained();
    within(60, async {
        let service = Service::start(home.path());
        let viewer = service.staff("viewer");
        for (body, said) in [
            (json!({}), "missing field `input`"),
            (json!({ "input": 3 }), "input is a text or a list of texts"),
            (json!({ "input": [] }), "send 1 to 2048"),
            (json!({ "input": "  " }), "not all blank"),
            (json!({ "input": ["a", "长".repeat(9000)] }), "input 1 has 9000 characters"),
            (json!({ "input": "a", "model": "gpt" }), "there is no model \"gpt\""),
            (json!({ "input": "a", "encoding_format": "binary" }), "unknown variant `binary`"),
        ] {
            let problem = viewer.post("/v1/embeddings", &body).await.json(422);
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{said}: {problem}");
        }
        let stranger = service.public.request(Method::POST, "/v1/embeddings").json(&json!({ "input": "a" }));
        assert_eq!(service.public.send(stranger).await.status, 401);
    });
}

#[test]
fn the_command_line_encodes_lines_and_names_the_bad_ones() {
    let input = "{\"text\":\"where is my parcel\"}\n{\"txt\":1}\n{\"text\":\"包裹\"}\n";
    let outcome = frontdesk_with(["encode"], input.as_bytes()).check(2);
    assert!(outcome.stderr.contains("\"line\":2"), "{}", outcome.stderr);
    let lines = outcome.json_lines();
    assert_eq!(lines.len(), 2);
    let square: f64 = vector(&lines[1]["embedding"]).iter().map(|value| value * value).sum();
    assert!((square - 1.0).abs() < 1e-3, "{square}");
}
