//! Staff accounts and the tokens of programs.

use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Role;
use utoipa::ToSchema;

use super::extract::Body;
use crate::app::App;
use crate::auth::{AsOwner, Secret, hash_password};
use crate::error::{ApiError, Problem};

/// A new staff account.
#[derive(Deserialize, ToSchema)]
pub struct AccountRequest {
    pub email: String,
    pub password: String,
    /// `owner`, `editor`, `agent` or `viewer`.
    pub role: String,
}

impl std::fmt::Debug for AccountRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AccountRequest")
            .field("email", &self.email)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A staff account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountReply {
    pub id: String,
    pub email: String,
    pub role: String,
}

/// Adds an account.
#[utoipa::path(tag = "staff", request_body = AccountRequest, responses((status = 201, body = AccountReply), (status = 409, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/accounts")]
pub(super) async fn create(
    app: web::Data<App>,
    owner: AsOwner,
    body: Body<AccountRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(body) = body;
    let role = parse_role(&body.role)?;
    let email = body.email.trim().to_owned();
    if !email.contains('@') || email.len() > 254 || email.chars().any(char::is_control) {
        return Err(ApiError::Invalid(format!("{email:?} is not an e-mail address")));
    }
    let hash = web::block(move || hash_password(&body.password))
        .await?
        .map_err(|error| ApiError::Invalid(error.to_string()))?;
    let account = app.store.account_create(&email, &hash, role).await?;
    app.store.audit_add(&owner.staff.name, "account_created", &email, &json!({ "role": role.as_str() })).await?;
    Ok(HttpResponse::Created().json(AccountReply {
        id: account.id,
        email: account.email,
        role: account.role.as_str().to_owned(),
    }))
}

/// Lists the accounts.
#[utoipa::path(tag = "staff", responses((status = 200, body = Vec<AccountReply>)), security(("staff" = [])))]
#[get("/accounts")]
pub(super) async fn list(app: web::Data<App>, _owner: AsOwner) -> Result<HttpResponse, ApiError> {
    let accounts = app.store.account_list().await?;
    let accounts: Vec<_> = accounts
        .into_iter()
        .map(|account| AccountReply { id: account.id, email: account.email, role: account.role.as_str().to_owned() })
        .collect();
    Ok(HttpResponse::Ok().json(accounts))
}

/// A token for a program.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// What the token is for; shown in lists and in the audit log.
    pub name: String,
    /// `owner`, `editor`, `agent` or `viewer`.
    pub role: String,
}

/// A new token; it is shown only here.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenReply {
    pub id: String,
    pub token: String,
}

/// Makes a token for a program, sent as `Authorization: Bearer …`.
#[utoipa::path(tag = "staff", request_body = TokenRequest, responses((status = 201, body = TokenReply), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/tokens")]
pub(super) async fn create_token(
    app: web::Data<App>,
    owner: AsOwner,
    body: Body<TokenRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body(TokenRequest { name, role }) = body;
    if name.trim().is_empty() || name.chars().count() > 100 {
        return Err(ApiError::Invalid("name must have 1 to 100 characters".to_owned()));
    }
    let role = parse_role(&role)?;
    let secret = Secret::new("fd");
    let token = app.store.token_create(name.trim(), role, &secret.fingerprint()).await?;
    app.store.audit_add(&owner.staff.name, "token_created", name.trim(), &json!({ "role": role.as_str() })).await?;
    Ok(HttpResponse::Created().json(TokenReply { id: token.id, token: secret.reveal().to_owned() }))
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenListed {
    pub id: String,
    pub name: String,
    pub role: String,
    pub created_at: i64,
}

/// Lists the tokens.
#[utoipa::path(tag = "staff", responses((status = 200, body = Vec<TokenListed>)), security(("staff" = [])))]
#[get("/tokens")]
pub(super) async fn list_tokens(app: web::Data<App>, _owner: AsOwner) -> Result<HttpResponse, ApiError> {
    let tokens = app.store.token_list().await?;
    let tokens: Vec<_> = tokens
        .into_iter()
        .map(|token| TokenListed {
            id: token.id,
            name: token.name,
            role: token.role.as_str().to_owned(),
            created_at: token.created_at,
        })
        .collect();
    Ok(HttpResponse::Ok().json(tokens))
}

/// Revokes a token at once.
#[utoipa::path(tag = "staff", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)), security(("staff" = [])))]
#[delete("/tokens/{id}")]
pub(super) async fn revoke_token(
    app: web::Data<App>,
    owner: AsOwner,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    app.store.token_revoke(&id).await?;
    app.store.audit_add(&owner.staff.name, "token_revoked", &id, &json!({})).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn parse_role(name: &str) -> Result<Role, ApiError> {
    Role::parse(name)
        .ok_or_else(|| ApiError::Invalid(format!("role is {name:?}; it can be owner, editor, agent or viewer")))
}
