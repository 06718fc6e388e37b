//! Signing in and out, and how the reader wants the console: language and theme.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use dialogue::Language;
use serde::Deserialize;

use super::links::inside;
use super::page::{LANGUAGE_COOKIE, Page, Section, THEME_COOKIE, Theme, Visit, render, render_as, see_other};
use crate::api::sessions::{begin_session, end_session};
use crate::app::App;
use crate::auth::optional_staff;
use crate::error::ApiError;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(sign_in).service(sign_out).service(prefer);
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    page: Page,
    email: String,
    back: String,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
struct BackQuery {
    #[serde(default)]
    back: String,
}

#[get("/sign-in")]
async fn show(request: HttpRequest, visit: Visit, query: web::Query<BackQuery>) -> Result<HttpResponse, ApiError> {
    let back = inside(&query.back).to_owned();
    if let Ok(Some(_)) = optional_staff(&request).await {
        return Ok(see_other(&back));
    }
    render(&SignInPage { page: visit.public_page(Section::Elsewhere), email: String::new(), back, problem: None })
}

#[derive(Deserialize)]
struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    back: String,
}

#[post("/sign-in")]
async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    visit: Visit,
    form: web::Form<SignInForm>,
) -> Result<HttpResponse, ApiError> {
    let SignInForm { email, password, back } = form.into_inner();
    let back = inside(&back).to_owned();
    let begun = match app.limits.sign_in(&app.limits.visitor(&request)) {
        Ok(()) => begin_session(&app, &email, password).await,
        Err(limited) => Err(limited),
    };
    let t = visit.words();
    let (status, problem) = match begun {
        Ok(cookie) => {
            let mut response = see_other(&back);
            response
                .add_cookie(&cookie)
                .map_err(|error| anyhow::anyhow!("the session cookie cannot be set: {error}"))?;
            return Ok(response);
        }
        Err(ApiError::WrongPassword) => (StatusCode::UNAUTHORIZED, t.wrong_password.to_owned()),
        Err(ApiError::TooMany { retry_seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, super::words::n(t.too_many_sign_ins, retry_seconds))
        }
        Err(other) => return Err(other),
    };
    render_as(status, &SignInPage { page: visit.public_page(Section::Elsewhere), email, back, problem: Some(problem) })
}

#[post("/sign-out")]
async fn sign_out(app: web::Data<App>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut response = see_other("/console/sign-in?notice=signed_out");
    if let Some(cookie) = end_session(&app, &request).await? {
        response
            .add_cookie(&cookie)
            .map_err(|error| anyhow::anyhow!("the session cookie cannot be cleared: {error}"))?;
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
struct PreferencesForm {
    language: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    back: String,
}

#[post("/preferences")]
async fn prefer(app: web::Data<App>, form: web::Form<PreferencesForm>) -> Result<HttpResponse, ApiError> {
    let mut response = see_other(inside(&form.back));
    let language =
        form.language.as_deref().and_then(Language::parse).map(|language| (LANGUAGE_COOKIE, language.code()));
    let theme = form.theme.as_deref().map(|name| (THEME_COOKIE, Theme::parse(name).name()));
    for (name, value) in language.into_iter().chain(theme) {
        let cookie = Cookie::build(name, value)
            .path("/console")
            .http_only(true)
            .secure(app.config.server.https)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(365))
            .finish();
        response.add_cookie(&cookie).map_err(|error| anyhow::anyhow!("a cookie cannot be set: {error}"))?;
    }
    Ok(response)
}
