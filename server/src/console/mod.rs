//! The console for staff, rendered on the server: every page reads and every form works without scripts;
//! small modules in `assets/console` add what is live.

mod call;
mod conversations;
mod diff;
mod drafts;
mod explanation;
mod faq;
mod hits;
mod links;
mod models;
mod moments;
mod page;
mod preview;
mod reasons;
mod refusals;
mod search;
mod settings;
mod sign_in;
mod suggestions;
mod trace;
mod training;
mod unanswered;
mod words;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::error::ApiError;
use page::see_other;

/// Largest form, in bytes; an import is pasted into one.
const LARGEST_FORM: usize = 8 * 1024 * 1024;

/// The console's pages.
pub fn routes(routes: &mut ServiceConfig) {
    let forms = web::FormConfig::default()
        .limit(LARGEST_FORM)
        .error_handler(|error, _| ApiError::Invalid(format!("the form is not understood: {error}")).into());
    let bodies = web::JsonConfig::default().error_handler(|error, _| ApiError::Unreadable(error.to_string()).into());
    let console = web::scope("/console")
        .app_data(forms)
        .app_data(bodies)
        .app_data(web::Data::new(faq::Categories::default()))
        .wrap(from_fn(refusals::as_pages))
        .route("", web::get().to(async || see_other("/console/conversations")))
        .configure(sign_in::routes)
        .configure(faq::routes)
        .configure(conversations::routes)
        .configure(unanswered::routes)
        .configure(drafts::routes)
        .configure(training::routes)
        .configure(models::routes)
        .configure(settings::routes)
        .configure(suggestions::routes)
        .service(preview::preview)
        .service(search::search)
        .default_service(web::to(async || Err::<actix_web::HttpResponse, ApiError>(ApiError::NoSuchRoute)));
    routes.service(console);
}
