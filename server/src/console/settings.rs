//! Settings: one's own password, what the bot folder says of the bot, and for owners the accounts, tokens and the audit log.

use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Account, ApiToken, AuditFilter, Role};

use super::call::{Call, NoQuery};
use super::links::with_query;
use super::page::{Page, Section, Visit, render, render_as, see_other};
use super::trace::{language_name, percent};
use super::words::Words;
use crate::app::App;
use crate::auth::{AsOwner, AsViewer, Secret, Staff, hash_password, verify_password};
use crate::error::ApiError;
use crate::review::Review;

const AUDIT_SHOWN: usize = 50;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(show)
        .service(change_password)
        .service(set_review)
        .service(add_account)
        .service(change_role)
        .service(delete_account)
        .service(add_token)
        .service(revoke_token);
}

/// What the bot folder says.
struct BotView {
    name: String,
    languages: String,
    error_rate: String,
    hours: String,
    open_now: bool,
    entries: usize,
    model: Option<String>,
    revision: i64,
}

/// One line of the audit log.
struct AuditRow {
    at: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
}

/// What only owners see.
struct OwnerView {
    accounts: Vec<Account>,
    tokens: Vec<ApiToken>,
    audit: Vec<AuditRow>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct SettingsPage {
    page: Page,
    bot: BotView,
    has_account: bool,
    owner: Option<OwnerView>,
    roles: Vec<(&'static str, &'static str)>,
    /// Who must read edits of the FAQ: name, words, and whether it is so.
    reviews: Vec<(&'static str, &'static str, bool)>,
    /// A token that was just made; shown only now.
    new_token: Option<(String, String)>,
    problem: Option<String>,
}

impl SettingsPage {
    fn role_name(&self, role: &Role) -> &'static str {
        self.page.t.one_of("role", role.as_str())
    }

    async fn read(app: &App, visit: Visit, staff: &Staff, before: Option<&str>) -> Result<Self, ApiError> {
        let page = visit.page(Section::Settings, staff);
        let owner = if page.may_own() { Some(owner_view(app, before, page.t).await?) } else { None };
        let roles = [Role::Viewer, Role::Agent, Role::Editor, Role::Owner];
        Ok(Self {
            bot: bot_view(app, &page),
            has_account: staff.account_id.is_some(),
            owner,
            roles: roles.iter().map(|role| (role.as_str(), page.t.one_of("role", role.as_str()))).collect(),
            reviews: reviews(app, page.t).await?,
            new_token: None,
            problem: None,
            page,
        })
    }
}

async fn reviews(app: &App, t: &'static Words) -> Result<Vec<(&'static str, &'static str, bool)>, ApiError> {
    let now = Review::of(&app.store).await?;
    let choice = |review: Review| (review.name(), t.one_of("review", review.name()), review == now);
    Ok(Review::ALL.map(choice).to_vec())
}

fn bot_view(app: &App, page: &Page) -> BotView {
    let script = app.assistant.script();
    let language = page.visit.language;
    let config = &script.config;
    let languages: Vec<&str> = config.languages.iter().map(|language| language_name(*language, page.t)).collect();
    BotView {
        name: config.name.get(language).cloned().unwrap_or_default(),
        languages: languages.join(page.t.list_comma),
        error_rate: percent(config.accepted_error_rate),
        hours: script.opening_hours(language),
        open_now: script.is_open(jiff::Timestamp::now()),
        entries: app.assistant.index().len(),
        model: app.assistant.model_version(),
        revision: app.faq.searchable_revision(),
    }
}

async fn owner_view(app: &App, before: Option<&str>, t: &'static Words) -> Result<OwnerView, ApiError> {
    let entries = app.store.audit_list(&AuditFilter::default(), AUDIT_SHOWN, before).await?;
    let older = entries
        .last()
        .filter(|_| entries.len() == AUDIT_SHOWN)
        .map(|last| with_query("/console/settings", &[("before", &last.id)]));
    let rows = entries.into_iter().map(|entry| AuditRow {
        at: entry.at,
        actor: entry.actor,
        action: t.get(&format!("audit_{}", entry.action)).map_or(entry.action, str::to_owned),
        subject: if entry.subject == "session" { String::new() } else { entry.subject },
        detail: in_words(&entry.detail, t),
    });
    Ok(OwnerView {
        audit: rows.collect(),
        older,
        accounts: app.store.account_list().await?,
        tokens: app.store.token_list().await?,
    })
}

/// The detail of an audit entry, as names and values.
fn in_words(detail: &Value, t: &'static Words) -> String {
    let Some(fields) = detail.as_object() else { return String::new() };
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let said = fields.iter().map(|(name, value)| match name.as_str() {
        "role" => format!("{}: {}", t.role, t.one_of("role", &word(value))),
        "reason" => format!("{}: {}", t.reason, word(value)),
        _ => format!("{name}: {}", word(value)),
    });
    said.collect::<Vec<_>>().join(t.list_comma)
}

#[derive(Debug, Deserialize)]
struct AuditQuery {
    before: Option<String>,
}

#[get("/settings")]
async fn show(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    query: web::Query<AuditQuery>,
) -> Result<HttpResponse, ApiError> {
    render(&SettingsPage::read(&app, visit, &viewer.staff, query.before.as_deref()).await?)
}

/// Shows the page again with what stands in the way.
async fn refused(app: &App, visit: Visit, staff: &Staff, problem: String) -> Result<HttpResponse, ApiError> {
    let page = SettingsPage::read(app, visit, staff, None).await?;
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &SettingsPage { problem: Some(problem), ..page })
}

#[derive(Deserialize)]
struct PasswordForm {
    current: String,
    new: String,
}

#[post("/settings/password")]
async fn change_password(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    form: web::Form<PasswordForm>,
) -> Result<HttpResponse, ApiError> {
    let PasswordForm { current, new } = form.into_inner();
    let Some(id) = viewer.staff.account_id.clone() else { return Err(ApiError::Forbidden { needed: "viewer" }) };
    let stored = app.store.account(&id).await?.password_hash;
    let hash = web::block(move || verify_password(&current, Some(&stored)).then(|| hash_password(&new))).await?;
    match hash {
        None => {
            let problem = visit.words().current_password_is_wrong.to_owned();
            refused(&app, visit, &viewer.staff, problem).await
        }
        Some(Err(_)) => {
            let problem = visit.words().password_is_short.to_owned();
            refused(&app, visit, &viewer.staff, problem).await
        }
        Some(Ok(hash)) => {
            app.store.account_set_password(&id, &hash).await?;
            app.store.audit_add(&viewer.staff.name, "password_changed", &viewer.staff.name, &json!({})).await?;
            Ok(see_other("/console/sign-in?notice=password_changed"))
        }
    }
}

#[derive(Deserialize)]
struct AccountForm {
    email: String,
    password: String,
    role: String,
}

#[post("/settings/accounts")]
async fn add_account(
    app: web::Data<App>,
    owner: AsOwner,
    visit: Visit,
    form: web::Form<AccountForm>,
) -> Result<HttpResponse, ApiError> {
    let AccountForm { email, password, role } = form.into_inner();
    let (t, email, role) = (visit.words(), email.trim().to_owned(), parse_role(&role)?);
    if !email.contains('@') || email.len() > 254 || email.chars().any(char::is_control) {
        return refused(&app, visit, &owner.staff, t.email_is_wrong.to_owned()).await;
    }
    let Ok(hash) = web::block(move || hash_password(&password)).await? else {
        return refused(&app, visit, &owner.staff, t.password_is_short.to_owned()).await;
    };
    match app.store.account_create(&email, &hash, role).await {
        Ok(_) => {}
        Err(store::Error::Duplicate { .. }) => {
            return refused(&app, visit, &owner.staff, t.email_is_taken.to_owned()).await;
        }
        Err(other) => return Err(other.into()),
    }
    app.store.audit_add(&owner.staff.name, "account_created", &email, &json!({ "role": role.as_str() })).await?;
    Ok(see_other("/console/settings?notice=account_created#accounts"))
}

#[derive(Debug, Deserialize)]
struct ReviewForm {
    required: Review,
}

#[post("/settings/review")]
async fn set_review(
    call: Call<NoQuery>,
    owner: AsOwner,
    form: web::Form<ReviewForm>,
) -> Result<HttpResponse, ApiError> {
    form.required.set(&call.app.store, &owner.staff).await?;
    Ok(see_other("/console/settings?notice=review_set#review"))
}

#[derive(Debug, Deserialize)]
struct RoleForm {
    role: String,
}

#[post("/settings/accounts/{id}/role")]
async fn change_role(
    call: Call<NoQuery>,
    owner: AsOwner,
    id: web::Path<String>,
    form: web::Form<RoleForm>,
) -> Result<HttpResponse, ApiError> {
    let Call { app, visit, .. } = call;
    let role = parse_role(&form.role)?;
    match app.store.account_set_role(&id, role).await {
        Ok(account) => {
            app.store
                .audit_add(&owner.staff.name, "role_changed", &account.email, &json!({ "role": role.as_str() }))
                .await?;
            Ok(see_other("/console/settings?notice=role_changed#accounts"))
        }
        Err(store::Error::Invalid(_)) => {
            let problem = visit.words().last_owner.to_owned();
            refused(&app, visit, &owner.staff, problem).await
        }
        Err(other) => Err(other.into()),
    }
}

#[post("/settings/accounts/{id}/delete")]
async fn delete_account(
    app: web::Data<App>,
    owner: AsOwner,
    visit: Visit,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let account = app.store.account(&id).await?;
    match app.store.account_delete(&id).await {
        Ok(()) => {
            app.store.audit_add(&owner.staff.name, "account_deleted", &account.email, &json!({})).await?;
            Ok(see_other("/console/settings?notice=account_deleted#accounts"))
        }
        Err(store::Error::Invalid(_)) => {
            let problem = visit.words().last_owner.to_owned();
            refused(&app, visit, &owner.staff, problem).await
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Debug, Deserialize)]
struct TokenForm {
    name: String,
    role: String,
}

#[post("/settings/tokens")]
async fn add_token(
    app: web::Data<App>,
    owner: AsOwner,
    visit: Visit,
    form: web::Form<TokenForm>,
) -> Result<HttpResponse, ApiError> {
    let (name, role) = (form.name.trim().to_owned(), parse_role(&form.role)?);
    if name.is_empty() || name.chars().count() > 100 {
        let problem = visit.words().token_needs_name.to_owned();
        return refused(&app, visit, &owner.staff, problem).await;
    }
    let secret = Secret::new("fd");
    app.store.token_create(&name, role, &secret.fingerprint()).await?;
    app.store.audit_add(&owner.staff.name, "token_created", &name, &json!({ "role": role.as_str() })).await?;
    let page = SettingsPage::read(&app, visit, &owner.staff, None).await?;
    render(&SettingsPage { new_token: Some((name, secret.reveal().to_owned())), ..page })
}

#[post("/settings/tokens/{id}/revoke")]
async fn revoke_token(app: web::Data<App>, owner: AsOwner, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let token = app.store.token_revoke(&id).await?;
    app.store.audit_add(&owner.staff.name, "token_revoked", &token.name, &json!({})).await?;
    Ok(see_other("/console/settings?notice=token_revoked#tokens"))
}

fn parse_role(name: &str) -> Result<Role, ApiError> {
    Role::parse(name)
        .ok_or_else(|| ApiError::Invalid(format!("role is {name:?}; it can be owner, editor, agent or viewer")))
}
