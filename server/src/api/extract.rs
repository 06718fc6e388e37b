//! JSON bodies with errors in our own form: where the body is wrong, what was expected.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::ApiError;

/// The JSON body of a request.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<web::Data<App>>().map_or(0, |app| app.config.limits.body_bytes);
        let bytes = read_body(request, payload, limit);
        Box::pin(async move { parse(&bytes.await?).map(Self) })
    }
}

/// The JSON body of a request that may also have none: the default then.
#[derive(Debug)]
pub struct BodyOrDefault<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for BodyOrDefault<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<web::Data<App>>().map_or(0, |app| app.config.limits.body_bytes);
        let bytes = read_body(request, payload, limit);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.trim_ascii().is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
        })
    }
}

/// Reads a whole body of at most `limit` bytes, whatever type it is called: where a request comes from is checked before.
pub fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Pin<Box<dyn Future<Output = Result<bytes::Bytes, ApiError>>>> {
    let payload = web::Payload::from_request(request, payload);
    Box::pin(async move {
        let payload = payload.await.map_err(|error| ApiError::Unreadable(error.to_string()))?;
        match payload.to_bytes_limited(limit).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => Err(ApiError::Unreadable(format!("the body broke off: {error}"))),
            Err(_) => Err(ApiError::TooLarge { limit }),
        }
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::Unreadable(format!("the body is not UTF-8 at byte {}; send JSON in UTF-8", error.valid_up_to()))
    })?;
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::Invalid(error.to_string()),
        _ => ApiError::Unreadable(format!("the body is not JSON: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Said {
        #[allow(dead_code)]
        text: String,
    }

    fn check(body: &[u8], code: &str, words: &str) {
        let error = parse::<Said>(body).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn a_wrong_body_is_told_where_it_is_wrong() {
        check(b"", "unreadable", "not JSON");
        check(b"{\"text\": ", "unreadable", "line 1 column");
        check(b"{\"text\": 3}", "invalid", "expected a string");
        check(b"{}", "invalid", "missing field `text`");
        check(b"{\"text\": \"\xc4\xe3\"}", "unreadable", "not UTF-8 at byte 10");
    }
}
