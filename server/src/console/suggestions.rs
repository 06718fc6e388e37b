//! What customers are offered before they ask: what is switched on, what is shown and chosen where, and what was learned
//! from it, in words.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use askama::Template;
use assistant::starting::{FEATURES, LEAST_SHOWN, PolicyRate, Weight};
use serde::Deserialize;
use serde_json::json;
use store::{Offer, OfferPlace};

use super::call::{Call, NoQuery};
use super::links::faq_entry;
use super::page::{Page, Section, render, see_other};
use super::words::Words;
use crate::app::App;
use crate::auth::{AsEditor, AsViewer};
use crate::error::ApiError;
use crate::suggestions::{LEARNED_DAYS, Settings, Starting, counts, replay_log, since_learned};

/// Questions listed for each place.
const LISTED: usize = 20;
/// Offers that are counted for each place.
const COUNTED: usize = 5_000;
/// Weights closer to nothing than this many deviations may as well be nothing.
const CERTAIN: f64 = 2.0;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes.service(show).service(change);
}

/// One place where questions are offered.
struct PlaceView {
    name: &'static str,
    hint: &'static str,
    offers: usize,
    chosen: usize,
    rate: String,
    rows: Vec<QuestionRow>,
}

/// One question and what came of offering it.
struct QuestionRow {
    question: String,
    link: Option<String>,
    shown: usize,
    chosen: usize,
    rate: String,
}

/// One weight of what was learned.
struct WeightRow {
    name: &'static str,
    /// Whether it is for or against, or not known yet.
    says: &'static str,
    number: String,
}

/// What one chooser would have got.
struct RateRow {
    name: &'static str,
    shown: usize,
    chosen: usize,
    rate: String,
    interval: String,
}

#[derive(Template)]
#[template(path = "console/suggestions.html")]
struct SuggestionsPage {
    page: Page,
    settings: Settings,
    learned: bool,
    days: i64,
    places: Vec<PlaceView>,
    learned_from: usize,
    weights: Vec<WeightRow>,
    random_offers: usize,
    enough: bool,
    least: usize,
    rates: Vec<RateRow>,
}

#[get("/suggestions")]
async fn show(call: Call<NoQuery>, viewer: AsViewer) -> Result<HttpResponse, ApiError> {
    let Call { app, visit, .. } = call;
    let page = visit.page(Section::Settings, &viewer.staff);
    let settings = app.suggestions.settings();
    let lessons = app.suggestions.lessons();
    let told = replay_log(&app.store).await?;
    render(&SuggestionsPage {
        settings,
        learned: settings.starting == Starting::Learned,
        days: LEARNED_DAYS,
        places: places(&app, page.t).await?,
        learned_from: lessons.offers,
        weights: lessons.learner.weights().iter().map(|weight| weight_row(weight, page.t)).collect(),
        random_offers: told.random_offers,
        enough: told.is_enough(),
        least: LEAST_SHOWN,
        rates: told.rates.iter().map(|rate| rate_row(rate, page.t)).collect(),
        page,
    })
}

async fn places(app: &App, t: &'static Words) -> Result<Vec<PlaceView>, ApiError> {
    let named = [
        (OfferPlace::Start, t.place_start, t.place_start_hint),
        (OfferPlace::Typing, t.place_typing, t.place_typing_hint),
        (OfferPlace::Answer, t.place_answer, t.place_answer_hint),
    ];
    let mut places = Vec::with_capacity(named.len());
    for (place, name, hint) in named {
        let offers = app.store.offers(place, since_learned(), COUNTED).await?;
        places.push(place_view(&offers, name, hint));
    }
    Ok(places)
}

fn place_view(offers: &[Offer], name: &'static str, hint: &'static str) -> PlaceView {
    let chosen = offers.iter().filter(|offer| offer.chosen.is_some()).count();
    let rows = counts(offers).into_iter().take(LISTED).map(|counted| QuestionRow {
        link: counted.faq_id.as_deref().map(faq_entry),
        rate: share(counted.chosen, counted.shown),
        question: counted.question,
        shown: counted.shown,
        chosen: counted.chosen,
    });
    PlaceView { name, hint, offers: offers.len(), chosen, rate: share(chosen, offers.len()), rows: rows.collect() }
}

fn weight_row(weight: &Weight, t: &'static Words) -> WeightRow {
    let says = if weight.feature == FEATURES[0] {
        t.weight_level
    } else if weight.mean.abs() < CERTAIN * weight.deviation {
        t.weight_unsure
    } else if weight.mean > 0.0 {
        t.weight_for
    } else {
        t.weight_against
    };
    WeightRow {
        name: t.one_of("feature", weight.feature),
        says,
        number: format!("{:+.2} ± {:.2}", weight.mean, weight.deviation),
    }
}

fn rate_row(rate: &PolicyRate, t: &'static Words) -> RateRow {
    RateRow {
        name: t.one_of("policy", rate.policy.name()),
        shown: rate.shown,
        chosen: rate.chosen,
        rate: format!("{:.1}%", rate.rate * 100.0),
        interval: format!("{:.1}–{:.1}%", rate.low * 100.0, rate.high * 100.0),
    }
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1}%", 100.0 * part as f64 / whole as f64) }
}

/// A box that is not ticked is not sent.
#[derive(Debug, Deserialize)]
struct SettingsForm {
    while_typing: Option<String>,
    also_asked: Option<String>,
    starting: Starting,
}

#[post("/suggestions")]
async fn change(
    app: web::Data<App>,
    editor: AsEditor,
    form: web::Form<SettingsForm>,
) -> Result<HttpResponse, ApiError> {
    let SettingsForm { while_typing, also_asked, starting } = form.into_inner();
    let settings = Settings { while_typing: while_typing.is_some(), also_asked: also_asked.is_some(), starting };
    app.suggestions.change_settings(settings).await?;
    let detail = json!(settings);
    app.store.audit_add(&editor.staff.name, "suggestions_changed", "suggestions", &detail).await?;
    Ok(see_other("/console/suggestions?notice=suggestions_changed"))
}
