//! Errors as a person at a browser should see them: the sign-in page where one is needed, else a page with a way on.
//! Scripts, which do not ask for HTML, keep the problem+json of the interface.

use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ACCEPT;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use askama::Template;

use super::links::with_query;
use super::page::{Page, Section, Visit, render_as, see_other};
use crate::error::ApiError;

/// Middleware: turns refusals into pages.
pub(super) async fn as_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let visit = Visit::of(request.request());
    let reads = request.method() == Method::GET;
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|kinds| kinds.to_str().ok())
        .is_some_and(|kinds| kinds.contains("text/html"));
    let response = next.call(request).await?;
    let refusal = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let page = refusal.filter(|_| wants_page).and_then(|error| page_for(error, visit, reads));
    match page {
        Some(page) => Ok(response.into_response(page).map_into_right_body()),
        None => Ok(response.map_into_left_body()),
    }
}

fn page_for(error: &ApiError, visit: Visit, reads: bool) -> Option<HttpResponse> {
    match error {
        ApiError::Unauthenticated => Some(sign_in_first(&visit, reads, "")),
        ApiError::SessionExpired => Some(sign_in_first(&visit, reads, if reads { "expired" } else { "expired_form" })),
        _ => error_page(error, visit),
    }
}

/// After signing in a reader comes back to where they were.
fn sign_in_first(visit: &Visit, reads: bool, notice: &str) -> HttpResponse {
    let back = if reads { visit.here.as_str() } else { "" };
    see_other(&with_query("/console/sign-in", &[("back", back), ("notice", notice)]))
}

#[derive(Template)]
#[template(path = "console/refusal.html")]
struct Refusal {
    page: Page,
    title: &'static str,
    what: &'static str,
    detail: Option<String>,
}

fn error_page(error: &ApiError, visit: Visit) -> Option<HttpResponse> {
    let t = visit.words();
    let code = error.code();
    let title = t.get(&format!("error_{code}")).unwrap_or(t.error_internal);
    let what = t.get(&format!("error_{code}_help")).unwrap_or(t.error_internal_help);
    let detail = matches!(
        error,
        ApiError::Invalid(_) | ApiError::Unreadable(_) | ApiError::Conflict(_) | ApiError::GoldenRegressed(_)
    );
    let detail = detail.then(|| error.to_string());
    let status = StatusCode::from_u16(error.problem().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    render_as(status, &Refusal { page: visit.public_page(Section::Elsewhere), title, what, detail }).ok()
}
