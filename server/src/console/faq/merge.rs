//! Two people changed one entry: what each of them changed, field by field, and the one version that comes of it. A field
//! that one side changed is taken from there; one that both changed is chosen. Nothing is saved unseen, nothing typed lost.

mod field;

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use askama::Template;

use self::field::{Merged, Origin};
use super::super::diff::{Piece, pieces};
use super::super::links::faq_entry;
use super::super::page::{Page, render_as};
use super::super::words::Words;
use super::desk::Desk;
use super::editor::{Target, put};
use super::form::{EntryForm, Field};
use super::list::ListView;
use super::pending;
use crate::auth::AsEditor;
use crate::error::ApiError;

/// A field on the page.
struct Row {
    name: &'static str,
    title: &'static str,
    open: bool,
    /// Says whose change is taken.
    taken: &'static str,
    base: String,
    theirs: Vec<Piece>,
    yours: Vec<Piece>,
    raw_yours: String,
    value: String,
    /// `long`, `short`, `date`, or empty where there is nothing to write.
    editor: &'static str,
    pick: String,
}

/// Whom what was typed meets, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// A newer version of the entry; what is merged is published.
    Entry,
    /// A newer version of the edit that waits; what is merged waits.
    Pending,
    /// A newer version of the entry than the edit began from; what is merged waits.
    Published,
}

impl Against {
    fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Pending => "pending",
            Self::Published => "published",
        }
    }

    fn parse(name: &str) -> Self {
        [Self::Pending, Self::Published].into_iter().find(|one| one.name() == name).unwrap_or(Self::Entry)
    }
}

#[derive(Template)]
#[template(path = "console/faq_merge.html")]
struct MergePage {
    page: Page,
    list: ListView,
    id: String,
    base: i64,
    theirs: Theirs,
    against: Against,
    /// What is carried on and not merged.
    carried: Vec<(&'static str, String)>,
    changed: Vec<Row>,
    unchanged: Vec<Row>,
    n_open: usize,
    problem: Option<&'static str>,
}

impl MergePage {
    fn path(&self, rest: &str) -> String {
        self.list.link(&format!("{}{rest}", faq_entry(&self.id)))
    }

    /// Where what others saved can be seen.
    fn theirs_path(&self) -> String {
        self.path(if self.against == Against::Pending { "/draft" } else { "" })
    }
}

/// What somebody else saved.
#[derive(Clone, Debug)]
struct Theirs {
    form: EntryForm,
    version: i64,
    by: String,
    at: i64,
    deleted: bool,
    /// The entry's version that what is merged stands on.
    stands_on: i64,
}

/// The versions of one entry that meet.
struct Meeting {
    against: Against,
    /// What `yours` began from; nothing where that is not known.
    base: EntryForm,
    theirs: Theirs,
    yours: EntryForm,
}

impl Meeting {
    /// `seen` is the version that was shown; without it the newest one.
    async fn of(
        desk: &Desk,
        id: &str,
        against: Against,
        yours: EntryForm,
        seen: Option<i64>,
    ) -> Result<Self, ApiError> {
        let history = match desk.app.store.faq_history(id).await {
            // A new entry may be a mere draft so far.
            Err(store::Error::NotFound { .. }) => Vec::new(),
            other => other?,
        };
        let base = history.iter().find(|record| record.version == yours.version).map(EntryForm::of).unwrap_or_default();
        let gone = || ApiError::NotFound { what: "FAQ version", id: id.to_owned() };
        let theirs = if against == Against::Pending {
            let edit = desk.app.store.faq_pending(id).await?.ok_or_else(gone)?;
            Theirs {
                form: EntryForm::of_draft(&edit.entry, edit.base_version),
                version: edit.version,
                by: edit.written_by,
                at: edit.updated_at,
                deleted: false,
                stands_on: edit.base_version,
            }
        } else {
            let record = history.into_iter().find(|record| seen.is_none_or(|version| record.version == version));
            let record = record.ok_or_else(gone)?;
            Theirs {
                form: EntryForm::of(&record),
                version: record.version,
                stands_on: record.version,
                by: record.updated_by,
                at: record.updated_at,
                deleted: record.deleted,
            }
        };
        Ok(Self { against, base, theirs, yours })
    }

    fn merged(&self) -> [Merged; 10] {
        Field::ALL.map(|field| Merged::of(field, [&self.base, &self.theirs.form, &self.yours]))
    }
}

/// Shows what somebody else saved beside what was typed; `yours.version` is the version it was typed over.
pub(super) async fn meet(
    desk: &Desk,
    page: Page,
    id: &str,
    against: Against,
    yours: EntryForm,
) -> Result<HttpResponse, ApiError> {
    let meeting = Meeting::of(desk, id, against, yours, None).await?;
    lay(desk, page, id, &meeting, &HashMap::new()).await
}

/// `typed` holds what was chosen before, if anything was.
async fn lay(
    desk: &Desk,
    page: Page,
    id: &str,
    meeting: &Meeting,
    typed: &HashMap<String, String>,
) -> Result<HttpResponse, ApiError> {
    let rows = meeting.merged().map(|merged| (merged.origin, row(&merged, typed, page.t)));
    let n_open = rows.iter().filter(|(_, row)| row.open).count();
    let (unchanged, changed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(origin, _)| *origin == Origin::Neither);
    let bare = |rows: Vec<(Origin, Row)>| rows.into_iter().map(|(_, row)| row).collect();
    let yours = &meeting.yours;
    let carried = [
        ("resolves", yours.resolves.clone()),
        ("draft", yours.draft.clone()),
        ("draft_days", yours.draft_days.clone()),
        ("publish", yours.publish.clone()),
        ("step", yours.step.clone()),
        ("pending", yours.pending.to_string()),
    ];
    let carried = carried.into_iter().filter(|(_, value)| !value.is_empty());
    let laid = MergePage {
        list: desk.list(Some(id)).await?,
        id: id.to_owned(),
        base: yours.version,
        theirs: meeting.theirs.clone(),
        against: meeting.against,
        carried: carried.collect(),
        changed: bare(changed),
        unchanged: bare(unchanged),
        n_open,
        problem: Some(page.t.choose_each).filter(|_| !typed.is_empty()),
        page,
    };
    render_as(StatusCode::PRECONDITION_FAILED, &laid)
}

fn row(merged: &Merged, typed: &HashMap<String, String>, t: &'static Words) -> Row {
    let Merged { field, origin, base, theirs, yours, value } = merged;
    let open = *origin == Origin::Open;
    let said = |name: String| typed.get(&name).cloned();
    let shown = |value: &str| field.shown(value, t);
    // Lines can be joined without anything being lost, so that is what is offered first.
    let first = if open && field.is_list() { "edited" } else { "" };
    Row {
        name: field.name(),
        title: field.title(t),
        open,
        taken: match origin {
            Origin::Theirs => t.taken_from_theirs,
            Origin::Yours => t.taken_from_yours,
            Origin::Neither | Origin::Both | Origin::Open => t.both_the_same,
        },
        base: shown(base),
        theirs: pieces(&shown(base), &shown(theirs)),
        yours: pieces(&shown(base), &shown(yours)),
        raw_yours: yours.clone(),
        value: said(field.name().to_owned()).filter(|_| open).unwrap_or_else(|| value.clone()),
        editor: match field {
            Field::Question | Field::Similar | Field::Answer | Field::Links => "long",
            Field::Category => "short",
            Field::ValidFrom | Field::ValidUntil => "date",
            Field::Language | Field::Enabled | Field::Channels => "",
        },
        pick: said(format!("pick_{}", field.name())).unwrap_or_else(|| first.to_owned()),
    }
}

/// Saves what was chosen over the version that was seen; whoever saved yet another one meanwhile is met again.
#[post("/faq/entry/{id}/merge")]
pub(super) async fn save(
    desk: Desk,
    editor: AsEditor,
    id: web::Path<String>,
    typed: web::Form<HashMap<String, String>>,
) -> Result<HttpResponse, ApiError> {
    let typed = typed.into_inner();
    let against = Against::parse(typed.get("against").map_or("", String::as_str));
    let yours = typed_form(&typed)?;
    let seen = number(&typed, "version")?;
    let meeting = Meeting::of(&desk, &id, against, yours, Some(seen)).await?;
    let page = desk.page(&editor.staff);
    if meeting.theirs.version != seen {
        return lay(&desk, page, &id, &meeting, &HashMap::new()).await;
    }
    let Some(form) = chosen(&meeting, &typed) else { return lay(&desk, page, &id, &meeting, &typed).await };
    if against == Against::Entry {
        return put(&desk, Target { id: &id, shown_as: &id }, form, &editor.staff).await;
    }
    let pending = if against == Against::Pending { seen } else { meeting.yours.pending };
    pending::keep(&desk, &id, EntryForm { pending, ..form }, &editor.staff).await
}

fn number(typed: &HashMap<String, String>, name: &str) -> Result<i64, ApiError> {
    let text = typed.get(name).map_or("", String::as_str);
    text.parse().map_err(|_| ApiError::Invalid(format!("{name} must be the number of a version")))
}

/// What was typed before the two versions met.
fn typed_form(typed: &HashMap<String, String>) -> Result<EntryForm, ApiError> {
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let mut yours = EntryForm {
        version: number(typed, "base")?,
        pending: text("pending").parse().unwrap_or_default(),
        step: text("step"),
        resolves: text("resolves"),
        draft: text("draft"),
        draft_days: text("draft_days"),
        publish: text("publish"),
        ..EntryForm::default()
    };
    for field in Field::ALL {
        field.put(&mut yours, text(&format!("yours_{}", field.name())));
    }
    Ok(yours)
}

/// The form with every field decided; nothing while one is still open.
fn chosen(meeting: &Meeting, typed: &HashMap<String, String>) -> Option<EntryForm> {
    let mut form = EntryForm { version: meeting.theirs.stands_on, ..meeting.yours.clone() };
    for merged in meeting.merged() {
        let name = merged.field.name();
        let value = match merged.origin {
            Origin::Open => merged.picked(typed.get(&format!("pick_{name}"))?, typed.get(name))?,
            _ => merged.value,
        };
        merged.field.put(&mut form, value);
    }
    Some(form)
}
