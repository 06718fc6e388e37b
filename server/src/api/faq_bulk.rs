//! Many entries of the FAQ changed at once, tried first if wished, and taken back as one.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use store::{BranchMove, BulkChange, BulkEdit, BulkTarget, FaqFilter};
use utoipa::ToSchema;

use super::extract::Body;
use crate::app::App;
use crate::error::{ApiError, Problem};
use crate::faq_bulk::{self, BulkReply};
use crate::review::AsPublisher;

/// Which entries to change and how. Either `ids` or `filter` says which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    pub ids: Option<Vec<String>>,
    /// All that match; `{}` is the whole FAQ.
    pub filter: Option<BulkFilter>,
    pub change: BulkChangeRequest,
    /// Why; stands in the history of every entry.
    #[serde(default)]
    pub note: String,
    /// Say what would change, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// The revision that a dry run showed: with another one nothing is done.
    pub revision: Option<i64>,
}

/// What the list of entries can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkFilter {
    pub text: Option<String>,
    pub language: Option<String>,
    pub category: Option<String>,
    /// A category with everything below it.
    pub branch: Option<String>,
    pub enabled: Option<bool>,
}

/// What is done to each entry; what is not named stays, and an empty text takes a value away.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkChangeRequest {
    pub enabled: Option<bool>,
    pub category: Option<String>,
    pub branch: Option<BranchRequest>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    /// Of `widget`, `rasa` and `api`; everywhere when empty.
    pub channels: Option<Vec<String>>,
    pub delete: bool,
}

/// A branch of the category tree that gets another path.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchRequest {
    pub from: String,
    pub to: String,
}

impl BulkRequest {
    fn edit(self) -> Result<BulkEdit, ApiError> {
        let target = match (self.ids, self.filter) {
            (Some(ids), None) => BulkTarget::Ids(ids),
            (None, Some(filter)) => BulkTarget::Filter(FaqFilter {
                text: filter.text,
                language: filter.language,
                category: filter.category,
                branch: filter.branch,
                enabled: filter.enabled,
            }),
            _ => return Err(ApiError::Invalid("send either `ids` or `filter`".to_owned())),
        };
        let BulkChangeRequest { enabled, category, branch, valid_from, valid_until, channels, delete } = self.change;
        let branch = branch.map(|BranchRequest { from, to }| BranchMove { from, to });
        let change = BulkChange { enabled, category, branch, valid_from, valid_until, channels, delete };
        let (change, note) = (faq_bulk::checked(change)?, faq_bulk::note(&self.note));
        Ok(BulkEdit { target, change, note, expected_revision: self.revision })
    }
}

/// Changes many entries in one transaction, under one note, or says what would change.
#[utoipa::path(tag = "faq", request_body = BulkRequest, responses((status = 200, body = BulkReply), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq/bulk")]
pub(super) async fn change_many(
    app: web::Data<App>,
    editor: AsPublisher,
    body: Body<BulkRequest>,
) -> Result<HttpResponse, ApiError> {
    let (dry_run, edit) = (body.0.dry_run, body.0.edit()?);
    let seen = app.store.revision().await?;
    if dry_run {
        let outcome = app.store.faq_bulk_preview(&edit).await?;
        return Ok(HttpResponse::Ok().json(BulkReply::of(outcome, true, seen)));
    }
    let outcome = app.store.faq_bulk(&edit, &editor.staff.name).await?;
    app.faq.wait_until_searchable(outcome.revision).await?;
    Ok(HttpResponse::Ok().json(BulkReply::of(outcome, false, seen)))
}

/// Takes a bulk edit back; entries that somebody changed since stay as they are and are named in `left`.
#[utoipa::path(tag = "faq", params(("id" = String, Path)), responses((status = 200, body = BulkReply), (status = 403, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem)), security(("staff" = [])))]
#[post("/faq/bulk/{id}/undo")]
pub(super) async fn undo_many(
    app: web::Data<App>,
    editor: AsPublisher,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let outcome = app.store.faq_bulk_undo(&id, &editor.staff.name).await?;
    app.faq.wait_until_searchable(outcome.revision).await?;
    Ok(HttpResponse::Ok().json(BulkReply::of(outcome, false, 0)))
}
