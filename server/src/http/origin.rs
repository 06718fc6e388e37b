//! Which pages may talk to the service: its own, and those the operator lists.

use actix_cors::Cors;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{ResponseError as _, web};

use crate::error::ApiError;

/// The origins that may carry the widget.
#[derive(Clone, Debug)]
pub struct Origins {
    listed: Vec<String>,
}

impl Origins {
    pub fn new(listed: &[String]) -> Self {
        Self { listed: listed.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect() }
    }

    fn allows(&self, origin: &str) -> bool {
        self.listed.iter().any(|listed| listed == "*" || listed.eq_ignore_ascii_case(origin))
    }

    /// The CORS answers for listed origins. Cookies are never allowed across origins.
    pub fn cors(&self) -> Cors {
        let origins = self.clone();
        Cors::default()
            .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allows(origin)))
            .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH])
            .expose_headers([header::ETAG, header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
            .max_age(3600)
    }
}

/// Middleware: refuses requests that a browser sends on behalf of a page that is not allowed, WebSockets included.
pub async fn check_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let allowed = request.app_data::<web::Data<Origins>>().is_some_and(|origins| may_send(&request, origins));
    if allowed {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let response = ApiError::WrongOrigin.error_response();
    Ok(request.into_response(response).map_into_right_body())
}

fn may_send(request: &ServiceRequest, origins: &Origins) -> bool {
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        let public_asset = request.method() == Method::GET && request.path().starts_with("/widget");
        return public_asset
            || is_same_origin(request.headers())
            || origin.to_str().is_ok_and(|origin| origins.allows(origin));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    reads || !is_cross_site(request.headers())
}

/// Whether the page that sends this request is one of ours; programs, which send no `Origin`, count as ours.
/// The scheme is not compared, since a proxy in front may end HTTPS.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return !is_cross_site(headers) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin_host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    matches!((host, origin_host), (Some(host), Some(origin)) if host.eq_ignore_ascii_case(origin))
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .and_then(|site| site.to_str().ok())
        .is_some_and(|site| site == "cross-site" || site == "same-site")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn check(method: Method, headers: &[(&str, &str)], expected: bool) {
        let mut request = TestRequest::with_uri("/v1/conversations")
            .method(method.clone())
            .insert_header(("host", "help.shop.example"));
        for header in headers {
            request = request.append_header(*header);
        }
        let origins = Origins::new(&["https://shop.example/".to_owned()]);
        assert_eq!(may_send(&request.to_srv_request(), &origins), expected, "{method} {headers:?}");
    }

    #[test]
    fn only_our_own_and_listed_pages_may_send() {
        check(Method::POST, &[], true);
        check(Method::POST, &[("origin", "https://help.shop.example")], true);
        check(Method::POST, &[("origin", "https://shop.example")], true);
        check(Method::POST, &[("origin", "https://evil.example")], false);
        check(Method::GET, &[("origin", "https://evil.example")], false);
        check(Method::POST, &[("origin", "null")], false);
        check(Method::POST, &[("sec-fetch-site", "cross-site")], false);
        check(Method::GET, &[("sec-fetch-site", "cross-site")], true);
        check(Method::POST, &[("sec-fetch-site", "same-origin")], true);
    }
}
