//! Many entries changed at once: which, how, a trial that shows every change, then the change and its undo.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use store::{BranchMove, BulkChange, BulkEdit, BulkTarget};

use super::super::links::with_query;
use super::super::page::{Page, render, render_as, see_other};
use super::desk::Desk;
use super::editor::live;
use super::form::{channel_choices, channel_names};
use super::list::ListView;
use crate::error::ApiError;
use crate::faq_bulk::{BulkReply, checked, note};
use crate::faq_import::ChangeKind;
use crate::review::AsPublisher;

type Pairs = Vec<(String, String)>;

/// What was filled in.
#[derive(Debug, Default)]
struct BulkForm {
    ids: Vec<String>,
    /// All that match the list's filter, instead of the ticked ones.
    all: bool,
    /// The fields that are to be changed.
    set: Vec<String>,
    enabled: String,
    category: String,
    from: String,
    to: String,
    valid_from: String,
    valid_until: String,
    channels: String,
    note: String,
    /// The revision that was looked at.
    revision: Option<i64>,
}

impl BulkForm {
    fn read(pairs: Pairs) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "id" => form.ids.push(value),
                "all" => form.all = !value.is_empty(),
                "set" => form.set.push(value),
                "to_enabled" => form.enabled = value,
                "to_category" => form.category = value,
                "from" => form.from = value,
                "to" => form.to = value,
                "valid_from" => form.valid_from = value,
                "valid_until" => form.valid_until = value,
                "channels" => form.channels = value,
                "note" => form.note = value,
                "revision" => form.revision = value.parse().ok(),
                _ => {}
            }
        }
        form
    }

    fn sets(&self, field: &str) -> bool {
        self.set.iter().any(|set| set == field)
    }

    fn change(&self) -> Result<BulkChange, ApiError> {
        let set = |field: &str, value: &str| self.sets(field).then(|| value.to_owned());
        checked(BulkChange {
            enabled: self.sets("enabled").then(|| self.enabled == "on"),
            category: set("category", &self.category),
            branch: self.sets("branch").then(|| BranchMove { from: self.from.clone(), to: self.to.clone() }),
            valid_from: set("valid_from", &self.valid_from),
            valid_until: set("valid_until", &self.valid_until),
            channels: self.sets("channels").then(|| self.channels.split(',').map(str::to_owned).collect()),
            delete: self.sets("delete"),
        })
    }

    fn edit(&self, desk: &Desk) -> Result<BulkEdit, ApiError> {
        let target = match self.all {
            true => BulkTarget::Filter(desk.query.filter()),
            false => BulkTarget::Ids(self.ids.clone()),
        };
        Ok(BulkEdit { target, change: self.change()?, note: note(&self.note), expected_revision: self.revision })
    }
}

#[derive(Template)]
#[template(path = "console/faq_bulk.html")]
struct BulkPage {
    page: Page,
    list: ListView,
    form: BulkForm,
    count: i64,
    trial: Option<BulkReply>,
    problem: Option<String>,
}

impl BulkPage {
    fn choices(&self) -> Vec<(String, String)> {
        channel_choices(self.page.t)
    }

    /// A value as people read it.
    fn shown(&self, field: &str, value: &str) -> String {
        let t = self.page.t;
        match (field, value) {
            ("enabled", "true") => t.on.to_owned(),
            ("enabled", _) => t.off.to_owned(),
            ("channels", _) => channel_names(value, t),
            (_, "") => t.empty_value.to_owned(),
            _ => value.to_owned(),
        }
    }

    fn path(&self) -> String {
        self.list.link("/console/faq/bulk")
    }
}

async fn lay(desk: &Desk, page: Page, form: BulkForm) -> Result<BulkPage, ApiError> {
    let list = desk.list(None).await?;
    let count = if form.all { list.total } else { i64::try_from(form.ids.len()).unwrap_or(i64::MAX) };
    let none = count == 0;
    let problem = none.then(|| page.t.nothing_ticked.to_owned());
    Ok(BulkPage { page, list, form, count, trial: None, problem })
}

#[get("/faq/bulk")]
pub(super) async fn choose(
    desk: Desk,
    editor: AsPublisher,
    pairs: web::Query<Pairs>,
) -> Result<HttpResponse, ApiError> {
    let mut form = BulkForm::read(pairs.into_inner());
    if form.sets("branch") && form.from.is_empty() {
        form.from = desk.query.branch().to_owned();
        form.to.clone_from(&form.from);
    }
    render(&lay(&desk, desk.page(&editor.staff), form).await?)
}

#[post("/faq/bulk")]
pub(super) async fn change_many(
    desk: Desk,
    editor: AsPublisher,
    pairs: web::Form<Pairs>,
) -> Result<HttpResponse, ApiError> {
    let pairs = pairs.into_inner();
    let now = pairs.iter().any(|(name, value)| name == "step" && value == "do");
    let mut form = BulkForm::read(pairs);
    let page = desk.page(&editor.staff);
    let edit = match form.edit(&desk) {
        Ok(edit) => edit,
        Err(error) => {
            let laid = lay(&desk, page, form).await?;
            let problem = Some(error.to_string());
            return render_as(StatusCode::UNPROCESSABLE_ENTITY, &BulkPage { problem, ..laid });
        }
    };
    let done =
        if now { desk.app.store.faq_bulk(&edit, &editor.staff.name).await } else { trial(&desk, edit.clone()).await };
    match done {
        Ok(outcome) if now => {
            let (count, id) = (outcome.changed.len().to_string(), outcome.id.unwrap_or_default());
            let address = with_query(&desk.query.at("/console/faq"), &[("bulk", &id), ("n_bulk", &count)]);
            Ok(see_other(&live(&desk.app, outcome.revision, &address, "bulk_done").await?))
        }
        Ok(outcome) => {
            form.revision = Some(outcome.revision);
            let seen = outcome.revision;
            let laid = lay(&desk, page, form).await?;
            render(&BulkPage { trial: Some(BulkReply::of(outcome, true, seen)), ..laid })
        }
        Err(store::Error::VersionConflict { .. }) => {
            form.revision = None;
            let problem = Some(page.t.bulk_changed_meanwhile.to_owned());
            let laid = lay(&desk, page, form).await?;
            render_as(StatusCode::PRECONDITION_FAILED, &BulkPage { problem, ..laid })
        }
        Err(store::Error::Invalid(words)) => {
            let laid = lay(&desk, page, form).await?;
            render_as(StatusCode::UNPROCESSABLE_ENTITY, &BulkPage { problem: Some(words), ..laid })
        }
        Err(other) => Err(other.into()),
    }
}

/// What the edit would do; its revision is the one that was looked at.
async fn trial(desk: &Desk, edit: BulkEdit) -> Result<store::BulkOutcome, store::Error> {
    let seen = desk.app.store.revision().await?;
    let outcome = desk.app.store.faq_bulk_preview(&BulkEdit { expected_revision: Some(seen), ..edit }).await?;
    Ok(store::BulkOutcome { revision: seen, ..outcome })
}

#[derive(Debug, Deserialize)]
struct UndoForm {
    bulk: String,
}

#[post("/faq/bulk/undo")]
pub(super) async fn undo(desk: Desk, editor: AsPublisher, form: web::Form<UndoForm>) -> Result<HttpResponse, ApiError> {
    let outcome = desk.app.store.faq_bulk_undo(&form.bulk, &editor.staff.name).await?;
    let address = desk.query.at("/console/faq");
    if !outcome.left.is_empty() {
        let left = outcome.left.len().to_string();
        return Ok(see_other(&with_query(&address, &[("notice", "bulk_undone_partly"), ("n", &left)])));
    }
    Ok(see_other(&live(&desk.app, outcome.revision, &address, "bulk_undone").await?))
}
