//! What customers asked and the bot could not answer well, the same questions together, and the way to an answer.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;

use super::links::{encoded, with_query};
use super::page::{Page, Section, Visit, render, see_other};
use super::trace::language_name;
use crate::app::App;
use crate::auth::{AsAgent, AsViewer};
use crate::error::ApiError;

const PERIODS: [i64; 4] = [1, 7, 30, 365];
const MOST_QUESTIONS: usize = 200;
const A_DAY: i64 = 86_400_000;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(resolve);
}

/// One group of questions.
struct Group {
    key: String,
    question: String,
    language: &'static str,
    count: i64,
    rephrased: i64,
    handed_over: i64,
    thumbs_down: i64,
    last_asked: i64,
    conversation: String,
    write: String,
}

#[derive(Template)]
#[template(path = "console/unanswered.html")]
struct UnansweredPage {
    page: Page,
    days: i64,
    periods: Vec<(i64, bool)>,
    groups: Vec<Group>,
    asked: i64,
    resolve_form: String,
}

#[derive(Debug, Deserialize)]
struct PeriodQuery {
    days: Option<i64>,
}

impl PeriodQuery {
    fn days(&self) -> i64 {
        self.days.filter(|days| PERIODS.contains(days)).unwrap_or(30)
    }
}

#[get("/unanswered")]
async fn show(
    app: web::Data<App>,
    viewer: AsViewer,
    visit: Visit,
    query: web::Query<PeriodQuery>,
) -> Result<HttpResponse, ApiError> {
    let page = visit.page(Section::Unanswered, &viewer.staff);
    let days = query.days();
    let since = jiff::Timestamp::now().as_millisecond() - days * A_DAY;
    let groups = app.store.unanswered(since, MOST_QUESTIONS).await?;
    let groups: Vec<Group> = groups
        .into_iter()
        .map(|group| Group {
            conversation: with_query(
                &format!("/console/conversations/{}", encoded(&group.conversation_id)),
                &[("message", &group.message_id)],
            ),
            write: with_query(
                "/console/faq/new",
                &[
                    ("question", &group.question),
                    ("language", group.language.map_or("", dialogue::Language::code)),
                    ("resolves", &group.key),
                ],
            ),
            language: group.language.map_or("", |language| language_name(language, page.t)),
            key: group.key,
            question: group.question,
            count: group.count,
            rephrased: group.rephrased,
            handed_over: group.handed_over,
            thumbs_down: group.thumbs_down,
            last_asked: group.last_asked,
        })
        .collect();
    render(&UnansweredPage {
        days,
        periods: PERIODS.iter().map(|period| (*period, *period == days)).collect(),
        asked: groups.iter().map(|group| group.count).sum(),
        groups,
        resolve_form: with_query("/console/unanswered/resolve", &[("days", &days.to_string())]),
        page,
    })
}

#[derive(Debug, Deserialize)]
struct ResolveForm {
    key: String,
}

#[post("/unanswered/resolve")]
async fn resolve(
    app: web::Data<App>,
    agent: AsAgent,
    query: web::Query<PeriodQuery>,
    form: web::Form<ResolveForm>,
) -> Result<HttpResponse, ApiError> {
    app.store.resolve_unanswered(&form.key, &agent.staff.name).await?;
    let days = query.days().to_string();
    Ok(see_other(&with_query("/console/unanswered", &[("days", &days), ("notice", "resolved")])))
}
