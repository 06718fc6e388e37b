//! Signing in and out.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::extract::Body;
use crate::app::App;
use crate::auth::{AsViewer, SESSION_COOKIE, Secret, fingerprint, verify_password};
use crate::error::{ApiError, Problem};

/// How long a sign-in lasts.
const SESSION_HOURS: i64 = 12;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub struct SignInRequest {
    pub email: String,
    pub password: String,
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignInRequest").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Signs in; the reply sets the session cookie.
#[utoipa::path(tag = "staff", request_body = SignInRequest, responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
#[post("/sessions")]
pub(super) async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<SignInRequest>,
) -> Result<HttpResponse, ApiError> {
    app.limits.sign_in(&app.limits.visitor(&request))?;
    let Body(SignInRequest { email, password }) = body;
    let cookie = begin_session(&app, &email, password).await?;
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Checks a password and begins a session; used by the console's form too.
pub(crate) async fn begin_session(app: &App, email: &str, password: String) -> Result<Cookie<'static>, ApiError> {
    let account = app.store.account_by_email(email.trim()).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let right = web::block(move || verify_password(&password, stored.as_deref())).await?;
    let account = account.filter(|_| right).ok_or(ApiError::WrongPassword)?;
    let secret = Secret::new("s");
    let expires = jiff::Timestamp::now().as_millisecond() + SESSION_HOURS * 3_600_000;
    app.store.session_create(&account.id, &secret.fingerprint(), expires).await?;
    app.store.audit_add(&account.email, "sign_in", "session", &json!({})).await?;
    Ok(Cookie::build(SESSION_COOKIE, secret.reveal().to_owned())
        .path("/")
        .http_only(true)
        .secure(app.config.server.https)
        .same_site(SameSite::Lax)
        .max_age(Duration::hours(SESSION_HOURS))
        .finish())
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionReply {
    pub name: String,
    /// `owner`, `editor`, `agent` or `viewer`.
    pub role: String,
}

/// Says who is signed in.
#[utoipa::path(tag = "staff", responses((status = 200, body = SessionReply), (status = 401, body = Problem)), security(("staff" = [])))]
#[get("/sessions/current")]
pub(super) async fn current(staff: AsViewer) -> HttpResponse {
    HttpResponse::Ok().json(SessionReply { name: staff.staff.name, role: staff.staff.role.as_str().to_owned() })
}

/// Signs out.
#[utoipa::path(tag = "staff", responses((status = 204)), security(("staff" = [])))]
#[delete("/sessions/current")]
pub(super) async fn sign_out(
    app: web::Data<App>,
    request: HttpRequest,
    _staff: AsViewer,
) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::NoContent();
    if let Some(cookie) = end_session(&app, &request).await? {
        response.cookie(cookie);
    }
    Ok(response.finish())
}

/// Ends the session of a request and returns the cookie that clears it.
pub(crate) async fn end_session(app: &App, request: &HttpRequest) -> Result<Option<Cookie<'static>>, ApiError> {
    let Some(cookie) = request.cookie(SESSION_COOKIE) else { return Ok(None) };
    app.store.session_delete(&fingerprint(cookie.value())).await?;
    let mut cleared = Cookie::build(SESSION_COOKIE, "").path("/").http_only(true).finish();
    cleared.make_removal();
    Ok(Some(cleared))
}
