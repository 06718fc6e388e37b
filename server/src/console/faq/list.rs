//! The list of entries with its filters and the category tree; it stands beside the editor too.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, web};
use askama::Template;
use dialogue::Language;
use serde::Deserialize;
use store::{FaqFilter, PendingEdit, PendingState};

use super::super::links::{faq_entry, with_query};
use super::super::page::{Page, render};
use super::super::trace::language_name;
use super::super::words::Words;
use super::desk::Desk;
use super::tree::Branch;
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::ApiError;
use crate::review::Review;

const A_PAGE: usize = 40;

/// What the list is narrowed to; travels in the query of every page that shows the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    text: String,
    language: String,
    category: String,
    /// `yes`, `no`, the state of an edit that waits, or empty.
    enabled: String,
    page: usize,
}

impl ListQuery {
    /// What the store is asked for.
    pub(super) fn filter(&self) -> FaqFilter {
        let some = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let enabled = match self.enabled.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        FaqFilter {
            text: some(&self.text),
            language: some(&self.language),
            category: None,
            branch: some(&self.category),
            enabled,
        }
    }

    /// The branch of the category tree that the list is narrowed to.
    pub(super) fn branch(&self) -> &str {
        &self.category
    }

    /// The same list from another address.
    pub(super) fn at(&self, path: &str) -> String {
        self.at_page(path, self.page)
    }

    fn at_page(&self, path: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let Self { text, language, category, enabled, .. } = self;
        with_query(
            path,
            &[("text", text), ("language", language), ("category", category), ("enabled", enabled), ("page", &page)],
        )
    }
}

/// The list as templates read it, as `list`.
#[derive(Debug)]
pub(super) struct ListView {
    pub(super) rows: Vec<Row>,
    pub(super) total: i64,
    pub(super) query: ListQuery,
    pub(super) tree: Vec<Branch>,
    /// Who must read an edit before it is published.
    pub(super) review: Review,
    /// Edits that wait for somebody to read them.
    pub(super) waiting: usize,
    pub(super) filtered: bool,
    pub(super) revision: i64,
    /// Which page this is, of how many.
    pub(super) place: (usize, usize),
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// One entry of the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) question: String,
    pub(super) link: String,
    pub(super) language: &'static str,
    pub(super) category: String,
    pub(super) enabled: bool,
    /// The state of an edit that waits, in words; empty where none does.
    pub(super) pending: &'static str,
    pub(super) updated_at: i64,
    pub(super) open: bool,
}

impl ListView {
    /// Reads a page of the list, without the categories; `open` is the entry shown beside it.
    pub(super) async fn read(
        app: &App,
        query: ListQuery,
        t: &'static Words,
        open: Option<&str>,
    ) -> Result<Self, ApiError> {
        let pending = app.store.faq_pending_list(None).await?;
        let waiting = pending.iter().filter(|edit| edit.state == PendingState::Review).count();
        if let Some(state) = PendingState::parse(&query.enabled) {
            let listed = Self::of_pending(app, query, t, pending.into_iter().filter(|edit| edit.state == state), open);
            return Ok(Self { waiting, ..listed });
        }
        let states: HashMap<&str, PendingState> = pending.iter().map(|edit| (edit.id.as_str(), edit.state)).collect();
        let filter = query.filter();
        let page = query.page.max(1);
        let (records, total) = app.store.faq_list(&filter, A_PAGE, (page - 1).saturating_mul(A_PAGE)).await?;
        let pages = usize::try_from(total).unwrap_or_default().div_ceil(A_PAGE).max(1);
        let rows = records.into_iter().map(|record| Row {
            link: query.at(&faq_entry(&record.id)),
            language: language_words(record.language.as_deref(), t),
            category: record.category.unwrap_or_default(),
            enabled: record.enabled,
            pending: states.get(record.id.as_str()).map_or("", |state| t.one_of("pending", state.as_str())),
            updated_at: record.updated_at,
            open: open == Some(record.id.as_str()),
            question: record.question,
            id: record.id,
        });
        Ok(Self {
            rows: rows.collect(),
            total,
            tree: Vec::new(),
            review: Review::None,
            waiting,
            filtered: filter.text.is_some()
                || filter.language.is_some()
                || filter.branch.is_some()
                || filter.enabled.is_some(),
            revision: app.faq.searchable_revision(),
            place: (page, pages),
            before: (page > 1).then(|| query.at_page("/console/faq", page - 1)),
            after: (page < pages).then(|| query.at_page("/console/faq", page + 1)),
            query,
        })
    }

    /// The edits that wait, instead of what is published.
    fn of_pending(
        app: &App,
        query: ListQuery,
        t: &'static Words,
        edits: impl Iterator<Item = PendingEdit>,
        open: Option<&str>,
    ) -> Self {
        let rows: Vec<Row> = edits
            .map(|edit| Row {
                link: query.at(&format!("{}/draft", faq_entry(&edit.id))),
                language: language_words(edit.entry.language.as_deref(), t),
                category: edit.written_by,
                enabled: true,
                pending: t.one_of("pending", edit.state.as_str()),
                updated_at: edit.updated_at,
                open: open == Some(edit.id.as_str()),
                question: edit.entry.question,
                id: edit.id,
            })
            .collect();
        Self {
            total: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            rows,
            tree: Vec::new(),
            review: Review::None,
            waiting: 0,
            filtered: true,
            revision: app.faq.searchable_revision(),
            place: (1, 1),
            before: None,
            after: None,
            query,
        }
    }

    /// Whether what is listed can be ticked and changed together.
    pub(super) fn is_published(&self) -> bool {
        PendingState::parse(&self.query.enabled).is_none()
    }

    /// The list narrowed to a branch of the tree, or to all of it.
    pub(super) fn at_branch(&self, path: &str) -> String {
        ListQuery { category: path.to_owned(), page: 0, ..self.query.clone() }.at("/console/faq")
    }

    /// Where a form of the pane beside leads, with the list as it is.
    pub(super) fn link(&self, path: &str) -> String {
        self.query.at(path)
    }

    /// What narrows the list, for a form that stays in it.
    pub(super) fn narrowed(&self) -> Vec<(&'static str, &str)> {
        let ListQuery { text, language, category, enabled, .. } = &self.query;
        let pairs = [("text", text), ("language", language), ("category", category), ("enabled", enabled)];
        pairs.into_iter().map(|(name, value)| (name, value.as_str())).filter(|(_, value)| !value.is_empty()).collect()
    }

    pub(super) fn text(&self) -> &str {
        &self.query.text
    }

    pub(super) fn language(&self) -> &str {
        &self.query.language
    }

    pub(super) fn category(&self) -> &str {
        &self.query.category
    }

    pub(super) fn enabled(&self) -> &str {
        &self.query.enabled
    }
}

fn language_words(code: Option<&str>, t: &'static Words) -> &'static str {
    code.and_then(Language::parse).map_or("", |language| language_name(language, t))
}

#[derive(Debug, Default, Deserialize)]
struct UndoQuery {
    /// The bulk edit that was just done, and how many entries it changed.
    bulk: Option<String>,
    n_bulk: Option<usize>,
    /// The entry that was just deleted, and the version to bring back.
    undo: Option<String>,
    version: Option<i64>,
}

/// What can be undone.
struct Undo {
    link: String,
    version: i64,
}

#[derive(Template)]
#[template(path = "console/faq_list.html")]
struct ListPage {
    page: Page,
    list: ListView,
    undo: Option<Undo>,
    /// The bulk edit to take back, and how many entries it changed.
    bulk: Option<(String, usize)>,
}

#[get("/faq")]
pub(super) async fn show(desk: Desk, viewer: AsViewer, undo: web::Query<UndoQuery>) -> Result<HttpResponse, ApiError> {
    let page = desk.page(&viewer.staff);
    let list = desk.list(None).await?;
    let said = undo.into_inner();
    let bulk = said.bulk.filter(|id| !id.is_empty() && page.may_edit()).zip(said.n_bulk);
    let undo = said.undo.zip(said.version).filter(|_| page.may_edit());
    let undo = undo.map(|(id, version)| Undo { link: list.link(&format!("{}/restore", faq_entry(&id))), version });
    render(&ListPage { page, list, undo, bulk })
}
