//! What customers are offered before they ask, and what of it is switched on.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::call::{Call, NoQuery};
use super::page::{Page, Section, render, see_other};
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;
use crate::suggestions::Settings;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(change);
}

#[derive(Template)]
#[template(path = "console/suggestions.html")]
struct SuggestionsPage {
    page: Page,
    settings: Settings,
}

#[get("/suggestions")]
async fn show(call: Call<NoQuery>, viewer: AsViewer) -> Result<HttpResponse, ApiError> {
    let Call { app, visit, .. } = call;
    let page = visit.page(Section::Settings, &viewer.staff);
    render(&SuggestionsPage { settings: app.suggestions.settings(), page })
}

/// A box that is not ticked is not sent.
#[derive(Debug, Deserialize)]
struct SettingsForm {
    while_typing: Option<String>,
    also_asked: Option<String>,
}

#[post("/suggestions")]
async fn change(
    app: web::Data<App>,
    editor: AsEditor,
    form: web::Form<SettingsForm>,
) -> Result<HttpResponse, ApiError> {
    let SettingsForm { while_typing, also_asked } = form.into_inner();
    let settings = Settings { while_typing: while_typing.is_some(), also_asked: also_asked.is_some() };
    app.suggestions.change_settings(settings).await?;
    let detail = json!(settings);
    app.store.audit_add(&editor.staff.name, "suggestions_changed", "suggestions", &detail).await?;
    Ok(see_other("/console/suggestions?notice=suggestions_changed"))
}
