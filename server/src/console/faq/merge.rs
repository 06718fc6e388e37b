//! Two people changed one entry: what each of them changed, field by field, and the one version that comes of it. A field
//! that one side changed is taken from there; one that both changed is chosen. Nothing is saved unseen, nothing typed lost.

use std::collections::{BTreeSet, HashMap};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use askama::Template;
use store::FaqRecord;

use super::super::diff::{Piece, pieces};
use super::super::links::faq_entry;
use super::super::page::{Page, render_as};
use super::super::words::Words;
use super::desk::Desk;
use super::editor::{Target, put};
use super::form::{EntryForm, Field};
use super::list::ListView;
use crate::auth::AsEditor;
use crate::error::ApiError;

/// Where the merged value of a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Nobody changed it.
    Neither,
    Theirs,
    Yours,
    /// Both changed it to the same.
    Both,
    /// Both changed it, each in their way.
    Open,
}

/// One field of the three versions.
#[derive(Debug)]
struct Merged {
    field: Field,
    origin: Origin,
    base: String,
    theirs: String,
    yours: String,
    /// What is saved, or for an open field what is offered to be edited.
    value: String,
}

impl Merged {
    fn of(field: Field, [base, theirs, yours]: [&EntryForm; 3]) -> Self {
        let [base, theirs, yours] = [base, theirs, yours].map(|form| field.value(form));
        let origin = match (theirs == base, yours == base) {
            (true, true) => Origin::Neither,
            (false, true) => Origin::Theirs,
            (true, false) => Origin::Yours,
            (false, false) if theirs == yours => Origin::Both,
            (false, false) => Origin::Open,
        };
        let value = match origin {
            Origin::Theirs => theirs.clone(),
            Origin::Open if field == Field::Similar => joined(&base, &theirs, &yours),
            _ => yours.clone(),
        };
        Self { field, origin, base, theirs, yours, value }
    }

    /// The value that the button beside it stands for.
    fn picked(&self, pick: &str, edited: Option<&String>) -> Option<String> {
        match pick {
            "theirs" => Some(self.theirs.clone()),
            "yours" => Some(self.yours.clone()),
            "edited" => edited.cloned(),
            _ => None,
        }
    }
}

/// Their lines without those that you took out, then those that you added.
fn joined(base: &str, theirs: &str, yours: &str) -> String {
    let [had, have, mine] = [base, theirs, yours].map(|text| text.lines().collect::<BTreeSet<_>>());
    let kept = theirs.lines().filter(|line| mine.contains(line) || !had.contains(line));
    let added = yours.lines().filter(|line| !had.contains(line) && !have.contains(line));
    kept.chain(added).collect::<Vec<_>>().join("\n")
}

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

#[derive(Template)]
#[template(path = "console/faq_merge.html")]
struct MergePage {
    page: Page,
    list: ListView,
    id: String,
    base: i64,
    theirs: FaqRecord,
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
}

/// The versions of one entry that meet.
struct Meeting {
    /// What `yours` began from; nothing where that is not known.
    base: EntryForm,
    theirs: FaqRecord,
    yours: EntryForm,
}

impl Meeting {
    async fn of(desk: &Desk, id: &str, yours: EntryForm, theirs: Option<i64>) -> Result<Self, ApiError> {
        let history = desk.app.store.faq_history(id).await?;
        let base = history.iter().find(|record| record.version == yours.version).map(EntryForm::of);
        let theirs = history.into_iter().find(|record| theirs.is_none_or(|version| record.version == version));
        let theirs = theirs.ok_or_else(|| ApiError::NotFound { what: "FAQ version", id: id.to_owned() })?;
        Ok(Self { base: base.unwrap_or_default(), theirs, yours })
    }

    fn merged(&self) -> [Merged; 8] {
        let theirs = EntryForm::of(&self.theirs);
        Field::ALL.map(|field| Merged::of(field, [&self.base, &theirs, &self.yours]))
    }
}

/// Shows what somebody else saved beside what was typed; `yours.version` is the version it was typed over.
pub(super) async fn meet(desk: &Desk, page: Page, id: &str, yours: EntryForm) -> Result<HttpResponse, ApiError> {
    let meeting = Meeting::of(desk, id, yours, None).await?;
    lay(desk, page, id, &meeting, &HashMap::new(), None).await
}

async fn lay(
    desk: &Desk,
    page: Page,
    id: &str,
    meeting: &Meeting,
    typed: &HashMap<String, String>,
    problem: Option<&'static str>,
) -> Result<HttpResponse, ApiError> {
    let rows = meeting.merged().map(|merged| (merged.origin, row(&merged, typed, page.t)));
    let n_open = rows.iter().filter(|(_, row)| row.open).count();
    let (unchanged, changed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(origin, _)| *origin == Origin::Neither);
    let bare = |rows: Vec<(Origin, Row)>| rows.into_iter().map(|(_, row)| row).collect();
    let yours = &meeting.yours;
    let carried = [
        ("resolves", &yours.resolves),
        ("draft", &yours.draft),
        ("draft_days", &yours.draft_days),
        ("publish", &yours.publish),
    ];
    let carried = carried.into_iter().filter(|(_, value)| !value.is_empty());
    let laid = MergePage {
        list: desk.list(Some(id)).await?,
        page,
        id: id.to_owned(),
        base: yours.version,
        theirs: meeting.theirs.clone(),
        carried: carried.map(|(name, value)| (name, value.clone())).collect(),
        changed: bare(changed),
        unchanged: bare(unchanged),
        n_open,
        problem,
    };
    render_as(StatusCode::PRECONDITION_FAILED, &laid)
}

fn row(merged: &Merged, typed: &HashMap<String, String>, t: &'static Words) -> Row {
    let Merged { field, origin, base, theirs, yours, value } = merged;
    let open = *origin == Origin::Open;
    let said = |name: String| typed.get(&name).cloned();
    let shown = |value: &str| field.shown(value, t);
    // Lines can be joined without anything being lost, so that is what is offered first.
    let first = if open && *field == Field::Similar { "edited" } else { "" };
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
            Field::Question | Field::Similar | Field::Answer => "long",
            Field::Category => "short",
            Field::ValidFrom | Field::ValidUntil => "date",
            Field::Language | Field::Enabled => "",
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
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let number = |name: &str| {
        text(name).parse::<i64>().map_err(|_| ApiError::Invalid(format!("{name} must be the number of a version")))
    };
    let mut yours = EntryForm {
        version: number("base")?,
        resolves: text("resolves"),
        draft: text("draft"),
        draft_days: text("draft_days"),
        publish: text("publish"),
        ..EntryForm::default()
    };
    for field in Field::ALL {
        field.put(&mut yours, text(&format!("yours_{}", field.name())));
    }
    let meeting = Meeting::of(&desk, &id, yours, Some(number("version")?)).await?;
    let Some(form) = chosen(&meeting, &typed) else {
        let page = desk.page(&editor.staff);
        let problem = Some(page.t.choose_each);
        return lay(&desk, page, &id, &meeting, &typed, problem).await;
    };
    put(&desk, Target { id: &id, shown_as: &id }, form, &editor.staff).await
}

/// The form with every field decided; nothing while one is still open.
fn chosen(meeting: &Meeting, typed: &HashMap<String, String>) -> Option<EntryForm> {
    let mut form = EntryForm { version: meeting.theirs.version, ..meeting.yours.clone() };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form(answer: &str, category: &str) -> EntryForm {
        EntryForm { answer: answer.to_owned(), category: category.to_owned(), ..EntryForm::default() }
    }

    #[test]
    fn only_what_both_sides_changed_is_left_open() {
        let check = |base, theirs, yours, origin, value: &str| {
            let merged = Merged::of(Field::Answer, [&form(base, ""), &form(theirs, ""), &form(yours, "")]);
            assert_eq!((merged.origin, merged.value.as_str()), (origin, value));
        };
        check("a", "a", "a", Origin::Neither, "a");
        check("a", "b", "a", Origin::Theirs, "b");
        check("a", "a", "c", Origin::Yours, "c");
        check("a", "b", "b", Origin::Both, "b");
        check("a", "b", "c", Origin::Open, "c");
        check("a\r\nb", "a\nb", "a\r\nb", Origin::Neither, "a\nb");
    }

    #[test]
    fn similar_questions_of_both_sides_are_joined_and_what_either_took_out_is_gone() {
        assert_eq!(joined("a\nb\nc", "a\nc\nd", "a\nb\ne"), "a\nd\ne");
        assert_eq!(joined("", "x", "x\ny"), "x\ny");
    }
}
