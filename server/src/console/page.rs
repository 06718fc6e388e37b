//! What every page of the console knows: who looks at it, in which language and theme, and what has just happened.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;
use dialogue::Language;
use store::Role;

use super::links::query_value;
use super::moments;
use super::words::{Words, n};
use crate::auth::Staff;
use crate::error::ApiError;
use crate::review::Review;

pub(super) const LANGUAGE_COOKIE: &str = "frontdesk_language";
pub(super) const THEME_COOKIE: &str = "frontdesk_theme";

/// The entries of the left rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Conversations,
    Unanswered,
    Faq,
    Training,
    Models,
    Settings,
    /// Pages outside the rail.
    Elsewhere,
}

/// Light, dark, or as the browser wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How one request wants its page; extracted from cookies and headers, and never refused.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) language: Language,
    pub(super) theme: Theme,
    /// Path and query, to come back to.
    pub(super) here: String,
    notice: Option<String>,
    number: Option<i64>,
}

impl Visit {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let cookie = |name: &str| request.cookie(name).map(|cookie| cookie.value().to_owned());
        let chosen = cookie(LANGUAGE_COOKIE).and_then(|code| Language::parse(&code));
        let query = request.query_string();
        Self {
            language: chosen.unwrap_or_else(|| preferred_language(request)),
            theme: Theme::parse(&cookie(THEME_COOKIE).unwrap_or_default()),
            here: request.uri().path_and_query().map_or_else(|| "/console".to_owned(), ToString::to_string),
            notice: query_value(query, "notice"),
            number: query_value(query, "n").and_then(|number| number.parse().ok()),
        }
    }

    pub(super) fn words(&self) -> &'static Words {
        Words::of(self.language)
    }

    /// A page for somebody who is signed in.
    pub(super) fn page(self, section: Section, staff: &Staff) -> Page {
        Page { person: Some(staff.clone()), ..self.public_page(section) }
    }

    /// A page for anybody.
    pub(super) fn public_page(self, section: Section) -> Page {
        Page { t: self.words(), visit: self, section, person: None }
    }
}

impl FromRequest for Visit {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// The first language of `Accept-Language` that the console speaks.
fn preferred_language(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = header.split(',').map(|part| part.split([';', '-']).next().unwrap_or_default().trim());
    named.filter_map(|code| Language::parse(&code.to_ascii_lowercase())).next().unwrap_or(Language::English)
}

/// The frame around every page; templates read it as `page`.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// The words of the reader's language.
    pub(super) t: &'static Words,
    pub(super) visit: Visit,
    section: Section,
    person: Option<Staff>,
}

impl Page {
    pub(super) fn lang(&self) -> &'static str {
        match self.visit.language {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    pub(super) fn theme(&self) -> &'static str {
        self.visit.theme.name()
    }

    pub(super) fn here(&self) -> &str {
        &self.visit.here
    }

    pub(super) fn person(&self) -> Option<&str> {
        self.person.as_ref().map(|staff| staff.name.as_str())
    }

    pub(super) fn role(&self) -> &'static str {
        self.person.as_ref().map_or("", |staff| self.t.one_of("role", staff.role.as_str()))
    }

    pub(super) fn may_answer(&self) -> bool {
        self.reaches(Role::Agent)
    }

    pub(super) fn may_edit(&self) -> bool {
        self.reaches(Role::Editor)
    }

    /// Whether what they write goes live without anybody else.
    pub(super) fn may_publish(&self, review: &Review) -> bool {
        self.reaches(review.publisher())
    }

    pub(super) fn may_own(&self) -> bool {
        self.reaches(Role::Owner)
    }

    fn reaches(&self, role: Role) -> bool {
        self.person.as_ref().is_some_and(|staff| staff.role >= role)
    }

    /// The rail: section, address, icon, name.
    pub(super) fn rail(&self) -> Vec<RailItem> {
        let item = |section, path, icon, name| RailItem { path, icon, name, current: section == self.section };
        vec![
            item(Section::Conversations, "/console/conversations", "chats", self.t.conversations),
            item(Section::Unanswered, "/console/unanswered", "question", self.t.unanswered),
            item(Section::Faq, "/console/faq", "book", self.t.faq),
            item(Section::Training, "/console/training", "curve", self.t.training),
            item(Section::Models, "/console/models", "cube", self.t.models),
            item(Section::Settings, "/console/settings", "sliders", self.t.settings),
        ]
    }

    /// What the page before did, in words; only words of the table can be shown.
    pub(super) fn notice(&self) -> Option<String> {
        let words = self.t.get(&format!("notice_{}", self.visit.notice.as_deref()?))?;
        Some(n(words, self.visit.number.unwrap_or_default()))
    }

    /// An icon of our own set.
    pub(super) fn icon(&self, name: &str) -> String {
        format!(r##"<svg class="icon" aria-hidden="true"><use href="/assets/icons.svg#{name}"></use></svg>"##)
    }

    /// A moment, relative, with the exact time on hover.
    pub(super) fn time(&self, milliseconds: &i64) -> String {
        moments::html(*milliseconds, self.t)
    }

    /// Fills the one number of a sentence.
    pub(super) fn n(&self, words: &str, number: impl std::fmt::Display) -> String {
        n(words, number)
    }

    /// The words that scripts show, as JSON for an attribute.
    pub(super) fn script_words(&self) -> String {
        self.t.for_scripts()
    }
}

/// One entry of the left rail.
#[derive(Debug)]
pub(super) struct RailItem {
    pub(super) path: &'static str,
    pub(super) icon: &'static str,
    pub(super) name: &'static str,
    pub(super) current: bool,
}

/// A rendered page.
pub(super) fn render(template: &impl Template) -> Result<HttpResponse, ApiError> {
    render_as(StatusCode::OK, template)
}

/// A rendered page with another status than 200.
pub(super) fn render_as(status: StatusCode, template: &impl Template) -> Result<HttpResponse, ApiError> {
    let html = template.render().map_err(anyhow::Error::from)?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html))
}

/// Sends the browser on after a form, so that a reload repeats nothing.
pub(super) fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("location", address)).finish()
}
