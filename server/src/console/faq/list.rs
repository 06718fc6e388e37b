//! The list of entries with its filters; it stands beside the editor too.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use dialogue::Language;
use serde::Deserialize;
use store::FaqFilter;

use super::super::links::{faq_entry, with_query};
use super::super::page::{Page, render};
use super::super::trace::language_name;
use super::super::words::Words;
use super::desk::Desk;
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::ApiError;

const A_PAGE: usize = 40;

/// What the list is narrowed to; travels in the query of every page that shows the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    text: String,
    language: String,
    category: String,
    /// `yes`, `no` or empty.
    enabled: String,
    page: usize,
}

impl ListQuery {
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
    pub(super) categories: Vec<String>,
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
    pub(super) question: String,
    pub(super) link: String,
    pub(super) language: &'static str,
    pub(super) category: String,
    pub(super) enabled: bool,
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
        let some = |value: &str| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        let enabled = match query.enabled.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let filter = FaqFilter {
            text: some(&query.text),
            language: some(&query.language),
            category: some(&query.category),
            enabled,
        };
        let page = query.page.max(1);
        let (records, total) = app.store.faq_list(&filter, A_PAGE, (page - 1).saturating_mul(A_PAGE)).await?;
        let pages = usize::try_from(total).unwrap_or_default().div_ceil(A_PAGE).max(1);
        let rows = records.into_iter().map(|record| Row {
            link: query.at(&faq_entry(&record.id)),
            language: record
                .language
                .as_deref()
                .and_then(Language::parse)
                .map_or("", |language| language_name(language, t)),
            category: record.category.unwrap_or_default(),
            enabled: record.enabled,
            updated_at: record.updated_at,
            open: open == Some(record.id.as_str()),
            question: record.question,
        });
        Ok(Self {
            rows: rows.collect(),
            total,
            categories: Vec::new(),
            filtered: filter.text.is_some()
                || filter.language.is_some()
                || filter.category.is_some()
                || enabled.is_some(),
            revision: app.faq.searchable_revision(),
            place: (page, pages),
            before: (page > 1).then(|| query.at_page("/console/faq", page - 1)),
            after: (page < pages).then(|| query.at_page("/console/faq", page + 1)),
            query,
        })
    }

    /// Where a form of the pane beside leads, with the list as it is.
    pub(super) fn link(&self, path: &str) -> String {
        self.query.at(path)
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

#[derive(Debug, Default, Deserialize)]
struct UndoQuery {
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
}

#[get("/faq")]
pub(super) async fn show(desk: Desk, viewer: AsViewer, undo: web::Query<UndoQuery>) -> Result<HttpResponse, ApiError> {
    let page = desk.page(&viewer.staff);
    let list = desk.list(None).await?;
    let undo = match undo.into_inner() {
        UndoQuery { undo: Some(id), version: Some(version) } if page.may_edit() => {
            Some(Undo { link: list.link(&format!("{}/restore", faq_entry(&id))), version })
        }
        _ => None,
    };
    render(&ListPage { page, list, undo })
}
